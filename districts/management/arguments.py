"""Types of the arguments that commands about borders take."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentTypeError


def day(text: str) -> dt.date:
    """The day of a text such as 2026-05-31."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("use a date such as 2026-05-31") from None
