import datetime as dt

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DistrictsConfig(AppConfig):
    name = "districts"
    verbose_name = _("districts")

    def ready(self) -> None:
        from districts.actions.publish import apply_borders
        from jobs.schedule import every

        # Borders may come into force on a later day than the one on which they are published.
        every(dt.timedelta(minutes=5), apply_borders)
