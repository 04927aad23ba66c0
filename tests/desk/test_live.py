"""What others do meanwhile reaches an open page: by a cheap question, and to nobody whom it does not concern."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal
from appeals.workflow import ACCEPT, FORWARD
from desk.live import PRESENT_S
from desk.models import Presence
from tests.desk.pages import make
from tests.factories import MembershipFactory
from tests.grid import GridCity

CHANGES = "/en/desk/changes/"


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return make(city)


@pytest.fixture
def colleague(city: GridCity) -> User:
    user: User = MembershipFactory(
        service=city.services["light"], user__first_name="Айбек", user__last_name="Жумабаев"
    ).user
    return user


def ask(client: Client, appeal: Appeal, **more: object) -> dict[str, list[str]]:
    answer = client.post(
        f"/en/desk/appeals/{appeal.number}/presence/",
        {"version": 1, "writer": client.session["_auth_user_id"], **more},
    )
    assert answer.status_code == 200
    told: dict[str, list[str]] = answer.json()
    return told


def test_a_list_that_is_as_it_was_answers_nothing(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User
) -> None:
    first = at_desk.get(CHANGES)
    assert first.json() == {"rows": {str(appeal.number): 1}}
    same = at_desk.get(CHANGES, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    came = make(city, due_in=20)
    make(city, "pothole")
    changed = at_desk.get(CHANGES, headers={"If-None-Match": first["ETag"]})
    assert changed.json() == {"rows": {str(appeal.number): 2, str(came.number): 1}}


def test_it_is_the_list_of_the_place(
    city: GridCity, at_desk: Client, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.queue.PAGE_SIZE", 1)
    other = make(city, due_in=30)
    assert set(at_desk.get(CHANGES).json()["rows"]) == {str(appeal.number)}
    assert set(at_desk.get(f"{CHANGES}?sort=-due").json()["rows"]) == {str(other.number)}
    assert at_desk.get(f"{CHANGES}?tab=closed").json()["rows"] == {}


def test_asking_costs_the_same_for_many_rows(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            at_desk.get(CHANGES)
        return len(captured)

    statements()  # the first of a session writes it
    before = statements()
    for n in range(30):
        make(city, due_in=n)
    # Session, person, services, calendar, rows.
    assert statements() == before == 5


def test_who_else_is_there_and_who_is_answering(
    at_desk: Client, appeal: Appeal, light_user: User, colleague: User
) -> None:
    assert ask(at_desk, appeal) == {"steps": [], "present": []}
    theirs = Client()
    theirs.force_login(colleague)
    assert ask(theirs, appeal)["present"] == [f"{light_user} has this open"]
    ask(theirs, appeal, writing="1")
    assert ask(at_desk, appeal)["present"] == ["Айбек Жумабаев is answering this right now"]
    assert Presence.objects.count() == 2
    gone = timezone.now() - dt.timedelta(seconds=PRESENT_S + 1)
    Presence.objects.filter(user=colleague).update(seen_at=gone)
    assert ask(at_desk, appeal)["present"] == []


def test_what_happened_is_said_and_nothing_else(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User, colleague: User
) -> None:
    perform(appeal.pk, ACCEPT, Person(colleague), version=1)
    assert ask(at_desk, appeal)["steps"] == ["Taken in progress: light en"]
    assert ask(at_desk, appeal, version=2)["steps"] == []
    for nonsense in ("", "x", "9" * 30, "-1"):
        assert ask(at_desk, appeal, version=nonsense)["steps"] == []
    to_roads = {"to_service": city.services["roads"], "text": "Not ours"}
    perform(appeal.pk, FORWARD, Person(colleague), version=2, **to_roads)
    assert ask(at_desk, appeal) == {"steps": ["The appeal is with another service now."], "present": []}


def test_strangers_and_other_services_learn_nothing(
    city: GridCity, client: Client, appeal: Appeal, outsider: User, colleague: User
) -> None:
    url = f"/en/desk/appeals/{appeal.number}/presence/"
    inside = Client()
    inside.force_login(colleague)
    ask(inside, appeal, writing="1")
    assert client.get(CHANGES).status_code == client.post(url).status_code == 401
    client.force_login(outsider)
    assert client.get(CHANGES).status_code == client.post(url).status_code == 401
    of_roads = MembershipFactory(service=city.services["roads"]).user
    client.force_login(of_roads)
    assert client.get(CHANGES).json() == {"rows": {}}
    assert "Жумабаев" not in client.post(url, {"writer": of_roads.pk}).content.decode()
    Appeal.objects.update(hidden=True)
    assert client.post(url, {"writer": of_roads.pk}).status_code == 404
    assert Presence.objects.count() == 1


def test_nobody_is_present_by_the_page_of_another(at_desk: Client, appeal: Appeal, colleague: User) -> None:
    answer = at_desk.post(f"/en/desk/appeals/{appeal.number}/presence/", {"writer": colleague.pk})
    assert answer.status_code == 409
    assert not Presence.objects.exists()


def test_where_somebody_was_is_forgotten(city: GridCity, at_desk: Client, appeal: Appeal) -> None:
    ask(at_desk, appeal)
    Presence.objects.update(seen_at=timezone.now() - dt.timedelta(hours=2))
    ask(at_desk, make(city))
    assert Presence.objects.count() == 1
