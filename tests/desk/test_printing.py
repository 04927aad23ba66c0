"""What goes on paper: the list as it is filtered, an appeal with its history; nothing of the staff unless asked for."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, NOTE
from desk import printing
from tests.desk.pages import get, make, numbers, url
from tests.factories import DistrictFactory, MembershipFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity, light_user: User) -> Appeal:
    made = make(city, text="The lamp is dark", contact__name="Бакыт Эсенов", contact__phone="+996555987654")
    perform(made.pk, NOTE, Person(light_user), version=1, text="Ask the power plant")
    perform(made.pk, ANSWER, Person(light_user), version=1, text="A new lamp")
    return made


def test_the_whole_list_of_the_filter_in_its_order(
    city: GridCity, at_desk: Client, light_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.queue.PAGE_SIZE", 2)
    mine = [make(city, due_in=n, text=f"Bench {n}") for n in range(5)]
    make(city, text="Lamp")
    make(city, status=Status.CLOSED, text="Bench that is done")
    page = get(at_desk, "print/?tab=open&q=Bench&sort=-number")
    assert numbers(page) == [appeal.number for appeal in reversed(mine)]
    assert "Words, address or number: Bench" in page
    assert "5 appeals" in page
    assert f"Printed by {light_user}" in page
    assert 'href="/en/desk/print/?q=Bench&amp;tab=open"' in get(at_desk, "?tab=open&q=Bench")


def test_a_list_that_is_cut_says_so(city: GridCity, at_desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "ROWS_MAX", 2)
    for _ in range(2):
        make(city)
    assert "The list is longer" not in get(at_desk, "print/")
    make(city)
    page = get(at_desk, "print/")
    assert len(numbers(page)) == 2
    assert "only its first 2 appeals are here" in page


def test_a_broken_filter_prints_nothing(city: GridCity, at_desk: Client) -> None:
    assert at_desk.get("/en/desk/print/?from=yesterday")["Location"] == "/en/desk/?from=yesterday"


def test_an_appeal_without_and_with_what_is_not_public(
    at_desk: Client, appeal: Appeal, light_user: User
) -> None:
    inside = ("Ask the power plant", "Бакыт Эсенов", "+996555987654")
    page = get(at_desk, f"appeals/{appeal.number}/print/")
    for words in ("The lamp is dark", "A new lamp", "Answered: light en"):
        assert words in page
    body = page[page.index("<main") : page.index("Printed by")]
    assert not [words for words in (*inside, str(light_user)) if words in body]
    page = get(at_desk, f"appeals/{appeal.number}/print/?internal=1")
    assert all(words in page for words in inside)
    assert "For staff only" in page


def test_strangers_and_other_services_print_nothing_of_it(
    city: GridCity, client: Client, appeal: Appeal, outsider: User
) -> None:
    url = f"/en/desk/appeals/{appeal.number}/print/?internal=1"
    assert client.get(url).status_code == client.get("/en/desk/print/").status_code == 302
    client.force_login(outsider)
    assert client.get(url).status_code == client.get("/en/desk/print/").status_code == 403
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    assert client.get(url)["Location"] == f"/en/appeals/{appeal.number}/"
    assert numbers(get(client, "print/?tab=answered")) == []
    Appeal.objects.update(hidden=True)
    assert client.get(url).status_code == 404


def test_a_place_without_an_address_is_its_district_alone(
    city: GridCity, at_desk: Client, light_user: User
) -> None:
    district = DistrictFactory()
    appeal = make(city, address="", district=district)
    page = at_desk.get(f"{url(appeal)}print/").content.decode()
    assert f"<p>{district.name}</p>" in page
