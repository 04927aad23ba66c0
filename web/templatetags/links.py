"""Addresses that a program of the reader's own opens: made in one place, so that no value becomes more than an address."""

from __future__ import annotations

import re
from urllib.parse import quote

from django import template

register = template.Library()


@register.filter
def mailto(address: str) -> str:
    """``mailto:`` for that one address and nothing else (RFC 6068, 2)."""
    return f"mailto:{quote(address, safe='@')}"


@register.filter
def tel(number: str) -> str:
    """``tel:`` for the digits of a number as people write it (RFC 3966, 3)."""
    return f"tel:{re.sub(r'[^0-9+*#]', '', number).replace('#', '%23')}"
