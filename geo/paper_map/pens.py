"""Two pens that draw the same page: into a PDF, and into a picture. Millimetres from the upper left corner of an A4 page."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from fpdf import FPDF
from fpdf.enums import PathPaintRule, StrokeJoinStyle, TextMode
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
_MM_A_POINT: Final = 25.4 / 72
#: Dots of the picture; drawn twice as fine, which smooths its edges.
_DPI: Final = 150
_FINER: Final = 2
#: How far a halo reaches around letters, so that they are read on the strongest colours of a map.
_HALO_MM: Final = 0.5

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """A rectangle of the page."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Shape:
    """Rings (x, y) of an area, or lines; ``line_mm`` is the width of its outline."""

    rings: Sequence[Points]
    fill: str = ""
    opacity: float = 1.0
    line: str = ""
    line_mm: float = 0.0
    dashed: bool = False


@dataclass(frozen=True)
class Fonts:
    """Files of a TrueType font in two weights."""

    regular: Path
    bold: Path


class Pen(Protocol):
    """What a page is drawn with; colours are hexadecimal, sizes of letters are points."""

    def shapes(self, shapes: Iterable[Shape], within: Box) -> None:
        """Draws the shapes, what lies outside of the box left out."""

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        colour: str,
        halo: str = "",
        rising: float = 0.0,
    ) -> None:
        """Writes one line that begins at ``x`` and stands on ``y``, with a ``halo`` around its letters.

        It rises by so many degrees, around where it begins.
        """

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        """Millimetres that the line is long."""


class PdfPen:
    """Draws into a PDF, page after page."""

    def __init__(self, fonts: Fonts, *, title: str, author: str, language: str, made_on: dt.date) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.add_font("map", "", fonts.regular)
        self._pdf.add_font("map", "B", fonts.bold)
        self._pdf.set_title(title)
        self._pdf.set_author(author)
        self._pdf.set_lang(language)
        # Of one day, the same page is the same bytes.
        self._pdf.set_creation_date(dt.datetime.combine(made_on, dt.time(), dt.UTC))
        self._pdf.add_page()

    def turn(self) -> None:
        """Goes on with the next page."""
        self._pdf.add_page()

    def shapes(self, shapes: Iterable[Shape], within: Box) -> None:
        # fpdf does not know that the end of a clip gives back the colours and widths from before it; of a context it does.
        with (
            self._pdf.local_context(),
            self._pdf.rect_clip(within.x, within.y, within.width, within.height),
        ):
            for opacity, alike in groupby(shapes, key=lambda shape: shape.opacity):
                with self._pdf.local_context(fill_opacity=opacity) if opacity < 1 else nullcontext():
                    for shape in alike:
                        self._shape(shape)

    def _shape(self, shape: Shape) -> None:
        pdf = self._pdf
        if shape.line:
            pdf.set_draw_color(shape.line)
            pdf.set_line_width(shape.line_mm)
            if shape.dashed:
                pdf.set_dash_pattern(1.2, 0.8)
        if shape.fill:
            pdf.set_fill_color(shape.fill)
            style = "DF" if shape.line else "F"
            if len(shape.rings) > 1:
                self._with_holes(shape)
            else:
                pdf.polygon(shape.rings[0].tolist(), style=style)
        else:
            for ring in shape.rings:
                pdf.polyline(ring.tolist())
        if shape.dashed:
            pdf.set_dash_pattern()

    def _with_holes(self, shape: Shape) -> None:
        with self._pdf.new_path() as path:
            path.style.fill_color = shape.fill
            path.style.fill_opacity = shape.opacity
            path.style.stroke_color = shape.line or None
            path.style.stroke_width = shape.line_mm
            path.style.paint_rule = (
                PathPaintRule.STROKE_FILL_EVENODD if shape.line else PathPaintRule.FILL_EVENODD
            )
            for ring in shape.rings:
                (x, y), *rest = ring.tolist()
                path.move_to(x, y)
                for further in rest:
                    path.line_to(*further)
                path.close()

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        colour: str,
        halo: str = "",
        rising: float = 0.0,
    ) -> None:
        pdf = self._pdf
        pdf.set_font("map", "B" if bold else "", size)
        with pdf.rotation(rising, x, y) if rising else nullcontext():
            if halo:
                # Half of a line's width lies within the letters; round corners, so that sharp ones have no thorns.
                with pdf.local_context(
                    text_mode=TextMode.STROKE,
                    draw_color=halo,
                    # Letters take it in points.
                    line_width=2 * _HALO_MM / _MM_A_POINT,
                    stroke_join_style=StrokeJoinStyle.ROUND,
                ):
                    pdf.text(x, y, words)
            pdf.set_text_color(colour)
            pdf.text(x, y, words)

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        self._pdf.set_font("map", "B" if bold else "", size)
        return float(self._pdf.get_string_width(words))

    def written(self) -> bytes:
        """The PDF."""
        return bytes(self._pdf.output())


class PngPen:
    """Draws one page into a picture."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._dots = _DPI * _FINER / 25.4
        size = (round(WIDTH_MM * self._dots), round(HEIGHT_MM * self._dots))
        self._image = Image.new("RGB", size, "#ffffff")
        self._loaded: dict[tuple[float, bool], ImageFont.FreeTypeFont] = {}

    def shapes(self, shapes: Iterable[Shape], within: Box) -> None:
        left, top = round(within.x * self._dots), round(within.y * self._dots)
        right, bottom = (
            round((within.x + within.width) * self._dots),
            round((within.y + within.height) * self._dots),
        )
        part = self._image.crop((left, top, right, bottom))
        origin = np.array([left, top])
        for opacity, alike in groupby(shapes, key=lambda shape: shape.opacity):
            drawn = part.copy()
            for shape in alike:
                self._shape(drawn, shape, origin)
            part = Image.blend(part, drawn, opacity)
        self._image.paste(part, (left, top))

    def _shape(self, image: Image.Image, shape: Shape, origin: NDArray[Any]) -> None:
        draw = ImageDraw.Draw(image)
        rings = [[tuple(point) for point in ring * self._dots - origin] for ring in shape.rings]
        if shape.fill and len(rings) == 1:
            draw.polygon(rings[0], fill=shape.fill)
        elif shape.fill:
            mask = Image.new("L", image.size, 0)
            holes = ImageDraw.Draw(mask)
            for number, ring in enumerate(rings):
                holes.polygon(ring, fill=0 if number else 255)
            image.paste(Image.new("RGB", image.size, shape.fill), (0, 0), mask)
        if shape.line:
            width = max(1, round(shape.line_mm * self._dots))
            for ring in rings:
                for piece in _dashes(ring, self._dots) if shape.dashed else [ring]:
                    draw.line(piece, fill=shape.line, width=width, joint="curve")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        colour: str,
        halo: str = "",
        rising: float = 0.0,
    ) -> None:
        font = self._font(size, bold=bold)
        style: dict[str, Any] = {
            "fill": colour,
            "font": font,
            "anchor": "ls",
            "stroke_width": round(_HALO_MM * self._dots) if halo else 0,
            "stroke_fill": halo or None,
        }
        at = (x * self._dots, y * self._dots)
        if not rising:
            ImageDraw.Draw(self._image).text(at, words, **style)
            return
        # Turned in a picture of its own, in whose middle it begins.
        reach = round(font.getlength(words) + size * self._dots)
        turned = Image.new("RGBA", (2 * reach, 2 * reach))
        ImageDraw.Draw(turned).text((reach, reach), words, **style)
        turned = turned.rotate(rising, Image.Resampling.BICUBIC)
        self._image.paste(turned, (round(at[0]) - reach, round(at[1]) - reach), turned)

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        return self._font(size, bold=bold).getlength(words) / self._dots

    def _font(self, size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
        if (size, bold) not in self._loaded:
            file = self._fonts.bold if bold else self._fonts.regular
            self._loaded[size, bold] = ImageFont.truetype(
                file, size * _MM_A_POINT * self._dots, layout_engine=ImageFont.Layout.BASIC
            )
        return self._loaded[size, bold]

    def written(self) -> bytes:
        """The picture as PNG."""
        made = io.BytesIO()
        small = self._image.resize(
            (self._image.width // _FINER, self._image.height // _FINER), Image.Resampling.BOX
        )
        small.save(made, "PNG", dpi=(_DPI, _DPI))
        return made.getvalue()


def _dashes(line: list[tuple[float, ...]], dots: float) -> list[list[tuple[float, float]]]:
    """The line in pieces of 1.2 mm with 0.8 mm between them."""
    points = np.asarray(line)
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(0.0, along[-1], 2.0 * dots)
    pieces = []
    for start in starts:
        end = min(start + 1.2 * dots, along[-1])
        between = along[(along > start) & (along < end)]
        at = np.concatenate([[start], between, [end]])
        x, y = (np.interp(at, along, points[:, n]).tolist() for n in (0, 1))
        pieces.append([*zip(x, y, strict=True)])
    return pieces
