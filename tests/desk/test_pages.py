"""What all pages of the desk have, and its papers have not."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.desk.pages import make
from tests.grid import GridCity

PAGES = [
    "",
    "appeals/{number}/",
    "drafts/",
    "field/",
    "filters/",
    "letters/",
    "people/",
    "people/{person}/",
    "scoreboard/",
    "templates/",
]
PAPERS = ["appeals/{number}/print/", "print/"]


def shown(client: Client, admin: User, city: GridCity, path: str) -> str:
    client.force_login(admin)
    appeal = make(city)
    person = admin.pk
    answer = client.get(f"/en/desk/{path.format(number=appeal.number, person=person)}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", [*PAGES, *PAPERS])
def test_nobody_else_finds_it(client: Client, admin_user: User, city: GridCity, path: str) -> None:
    page = shown(client, admin_user, city, path)
    assert page.count('<meta name="robots" content="noindex">') == 1
    assert 'rel="canonical"' not in page


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_for_the_session_and_knows_the_keys_once(
    client: Client, admin_user: User, city: GridCity, path: str
) -> None:
    page = shown(client, admin_user, city, path)
    assert page.count("<desk-session") == page.count("<desk-keys ") == page.count('id="keys-title"') == 1


@pytest.mark.parametrize("path", PAPERS)
def test_a_paper_has_neither(client: Client, admin_user: User, city: GridCity, path: str) -> None:
    page = shown(client, admin_user, city, path)
    assert "<desk-session" not in page
    assert "<desk-keys" not in page
