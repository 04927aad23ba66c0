import datetime as dt

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from jobs.giving_up import when_given_up
        from jobs.limits import COMMANDS, limit_sessions
        from jobs.long_works import forget, give_up, make_long_work, take_up
        from jobs.overview import Schedule, Tasks, has_work
        from jobs.schedule import every
        from jobs.worker import forget_finished

        # The web processes and the worker set their own.
        limit_sessions(COMMANDS)
        every(dt.timedelta(days=1), forget_finished)
        every(dt.timedelta(days=1), forget)
        when_given_up(make_long_work, give_up, again=take_up)
        has_work("tasks", Tasks())
        has_work("schedule", Schedule())
