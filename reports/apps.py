import datetime as dt

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from jobs.schedule import every
        from reports.weekly import search_categories

        # It is over at once but on the first time after a Sunday.
        every(dt.timedelta(hours=1), search_categories, lane="reports")
