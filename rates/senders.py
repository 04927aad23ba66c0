"""Who is counted by a limit."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest

#: Addresses of IPv6 that one household or phone has: it takes another of them whenever it likes.
_HOUSEHOLD: Final = 64
#: Those that one connection may be given: 65,536 households of the same house.
_SITE: Final = 48
_WITH_PORT: Final = re.compile(r"\[([^\]]{1,50})\](?::\d{1,5})?|([0-9.]{7,15}):\d{1,5}", re.ASCII)


def sender_of(request: HttpRequest) -> str:
    """The API key that came with the request; else the person who is logged in, wherever they are; else the client's address."""
    key = getattr(request, "api_key", None)
    if key is not None:
        return f"key {key.pk}"
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"person {user.pk}"
    return f"address {address_of(request)}"


def address_of(request: HttpRequest) -> str:
    """The client's address, of IPv6 its /64 network; "unknown" where the server was told none.

    Of ``X-Forwarded-For`` that entry is believed which the outermost of our own proxies has appended
    (``TRUSTED_PROXIES`` from the end); what is no address there is not believed, and the proxy's own counts.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.TRUSTED_PROXIES and forwarded:
        entries = forwarded.split(",")[-settings.TRUSTED_PROXIES :]
        if (address := _network(entries[0])) is not None:
            return address
    return _network(request.META.get("REMOTE_ADDR", "")) or "unknown"


def place_of(sender: str) -> str:
    """Where the sender is, for what many addresses of one connection do together: of IPv6 the /48 network, else the sender."""
    kind, _space, written = sender.partition(" ")
    if kind != "address" or ":" not in written:
        return sender
    return f"{kind} {ipaddress.IPv6Network((written, _SITE), strict=False).network_address}"


def is_known_person(sender: str) -> bool:
    """True for whoever is logged in or brought an API key, false for whoever is known by an address alone."""
    return not sender.startswith("address ")


def _network(text: str) -> str | None:
    written = text.strip()
    if ported := _WITH_PORT.fullmatch(written):
        written = ported[1] or ported[2]
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _HOUSEHOLD), strict=False).network_address)
