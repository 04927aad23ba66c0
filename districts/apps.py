import datetime as dt

from django.apps import AppConfig


class DistrictsConfig(AppConfig):
    name = "districts"

    def ready(self) -> None:
        from districts.actions.publish import apply_borders
        from jobs.schedule import every

        # Borders may come into force on a later day than the one on which they are published.
        every(dt.timedelta(minutes=5), apply_borders)
