"""Whether an area that has the code of a known one can be that one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import shapely
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from geo.topology import area_m2, shared_m2

if TYPE_CHECKING:
    from districts.models import DistrictBoundary, ServiceArea

#: Borders are redrawn and land is added; of what is taken and given more than this share of an area, another file's
#: area is likelier, which happens to have the same code.
CHANGED_SHARE: Final = 0.5


def unlike(
    known: DistrictBoundary | ServiceArea, names: Mapping[str, str], shape: shapely.Geometry
) -> list[str]:
    """What speaks against it, in words; empty if nothing does.

    That is another name in a language in which both have one (``names`` by column), and a shape (EPSG:4326) to or from
    which more than half of the known area has been added or taken.
    """
    found = [
        _("called “%(before)s” before, “%(after)s” now") % {"before": before, "after": after}
        for before, after in ((getattr(known, column) or "", name) for column, name in names.items())
        if before and after and before != after
    ]
    former = shape_of(known)
    if not shapely.equals_exact(former, shape):
        srid = settings.METRIC_SRID
        before_m2, after_m2, both_m2 = (
            area_m2(former, srid),
            area_m2(shape, srid),
            shared_m2(former, shape, srid),
        )
        if before_m2 + after_m2 - 2 * both_m2 > CHANGED_SHARE * before_m2:
            found.append(
                _("%(before)s m² before, %(after)s m² now, of which %(both)s m² are the same")
                % {"before": metres2(before_m2), "after": metres2(after_m2), "both": metres2(both_m2)}
            )
    return found


def shape_of(row: DistrictBoundary | ServiceArea) -> shapely.Geometry:
    """The row's area, EPSG:4326."""
    return shapely.from_wkb(bytes(row.geom.wkb))


def metres2(area: float) -> str:
    """Square metres as the reader writes numbers: whole, or with two decimals below ten."""
    return number_format(area, 2 if area < 10 else 0, use_l10n=True, force_grouping=True)
