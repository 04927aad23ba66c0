"""Types of the arguments that commands about borders take."""

from __future__ import annotations

import datetime as dt
import getpass
import math
from argparse import ArgumentParser, ArgumentTypeError, _ArgumentGroup

from districts.actions import TOLERANCE_M2, Acceptance


def day(text: str) -> dt.date:
    """The day of a text such as 2026-05-31."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("use a date such as 2026-05-31") from None


def square_metres(text: str) -> float:
    """The area that a text such as 1500 names, finite and not negative."""
    try:
        area = float(text)
    except ValueError:
        area = math.nan
    if not 0 <= area < math.inf:
        raise ArgumentTypeError("use a number of square metres such as 1500")
    return area


def add_acceptance(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Adds ``--accept`` and ``--accepted-by``, for ``acceptance``."""
    parser.add_argument(
        "--accept",
        type=square_metres,
        metavar="M2",
        help=f"publish though up to so many square metres lie in several districts, in none, or beyond the city's border "
        f"(up to {TOLERANCE_M2:.0f} need no word)",
    )
    parser.add_argument(
        "--accepted-by", default="", metavar="NAME", help="who says so (the user of the system)"
    )


def acceptance(accept: float | None, accepted_by: str) -> Acceptance | None:
    """What the two arguments say."""
    return None if accept is None else Acceptance(accept, (accepted_by or _user())[:200])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "./manage.py"  # a container's user may have no name
