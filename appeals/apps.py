import datetime as dt

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppealsConfig(AppConfig):
    name = "appeals"
    verbose_name = _("appeals")

    def ready(self) -> None:
        from appeals.actions.upload import remove_orphans
        from appeals.notify.delivery import deliver_due
        from jobs.schedule import every

        every(dt.timedelta(seconds=5), deliver_due)
        every(dt.timedelta(hours=1), remove_orphans)
