"""Absolute addresses: of ``PUBLIC_URL``, never of the host that a request named, which anybody may choose."""

from __future__ import annotations

from django.conf import settings


def public_link(path: str) -> str:
    """The address at which people reach the path, which begins with a slash."""
    return f"{settings.PUBLIC_URL}{path}"
