"""``sortby`` (OGC API - Features Part 8): by which properties a collection can be sorted, and the order that a request names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from geo.paging import Order
from geo.refusals import ValueRefused
from web.api.texts import digest


@dataclass(frozen=True)
class Sortables:
    """Columns by the names of their properties; ``usual`` is the order without ``sortby``.

    ``key`` tells rows that are equal in all else apart, and comes last. Each column but that of a small table has an index.
    """

    columns: Mapping[str, tuple[str, type]]
    usual: Order
    key: str

    def __hash__(self) -> int:
        return id(self)


def order_in(text: str, sortables: Sortables) -> Order:
    """The order that the names stand for. Raises ``ValueRefused`` for one that is none, or named twice."""
    return _order(text, sortables) if text else sortables.usual


@lru_cache(maxsize=256)
def _order(text: str, sortables: Sortables) -> Order:
    # Kept, since what pages are made with is kept by their order. A plus sign that nobody encoded arrives as a blank.
    signed = [
        (name[:1] == "-", name[1:] if name[:1] in {"+", "-", " "} else name) for name in text.split(",")
    ]
    names = [name for _down, name in signed]
    if len(set(names)) < len(names) or not set(names) <= set(sortables.columns):
        known = ", ".join(sortables.columns)
        raise ValueRefused(_("Sort by these, each once: %(names)s.") % {"names": known})
    types = {sortables.columns[name][0]: sortables.columns[name][1] for name in names}
    descending = {sortables.columns[name][0] for down, name in signed if down}
    if sortables.key not in types:
        types[sortables.key] = int
        descending |= {sortables.key} if signed[-1][0] else set()
    return Order(types, descending=descending)


def mark_of(order: Order, sortables: Sortables) -> str:
    """A short word that differs between orders; none of the usual one."""
    return "" if order is sortables.usual else digest(*order.names)[:8]
