"""What ./manage.py up makes of its options and variables, and whom it asks whether the site is open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from bootstrap import commands, health, serve, variables
from bootstrap.checkout import Checkout, this_checkout
from bootstrap.console import Stop

Set = Callable[..., None]


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets the variables as ``up`` with these options does where these are given."""
    monkeypatch.chdir(tmp_path)  # up moves to the project
    environ = {
        name: value for name, value in os.environ.items() if name not in {one.name for one in variables.ALL}
    }
    monkeypatch.setattr(os, "environ", environ)

    def set_(*options: str, **given: str) -> None:
        environ.update(given)
        (tmp_path / "var").mkdir(exist_ok=True)
        serve._set_environment(Checkout(this_checkout().root, tmp_path / "var"), serve.parse(list(options)))

    return set_


def demo() -> bool:
    return variables.DEMO_DATA.read(os.environ)


def test_on_its_own_it_shows_the_demo_city(up: Set):
    up()
    assert os.environ["PUBLIC_URL"] == "http://localhost:8000"
    assert demo() is True


@pytest.mark.parametrize(
    ("options", "given", "wanted"),
    [
        ([], {"PUBLIC_URL": "https://appeals.example.org"}, False),
        ([], {"DATABASE_URL": "postgres://city@db/city"}, False),
        ([], {"CITY_PROFILE": "data/chicago"}, False),
        (["--no-demo"], {}, False),
        (["--demo"], {"PUBLIC_URL": "https://appeals.example.org"}, True),
        ([], {"PUBLIC_URL": "https://appeals.example.org", "DEMO_DATA": "1"}, True),
        ([], {"DEMO_DATA": "0"}, False),
        ([], {"PUBLIC_URL": "", "DATABASE_URL": ""}, True),
    ],
)
def test_demo_data_is_asked_for(up: Set, options: list[str], given: dict[str, str], wanted: bool):
    up(*options, **given)
    assert demo() is wanted


def test_the_public_host_is_answered_and_so_is_this_machine(up: Set):
    up(PUBLIC_URL="https://appeals.example.org")
    allowed = variables.ALLOWED_HOSTS.read(os.environ)
    assert allowed is not None
    assert {"appeals.example.org", "localhost", "127.0.0.1"} <= set(allowed)
    variables.check(os.environ)


def test_health_is_asked_without_https(settings: Settings, client: Client, db: None):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/offline/").status_code == 301
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_health_is_asked_under_the_public_name(
    live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PUBLIC_URL", "https://appeals.example.org")
    settings.ALLOWED_HOSTS = ["appeals.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    port = live_server.thread.port
    assert health.ask("0.0.0.0", port) == 200
    assert health.main([str(port)]) == 0


def test_health_of_nobody():
    assert health.main(["1"]) == 1


def test_a_secret_key_that_is_none_is_said(up: Set, capsys: pytest.CaptureFixture[str]):
    up(SECRET_KEY="abc")
    assert "SECRET_KEY is shorter" in capsys.readouterr().out
    assert os.environ["SECRET_KEY"] == "abc"


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ([], {"PUBLIC_URL": "https://appeals.example.org"}),
        (["--host", "0.0.0.0"], {}),
        (["--host", "192.0.2.7"], {}),
    ],
)
def test_a_secret_key_that_is_none_is_refused_where_others_reach_the_city(
    up: Set, options: list[str], given: dict[str, str]
):
    with pytest.raises(variables.Wrong, match="SECRET_KEY is shorter"):
        up(*options, SECRET_KEY="a" * 65, **given)


def test_an_empty_secret_key_is_none_that_was_given(up: Set):
    up(SECRET_KEY=" ")
    assert not variables.is_guessable(os.environ["SECRET_KEY"])


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("::1", "http://localhost:8000"),
        ("[::1]", "http://localhost:8000"),
        ("2001:db8::7", "http://[2001:db8::7]:8000"),
    ],
)
def test_an_address_of_ipv6_stands_in_brackets(up: Set, host: str, public: str):
    up("--host", host)
    assert os.environ["PUBLIC_URL"] == public
    assert "::1" not in os.environ["ALLOWED_HOSTS"].split(",")


@pytest.mark.parametrize("port", ["0", "99999", "abc", "-1", "8000.0"])
def test_a_port_that_is_none_is_told_what_it_may_be(capsys: pytest.CaptureFixture[str], port: str):
    with pytest.raises(SystemExit):
        serve.parse([f"--port={port}"])
    assert "must be a number from 1 to 65535" in capsys.readouterr().err


def test_a_key_of_our_own_is_not(up: Set, capsys: pytest.CaptureFixture[str]):
    up()
    assert "SECRET_KEY" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "public", "said"),
    [
        ([], "", "http://localhost:8000"),
        (["--port", "8080"], "", "http://localhost:8080"),
        ([], "https://appeals.example.org", "https://appeals.example.org"),
    ],
)
def test_a_second_up_says_where_the_first_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], public: str, said: str
):
    monkeypatch.setenv("PUBLIC_URL", public)
    checkout = Checkout(tmp_path, tmp_path)
    with (
        serve._only_one(checkout, serve.parse(options)),
        pytest.raises(Stop) as stopped,
        serve._only_one(checkout, serve.parse([])),
    ):
        raise AssertionError
    assert str(stopped.value).splitlines()[0] == f"Already running: {said}"
    assert f"kill {os.getpid()}" in str(stopped.value)


def test_links_of_commands_lead_to_the_city_that_runs(tmp_path: Path, up: Set):
    checkout = Checkout(tmp_path, tmp_path)
    assert serve.served_at(checkout) is None
    assert not serve.serving(checkout)
    with serve._only_one(checkout, serve.parse(["--port", "8150"])):
        assert serve.serving(checkout)
        commands.lead_links_to_the_city(checkout)
        assert os.environ["PUBLIC_URL"] == "http://localhost:8150"
        os.environ["PUBLIC_URL"] = "https://appeals.example.org"
        commands.lead_links_to_the_city(checkout)
        assert os.environ["PUBLIC_URL"] == "https://appeals.example.org"
    assert serve.served_at(checkout) is None


def test_without_one_they_lead_where_they_always_did(tmp_path: Path, up: Set):
    commands.lead_links_to_the_city(Checkout(tmp_path, tmp_path))
    assert "PUBLIC_URL" not in os.environ
