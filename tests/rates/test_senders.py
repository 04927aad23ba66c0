"""Who is counted: the person who is logged in, else the client's address as far as it can be trusted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import Settings

from accounts.models import User
from rates.senders import address_of, sender_of


def request(remote: str, forwarded: str | None = None):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    made = RequestFactory().get("/", REMOTE_ADDR=remote, **extra)
    made.user = AnonymousUser()
    return made


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        # Without a proxy what the client says of itself counts for nothing.
        (0, "192.0.2.1", None, "192.0.2.1"),
        (0, "192.0.2.1", "203.0.113.5", "192.0.2.1"),
        # A proxy appends whom it has seen; what stands before was said by the client.
        (1, "127.0.0.1", "203.0.113.5", "203.0.113.5"),
        (1, "127.0.0.1", "10.9.9.9, 203.0.113.5", "203.0.113.5"),
        (1, "127.0.0.1", "garbage, 203.0.113.5", "203.0.113.5"),
        (1, "127.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        (2, "127.0.0.1", "10.9.9.9, 203.0.113.5, 198.51.100.1", "203.0.113.5"),
        # Fewer than there are proxies: somebody came past one of them.
        (2, "127.0.0.1", "203.0.113.5", "203.0.113.5"),
        # What is none is not believed.
        (1, "127.0.0.1", None, "127.0.0.1"),
        (1, "127.0.0.1", "", "127.0.0.1"),
        (1, "127.0.0.1", "203.0.113.5, garbage", "127.0.0.1"),
        (1, "127.0.0.1", "203.0.113.5, ", "127.0.0.1"),
        # One household has a /64 of IPv6 addresses, and a phone takes another each day.
        (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::"),
        (1, "::1", "[2001:db8:1:2::7]:443", "2001:db8:1:2::"),
        (0, "::ffff:192.0.2.1", None, "192.0.2.1"),
        (0, "fe80::1%eth0", None, "fe80::"),
        # A server on a socket has no address to tell.
        (0, "", None, "unknown"),
    ],
)
def test_address(settings: Settings, proxies: int, remote: str, forwarded: str | None, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address_of(request(remote, forwarded)) == address


def test_a_person_is_counted_wherever_they_are() -> None:
    first, second = request("192.0.2.1"), request("192.0.2.2")
    assert sender_of(first) != sender_of(second)
    first.user = second.user = User(pk=7)
    assert sender_of(first) == sender_of(second)
