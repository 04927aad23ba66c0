"""Imports borders from a file into a boundary revision: districts, or the areas of one service.

A file is imported whole or not at all (unless refused features may be skipped); importing it again changes
nothing. A published revision is never edited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from districts.actions import Acceptance, BordersRefused, check, publish
from districts.importing.codes import CodeRefused, code_of
from districts.importing.features import Feature, can_be_stored, crs_of, read_features
from districts.importing.files import FileRefused, examine
from districts.importing.formats import as_geojson
from districts.importing.layers import (
    DistrictLayer,
    ReadArea,
    ServiceLayer,
    revision_for,
    says_the_same,
    write_districts,
    write_service_areas,
)
from districts.importing.report import STATES, AreaReport, ImportRefused, RefusedFeature
from districts.models import BoundaryRevision, District
from geo.crs import WGS84, Crs, CrsRefused, crs_named
from geo.polygons import NestingRefused, PolygonRefused, city_area
from geo.words import trimmed

_CODE_MAX = District._meta.get_field("code").max_length or 60


@dataclass(frozen=True)
class AreaImport:
    """What to import. ``name_fields`` maps languages to feature properties.

    ``crs`` names the coordinate reference system of a file that declares none; without it, such a GeoJSON file is WGS 84.
    ``file_layer`` names the layer to read of a file with several. ``encoding`` is that of the text of a GeoJSON file (UTF-8)
    or a Shapefile (which may declare it).

    ``revision`` names the revision to write to (created as a draft if missing; if empty, a new one named
    after the file). A new draft starts as a copy of the borders in force unless ``empty``. ``replace``
    removes from the revision whatever is no longer in the file's layer. ``same_codes`` says that an area is the known
    one of its code, though it has another name or mostly other ground. ``effective_from`` and ``accepted`` only apply
    with ``publish``.
    """

    file: Path
    layer: DistrictLayer | ServiceLayer
    code_field: str
    name_fields: Mapping[str, str]
    code_prefix: str = ""
    crs: str = ""
    file_layer: str = ""
    encoding: str = ""
    revision: str = ""
    empty: bool = False
    replace: bool = False
    same_codes: bool = False
    publish: bool = False
    effective_from: dt.date | None = None
    accepted: Acceptance | None = None
    repair: bool = False
    skip_refused: bool = False
    dry_run: bool = False


def import_areas(wanted: AreaImport, progress: Callable[[int], None] = lambda done: None) -> AreaReport:
    """Imports, commits (rolls back if ``dry_run``) and reports. ``progress`` gets each feature's number.

    Raises ``ImportRefused``, and ``FileRefused`` when the file cannot be read.
    """
    report = AreaReport()
    found = _read(wanted, report, progress)
    if report.refused and not wanted.skip_refused:
        raise ImportRefused(f"{len(report.refused)} of {report.read} features were refused", report)
    if not found:
        raise ImportRefused("the file has no areas", report)
    with transaction.atomic():
        new = _write(wanted, found, report)
        transaction.set_rollback(wanted.dry_run or not new)
    return report


def _write(wanted: AreaImport, found: list[ReadArea], report: AreaReport) -> bool:
    """False when a new draft says what the borders in force say, so that nobody needs it."""
    revision = revision_for(
        wanted.revision or wanted.file.name, named=bool(wanted.revision), empty=wanted.empty
    )
    report.revision = str(revision)
    if isinstance(wanted.layer, DistrictLayer):
        write_districts(wanted.layer, revision, found, report, replace=wanted.replace)
    else:
        write_service_areas(wanted.layer, revision, found, report, replace=wanted.replace)
    if report.nameless:
        language = settings.MODELTRANSLATION_DEFAULT_LANGUAGE
        shown = ", ".join(report.nameless[:20]) + (" …" if len(report.nameless) > 20 else "")
        raise ImportRefused(
            f"{shown}: new, and without a name in {language}, which every page falls back to: add --name-field {language}:…"
        )
    if not revision.is_draft and report.changed:
        raise ImportRefused(
            f"revision {revision} is {revision.state} and its borders differ from the file: published borders are never "
            "edited, use another --revision for the new ones"
        )
    if report.others and not wanted.same_codes:
        raise ImportRefused(
            f"codes of known areas, but other names or mostly other ground: {len(report.others)}",
            report,
        )
    if not wanted.revision and (current := says_the_same(revision)):
        report.forget_changes()
        report.revision, report.in_force = str(current), True
        return False
    if not wanted.publish or revision.state == BoundaryRevision.State.PUBLISHED:
        report.findings = check(revision)
        if revision.state != BoundaryRevision.State.PUBLISHED:
            report.number, report.state = revision.number, STATES[BoundaryRevision.State(revision.state)]
        return True
    try:
        published = publish(revision, effective_from=wanted.effective_from, accepted=wanted.accepted)
    except BordersRefused as refusal:
        raise ImportRefused(f"the revision cannot be published: {_why(refusal)}") from None
    report.findings = published.findings
    report.published, report.in_force_from = True, published.revision.effective_from
    return True


def _why(refusal: BordersRefused) -> str:
    cases = [case for finding in refusal.findings for case in finding.cases]
    why = str(refusal).rstrip(".")
    return f"{why} ({', '.join(cases[:20])})" if cases else why


def _read(wanted: AreaImport, report: AreaReport, progress: Callable[[int], None]) -> list[ReadArea]:
    with as_geojson(wanted.file, layer=wanted.file_layer, crs=wanted.crs, encoding=wanted.encoding) as source:
        converted = source.path != wanted.file
        encoding = "utf-8" if converted else wanted.encoding or "utf-8"
        file = examine(source.path, encoding=encoding, named_by="" if converted else "--encoding")
        crs = WGS84 if source.crs else crs_of(file, _said(wanted))
        report.crs = source.crs or str(crs)
        with file.opened() as stream:
            return _read_areas(wanted, read_features(stream), crs, report, progress)


def _said(wanted: AreaImport) -> Crs | None:
    try:
        return crs_named(wanted.crs) if wanted.crs else None
    except CrsRefused as refusal:
        raise FileRefused(str(refusal)) from None


def _read_areas(
    wanted: AreaImport,
    features: Iterable[Feature],
    crs: Crs,
    report: AreaReport,
    progress: Callable[[int], None],
) -> list[ReadArea]:
    found: dict[str, ReadArea] = {}
    for feature in features:
        report.read += 1
        name = _shown_name(wanted, feature)
        try:
            read = _read_feature(wanted, feature, crs)
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


def _read_feature(wanted: AreaImport, feature: Feature, crs: Crs) -> ReadArea:
    names = {f"name_{language}": _property(feature, key) for language, key in wanted.name_fields.items()}
    code = _code(wanted, _property(feature, wanted.code_field))
    return ReadArea(code, names, city_area(feature.geometry, repair=wanted.repair, crs=crs))


def _code(wanted: AreaImport, text: str) -> str:
    try:
        code = code_of(wanted.code_prefix + text)
    except CodeRefused as refusal:
        raise PolygonRefused(
            f"{wanted.code_field} {text!r} is not a code: {str(refusal)!r} cannot be written in Latin letters, and "
            "without it two codes could become one"
        ) from None
    if not code or len(code) > _CODE_MAX:
        raise PolygonRefused(
            f"{wanted.code_field} {text!r} is not a code: use up to {_CODE_MAX} letters, digits and -"
        )
    return code


def _property(feature: Feature, key: str) -> str:
    value = feature.properties.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # GIS tools write whole numbers as 7.0
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise PolygonRefused(
            f"the property {key!r} is {str(value)[:60]}: it must be a text or a whole number"
        )
    if value is None or not (text := trimmed(str(value))):
        known = ", ".join(list(feature.properties)[:12]) or "none"
        raise PolygonRefused(f"the property {key!r} is missing or empty (existing ones: {known})")
    if len(text) > 200:
        raise PolygonRefused(f"the property {key!r} is longer than 200 characters")
    if not can_be_stored(text):
        raise PolygonRefused(f"the property {key!r} has a character that cannot be stored")
    return text


def _shown_name(wanted: AreaImport, feature: Feature) -> str:
    keys = (*wanted.name_fields.values(), wanted.code_field)
    return next((str(feature.properties[key])[:60] for key in keys if feature.properties.get(key)), "")
