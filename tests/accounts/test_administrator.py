"""./manage.py administrator: the first who looks after people, in a city that was set up before there were any."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import PersonChange, User
from accounts.posts import Post
from accounts.roles import standing_of
from config.checks import DATABASE_CHECKS
from tests.factories import MembershipFactory, UserFactory
from tests.grid import GridCity


def administrator(*arguments: str) -> str:
    out = io.StringIO()
    call_command("administrator", *arguments, stdout=out)
    return out.getvalue()


def advice() -> dict[str, str]:
    """What the checks of the database say, by their codes."""

    def ask(statement: str) -> object:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
        return row[0] if row else None

    return {str(each.id): str(each.hint) for check in DATABASE_CHECKS for each in check(ask)}


def test_the_first_one_chooses_a_password_and_invites(city: GridCity, client: Client) -> None:
    assert advice()["oshcity.W016"] == "./manage.py administrator EMAIL"
    said = administrator("Aida@City.example", "--first-name", "Аида")
    (path,) = re.findall(r"https?://[^/]+(/\S+)", said)
    form = client.get(path, follow=True)
    password = {"password1": "seven lamps of Osh", "password2": "seven lamps of Osh"}
    assert client.post(form.redirect_chain[-1][0], password).status_code == 302
    person = User.objects.get(email="aida@city.example")
    client.force_login(person)
    assert client.get("/en/desk/people/").status_code == 200
    assert "oshcity.W016" not in advice()
    assert list(PersonChange.objects.order_by("pk").values_list("what", flat=True)) == ["invited", "given"]
    assert "http" not in administrator("aida@city.example"), "whoever has a password needs no link"
    assert PersonChange.objects.count() == 2


def test_somebody_who_works_there_is_raised(city: GridCity) -> None:
    person = MembershipFactory(service=city.services["office"], post=Post.DISPATCHER).user
    administrator(person.email)
    assert standing_of(User.objects.get(pk=person.pk)).looks_after_people


@pytest.mark.parametrize("email", ["nobody", "", "a@b\nc"])
def test_what_is_no_address_is_refused(city: GridCity, email: str) -> None:
    with pytest.raises(CommandError, match="no e-mail address"):
        administrator(email)
    assert not User.objects.exists()


def test_nobody_who_was_dismissed_and_no_city_that_is_not_there(city: GridCity) -> None:
    gone = UserFactory(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        administrator(gone.email)
    city.services["office"].delete()
    with pytest.raises(CommandError, match="seed"):
        administrator("aida@city.example")
    assert not User.objects.filter(email="aida@city.example").exists()
