import datetime as dt

from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "rates"

    def ready(self) -> None:
        from jobs.schedule import every
        from rates.taking import sweep

        every(dt.timedelta(minutes=10), sweep)
