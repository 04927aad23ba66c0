"""Whole numbers of what was sent, read strictly."""

from __future__ import annotations

from typing import Final

#: Any number of so many digits fits into a bigint column.
COLUMN_DIGITS: Final = 18


#: The digits of a 32-bit key or version, all values of which fit into its column.
KEY_DIGITS: Final = 9


def whole_number(text: str, *, digits: int = COLUMN_DIGITS) -> int | None:
    """The number that the text is, of at most so many digits 0 to 9; None for any other text, a sign among them."""
    # isdigit() takes the digits of every script, some of which int() refuses, and int() as many as there are.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def key_or_0(text: str) -> int:
    """The key or version of a row that the text is; 0, which no row has, for any other text."""
    return whole_number(text, digits=KEY_DIGITS) or 0
