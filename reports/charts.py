"""Lines by month as the points of an SVG, whose numbers stand in the table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Of the drawing, in its own units; the room for the scale is to the left.
WIDTH: Final = 640
HEIGHT: Final = 220
LEFT: Final = 40
_TOP, _BOTTOM = 10, 20


@dataclass(frozen=True)
class Chart:
    """Lines as ``points`` of SVG, the ``ticks`` of the scale with their heights, and the place of the day between two steps."""

    lines: tuple[str, ...]
    ticks: tuple[tuple[float, float], ...]
    steps: tuple[float, ...]
    day: float


def lines_by_month(lines: Sequence[Sequence[float | None]], before: int) -> Chart:
    """The lines over their steps, from 0 to a round number above the highest; a step that is not told is left out."""
    highest = max((value for line in lines for value in line if value is not None), default=0.0)
    tick = _tick(max(highest, 1.0))
    top = tick * -(-max(highest, 1.0) // tick)
    count = len(lines[0])
    wide = (WIDTH - LEFT) / count

    def x(step: float) -> float:
        return round(LEFT + (step + 0.5) * wide, 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM), 1)

    return Chart(
        lines=tuple(
            " ".join(f"{x(step)},{y(value)}" for step, value in enumerate(line) if value is not None)
            for line in lines
        ),
        ticks=tuple((n * tick, y(n * tick)) for n in range(round(top / tick) + 1)),
        steps=tuple(x(step) for step in range(count)),
        day=x(before - 0.5),
    )


def _tick(highest: float) -> float:
    """The least of 1, 2 and 5 times a power of ten of which no more than four fit."""
    power = 1.0
    while True:
        for step in (1, 2, 5):
            if highest / (step * power) <= 4:
                return step * power
        power *= 10
