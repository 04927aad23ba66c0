"""What an examination finds, and what to type about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something wrong (or, not ``serious``, worth knowing) and what to type about it."""

    problem: str
    remedy: str
    serious: bool = True
