from __future__ import annotations

import datetime as dt
import enum

from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.db import models
from django.contrib.gis.geos import Point
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.posts import Right
from accounts.roles import standing_of
from geo.drawn import DrawnPlace
from geo.paging import Order
from geo.points import WGS84_SRID
from history.recording import recorded
from media.fields import ServedImageField

#: Order of what is published, which has a moment; drafts have none.
NEWEST_FIRST = Order({"published_at": dt.datetime, "id": int}, descending=True)

TITLE_MAX = 200


class Stage(enum.StrEnum):
    """Where an item is on its way; each is in one of these at a moment."""

    DRAFT = "draft"
    PLANNED = "planned"
    PUBLISHED = "published"
    ENDED = "ended"
    ARCHIVED = "archived"


class NewsItemQuerySet(models.QuerySet["NewsItem"]):
    def published(self, now: dt.datetime | None = None) -> NewsItemQuerySet:
        """Items the public can open now, ended works too; newest first."""
        shown = self.filter(published_at__lte=now or timezone.now(), archived_at__isnull=True)
        return shown.order_by(*NEWEST_FIRST.names)

    def current(self, now: dt.datetime | None = None) -> NewsItemQuerySet:
        """Published items without the works that have ended: what lists, maps and feeds show; newest first."""
        now = now or timezone.now()
        return self.published(now).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))

    def in_force_at(self, point: Point, now: dt.datetime | None = None) -> NewsItemQuerySet:
        """Works under way now in whose area the point (EPSG:4326) lies, its border included; what ends first is first."""
        now = now or timezone.now()
        under_way = self.current(now).filter(kind=NewsItem.Kind.WORKS, starts_at__lte=now)
        return under_way.filter(area__covers=point).order_by("ends_at", "pk")

    def at_stage(self, stage: Stage, now: dt.datetime | None = None) -> NewsItemQuerySet:
        """Items at that stage."""
        now = now or timezone.now()
        kept = self.filter(archived_at__isnull=True)
        match stage:
            case Stage.DRAFT:
                return kept.filter(published_at__isnull=True)
            case Stage.PLANNED:
                return kept.filter(published_at__gt=now)
            case Stage.PUBLISHED:
                return self.current(now)
            case Stage.ENDED:
                return self.published(now).filter(ends_at__lte=now)
            case Stage.ARCHIVED:
                return self.filter(archived_at__isnull=False)

    def taken_back(self, now: dt.datetime | None = None) -> NewsItemQuerySet:
        """What the public could open, and cannot since it went into the archive."""
        out = self.filter(published_at__lte=now or timezone.now(), archived_at__isnull=False)
        return out.filter(archived_at__gte=F("published_at"))

    def visible_to(self, user: User | AnonymousUser) -> NewsItemQuerySet:
        """Items that the user can open now: drafts, and what appears later, only for those who write them."""
        return self.all() if standing_of(user).may(Right.NEWS) else self.published()


class NewsItem(models.Model):
    """News from the Mayor's Office, or planned works; places are EPSG:4326, lon/lat.

    ``area`` is what was drawn, or the ground within ``reach_m`` metres of ``line``. Works that were written before they had
    times have none. ``version`` counts the changes; a form that names an outdated one is refused.
    """

    class Kind(models.TextChoices):
        NEWS = "news", _("News")
        WORKS = "works", _("Planned works")

    kind = models.CharField(_("type"), max_length=10, choices=Kind, default=Kind.NEWS)
    title = models.CharField(_("title"), max_length=TITLE_MAX)
    body = models.TextField(_("text"), blank=True, help_text=_("A blank line begins a new paragraph."))
    picture = ServedImageField(_("picture"), upload_to="news", served_at="news-file", blank=True)
    point = models.PointField(_("place on the map"), srid=WGS84_SRID, null=True, blank=True)
    line = models.LineStringField(_("line on the map"), srid=WGS84_SRID, null=True, blank=True)
    reach_m = models.PositiveSmallIntegerField(_("metres on both sides"), null=True, blank=True)
    area = models.MultiPolygonField(_("area on the map"), srid=WGS84_SRID, null=True, blank=True)
    starts_at = models.DateTimeField(_("begin"), null=True, blank=True)
    ends_at = models.DateTimeField(_("end"), null=True, blank=True)
    published_at = models.DateTimeField(
        _("published at"), null=True, blank=True, help_text=_("Empty: a draft; a future time: appears then.")
    )
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    form_id = models.UUIDField(
        null=True,
        unique=True,
        editable=False,
        help_text="Of the form it was written in: sent twice, it is one item.",
    )

    objects = NewsItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("news item")
        verbose_name_plural = _("news")
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["-published_at"], name="news_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True, ends_at__isnull=True)
                # Of two, where one is missing, PostgreSQL says neither yes nor no, and a check takes that for yes.
                | Q(starts_at__isnull=False, ends_at__isnull=False, ends_at__gt=F("starts_at")),
                name="news_end_after_begin",
            ),
            models.CheckConstraint(
                condition=Q(point__isnull=True) | Q(area__isnull=True), name="news_one_place"
            ),
            models.CheckConstraint(
                condition=Q(line__isnull=True, reach_m__isnull=True)
                | Q(line__isnull=False, reach_m__isnull=False, area__isnull=False),
                name="news_line_has_its_area",
            ),
        ]
        triggers = [recorded(leave_out=("version", "form_id"))]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """URL of the item's page in the current language."""
        return reverse("public:news-item", args=[self.pk])

    @property
    def place(self) -> DrawnPlace:
        """Where it is."""
        return DrawnPlace(self.point, self.line, self.reach_m, self.area)

    @place.setter
    def place(self, place: DrawnPlace) -> None:
        self.point, self.line = place.point, place.line
        self.reach_m, self.area = place.reach_m, place.area

    @property
    def spot(self) -> Point | None:
        """A point for whoever can take no area: the item's own, or one inside of its area."""
        return self.point or (self.area.point_on_surface if self.area is not None else None)

    def stage(self, now: dt.datetime | None = None) -> Stage:
        """Where it is on its way, as ``at_stage`` finds it."""
        now = now or timezone.now()
        if self.archived_at is not None:
            return Stage.ARCHIVED
        if self.published_at is None:
            return Stage.DRAFT
        if self.published_at > now:
            return Stage.PLANNED
        return Stage.ENDED if self.has_ended(now) else Stage.PUBLISHED

    def has_ended(self, now: dt.datetime | None = None) -> bool:
        """True for works whose end has passed."""
        return self.ends_at is not None and self.ends_at <= (now or timezone.now())
