"""Appeals that are perhaps the same as another, or as one that is being written: by place, time, words and picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.gis.db.models.functions import Distance, Transform
from django.contrib.gis.geos import Point
from django.contrib.postgres.search import TrigramSimilarity
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appeals.limits import ALIKE_DAYS, ALIKE_M
from appeals.models import Appeal, Attachment

#: The nearest that are looked at: where hundreds lie within reach, those farther off are not the likeliest.
_LOOKED_AT_MAX: Final = 200
#: Words that are compared: a text says early what it is about.
_WORDS_CHARS: Final = 1_000
#: From here on texts are called similar (pg_trgm's own threshold), and photos (of the 64 bits of ``media.photos.look_of``).
_SIMILAR_WORDS: Final = 0.3
_SIMILAR_BITS: Final = 10
_BITS: Final = (1 << 64) - 1

# What a sign is worth. Distance, days and category by Chicago's own verdicts (tests/bench/alike.py), with a place that
# is less exact than its addresses: a pin is set by hand. Words and picture, of which Chicago has none, so that either
# outweighs another category.
_METRES: Final = 40.0
_DAYS: Final = 30.0
_CATEGORY: Final = 0.1
_WORDS: Final = 2.0
_PICTURE: Final = 2.0
#: What an appeal of another category needs, so that it is named: a lamp beside a pothole is none.
_LIKELY: Final = 0.5


@dataclass(frozen=True)
class Signs:
    """How two appeals differ: ``metres``, ``days`` between them, similarity of their ``words`` from 0 to 1, and the
    fewest ``bits`` of 64 in which two of their photos differ (None: one has no photo that can be compared)."""

    metres: float
    days: float
    same_category: bool
    words: float = 0.0
    bits: int | None = None

    @property
    def evidence(self) -> float:
        """The larger, the likelier they are the same: without unit, 2.1 for the same words on the same spot and day."""
        return (
            _CATEGORY * self.same_category
            - self.metres / _METRES
            - self.days / _DAYS
            + _WORDS * self.words
            + (_PICTURE if self.same_picture else 0.0)
        )

    @property
    def same_picture(self) -> bool:
        """True where two photos show the same."""
        return self.bits is not None and self.bits <= _SIMILAR_BITS

    @property
    def similar_words(self) -> bool:
        """True where the texts have enough in common to say so."""
        return self.words >= _SIMILAR_WORDS


@dataclass(frozen=True)
class Alike:
    """An appeal that is perhaps the same, and why; ``than`` the moment of the one it is like, None for one being written."""

    appeal: Appeal
    signs: Signs
    than: dt.datetime | None = None

    @property
    def reasons(self) -> list[str]:
        """Why, in the reader's language, such as “28 m away”, “3 days ago”, “similar words”."""
        metres = f"{self.signs.metres:.0f}"
        said = [
            _("at the same place") if metres == "0" else _("%(metres)s m away") % {"metres": metres},
            self._when(),
        ]
        if self.signs.similar_words:
            said.append(_("similar words"))
        if self.signs.same_picture:
            said.append(_("a similar photo"))
        return said

    def _when(self) -> str:
        days = round(self.signs.days)
        if not days:
            return _("the same day")
        if self.than is None:
            words = ngettext("%(days)s day ago", "%(days)s days ago", days)
        elif self.appeal.submitted_at < self.than:
            words = ngettext("%(days)s day earlier", "%(days)s days earlier", days)
        else:
            words = ngettext("%(days)s day later", "%(days)s days later", days)
        return words % {"days": days}


def find_alike(
    point: Point,
    category: int,
    at: dt.datetime,
    *,
    text: str = "",
    looks: Collection[int] = (),
    most: int,
    but: UUID | None = None,
) -> list[Alike]:
    """Open public appeals that are perhaps about the same, the likeliest first, at most so many; ``but`` the key of one.

    Those of the category within ``ALIKE_M`` metres of the point (EPSG:4326) and ``ALIKE_DAYS`` days of the moment, and of
    other categories those whose words or photos say so. ``looks`` are those of photos (``media.photos.look_of``). One
    query, by the index of the points, and a second where there are photos to compare.
    """
    span = dt.timedelta(days=ALIKE_DAYS)
    near = Appeal.objects.public().open().filter(submitted_at__range=(at - span, at + span))
    others = near.exclude(pk=but) if but else near
    metric = point.transform(settings.METRIC_SRID, clone=True)
    candidates = list(
        others.within_metres(point, ALIKE_M)
        .annotate(
            metres=Distance(Transform("point", settings.METRIC_SRID), metric),
            words=TrigramSimilarity("text", text[:_WORDS_CHARS]),
        )
        .order_by("metres", "number")[:_LOOKED_AT_MAX]
    )
    bits = _bits_apart([appeal.pk for appeal in candidates], looks)
    found = [
        Alike(
            appeal,
            Signs(
                metres=appeal.metres.m,  # type: ignore[attr-defined]
                days=abs((at - appeal.submitted_at) / dt.timedelta(days=1)),
                same_category=appeal.category_id == category,
                words=appeal.words,  # type: ignore[attr-defined]
                bits=bits.get(appeal.pk),
            ),
            than=at if but else None,
        )
        for appeal in candidates
    ]
    likely = [one for one in found if one.signs.same_category or one.signs.evidence >= _LIKELY]
    return sorted(likely, key=lambda one: (-one.signs.evidence, one.appeal.number))[:most]


def alike(appeal: Appeal, most: int) -> list[Alike]:
    """What is perhaps the same as this appeal: see ``find_alike``."""
    return find_alike(
        appeal.point,
        appeal.category_id,
        appeal.submitted_at,
        text=appeal.text,
        looks=_looks([appeal.pk]).get(appeal.pk, ()),
        most=most,
        but=appeal.pk,
    )


def _bits_apart(appeals: Sequence[UUID], looks: Collection[int]) -> dict[UUID, int]:
    """By appeal the fewest bits in which one of its photos differs from one of these."""
    if not looks:
        return {}
    return {
        appeal: min(((one ^ other) & _BITS).bit_count() for one in theirs for other in looks)
        for appeal, theirs in _looks(appeals).items()
    }


def _looks(appeals: Sequence[UUID]) -> dict[UUID, list[int]]:
    """What the photos of each appeal look like, of those that anybody may see."""
    found: dict[UUID, list[int]] = {}
    rows = Attachment.objects.filter(appeal__in=appeals, hidden=False, look__isnull=False)
    for appeal, look in rows.order_by().values_list("appeal_id", "look"):
        if appeal is not None and look is not None:
            found.setdefault(appeal, []).append(look)
    return found
