"""Numbers as they are written in sentences, tables and on paper: rounded, in the reader's language."""

from __future__ import annotations

from typing import Final

from django.template.defaultfilters import floatformat

#: Half a step below one and ten: what rounds to them is written as they are.
_ONE: Final = 0.95
_TEN: Final = 9.95


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
