"""Cells of workbooks: texts are texts and never formulas or links, days are days. Knows no Django."""

from __future__ import annotations

import datetime as dt
from typing import Any


def write_cell(sheet: Any, row: int, column: int, value: Any, moment: Any) -> None:
    """Writes the value into the cell of an XlsxWriter sheet, nothing for an empty one; ``moment`` is the format of moments."""
    match value:
        case None | "":
            return
        case dt.datetime():
            sheet.write_datetime(row, column, value, moment)
        case dt.date():
            sheet.write_datetime(row, column, value)
        case bool():
            sheet.write_boolean(row, column, value)
        case str():
            sheet.write_string(row, column, value)
        case _:
            sheet.write_number(row, column, value)
