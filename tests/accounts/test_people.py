"""Posts and what they are for; who may give and take them; what happens to the work of whoever leaves."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from accounts import people
from accounts.models import Membership, PersonChange, User
from accounts.posts import Post, Right
from accounts.roles import Role, standing_of
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.errors import NotAllowed
from appeals.models import Appeal
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, ASSIGN, HIDE, NOTE, REOPEN, SHOW
from geo.refusals import Refused
from tests.factories import AppealFactory, MembershipFactory, PersonChangeFactory, UserFactory
from tests.grid import GridCity

NEWCOMER = people.Newcomer("Aida@City.Example", "Аида", "Осмонова")


def holder(city: GridCity, service: str, post: Post) -> User:
    return MembershipFactory(service=city.services[service], post=post).user


def history(person: User) -> list[tuple[str, str, str]]:
    rows = PersonChange.objects.filter(person=person).order_by("pk")
    return [(row.what, row.service.code if row.service else "", row.post) for row in rows]


#: Post, its service: role towards an appeal of the lighting service, of the Mayor's Office; rights; heads anybody.
TABLE = [
    ("light", Post.REPRESENTATIVE, "service", "public", set(), False),
    ("light", Post.HEAD, "service", "public", {Right.OWN_PEOPLE}, True),
    ("roads", Post.HEAD, "public", "public", {Right.OWN_PEOPLE}, True),
    ("office", Post.REPRESENTATIVE, "office", "office", {Right.FIGURES, Right.ADMIN, Right.NEWS}, False),
    ("office", Post.DISPATCHER, "dispatcher", "dispatcher", {Right.FIGURES}, False),
    ("office", Post.MODERATOR, "moderator", "moderator", set(), False),
    ("office", Post.PLANNER, "public", "public", {Right.FIGURES}, False),
    (
        "office",
        Post.ADMINISTRATOR,
        "office",
        "office",
        {Right.FIGURES, Right.ADMIN, Right.NEWS, Right.PEOPLE, Right.FILES},
        False,
    ),
    # No such post there: whatever put it in the table, it is worth nothing.
    ("light", Post.ADMINISTRATOR, "public", "public", set(), False),
    ("office", Post.HEAD, "public", "public", set(), False),
]


@pytest.mark.parametrize(("service", "post", "of_light", "of_office", "rights", "heads"), TABLE)
def test_what_each_post_is_for(
    city: GridCity, service: str, post: Post, of_light: str, of_office: str, rights: set[Right], heads: bool
) -> None:
    standing = standing_of(holder(city, service, post))
    assert standing.role_towards(city.services["light"].pk) == of_light
    assert standing.role_towards(city.services["office"].pk) == of_office
    assert standing.rights == rights
    assert standing.heads == ({city.services[service].pk} if heads else set())


def test_a_planner_sees_no_queue_and_no_hidden_appeal(city: GridCity, client: Client) -> None:
    hidden = AppealFactory(category=city.categories["lamp"], hidden=True)
    planner = holder(city, "office", Post.PLANNER)
    assert not Appeal.objects.visible_to(planner).filter(pk=hidden.pk).exists()
    client.force_login(planner)
    assert client.get("/en/desk/", follow=True).redirect_chain == [("/en/desk/scoreboard/", 302)]
    assert client.get(f"/en/desk/appeals/{hidden.number}/").status_code == 404
    assert (
        client.get("/en/admin/").status_code == 403
        or client.get("/en/admin/", follow=True).status_code == 403
    )


def test_dispatchers_hide_nothing_and_moderators_answer_nothing(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    dispatcher, moderator = (
        Person(holder(city, "office", post)) for post in (Post.DISPATCHER, Post.MODERATOR)
    )
    with pytest.raises(NotAllowed):
        perform(appeal.pk, HIDE, dispatcher, version=None, text="Names")
    with pytest.raises(NotAllowed):
        perform(appeal.pk, ANSWER, moderator, version=None, text="Done")
    perform(appeal.pk, HIDE, moderator, version=None, text="Names")
    perform(appeal.pk, NOTE, moderator, version=None, text="Seen")
    perform(appeal.pk, SHOW, moderator, version=None)
    perform(appeal.pk, ANSWER, dispatcher, version=None, text="Done")
    perform(appeal.pk, REOPEN, dispatcher, version=None, text="Not done")
    # The public sees the Mayor's Office, whoever of it acted.
    assert {event.actor_role for event in appeal.events.filter(actor__isnull=False)} == {Role.OFFICE}
    for person, shown, not_shown in ((dispatcher, "answer", "hide"), (moderator, "hide", "answer")):
        client.force_login(person.user)
        page = client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
        assert f'name="verb" value="{shown}"' in page
        assert f'name="verb" value="{not_shown}"' not in page


def test_an_invitation(city: GridCity, administrator: User) -> None:
    person = people.invite(administrator, NEWCOMER, city.services["light"], Post.HEAD)
    assert (person.email, person.has_usable_password()) == ("aida@city.example", False)
    assert standing_of(person).heads == {city.services["light"].pk}
    assert history(person) == [("invited", "light", "head")]
    with pytest.raises(Refused, match="already"):
        people.invite(administrator, NEWCOMER, city.services["light"], Post.HEAD)


def test_whoever_is_invited_by_two_at_once_is_invited_once(
    city: GridCity, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before either has written."""
    person = people.invite(administrator, NEWCOMER, city.services["light"], Post.HEAD)
    monkeypatch.setattr(QuerySet, "exists", lambda _rows: False)
    with pytest.raises(Refused, match="already"):
        people.invite(administrator, NEWCOMER, city.services["light"], Post.HEAD)
    assert PersonChange.objects.count() == 1
    assert User.objects.filter(email=person.email).count() == 1


@pytest.mark.parametrize(
    ("service", "post"), [("office", Post.HEAD), ("light", Post.ADMINISTRATOR), ("light", "king")]
)
def test_there_is_no_such_post(city: GridCity, administrator: User, service: str, post: str) -> None:
    with pytest.raises(Refused, match="no such post"):
        people.invite(administrator, NEWCOMER, city.services[service], post)
    assert not User.objects.filter(email="aida@city.example").exists()


def test_a_head_looks_after_her_own_service_alone(city: GridCity, head: User) -> None:
    lamp, road = holder(city, "light", Post.REPRESENTATIVE), holder(city, "roads", Post.REPRESENTATIVE)
    assert set(people.looked_after_by(head)) == {head, lamp}
    person = people.invite(head, NEWCOMER, city.services["light"], Post.REPRESENTATIVE)
    people.give(head, person, city.services["light"], Post.HEAD)
    for service in ("roads", "office"):
        with pytest.raises(PermissionDenied):
            people.give(head, person, city.services[service], Post.REPRESENTATIVE)
        with pytest.raises(PermissionDenied):
            people.take_away(head, road, city.services[service])
    with pytest.raises(PermissionDenied):
        people.deactivate(head, road)
    # Somebody who works elsewhere too is not hers to dismiss, but leaves her service.
    Membership.objects.create(user=lamp, service=city.services["roads"])
    with pytest.raises(PermissionDenied):
        people.deactivate(head, lamp)
    people.take_away(head, lamp, city.services["light"])
    assert [one.service.code for one in lamp.memberships.all()] == ["roads"]


@pytest.mark.parametrize("post", [Post.REPRESENTATIVE, Post.DISPATCHER, Post.MODERATOR, Post.PLANNER])
def test_nobody_else_gives_anything(city: GridCity, post: Post) -> None:
    by = holder(city, "office", post)
    with pytest.raises(PermissionDenied):
        people.invite(by, NEWCOMER, city.services["light"], Post.REPRESENTATIVE)
    with pytest.raises(PermissionDenied):
        people.deactivate(by, UserFactory())


def test_nobody_changes_their_own_rights_or_an_operator(city: GridCity, administrator: User) -> None:
    with pytest.raises(Refused, match="own rights"):
        people.give(administrator, administrator, city.services["light"], Post.HEAD)
    with pytest.raises(Refused, match="own rights"):
        people.take_away(administrator, administrator, city.services["office"])
    operator = UserFactory(is_superuser=True)
    for deed in (
        lambda: people.deactivate(administrator, administrator),
        lambda: people.deactivate(administrator, operator),
        lambda: people.give(administrator, operator, city.services["light"], Post.HEAD),
    ):
        with pytest.raises(PermissionDenied):
            deed()


def test_whoever_leaves_hands_over_and_is_out_at_once(
    city: GridCity, client: Client, administrator: User
) -> None:
    person = holder(city, "light", Post.REPRESENTATIVE)
    Membership.objects.create(user=person, service=city.services["roads"])
    lamp, pothole, done = (
        AppealFactory(category=city.categories[category]) for category in ("lamp", "pothole", "lamp")
    )
    for appeal in (lamp, pothole, done):
        perform(appeal.pk, ASSIGN, Person(administrator), version=None, assignee=person)
    perform(done.pk, ANSWER, Person(person), version=None, text="Done")
    people.take_away(administrator, person, city.services["roads"])
    assert not Appeal.objects.get(pk=pothole.pk).assignee
    assert Appeal.objects.get(pk=lamp.pk).assignee == person
    client.force_login(person)
    assert client.get("/en/desk/").status_code == 200
    people.deactivate(administrator, person)
    assert client.get("/en/desk/").status_code == 302
    assert not Appeal.objects.get(pk=lamp.pk).assignee
    assert Appeal.objects.get(pk=done.pk).status == Status.ANSWERED
    assert lamp.events.filter(verb="assign", actor=administrator).count() == 2
    assert history(person) == [("taken", "roads", "representative"), ("deactivated", "", "")]
    assert list(PersonChange.objects.order_by("pk").values_list("handed_over", flat=True)) == [1, 1]
    people.activate(administrator, person)
    assert history(person)[-1] == ("activated", "", "")
    assert User.objects.get(pk=person.pk).is_active


def test_the_history_is_append_only(city: GridCity) -> None:
    change = PersonChangeFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        PersonChange.objects.filter(pk=change.pk).update(what="given")
    with pytest.raises(DatabaseError), transaction.atomic():
        PersonChange.objects.filter(pk=change.pk).delete()


def test_what_the_operator_does_in_the_admin_is_in_the_history_too(city: GridCity, client: Client) -> None:
    operator = UserFactory(is_staff=True, is_superuser=True)
    membership = MembershipFactory(service=city.services["light"])
    person = membership.user
    appeal = AppealFactory(category=city.categories["lamp"])
    perform(appeal.pk, ASSIGN, Person(operator), version=None, assignee=person)
    client.force_login(operator)
    form = {
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": membership.pk,
        "memberships-0-user": person.pk,
        "memberships-0-service": city.services["light"].pk,
        "memberships-0-post": "head",
    }
    url = reverse("admin:accounts_user_change", args=[person.pk])
    assert client.post(url, {**form, "is_active": "on"}).status_code == 302
    assert history(person) == [("given", "light", "head")]
    # A post that there is not at a service is refused there too.
    refused = client.post(url, {**form, "is_active": "on", "memberships-0-post": "planner"})
    assert "There is no such post" in refused.content.decode()
    assert client.post(url, form).status_code == 302
    assert history(person)[-1] == ("deactivated", "", "")
    assert not Appeal.objects.get(pk=appeal.pk).assignee
    delete = reverse("admin:accounts_membership_delete", args=[membership.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 302
    assert history(person)[-1] == ("taken", "light", "head")
