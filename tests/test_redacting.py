"""Words are taken out of an appeal: gone at every door at once, kept for the Mayor's Office, and put back by one press."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from accounts.posts import Post
from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, Event, Redaction
from appeals.notify.delivery import deliver_due
from appeals.workflow import ANSWER, NOTE, REDACT, RESTORE
from tests.doors import doors
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity

WRITTEN = "Бакыт Асанов from flat 17 broke the lamp. Ask  bakyt\nasanov himself!"
ANSWERED = "We have spoken with Бакыт Асанов, +996 555 123456."
PIECES = "Бакыт Асанов\nflat 17\nbakyt asanov\n+996 555 123456"
SECRET = ("Асанов", "flat 17", "asanov", "123456")
REASON = "A stranger is named"


@pytest.fixture
def appeal(city: GridCity, light_user: User) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"],
        language="en",
        text=WRITTEN,
        address="Lenin street, flat 17",
        contact__email="resident@example.org",
    )
    return perform(made.pk, ANSWER, Person(light_user), version=1, text=ANSWERED)


def redact(appeal: Appeal, by: User, words: str = PIECES, reason: str = REASON) -> Appeal:
    return perform(appeal.pk, REDACT, Person(by), version=appeal.version, pieces=words, text=reason)


def test_gone_at_every_door_with_who_and_why(client: Client, appeal: Appeal, office_user: User) -> None:
    before = {door: client.get(door).content.decode() for door in doors(appeal)}
    assert all("flat 17" in page for page in before.values())
    redact(appeal, office_user)
    for door in doors(appeal):
        shown = client.get(door, headers={"cache-control": "no-cache"}).content.decode()
        assert not any(word in shown for word in SECRET), door
    page = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert "[…] from […] broke the lamp. Ask  […] himself!" in page
    assert "We have spoken with […], […]." in page
    assert "Words are taken out: " in page
    assert REASON in page
    assert not client.get("/api/appeals.geojson", {"q": "Асанов"}).json()["features"]
    assert client.get("/api/appeals.geojson", {"q": "broke the lamp"}).json()["features"]


def test_the_author_is_told_why_and_letters_that_wait_hold_nothing_of_it(
    appeal: Appeal, office_user: User
) -> None:
    redact(appeal, office_user)
    deliver_due()
    of_author = [letter for letter in mail.outbox if letter.to == ["resident@example.org"]]
    told = [letter for letter in of_author if "have been taken out" in letter.subject]
    assert len(told) == 1
    assert REASON in told[0].body
    assert not any(word in letter.body for letter in mail.outbox for word in SECRET)


def test_only_the_office_sees_what_it_was(
    client: Client, appeal: Appeal, office_user: User, light_user: User, city: GridCity
) -> None:
    redact(appeal, office_user)
    moderator = MembershipFactory(service=city.services["office"], post=Post.MODERATOR).user
    desk = f"/en/desk/appeals/{appeal.number}/"
    for user in (office_user, moderator):
        client.force_login(user)
        page = client.get(desk).content.decode()
        assert "<del>Бакыт Асанов</del> from <del>flat 17</del> broke" in page
        assert "<del>+996 555 123456</del>" in page
    client.force_login(light_user)
    page = client.get(desk).content.decode()
    assert "What was taken out" not in page
    assert "flat 17" not in page
    assert "broke the lamp" in page


def test_the_desk_has_a_form_with_its_own_words(client: Client, appeal: Appeal, office_user: User) -> None:
    client.force_login(office_user)
    desk = f"/en/desk/appeals/{appeal.number}/"
    page = client.get(desk).content.decode()
    assert "Take words out" in page
    assert "Take them out" in page
    sent = {"verb": "redact", "version": appeal.version, "pieces": "flat 17", "text": REASON}
    assert client.post(desk, sent).status_code == 302
    assert "flat 17" not in Appeal.objects.get().text
    assert "Put the words back" in client.get(desk).content.decode()


def test_it_stands_again_as_it_was_written(client: Client, appeal: Appeal, office_user: User) -> None:
    redact(appeal, office_user, "flat 17")
    redact(Appeal.objects.get(), office_user, "bakyt ASANOV")
    now = Appeal.objects.get()
    perform(now.pk, RESTORE, Person(office_user), version=now.version)
    now.refresh_from_db()
    assert (now.text, now.address) == (WRITTEN, "Lenin street, flat 17")
    assert Event.objects.get(verb="answer").text == ANSWERED
    with pytest.raises(NotAllowed):
        perform(now.pk, RESTORE, Person(office_user), version=now.version)
    client.force_login(office_user)
    page = client.get(f"/en/desk/appeals/{now.number}/").content.decode()
    assert "<ins>flat 17</ins>" in page
    redact(now, office_user, "lamp")
    assert "[…]. Ask" in Appeal.objects.get().text


def test_notes_of_the_staff_stay_as_they_are(appeal: Appeal, office_user: User, light_user: User) -> None:
    perform(appeal.pk, NOTE, Person(light_user), version=None, text="flat 17: called")
    redact(Appeal.objects.get(), office_user, "flat 17")
    assert Event.objects.get(verb="note").text == "flat 17: called"


@pytest.mark.parametrize(
    ("words", "reason", "where", "said"),
    [
        ("", REASON, "pieces", "Write a few words."),
        ("flat 17\nnowhere at all", REASON, "pieces", "nowhere at all"),
        ("17", REASON, "pieces", "three characters"),
        ("[…]", REASON, "pieces", "[…]"),
        ("\n".join(["lamp"] * 21), REASON, "pieces", "too many"),
        ("lamp\nflat 17", "It names FLAT  17", "text", "do not repeat"),
        ("flat 17", "", "text", "Write a few words."),
    ],
)
def test_what_is_refused_changes_nothing(
    appeal: Appeal, office_user: User, words: str, reason: str, where: str, said: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        redact(appeal, office_user, words, reason)
    assert said in refusal.value.errors[where][0]
    assert Appeal.objects.get().text == WRITTEN
    assert not Redaction.objects.exists()


@pytest.mark.parametrize("post", [None, Post.DISPATCHER])
def test_services_and_dispatchers_take_nothing_out(
    appeal: Appeal, light_user: User, city: GridCity, post: str | None
) -> None:
    by = MembershipFactory(service=city.services["office"], post=post).user if post else light_user
    assert Person(by).role_towards(appeal) not in {Role.OFFICE, Role.MODERATOR}
    with pytest.raises(NotAllowed):
        redact(appeal, by)


def test_the_database_lets_no_text_of_the_history_be_changed_otherwise(
    appeal: Appeal, office_user: User
) -> None:
    redact(appeal, office_user, "flat 17")
    answer, kept = Event.objects.get(verb="answer"), Redaction.objects.first()
    assert kept is not None
    other = AppealFactory(category=appeal.category)
    forged = Event(appeal=other, version=99, verb="note", at=answer.at, actor_role="system", to_status="new", service=other.service)  # fmt: skip
    forged.save()
    for change in (
        lambda: Event.objects.filter(pk=answer.pk).update(text="Another answer"),
        lambda: Event.objects.filter(pk=answer.pk).update(actor=None),
        lambda: Event.objects.filter(pk=answer.pk).delete(),
        lambda: Redaction.objects.filter(pk=kept.pk).update(before="Nothing"),
        lambda: Redaction.objects.filter(pk=kept.pk).delete(),
        lambda: (
            Redaction.objects.create(event=forged, of_event=answer, field="text", before=answer.text, after="Lies"),
            Event.objects.filter(pk=answer.pk).update(text="Lies"),
        ),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Event.objects.get(pk=answer.pk).text == answer.text
