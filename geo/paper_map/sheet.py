"""What is handed round: the map with its legend on the first page, then tables and the method, then tables of many columns."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, Final

import numpy as np

from geo.bbox import Bbox
from geo.folium_map import CellMap, MapLevel
from geo.paper_map.numbers import ring_swatch
from geo.paper_map.palette import colour
from geo.paper_map.pens import HEIGHT_MM, WIDTH_MM, Box, Fonts, PdfPen, Pen, PngPen, Shape
from geo.paper_map.picture import draw_map, has_small, swatch

_LEFT, _TOP = 15.0, 16.0
_WIDE: Final = WIDTH_MM - 2 * _LEFT
#: Where the sources begin that stand at the foot of each page.
_FOOT: Final = HEIGHT_MM - 20.0
#: Height of a line by the size of its letters, in millimetres a point.
_LEADING: Final = 0.48
_ROW_MM: Final = 5.4
#: A side of the colour before a figure.
_SWATCH_MM: Final = 2.6
#: Room for the number of rows that have none, and the size of what stands small below a text.
_MORE_MM: Final = 5.0
_NOTE: Final = 7.5
#: Each table has room for so many rows, if it has them.
_LEAST_ROWS: Final = 6
#: Of a table that goes on with the next page, so many rows stand below its title at least.
_LEAST_BEGUN: Final = 3
#: Columns of figures are at most this wide, and all of them together.
_FIGURE_MM, _FIGURES_MM = 27.0, 105.0
#: So wide where something of them would be cut otherwise.
_FIGURES_MOST_MM: Final = 125.0
#: Columns of a matrix beside the first, which is so wide; more go on with the next page. Theirs are at most so wide.
_MOST_COLUMNS: Final = 13
_NAMES_MM, _COLUMN_MM = 48.0, 24.0
#: So long are the lines of a head that rises, since its words are too wide for its column.
_RISING_MM: Final = 28.0


@dataclass(frozen=True)
class Table:
    """Rows of texts under their columns; all but the first column are figures. What does not fit is counted by ``more``, unless the sheet is ``whole``.

    What follows a line's end in a first text stands small below it. ``at`` is where each row is: the map has its
    number beside it, from 1. ``note`` stands below the table. ``swatches`` are the colours before figures by row and column, from 0,
    the first column among them.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    more: str
    at: Sequence[Bbox] = ()
    note: str = ""
    swatches: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Matrix:
    """A table that is too large for the others' page: it has pages of its own, and all of its rows are told.

    What follows a line's end in a text stands small below it. ``tints`` are the colours of cells by row and column, from 0,
    the first column among them. ``note`` stands below the title.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    tints: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def of_columns(self, first: int, end: int) -> Matrix:
        """The first column and those from one to before another."""
        return replace(
            self,
            columns=(self.columns[0], *self.columns[first:end]),
            rows=[(row[0], *row[first:end]) for row in self.rows],
            tints={
                (row, column - first + 1): tint
                for (row, column), tint in self.tints.items()
                if first <= column < end
            },
        )


@dataclass(frozen=True)
class Sheet:
    """Everything on paper, in the reader's language.

    ``answer`` stands above the map of ``drawn``, in metres of CRS ``srid``; ``method`` are the sentences below the tables,
    ``sources`` the lines at the foot of each page, ``address`` is where the same is to be found, ``author`` who the
    PDF says made it. ``ring`` says in the legend what has a ring around it. What is not ``mapped`` has its tables below the answer. The tables have one page together, unless the sheet is
    ``whole``: all of their rows are told then, on as many pages as they need. ``matrices`` follow, in the PDF alone.
    """

    drawn: CellMap
    srid: int
    question: str
    answer: str
    tables: Sequence[Table]
    method_title: str
    method: Sequence[str]
    sources: Sequence[str]
    address: str
    author: str
    made_on: dt.date
    north: str
    ring: str = ""
    mapped: bool = True
    whole: bool = False
    matrices: Sequence[Matrix] = ()


def as_pdf(sheet: Sheet, fonts: Fonts) -> bytes:
    """The map's page, those of the tables and those of the matrices, A4, everything on them drawn as lines and letters. The same sheet gives the same bytes."""
    pen = PdfPen(
        fonts,
        title=sheet.drawn.title,
        author=sheet.author,
        language=sheet.drawn.language,
        made_on=sheet.made_on,
    )
    further = [*_matrix_pages(pen, sheet.matrices)]
    measured = _Pages(_Ruler(pen), sheet)
    _below(measured)
    pages = _Pages(pen, sheet, of=measured.number + len(further))
    if sheet.mapped:
        _first(pen, sheet)
    _below(pages)
    for matrix, row in further:
        pages.turn()
        _matrix(pen, matrix, row)
    pages.end()
    return pen.written()


def as_png(sheet: Sheet, fonts: Fonts) -> bytes:
    """The first page as a picture of 1240 by 1754 dots. The same sheet gives the same bytes."""
    pen = PngPen(fonts)
    _first(pen, sheet)
    _foot(pen, sheet, "")
    return pen.written()


@dataclass(frozen=True)
class _Ruler:
    """A pen that measures, and draws nothing."""

    pen: Pen

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        return self.pen.width(words, size, bold=bold)

    def text(self, *_args: Any, **_options: Any) -> None: ...

    def shapes(self, *_args: Any, **_options: Any) -> None: ...

    def turn(self) -> None: ...


@dataclass
class _Pages:
    """The page that is being drawn, ``of`` how many it is, with its foot as soon as it is done."""

    pen: PdfPen | _Ruler
    sheet: Sheet
    of: int = 0
    number: int = 1

    def turn(self) -> None:
        """Goes on with the next one."""
        self.end()
        self.pen.turn()
        self.number += 1

    def go_on(self) -> float:
        """Goes on with the next one below the title; where that ended."""
        self.turn()
        return _paragraph(self.pen, _TOP + 1, self.sheet.drawn.title, 13, bold=True)

    def end(self) -> None:
        """The foot of the page."""
        _foot(self.pen, self.sheet, f"{self.number} / {self.of}")


def _first(pen: Pen, sheet: Sheet) -> None:
    y = _head(pen, sheet)
    levels = sheet.drawn.levels if sheet.drawn.cells else ()
    # What has no room in its table has no number on the map.
    marks = [
        place
        for table, rows in zip(sheet.tables, _below(_Pages(_Ruler(pen), sheet)), strict=True)
        for place in table.at[:rows]
    ]
    legend = _legend_height(pen, levels)
    top = y + 1.5
    box = Box(_LEFT, top, _WIDE, _FOOT - legend - 5 - top)
    # What is too small stays so on a map that gives a line to its legend.
    ringed = has_small(sheet.drawn, sheet.srid, box, marks)
    if ringed:
        legend += _ROW_MM
        box = replace(box, height=box.height - _ROW_MM)
    draw_map(pen, sheet.drawn, sheet.srid, box, sheet.north, marks)
    if levels:
        _legend(pen, _FOOT - legend, sheet.drawn.legend, levels)
    if ringed and levels:
        at = _FOOT - _ROW_MM + 0.5
        ring_swatch(pen, _LEFT + 3.5, at + 1.8, colour(levels[0].colour))
        pen.text(_LEFT + 9, at + 2.9, sheet.ring, 8.5, colour=colour("ink"))


def _head(pen: Pen, sheet: Sheet) -> float:
    """The title, the question and the answer; where they ended."""
    y = _paragraph(pen, _TOP + 2, sheet.drawn.title, 18, bold=True)
    y = _paragraph(pen, y + 1.5, sheet.question, 10, colour_of="ink-soft")
    return _paragraph(pen, y + 1, sheet.answer, 10)


def _legend_columns(pen: Pen, levels: Sequence[MapLevel]) -> int:
    widest = max((pen.width(level.words, 8.5) for level in levels), default=0.0) + 14
    return max(1, min(int(_WIDE // widest), len(levels)))


def _legend_height(pen: Pen, levels: Sequence[MapLevel]) -> float:
    return 6 + _ROW_MM * -(-len(levels) // _legend_columns(pen, levels)) if levels else 0.0


def _legend(pen: Pen, y: float, title: str, levels: Sequence[MapLevel]) -> None:
    pen.text(_LEFT, y + 1, title, 9, bold=True, colour=colour("ink"))
    columns = _legend_columns(pen, levels)
    rows = -(-len(levels) // columns)
    for number, level in enumerate(levels):
        column, row = divmod(number, rows)
        x, at = _LEFT + column * _WIDE / columns, y + 3.5 + row * _ROW_MM
        swatch(pen, x, at, level.colour)
        pen.text(x + 9, at + 2.9, level.words, 8.5, colour=colour("ink"))


def _below(pages: _Pages) -> list[int]:
    """The tables and the method, from the page below the map's on; how many rows of each table were told."""
    pen, sheet = pages.pen, pages.sheet
    y = pages.go_on() if sheet.mapped else _head(pen, sheet)
    counts = []
    method = _method_height(pen, sheet)
    for number, table in enumerate(sheet.tables):
        if sheet.whole:
            y = _whole_table(pages, y + 4, table)
            counts.append(len(table.rows))
            continue
        left = sum(min(len(other.rows), _LEAST_ROWS) * _ROW_MM + 20 for other in sheet.tables[number + 1 :])
        y, count = _table(pen, y + 4, table, _FOOT - method - left - 4)
        counts.append(count)
    if sheet.whole and y + method > _FOOT:
        y = pages.go_on()
    y = _paragraph(pen, y + 6, sheet.method_title, 10.5, bold=True)
    for words in sheet.method:
        pen.text(_LEFT, y + 1.5 + 9 * _LEADING * 0.75, "•", 9, colour=colour("ink-soft"))
        y = _paragraph(pen, y + 1.5, words, 9, inset=4)
    _paragraph(pen, y + 1.5, sheet.address, 9, inset=4, colour_of="accent")
    return counts


def _method_height(pen: Pen, sheet: Sheet) -> float:
    notes = [*sheet.method, sheet.address]
    return 10 + sum(len(_lines(pen, words, 9, _WIDE - 4)) * 9 * _LEADING + 1.5 for words in notes)


def _whole_table(pages: _Pages, y: float, table: Table) -> float:
    """All rows, on this page from ``y`` on and on those that they need; where it ended."""
    row = 0
    _y, room = _table(_Ruler(pages.pen), y, table, _FOOT, row, least=0)
    # A title with hardly a row below it is no beginning.
    if room < min(_LEAST_BEGUN, len(table.rows)):
        y = pages.go_on() + 4
    while True:
        y, count = _table(pages.pen, y, table, _FOOT, row)
        row += count
        if row >= len(table.rows):
            return y
        y = pages.go_on() + 4


def _table(
    pen: Pen, y: float, table: Table, bottom: float, begins: int | None = None, *, least: int = 1
) -> tuple[float, int]:
    """The rows that there is room for above ``bottom``, of which there are so many at ``least``; where it ended, and how many there were.

    The others are counted below them, unless it is said with which row it ``begins``: then they have another page.
    """
    y = _paragraph(pen, y, table.title, 10.5, bold=True) + 1
    widths = _widths(pen, table)
    first = _WIDE - sum(widths)
    heads = [
        _lines(pen, words, 7.5, width - 2)
        for words, width in zip(table.columns, [first, *widths], strict=True)
    ]
    deep = max(map(len, heads)) * 7.5 * _LEADING
    rights = [_LEFT + first + right for right in accumulate(widths)]
    for n, lines in enumerate(heads):
        for m, words in enumerate(lines):
            at = y + deep - (len(lines) - 1 - m) * 7.5 * _LEADING - 1
            x = rights[n - 1] - pen.width(words, 7.5) if n else _LEFT
            pen.text(x, at, words, 7.5, colour=colour("ink-soft"))
    y += deep + 0.5
    _rule(pen, y)
    rows = table.rows[begins or 0 :]
    below = len(_lines(pen, table.note, 8, _WIDE)) * 8 * _LEADING + 1 if table.note else 0.0
    firsts = [_first_text(pen, row[0], first - 2) for row in rows]
    ends = list(accumulate(map(_height, firsts)))
    room = bottom - y
    if not ends or ends[-1] <= room - below:
        count = len(ends)
    else:
        # Of the last page of it, the note has a row above it.
        fitting = room - below - _MORE_MM if begins is None else room
        count = max(min(sum(end <= fitting for end in ends), len(ends) - 1), least)
    told = enumerate(zip(firsts[:count], rows, strict=False), start=begins or 0)
    for number, ((name, note), (_name, *figures_of)) in told:
        for column, (words, width, right) in enumerate(zip(figures_of, widths, rights, strict=True), start=1):
            fitted = _fitted(pen, words, 9, width - 1)
            left = right - pen.width(fitted, 9)
            pen.text(left, y + 3.9, fitted, 9, colour=colour("ink"))
            if swatch_of := table.swatches.get((number, column)):
                box = Box(left - _SWATCH_MM - 1, y + 1.5, _SWATCH_MM, _SWATCH_MM)
                corners = np.array(_CORNERS) * _SWATCH_MM + (box.x, box.y)
                pen.shapes([Shape([corners], fill=colour(swatch_of))], box)
        at = y + 3.9
        for lines, size, ink in ((name, 9, "ink"), (note, _NOTE, "ink-soft")):
            for words in lines:
                pen.text(_LEFT, at, words, size, colour=colour(ink))
                at += (size if words != lines[-1] else _NOTE) * _LEADING
        y += _height((name, note))
        _rule(pen, y)
    if count < len(rows):
        if begins is not None:
            return y, count
        pen.text(_LEFT, y + 4, table.more % {"n": len(rows) - count}, 8, colour=colour("ink-soft"))
        y += _MORE_MM
    return _paragraph(pen, y + 1, table.note, 8, colour_of="ink-soft") if table.note else y, count


def _matrix_pages(pen: Pen, matrices: Sequence[Matrix]) -> Iterator[tuple[Matrix, int]]:
    """What each page has: some columns of a matrix, and the rows from one on."""
    for whole in matrices:
        columns = len(whole.columns) - 1
        parts = -(-columns // _MOST_COLUMNS)
        for part in range(parts):
            first, end = (1 + columns * n // parts for n in (part, part + 1))
            matrix, row = whole.of_columns(first, end), 0
            while row < len(whole.rows):
                yield matrix, row
                row = _matrix(_Ruler(pen), matrix, row)


def _matrix(pen: Pen, matrix: Matrix, row: int) -> int:
    """The page with the rows from that one on; the first that had no room."""
    y = _paragraph(pen, _TOP + 1, matrix.title, 13, bold=True)
    y = _paragraph(pen, y + 1, matrix.note, 8.5, colour_of="ink-soft") + 2
    heads = matrix.columns[1:]
    width = min(_COLUMN_MM, (_WIDE - _NAMES_MM) / len(heads))
    names = _WIDE - width * len(heads)
    rights = [_LEFT + names + width * n for n in range(1, len(heads) + 1)]
    y = _matrix_heads(pen, y, matrix.columns, names, width) + 1
    _rule(pen, y)
    for number, (first, *cells) in enumerate(matrix.rows[row:], start=row):
        lines = _lines(pen, first, 8.5, names - 2)
        noted = any("\n" in cell for cell in cells)
        deep = max(1.6 + 8.5 * _LEADING * len(lines), 7.3 if noted else 5.2)
        if y + deep > _FOOT and number > row:
            return number
        for n, line in enumerate(lines):
            pen.text(_LEFT, y + 3.7 + n * 8.5 * _LEADING, line, 8.5, colour=colour("ink"))
        for column, (cell, right) in enumerate(zip(cells, rights, strict=True), start=1):
            if tint := matrix.tints.get((number, column)):
                box = Box(right - width + 0.4, y + 0.1, width - 0.4, deep - 0.2)
                corners = [(box.x + x * box.width, box.y + below * box.height) for x, below in _CORNERS]
                pen.shapes([Shape([np.array(corners)], fill=colour(tint), opacity=0.25)], box)
            told, _end, note = cell.partition("\n")
            for words, size, at, ink in ((told, 8.5, 3.7, "ink"), (note, 6.5, 6.3, "ink-soft")):
                fitted = _fitted(pen, words, size, width - 1)
                pen.text(right - 0.8 - pen.width(fitted, size), y + at, fitted, size, colour=colour(ink))
        y += deep
        _rule(pen, y)
    return len(matrix.rows)


_CORNERS: Final = ((0, 0), (1, 0), (1, 1), (0, 1))


def _matrix_heads(pen: Pen, y: float, columns: Sequence[str], names: float, width: float) -> float:
    """The heads below ``y``; where they ended. Upright where a word of one is wider than its column."""
    heads = columns[1:]
    rising = any(pen.width(word, 7.5) > width - 1.6 for head in heads for word in _words(head))
    room = _RISING_MM if rising else width - 1.6
    first = _lines(pen, columns[0], 7.5, names - 2)
    lines = [first, *(_lines(pen, head, 7.5, room) for head in heads)]
    line = 7.5 * _LEADING
    longest = max(pen.width(words, 7.5) for of_head in lines[1:] for words in of_head) if rising else 0.0
    y += max(longest, line * max(map(len, [first] if rising else lines)))
    for n, of_head in enumerate(lines):
        right = _LEFT + names + width * n - 0.8
        for m, words in enumerate(of_head):
            if n and rising:
                # Around the middle of the column; letters stand left of where they rise.
                x = right + 0.4 - width / 2 + line * (m + 0.75 - len(of_head) / 2)
                pen.text(x, y, words, 7.5, colour=colour("ink-soft"), rising=90)
            else:
                x = right - pen.width(words, 7.5) if n else _LEFT
                at = y - (len(of_head) - 1 - m) * line
                pen.text(x, at, words, 7.5, colour=colour("ink-soft"))
    return y


def _widths(pen: Pen, table: Table) -> list[float]:
    """Of the columns of figures: all alike, unless a word of a head or a figure would be cut; then as each needs."""
    count = max(len(table.columns) - 1, 1)
    alike = min(_FIGURE_MM, _FIGURES_MM / count)
    needed = [
        max(
            [pen.width(word, 7.5) + 2.5 for word in _words(head)]
            + [
                pen.width(row[n], 9) + 2.5 + (_SWATCH_MM + 1) * ((number, n) in table.swatches)
                for number, row in enumerate(table.rows)
            ],
            default=0.0,
        )
        for n, head in enumerate(table.columns[1:], start=1)
    ]
    if max(needed, default=0.0) <= alike:
        return [alike] * len(needed)
    room = min(max(alike * count, sum(needed)), _FIGURES_MOST_MM)
    return [width + (room - sum(needed)) / count for width in needed]


def _first_text(pen: Pen, words: str, width: float) -> tuple[list[str], list[str]]:
    """The lines of a row's first text, and the small ones below it."""
    name, _end, note = words.partition("\n")
    return _lines(pen, name, 9, width), _lines(pen, note, _NOTE, width)


def _height(text: tuple[list[str], list[str]]) -> float:
    name, note = text
    return _ROW_MM + ((len(name) - 1) * 9 + len(note) * _NOTE) * _LEADING


def _rule(pen: Pen, y: float) -> None:
    line = np.array([(_LEFT, y), (_LEFT + _WIDE, y)])
    pen.shapes([Shape([line], line=colour("line"), line_mm=0.2)], Box(_LEFT, y - 1, _WIDE, 2))


def _foot(pen: Pen, sheet: Sheet, page: str) -> None:
    y = _FOOT + 5
    _rule(pen, y)
    for number, words in enumerate(sheet.sources):
        for line in _lines(pen, words, 7, _WIDE - 15):
            pen.text(_LEFT, y + 3.5, line, 7, colour=colour("ink-soft"))
            y += 3.4
        if not number:
            pen.text(_LEFT + _WIDE - pen.width(page, 7), _FOOT + 8.5, page, 7, colour=colour("ink-soft"))


def _paragraph(
    pen: Pen,
    y: float,
    words: str,
    size: float,
    *,
    bold: bool = False,
    inset: float = 0,
    colour_of: str = "ink",
) -> float:
    """The words in lines below ``y``; where the last one ended."""
    for line in _lines(pen, words, size, _WIDE - inset, bold=bold):
        y += size * _LEADING
        pen.text(_LEFT + inset, y - size * _LEADING * 0.25, line, size, bold=bold, colour=colour(colour_of))
    return y


def _lines(pen: Pen, words: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """The words in lines of at most that width; a word that is longer, as an address is, is cut."""
    lines, line = [], ""
    for word in _words(words):
        longer = f"{line} {word}" if line else word
        if pen.width(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while pen.width(word, size, bold=bold) > width:
            cut = next(n for n in range(len(word), 0, -1) if pen.width(word[:n], size, bold=bold) <= width)
            lines.append(word[:cut])
            word = word[cut:]  # noqa: PLW2901
        line = word
    return [*lines, line] if line else lines


def _words(text: str) -> list[str]:
    """The words between which a line may end: a space that does not break is none of their ends."""
    return re.findall("[^ \\t\\n]+", text)


def _fitted(pen: Pen, words: str, size: float, width: float) -> str:
    """The words, with an ellipsis at their end where they are too long for one line."""
    if pen.width(words, size) <= width:
        return words
    return next(
        (
            f"{words[:n].rstrip()}…"
            for n in range(len(words), 0, -1)
            if pen.width(f"{words[:n]}…", size) <= width
        ),
        "…",
    )
