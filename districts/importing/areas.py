"""Imports borders from a GeoJSON file into a boundary revision: districts, or the areas of one service.

A file is imported whole or not at all (unless refused features may be skipped); importing it again changes
nothing. A published revision is never edited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from django.conf import settings
from django.contrib.gis.geos import MultiPolygon
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify

from config.city import CITY
from districts.importing.features import Feature, read_features
from districts.importing.files import examine
from districts.models import BoundaryRevision, Category, District, DistrictBoundary, Service, ServiceArea
from geo.polygons import Area, NestingRefused, PolygonRefused, as_geos, city_area, multipolygon

_CODE_MAX = District._meta.get_field("code").max_length or 60


@dataclass(frozen=True)
class DistrictLayer:
    """The file's features are districts of this kind, parts of the city."""

    kind: str = District.Kind.TERRITORY


@dataclass(frozen=True)
class ServiceLayer:
    """The file's features are areas of one service; no categories means all of the service's own."""

    service: str
    categories: tuple[str, ...] = ()
    priority: int = 0
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@dataclass(frozen=True)
class AreaImport:
    """What to import. ``name_fields`` maps languages to feature properties.

    ``revision`` names the revision to write to (created as a draft if missing; if empty, a new one named
    after the file). A new draft starts as a copy of the borders in force unless ``empty``. ``replace``
    removes from the revision whatever is no longer in the file's layer. ``effective_from`` only applies with
    ``publish``.
    """

    file: Path
    layer: DistrictLayer | ServiceLayer
    code_field: str
    name_fields: Mapping[str, str]
    code_prefix: str = ""
    revision: str = ""
    empty: bool = False
    replace: bool = False
    city_from_union: bool = False
    publish: bool = False
    effective_from: dt.date | None = None
    repair: bool = False
    skip_refused: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class RefusedFeature:
    """A refused feature; ``n`` is its number in the file, from 1. ``repairable``: ``repair`` would fix it."""

    n: int
    name: str
    why: str
    repairable: bool = False


@dataclass
class AreaReport:
    """What happened. ``repaired`` are features that needed repair, with what was repaired."""

    read: int = 0
    refused: list[RefusedFeature] = field(default_factory=list)
    repaired: list[RefusedFeature] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    revision: str = ""
    published: bool = False

    @property
    def changed(self) -> bool:
        """True when anything in the database changed."""
        return bool(self.created or self.updated or self.removed or self.published)


class ImportRefused(Exception):
    """Nothing was written. ``report`` gives the reasons by feature; None if the request itself was wrong."""

    def __init__(self, why: str, report: AreaReport | None = None) -> None:
        super().__init__(why)
        self.report = report


@dataclass(frozen=True)
class _Read:
    code: str
    names: dict[str, str]
    area: Area


def import_areas(wanted: AreaImport, progress: Callable[[int], None] = lambda done: None) -> AreaReport:
    """Imports, commits (rolls back if ``dry_run``) and reports. ``progress`` gets each feature's number.

    Raises ``ImportRefused``, and ``FileRefused`` when the file is not GeoJSON text.
    """
    report = AreaReport()
    found = _read(wanted, report, progress)
    if report.refused and not wanted.skip_refused:
        raise ImportRefused(f"{len(report.refused)} of {report.read} features were refused", report)
    if not found:
        raise ImportRefused("the file has no areas", report)
    with transaction.atomic():
        revision = _Target(wanted, report).revision
        report.revision = str(revision)
        if isinstance(wanted.layer, DistrictLayer):
            _write_districts(wanted, wanted.layer, revision, found, report)
        else:
            _write_service_areas(wanted, wanted.layer, revision, found, report)
        if revision.state == BoundaryRevision.State.PUBLISHED and report.changed:
            raise ImportRefused(
                f"revision {revision} is published and its borders differ from the file: published borders are never "
                "edited, use another --revision for the new ones"
            )
        if wanted.publish and revision.state != BoundaryRevision.State.PUBLISHED:
            _publish(wanted, revision)
            report.published = True
        transaction.set_rollback(wanted.dry_run)
    return report


def _read(wanted: AreaImport, report: AreaReport, progress: Callable[[int], None]) -> list[_Read]:
    found: dict[str, _Read] = {}
    with examine(wanted.file).opened() as stream:
        for feature in read_features(stream):
            report.read += 1
            name = _shown_name(wanted, feature)
            try:
                read = _read_feature(wanted, feature)
                if read.code in found:
                    raise PolygonRefused(f"an earlier feature has its code {read.code!r}")
            except PolygonRefused as refusal:
                repairable = isinstance(refusal, NestingRefused)
                report.refused.append(RefusedFeature(feature.n, name, str(refusal), repairable))
            else:
                found[read.code] = read
                if read.area.repairs:
                    report.repaired.append(RefusedFeature(feature.n, name, "; ".join(read.area.repairs)))
            progress(feature.n)
    return list(found.values())


def _read_feature(wanted: AreaImport, feature: Feature) -> _Read:
    code = slugify(wanted.code_prefix + _property(feature, wanted.code_field))
    if not code or len(code) > _CODE_MAX:
        raise PolygonRefused(
            f"{wanted.code_field} is not a code: use up to {_CODE_MAX} Latin letters, digits and -"
        )
    names = dict.fromkeys((f"name_{language}" for language in settings.MODELTRANSLATION_LANGUAGES), "")
    names |= {f"name_{language}": _property(feature, key) for language, key in wanted.name_fields.items()}
    return _Read(code, names, city_area(feature.geometry, repair=wanted.repair))


def _property(feature: Feature, key: str) -> str:
    value = feature.properties.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # GIS tools write whole numbers as 7.0
    if not isinstance(value, str | int) or not str(value).strip():
        known = ", ".join(list(feature.properties)[:12]) or "none"
        raise PolygonRefused(f"the property {key!r} is missing or empty (existing ones: {known})")
    text = str(value).strip()
    if len(text) > 200:
        raise PolygonRefused(f"the property {key!r} is longer than 200 characters")
    return text


def _shown_name(wanted: AreaImport, feature: Feature) -> str:
    keys = (*wanted.name_fields.values(), wanted.code_field)
    return next((str(feature.properties[key])[:60] for key in keys if feature.properties.get(key)), "")


class _Target:
    """The revision being written to."""

    def __init__(self, wanted: AreaImport, report: AreaReport) -> None:
        self._wanted = wanted
        # Concurrent imports would give two revisions the same number, or write into the same draft.
        BoundaryRevision.objects.select_for_update().order_by("pk").first()
        name = wanted.revision or wanted.file.name
        named = list(BoundaryRevision.objects.filter(name=name)) if wanted.revision else []
        if len(named) > 1:
            raise ImportRefused(f"{len(named)} revisions are named {name!r}: rename them in the admin")
        self.revision = named[0] if named else self._new(name)

    def _new(self, name: str) -> BoundaryRevision:
        today = timezone.localdate()
        before = BoundaryRevision.objects.in_force(today).first()
        last = BoundaryRevision.objects.aggregate(last=Max("number"))["last"] or 0
        revision = BoundaryRevision.objects.create(number=last + 1, name=name, effective_from=today)
        if before and not self._wanted.empty:
            _copy(before, revision)
        return revision


def _copy(source: BoundaryRevision, target: BoundaryRevision) -> None:
    DistrictBoundary.objects.bulk_create(
        DistrictBoundary(
            revision=target,
            district_id=boundary.district_id,
            geom=boundary.geom,
            approximate=boundary.approximate,
        )
        for boundary in DistrictBoundary.objects.of(source)
    )
    for area in ServiceArea.objects.of(source):
        categories = list(area.categories.all())
        area.pk, area._state.adding, area.revision = None, True, target
        area.save(force_insert=True)
        area.categories.set(categories)


def _write_districts(
    wanted: AreaImport,
    layer: DistrictLayer,
    revision: BoundaryRevision,
    found: Iterable[_Read],
    report: AreaReport,
) -> None:
    city = _city(wanted) if layer.kind != District.Kind.CITY else None
    for read in found:
        _write_district(layer.kind, city, read.code, read.names, read.area.geom(), revision, report)
    if wanted.replace:
        gone = DistrictBoundary.objects.of(revision).filter(district__kind=layer.kind)
        gone = gone.exclude(district__code__in=[read.code for read in found])
        report.removed += gone.values_list("district__code", flat=True)
        gone.delete()
    if layer.kind != District.Kind.CITY and wanted.city_from_union:
        parts = (
            DistrictBoundary.objects.of(revision).filter(district__kind=layer.kind).order_by("district__code")
        )
        union = shapely.union_all([shapely.from_wkb(bytes(part.geom.wkb)) for part in parts])
        names = {f"name_{code}": CITY.name.get(code, "") for code in settings.MODELTRANSLATION_LANGUAGES}
        geom = as_geos(multipolygon(union))
        _write_district(District.Kind.CITY, None, CITY.code, names, geom, revision, report)


def _city(wanted: AreaImport) -> District | None:
    city = District.objects.filter(kind=District.Kind.CITY).order_by("code").first()
    if city is None and wanted.city_from_union:
        names = {f"name_{code}": CITY.name.get(code, "") for code in settings.MODELTRANSLATION_LANGUAGES}
        city = District.objects.create(code=CITY.code, kind=District.Kind.CITY, **names)
    return city


def _write_district(
    kind: str,
    parent: District | None,
    code: str,
    names: dict[str, str],
    geom: MultiPolygon,
    revision: BoundaryRevision,
    report: AreaReport,
) -> None:
    district = District.objects.filter(code=code).first()
    if district is not None and district.kind != kind:
        raise ImportRefused(
            f"{code!r} is already the code of a {district.get_kind_display()}: use --code-prefix"
        )
    wanted = {"kind": kind, "parent_id": parent.pk if parent else None, **names}
    renamed = district is not None and _set(district, wanted)
    if district is None:
        district = District(code=code, **wanted)
    if renamed or district.pk is None:
        district.save()
    boundary = DistrictBoundary.objects.of(revision).filter(district=district).first()
    if boundary is None:
        DistrictBoundary.objects.create(revision=revision, district=district, geom=geom)
        report.created.append(code)
    elif not boundary.geom.equals_exact(geom):
        boundary.geom = geom
        boundary.save()
        report.updated.append(code)
    else:
        (report.updated if renamed else report.unchanged).append(code)


def _write_service_areas(
    wanted: AreaImport,
    layer: ServiceLayer,
    revision: BoundaryRevision,
    found: Iterable[_Read],
    report: AreaReport,
) -> None:
    service = Service.objects.filter(code=layer.service).first()
    if service is None:
        raise ImportRefused(f"there is no service {layer.service!r}")
    categories = {category.code: category for category in Category.objects.filter(code__in=layer.categories)}
    if unknown := set(layer.categories) - set(categories):
        raise ImportRefused(f"there is no category {', '.join(sorted(unknown))}")
    known = {area.code: area for area in ServiceArea.objects.of(revision).prefetch_related("categories")}
    for read in found:
        geom = read.area.geom()
        values = {
            "service_id": service.pk,
            "priority": layer.priority,
            "valid_from": layer.valid_from,
            "valid_to": layer.valid_to,
            **read.names,
        }
        area = known.get(read.code)
        if area is None:
            area = ServiceArea.objects.create(revision=revision, code=read.code, geom=geom, **values)
            area.categories.set(categories.values())
            report.created.append(read.code)
            continue
        changed = _set(area, values)
        if not area.geom.equals_exact(geom):
            area.geom, changed = geom, True
        if {category.code for category in area.categories.all()} != set(categories):
            area.categories.set(categories.values())
            changed = True
        if changed:
            area.save()
        (report.updated if changed else report.unchanged).append(read.code)
    if wanted.replace:
        codes = [read.code for read in found]
        gone = ServiceArea.objects.of(revision).filter(service=service).exclude(code__in=codes)
        report.removed += gone.values_list("code", flat=True)
        gone.delete()


def _set(row: Any, values: Mapping[str, Any]) -> bool:
    """True when a value differed and was set."""
    changed = False
    for key, value in values.items():
        # A missing translation is NULL or empty.
        if (getattr(row, key) or None) != (value or None):
            setattr(row, key, value)
            changed = True
    return changed


def _publish(wanted: AreaImport, revision: BoundaryRevision) -> None:
    boundaries = DistrictBoundary.objects.of(revision)
    if boundaries.filter(district__kind=District.Kind.CITY).count() != 1:
        raise ImportRefused(
            "the revision has no border of the whole city, without which nothing can be routed: import it "
            "(--kind city), or have it built (--city-from-union)"
        )
    revision.state = BoundaryRevision.State.PUBLISHED
    revision.published_at = timezone.now()
    revision.effective_from = wanted.effective_from or timezone.localdate()
    revision.save()
