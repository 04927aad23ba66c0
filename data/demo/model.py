"""What the generator yields: one appeal with its whole history."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal["report", "complaint", "request", "recommendation"]
StepVerb = Literal["accept", "answer", "close", "forward", "rate", "reopen"]


@dataclass(frozen=True)
class DemoStep:
    """One action after submission.

    ``to_service`` is the code of the service the appeal is forwarded to; ``satisfied`` is what a rating says: yes or no.
    """

    verb: StepVerb
    at: dt.datetime
    text: str
    to_service: str | None = None
    satisfied: str = ""


@dataclass(frozen=True)
class DemoAppeal:
    """An appeal and its history. Times are aware; ``lon``, ``lat`` are degrees EPSG:4326 inside the city.

    ``category`` is the code of a leaf. ``picture`` names one of ``data.demo.pictures.PICTURES``. Steps are in
    chronological order, none later than the generator's ``until``.
    """

    kind: Kind
    category: str
    text: str
    address: str
    lon: float
    lat: float
    language: str
    submitted_at: dt.datetime
    name: str
    email: str
    phone: str | None
    steps: tuple[DemoStep, ...]
    picture: str | None = None
    postal_address: str = ""
