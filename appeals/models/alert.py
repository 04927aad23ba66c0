from __future__ import annotations

from typing import ClassVar

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.db.models.functions import MD5, Lower
from django.utils.translation import gettext_lazy as _

from appeals.limits import ALERT_QUERY_MAX, EMAIL_MAX
from appeals.models.browser import Browser
from appeals.querysets import AlertQuerySet
from districts.models import District
from geo.points import WGS84_SRID


class Alert(Browser):
    """Somebody wants to be told of new appeals at a place, by e-mail or in the browser. Whoever wants it no longer has it deleted.

    ``query`` is what was asked, as ``appeals.alerts.question`` writes it. The other columns are made of it to be found by:
    ``district``, or ``area`` (EPSG:4326, lon/lat), or neither for all of the city; ``categories`` are keys of categories and
    groups, none for all.
    """

    email = models.EmailField(_("e-mail"), max_length=EMAIL_MAX, blank=True)
    language = models.CharField(_("language"), max_length=2)
    daily = models.BooleanField(_("of the day"), help_text="One letter a day, not one for each appeal.")
    query = models.CharField(max_length=ALERT_QUERY_MAX)
    district = models.ForeignKey(District, models.CASCADE, null=True, blank=True, related_name="+")
    area = models.MultiPolygonField(srid=WGS84_SRID, null=True, blank=True)
    categories = ArrayField(models.BigIntegerField(), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the link in the letter was followed; nothing is sent before."
    )

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                Lower("email"), "device", MD5("query"), "daily", name="one_alert_a_question"
            ),
            models.CheckConstraint(
                condition=(Q(email="") & ~Q(device="")) | (~Q(email="") & Q(device="")),
                name="alert_goes_one_way",
            ),
            models.CheckConstraint(
                condition=Q(area__isnull=True) | Q(district__isnull=True), name="alert_has_one_place"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(area__isnull=True, district__isnull=True), name="alert_of_the_city"
            ),
            models.Index(fields=["device"], condition=~Q(device=""), name="alert_device"),
            models.Index(fields=["created_at"], condition=Q(confirmed_at__isnull=True), name="alert_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.query} → {self.recipient}"

    @property
    def recipient(self) -> str:
        """Whom its messages go to, as the outbox names them."""
        return self.email or self.device
