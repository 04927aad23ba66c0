"""The second step of logging in: set up, asked for, needed by post, counted, and taken away by who may."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import PersonChange, User
from accounts.posts import Post
from bootstrap.variables import SecondFactor
from tests.factories import PASSWORD, AppealFactory, MembershipFactory, UserFactory
from tests.grid import GridCity


def code_of(secret: str) -> str:
    """What an app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def log_in(client: Client, user: User, password: str = PASSWORD):  # type: ignore[no-untyped-def]
    return client.post(reverse("account_login"), {"login": user.email, "password": password})


def confirm(client: Client) -> None:
    """Whoever changes how one logs in types the password once more."""
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(asked["Location"], {"password": PASSWORD}).status_code == 302


def set_up(client: Client) -> str:
    """The secret of the app that the person has set up."""
    confirm(client)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    (secret,) = re.findall(r'entrance__secret">(\w+)<', page)
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert (done.status_code, done["Location"]) == (302, reverse("mfa_view_recovery_codes"))
    return secret


@pytest.fixture
def secured(light_user: User, client: Client) -> tuple[User, str, list[str]]:
    """A representative with an app, its secret, and the recovery codes."""
    assert log_in(client, light_user).status_code == 302
    secret = set_up(client)
    codes = re.findall(
        r"<li><code>(\d+)</code>", client.get(reverse("mfa_view_recovery_codes")).content.decode()
    )
    assert len(codes) == 10
    client.post(reverse("account_logout"))
    return light_user, secret, codes


def test_the_password_alone_lets_nobody_in(secured: tuple[User, str, list[str]]) -> None:
    user, secret, _codes = secured
    client = Client()
    assert log_in(client, user)["Location"] == reverse("mfa_authenticate")
    assert client.get("/en/desk/").status_code == 302
    step = client.get(reverse("mfa_authenticate")).content.decode()
    assert "Use a key" in step
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Incorrect code." in wrong.content.decode()
    done = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert done.status_code == 302, done.content.decode()
    assert client.get("/en/desk/").status_code == 200


def test_a_recovery_code_lets_in_once(secured: tuple[User, str, list[str]]) -> None:
    user, _secret, codes = secured
    for expected in (302, 200):
        client = Client()
        log_in(client, user)
        assert client.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == expected


def test_guessing_codes_is_slowed_wherever_it_comes_from(secured: tuple[User, str, list[str]]) -> None:
    user, _secret, codes = secured
    statuses = []
    for n in range(8):
        client = Client(REMOTE_ADDR=f"198.51.100.{n}")
        log_in(client, user)
        statuses.append(client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code)
    assert statuses == [200] * 5 + [429] * 3
    refused = client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert "Too many wrong codes" in refused.content.decode()


#: Setting, service, post, and whether the desk asks for a second factor first.
NEEDED = [
    (SecondFactor.OFF, "office", Post.ADMINISTRATOR, False),
    (SecondFactor.OFFICE, "office", Post.ADMINISTRATOR, True),
    (SecondFactor.OFFICE, "office", Post.MODERATOR, True),
    (SecondFactor.OFFICE, "office", Post.PLANNER, True),
    (SecondFactor.OFFICE, "light", Post.HEAD, True),
    (SecondFactor.OFFICE, "light", Post.REPRESENTATIVE, False),
    (SecondFactor.STAFF, "light", Post.REPRESENTATIVE, True),
]


@pytest.mark.parametrize(("needed_by", "service", "post", "needed"), NEEDED)
def test_who_must_have_one(
    city: GridCity,
    client: Client,
    settings: Settings,
    needed_by: SecondFactor,
    service: str,
    post: Post,
    needed: bool,
) -> None:
    settings.SECOND_FACTOR = needed_by
    user = MembershipFactory(service=city.services[service], post=post).user
    log_in(client, user)
    answer = client.get("/en/desk/drafts/")
    assert (answer.status_code, answer.get("Location")) == (
        (302, reverse("mfa_index")) if needed else (200, None)
    )
    if needed:
        assert "Your post needs a second step" in client.get(reverse("mfa_index")).content.decode()
        set_up(client)
        assert client.get("/en/desk/drafts/").status_code == 200


def test_without_it_nobody_gets_around_by_another_door(
    city: GridCity, client: Client, settings: Settings, office_user: User
) -> None:
    settings.SECOND_FACTOR = SecondFactor.OFFICE
    hidden = AppealFactory(category=city.categories["lamp"], hidden=True)
    log_in(client, office_user)
    for path in ("/en/admin/", "/en/desk/scoreboard/", f"/en/desk/appeals/{hidden.number}/"):
        assert client.get(path)["Location"] == reverse("mfa_index"), path
    sent = client.post(f"/en/desk/appeals/{hidden.number}/", {"verb": "show", "version": 1})
    assert sent["Location"] == reverse("mfa_index")
    hidden.refresh_from_db()
    assert hidden.hidden
    assert client.get(f"/api/appeals/{hidden.pk}/").status_code == 404
    assert client.get(f"/en/appeals/{hidden.number}/").status_code == 410
    operator = UserFactory(is_superuser=True, is_staff=True)
    log_in(other := Client(), operator)
    assert other.get("/en/admin/")["Location"] == reverse("mfa_index")


def test_an_administrator_takes_it_away_from_who_has_lost_the_phone(
    city: GridCity, secured: tuple[User, str, list[str]], light_user: User
) -> None:
    administrator = MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user
    client = Client()
    client.force_login(administrator)
    url = reverse("desk:person", args=[light_user.pk])
    assert "Remove the second step" in client.get(url).content.decode()
    client.post(url, {"do": "factor"})
    assert not Authenticator.objects.filter(user=light_user).exists()
    assert PersonChange.objects.get(person=light_user).what == "factor"
    assert "Remove the second step" not in client.get(url).content.decode()
    assert log_in(fresh := Client(), light_user).status_code == 302
    assert fresh.get("/en/desk/").status_code == 200


def test_an_unlocked_screen_removes_nothing(secured: tuple[User, str, list[str]]) -> None:
    user, _secret, codes = secured
    client = Client()
    log_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": codes[1]})
    removing = reverse("mfa_deactivate_totp")
    assert "/accounts/reauthenticate/" in client.post(removing)["Location"]
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(removing).status_code == 302
    assert not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_its_pages_are_in_our_shell_and_language(client: Client, light_user: User, language: str) -> None:
    log_in(client, light_user)
    confirm(client)
    for path in ("", "app/", "keys/", "keys/add/"):
        page = client.get(f"/{language}/accounts/second-step/{path}")
        assert page.status_code == 200, path
        assert "site-header" in page.content.decode()
