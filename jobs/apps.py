import datetime as dt

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from jobs.limits import COMMANDS, limit_sessions
        from jobs.overview import Schedule, Tasks, has_work
        from jobs.schedule import every
        from jobs.worker import forget_finished

        # The web processes and the worker set their own.
        limit_sessions(COMMANDS)
        every(dt.timedelta(days=1), forget_finished)
        has_work("tasks", Tasks())
        has_work("schedule", Schedule())
