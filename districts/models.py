"""Who answers where: districts, services, categories, service areas, all geometry under boundary revisions."""

from __future__ import annotations

from typing import Final

import pgtrigger
from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from districts.querysets import (
    BoundaryRevisionQuerySet,
    CategoryQuerySet,
    DistrictBoundaryQuerySet,
    PlaceQuerySet,
    ServiceAreaQuerySet,
    ServiceQuerySet,
)
from districts.versions import PublicVersion as PublicVersion
from districts.versions import noting
from geo.points import WGS84_SRID
from geo.word_forms import Folded
from history.recording import recorded

#: Characters of a code: of a district, a service, a category.
CODE_MAX = 60
#: The drawings that a category can have; each is a symbol of the pages' sprite.
CATEGORY_ICONS = (
    "road", "light", "water", "heat", "power", "gas", "waste", "tree", "transport", "building", "market", "animal",
    "sport", "culture", "social", "land", "other",
)  # fmt: skip


class InstalledCity(models.Model):
    """The city whose rows the database holds: its only row, written when the city is set up."""

    ONLY = 1

    code = models.SlugField(_("code"), max_length=CODE_MAX)

    class Meta:
        verbose_name = verbose_name_plural = _("city")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_city_a_database")]

    def __str__(self) -> str:
        return self.code


#: RFC 7946, 3.1.6, at the door where all polygons pass: outer rings counter-clockwise, holes clockwise.
_ORIENTED: Final = pgtrigger.Trigger(
    name="rings_are_oriented",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="NEW.geom := ST_ForcePolygonCCW(NEW.geom); RETURN NEW;",
)


class BoundaryRevision(models.Model):
    """One complete set of borders: every district boundary and service area, as of one time.

    Only a draft is edited; what was published is not, even when it is withdrawn: new borders are a new revision. So a
    decision that names its revision can be explained, and replayed against other borders. The state is changed by
    ``districts.actions`` alone.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    number = models.PositiveIntegerField(_("number"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    effective_from = models.DateField(_("in force from"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    accepted_misfits_m2 = models.FloatField(
        _("accepted overlaps and gaps, m²"),
        null=True,
        editable=False,
        help_text=_("Empty where there was no need to."),
    )
    accepted_by = models.CharField(_("accepted by"), max_length=200, blank=True, editable=False)
    applied = models.BooleanField(
        _("applied"),
        default=False,
        editable=False,
        help_text="The names of districts are those of this revision, and appeals are counted in its districts.",
    )

    objects = BoundaryRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("boundary revision")
        verbose_name_plural = _("boundary revisions")
        ordering = ["-effective_from", "-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False),
                name="published_revision_has_a_date",
            ),
            models.UniqueConstraint(
                fields=["applied"], condition=Q(applied=True), name="one_revision_is_applied"
            ),
        ]
        triggers = [recorded()]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"

    @property
    def is_draft(self) -> bool:
        """True until it is published for the first time: it may be edited and deleted."""
        return self.state == self.State.DRAFT


class District(models.Model):
    """A part of the city (or the city itself) that outlives its borders.

    Its place, its parent and its name belong to a revision and are in ``DistrictBoundary``. ``name`` repeats the name in
    the applied revision, or in the last one that had the district, for what names a district without asking for borders.
    """

    class Kind(models.TextChoices):
        CITY = "city", _("city")
        TERRITORY = "territory", _("territory")

    code = models.SlugField(_("code"), max_length=CODE_MAX, unique=True)
    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("district")
        verbose_name_plural = _("districts")
        ordering = ["code"]
        triggers = [noting()]

    def __str__(self) -> str:
        return self.name


class DistrictBoundary(models.Model):
    """A district in one revision: its name, the district that it is part of, and its area.

    ``geom`` is a MultiPolygon, EPSG:4326, lon/lat, its outer rings counter-clockwise.
    """

    revision = models.ForeignKey(
        BoundaryRevision, models.CASCADE, related_name="district_boundaries", verbose_name=_("revision")
    )
    district = models.ForeignKey(
        District, models.PROTECT, related_name="boundaries", verbose_name=_("district")
    )
    parent = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("part of")
    )
    name = models.CharField(_("name"), max_length=200)
    geom = models.MultiPolygonField(srid=WGS84_SRID)
    approximate = models.BooleanField(_("approximate"), default=False)
    residents = models.PositiveIntegerField(
        _("residents"),
        null=True,
        blank=True,
        help_text=_(
            "How many people live within these borders. Where all districts have it, reports count per resident."
        ),
    )

    objects = DistrictBoundaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("district boundary")
        verbose_name_plural = _("district boundaries")
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "district"], name="one_boundary_of_a_district_in_a_revision"
            )
        ]
        triggers = [_ORIENTED]

    def __str__(self) -> str:
        return f"{self.name} ({self.revision.number})"


class Service(models.Model):
    """A municipal or state service that answers appeals, or the Mayor's Office itself."""

    code = models.SlugField(_("code"), max_length=CODE_MAX, unique=True)
    is_office = models.BooleanField(
        _("Mayor's Office"), default=False, help_text=_("Takes what no area and no city-wide service covers.")
    )
    name = models.CharField(_("name"), max_length=200)
    short = models.CharField(_("short name"), max_length=80)
    description = models.TextField(_("what it answers for"), blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    active = models.BooleanField(_("active"), default=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_office"], condition=Q(is_office=True), name="one_mayors_office"
            ),
            models.CheckConstraint(
                condition=Q(is_office=False) | Q(active=True),
                name="mayors_office_is_active",
            ),
        ]
        triggers = [noting(), recorded()]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.is_office and not self.active:
            raise ValidationError(
                {"active": _("The Mayor's Office cannot be inactive: it answers where no service does.")}
            )


class Category(models.Model):
    """What an appeal is about. Two levels: groups contain leaves, appeals have a leaf."""

    code = models.SlugField(_("code"), max_length=CODE_MAX, unique=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    name = models.CharField(_("name"), max_length=200)
    words = models.TextField(
        _("other words for it"),
        blank=True,
        db_default="",
        help_text=_(
            "In any language, with commas between them. Whoever looks for one of them finds the category."
        ),
    )
    icon = models.CharField(
        _("icon"), max_length=30, blank=True, choices=[(name, name) for name in CATEGORY_ICONS]
    )
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
        verbose_name=_("city-wide service"),
        help_text=_("Answers where no service area decides."),
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "code"]
        triggers = [noting(), recorded()]

    def __str__(self) -> str:
        return self.name


class Attribute(models.Model):
    """What a category asks whoever supports a proposal about it; its ``values`` are the answers.

    A service attribute of Open311 GeoReport v2 of the datatype ``singlevaluelist``, not required: ``description`` is the
    question. A category asks one at a time; what it asked before stays, with what was answered.
    """

    category = models.ForeignKey(
        Category, models.CASCADE, related_name="attributes", verbose_name=_("category")
    )
    code = models.SlugField(_("code"), max_length=CODE_MAX)
    description = models.CharField(_("question"), max_length=200)
    places = models.BooleanField(
        _("asks for a place"), default=False, help_text=_("Whoever answers may also mark a place on the map.")
    )
    active = models.BooleanField(_("asked"), default=True)

    class Meta:
        verbose_name = _("question of a category")
        verbose_name_plural = _("questions of categories")
        ordering = ["category__position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "code"], name="code_of_an_attribute_is_its_categorys_own"
            ),
            models.UniqueConstraint(
                fields=["category"],
                condition=Q(active=True),
                name="one_attribute_is_asked",
                violation_error_message=_("The category asks another question already."),
            ),
        ]
        triggers = [recorded()]

    def __str__(self) -> str:
        return self.description


class AttributeValue(models.Model):
    """An answer that can be chosen. One that was chosen cannot be deleted: not ``active``, it is offered no more."""

    attribute = models.ForeignKey(
        Attribute, models.CASCADE, related_name="values", verbose_name=_("question")
    )
    code = models.SlugField(_("code"), max_length=CODE_MAX)
    name = models.CharField(_("name"), max_length=200)
    position = models.PositiveIntegerField(_("position"), default=0)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("answer to choose")
        verbose_name_plural = _("answers to choose")
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["attribute", "code"], name="code_of_a_value_is_its_attributes_own"
            )
        ]
        triggers = [recorded()]

    def __str__(self) -> str:
        return self.name


class ServiceArea(models.Model):
    """An area where a service answers for some categories, within one revision.

    No categories means all those whose city-wide service is this one. ``priority`` beats size: see
    ``districts.routing``. ``code`` is unique among the areas of the service in the revision.
    """

    revision = models.ForeignKey(
        BoundaryRevision, models.CASCADE, related_name="service_areas", verbose_name=_("revision")
    )
    code = models.SlugField(_("code"), max_length=80)
    service = models.ForeignKey(Service, models.PROTECT, related_name="areas", verbose_name=_("service"))
    categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="areas",
        verbose_name=_("categories"),
        help_text=_("Groups or leaves; empty: all of this service."),
    )
    geom = models.MultiPolygonField(srid=WGS84_SRID)
    priority = models.SmallIntegerField(_("priority"), default=0, help_text=_("The higher one decides."))
    name = models.CharField(_("name"), max_length=200)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to (exclusive)"), null=True, blank=True)

    objects = ServiceAreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("service area")
        verbose_name_plural = _("service areas")
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "service", "code"], name="code_of_an_area_is_its_services_own"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lt=F("valid_to")),
                name="service_area_validity_is_in_order",
            ),
        ]
        triggers = [_ORIENTED]

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """An entry of the city's own gazetteer: a street, a landmark, a microdistrict, a village."""

    kind = models.CharField(_("type"), max_length=30)
    name = models.CharField(_("name"), max_length=200)
    aliases = models.CharField(_("other names"), max_length=500, blank=True)
    point = models.PointField(srid=WGS84_SRID)
    district = models.ForeignKey(
        District, models.SET_NULL, null=True, blank=True, related_name="places", verbose_name=_("district")
    )
    search = models.TextField(
        editable=False, default="", help_text="Every name in lower case, for the search."
    )

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        indexes = [GinIndex(OpClass(Folded("search"), name="gin_trgm_ops"), name="place_words")]

    def __str__(self) -> str:
        return self.name
