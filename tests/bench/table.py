"""What a benchmark reports: figures of one run, each held against a reference of the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One measured thing. ``ratio`` is measured / reference; ``bound`` is what it must keep, in words."""

    what: str
    measured: str
    reference: str
    ratio: float | None
    bound: str
    kept: bool


def render(lines: list[Line]) -> str:
    """The lines as a Markdown table."""
    head = ["what", "measured", "reference", "ratio", "bound", "kept"]
    rows = [
        [
            line.what,
            line.measured,
            line.reference,
            "" if line.ratio is None else f"{line.ratio:.2f}",
            line.bound,
            "yes" if line.kept else "NO",
        ]
        for line in lines
    ]
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]

    def formatted(row: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([formatted(head), rule, *(formatted(row) for row in rows)])
