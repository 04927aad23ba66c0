"""Ratios of observed to expected in classes: the same on every map, in every table and in their legends."""

from __future__ import annotations

from typing import Final

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.figures import direction_mark, rounded

#: From each of these on a ratio has another colour; what is about as expected lies between the middle two.
BREAKS: Final = (0.5, 0.8, 1.25, 2.0)
#: The class of what is about as expected.
_MIDDLE: Final = len(BREAKS) // 2
#: As many as the breaks have.
DECIMALS: Final = 2


def ratio_class(ratio: float) -> int:
    """Index of the ratio's class, from far fewer to far more, as it is written with so many ``DECIMALS``: 0.796 is written, and coloured, as 0.80."""
    return int(np.searchsorted(BREAKS, round(ratio, DECIMALS), side="right"))


def clear_level(ratio: float, direction: int) -> int:
    """1 to 3 for clearly more (``direction`` 1), -1 to -3 for clearly fewer (-1): how far the ratio is from 1, in the classes of ``ratio_class``.

    The side is that of the direction, whatever the ratio is rounded to; its nearest class reaches to 1.
    """
    return direction * (1 + max(0, direction * (ratio_class(ratio) - _MIDDLE)))


def ratio_words(ratio: float) -> str:
    """The ratio as its class is told from."""
    return rounded(ratio, DECIMALS)


def ratio_class_words(level: int) -> str:
    """A class as in the legend."""
    if level == 0:
        return _("under %(times)s ×") % {"times": _bound(BREAKS[0])}
    if level == len(BREAKS):
        return _("%(times)s × and more") % {"times": _bound(BREAKS[-1])}
    return _between(BREAKS[level - 1], BREAKS[level])


def clear_level_words(level: int) -> str:
    """What is clearly more or fewer as in the legend, with its mark, which is read in grey print too."""
    side = 1 if level > 0 else -1
    if abs(level) > 1:
        words = ratio_class_words(_MIDDLE + level - side)
    elif side > 0:
        words = _between(1.0, BREAKS[_MIDDLE])
    else:
        words = _between(BREAKS[_MIDDLE - 1], 1.0)
    return f"{direction_mark(side)} {words}"


def _between(low: float, high: float) -> str:
    return _("%(low)s to under %(high)s ×") % {"low": _bound(low), "high": _bound(high)}


def _bound(ratio: float) -> str:
    return number_format(f"{ratio:g}")


def interval_words(low: float | None, high: float | None) -> str:
    """The interval of a ratio; a dash where there is none."""
    if low is None or high is None:
        return "—"
    return pgettext("of an interval of ratios", "%(low)s to %(high)s ×") % {
        "low": ratio_words(low),
        "high": ratio_words(high),
    }
