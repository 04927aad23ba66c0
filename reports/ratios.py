"""Ratios of observed to expected in classes: the same on every map, in every table and in their legends."""

from __future__ import annotations

from typing import Final

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.figures import rounded

#: From each of these on a ratio has another colour; what is about as expected lies between the middle two.
BREAKS: Final = (0.5, 0.8, 1.25, 2.0)
#: As many as the breaks have.
DECIMALS: Final = 2


def ratio_class(ratio: float) -> int:
    """Index of the ratio's class, from far fewer to far more, as it is written with so many ``DECIMALS``: 0.796 is written, and coloured, as 0.80."""
    return int(np.searchsorted(BREAKS, round(ratio, DECIMALS), side="right"))


def ratio_words(ratio: float) -> str:
    """The ratio as its class is told from."""
    return rounded(ratio, DECIMALS)


def ratio_class_words(level: int) -> str:
    """A class as in the legend."""
    bounds = [number_format(f"{bound:g}") for bound in BREAKS]
    if level == 0:
        return _("under %(times)s ×") % {"times": bounds[0]}
    if level == len(BREAKS):
        return _("%(times)s × and more") % {"times": bounds[-1]}
    return _("%(low)s to under %(high)s ×") % {"low": bounds[level - 1], "high": bounds[level]}


def interval_words(low: float | None, high: float | None) -> str:
    """The interval of a ratio; a dash where there is none."""
    if low is None or high is None:
        return "—"
    return pgettext("of an interval of ratios", "%(low)s to %(high)s ×") % {
        "low": ratio_words(low),
        "high": ratio_words(high),
    }
