"""The report by district: appeals per square kilometre, or against each district's share of all appeals, smoothed."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from django.utils import timezone

from appeals.filters import AppealFilter
from districts.models import District
from geo.hotspots import area_ratios, smoothed_ratios
from reports.counted import CountsDays
from reports.ground import DistrictGround, district_grounds, past_district_grounds
from reports.inputs import digest
from reports.questions import Days
from reports.ratios import clear_level
from reports.tallies import EVERYTHING, Borders, by_district, ends_of, showable
from reports.year_before import (
    DistrictPart,
    Uncompared,
    YearBefore,
    districts_with_their_own,
    two_periods,
)

#: With fewer there is nothing to compare.
LEAST_DISTRICTS = 2

#: With fewer in all of the districts together a difference could hardly be clear.
LEAST_APPEALS: Final = 20

#: Of the districts that are called clear, as many as this may be so by chance.
CLEAR: Final = 0.05


class Measure(enum.StrEnum):
    """What a district's appeals are compared with."""

    #: Its share of the city's ground.
    AREA = "area"
    #: Its share of the city's residents.
    RESIDENTS = "residents"
    #: Its share of all appeals of the same time.
    ALL = "all"


@dataclass(frozen=True)
class DistrictRate(DistrictPart):
    """A district's appeals; ``expected`` and the ratios are None where it had too few to be shown, as ``count`` is.

    ``smoothed`` is the ratio, shrunk towards that of all districts together (``geo.hotspots.smoothing``). ``low`` and ``high`` are the ratio's
    95 % interval, ``q`` the false discovery rate at which it differs from 1 (``geo.hotspots.exposure``); None too where all have too few.
    """

    district: DistrictGround
    count: int | None
    expected: float | None
    ratio: float | None
    smoothed: float | None
    low: float | None = None
    high: float | None = None
    q: float | None = None

    @property
    def per_km2(self) -> float | None:
        """Appeals per square kilometre of the district."""
        area_km2 = self.district.area_m2 / 1e6
        return None if self.count is None or not area_km2 else self.count / area_km2

    @property
    def per_1000(self) -> float | None:
        """Appeals per thousand residents; None where these are not known, or none."""
        residents = self.district.residents
        return None if self.count is None or not residents else self.count / residents * 1_000

    @property
    def level(self) -> int | None:
        """Its class on the map: -3 to -1 where it clearly has fewer than expected, 1 to 3 where clearly more, by how far; 0 where neither is clear, None where it is not judged."""
        if self.q is None or self.smoothed is None:
            return None
        return clear_level(self.smoothed, self.direction) if self.direction else 0

    @property
    def direction(self) -> int:
        """1 or -1 where it clearly has more or fewer than expected; else 0."""
        if self.ratio is None or self.q is None or self.q >= CLEAR:
            return 0
        return 1 if self.ratio > 1 else -1


@dataclass(frozen=True)
class ByDistrict(CountsDays):
    """The report as a value. ``total`` appeals match, which came in from ``first_on`` to ``last_on``; ``elsewhere`` of them lie in none of the ``rows``, the highest first.

    ``others`` is the number of all appeals of the districts where those are compared with, else None. ``comparable`` is
    False where there are too few districts for a comparison. ``input_sha256`` is that of what was counted and of what it was
    compared with (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    measure: Measure
    total: int
    first_on: dt.date | None
    last_on: dt.date | None
    elsewhere: int
    others: int | None
    rows: tuple[DistrictRate, ...]
    input_sha256: str
    year_before: YearBefore | Uncompared | None = None

    @property
    def residents(self) -> int | None:
        """Of all districts together; None where those of one are not known, or of borders that are no more."""
        if self.borders is not Borders.TODAY:
            return None
        known = [row.district.residents for row in self.rows]
        return sum(n for n in known if n is not None) if known and None not in known else None

    @property
    def comparable(self) -> bool:
        """True when there are districts enough."""
        return len(self.rows) >= LEAST_DISTRICTS

    @property
    def tested(self) -> bool:
        """True where it was judged which districts differ."""
        return self.comparable and self.placed >= LEAST_APPEALS

    @property
    def placed(self) -> int:
        """The appeals in the districts."""
        return self.total - self.elsewhere

    def clear(self, direction: int) -> list[DistrictRate]:
        """The districts that clearly have more (1) or fewer (-1) than expected, those that differ most first."""
        found = [row for row in self.rows if row.direction == direction]
        return found if direction > 0 else found[::-1]


def count_districts(
    wanted: AppealFilter, borders: Borders = Borders.TODAY, against: Days | None = None
) -> ByDistrict:
    """Public appeals that match the filter, by territory, and how many were to be expected there.

    Where the filter says which appeals are meant (``EVERYTHING``), a district expects its share of all appeals of the same
    time; where it does not, its share of the residents or, where these are not known of each, of the ground. Its own district is
    no matter here. Three statements, four with all appeals, beside those of the year before (``reports.year_before``).
    """
    wanted = replace(wanted, district="")
    everything = replace(wanted, **EVERYTHING)
    today = timezone.localdate()
    known = district_grounds(today) if borders is Borders.TODAY else past_district_grounds()
    grounds = [ground for ground in known if ground.kind != District.Kind.CITY]
    measure = Measure.ALL
    if everything == wanted:
        # Districts of one time after the other have the same residents.
        counted = borders is Borders.TODAY and all(ground.residents is not None for ground in grounds)
        measure = Measure.RESIDENTS if counted else Measure.AREA
    counts = by_district(wanted, borders)
    first_on, last_on = ends_of(wanted, borders)
    all_counts = by_district(everything, borders) if measure is Measure.ALL else {}
    observed = np.array([counts.get(ground.id, 0) for ground in grounds])
    exposure = np.array([_exposure(ground, measure, all_counts) for ground in grounds], dtype=float)
    rows = _rates(grounds, observed, exposure) if exposure.sum() > 0 else []
    total = sum(counts.values())
    year, told, before = districts_with_their_own(two_periods(wanted, against), borders, counts, rows)
    return ByDistrict(
        wanted=wanted,
        borders=borders,
        measure=measure,
        total=total,
        first_on=first_on,
        last_on=last_on,
        elsewhere=total - int(observed.sum()),
        others=int(exposure.sum()) if measure is Measure.ALL else None,
        rows=tuple(
            sorted(told, key=lambda row: (-(row.smoothed or 0.0), row.district.name, row.district.code))
        ),
        input_sha256=digest(
            counts={ground.code: n for ground, n in zip(grounds, observed, strict=True)},
            # Square metres, residents or appeals.
            compared={ground.code: round(n) for ground, n in zip(grounds, exposure, strict=True)},
            **before,
        ),
        year_before=year,
    )


def _exposure(ground: DistrictGround, measure: Measure, all_counts: dict[int | None, int]) -> float:
    match measure:
        case Measure.ALL:
            return all_counts.get(ground.id, 0)
        case Measure.RESIDENTS:
            return ground.residents or 0
        case Measure.AREA:
            return ground.area_m2


def _rates(grounds: list[DistrictGround], observed: np.ndarray, exposure: np.ndarray) -> list[DistrictRate]:
    expected = exposure * (observed.sum() / exposure.sum())
    smoothed = smoothed_ratios(observed, expected) if observed.sum() else np.zeros(len(grounds))
    found = area_ratios(observed, expected) if observed.sum() >= LEAST_APPEALS else None
    rows = []
    for n, (ground, o, e, ratio) in enumerate(
        zip(grounds, observed.tolist(), expected.tolist(), smoothed.tolist(), strict=True)
    ):
        if showable(o) is None:
            rows.append(DistrictRate(ground, None, None, None, None))
        elif not e:
            rows.append(DistrictRate(ground, o, e, None, None))
        elif found is None:
            rows.append(DistrictRate(ground, o, e, o / e, ratio))
        else:
            low, high, q = (float(one[n]) for one in (found.low, found.high, found.q))
            rows.append(DistrictRate(ground, o, e, o / e, ratio, low, high, q))
    return rows
