"""What a check finds, and the command that fixes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A problem (or, if not ``serious``, something worth knowing) and what to do about it."""

    problem: str
    remedy: str
    serious: bool = True
