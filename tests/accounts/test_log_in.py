"""Guessing passwords is slowed for whoever guesses, at the one door there is; the owner of the account gets in."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from bootstrap.rates import Rate
from tests.factories import PASSWORD, MembershipFactory, UserFactory
from tests.grid import GridCity

OWNER = "owner@city.example"


@pytest.fixture
def owner(city: GridCity) -> User:
    return UserFactory(email=OWNER)


def log_in(address: str, password: str, email: str = OWNER, **headers: str) -> object:
    return Client().post(
        reverse("account_login"),
        {"login": email, "password": password},
        REMOTE_ADDR=address,
        headers=headers,
    )


def guess(address: str, times: int, **more: str) -> list[int]:
    return [log_in(address, f"wrong {n}", **more).status_code for n in range(times)]  # type: ignore[attr-defined]


def test_guessing_is_slowed_and_says_until_when(owner: User) -> None:
    statuses = guess("198.51.100.7", 12)
    assert statuses.count(200) == 5
    assert statuses[5:] == [429] * 7
    refused = log_in("198.51.100.7", PASSWORD)
    assert refused.status_code == 429  # type: ignore[attr-defined]
    assert int(refused["Retry-After"]) > 0  # type: ignore[index]
    page = refused.content.decode()  # type: ignore[attr-defined]
    assert "Too many wrong passwords" in page
    # What was typed is kept, the password alone excepted.
    assert f'value="{OWNER}"' in page
    assert PASSWORD not in page


def test_the_owner_gets_in_from_elsewhere_whatever_is_guessed(owner: User) -> None:
    for n in range(4):
        guess(f"198.51.100.{n}", 12)
    assert log_in("203.0.113.9", PASSWORD).status_code == 302  # type: ignore[attr-defined]


def test_a_colleague_at_the_same_address_gets_in(owner: User) -> None:
    UserFactory(email="colleague@city.example")
    guess("198.51.100.7", 12)
    assert log_in("198.51.100.7", PASSWORD, email="colleague@city.example").status_code == 302  # type: ignore[attr-defined]


def test_one_address_cannot_try_all_accounts(owner: User) -> None:
    statuses = [
        log_in("198.51.100.7", "wrong", email=f"person{n}@city.example").status_code  # type: ignore[attr-defined]
        for n in range(60)
    ]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_the_right_password_is_not_counted(owner: User) -> None:
    for _n in range(40):
        assert log_in("198.51.100.7", PASSWORD).status_code == 302  # type: ignore[attr-defined]


def test_letters_of_another_size_are_the_same_account(owner: User) -> None:
    guess("198.51.100.7", 5, email="OWNER@City.Example")
    assert log_in("198.51.100.7", "wrong").status_code == 429  # type: ignore[attr-defined]


def test_neighbours_of_one_ipv6_network_are_one_address(owner: User) -> None:
    for n in range(6):
        last = log_in(f"2001:db8:1:2::{n}", "wrong")
    assert last.status_code == 429  # type: ignore[attr-defined]
    assert log_in("2001:db8:1:3::1", "wrong").status_code == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "forwarded", ["garbage", "", "1.2.3.4, unknown", "\x00", "999.1.1.1", "9" * 4000, "::::"]
)
def test_a_forwarded_address_that_is_none_does_not_shut_the_door(
    owner: User, settings: Settings, forwarded: str
) -> None:
    settings.TRUSTED_PROXIES = 1
    answer = log_in("127.0.0.1", PASSWORD, **{"X-Forwarded-For": forwarded})
    assert answer.status_code == 302  # type: ignore[attr-defined]


def test_a_new_password_is_the_way_out_and_asked_for_without_end_it_is_slowed(owner: User) -> None:
    guess("198.51.100.7", 12)
    answers = [
        Client().post(reverse("account_reset_password"), {"email": OWNER}, REMOTE_ADDR="198.51.100.7")
        for _n in range(12)
    ]
    assert answers[0].status_code == 302
    assert answers[-1].status_code == 429
    assert f'value="{OWNER}"' in answers[-1].content.decode()
    assert len(mail.outbox) < 12


def test_a_letter_leads_to_the_public_address_whatever_host_was_named(
    owner: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://map.city.example"
    for email in (OWNER, "nobody@city.example"):
        Client().post(reverse("account_reset_password"), {"email": email}, headers={"Host": "localhost:1"})
    for letter in mail.outbox:
        assert "localhost:1" not in letter.body
    assert "https://map.city.example/en/accounts/password/reset/key/" in mail.outbox[0].body


def test_the_old_password_is_not_guessed_at_the_page_that_changes_it(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    form = {"oldpassword": "wrong", "password1": "another staple 7", "password2": "another staple 7"}
    statuses = [client.post(reverse("account_change_password"), form).status_code for _n in range(12)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


@pytest.mark.parametrize("path", ["/en/admin/login/", "/en/admin/login/?next=/en/admin/districts/service/"])
def test_the_admin_has_no_door_of_its_own(owner: User, path: str) -> None:
    User.objects.create_superuser("root@city.example", PASSWORD)
    form = {"username": "root@city.example", "password": PASSWORD}
    client = Client()
    for answer in (client.get(path), client.post(path, form)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/en/accounts/login/?next=")
    assert "_auth_user_id" not in client.session
    # Nor for whoever is in already: it would be a place to try other people's passwords.
    client.force_login(MembershipFactory().user)
    assert client.post(path, form).status_code == 403


def test_who_logs_in_at_the_one_door_comes_back_to_the_admin(owner: User) -> None:
    User.objects.create_superuser("root@city.example", PASSWORD)
    client = Client()
    asked = client.get("/en/admin/districts/service/", follow=True)
    door, status = asked.redirect_chain[-1]
    assert status == 302
    assert door.startswith("/en/accounts/login/?next=")
    entered = client.post(
        door,
        {"login": "root@city.example", "password": PASSWORD, "next": "/en/admin/districts/service/"},
        follow=True,
    )
    assert entered.status_code == 200
    assert entered.redirect_chain[-1][0] == "/en/admin/districts/service/"


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["ſ", "S", " s"])
def test_an_account_has_one_bucket_however_its_letters_are_written(written: str) -> None:
    owner = UserFactory(email="semetey@osh.example")
    assert guess("198.51.100.7", 5, email=owner.email) == [200] * 5
    same = owner.email.replace("s", written, 1)
    assert guess("198.51.100.7", 1, email=same) == [429]


def ask_for_a_letter(address: str, email: str = OWNER) -> int:
    asked = Client().post(reverse("account_reset_password"), {"email": email}, REMOTE_ADDR=address)
    return int(asked.status_code)


def test_others_do_not_use_up_a_persons_letters(owner: User, settings: Settings) -> None:
    assert [ask_for_a_letter("198.51.100.7") for _n in range(6)] == [302] * 5 + [429]
    assert ask_for_a_letter("203.0.113.9") == 302
    settings.LIMITS = {"password-reset-account": Rate(2, 1, 86_400)}
    assert [ask_for_a_letter(f"192.0.2.{n}", "nobody@city.example") for n in range(3)] == [302, 302, 429]


def test_the_cursor_stands_where_something_is_to_be_typed(owner: User) -> None:
    """First at the address, after a wrong password at the password."""
    pages = [Client().get(reverse("account_login")), log_in("198.51.100.7", "wrong")]
    focused = [
        re.findall(r'<input[^>]* name="(\w+)"[^>]* autofocus', page.content.decode())  # type: ignore[attr-defined]
        for page in pages
    ]
    assert focused == [["login"], ["password"]]
