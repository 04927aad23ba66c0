import datetime as dt

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsConfig(AppConfig):
    name = "news"
    verbose_name = _("news")

    def ready(self) -> None:
        from jobs.schedule import every
        from news.pictures import sweep_pictures

        every(dt.timedelta(days=1), sweep_pictures)
