"""Numbers of places on the map: each in a disc beside its place, so that what is numbered is seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from geo.paper_map.palette import colour
from geo.paper_map.pens import Box, Pen, Points, Shape

#: Of a place that is nowhere as wide, a reader sees a dot at best: it has a ring around it.
SMALL_MM: Final = 2.0
#: Radius of a disc, and from its edge to the place that it numbers, to another disc and to what it may not touch.
_DISC_MM: Final = 1.9
_GAP_MM, _APART_MM = 1.0, 0.5
#: From a small place to the middle of its ring's line, whose radius is never smaller than so.
_AROUND_MM, _RING_MM = 0.9, 1.6
#: A pixel of the picture in which free room is looked for.
_STEP_MM: Final = 0.5
#: A disc stands rather so much farther from its place than on what has a colour.
_FARTHER_MM: Final = 30.0
#: So many of the nearest free positions are asked whether their lines cross another's.
_TRIED: Final = 2_000
_SIZE: Final = 6.5
_LINE_MM, _COLOUR_MM, _EDGED_MM = 0.3, 0.7, 1.1
_TURNS: Final = np.linspace(0, 2 * math.pi, 33)
_CIRCLE: Final = np.column_stack([np.cos(_TURNS), np.sin(_TURNS)])

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Number:
    """``at`` is the middle of the disc (x, y in millimetres), ``leader`` the line to it from its place (shape (2, 2)), ``ring_mm`` the radius of the ring around ``middle``, 0 where there is none."""

    at: Points
    leader: Points
    middle: Points
    ring_mm: float

    @property
    def rectangles(self) -> Iterator[tuple[float, float, float, float]]:
        """What disc, line and ring take of the page, as x, y, x, y."""
        steps = np.linspace(0, 1, 2 + int(np.hypot(*(self.leader[1] - self.leader[0]))))[:, None]
        for (x, y), reach in (
            (self.at, _DISC_MM),
            (self.middle, self.ring_mm),
            *((point, 0.3) for point in self.leader[0] + steps * (self.leader[1] - self.leader[0])),
        ):
            yield x - reach, y - reach, x + reach, y + reach


def is_small(place: Box) -> bool:
    """True of what is nowhere as wide on the page as is seen at a glance."""
    return max(place.width, place.height) < SMALL_MM


def beside(
    places: Sequence[Box], coloured: Iterable[Points], box: Box, kept_free: Sequence[Box]
) -> list[Number]:
    """A number for each of the places (rectangles of the page), in their order.

    Its disc lies within ``box``, on no other disc, line or ring, on nothing of ``kept_free`` and on none of the ``coloured`` rings (x, y), as near to
    its place as that can be; where everything around has a colour, where it covers the least of it, and nothing of a numbered place. The same places give the same numbers.
    """
    room = _Room.of(box, coloured)
    own = [room.of_place(place) for place in places]
    middles = [np.array([one.x + one.width / 2, one.y + one.height / 2]) for one in places]
    rings = [
        max(math.hypot(one.width, one.height) / 2 + _AROUND_MM, _RING_MM) if is_small(one) else 0.0
        for one in places
    ]
    room.close(np.logical_or.reduce(own, initial=False), _DISC_MM + _GAP_MM)
    for middle, ring in zip(middles, rings, strict=True):
        if ring:
            room.close_around(middle, ring + _DISC_MM + _GAP_MM)
    for one in kept_free:
        room.close(room.within(one), _DISC_MM)
    drawn: list[shapely.Geometry] = []
    numbers = []
    for n, (middle, ring) in enumerate(zip(middles, rings, strict=True)):
        others = [
            shapely.Point(other).buffer(reach)
            for m, (other, reach) in enumerate(zip(middles, rings, strict=True))
            if m != n and reach and np.hypot(*(other - middle)) > reach + ring
        ]
        leader = room.leader(own[n], middle, ring, shapely.union_all(drawn), shapely.union_all(others))
        at = leader[1]
        toward = at - leader[0]
        long = float(np.hypot(*toward))
        edge = at - toward / long * _DISC_MM if long > _DISC_MM else leader[0]
        numbers.append(Number(at, np.array([leader[0], edge]), middle, ring))
        room.close_around(at, 2 * _DISC_MM + _APART_MM)
        for share in np.linspace(0, 1, 2 + int(long / _STEP_MM)):
            room.close_around(leader[0] + share * toward, _DISC_MM + _APART_MM)
        drawn.append(shapely.union_all([shapely.Point(at).buffer(_DISC_MM), shapely.LineString(leader)]))
    return numbers


@dataclass
class _Room:
    """A picture of the box: ``coloured`` is what has a colour, ``closed`` where no disc may have its middle, ``worse`` the millimetres that a position is worth less for what it would cover."""

    box: Box
    coloured: _Mask
    closed: _Mask
    worse: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def of(cls, box: Box, coloured: Iterable[Points]) -> _Room:
        columns, rows = (math.ceil(side / _STEP_MM) for side in (box.width, box.height))
        picture = Image.new("1", (columns, rows))
        draw = ImageDraw.Draw(picture)
        for ring in coloured:
            # Pixels are named by their middles.
            pixels = (ring - (box.x, box.y)) / _STEP_MM - 0.5
            draw.polygon([*map(tuple, pixels.tolist())], fill=1)
        filled = np.asarray(picture)
        x, y = np.meshgrid(
            box.x + (np.arange(columns) + 0.5) * _STEP_MM, box.y + (np.arange(rows) + 0.5) * _STEP_MM
        )
        inset = np.minimum.reduce([x - box.x, box.x + box.width - x, y - box.y, box.y + box.height - y])
        reach = _DISC_MM + _APART_MM
        disc = np.hypot(*np.mgrid[-5:6, -5:6]) * _STEP_MM <= reach
        covered = ndimage.convolve(filled.astype(float), disc.astype(float), mode="constant") / disc.sum()
        return cls(box, filled, inset < reach, np.where(covered > 0, _FARTHER_MM * (1 + covered), 0.0), x, y)

    def within(self, part: Box) -> _Mask:
        """The pixels of a part of the box; at least one."""
        half = _STEP_MM / 2
        x = np.clip(part.x + part.width / 2, self.x[0, 0], self.x[0, -1])
        y = np.clip(part.y + part.height / 2, self.y[0, 0], self.y[-1, 0])
        return np.asarray(
            (np.abs(self.x - x) <= part.width / 2 + half) & (np.abs(self.y - y) <= part.height / 2 + half)
        )

    def of_place(self, place: Box) -> _Mask:
        """What has a colour within the place's rectangle; all of it where nothing has."""
        inside = self.within(place)
        seen = inside & self.coloured
        return seen if seen.any() else inside

    def close(self, pixels: _Mask, reach: float) -> None:
        """No disc has its middle nearer to them than that."""
        if pixels.any():
            self.closed |= _away(pixels) <= reach

    def close_around(self, point: Points, reach: float) -> None:
        self.closed |= np.hypot(self.x - point[0], self.y - point[1]) <= reach

    def leader(
        self, own: _Mask, middle: Points, ring: float, drawn: shapely.Geometry, rings: shapely.Geometry
    ) -> Points:
        """From the place, or its ring, to where the disc has its middle; crossing nothing that is ``drawn``, nor ``rings``, if that can be. Shape (2, 2)."""
        away, (row, column) = ndimage.distance_transform_edt(~own, return_indices=True)
        worth = np.where(self.closed, np.inf, away * _STEP_MM + self.worse).ravel()
        order = np.argsort(worth, kind="stable")[:_TRIED]
        order = order[np.isfinite(worth[order])]
        if not len(order):
            return np.array([middle, middle])
        ends = np.column_stack([self.x.ravel()[order], self.y.ravel()[order]])
        if ring:
            toward = ends - middle
            begins = middle + toward / np.hypot(*toward.T)[:, None] * ring
        else:
            at = row.ravel()[order], column.ravel()[order]
            begins = np.column_stack([self.x[at], self.y[at]])
        lines = np.stack([begins, ends], axis=1)
        # A ring is crossed rather than a disc. Where there is nothing there is no distance.
        over, through = (
            ~(shapely.distance(shapely.linestrings(lines), one) > _APART_MM / 2) & (not one.is_empty)
            for one in (drawn, rings)
        )
        return np.asarray(lines[int(np.argmin(2 * over + through))])


def _away(pixels: _Mask) -> NDArray[Any]:
    """Millimetres from each pixel to the nearest of those."""
    return np.asarray(ndimage.distance_transform_edt(~pixels) * _STEP_MM)


def draw_numbers(pen: Pen, numbers: Sequence[Number], inks: Sequence[str], box: Box) -> None:
    """The rings, each of the hexadecimal colour of its place, the lines with a light edge, then the discs, numbered from 1."""
    # Of two that meet the first lies on top.
    for number, ink in reversed([*zip(numbers, inks, strict=True)]):
        if number.ring_mm:
            pen.shapes(_ring(number.middle, number.ring_mm, ink), box)
    for ink, wide in (("#ffffff", 0.9), (colour("ink"), _LINE_MM)):
        pen.shapes([Shape([one.leader], line=ink, line_mm=wide) for one in numbers], box)
    pen.shapes(
        [
            Shape([_CIRCLE * _DISC_MM + one.at], fill="#ffffff", line=colour("ink"), line_mm=0.25)
            for one in numbers
        ],
        box,
    )
    for n, one in enumerate(numbers, start=1):
        words = str(n)
        x = float(one.at[0]) - pen.width(words, _SIZE, bold=True) / 2
        pen.text(x, float(one.at[1]) + 0.85, words, _SIZE, bold=True, colour=colour("ink"))


def ring_swatch(pen: Pen, x: float, y: float, ink: str) -> None:
    """A ring as around a small place, for the legend."""
    reach = _RING_MM + 1
    ring = _ring(np.array([x, y]), _RING_MM, ink)
    pen.shapes(ring, Box(x - reach, y - reach, 2 * reach, 2 * reach))


def _ring(middle: Points, reach: float, ink: str) -> list[Shape]:
    """A line of the colour between two dark edges, so that the palest is seen."""
    line = _CIRCLE * reach + middle
    return [
        Shape([line], line=one, line_mm=wide) for one, wide in ((colour("ink"), _EDGED_MM), (ink, _COLOUR_MM))
    ]
