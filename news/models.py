from __future__ import annotations

import datetime as dt

from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from geo.paging import Order
from geo.points import WGS84_SRID
from media.fields import ServedImageField

#: Order of what is published, which has a moment; drafts have none.
NEWEST_FIRST = Order({"published_at": dt.datetime, "id": int}, descending=True)


class NewsItemQuerySet(models.QuerySet["NewsItem"]):
    def published(self, now: dt.datetime | None = None) -> NewsItemQuerySet:
        """Items the public can see now, newest first."""
        return self.filter(published_at__lte=now or timezone.now()).order_by(*NEWEST_FIRST.names)

    def visible_to(self, user: User | AnonymousUser) -> NewsItemQuerySet:
        """Items that the user can see now: drafts, and what appears later, only for those who may read the admin's list."""
        return self.all() if user.has_perm("news.view_newsitem") else self.published()


class NewsItem(models.Model):
    """News from the Mayor's Office, or planned works; ``point`` is EPSG:4326, lon/lat."""

    class Kind(models.TextChoices):
        NEWS = "news", _("News")
        WORKS = "works", _("Planned works")

    kind = models.CharField(_("type"), max_length=10, choices=Kind, default=Kind.NEWS)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), help_text=_("A blank line begins a new paragraph."))
    picture = ServedImageField(_("picture"), upload_to="news", served_at="news-file", blank=True)
    point = models.PointField(_("place on the map"), srid=WGS84_SRID, null=True, blank=True)
    published_at = models.DateTimeField(
        _("published at"), null=True, blank=True, help_text=_("Empty: a draft; a future time: appears then.")
    )

    objects = NewsItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("news item")
        verbose_name_plural = _("news")
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["-published_at"], name="news_newest")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """URL of the item's page in the current language."""
        return reverse("public:news-item", args=[self.pk])
