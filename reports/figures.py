"""Numbers as they are written in sentences, tables and on paper: rounded, in the reader's language."""

from __future__ import annotations

from typing import Final

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

#: Half a step below one and ten: what rounds to them is written as they are.
_ONE: Final = 0.95
_TEN: Final = 9.95
#: Decimals of a chance, as many as the maps drawn can tell apart; a smaller one than the last of them is not told apart.
_DECIMALS: Final = 3
_LEAST_P: Final = 0.001
#: What rounds to it is written in hundredths.
_PERCENT: Final = 0.0095


def rounded(value: float, decimals: int = 0) -> str:
    """The number with so many decimals, its thousands grouped; half is rounded up, away from zero, as on the pages.

    Django's ``number_format`` cuts digits off instead.
    """
    return str(floatformat(value, f"{decimals}g"))


def about(value: float) -> str:
    """An expected number or a ratio with as many decimals as it needs: none from ten on, two below one."""
    return rounded(value, 0 if value >= _TEN else 1 if value >= _ONE or not value else 2)


def times(ratio: float, decimals: int = 1) -> str:
    """Observed by expected: so many times."""
    return f"{rounded(ratio, decimals)} ×"


def odds(p: float) -> str:
    """A chance in words that need no statistics; never a chance of nought."""
    if p < _LEAST_P:
        return _("under 1 in 1,000")
    if p < _PERCENT:
        return _("%(n)s in 1,000") % {"n": rounded(1_000 * p)}
    return _("%(n)s in 100") % {"n": rounded(100 * p)}


def statistic(name: str, value: float) -> str:
    """The chance as those write it who know the statistic of that name."""
    # Never broken between lines.
    sign, least = ("<", _LEAST_P) if value < _LEAST_P else ("=", value)
    return f"{name}\N{NO-BREAK SPACE}{sign}\N{NO-BREAK SPACE}{rounded(least, _DECIMALS)}"


def direction_mark(direction: int) -> str:
    """Clearly fewer (-1) or more (1), for who sees no colours; empty for 0."""
    return {-1: "▼", 1: "▲"}.get(direction, "")
