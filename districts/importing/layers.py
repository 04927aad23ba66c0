"""Writes areas that were read into a boundary revision: districts, or the areas of one service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import shapely
from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, QuerySet
from django.utils import timezone

from config.city import CITY
from districts.identity import unlike
from districts.importing.report import AreaReport, ImportRefused
from districts.models import BoundaryRevision, Category, District, DistrictBoundary, Service, ServiceArea
from geo.polygons import Area, as_geos, multipolygon
from geo.topology import holes, without_holes

_NAME_MAX: Final = BoundaryRevision._meta.get_field("name").max_length or 200
_Row = TypeVar("_Row", DistrictBoundary, ServiceArea)


@dataclass(frozen=True)
class DistrictLayer:
    """The file's features are districts of this kind, parts of the city.

    With ``city_from_union`` the city's border is built of all of them, its holes of less than ``close_holes_m2`` closed.
    """

    kind: str = District.Kind.TERRITORY
    city_from_union: bool = False
    close_holes_m2: float = 0.0


@dataclass(frozen=True)
class ServiceLayer:
    """The file's features are areas of one service; no categories means all of the service's own."""

    service: str
    categories: tuple[str, ...] = ()
    priority: int = 0
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@dataclass(frozen=True)
class ReadArea:
    """An area as the file has it: ``names`` by column, only of the languages that were asked for."""

    code: str
    names: dict[str, str]
    area: Area


def revision_for(name: str, *, named: bool, empty: bool) -> BoundaryRevision:
    """The revision of that name if it is ``named`` and exists, else a new draft.

    A new draft begins as a copy of the borders in force unless ``empty``. Raises ``ImportRefused`` when several have the
    name, or it is too long.
    """
    # Concurrent imports would give two revisions the same number, or write into the same draft.
    BoundaryRevision.objects.select_for_update().order_by("pk").first()
    known = list(BoundaryRevision.objects.filter(name=name)) if named else []
    if len(known) > 1:
        raise ImportRefused(f"{len(known)} revisions are named {name!r}: rename them in the admin")
    if known:
        return known[0]
    if len(name) > _NAME_MAX:
        raise ImportRefused(f"a revision's name has at most {_NAME_MAX} characters")
    today = timezone.localdate()
    before = BoundaryRevision.objects.in_force(today).first()
    last = BoundaryRevision.objects.aggregate(last=Max("number"))["last"] or 0
    revision = BoundaryRevision.objects.create(number=last + 1, name=name, effective_from=today)
    if before and not empty:
        _copy(before, revision)
    return revision


def says_the_same(revision: BoundaryRevision) -> BoundaryRevision | None:
    """The borders in force if the revision has the same districts and areas, named and drawn alike; else None."""
    current = BoundaryRevision.objects.in_force(timezone.localdate()).exclude(pk=revision.pk).first()
    if current is None or _said(current) != _said(revision):
        return None
    return current


def _said(revision: BoundaryRevision) -> set[tuple[Any, ...]]:
    names = [f"name_{language}" for language in _languages()]
    districts = DistrictBoundary.objects.of(revision).values_list(
        "district__code", "parent__code", "approximate", "residents", "geom", *names
    )
    areas = ServiceArea.objects.of(revision).annotate(
        sorted_categories=ArrayAgg("categories", order_by="categories")
    )
    fields = (
        "service__code",
        "code",
        "priority",
        "valid_from",
        "valid_to",
        "sorted_categories",
        "geom",
        *names,
    )
    return {tuple(_comparable(value) for value in row) for row in (*districts, *areas.values_list(*fields))}


def _comparable(value: Any) -> Any:
    if isinstance(value, GEOSGeometry):
        return bytes(value.wkb)
    if isinstance(value, list):
        return tuple(value)
    return value or None  # a missing translation is NULL or empty


def _copy(source: BoundaryRevision, target: BoundaryRevision) -> None:
    for boundary in DistrictBoundary.objects.of(source):
        boundary.pk, boundary._state.adding, boundary.revision = None, True, target
        boundary.save(force_insert=True)
    for area in ServiceArea.objects.of(source):
        categories = list(area.categories.all())
        area.pk, area._state.adding, area.revision = None, True, target
        area.save(force_insert=True)
        area.categories.set(categories)


def write_districts(
    layer: DistrictLayer,
    revision: BoundaryRevision,
    found: Sequence[ReadArea],
    report: AreaReport,
    *,
    replace: bool,
) -> None:
    """Writes the districts into the revision; ``replace`` removes those of the kind that are not among them.

    Raises ``ImportRefused``.
    """
    writer = _Districts(revision, report)
    city = _city(layer) if layer.kind != District.Kind.CITY else None
    for read in found:
        writer.write(layer.kind, city, read.code, read.names, read.area.shape)
    if replace:
        gone = DistrictBoundary.objects.of(revision).filter(district__kind=layer.kind)
        gone = gone.exclude(district__code__in=[read.code for read in found])
        report.removed += gone.values_list("district__code", flat=True)
        gone.delete()
    if layer.kind != District.Kind.CITY and layer.city_from_union:
        parts = (
            DistrictBoundary.objects.of(revision).filter(district__kind=layer.kind).order_by("district__code")
        )
        union = shapely.union_all([shapely.from_wkb(bytes(part.geom.wkb)) for part in parts])
        outline = _closed(multipolygon(union), layer.close_holes_m2, report)
        writer.write(District.Kind.CITY, None, CITY.code, _city_names(), multipolygon(outline))


def _closed(union: shapely.MultiPolygon, least_m2: float, report: AreaReport) -> shapely.Geometry:
    """The union without its holes of less than ``least_m2``; the report says which were closed and which stay."""
    all_holes = holes(union, settings.METRIC_SRID)
    small = [(hole, m2) for hole, m2 in all_holes if m2 < least_m2]
    report.closed_holes = [m2 for _, m2 in small]
    report.open_holes = [m2 for _, m2 in all_holes if m2 >= least_m2]
    return without_holes(union, [hole for hole, _ in small])


def _city(layer: DistrictLayer) -> District | None:
    city = District.objects.filter(kind=District.Kind.CITY).order_by("code").first()
    if city is None and layer.city_from_union:
        city = District.objects.create(code=CITY.code, kind=District.Kind.CITY, **_city_names())
    return city


def _city_names() -> dict[str, str]:
    return {f"name_{code}": CITY.name.get(code, "") for code in settings.MODELTRANSLATION_LANGUAGES}


class _Districts:
    """Writes districts into one revision."""

    def __init__(self, revision: BoundaryRevision, report: AreaReport) -> None:
        self._revision, self._report = revision, report
        rows = DistrictBoundary.objects.of(revision).select_related("district")
        self._known = {row.district.code: row for row in rows}

    def write(
        self,
        kind: str,
        parent: District | None,
        code: str,
        names: Mapping[str, str],
        shape: shapely.MultiPolygon,
    ) -> None:
        """Writes one; what no name was given for keeps the one it has."""
        geom = as_geos(shape)
        values = {"parent_id": parent.pk if parent else None, **names}
        row = self._known.get(code)
        # What a draft does not have it had from other borders, whose districts these continue.
        former = row or _newest(DistrictBoundary.objects.filter(district__code=code))
        if former:
            self._report.compared(code, unlike(former, names, shape), None if row else former.revision)
        if row is None:
            district = self._district(kind, code, names)
            kept = {
                f"name_{language}": getattr(district, f"name_{language}") or "" for language in _languages()
            }
            row = DistrictBoundary(
                revision=self._revision, district=district, geom=geom, **{**kept, **values}
            )
            if former and former.geom.equals_exact(geom):
                row.residents = former.residents
            row.save()
            self._known[code] = row
            self._report.created.append(code)
            _check_named(code, row, self._report)
            return
        self._check_kind(row.district, kind)
        changes = set_values(row, values)
        if not row.geom.equals_exact(geom):
            row.geom = geom
            changes.append("moved")
            if row.residents is not None:
                # They were those of other ground.
                changes.append(f"residents {row.residents} → unknown")
                row.residents = None
        if changes:
            row.save()
        self._report.written(code, changes)

    def _district(self, kind: str, code: str, names: Mapping[str, str]) -> District:
        district = District.objects.filter(code=code).first()
        if district is None:
            return District.objects.create(code=code, kind=kind, **names)
        self._check_kind(district, kind)
        return district

    @staticmethod
    def _check_kind(district: District, kind: str) -> None:
        if district.kind != kind:
            raise ImportRefused(
                f"{district.code!r} is already the code of a {district.get_kind_display()}: use --code-prefix"
            )


def write_service_areas(
    layer: ServiceLayer,
    revision: BoundaryRevision,
    found: Iterable[ReadArea],
    report: AreaReport,
    *,
    replace: bool,
) -> None:
    """Writes the areas of the service into the revision; ``replace`` removes its others. Raises ``ImportRefused``."""
    service = Service.objects.filter(code=layer.service).first()
    if service is None:
        raise ImportRefused(f"there is no service {layer.service!r}")
    categories = {category.code: category for category in Category.objects.filter(code__in=layer.categories)}
    if unknown := set(layer.categories) - set(categories):
        raise ImportRefused(f"there is no category {', '.join(sorted(unknown))}")
    # A code is the service's own: another one may number its areas alike.
    own = ServiceArea.objects.of(revision).filter(service=service)
    known = {area.code: area for area in own.prefetch_related("categories")}
    values = {"priority": layer.priority, "valid_from": layer.valid_from, "valid_to": layer.valid_to}
    for read in found:
        geom = read.area.geom()
        area = known.get(read.code)
        former = area or _newest(ServiceArea.objects.filter(service=service, code=read.code))
        if former:
            report.compared(
                read.code, unlike(former, read.names, read.area.shape), None if area else former.revision
            )
        if area is None:
            area = ServiceArea.objects.create(
                revision=revision, service=service, code=read.code, geom=geom, **values, **read.names
            )
            area.categories.set(categories.values())
            report.created.append(read.code)
            _check_named(read.code, area, report)
            continue
        changes = set_values(area, {**values, **read.names})
        if not area.geom.equals_exact(geom):
            area.geom = geom
            changes.append("moved")
        before = {category.code for category in area.categories.all()}
        if before != set(categories):
            area.categories.set(categories.values())
            changes.append(f"categories {_listed(before)} → {_listed(categories)}")
        if changes:
            area.save()
        report.written(read.code, changes)
    if replace:
        gone = own.exclude(code__in=[read.code for read in found])
        report.removed += gone.values_list("code", flat=True)
        gone.delete()


def _check_named(code: str, row: DistrictBoundary | ServiceArea, report: AreaReport) -> None:
    """Reports what is new and has no name in the city's default language, to which pages fall back."""
    if not getattr(row, f"name_{settings.MODELTRANSLATION_DEFAULT_LANGUAGE}"):
        report.nameless.append(code)


def _newest(rows: QuerySet[_Row]) -> _Row | None:
    """The one of the borders in force, else of those that were published or drawn last."""
    return rows.select_related("revision").order_by("-revision__applied", "-revision__number").first()


def set_values(row: Any, values: Mapping[str, Any]) -> list[str]:
    """What was changed by setting the values, each as ``name: before → after``; empty if nothing differed."""
    changes = []
    for key, value in values.items():
        before = getattr(row, key)
        # A missing translation is NULL or empty.
        if (before or None) != (value or None):
            setattr(row, key, value)
            changes.append(f"{key.removesuffix('_id')}: {before or '—'} → {value or '—'}")
    return changes


def _languages() -> Iterable[str]:
    languages: Iterable[str] = settings.MODELTRANSLATION_LANGUAGES
    return languages


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes)) or "all of the service"
