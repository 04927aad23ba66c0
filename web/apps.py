import datetime as dt

from django.apps import AppConfig
from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    name = "web"

    def ready(self) -> None:
        from jobs.schedule import every
        from web.api.texts import sweep

        every(dt.timedelta(hours=1), sweep)
        admin.site.site_header = admin.site.site_title = _("Appeals map: administration")
