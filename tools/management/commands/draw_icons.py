"""Draws the app's icons from one description of the mark: SVG for browsers, PNG for launchers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from PIL import Image, ImageDraw

#: The mark on a 40 × 40 square: a pin whose head is a speech bubble with two lines of text.
SIDE = 40.0
GROUND = "#2142c4"
FIGURE = "#ffffff"
CORNER = 10.0

Point = tuple[float, float]
Cubic = tuple[Point, Point, Point]

#: Where the pin's outline begins (its top), and its cubic Bézier segments, clockwise from there back to the top.
_TOP: Point = (20.0, 6.5)
_OUTLINE: tuple[Cubic, ...] = (
    ((26.6, 6.5), (31.5, 11.2), (31.5, 17.3)),
    ((31.5, 21.5), (29.2, 24.6), (26.5, 27.3)),
    ((24.5, 29.3), (22.2, 31.2), (20.0, 34.5)),
    ((17.8, 31.2), (15.5, 29.3), (13.5, 27.3)),
    ((10.8, 24.6), (8.5, 21.5), (8.5, 17.3)),
    ((8.5, 11.2), (13.4, 6.5), (20.0, 6.5)),
)
#: left, top, right, bottom
_LINES = ((13.7, 13.8, 26.3, 16.7), (13.7, 19.2, 21.9, 22.1))

#: A launcher may crop a maskable icon to a circle of 80 % of its side: the mark must stay well inside.
_MASKABLE_SCALE = 0.72
_SUPERSAMPLING = 4
_STEPS = 24

ICONS_DIR = settings.BASE_DIR / "web" / "static" / "web" / "icons"


def outline() -> Iterator[Point]:
    """The pin's outline as points on the 40 × 40 square."""
    start = _TOP
    for a, b, end in _OUTLINE:
        for step in range(_STEPS):
            t = step / _STEPS
            u = 1 - t
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            yield (
                sum(w * p[0] for w, p in zip(weights, (start, a, b, end), strict=True)),
                sum(w * p[1] for w, p in zip(weights, (start, a, b, end), strict=True)),
            )
        start = end


def draw(size_px: int, *, maskable: bool = False, square: bool = False) -> Image.Image:
    """The mark as a picture of that size. The background of maskable and square icons reaches the edges."""
    side = size_px * _SUPERSAMPLING
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    canvas = ImageDraw.Draw(image)
    unit = side / SIDE
    scale = _MASKABLE_SCALE if maskable else 1.0

    def at(point: Point) -> Point:
        return tuple((SIDE / 2 + (value - SIDE / 2) * scale) * unit for value in point)  # type: ignore[return-value]

    if maskable or square:
        canvas.rectangle((0, 0, side, side), fill=GROUND)
    else:
        canvas.rounded_rectangle((0, 0, side - 1, side - 1), CORNER * unit, fill=GROUND)
    canvas.polygon([at(point) for point in outline()], fill=FIGURE)
    for left, top, right, bottom in _LINES:
        canvas.rectangle((*at((left, top)), *at((right, bottom))), fill=GROUND)
    return image.resize((size_px, size_px), Image.Resampling.LANCZOS)


def svg() -> str:
    """The mark as SVG."""
    curves = "".join(f"C{a[0]} {a[1]} {b[0]} {b[1]} {end[0]} {end[1]}" for a, b, end in _OUTLINE)
    lines = "".join(f"M{left} {top}H{right}V{bottom}H{left}Z" for left, top, right, bottom in _LINES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">'
        f'<rect width="{SIDE:g}" height="{SIDE:g}" rx="{CORNER:g}" fill="{GROUND}"/>'
        f'<path fill="{FIGURE}" fill-rule="evenodd" d="M{_TOP[0]} {_TOP[1]}{curves}Z{lines}"/></svg>\n'
    )


class Command(BaseCommand):
    help = "Draws web/static/web/icons/icon*.png, maskable-512.png, apple-touch-icon.png and icon.svg."

    def handle(self, *args: Any, **options: Any) -> None:
        """Writes the files; the output is deterministic."""
        (ICONS_DIR / "icon.svg").write_text(svg(), encoding="utf-8")
        for name, image in {
            "icon-192.png": draw(192),
            "icon-512.png": draw(512),
            "maskable-512.png": draw(512, maskable=True),
            # iOS rounds the corners itself and shows transparency as black.
            "apple-touch-icon.png": draw(180, square=True),
        }.items():
            image.save(ICONS_DIR / name, optimize=True)
            self.stdout.write(f"{name}: {image.width} px")
