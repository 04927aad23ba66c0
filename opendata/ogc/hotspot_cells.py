"""The collection of the standing hotspots: where more appeals come in than chance would give, cell by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Min, QuerySet
from django.db.models.expressions import Combinable
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from appeals.filters import midnight
from appeals.models import HotCell
from geo.grid import parse_cell
from geo.numbers import whole_number
from geo.paging import Order
from geo.refusals import Refusals
from opendata.layers import HOTSPOT_CELLS
from opendata.ogc.collection import Collection, Reader
from opendata.ogc.parameters import datetime_parameter
from opendata.ogc.period import Period
from opendata.ogc.sorting import Sortables
from opendata.properties import HOT_CELL
from web.api.answers import LIVE_S
from web.api.openapi import AREA


class HotspotCells(Collection):
    """The same for every reader: what is counted is public, and too little to be shown is not."""

    id = "hotspot_cells"
    title = _("Hotspots")
    description = _(
        "Where do more appeals come in than chance would give? All public appeals, counted in square cells; each cell with its "
        "neighbours is compared with shuffled counts (Getis and Ord's Gi*, corrected for the number of cells). Made anew every "
        "hour. A count too small to be shown is null."
    )
    words = "Cells of the standing hotspots, the surest first, in pages: all public appeals, compared with chance."
    properties = HOT_CELL
    geometry = AREA
    model = HotCell
    column = "area"
    moment = "counted_from"
    until = "counted_to"
    # Chance calls none of them too few: a class is never negative, which no cursor could hold.
    sortables = Sortables(
        {"class": ("level", int), "observed": ("observed", int)},
        Order({"level": int, "observed": int, "number": int}, descending=True),
        "number",
    )
    layer = HOTSPOT_CELLS
    filters = ()
    datetime = datetime_parameter("When the appeals came in that were counted:")
    max_age_s = LIVE_S

    def rows(self, reader: Reader, query: Mapping[str, str], refusals: Refusals) -> QuerySet[Any]:
        return HotCell.objects.public()

    def during(self, rows: QuerySet[Any], period: Period | None) -> QuerySet[Any]:
        return rows.filter(since__lte=period.last_day, until__gte=period.first_day) if period else rows

    def one(self, reader: Reader, feature: str) -> QuerySet[Any]:
        size_m, _dot, cell = feature.partition(".")
        if whole_number(size_m) is None or parse_cell(cell) is None:
            return HotCell.objects.none()
        return HotCell.objects.public().filter(code=feature)

    def key(self) -> str | Combinable:
        return "code"

    def began(self) -> dt.datetime | None:
        first = HotCell.objects.public().aggregate(on=Min("since"))["on"]
        return midnight(first) if first else None

    def in_words(self, properties: Mapping[str, Any], language: str) -> tuple[str, str]:
        told = str(_("Appeals with the cells around it: %(observed)s; expected: %(expected)s")) % {
            "observed": properties["observed"],
            "expected": "—" if properties["expected"] is None else number_format(properties["expected"], 1),
        }
        # As ``geo.hotspots.significance.LEVELS``, without SciPy.
        bound = {1: "0.1", 2: "0.05", 3: "0.01"}.get(properties["class"])
        surely = f"q < {number_format(bound)}" if bound else str(_("not clearly more"))
        return properties["cell"], f"{told} · {surely}"
