import datetime as dt

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from jobs.schedule import every
        from jobs.worker import forget_finished

        every(dt.timedelta(days=1), forget_finished)
