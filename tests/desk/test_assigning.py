"""Who of a service works on an appeal: taken or given, shown to the staff, never public, and never overwritten unseen."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.models import Appeal, Message
from appeals.vocabulary import Status
from appeals.workflow import ACCEPT, ANSWER, ASSIGN, FORWARD, NOTE
from tests.desk.pages import counts, get, make, numbers, url
from tests.factories import MembershipFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return make(city)


@pytest.fixture
def colleague(city: GridCity) -> User:
    user: User = MembershipFactory(
        service=city.services["light"], user__first_name="Айбек", user__last_name="Жумабаев"
    ).user
    return user


def chooser(page: str) -> str:
    """The form that names anybody of the service."""
    (form,) = (
        form
        for form in re.findall(r"<form.*?</form>", page, re.DOTALL)
        if "<select" in form and "assignee" in form
    )
    return form


def assign(appeal: Appeal, by: User, to: User | None, *, version: int = 1) -> Appeal:
    return perform(appeal.pk, ASSIGN, Person(by), version=version, assignee=to)


def test_whoever_takes_an_appeal_has_it_among_mine(
    city: GridCity, at_desk: Client, appeal: Appeal, light_user: User, colleague: User
) -> None:
    make(city)
    page = at_desk.get(url(appeal)).content.decode()
    take = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if "Take it myself" in form)
    sent = dict(re.findall(r'name="(verb|version|assignee)" value="([^"]+)"', take))
    assert sent == {"verb": "assign", "version": "1", "assignee": str(light_user.pk)}
    page = at_desk.post(url(appeal), sent, follow=True).content.decode()
    assert "Take it myself" not in page
    assert f"Who works on it: {light_user}" in page
    queue = get(at_desk, "?tab=mine")
    assert numbers(queue) == [appeal.number]
    assert counts(queue)["mine"] == "1"
    assert str(light_user) in queue[queue.index("<tbody") : queue.index("</tbody>")]
    theirs = Client()
    theirs.force_login(colleague)
    assert numbers(get(theirs, "?tab=mine")) == []
    assert len(numbers(get(theirs))) == 2


def test_the_form_offers_the_people_of_the_service_and_gives_it_to_one(
    city: GridCity, at_desk: Client, appeal: Appeal, colleague: User, outsider: User, office_user: User
) -> None:
    gone = MembershipFactory(service=city.services["light"], user__is_active=False).user
    form = chooser(at_desk.get(url(appeal)).content.decode())
    offered = set(re.findall(r'<option value="(\d+)"', form))
    assert str(colleague.pk) in offered
    assert not offered & {str(user.pk) for user in (gone, outsider, office_user)}
    at_desk.post(url(appeal), {"verb": "assign", "version": 1, "assignee": colleague.pk})
    appeal.refresh_from_db()
    assert (appeal.assignee, appeal.version) == (colleague, 2)
    (event,) = appeal.events.filter(verb="assign")
    assert (event.public, event.details) == (False, {"assignee": "Айбек Жумабаев"})
    assert "Who works on it: Айбек Жумабаев" in at_desk.get(url(appeal)).content.decode()
    at_desk.post(url(appeal), {"verb": "assign", "version": 2, "assignee": ""})
    appeal.refresh_from_db()
    assert appeal.assignee is None


def test_nobody_outside_of_the_desk_learns_who_it_is(
    appeal: Appeal, light_user: User, colleague: User, client: Client
) -> None:
    assign(appeal, light_user, colleague)
    letters = Message.objects.count()
    for path in (
        f"/en/appeals/{appeal.number}/",
        f"/en/follow/{appeal.contact.secret}/",
        f"/api/appeals/{appeal.pk}/?lang=en",
        "/api/appeals.geojson",
    ):
        answer = client.get(path)
        page = answer.getvalue() if answer.streaming else answer.content
        assert "Жумабаев" not in page.decode(), path
        assert "works on it" not in page.decode(), path
    assert letters == 0


@pytest.mark.parametrize("whose", ["outsider", "roads", "inactive", "nonsense"])
def test_it_goes_to_nobody_who_does_not_work_for_the_service(
    city: GridCity, appeal: Appeal, light_user: User, outsider: User, whose: str
) -> None:
    people: dict[str, object] = {
        "outsider": outsider,
        "roads": MembershipFactory(service=city.services["roads"]).user,
        "inactive": MembershipFactory(service=city.services["light"], user__is_active=False).user,
        "nonsense": "Aibek",
    }
    with pytest.raises(Invalid) as refusal:
        perform(appeal.pk, ASSIGN, Person(light_user), version=1, assignee=people[whose])
    assert list(refusal.value.errors) == ["assignee"]
    appeal.refresh_from_db()
    assert (appeal.assignee, appeal.version) == (None, 1)


def test_those_of_another_service_cannot_give_it_away(
    city: GridCity, appeal: Appeal, colleague: User
) -> None:
    stranger = MembershipFactory(service=city.services["roads"]).user
    with pytest.raises(NotAllowed):
        assign(appeal, stranger, colleague)


def test_two_who_give_it_away_at_once_do_not_overwrite_each_other(
    appeal: Appeal, light_user: User, colleague: User
) -> None:
    assign(appeal, light_user, colleague)
    with pytest.raises(Stale):
        assign(appeal, colleague, light_user)
    appeal.refresh_from_db()
    assert appeal.assignee == colleague


def test_an_answer_that_is_being_written_is_not_stale_since_somebody_was_named(
    appeal: Appeal, light_user: User, colleague: User
) -> None:
    assign(appeal, light_user, colleague)
    perform(appeal.pk, NOTE, Person(light_user), version=1, text="Ask the plant")
    assert perform(appeal.pk, ANSWER, Person(light_user), version=1, text="Done").status == Status.ANSWERED


def test_another_service_names_its_own_people(
    city: GridCity, appeal: Appeal, light_user: User, colleague: User
) -> None:
    assign(appeal, light_user, colleague)
    to_roads = {"to_service": city.services["roads"], "text": "Not ours"}
    assert perform(appeal.pk, FORWARD, Person(light_user), version=2, **to_roads).assignee is None
    appeal.refresh_from_db()
    assert appeal.assignee is None


def test_it_stays_with_whoever_took_it_through_its_life(
    appeal: Appeal, light_user: User, office_user: User
) -> None:
    assign(appeal, light_user, light_user)
    perform(appeal.pk, ACCEPT, Person(light_user), version=2)
    assert perform(appeal.pk, ANSWER, Person(office_user), version=3, text="x").assignee == light_user


def test_the_office_gives_it_to_the_people_of_the_service_alone(
    city: GridCity, client: Client, appeal: Appeal, office_user: User, colleague: User
) -> None:
    client.force_login(office_user)
    page = client.get(url(appeal)).content.decode()
    assert "Take it myself" not in page
    assert f'<option value="{colleague.pk}"' in chooser(page)
    assign(appeal, office_user, colleague)
    with pytest.raises(Invalid):
        assign(appeal, office_user, office_user, version=2)
