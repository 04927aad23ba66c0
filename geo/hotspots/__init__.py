"""Hotspots: where counts on a grid are higher than chance would place them, compared with what, and how surely.

NumPy and SciPy alone: no Django, no database, nothing of the city, so that another project may take the folder as it is.
Every function takes arrays of shape (rows, columns), row 0 in the south, of a metric grid of square cells, and a ``mask`` of
the same shape that is True in the study area. Cells of the area without appeals are zeros in it: leaving them out would
change the mean, the deviation and every z. ``docs/hotspots.md`` explains the methods with an example.
"""

from geo.hotspots.before_after import BeforeAfter, Unanswerable, before_after
from geo.hotspots.density import density_surface
from geo.hotspots.exposure import AreaRatios, Exposure, area_ratios, exposure_test
from geo.hotspots.gi_star import gi_star
from geo.hotspots.permutation import Tails, permutation_p
from geo.hotspots.scan import Cluster, History, scan, scan_history
from geo.hotspots.seasons import Seasonality, seasonality
from geo.hotspots.significance import classes, q_values
from geo.hotspots.smoothing import smoothed_ratios
from geo.hotspots.trends import (
    Pattern,
    emerging_patterns,
    mann_kendall,
    space_time_gi_star,
    space_time_permutation_p,
)
from geo.hotspots.two_counts import RateRatio, rate_ratio
from geo.hotspots.window import disc, window_sums

__all__ = [
    "AreaRatios",
    "BeforeAfter",
    "Cluster",
    "Exposure",
    "History",
    "Pattern",
    "RateRatio",
    "Seasonality",
    "Tails",
    "Unanswerable",
    "area_ratios",
    "before_after",
    "classes",
    "density_surface",
    "disc",
    "emerging_patterns",
    "exposure_test",
    "gi_star",
    "mann_kendall",
    "permutation_p",
    "q_values",
    "rate_ratio",
    "scan",
    "scan_history",
    "seasonality",
    "smoothed_ratios",
    "space_time_gi_star",
    "space_time_permutation_p",
    "window_sums",
]
