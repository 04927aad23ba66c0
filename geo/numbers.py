"""Whole numbers of what was sent, read strictly."""

from __future__ import annotations

from typing import Final

#: Any number of so many digits fits into a bigint column.
COLUMN_DIGITS: Final = 18


def whole_number(text: str, *, digits: int = COLUMN_DIGITS) -> int | None:
    """The number that the text is, of at most so many digits 0 to 9; None for any other text, a sign among them."""
    # isdigit() takes the digits of every script, some of which int() refuses, and int() as many as there are.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
