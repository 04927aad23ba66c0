from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsConfig(AppConfig):
    name = "news"
    verbose_name = _("news")

    def ready(self) -> None:
        from accounts.permissions import ALL, office_may
        from news.models import NewsItem

        office_may(ALL, NewsItem)
