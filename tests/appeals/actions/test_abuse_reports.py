"""What must not be read: reported once a person, closed by whoever has read it, at whichever door, and forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LetterChoice
from accounts.posts import Post
from appeals.actions import abuse_reports
from appeals.actions.abuse_reports import Received, forget_abuse_reports, parts_to_report, report_abuse
from appeals.actions.comment import take_back_comment
from appeals.actions.perform import perform
from appeals.actions.residents import delete_account
from appeals.actors import Person
from appeals.errors import Invalid, NotAllowed
from appeals.limits import ABUSE_REPORT_DAYS
from appeals.models import AbuseReport, Appeal, Message
from appeals.notify.delivery import deliver_due
from appeals.notify.reported import REPORTED
from appeals.querysets import MOST_URGENT
from appeals.vocabulary import Verb
from appeals.workflow import (
    ACCEPT,
    ANSWER,
    CLEAR,
    HIDE,
    HIDE_COMMENT,
    HIDE_FILE,
    NOTE,
    REDACT,
    SHOW,
    SHOW_COMMENT,
)
from tests.factories import AttachmentFactory, CommentFactory, MembershipFactory
from tests.grid import GridCity

Make = Callable[..., Appeal]


def report(appeal: Appeal, **given: Any) -> Received:
    values = {"reason": "insult", "person": "browser", "sender": "address 192.0.2.1"}
    return report_abuse(appeal, **(values | given))


def open_of(appeal: Appeal) -> list[int]:
    return list(AbuseReport.objects.open().filter(appeal=appeal).values_list("pk", flat=True))


def test_once_a_person_and_nothing_of_who_it_is_is_kept(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    appeal = make()
    assert report(appeal, words=" They call\nme names \u200b") is Received.STORED
    assert report(appeal, reason="other") is Received.BEFORE
    assert report(appeal, person="", sender="address 192.0.2.2") is Received.STORED
    assert report(appeal, person="", sender="address 192.0.2.2") is Received.BEFORE
    first, second = AbuseReport.objects.all()
    assert (first.reason, first.words) == ("insult", "They call\nme names")
    kept = f"{first.person} {first.place} {second.person} {second.place}"
    assert "browser" not in kept
    assert "192" not in kept
    assert first.place != second.place
    # Neither a version nor a step: no form of anybody grows stale by it.
    fresh = Appeal.objects.get(pk=appeal.pk)
    assert (fresh.version, fresh.events.count()) == (1, 1)
    monkeypatch.setattr(abuse_reports, "ABUSE_REPORTS_MAX", 2)
    assert report(appeal, person="a third") is Received.ENOUGH
    assert len(open_of(appeal)) == 2
    # Of a comment of it nobody has said anything.
    comment = CommentFactory(appeal=appeal)
    assert report(appeal, person="a third", part=f"comment-{comment.pk}") is Received.STORED


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": "boring"}, "reason"),
        ({"reason": ["insult"]}, "reason"),
        ({"part": []}, "part"),
        ({"part": "step-99"}, "part"),
        ({"part": {}}, "part"),
        ({"part": None}, None),
        ({"part": 5}, "part"),
        ({"words": "x" * 1001}, "words"),
        ({"words": "a\x00b"}, "words"),
        ({"words": 5}, "words"),
    ],
)
def test_what_cannot_be_taken_is_said(make: Make, given: dict[str, Any], field: str | None) -> None:
    if field is None:
        assert report(make(), **given) is Received.STORED
        return
    with pytest.raises(Invalid) as refusal:
        report(make(), **given)
    assert list(refusal.value.errors) == [field]
    assert not AbuseReport.objects.exists()


def test_a_part_is_what_the_public_sees(make: Make, service_actor: Person, office_actor: Person) -> None:
    appeal = make()
    photo, hidden = AttachmentFactory(appeal=appeal), AttachmentFactory(appeal=appeal, hidden=True)
    perform(appeal.pk, NOTE, service_actor, version=1, text="whisper")
    perform(appeal.pk, ANSWER, service_actor, version=2, text="Repaired, you fool")
    codes = [part.code for part in parts_to_report(appeal)]
    assert codes == ["text", f"file-{photo.pk}", "step-3"]
    report(appeal, part="step-3")
    report(appeal, part=f"file-{photo.pk}", person="another")
    for unseen in (f"file-{hidden.pk}", "step-2"):
        with pytest.raises(Invalid):
            report(appeal, part=unseen, person="a third")
    step, file = AbuseReport.objects.all()
    assert step.event is not None
    assert (step.event.version, step.attachment, file.attachment, file.event) == (3, None, photo, None)
    # What a moderator has left is not brought up by the same person again, another part of it is.
    perform(appeal.pk, CLEAR, office_actor, version=3)
    assert report(appeal, part="step-3") is Received.BEFORE
    assert report(appeal, part="text") is Received.STORED
    perform(appeal.pk, HIDE, office_actor, version=4, text="Insult")
    with pytest.raises(NotAllowed):
        report(appeal, person="a fourth")


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (CLEAR, {"text": "An opinion"}),
        (HIDE_FILE, {"text": "Face"}),
        (REDACT, {"text": "Name", "pieces": "lamp"}),
    ],
    ids=str,
)
def test_a_decision_closes_what_was_read_and_nothing_that_came_meanwhile(
    make: Make, office_actor: Person, service_actor: Person, verb: Verb, given: dict[str, Any]
) -> None:
    appeal = make(text="The lamp is out")
    if verb is HIDE_FILE:
        given = given | {"file": AttachmentFactory(appeal=appeal).pk}
    report(appeal)
    read = open_of(appeal)
    report(appeal, person="meanwhile")
    perform(appeal.pk, verb, office_actor, version=1, reports=read, **given)
    (left,) = open_of(appeal)
    assert left not in read
    (closed,) = AbuseReport.objects.filter(pk__in=read)
    assert closed.closed_by is not None
    assert (closed.closed_by.verb, closed.closed_by.actor) == (verb.code, office_actor.user)
    # Nobody else's form is stale, whoever writes at that moment.
    perform(appeal.pk, ACCEPT, service_actor, version=1)


def test_the_second_of_two_moderators_is_told(make: Make, office_actor: Person) -> None:
    appeal = make()
    with pytest.raises(NotAllowed, match="somebody has decided already"):
        perform(appeal.pk, CLEAR, office_actor, version=1, reports=[])
    report(appeal)
    read = open_of(appeal)
    perform(appeal.pk, CLEAR, office_actor, version=1, reports=read)
    report(appeal, person="meanwhile")
    # One is open, which this moderator has not read.
    with pytest.raises(NotAllowed, match="somebody has decided already"):
        perform(appeal.pk, CLEAR, office_actor, version=1, reports=read, text="A note")
    assert len(open_of(appeal)) == 1
    assert Appeal.objects.get(pk=appeal.pk).version == 2


def test_each_comment_is_reported_by_itself(make: Make, office_actor: Person) -> None:
    appeal, other = make(), make()
    rude, worse = CommentFactory(appeal=appeal), CommentFactory(appeal=appeal)
    assert report(appeal) is Received.STORED
    for comment in (rude, worse):
        assert report(appeal, part=f"comment-{comment.pk}") is Received.STORED
        assert report(appeal, part=f"comment-{comment.pk}") is Received.BEFORE
    assert report(appeal, part=f"comment-{rude.pk}", person="another") is Received.STORED
    hidden = CommentFactory(appeal=appeal, hidden=True)
    for n, code in enumerate((hidden.pk, CommentFactory(appeal=other).pk, "", "x", "9" * 30, -1)):
        with pytest.raises(Invalid) as refusal:
            report(appeal, part=f"comment-{code}", sender=f"address 192.0.3.{n}")
        assert list(refusal.value.errors) == ["part"]
    perform(appeal.pk, HIDE_COMMENT, office_actor, version=1, comment=rude.pk, text="An insult", reports=[])
    left = AbuseReport.objects.open()
    assert [report.comment for report in left] == [None, worse]
    assert {report.closed_by.verb for report in AbuseReport.objects.filter(comment=rude)} == {"hide_comment"}
    # It can be shown again, but the same person has had a decision.
    perform(appeal.pk, SHOW_COMMENT, office_actor, version=2, comment=rude.pk)
    assert report(appeal, part=f"comment-{rude.pk}") is Received.BEFORE


@pytest.mark.parametrize(
    ("verb", "given", "left"),
    [
        (CLEAR, {}, False),
        (REDACT, {"text": "Name", "pieces": "lamp"}, True),
        (HIDE_FILE, {"text": "Face"}, True),
        (HIDE, {"text": "Insult", "reports": []}, False),
    ],
    ids=str,
)
def test_what_is_done_to_the_appeal_decides_nothing_about_a_comment(
    make: Make, office_actor: Person, verb: Verb, given: dict[str, Any], left: bool
) -> None:
    appeal = make(text="The lamp is out")
    if verb is HIDE_FILE:
        given = given | {"file": AttachmentFactory(appeal=appeal).pk}
    comment = CommentFactory(appeal=appeal)
    report(appeal)
    report(appeal, part=f"comment-{comment.pk}")
    perform(appeal.pk, verb, office_actor, version=1, **({"reports": open_of(appeal)} | given))
    assert [each.comment for each in AbuseReport.objects.open()] == [comment] * left


def test_a_comment_that_is_taken_back_leaves_no_report(make: Make) -> None:
    appeal = make()
    first, second = CommentFactory(appeal=appeal), CommentFactory(appeal=appeal)
    for comment in (first, second):
        report(appeal, part=f"comment-{comment.pk}")
    assert Appeal.objects.to_moderate().get() == appeal
    assert take_back_comment(appeal, first.resident, first.pk)
    assert not take_back_comment(appeal, first.resident, second.pk)
    assert [each.comment for each in AbuseReport.objects.all()] == [second]
    delete_account(second.resident, data_too=False)
    assert not AbuseReport.objects.exists()
    assert not Appeal.objects.to_moderate()


def test_what_hides_or_shows_closes_all(make: Make, office_actor: Person) -> None:
    appeal = make()
    report(appeal)
    perform(appeal.pk, HIDE, office_actor, version=1, text="Insult", reports=[])
    assert open_of(appeal) == []
    AbuseReport.objects.update(closed_by=None)
    assert not Appeal.objects.to_moderate()
    perform(appeal.pk, SHOW, office_actor, version=2, reports=[])
    assert open_of(appeal) == []


def test_closed_ones_are_forgotten_after_their_time(make: Make, office_actor: Person) -> None:
    first, second = make(), make()
    for appeal in (first, second):
        report(appeal)
    perform(first.pk, CLEAR, office_actor, version=1)
    end = timezone.now() + dt.timedelta(days=ABUSE_REPORT_DAYS)
    assert forget_abuse_reports(end - dt.timedelta(minutes=5)) == 0
    assert forget_abuse_reports(end + dt.timedelta(minutes=5)) == 1
    assert [each.appeal_id for each in AbuseReport.objects.all()] == [second.pk]


def test_what_no_person_has_filled_in_is_kept_and_brings_nothing_before_a_moderator(
    make: Make, office_actor: Person, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.REPORTED_BY_MANY = 2
    monkeypatch.setattr(abuse_reports, "ABUSE_REPORTS_MAX", 2)
    appeal, other = make(), make()
    for n in range(2):
        assert (
            report(appeal, person=f"program {n}", sender=f"address 192.0.2.{n}", baited=True)
            is Received.STORED
        )
    assert report(appeal, person="program 3", baited=True) is Received.ENOUGH
    assert not Appeal.objects.to_moderate()
    assert not Message.objects.filter(kind=REPORTED).exists()
    # They take no room from a person, who has the appeal looked at, and are closed with what was looked at.
    assert report(appeal) is Received.STORED
    assert [each.turn for each in Appeal.objects.to_moderate().by_urgency()] == [1]
    perform(appeal.pk, CLEAR, office_actor, version=1, reports=open_of(appeal))
    assert open_of(appeal) == []
    report(other, baited=True)
    end = timezone.now() + dt.timedelta(days=ABUSE_REPORT_DAYS)
    assert forget_abuse_reports(end - dt.timedelta(minutes=5)) == 0
    assert forget_abuse_reports(end + dt.timedelta(minutes=5)) == 4


class TestMany:
    """Reports of one appeal by several people, whom their connections and browsers tell apart."""

    @pytest.fixture(autouse=True)
    def _three(self, city: GridCity, settings: Settings) -> None:
        settings.REPORTED_BY_MANY = 3
        city.services["office"].email = "office@city.example"
        city.services["office"].save()

    def report_as(self, appeal: Appeal, browser: int, connection: int, **given: Any) -> None:
        person, sender = f"browser {browser}", f"address 192.0.{connection}.1"
        assert report(appeal, person=person, sender=sender, **given) is Received.STORED

    def turn(self, appeal: Appeal) -> int:
        turn: int = Appeal.objects.by_urgency().get(pk=appeal.pk).turn
        return turn

    def test_nothing_is_hidden_and_the_office_gets_one_letter(
        self, city: GridCity, make: Make, office_actor: Person, settings: Settings
    ) -> None:
        settings.LANGUAGE_CODE = "en"
        first, appeal = make(), make()
        dispatcher = MembershipFactory(service=city.services["office"], post=Post.DISPATCHER).user
        for user in (dispatcher, office_actor.user):
            LetterChoice.objects.create(user=user, how=LetterChoice.How.AT_ONCE, language="en")
        report(first)
        for n in range(3):
            assert self.turn(appeal) == 1
            assert not Message.objects.exists()
            self.report_as(appeal, n, n)
        assert self.turn(appeal) == 0
        assert Appeal.objects.public().filter(pk=appeal.pk).exists()
        urgent = Appeal.objects.to_moderate().by_urgency().order_by(*MOST_URGENT.names)
        assert list(urgent) == [appeal, first]
        self.report_as(appeal, 4, 4)
        deliver_due()
        told = {letter.to[0]: letter for letter in mail.outbox}
        # Not whoever may not read what was reported.
        assert set(told) == {"office@city.example", office_actor.user.email}
        assert len(mail.outbox) == 2
        letter = told["office@city.example"]
        assert letter.subject == f"Many people have reported № {appeal.number}: please look at it now"
        assert f"/en/desk/moderation/#appeal-{appeal.number}" in letter.body
        # Once a moderator has looked, no number brings it up again.
        perform(appeal.pk, CLEAR, office_actor, version=1)
        mail.outbox.clear()
        for n in range(10, 14):
            self.report_as(appeal, n, n)
        assert self.turn(appeal) == 1
        deliver_due()
        assert mail.outbox == []

    def test_one_person_is_not_many(self, make: Make, office_actor: Person) -> None:
        by_browsers, by_connections, hidden = make(), make(), make()
        comments = [CommentFactory(appeal=by_connections) for _ in range(3)]
        for n in range(3):
            self.report_as(by_browsers, n, 7)
            self.report_as(by_connections, 8, n, part=f"comment-{comments[n].pk}")
            self.report_as(hidden, n, n + 20)
        assert self.turn(by_browsers) == self.turn(by_connections) == 1
        assert self.turn(hidden) == 0
        # What was decided before the letter went out is told of no more.
        perform(hidden.pk, HIDE, office_actor, version=1, text="Insult")
        mail.outbox.clear()
        deliver_due()
        assert not [letter for letter in mail.outbox if "reported" in letter.subject]

    def test_who_hides_a_comment_has_not_looked_at_the_appeal(self, make: Make, office_actor: Person) -> None:
        appeal = make()
        comment = CommentFactory(appeal=appeal)
        perform(appeal.pk, HIDE_COMMENT, office_actor, version=1, comment=comment.pk, text="Rude")
        for n in range(3):
            self.report_as(appeal, n, n)
        assert self.turn(appeal) == 0
