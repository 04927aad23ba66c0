"""The report of seasons: which categories come at which time of the year, beyond chance."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from django.conf import settings
from django.db.models import Count

from appeals.filters import AppealFilter
from districts.models import Category
from geo.hotspots import q_values, seasonality
from geo.hotspots.seasons import LEAST_COUNT, LEAST_MONTHS
from reports.counted import CountsWholeSteps
from reports.inputs import digest
from reports.months import next_month, of_months, whole_months
from reports.ratios import ratio_class
from reports.steps import days_counted, month_of_submission
from reports.tallies import Borders, counted_appeals, showable

#: What is as unlikely as this by chance, among all categories, is called seasonal.
LEVEL: Final = 0.05
#: Months of as many years as this.
MOST_MONTHS: Final = 120


@dataclass(frozen=True)
class MonthOfYear:
    """A month of the year, of all its years: ``expected`` is what the category's trend lets expect without a season.

    ``count`` is None where it may not be shown, and then so is ``index``, as where the category has too few appeals.
    """

    count: int | None
    expected: float
    index: float | None

    @property
    def level(self) -> int | None:
        """Index of its class, from far fewer to far more; None where it has none."""
        return None if self.index is None else ratio_class(self.index)


@dataclass(frozen=True)
class CategorySeason:
    """A category's year. ``q`` is the false discovery rate of its season, None where it was not tested; ``peak`` and ``trough`` are the months
    (1 to 12) of its highest and lowest index, of those that are shown."""

    code: str
    name: str
    total: int
    months: tuple[MonthOfYear, ...]
    q: float | None
    spread: float | None
    peak: int | None
    trough: int | None

    @property
    def clear(self) -> bool:
        """True where so large a season is no chance."""
        return self.q is not None and self.q < LEVEL


@dataclass(frozen=True)
class Seasons(CountsWholeSteps):
    """The report as a value.

    ``total`` appeals match; ``unfinished`` of them came in outside of the ``months`` counted (their first days), which are whole ones. ``years`` says how often each month of the
    year is among them. ``rows`` are the categories, the surest first. ``enough`` is False where there are too few months for a test. ``input_sha256`` is that
    of the counts (``reports.inputs``).
    """

    wanted: AppealFilter
    borders: Borders
    months: tuple[dt.date, ...]
    total: int
    unfinished: int
    years: tuple[int, ...]
    rows: tuple[CategorySeason, ...]
    input_sha256: str

    @property
    def counted(self) -> AppealFilter:
        """The filter of the appeals that were counted: those of the months."""
        return of_months(self.wanted, self.months)

    @property
    def enough(self) -> bool:
        return len(self.months) >= LEAST_MONTHS

    @property
    def clear(self) -> list[CategorySeason]:
        """The categories that clearly have a season."""
        return [row for row in self.rows if row.clear]

    @property
    def tested(self) -> int:
        """How many categories were."""
        return sum(row.q is not None for row in self.rows)


def find_seasons(wanted: AppealFilter, borders: Borders = Borders.TODAY) -> Seasons:
    """Public appeals that match the filter, by category and month of the year, in whole months of days that are over.

    A category is tested with at least ``LEAST_COUNT`` appeals in at least ``LEAST_MONTHS`` months. Four statements.
    """
    total = counted_appeals(wanted, borders).count()
    days = days_counted(wanted)
    months = whole_months(*days)[-MOST_MONTHS:] if days else ()
    step = {month: n for n, month in enumerate(months)}
    counts: dict[int, np.ndarray] = {}
    if months:
        rows = (
            counted_appeals(of_months(wanted, months), borders)
            .order_by()
            .annotate(in_month=month_of_submission())
            .values_list("category_id", "in_month")
            .annotate(n=Count("*"))
        )
        for category, month, n in rows:
            series = counts.setdefault(category, np.zeros(len(months), dtype=np.int64))
            series[step[month]] = n
    of_year = np.array([month.month - 1 for month in months], dtype=np.int64)
    lengths = np.array([(next_month(month) - month).days for month in months], dtype=float)
    categories = Category.objects.in_bulk(list(counts))
    found = [
        _season(categories[key].code, categories[key].name, series, of_year, lengths)
        for key, series in counts.items()
    ]
    q = q_values(np.array([np.nan if p is None else p for _row, p in found], dtype=float))
    judged = [
        replace(row, q=None if np.isnan(rate) else float(rate))
        for (row, _p), rate in zip(found, q, strict=True)
    ]
    return Seasons(
        wanted=wanted,
        borders=borders,
        months=months,
        total=total,
        unfinished=total - sum(row.total for row in judged),
        years=tuple(np.bincount(of_year, minlength=12).tolist()),
        rows=tuple(
            sorted(judged, key=lambda row: (2.0 if row.q is None else row.q, -row.total, row.name, row.code))
        ),
        input_sha256=digest(
            counts={
                f"{categories[key].code} {month}": int(n)
                for key, series in counts.items()
                for month, n in zip(months, series, strict=True)
                if n
            }
        ),
    )


def _season(
    code: str, name: str, series: np.ndarray, of_year: np.ndarray, lengths: np.ndarray
) -> tuple[CategorySeason, float | None]:
    """The category's year, and the chance of its season; None of too few."""
    total = int(series.sum())
    least = max(LEAST_COUNT, settings.REPORT_MIN_COUNT)
    tested = seasonality(series, of_year, lengths) if len(series) >= LEAST_MONTHS and total >= least else None
    expected = tested.expected if tested else total * lengths / lengths.sum()
    sums = np.bincount(of_year, series, 12)
    usual = np.bincount(of_year, expected, 12)
    months = []
    for n, e in zip(sums.astype(int).tolist(), usual.tolist(), strict=True):
        count = showable(n)
        told = count is not None and e > 0 and total >= least
        months.append(MonthOfYear(count, e, n / e if told else None))
    # Of the table, not of the waves: whoever reads the sentence looks there.
    shown = {number: month.index for number, month in enumerate(months, 1) if month.index is not None}
    peak = max(shown, key=lambda number: shown[number]) if tested and shown else None
    trough = min(shown, key=lambda number: shown[number]) if tested and shown else None
    row = CategorySeason(
        code, name, total, tuple(months), None, tested.spread if tested else None, peak, trough
    )
    return row, tested.p if tested else None
