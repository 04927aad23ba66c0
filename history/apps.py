import sys

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "history"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from history.acting import name_process, tell_each_session

        name_process(sys.argv)
        connection_created.connect(tell_each_session, dispatch_uid="history.acting")
