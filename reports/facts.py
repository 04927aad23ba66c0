"""A report as facts for programs: what was asked, how it was judged, what came of it, and of what it was made."""

from __future__ import annotations

import datetime as dt
import math
import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from appeals.filters import AppealFilter
from reports.heatmap import Heatmap
from reports.questions import Days
from reports.sizes import WINDOW_CELLS, WINDOW_RADIUS_CELLS, CellSize
from reports.year_before import Uncompared, YearBefore, key_of

if TYPE_CHECKING:
    from geo.hotspots import BeforeAfter
    from reports.alerts import Alerts
    from reports.answers import AnswersReport
    from reports.by_district import ByDistrict
    from reports.hotspots import Hotspots
    from reports.intervention import BeforeAfterReport
    from reports.seasons import Seasons
    from reports.trends import Trends

#: What the numbers depend on.
_LIBRARIES: Final = ("numpy", "scipy", "shapely", "pyproj")


def as_json(
    report: str,
    made: Any,
    told: dict[str, Any],
    address: str,
    sentences: list[str],
    counted_at: dt.datetime | None = None,
    against: Days | None = None,
) -> bytes:
    """The facts as JSON: what is ``told`` of this report alone, and what is of each, with the sentences in the reader's language; of one day, the same report is the same bytes.

    ``counted_at`` is the moment of one that is kept, ``against`` the second period of the question.
    """
    facts = {
        "report": report,
        "made_on": timezone.localdate(),
        "counted_at": counted_at,
        "address": address,
        "language": get_language(),
        "question": whole_question(made, against),
        **told,
        "shown_from_count": settings.REPORT_MIN_COUNT,
        "sentences": sentences,
        "input_sha256": made.input_sha256,
        "versions": {"python": platform.python_version(), **_versions()},
        "metric_srid": settings.METRIC_SRID,
        "licence": settings.DATA_LICENCE,
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def question(wanted: AppealFilter) -> dict[str, Any]:
    """Which appeals were asked for, by the names of the filters."""
    return {
        "from": wanted.since,
        "to": wanted.until,
        "category": wanted.category or None,
        "kind": wanted.kind or None,
        "district": wanted.district or None,
        "service": wanted.service or None,
        "status": list(wanted.status) or None,
    }


def whole_question(made: Any, against: Days | None) -> dict[str, Any]:
    """The same with the borders and the second period of the question that was answered."""
    second = {"from": against.since, "to": against.until} if against else None
    return question(made.wanted) | {"borders": made.borders, "second_period": second}


def _tested(made: Hotspots | Trends | Alerts, test: str, corrected: str) -> dict[str, str | None]:
    """The test and its correction; none where none was made."""
    return {"test": None, "corrected": None} if made.refusal else {"test": test, "corrected": corrected}


def _size(size: CellSize) -> dict[str, Any]:
    return {
        "cell_m": size.cell_m,
        "chosen": "automatically" if size.automatic else "by the reader",
        "expected_in_window": round(size.expected, 4),
    }


def other_period(year: YearBefore | Uncompared | None) -> dict[str, Any]:
    """The same days a year before, or those that were chosen: their appeals, and the ratio with its exact interval, null where nothing came in."""
    if not isinstance(year, YearBefore):
        return {"year_before": {"not_compared_because": year}}
    ratio = year.ratio
    numbers = (float(value) for value in (ratio.value, ratio.low, ratio.high, ratio.p))
    value, low, high, p = (round(number, 6) if math.isfinite(number) else None for number in numbers)
    return {
        key_of(year): {
            "from": year.before_since,
            "to": year.before_until,
            "count": year.before,
            "compared": {"from": year.since, "to": year.until, "count": year.count},
            "ratio": value,
            "ratio_interval_95": [low, high],
            "p": p,
        }
    }


def heatmap_facts(made: Heatmap) -> dict[str, Any]:
    return {
        "method": {"counts": "cells are floor(metres / cell_m)", **_size(made.size)},
        "numbers": {
            "total": made.total,
            "withheld": made.withheld,
            "cells": len(made.cells),
            "highest": made.highest,
            **other_period(made.year_before),
        },
    }


def hotspots_facts(made: Hotspots) -> dict[str, Any]:
    count, expected = made.together
    return {
        "method": {
            "compared_with": made.compared,
            **_tested(
                made,
                "negative binomial, variance estimated in two passes"
                if made.others is not None
                else "exact permutation of Getis and Ord's Gi*",
                "Benjamini-Hochberg over all cells tested",
            ),
            "window": {"cells": WINDOW_CELLS, "radius_m": made.radius_m},
            **_size(made.size),
        },
        "numbers": {
            "total": made.total,
            "outside": made.outside,
            "compared_total": made.others,
            "cells_tested": made.tested,
            "not_tested_because": made.refusal,
            "places": len(made.places),
            "in_places": count,
            "expected_in_places": None if made.refusal else round(expected, 4),
            **other_period(made.year_before),
        },
    }


def trends_facts(made: Trends) -> dict[str, Any]:
    return {
        "method": {
            **_tested(
                made,
                "Getis and Ord's Gi* of each month, exact permutation over the cube; Mann-Kendall of each cell",
                "Benjamini-Hochberg over all cells and months",
            ),
            "window": {"cells": WINDOW_CELLS, "radius_m": WINDOW_RADIUS_CELLS * made.size.cell_m},
            "months": [f"{month:%Y-%m}" for month in made.months],
            **_size(made.size),
        },
        "numbers": {
            "total": made.total,
            "unfinished": made.unfinished,
            "outside": made.outside,
            "cells_tested": made.tested,
            "not_tested_because": made.refusal,
            "direction": made.direction,
            "p": made.p,
            "patterns": {row.pattern.name.lower(): row.cells for row in made.patterns},
        },
    }


def alerts_facts(made: Alerts) -> dict[str, Any]:
    return {
        "method": {
            **_tested(
                made,
                "space-time scan of circles over the last weeks, expectation-based Poisson score; appeals of each place at other times",
                "the strongest of each map drawn",
            ),
            "window": {"radius_m": WINDOW_RADIUS_CELLS * made.size.cell_m},
            "weeks": [f"{week:%G-W%V}" for week in made.weeks],
            **_size(made.size),
        },
        "numbers": {
            "total": made.total,
            "unfinished": made.unfinished,
            "cells_searched": made.tested,
            "maps_drawn": made.simulations,
            "not_searched_because": made.refusal,
            "alerts": [
                {
                    "cells": len(alert.cells),
                    "weeks": alert.weeks,
                    "count": alert.count,
                    "expected": round(alert.expected, 4),
                    "p": round(alert.p, 4),
                }
                for alert in made.alerts
            ],
        },
    }


def districts_facts(made: ByDistrict, by_district: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "method": {
            "compared_with": made.measure,
            "smoothed": "empirical Bayes (Marshall 1991)",
            "interval": "exact Poisson (Garwood 1936), 95 %",
            "clear": "Benjamini-Hochberg over the districts, q < 0.05",
        },
        "numbers": {
            "total": made.total,
            "in_no_district": made.elsewhere,
            "compared_total": made.others,
            "residents": made.residents,
            "districts": len(made.rows),
            "clearly_more": [row.district.code for row in made.clear(1)],
            "clearly_fewer": [row.district.code for row in made.clear(-1)],
            "by_district": by_district,
            **other_period(made.year_before),
        },
    }


def answers_facts(made: AnswersReport) -> dict[str, Any]:
    return {
        "method": {
            "days": "of the calendar, from the day of submission; Kaplan-Meier",
            "terms": "judged once their last day is over",
            "compared_with": "the rest of the city, by service and category (Mantel-Haenszel; interval of Klingenberg 2014)",
            "corrected": "Benjamini-Hochberg over all pairs compared",
        },
        "numbers": {
            "total": made.total,
            "answered_elsewhere": made.elsewhere,
            "waiting": made.whole.waiting,
            "half_days": made.whole.half_days,
            "most_days": made.whole.most_days,
            "terms_over": made.whole.over,
            "terms_kept": made.whole.kept,
            "differing": [
                {
                    "service": service.code,
                    "district": district.code,
                    "difference": round(one.compared.value, 4),
                    "q": float(f"{one.compared.q:.6g}"),
                }
                for service, district, one in made.differing
                if one.compared
            ],
        },
    }


def change_facts(made: BeforeAfterReport) -> dict[str, Any]:
    return {
        "method": {
            "ratio": "difference in differences of logarithms, against places matched on level and trend before",
            "test": "placebo test in space, rank of the ratio in standard errors among comparable places",
            "cell_m": made.cell_m,
            "ring_m": made.ring_m,
        },
        "intervention": {
            "on": made.done.on,
            "shape": made.done.drawn.shape or "district",
            "area_km2": round(made.area_km2, 4),
        },
        "numbers": {
            "total": made.total,
            "lacks": list(made.asks) or None,
            "area": _change(made.found),
            "ring": _change(made.ring),
            "expected_after": round(made.expected, 4),
        },
    }


def seasons_facts(made: Seasons) -> dict[str, Any]:
    return {
        "method": {
            "test": "quasi-Poisson regression, trend and waves of a year and half a year; F test",
            "corrected": "Benjamini-Hochberg over all categories tested",
            "months": [f"{month:%Y-%m}" for month in made.months],
        },
        "numbers": {
            "total": made.total,
            "unfinished": made.unfinished,
            "tested": made.tested,
            "seasonal": [
                {"category": row.code, "q": float(f"{row.q:.6g}"), "peak": row.peak, "trough": row.trough}
                for row in made.clear
                if row.q is not None
            ],
        },
    }


def _change(found: BeforeAfter | None) -> dict[str, Any] | None:
    if found is None:
        return None
    from reports.tallies import showable

    told = {name: getattr(found, name) for name in ("ratio", "low", "high", "p")}
    before, after = map(showable, found.halves)
    return {
        "before": before,
        "after": after,
        "months_before": found.before,
        "months_after": len(found.area) - found.before,
        **{name: None if value is None else float(f"{value:.6g}") for name, value in told.items()},
        "placebos": found.placebos,
        "placebos_apart": found.apart,
        "no_answer_because": found.refusal,
    }


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}
