"""Tables for spreadsheets: what stands between cells, how much a sheet holds, and that no text of others is run.

A text that begins as a formula does is run by the spreadsheet that opens it (OWASP, CSV injection): it gets an
apostrophe before it, in every file that this site gives.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.utils.formats import get_format
from django.utils.translation import ngettext

from geo.refusals import Refused

#: Rows that a sheet of a spreadsheet holds below its heading.
SHEET_ROWS: Final = 1_048_575

#: Whatever counts as a blank, in one order: regular expressions of Python and of PostgreSQL differ in what ``\\s`` is.
_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))
#: How a text begins that a spreadsheet would run, full-width forms among it. The same in Python and in PostgreSQL.
BEGINS_FORMULA: Final = rf"^(?=[{_BLANKS}]*[=+@＝＋－＠-]|[\t\r\n])"

_beginning: Final = re.compile(BEGINS_FORMULA)

Value = str | int | float | dt.date | dt.datetime | None


def delimiter() -> str:
    """What spreadsheets in the reader's language expect between the cells of CSV."""
    return ";" if get_format("DECIMAL_SEPARATOR") == "," else ","


def plain(value: Value) -> str | int | float:
    """The value as a cell of CSV, a text that would be run with an apostrophe before it."""
    match value:
        case None:
            return ""
        case dt.datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case dt.date():
            return value.isoformat()
        case str():
            return _beginning.sub("'", value)
        case _:
            return value


def check_rows(count: int) -> None:
    """Raises ``Refused``, in the reader's language, when a sheet does not hold so many."""
    if count > SHEET_ROWS:
        words = ngettext(
            "A sheet holds at most %(n)d appeal. Narrow the list, or take it as CSV.",
            "A sheet holds at most %(n)d appeals. Narrow the list, or take it as CSV.",
            SHEET_ROWS,
        )
        raise Refused({"": [words % {"n": SHEET_ROWS}]})
