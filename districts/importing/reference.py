"""Sets up a city: services, categories, first borders and gazetteer from its profile folder."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from django.contrib.gis.geos import MultiPolygon, Point
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Model
from django.utils import translation

from districts.actions import Acceptance, BordersRefused, publish
from districts.importing.entries import (
    Entry,
    EntryRefused,
    csv_entries,
    feature_entries,
    not_read,
    read_toml,
    toml_entries,
)
from districts.models import (
    CATEGORY_ICONS,
    Attribute,
    AttributeValue,
    BoundaryRevision,
    Category,
    District,
    DistrictBoundary,
    Place,
    Service,
    ServiceArea,
)
from geo.points import GeometryRefused, city_point
from geo.polygons import city_area

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True)
class Loaded:
    """How many rows of each kind were created, and the names of the data files that are none of a profile's."""

    services: int
    categories: int
    districts: int
    areas: int
    places: int
    not_read: list[str]


@translation.override(None)
@transaction.atomic
def load_reference(folder: Path) -> Loaded:
    """Fills an empty database with the city in the folder; all or nothing.

    Borders become revision 1, published; without a districts.geojson there are none until ``import_areas``.
    Raises ``EntryRefused``, naming the file and the entry.
    """
    others = not_read(folder)
    if (folder / "base.geojson").exists():
        feature_entries(folder / "base.geojson")  # drawn as it is, by every map
    services = _load_services(folder)
    categories = _load_categories(folder, services)
    load_attributes(folder)
    districts: dict[str, District] = {}
    areas = 0
    if (folder / "districts.geojson").exists():
        revision = _first_revision(folder)
        districts = _load_districts(folder, revision)
        areas = _load_areas(folder, revision, services, categories)
        try:
            publish(revision, effective_from=revision.effective_from, accepted=_acceptance(folder))
        except BordersRefused as refusal:
            raise EntryRefused(f"districts.geojson: {refusal}") from None
    places = _load_places(folder, districts)
    return Loaded(len(services), len(categories), len(districts), areas, places, others)


def _by_code(entries: Iterable[Entry], make: Callable[[Entry, str], _Row]) -> dict[str, _Row]:
    made: dict[str, _Row] = {}
    for entry in entries:
        code = _slug(entry, "code")
        if code in made:
            raise entry.refuse("another entry has the same code")
        made[code] = make(entry, code)
        entry.check_fields(made[code])
    return made


def _slug(entry: Entry, key: str) -> str:
    code = entry.text(key)
    try:
        validate_slug(code)
    except ValidationError:
        raise entry.refuse(f"{key} must consist of Latin letters, digits, - and _") from None
    return code


def _check_all_read(entries: Iterable[Entry]) -> None:
    for entry in entries:
        entry.check_all_read()


def _named(entry: Entry, key: str, among: dict[str, _Row], what: str) -> _Row:
    code = entry.text(key)
    if code not in among:
        raise entry.refuse(f"{key} {code!r} is not a {what}")
    return among[code]


def _load_services(folder: Path) -> dict[str, Service]:
    def make(entry: Entry, code: str) -> Service:
        return Service(
            code=code,
            is_office=entry.flag("office", False),
            phone=entry.text("phone", ""),
            email=entry.text("email", ""),
            **entry.translated("name"),
            **entry.translated("short"),
            **entry.translated("description", required=False),
        )

    entries = toml_entries(folder / "services.toml", "service")
    made = _by_code(entries, make)
    _check_all_read(entries)
    offices = [code for code, service in made.items() if service.is_office]
    if len(offices) != 1:
        raise EntryRefused(f"services.toml: one service must have office = true; found {len(offices)}")
    Service.objects.bulk_create(made.values())
    return made


def _load_categories(folder: Path, services: dict[str, Service]) -> dict[str, Category]:
    entries = toml_entries(folder / "categories.toml", "category", beside=["attribute"])

    def make(entry: Entry, code: str) -> Category:
        return Category(
            code=code,
            service=_named(entry, "service", services, "service") if entry.text("service", "") else None,
            icon=_icon(entry),
            position=entry.whole("position", len(entries) and entries.index(entry)),
            words=", ".join(filter(None, entry.translated("words", required=False).values())),
            **entry.translated("name"),
        )

    made = _by_code(entries, make)
    children = [entry for entry in entries if entry.text("parent", "")]
    for entry in children:
        parent = _named(entry, "parent", made, "category")
        if parent.code in {child.text("code") for child in children}:
            raise entry.refuse(f"parent {parent.code!r} has a parent itself: only two levels are allowed")
    _check_all_read(entries)
    child_codes = {entry.text("code") for entry in children}
    Category.objects.bulk_create([category for code, category in made.items() if code not in child_codes])
    for entry in children:
        made[entry.text("code")].parent = made[entry.text("parent")]
    Category.objects.bulk_create([category for code, category in made.items() if code in child_codes])
    return made


@translation.override(None)
def load_attributes(folder: Path) -> int:
    """Loads what categories ask of categories.toml where nothing is asked yet; returns how many do. Raises ``EntryRefused``."""
    if Attribute.objects.exists():
        return 0
    categories = {category.code: category for category in Category.objects.all()}
    entries = toml_entries(folder / "categories.toml", "attribute", beside=["category"])
    for entry in entries:
        category = _named(entry, "category", categories, "category")
        if category.attributes.exists():
            raise entry.refuse("its category asks something already")
        attribute = Attribute(
            category=category,
            code=_slug(entry, "code"),
            places=entry.flag("places", False),
            **entry.translated("description"),
        )
        entry.check_fields(attribute)
        attribute.save()
        values = entry.tables("values")
        for position, each in enumerate(values):
            value = AttributeValue(
                attribute=attribute, code=_slug(each, "code"), position=position, **each.translated("name")
            )
            each.check_fields(value)
            each.check_all_read()
            if attribute.values.filter(code=value.code).exists():
                raise each.refuse("another value has the same code")
            value.save()
        if not values:
            raise entry.refuse("it has no values")
        entry.check_all_read()
    return len(entries)


def _icon(entry: Entry) -> str:
    icon = entry.text("icon", "")
    if icon and icon not in CATEGORY_ICONS:
        raise entry.refuse(f"icon {icon!r} is not one of {', '.join(CATEGORY_ICONS)}")
    return icon


def _borders(folder: Path) -> dict[str, Any]:
    borders: dict[str, Any] = read_toml(folder / "profile.toml").get("borders", {})
    return borders


def _acceptance(folder: Path) -> Acceptance | None:
    accept_m2 = _borders(folder).get("accept_m2")
    if accept_m2 is None:
        return None
    if isinstance(accept_m2, bool) or not isinstance(accept_m2, int | float) or not 0 <= accept_m2 < math.inf:
        raise EntryRefused("profile.toml: [borders] accept_m2 must be a number of square metres such as 1500")
    return Acceptance(accept_m2, "profile.toml")


def _first_revision(folder: Path) -> BoundaryRevision:
    borders = _borders(folder)
    effective_from = borders.get("effective_from", dt.date(2000, 1, 1))
    if not isinstance(effective_from, dt.date):
        raise EntryRefused("profile.toml: [borders] effective_from must be a date such as 2024-01-01")
    return BoundaryRevision.objects.create(
        number=1,
        name=borders.get("name", "1"),
        effective_from=effective_from,
        note=borders.get("note", ""),
    )


#: More people than live anywhere: a slip of the pen.
MOST_RESIDENTS: Final = 100_000_000


def _load_districts(folder: Path, revision: BoundaryRevision) -> dict[str, District]:
    entries = feature_entries(folder / "districts.geojson")
    kinds = {kind.value for kind in District.Kind}

    def make(entry: Entry, code: str) -> District:
        if entry.text("kind") not in kinds:
            raise entry.refuse(f"kind must be one of {', '.join(sorted(kinds))}")
        return District(
            code=code,
            kind=entry.text("kind"),
            **entry.translated("name"),
        )

    made = _by_code(entries, make)
    if sum(district.kind == District.Kind.CITY for district in made.values()) != 1:
        raise EntryRefused("districts.geojson: one feature must have kind city (the whole city)")
    parents = {
        entry.text("code"): _named(entry, "parent", made, "district").code
        for entry in entries
        if entry.text("parent", "")
    }
    for entry in entries:
        if _leads_back(entry.text("code"), parents):
            raise entry.refuse("its parents form a cycle")
    District.objects.bulk_create(made.values())
    DistrictBoundary.objects.bulk_create(
        DistrictBoundary(
            revision=revision,
            district=made[entry.text("code")],
            parent=made.get(parents.get(entry.text("code"), "")),
            geom=_geom(entry),
            approximate=entry.flag("approximate", False),
            residents=_residents(entry),
            **entry.translated("name"),
        )
        for entry in entries
    )
    return made


def _residents(entry: Entry) -> int | None:
    """How many people live in the district; None where the profile does not say."""
    residents = entry.whole("residents", 0)
    if not 0 <= residents <= MOST_RESIDENTS:
        raise entry.refuse(f"residents must be from 0 to {MOST_RESIDENTS}, not {residents}")
    return residents if "residents" in entry.values else None


def _leads_back(code: str, parents: dict[str, str]) -> bool:
    above: str | None = code
    seen: set[str] = set()
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above is not None


def _load_areas(
    folder: Path, revision: BoundaryRevision, services: dict[str, Service], categories: dict[str, Category]
) -> int:
    file = folder / "service_areas.geojson"
    if not file.exists():
        return 0
    entries = feature_entries(file)

    def make(entry: Entry, code: str) -> ServiceArea:
        valid_from, valid_to = entry.day_or_none("valid_from"), entry.day_or_none("valid_to")
        if valid_from and valid_to and valid_from >= valid_to:
            raise entry.refuse("valid_to must be after valid_from")
        return ServiceArea(
            revision=revision,
            code=code,
            service=_named(entry, "service", services, "service"),
            priority=entry.whole("priority", 0),
            geom=_geom(entry),
            valid_from=valid_from,
            valid_to=valid_to,
            **entry.translated("name"),
        )

    made = _by_code(entries, make)
    for entry in entries:
        for code in entry.codes("categories"):
            if code not in categories:
                raise entry.refuse(f"{code!r} in its categories is not a category")
    ServiceArea.objects.bulk_create(made.values())
    ServiceArea.categories.through.objects.bulk_create(
        ServiceArea.categories.through(
            servicearea_id=made[entry.text("code")].pk, category_id=categories[code].pk
        )
        for entry in entries
        for code in entry.codes("categories")
    )
    return len(made)


def _load_places(folder: Path, districts: dict[str, District]) -> int:
    file = folder / "gazetteer.csv"
    if not file.exists():
        return 0
    made = [_place(entry, districts) for entry in csv_entries(file)]
    Place.objects.bulk_create(made)
    return len(made)


def _place(entry: Entry, districts: dict[str, District]) -> Place:
    names = entry.translated("name", required=False)
    if not any(names.values()):
        raise entry.refuse("it has no name")
    aliases = entry.text("aliases", "")
    try:
        point: Point = city_point(entry.text("lon"), entry.text("lat"))
    except GeometryRefused as refusal:
        raise entry.refuse(str(refusal)) from None
    known = list(
        dict.fromkeys(name.lower() for name in (*names.values(), *aliases.split(";")) if name.strip())
    )
    place = Place(
        kind=entry.text("kind"),
        aliases=aliases,
        point=point,
        district=_named(entry, "district", districts, "district") if entry.text("district", "") else None,
        search=" ".join(known),
        **names,
    )
    entry.check_fields(place)
    return place


def _geom(entry: Entry) -> MultiPolygon:
    try:
        return city_area(entry.geometry).geom()
    except GeometryRefused as refusal:
        raise entry.refuse(str(refusal)) from None
