"""How well ``appeals.alike`` tells repetitions: precision and recall by a city's own verdicts, beside a fixed gate.

The requests to Chicago's sanitation service of 2011 to 2014 (``tests.realdata``), of which the city called 3,633
repetitions. They have neither words nor photos: place, time, and the kind of violation as the category are all the signs there
are. As the product does, an earlier request counts while it is open.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Final

from appeals.alike import Signs
from appeals.limits import ALIKE_DAYS, ALIKE_M

#: The gate that it is held against: an earlier request, so near and so recent.
GATE_M: Final = 10
GATE_DAYS: Final = 7
_US_FOOT_M: Final = 1200 / 3937


@dataclass(frozen=True)
class Found:
    """Of a rule: the share of the city's repetitions that it finds, and of the other requests that it flags."""

    recall: float
    flagged: float
    precision: float


@dataclass(frozen=True)
class _Request:
    day: int
    x: float
    y: float
    nature: str
    closed: float
    repeats: bool


def verdicts(path: Path) -> tuple[Found, list[Found]]:
    """What the gate finds, and the curve of ``Signs.evidence`` from the surest on, a step at each thousandth of recall."""
    requests = _requests(path)
    gate: list[tuple[float, bool]] = []
    evidence: list[tuple[float, bool]] = []
    cells: dict[tuple[int, int], list[_Request]] = defaultdict(list)
    for request in requests:
        best, gated = -math.inf, False
        column, row = int(request.x // ALIKE_M), int(request.y // ALIKE_M)
        for cell in product((column - 1, column, column + 1), (row - 1, row, row + 1)):
            for earlier in cells[cell]:
                days = request.day - earlier.day
                metres = math.hypot(earlier.x - request.x, earlier.y - request.y)
                if days > ALIKE_DAYS or metres > ALIKE_M:
                    continue
                gated = gated or (metres <= GATE_M and days <= GATE_DAYS)
                if earlier.closed >= request.day:
                    signs = Signs(metres, days, same_category=request.nature == earlier.nature)
                    best = max(best, signs.evidence)
        cells[column, row].append(request)
        gate.append((float(gated), request.repeats))
        evidence.append((best, request.repeats))
    return next(_curve(gate)), list(_curve(evidence))


def _curve(scored: list[tuple[float, bool]]) -> Iterator[Found]:
    total = sum(repeats for _score, repeats in scored)
    hits = others = 0
    last = 0.0
    for score, group in groupby(sorted(scored, reverse=True), key=itemgetter(0)):
        if score == -math.inf:
            return
        # Those of one score are told apart by nothing.
        of_score = [repeats for _score, repeats in group]
        hits, others = hits + sum(of_score), others + len(of_score) - sum(of_score)
        if hits / total >= last + 0.001:
            last = hits / total
            yield Found(last, others / (len(scored) - total), hits / (hits + others))


def _requests(path: Path) -> list[_Request]:
    """Each request once, in the order in which they came in."""
    rows: dict[str, dict[str, str]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["x_coordinate"]:
                rows.setdefault(row["service_request_number"], row)
    return [
        _Request(
            day=_day(row["creation_date"]),
            x=float(row["x_coordinate"]) * _US_FOOT_M,
            y=float(row["y_coordinate"]) * _US_FOOT_M,
            nature=row["violation_nature"],
            closed=_day(row["completion_date"]) if row["completion_date"] else math.inf,
            repeats="Dup" in row["status"],
        )
        for _number, row in sorted(rows.items(), key=lambda item: (item[1]["creation_date"][:10], item[0]))
    ]


def _day(text: str) -> int:
    return dt.date.fromisoformat(text[:10]).toordinal()
