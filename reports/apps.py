import datetime as dt

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from appeals.notify.occasions import declare
        from jobs.giving_up import when_given_up
        from jobs.schedule import every
        from reports.issuing import KIND, issue_due
        from reports.long_reports import give_up, make_long_report, sweep, take_up
        from reports.report_letters import ReportMessages
        from reports.standing import keep_standing_hotspots
        from reports.weekly import search_categories

        # It is over at once but on the first time after a Sunday.
        every(dt.timedelta(hours=1), search_categories, lane="reports")
        every(dt.timedelta(hours=1), keep_standing_hotspots, lane="reports")
        every(dt.timedelta(minutes=10), issue_due, lane="reports")
        declare(KIND, ReportMessages())
        every(dt.timedelta(hours=1), sweep, lane="reports")
        when_given_up(make_long_report, give_up, again=take_up)
