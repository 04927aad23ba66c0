import datetime as dt

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from appeals.notify.occasions import declare
        from jobs import long_works
        from jobs.schedule import every
        from reports.issuing import KIND, issue_due
        from reports.keeping import sweep
        from reports.long_reports import KIND as LONG_REPORT
        from reports.long_reports import LongReports
        from reports.report_letters import ReportMessages
        from reports.standing import hotspots_of_the_hour
        from reports.weekly import search_categories

        # It is over at once but on the first time after a Sunday.
        every(dt.timedelta(hours=1), search_categories, lane="reports")
        every(dt.timedelta(minutes=5), hotspots_of_the_hour, lane="reports")
        every(dt.timedelta(minutes=10), issue_due, lane="reports")
        declare(KIND, ReportMessages())
        every(dt.timedelta(hours=1), sweep, lane="reports")
        long_works.declare(LONG_REPORT, LongReports())
