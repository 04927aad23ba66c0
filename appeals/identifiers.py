"""Identifiers that are made here, where no client made one: UUIDv7 (RFC 9562, 5.7) and secrets."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
from uuid import UUID

_RANDOM_BITS = 74
_LOW = (1 << 62) - 1


def new_uuid7() -> UUID:
    """A UUIDv7 of this millisecond."""
    return _uuid7(time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS))


def file_uuid7(appeal_id: UUID, content: bytes) -> UUID:
    """The UUIDv7 of a file that came with an appeal: the same file with the same appeal has the same one.

    So a form sent twice (a reloaded page, a lost answer) is the same submission, files included. ``content`` is the
    file's SHA-256.
    """
    noise = int.from_bytes(hashlib.sha256(appeal_id.bytes + content).digest())
    return _uuid7(appeal_id.int >> 80, noise & ((1 << _RANDOM_BITS) - 1))


def stable_uuid7(at: dt.datetime, source: str, number: str) -> UUID:
    """The UUIDv7 that a record of another system has each time it is imported: its random bits are a digest."""
    digest = int.from_bytes(hashlib.sha256(f"{source}\x00{number}".encode()).digest()[:10])
    # The highest 12 of the 80 bits and the lowest 62: what is imported already goes by them.
    noise = digest >> 68 << 62 | digest & _LOW
    return _uuid7(int(at.timestamp() * 1000), noise)


def new_secret() -> str:
    """192 random bits, URL-safe."""
    return secrets.token_urlsafe(24)


def _uuid7(milliseconds: int, noise: int) -> UUID:
    high, low = noise >> 62, noise & _LOW
    return UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low)
