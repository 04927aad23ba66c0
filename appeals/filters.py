"""What a list of appeals is narrowed to: one typed value for the map, the list, the API, the desk and the reports.

Each filter is declared once in ``FILTERS``. A filter is added by a member of ``AppealFilter`` and its declaration: the
address, the API and its document, the forms and the queryset read them.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, TextChoices, Value
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from appeals.limits import SEARCH_MAX
from appeals.search import KeptLexemes
from appeals.vocabulary import OPEN_STATUSES, Kind, Status
from districts import choices
from districts.choices import Choice, Group, flat
from districts.models import CODE_MAX, Category, District, Service
from geo.bbox import Bbox, parse_bbox
from geo.numbers import whole_number
from geo.points import inside_bounds, lon_lat_from_text
from geo.refusals import Refusals, Refused, ValueRefused
from geo.word_forms import folded, readings, required, stands_in, words_in, words_stand_in

#: Days outside of these years are slips of the pen, and the first and last of all have no day before or after.
YEARS = range(1900, 2200)

#: Keys of the city's own rows by the filter's name and the code; of categories, by the name of the search and a word that
#: means them.
Keys = Mapping[tuple[str, str], list[int]]


#: As a filter, it narrows nothing; written out where a page shows fewer of itself.
EVERY_STATUS: Final = tuple(Status.values)


@dataclass(frozen=True)
class AppealFilter:
    """Empty members do not narrow. Codes, not ids, so that a shared address outlives the database.

    ``since`` and ``until`` are days of the city's calendar, both included. ``category`` may be a group. What has been looked
    up is carried in ``keys``, which tell no two filters apart.
    """

    q: str = ""
    status: tuple[str, ...] = ()
    kind: str = ""
    category: str = ""
    service: str = ""
    district: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    bbox: Bbox | None = None
    keys: Keys = field(default_factory=dict, compare=False, repr=False)

    def as_query(self, **changes: str) -> str:
        """The filter as a URL query without the leading ``?``, empty members left out; ``changes`` are appended."""
        given = [(declared.name, declared.written(self)) for declared in FILTERS]
        return urlencode([(name, value) for name, value in [*given, *changes.items()] if value])

    def without(self, declared: Filter) -> AppealFilter:
        """The filter as if that one had not been given."""
        return replace(self, **{declared.member: getattr(AppealFilter(), declared.member)})

    @property
    def of_every_status(self) -> AppealFilter:
        """The filter with every status named if it has none."""
        return self if self.status else replace(self, status=EVERY_STATUS)

    @property
    def narrows(self) -> bool:
        """True when anything but the map's frame is filtered."""
        return replace(self, bbox=None) != AppealFilter()


@dataclass(frozen=True)
class Filter:
    """One filter: the URL parameter ``name``, which is ``member`` of ``AppealFilter``.

    ``read`` makes the value of a text without blanks around it and never empty, or raises ``ValueRefused``.
    ``condition`` is what rows of the value meet; where ``rows`` finds those of the city by a code, of their keys; where
    ``words`` are those of the value that may mean a category, of the value and all keys.
    ``schema`` is that of OpenAPI. ``choices`` are what a form offers beside ``everything``, which does not narrow.
    """

    name: str
    member: str
    label: str | Promise
    read: Callable[[str], Any]
    condition: Callable[..., Q]
    schema: Mapping[str, Any]
    description: str = ""
    everything: str | Promise = ""
    choices: Callable[[], list[Choice | Group]] | None = None
    write: Callable[[Any], str] = str
    rows: Callable[[str], QuerySet[Any]] | None = None
    words: Callable[[str], Collection[str]] | None = None

    def written(self, wanted: AppealFilter) -> str:
        """Its value in an address; empty when it does not narrow."""
        value = getattr(wanted, self.member)
        return self.write(value) if value else ""

    def field(self, given: str, errors: Sequence[str] = ()) -> FilterField:
        """The filter in a form, with what was given; one query where the choices are the city's own."""
        return FilterField(self, given, errors, self.choices() if self.choices else [])


@dataclass(frozen=True)
class FilterField:
    """A filter as a form shows it: the given value, its errors, and the choices."""

    declared: Filter
    given: str
    errors: Sequence[str]
    choices: list[Choice | Group]

    @property
    def is_day(self) -> bool:
        """True when a day is asked for."""
        return self.declared.schema.get("format") == "date"

    @property
    def is_wide(self) -> bool:
        """True when the names of the choices can be long."""
        return bool(self.choices) and "maxLength" in self.declared.schema

    @property
    def words(self) -> str:
        """The given codes by the names of their choices; an unknown code stays as it is."""
        names = {option.code: option.short for option in flat(self.choices)}
        return names.get(self.given) or ", ".join(names.get(part, part) for part in self.given.split(","))

    @property
    def offered(self) -> list[Choice | Group]:
        """The choices; a given value that is not one of them is added, so that the form shows what it filters by."""
        if not self.given or any(option.code == self.given for option in flat(self.choices)):
            return self.choices
        return [*self.choices, Choice(self.given, self.words, self.words)]


def filter_fields(
    wanted: AppealFilter,
    errors: Mapping[str, Sequence[str]],
    given: Mapping[str, str],
    *,
    names: Collection[str] | None = None,
) -> dict[str, FilterField]:
    """The fields of a form by parameter, the named ones alone if any are named.

    Of a refused filter, what was ``given`` stands in them again. One query for each choice among the city's own.
    """
    return {
        declared.name: declared.field(
            given.get(declared.name, "").strip() if errors else declared.written(wanted),
            errors.get(declared.name, ()),
        )
        for declared in FILTERS
        if names is None or declared.name in names
    }


def parse_filter(query: Mapping[str, str]) -> AppealFilter:
    """The ``written_filter``, whose codes the city has or had: those of what is retired still find what there was.

    At most one query, after which its keys are known. Raises ``Refused`` with what is wrong with each parameter.
    """
    refusals = Refusals()
    wanted = refusals.read(written_filter, query, AppealFilter())
    keys = keys_of([wanted])
    for declared in FILTERS:
        code = getattr(wanted, declared.member)
        if declared.rows and code and not keys[declared.name, code]:
            words = _("%(field)s: there is no “%(code)s” here.") % {"field": declared.label, "code": code}
            refusals.add({declared.name: [words]})
    refusals.check()
    return replace(wanted, keys=keys)


def written_filter(query: Mapping[str, str]) -> AppealFilter:
    """Filter read from the URL parameters of ``FILTERS``, blanks around a value left out; codes are not looked up.

    Raises ``Refused`` with what is wrong with each parameter.
    """
    refusals = Refusals()
    members = {}
    for declared in FILTERS:
        if text := query.get(declared.name, "").strip():
            members[declared.member] = refusals.read(declared.read, text, None, name=declared.name)
    wanted = refusals.read(in_order, AppealFilter(**members), AppealFilter())
    refusals.check()
    return wanted


def in_order(wanted: AppealFilter) -> AppealFilter:
    """The filter itself. Raises ``Refused`` when its period ends before it begins."""
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise Refused({"from": [_("The period ends before it begins.")]})
    return wanted


def kind_choices() -> list[Choice | Group]:
    """The kinds that the law knows."""
    return [Choice(kind.value, str(kind.label), str(kind.label)) for kind in Kind]


def status_choices() -> list[Choice | Group]:
    """Every status, and before them all that await an answer."""
    return [
        Choice(code, words, words)
        for code, words in [
            (",".join(OPEN_STATUSES), _("Awaiting an answer")),
            *((status.value, str(status.label)) for status in Status),
        ]
    ]


def _one_of(allowed: type[TextChoices]) -> Callable[[str], str]:
    many = _some_of(allowed)

    def read(text: str) -> str:
        codes = many(text)
        if len(codes) != 1:
            raise ValueRefused(_("Choose one."))
        return codes[0]

    return read


def _some_of(allowed: type[TextChoices]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        codes = {part for part in text.split(",") if part}
        if not codes.issubset(allowed.values):
            # Words for whoever reads a page, codes for whoever writes a program.
            choices = ", ".join(f"{choice.label} ({choice.value})" for choice in allowed)
            raise ValueRefused(_("Choose among: %(choices)s.") % {"choices": choices})
        return tuple(code for code in allowed.values if code in codes)

    return read


def _text(limit: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > limit or "\x00" in text:
            raise ValueRefused(_("This is too long or holds forbidden characters."))
        # What is stored is in this form; some keyboards and files take letters such as ё and й apart.
        return unicodedata.normalize("NFC", text)

    return read


def day_in(text: str) -> dt.date:
    """The day that is written as 2026-05-31, of one of the ``YEARS``. Raises ``ValueRefused``."""
    try:
        day = dt.date.fromisoformat(text) if len(text) == len("2026-05-31") else None
    except ValueError:
        day = None
    if day is None:
        raise ValueRefused(_("A date must be written as 2026-05-31."))
    if day.year not in YEARS:
        raise ValueRefused(beyond_years())
    return day


def beyond_years() -> str:
    """What is wrong with a day of none of the ``YEARS``."""
    return _("A date must be between the years %(first)d and %(last)d.") % {
        "first": YEARS[0],
        "last": YEARS[-1],
    }


def midnight(day: dt.date) -> dt.datetime:
    """The beginning of the day by the city's clock."""
    return dt.datetime.combine(day, dt.time.min, timezone.get_default_timezone())


_SEARCH: Final = "q"


def keys_of(filters: Iterable[AppealFilter]) -> Keys:
    """The keys of the rows that codes and words in the filters stand for, none for an unknown one.

    At most one query, for those that no filter carries. Read now: a planner that sees keys knows how rare they are, one that
    sees a join takes the average.
    """
    keys: dict[tuple[str, str], list[int]] = {}
    selects, words = [], set()
    given = list(filters)
    for wanted in given:
        keys |= wanted.keys
    for wanted in given:
        for declared in FILTERS:
            value = getattr(wanted, declared.member)
            if declared.words and value:
                words |= {(declared.name, word) for word in declared.words(value)} - keys.keys()
            if declared.rows and value and (declared.name, value) not in keys:
                keys[declared.name, value] = []
                row = JSONObject(filter=Value(declared.name), code=Value(value), key="pk")
                selects.append(declared.rows(value).order_by().values_list(row, flat=True))
    keys |= {word: [] for word in words}
    if words:
        row = JSONObject(called="called", key="pk")
        selects.append(Category.objects.called().order_by().values_list(row, flat=True))
    if selects:
        first, *others = selects
        for row in first.union(*others, all=True) if others else first:
            if "called" in row:
                called = folded(row["called"])
                for word in words:
                    if stands_in(word[1], called):
                        keys[word].append(row["key"])
            else:
                keys[row["filter"], row["code"]].append(row["key"])
    return keys


def condition_of(wanted: AppealFilter, keys: Keys) -> Q:
    """What the appeals meet that the filter leaves; ``keys`` are those of its codes and words."""
    condition = Q()
    for declared in FILTERS:
        if value := getattr(wanted, declared.member):
            if declared.words:
                condition &= declared.condition(value, keys)
            else:
                condition &= declared.condition(keys[declared.name, value] if declared.rows else value)
    return condition


def number_in(words: str) -> int | None:
    """The number of an appeal that the words are, as people write it (``№ 12``); None for any others."""
    return whole_number(_without_sign(words))


def _without_sign(words: str) -> str:
    return words.strip().lstrip("№# ").strip()


#: Appeals so near to coordinates that were looked for are at that place: in degrees, some 200 m.
_NEAR_LAT: Final = 0.0018
_NEAR_LON: Final = 0.0024


def holding(words: str, keys: Keys) -> Q:
    """Address and text hold the words in some form, or the number here or in the former system is theirs.

    A word that means a category, in any language, stands for its appeals too. Coordinates in the city find what is
    around them.
    """
    degrees = lon_lat_from_text(words)
    if degrees and inside_bounds(*map(float, degrees)):
        lon, lat = map(float, degrees)
        return Bbox(lon - _NEAR_LON, lat - _NEAR_LAT, lon + _NEAR_LON, lat + _NEAR_LAT).holds("point")
    condition = _about(words, keys)
    if former := _without_sign(words):
        # Written out, so that the index of the imported ones alone is used.
        condition |= Q(external_id__iexact=former) & ~Q(external_id="")
    if (number := number_in(words)) is not None:
        condition |= Q(number=number)
    return condition


def _about(text: str, keys: Keys) -> Q:
    """Address and text hold each word of the text, or it means the category."""
    found = Q(pk__in=[])
    for words in filter(None, _readings_of(text)):
        meant = {word: keys.get((_SEARCH, word), []) for word in words}
        said = [word for word in words if not meant[word]]
        condition = _stand_in(said) if said else Q()
        for word in words:
            if meant[word]:
                condition &= Q(category__in=meant[word]) | _stand_in([word])
        found |= condition
    return found


def _readings_of(text: str) -> list[tuple[str, ...]]:
    return [required(words_in(reading)) for reading in readings(text)]


def _words_of(text: str) -> set[str]:
    """The folded words of the text that may mean a category."""
    return {word for words in _readings_of(text) for word in words if not word.isdigit()}


def _stand_in(words: Iterable[str]) -> Q:
    return words_stand_in(words, "address", "text", within=KeptLexemes)


_TEXT: Final = {"type": "string"}
_DAY: Final = {"type": "string", "format": "date"}


def _by_code(name: str, label: str | Promise, rows: Callable[[str], QuerySet[Any]], **words: Any) -> Filter:
    """A filter by the code of one of the city's own rows, which are ``rows`` of a code; the appeal's key has its name."""
    return Filter(
        name,
        name,
        label,
        read=_text(CODE_MAX),
        condition=lambda keys: Q(**{f"{name}__in": keys}),
        rows=rows,
        schema={**_TEXT, "maxLength": CODE_MAX},
        **words,
    )


def days_of(column: str, first: str = "", last: str = "") -> tuple[Filter, Filter]:
    """The filters by the first and the last day of a column of moments, both included; with their descriptions."""
    return (
        Filter(
            "from",
            "since",
            pgettext_lazy("period", "From"),
            read=day_in,
            condition=lambda day: Q(**{f"{column}__gte": midnight(day)}),
            schema=_DAY,
            description=first,
        ),
        Filter(
            "to",
            "until",
            pgettext_lazy("period", "Until"),
            read=day_in,
            condition=lambda day: Q(**{f"{column}__lt": midnight(day + dt.timedelta(days=1))}),
            schema=_DAY,
            description=last,
        ),
    )


#: In the order of forms and addresses.
FILTERS: Final = (
    Filter(
        _SEARCH,
        "q",
        gettext_lazy("Words, address or number"),
        read=_text(SEARCH_MAX),
        condition=holding,
        words=_words_of,
        schema={**_TEXT, "maxLength": SEARCH_MAX},
        description="Words in the text or the address, whatever their ending, or that mean its category; coordinates, latitude first, for what is around them; or the number, here or in the system that it was imported from.",
    ),
    Filter(
        "status",
        "status",
        gettext_lazy("Status"),
        read=_some_of(Status),
        condition=lambda statuses: Q() if statuses == EVERY_STATUS else Q(status__in=statuses),
        schema={"type": "array", "items": {**_TEXT, "enum": list(Status.values)}},
        description="One or several.",
        everything=gettext_lazy("All statuses"),
        choices=status_choices,
        write=",".join,
    ),
    Filter(
        "kind",
        "kind",
        gettext_lazy("Kind"),
        read=_one_of(Kind),
        condition=lambda kind: Q(kind=kind),
        schema={**_TEXT, "enum": list(Kind.values)},
        everything=gettext_lazy("All kinds"),
        choices=kind_choices,
    ),
    _by_code(
        "category",
        gettext_lazy("Category"),
        Category.objects.at_or_below,
        description="Code of a category, or of a group for all in it.",
        everything=gettext_lazy("All categories"),
        choices=lambda: [*choices.category_groups(retired=True)],
    ),
    _by_code(
        "service",
        gettext_lazy("Service"),
        lambda code: Service.objects.filter(code=code),
        description="Code of the service that the appeal is with.",
        everything=gettext_lazy("All services"),
        choices=lambda: [*choices.services(retired=True)],
    ),
    _by_code(
        "district",
        gettext_lazy("District"),
        lambda code: District.objects.filter(code=code),
        description="Code of a district.",
        everything=gettext_lazy("Whole city"),
        choices=lambda: [*choices.districts()],
    ),
    *days_of(
        "submitted_at",
        "First day of submission, 2026-05-31, of the city's calendar.",
        "Last day of submission, included.",
    ),
    Filter(
        "bbox",
        "bbox",
        gettext_lazy("Part of the map"),
        read=parse_bbox,
        condition=lambda bbox: bbox.holds("point"),
        schema=_TEXT,
        description="west,south,east,north in degrees (EPSG:4326); the border belongs to it.",
    ),
)
