from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("people")

    def ready(self) -> None:
        from accounts.permissions import ALL, EDIT, VIEW, office_may
        from districts import models

        office_may(ALL, models.Category, models.Attribute, models.AttributeValue)
        office_may(ALL, models.BoundaryRevision, models.ServiceArea)
        office_may(EDIT, models.District, models.Service, models.Place)
        office_may(VIEW, models.DistrictBoundary)


class CityAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "accounts.site.CityAdminSite"
