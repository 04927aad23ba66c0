"""Each role, each verb, each door: done or refused as the table says, and nothing else is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Post
from accounts.roles import Role, standing_of
from appeals.guards import barred
from appeals.models import Appeal, Attachment, Comment, LegalTerm, RefusalGround
from appeals.vocabulary import Input, Kind, Status, Verb
from appeals.workflow import VERBS
from tests.factories import (
    AbuseReportFactory,
    AppealFactory,
    AttachmentFactory,
    CommentFactory,
    MembershipFactory,
    UserFactory,
)
from tests.grid import GridCity
from tests.pictures import photo_of

#: It goes the same ways over and over, each of which has its own test:
#: coverage, which would add two thirds to its time, does not count it.
pytestmark = pytest.mark.no_cover

#: Who, and what the person belongs to: a service and a post, nothing, or the appeal itself.
PEOPLE: dict[str, tuple[str, Post] | None] = {
    "the service": ("light", Post.REPRESENTATIVE),
    "the head of the service": ("light", Post.HEAD),
    "another service": ("roads", Post.REPRESENTATIVE),
    "the office": ("office", Post.REPRESENTATIVE),
    "a dispatcher": ("office", Post.DISPATCHER),
    "a moderator": ("office", Post.MODERATOR),
    "a planner": ("office", Post.PLANNER),
    "somebody with an account": None,
    "nobody": None,
    "the author": None,
    "the author of another appeal": None,
}


def fields_of(verb: Verb, appeal: Appeal, other: Appeal) -> dict[str, object]:
    """A form that is right, so that the table alone decides."""
    files, comments = Attachment.objects.filter(appeal=appeal), Comment.objects.filter(appeal=appeal)
    values: dict[Input, Callable[[], object]] = {
        Input.TEXT: lambda: "Some words",
        Input.OWN_TEXT: lambda: "Other words",
        Input.WORDS: lambda: appeal.text,
        Input.SERVICE: lambda: "roads",
        Input.SHOWN_FILE: lambda: files.get(hidden=False).pk,
        Input.HIDDEN_FILE: lambda: files.get(hidden=True).pk,
        Input.PHOTO: lambda: files.get(hidden=False).pk,
        Input.COVERED_PHOTO: lambda: files.get(hidden=False).pk,
        Input.AREAS: lambda: "10 10 20 20",
        Input.SHOWN_COMMENT: lambda: comments.get(hidden=False).pk,
        Input.HIDDEN_COMMENT: lambda: comments.get(hidden=True).pk,
        Input.GROUND: lambda: "insult",
        Input.APPEAL: lambda: other.number,
        Input.CATEGORY: lambda: "pothole",
        Input.RELATED: lambda: other.number,
        Input.LINKED: lambda: appeal.linked.get().number,
        Input.SECOND_CATEGORY: lambda: "pothole",
        Input.KIND: lambda: "report" if Kind(appeal.kind).is_legal else "complaint",
        Input.VERDICT: lambda: "yes",
        Input.DAY: lambda: (timezone.localdate() + dt.timedelta(days=5)).isoformat(),
    }
    if verb.code == "identify":
        return {
            "verb": verb.code,
            "version": appeal.version,
            "kind": "complaint",
            "name": "Osmonova Aigul",
            "postal_address": "Kurmanjan Datka 1",
            "phone": "+996 700 000 001",
        }
    asked = {ask.name: values[ask.input]() for ask in verb.asks if ask.input in values}
    if verb.settles:
        asked["reports"] = [report.pk for report in appeal.abuse_reports.all()]
    return {"verb": verb.code, "version": appeal.version, **asked}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", PEOPLE)
def test_as_the_table_says(city: GridCity, client: Client, stored_in: Path, who: str, status: Status) -> None:
    LegalTerm.objects.update(extension_days=5)
    RefusalGround.objects.create(code="insult", name="insult", law="law")
    appeal = AppealFactory(category=city.categories["lamp"], status=status)
    other = AppealFactory(category=city.categories["lamp"])
    appeal.linked.add(AppealFactory(category=city.categories["lamp"]))
    AbuseReportFactory(appeal=appeal)
    AttachmentFactory(appeal=appeal, hidden=True)
    CommentFactory(appeal=appeal)
    CommentFactory(appeal=appeal, hidden=True)
    photo = photo_of(appeal)
    Attachment.objects.filter(pk=photo.pk).update(
        covered=[[0, 0, 1, 1]], whole_large=photo.large.name, whole_thumb=photo.thumb.name
    )
    person, belongs = UserFactory(), PEOPLE[who]
    if belongs:
        code, post = belongs
        MembershipFactory(user=person, service=city.services[code], post=post)
    role = standing_of(person).role_towards(appeal.service_id)
    door = f"/en/desk/appeals/{appeal.number}/"
    if who.startswith("the author"):
        role = Role.RESIDENT if who == "the author" else Role.PUBLIC
        of = appeal if who == "the author" else other
        door = f"/en/follow/{of.contact.secret}/"
    elif who != "nobody":
        client.force_login(person)
    not_met = barred(appeal, VERBS.values(), timezone.now())
    turn = list(Status).index(status) + list(PEOPLE).index(who)
    for n, verb in enumerate(VERBS.values()):
        expected = verb.allows(appeal.status, role, hidden=appeal.hidden, held=appeal.is_held, barred=not_met)
        # A refusal makes the whole page anew: here everybody is refused each verb in one state, another one from verb to
        # verb and from person to person; the whole table is that of ``tests.appeals.test_workflow``.
        if not expected and (n + turn) % len(Status):
            continue
        with transaction.atomic():
            answer = client.post(door, fields_of(verb, appeal, other))
            done = appeal.events.filter(verb=verb.code, version=appeal.version + 1).exists()
            transaction.set_rollback(True)
        assert done == (expected and bool(verb.sources)), (who, verb.code, status, answer.status_code)
        assert answer.status_code < 500
