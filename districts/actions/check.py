"""The one set of checks of a boundary revision, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.identity import metres2, shape_of, unlike
from districts.models import BoundaryRevision, Category, District, DistrictBoundary, Service, ServiceArea
from geo.topology import LEAST_M2, Misfit, area_m2, gaps, overlaps

#: Less than this outside of the outline, or left to the Mayor's Office, comes of drawing one line twice.
_WORTH_TELLING_M2 = 1.0
#: So much of a city comes of drawing its borders, and hardly a pin lies there. What more of it lies in two districts, in
#: none, or beyond the border of the city may be meant so, but whoever publishes must say it.
TOLERANCE_M2: Final = 1_000.0


@dataclass(frozen=True)
class Finding:
    """One thing about a revision: a sentence in the reader's language, and each case of it.

    What ``blocks`` must be mended before the revision may be published; the rest may be meant so. ``misfit_m2`` are the
    square metres that it says to lie in several districts, in none, or beyond the city's border.
    """

    sentence: str
    cases: tuple[str, ...] = ()
    blocks: bool = False
    misfit_m2: float = 0.0


def misfit_m2(findings: Iterable[Finding]) -> float:
    """Square metres in all that lie in several districts, in none, or beyond the city's border."""
    return sum(finding.misfit_m2 for finding in findings)


def check(revision: BoundaryRevision, *, on: dt.date | None = None) -> tuple[Finding, ...]:
    """All that is to be said of the revision if it came into force on that day (today), what blocks it first.

    Blocking: no outline of the whole city or several, a district that is part of one that is not there, no Mayor's
    Office to answer where nobody else does. To be accepted where they are more than ``TOLERANCE_M2`` in all: overlaps,
    gaps and ground outside of the outline, in square metres. To be known: categories that the Mayor's Office would
    answer for, areas that decide nothing, and what the borders in force have and these do not, or have otherwise.
    """
    on = on or timezone.localdate()
    boundaries = list(
        DistrictBoundary.objects.of(revision).select_related("district").order_by("district__code")
    )
    areas = list(
        ServiceArea.objects.of(revision)
        .select_related("service")
        .prefetch_related("categories")
        .order_by("service__code", "code")
    )
    outlines = [row for row in boundaries if row.district.kind == District.Kind.CITY]
    outline = shape_of(outlines[0]) if len(outlines) == 1 else None
    found = [*_outline(outlines), *_parents(boundaries), *_office()]
    found += _to_accept(revision, list(_fit(outline, [row for row in boundaries if row not in outlines])))
    if outline is not None:
        found += _answered(outline, [area for area in areas if _counts(area, on)])
    found += [
        *_idle([area for area in areas if not area.service.active]),
        *_since(revision, boundaries, areas),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.blocks))


def _to_accept(revision: BoundaryRevision, fit: list[Finding]) -> list[Finding]:
    total = misfit_m2(fit)
    if total > TOLERANCE_M2:
        sentence = _("%(m2)s m² do not fit, more than %(tolerance)s m²: whoever publishes must accept it.")
        if has_accepted(revision, total):
            sentence = _("%(m2)s m² do not fit, which was accepted by %(who)s.")
        values = {"m2": metres2(total), "tolerance": metres2(TOLERANCE_M2), "who": revision.accepted_by}
        fit.insert(0, Finding(sentence % values))
    return fit


def has_accepted(revision: BoundaryRevision, total_m2: float) -> bool:
    """Whether so much was accepted when the revision was published before; people say it to the square metre."""
    return revision.accepted_misfits_m2 is not None and total_m2 <= revision.accepted_misfits_m2 + 1


def _measured(sentence: str, found: Sequence[Misfit], names: dict[str, str]) -> Finding:
    total = sum(misfit.area_m2 for misfit in found)
    counted = sentence % {
        "n": number_format(len(found), force_grouping=True),
        "m2": metres2(total),
        "slivers": number_format(sum(misfit.is_sliver for misfit in found), force_grouping=True),
    }
    return Finding(counted, tuple(_case(misfit, names) for misfit in found), misfit_m2=total)


def _case(misfit: Misfit, names: dict[str, str]) -> str:
    lon, lat = misfit.at
    return _("%(areas)s: %(m2)s m² at %(lat).5f, %(lon).5f") % {
        "areas": " – ".join(names[code] for code in misfit.areas) or "—",
        "m2": metres2(misfit.area_m2),
        "lat": lat,
        "lon": lon,
    }


def _outline(outlines: Sequence[DistrictBoundary]) -> Iterator[Finding]:
    if not outlines:
        yield Finding(
            _("There is no border of the whole city: every appeal would be refused as outside of it."),
            blocks=True,
        )
    elif len(outlines) > 1:
        yield Finding(
            _("There is more than one border of the whole city."),
            tuple(str(row.name) for row in outlines),
            blocks=True,
        )


def _parents(boundaries: Sequence[DistrictBoundary]) -> Iterator[Finding]:
    present = {row.district_id for row in boundaries}
    orphans = [row.name for row in boundaries if row.parent_id and row.parent_id not in present]
    if orphans:
        yield Finding(
            _("Districts are part of one that is not in these borders."),
            tuple(map(str, orphans)),
            blocks=True,
        )


def _office() -> Iterator[Finding]:
    if Service.objects.office() is None:
        yield Finding(
            _("The city has no Mayor's Office among its services, which answers where no service does."),
            blocks=True,
        )


def _fit(outline: shapely.Geometry | None, boundaries: Sequence[DistrictBoundary]) -> Iterator[Finding]:
    if not boundaries:
        return
    srid = settings.METRIC_SRID
    names = {row.district.code: str(row.name) for row in boundaries}
    shapes = {row.district.code: shape_of(row) for row in boundaries}
    if outline is not None:
        outside = {code: area_m2(shapely.difference(shape, outline), srid) for code, shape in shapes.items()}
        if beyond := {code: m2 for code, m2 in outside.items() if m2 >= _WORTH_TELLING_M2}:
            yield Finding(
                _("Districts reach beyond the border of the city, where appeals are refused."),
                tuple(f"{names[code]}: {metres2(m2)} m²" for code, m2 in beyond.items()),
                misfit_m2=sum(beyond.values()),
            )
    yield from _misfits(names, shapes, outline, _nested(boundaries))


def _nested(boundaries: Sequence[DistrictBoundary]) -> set[frozenset[str]]:
    """Pairs of codes of which one district is part of the other, over any number of levels."""
    by_id = {row.district_id: row for row in boundaries}
    pairs: set[frozenset[str]] = set()
    for row in boundaries:
        above = by_id.get(row.parent_id) if row.parent_id else None
        # A pair that is there already has been climbed from: hierarchies that lead back end here too.
        while above and (pair := frozenset((row.district.code, above.district.code))) not in pairs:
            pairs.add(pair)
            above = by_id.get(above.parent_id) if above.parent_id else None
    return pairs


def _misfits(
    names: dict[str, str],
    shapes: dict[str, shapely.Geometry],
    outline: shapely.Geometry | None,
    nested: set[frozenset[str]],
) -> Iterator[Finding]:
    """Overlaps of the shapes and gaps between them, each with its square metres; both dicts by code."""
    srid = settings.METRIC_SRID
    if pairs := [pair for pair in overlaps(shapes, srid) if frozenset(pair.areas) not in nested]:
        sentence = ngettext(
            "%(n)s pair of districts overlaps, by %(m2)s m² in all; slivers narrower than 1 m: %(slivers)s.",
            "%(n)s pairs of districts overlap, by %(m2)s m² in all; slivers narrower than 1 m: %(slivers)s.",
            len(pairs),
        )
        yield _measured(sentence, pairs, names)
    if outline is not None and (pieces := gaps(outline, shapes, srid)):
        sentence = ngettext(
            "%(n)s gap, %(m2)s m² in all, lies in the city and in no district; slivers narrower than 1 m: %(slivers)s.",
            "%(n)s gaps, %(m2)s m² in all, lie in the city and in no district; slivers narrower than 1 m: %(slivers)s.",
            len(pieces),
        )
        yield _measured(sentence, pieces, names)


def _counts(area: ServiceArea, on: dt.date) -> bool:
    return (
        area.service.active
        and (area.valid_from is None or area.valid_from <= on)
        and (area.valid_to is None or area.valid_to > on)
    )


def _answered(outline: shapely.Geometry, areas: Sequence[ServiceArea]) -> Iterator[Finding]:
    """Categories for which no service answers in some part of the city, with that part."""
    named = [(area, {category.pk for category in area.categories.all()}) for area in areas]
    cases = []
    for category in Category.objects.leaves().select_related("service", "parent__service"):
        service = category.service or (category.parent.service if category.parent else None)
        if service is not None and service.active:
            continue
        own = [shape_of(area) for area, categories in named if {category.pk, category.parent_id} & categories]
        left = area_m2(shapely.difference(outline, shapely.union_all(own)), settings.METRIC_SRID)
        if own and left >= _WORTH_TELLING_M2:
            cases.append(_("%(category)s: %(m2)s m²") % {"category": category.name, "m2": metres2(left)})
        elif left >= LEAST_M2 and not own:
            cases.append(_("%(category)s: the whole city") % {"category": category.name})
    if cases:
        yield Finding(_("The Mayor's Office answers where no service does."), tuple(cases))


def _idle(areas: Sequence[ServiceArea]) -> Iterator[Finding]:
    if areas:
        yield Finding(
            _("Areas of services that are not active decide nothing."),
            tuple(f"{area.name} ({area.service.short})" for area in areas),
        )


def _since(
    revision: BoundaryRevision, boundaries: Sequence[DistrictBoundary], areas: Sequence[ServiceArea]
) -> Iterator[Finding]:
    """What the borders in force have and these do not, and what these have under the code of another one."""
    before = BoundaryRevision.objects.in_force(timezone.localdate()).exclude(pk=revision.pk).first()
    if before is None:
        return
    districts = {
        row.district_id: row for row in DistrictBoundary.objects.of(before).select_related("district")
    }
    own = {row.district_id for row in boundaries}
    if gone := [row for key, row in districts.items() if key not in own]:
        yield Finding(_("Districts of the borders in force are not in these."), _names(gone))
    former = {
        (area.service_id, area.code): area
        for area in ServiceArea.objects.of(before).select_related("service").order_by("service__code", "code")
    }
    kept = {(area.service_id, area.code) for area in areas}
    if lost := [area for key, area in former.items() if key not in kept]:
        yield Finding(
            _("Service areas of the borders in force are not in these."),
            tuple(f"{area.name} ({area.service.short})" for area in lost),
        )
    others = [(row.district.code, _unlike(districts.get(row.district_id), row)) for row in boundaries]
    others += [
        (f"{area.service.code}/{area.code}", _unlike(former.get((area.service_id, area.code)), area))
        for area in areas
    ]
    if cases := tuple(f"{code}: {'; '.join(why)}" for code, why in others if why):
        yield Finding(_("The same code, but another name or mostly other ground than in force."), cases)


def _unlike(before: DistrictBoundary | ServiceArea | None, now: DistrictBoundary | ServiceArea) -> list[str]:
    if before is None:
        return []
    columns = [f"name_{language}" for language in settings.MODELTRANSLATION_LANGUAGES]
    return unlike(before, {column: getattr(now, column) or "" for column in columns}, shape_of(now))


def _names(rows: Iterable[DistrictBoundary]) -> tuple[str, ...]:
    return tuple(sorted(str(row.name) for row in rows))
