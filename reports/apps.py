import datetime as dt

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from appeals.notify.occasions import declare
        from jobs.schedule import every
        from reports.issuing import KIND, issue_due
        from reports.report_letters import ReportMessages
        from reports.weekly import search_categories

        # It is over at once but on the first time after a Sunday.
        every(dt.timedelta(hours=1), search_categories, lane="reports")
        every(dt.timedelta(minutes=10), issue_due, lane="reports")
        declare(KIND, ReportMessages())
