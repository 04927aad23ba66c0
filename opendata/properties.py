"""Properties of features, each declared once for the answers and for the OpenAPI document.

The list of appeals, the map's pins, districts, service areas and the reference lists are made of these declarations alone;
the single appeal has more, and takes from here what is a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, IntegerField, OuterRef, TextChoices, Value, When
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from appeals.gathering import NEEDED
from appeals.limits import ADDRESS_MAX, TEXT_MAX
from appeals.querysets import overdue_on
from appeals.vocabulary import Kind, Outcome, Status
from districts.models import Category, District
from districts.names import translated
from geo.tables import Around
from news.models import NewsItem
from web.api.openapi import (
    DAY,
    DAY_OR_NULL,
    MOMENT,
    MOMENT_OR_NULL,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    UUID,
    WHOLE,
    WHOLE_OR_NULL,
    YES_OR_NO,
    Schema,
    record,
)
from web.links import public_link


@dataclass(frozen=True)
class Property:
    """One property: its name, the source of its value, and its schema in the OpenAPI document.

    ``value`` is a column (with the relations that lead to it), an expression, or what makes an expression of the
    reader's language.
    """

    name: str
    value: str | Combinable | Callable[[str], Combinable]
    schema: Schema = field(compare=False)
    description: str = ""
    #: What its codes mean, where it holds codes of the workflow.
    choices: type[TextChoices] | None = None

    @property
    def is_own_column(self) -> bool:
        """True when the value is a column of the model itself."""
        return isinstance(self.value, str) and "__" not in self.value

    @property
    def described(self) -> Schema:
        """The schema with the description."""
        return {**self.schema, "description": self.description} if self.description else dict(self.schema)

    def in_language(self, language: str) -> str | Combinable:
        """The value for a reader of the language."""
        return self.value(language) if callable(self.value) else self.value


Properties = tuple[Property, ...]


def values(properties: Properties, language: str = "") -> dict[str, str | Combinable]:
    """Value by name, as ``FeatureText`` takes them; the language matters where one is written in it."""
    return {declared.name: declared.in_language(language) for declared in properties}


def schema(properties: Properties) -> Schema:
    """Schema of the object that holds the properties, all of them required."""
    return record({declared.name: declared.described for declared in properties})


def chosen(properties: Properties, *names: str) -> Properties:
    """The properties of these names, in the order of the names; ``KeyError`` for one that is not declared."""
    by_name = {declared.name: declared for declared in properties}
    return tuple(by_name[name] for name in names)


def _named(name: str, path: str) -> Property:
    return Property(name, lambda language: translated(path, language), TEXT_OR_NULL)


def _in_every_language(name: str, path: str) -> Iterable[Property]:
    """``name_ky``, ``name_ru`` … each with the translated field in that language."""
    for code in settings.MODELTRANSLATION_LANGUAGES:
        yield Property(f"{name}_{code}", f"{path}_{code}", TEXT_OR_NULL)


def _link_to(page: str, column: str) -> Callable[[str], Combinable]:
    """The public page of the row, whose address ends with the column."""

    def in_language(language: str) -> Combinable:
        with translation.override(language):
            before, after = reverse(page, args=[0]).split("0", 1)
        return Around(public_link(before), column, after)

    return in_language


def _codes(values: Iterable[str]) -> Schema:
    return {**TEXT, "enum": list(values)}


def _coded(name: str, choices: type[TextChoices], value: str = "", description: str = "") -> Property:
    blank = [""] if choices is Outcome else []
    return Property(name, value or name, _codes([*blank, *choices.values]), description, choices)


APPEAL: Final[Properties] = (
    Property("id", "id", UUID),
    Property("number", "number", WHOLE),
    _coded("kind", Kind),
    Property("category", "category__code", TEXT),
    _named("category_name", "category__name"),
    Property("service", "service__code", TEXT),
    _named("service_name", "service__name"),
    Property("district", "district__code", TEXT_OR_NULL),
    _named("district_name", "district__name"),
    _coded("status", Status),
    Property("submitted_at", "submitted_at", MOMENT),
    _coded("outcome", Outcome, description=gettext_noop("Why it is closed, if not with an answer.")),
    Property(
        "duplicate_of",
        "duplicate_of__number",
        WHOLE_OR_NULL,
        gettext_noop("Number of the appeal that it repeats."),
    ),
    Property("planned_on", "planned_on", DAY_OR_NULL, gettext_noop("The day for which works are planned.")),
    Property("due_on", "due_on", DAY),
    Property(
        "answered_at",
        "answered_at",
        MOMENT_OR_NULL,
        gettext_noop("Null too where it was answered in another system, in words that are not known here."),
    ),
    Property("closed_at", "closed_at", MOMENT_OR_NULL),
    Property(
        "supporters",
        "supporters",
        WHOLE,
        gettext_noop("People who say that it, or what repeats it, concerns them too."),
    ),
    Property(
        "support_needed",
        NEEDED,
        WHOLE_OR_NULL,
        gettext_noop("Of a proposal: from so many supporters on the city must answer in public."),
    ),
    Property(
        "supported_at",
        "supported_at",
        MOMENT_OR_NULL,
        gettext_noop("Of a proposal: when it had so many; what happens later takes nothing back."),
    ),
    Property("address", "address", {**TEXT, "maxLength": ADDRESS_MAX}),
    Property("text", "text", {**TEXT, "maxLength": TEXT_MAX}),
    Property("language", "language", TEXT),
    Property(
        "source",
        "source",
        TEXT,
        gettext_noop(
            "How it came: web, phone or visit (staff took down what the author said), or the system that it was imported from."
        ),
    ),
    Property(
        "external_id",
        "external_id",
        TEXT,
        gettext_noop("Its number in the system that it was imported from."),
    ),
    Property("updated_at", "updated_at", MOMENT, gettext_noop("When what is public of it last changed.")),
    Property(
        "url",
        _link_to("public:appeal", "number"),
        {**TEXT, "format": "uri"},
        gettext_noop("Address of the public page."),
    ),
)


def _overdue(_language: str) -> Combinable:
    return Case(When(overdue_on(timezone.localdate()), then=1), default=0, output_field=IntegerField())


#: A single appeal on the map.
PIN: Final[Properties] = (
    Property("kind", Value("appeal"), _codes(["appeal"])),
    *chosen(APPEAL, "id", "number"),
    *(replace(declared, name="appeal_kind") for declared in chosen(APPEAL, "kind")),
    *chosen(APPEAL, "status", "category", "service", "submitted_at", "due_on"),
    Property(
        "overdue", _overdue, WHOLE, gettext_noop("1 where it is open though its term has passed, else 0.")
    ),
)

#: Appeals of one cell on the map, counted by status.
CELL: Final[Properties] = (
    Property("kind", Value("cell"), _codes(["cell"])),
    Property("count", "count", WHOLE),
    *(Property(status, f"of_{status}", WHOLE) for status in Status.values),
    Property("overdue", "overdue", WHOLE, gettext_noop("How many are open though their term has passed.")),
)

DISTRICT: Final[Properties] = (
    Property("code", "district__code", TEXT),
    _coded("kind", District.Kind, "district__kind"),
    Property("parent", "parent__code", TEXT_OR_NULL),
    *_in_every_language("name", "name"),
    Property("approximate", "approximate", YES_OR_NO),
)

SERVICE_AREA: Final[Properties] = (
    Property("code", "code", TEXT, gettext_noop("Unique among the areas of the service.")),
    *_in_every_language("name", "name"),
    Property("service", "service__code", TEXT),
    *_in_every_language("service_name", "service__name"),
    Property(
        "categories",
        ArraySubquery(Category.objects.filter(areas=OuterRef("pk")).order_by("code").values("code")),
        TEXTS,
        gettext_noop("Empty: every category whose city-wide service this is."),
    ),
    Property("priority", "priority", WHOLE),
    Property("valid_from", "valid_from", DAY_OR_NULL),
    Property("valid_to", "valid_to", DAY_OR_NULL, gettext_noop("Exclusive.")),
)

NEWS_ITEM: Final[Properties] = (
    _coded("kind", NewsItem.Kind),
    _named("title", "title"),
    Property("published_at", "published_at", MOMENT),
    Property("starts_at", "starts_at", MOMENT_OR_NULL, gettext_noop("Of planned works.")),
    Property(
        "ends_at",
        "ends_at",
        MOMENT_OR_NULL,
        gettext_noop("Of planned works; then they are not listed any more."),
    ),
    Property(
        "url",
        _link_to("public:news-item", "id"),
        {**TEXT, "format": "uri"},
        gettext_noop("Address of the public page."),
    ),
)

HOT_CELL: Final[Properties] = (
    Property("cell", "cell", TEXT, gettext_noop("The same cell of the same size keeps its name.")),
    Property("cell_m", "cell_m", WHOLE, gettext_noop("Side of the cell in metres.")),
    Property(
        "count",
        "count",
        WHOLE_OR_NULL,
        gettext_noop("Appeals in the cell; null where there are fewer than may be shown."),
    ),
    Property("observed", "observed", WHOLE, gettext_noop("Appeals in the cell and its neighbours.")),
    Property(
        "expected",
        "expected",
        NUMBER_OR_NULL,
        gettext_noop("Appeals that chance would give the cell and its neighbours; null without a test."),
    ),
    Property("ratio", "ratio", NUMBER_OR_NULL, gettext_noop("Observed by expected.")),
    Property("p", "p", NUMBER_OR_NULL, gettext_noop("Chance of a difference as large, two-sided.")),
    Property(
        "q",
        "q",
        NUMBER_OR_NULL,
        gettext_noop("False discovery rate at which the cell differs (Benjamini-Hochberg)."),
    ),
    Property(
        "class",
        "level",
        WHOLE,
        gettext_noop(
            "0: not clearly more; more than chance at q below 0.1 (1), 0.05 (2), 0.01 (3). Fewer is not called."
        ),
    ),
    Property("counted_from", "since", DAY, gettext_noop("The day of the first appeal that was counted.")),
    Property("counted_to", "until", DAY, gettext_noop("The day of the last one.")),
    Property("made_at", "made_at", MOMENT),
)

SERVICE: Final[Properties] = (
    Property("code", "code", TEXT),
    Property("is_office", "is_office", YES_OR_NO),
    *_in_every_language("name", "name"),
    *_in_every_language("short", "short"),
    *_in_every_language("description", "description"),
    Property("phone", "phone", TEXT),
)

CATEGORY: Final[Properties] = (
    Property("code", "code", TEXT),
    Property(
        "group",
        "parent__code",
        TEXT_OR_NULL,
        gettext_noop("Code of the group that holds it; appeals take leaves."),
    ),
    *_in_every_language("name", "name"),
    Property("icon", "icon", TEXT),
    Property(
        "service", "service__code", TEXT_OR_NULL, gettext_noop("Answers where no service area decides.")
    ),
)
