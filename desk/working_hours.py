"""Hours between two moments in which an office is open: of working days alone, between its opening and its closing.

Moments are seconds since 1970-01-01 00:00 of the city's own clock, as PostgreSQL's ``AT TIME ZONE`` gives them. A clock that is
put forward or back does it at night, when no office is open, so that no hour is counted twice or left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class WorkingHours:
    """The hours of an office over some years.

    ``spans`` are opening and closing in seconds after midnight, in order, which do not overlap. ``worked_before[i]`` are the
    working days from ``first_day`` to before the i-th day after it; days are counted from 1970-01-01.
    """

    spans: tuple[tuple[int, int], ...]
    first_day: int
    worked_before: NDArray[np.int64]

    @classmethod
    def over(
        cls,
        is_working: Callable[[dt.date], bool],
        spans: Sequence[tuple[dt.time, dt.time]],
        first: dt.date,
        last: dt.date,
    ) -> WorkingHours:
        """The hours from the first day to the last, both included; each day of them is asked for once."""
        days = (last - first).days + 1
        working = [is_working(first + dt.timedelta(days=n)) for n in range(days)]
        worked = np.concatenate([[0], np.cumsum(np.array(working, dtype=np.int64))])
        opening = tuple((_second(opens), _second(closes)) for opens, closes in spans)
        return cls(opening, (first - _EPOCH).days, worked)

    @property
    def day_hours(self) -> float:
        """Hours of one working day."""
        return sum(closes - opens for opens, closes in self.spans) / 3600

    def days_before(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """Working days before the day of each moment; those outside of the years stand at their ends."""
        day = np.floor_divide(moments, DAY_S) - self.first_day
        known: NDArray[np.int64] = self.worked_before[np.clip(day, 0, self.worked_before.size - 1)]
        return known

    def between(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Hours of each pair; never negative."""
        hours: NDArray[np.float64] = np.maximum(self._before(end) - self._before(start), 0) / 3600
        return hours

    def _before(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """Seconds of open office before each moment."""
        day, second = np.divmod(moments, DAY_S)
        place = np.clip(day - self.first_day, -1, self.worked_before.size - 1)
        before = self.worked_before[np.maximum(place, 0)]
        # The day itself counts so far as it has passed, if it is a working day; beyond the years there is none.
        after = self.worked_before[np.clip(place + 1, 0, self.worked_before.size - 1)]
        seconds: NDArray[np.int64] = before * sum(closes - opens for opens, closes in self.spans)
        for opens, closes in self.spans:
            seconds += (after - before) * (np.clip(second, opens, closes) - opens)
        return seconds


def _second(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second
