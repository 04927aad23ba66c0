from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from pytest_django import Settings

from bootstrap.rates import Rate
from config.logs import Discreet
from tests.factories import AppealFactory
from tests.grid import GridCity

SECRET = "kJ8s0f-2Qm_Zt1vWq9xYb3"


def test_a_traceback_is_logged_once(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        raise ValueError("of the test")
    except ValueError:
        structlog.get_logger().exception("broken")
    (record,) = caplog.records
    assert record.exc_info is None
    assert record.getMessage().count("ValueError: of the test") == 1


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the city's own handler writes, what visitors do wrong too."""
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, Discreet)]
    assert isinstance(handler, logging.StreamHandler)
    written = StringIO()
    before, level = handler.setStream(written), logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    yield written
    logging.getLogger().setLevel(level)
    if before is not None:
        handler.setStream(before)


def addresses_with_a_key() -> list[str]:
    """Each address of the site that opens something to whoever has it."""
    found = []
    for name, (possibilities, *_rest) in _patterns(get_resolver()):
        for _form, parameters in possibilities:
            secret = {"secret", "key", "token"} & set(parameters)
            if secret:
                values = {one: SECRET if one in secret else "1" for one in parameters}
                found.append(reverse(name, kwargs=values))
    return found


def _patterns(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, Any]]:
    for name in resolver.reverse_dict:
        if isinstance(name, str):
            yield space + name, resolver.reverse_dict.getlist(name)[0]
    for inner, (_prefix, part) in resolver.namespace_dict.items():
        yield from _patterns(part, f"{space}{inner}:")


@pytest.mark.django_db
def test_an_address_that_is_a_key_is_not_in_the_log(log: StringIO, city: GridCity) -> None:
    paths = addresses_with_a_key()
    assert {path.split("/")[2] for path in paths} >= {"follow", "accounts"}
    client = Client(enforce_csrf_checks=True)
    for path in paths:
        client.get(path)
        client.post(path, {"verb": "nonsense"})
        client.generic("QUERY", path)
    assert "Forbidden (CSRF" in log.getvalue()
    assert "/follow/…" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_the_clients_mistake_is_one_line_of_bounded_length(log: StringIO, db: None) -> None:
    client = Client()
    assert client.get("/en/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/" + "a" * 60_000).status_code == 404
    lines = log.getvalue().splitlines()
    assert "evil.example" in log.getvalue()
    assert not [line for line in lines if "Traceback" in line]
    assert max(map(len, lines)) < 2100
    assert len(lines) <= 4


def test_what_visitors_do_wrong_is_for_whoever_looks_for_it(
    log: StringIO, city: GridCity, settings: Settings
) -> None:
    """With the reason, and not among the warnings: one visitor can do thousands."""
    settings.LIMITS = {"support": Rate(1, 1, 3_600)}
    path = f"/en/appeals/{AppealFactory().number}/support/"
    for level, lines in ((logging.INFO, 1), (logging.WARNING, 0)):
        logging.getLogger().setLevel(level)
        written = len(log.getvalue())
        assert [Client().post(path, {"supported": "yes"}).status_code for _n in range(2)][1] == 429
        assert log.getvalue()[written:].count(f"Too Many Requests: {path}") == lines
        assert log.getvalue()[written:].count(path) == lines
    logging.getLogger("django.request").error("of our own", extra={"status_code": 503})
    assert "of our own" in log.getvalue()


def test_a_fault_of_our_own_keeps_its_traceback(log: StringIO) -> None:
    try:
        raise ValueError("of the test")
    except ValueError:
        logging.getLogger("django.request").exception("broken")
    assert "Traceback" in log.getvalue()
    assert "ValueError: of the test" in log.getvalue()
