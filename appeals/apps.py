import datetime as dt

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppealsConfig(AppConfig):
    name = "appeals"
    verbose_name = _("appeals")

    def ready(self) -> None:
        from accounts.permissions import ALL, EDIT, VIEW, office_may
        from appeals.actions.upload import remove_orphans
        from appeals.models import Appeal, CalendarDay, Event, LegalTerm
        from appeals.notify.delivery import deliver_due
        from appeals.tasks import follow_borders
        from districts.actions.publish import borders_applied
        from jobs.schedule import every

        every(dt.timedelta(seconds=5), deliver_due)
        every(dt.timedelta(hours=1), remove_orphans)
        office_may(VIEW, Appeal, Event)
        # The government moves working days every year.
        office_may(ALL, CalendarDay)
        office_may(EDIT, LegalTerm)
        borders_applied.connect(
            lambda **_: follow_borders.enqueue(), weak=False, dispatch_uid="follow_borders"
        )
