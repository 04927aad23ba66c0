import datetime as dt

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from desk.drafts import forget_old_forms
        from jobs.schedule import every

        every(dt.timedelta(days=1), forget_old_forms)
