import datetime as dt

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsConfig(AppConfig):
    name = "news"
    verbose_name = _("news")

    def ready(self) -> None:
        from accounts.permissions import ALL, office_may
        from jobs.schedule import every
        from news.models import NewsItem
        from news.pictures import sweep_pictures

        every(dt.timedelta(days=1), sweep_pictures)
        office_may(ALL, NewsItem)
