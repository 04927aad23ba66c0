from django.apps import AppConfig
from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    name = "web"

    def ready(self) -> None:
        admin.site.site_header = admin.site.site_title = _("Appeals map: administration")
