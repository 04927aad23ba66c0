"""What staff are writing is kept as it is, moved whole, and forgotten when it is empty."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import User
from appeals.actions.drafts import drop_draft, keep_draft, move_draft
from appeals.limits import ATTACHMENTS_MAX, DRAFT_MAX
from appeals.models import Appeal, Attachment, Draft
from tests.factories import AppealFactory, AttachmentFactory, UserFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


@pytest.fixture
def user(db: None) -> User:
    return UserFactory()


@pytest.fixture
def photos(db: None) -> list[Attachment]:
    return [AttachmentFactory(appeal=None) for _n in range(ATTACHMENTS_MAX + 1)]


def kept() -> list[tuple[str, str, int]]:
    return [(draft.verb, draft.text, draft.uploads.count()) for draft in Draft.objects.order_by("pk")]


def test_a_draft_is_what_was_written_last(user: User, appeal: Appeal, photos: list[Attachment]) -> None:
    first = keep_draft(user, appeal, "answer", text="A", uploads=[photos[0].pk])
    second = keep_draft(user, appeal, "answer", text=" A new\x00 lamp ", uploads=[photos[1].pk])
    assert first == second == Draft.objects.get()
    assert kept() == [("answer", " A new lamp ", 1)]
    assert Draft.objects.get().uploads.get() == photos[1]
    keep_draft(user, appeal, "note", text="x" * (DRAFT_MAX + 1))
    keep_draft(UserFactory(), appeal, "answer", text="Theirs")
    assert kept() == [("answer", " A new lamp ", 1), ("note", "x" * DRAFT_MAX, 0), ("answer", "Theirs", 0)]


def test_a_draft_takes_those_of_other_verbs_in(user: User, appeal: Appeal) -> None:
    first = keep_draft(user, appeal, "answer", text="A")
    for verb in ("note", "close"):
        keep_draft(user, appeal, verb, text=verb)
    assert keep_draft(user, appeal, "answer", text="A lamp", takes=["answer", "note"]) == first
    assert [text for _verb, text, _files in kept()] == ["A lamp", "close"]
    assert keep_draft(user, appeal, "answer", text="", takes=["close"]) is None
    assert kept() == []


def test_where_nothing_is_written_there_is_no_draft(
    user: User, appeal: Appeal, photos: list[Attachment]
) -> None:
    for text, uploads in (("A lamp", []), ("", [photos[0].pk])):
        assert keep_draft(user, appeal, "answer", text=text, uploads=uploads) is not None
        assert keep_draft(user, appeal, "answer", text=" \x00\n", uploads=[uuid.uuid4()]) is None
        assert kept() == []


def test_a_draft_takes_no_more_files_than_an_appeal_and_none_of_another(
    user: User, appeal: Appeal, photos: list[Attachment]
) -> None:
    taken = AttachmentFactory(appeal=appeal)
    keep_draft(user, appeal, "answer", text="", uploads=[taken.pk, *(photo.pk for photo in photos)])
    assert {*Draft.objects.get().uploads.all()} == {*photos[: ATTACHMENTS_MAX - 1]}


def test_what_was_sent_is_forgotten_and_nothing_else(user: User, appeal: Appeal) -> None:
    for verb in ("answer", "note"):
        keep_draft(user, appeal, verb, text=verb)
    keep_draft(UserFactory(), appeal, "answer", text="Theirs")
    keep_draft(user, AppealFactory(category=appeal.category), "answer", text="Elsewhere")
    drop_draft(user, appeal, "answer")
    assert [text for _verb, text, _files in kept()] == ["note", "Theirs", "Elsewhere"]


def test_a_draft_moves_to_another_appeal(user: User, appeal: Appeal, photos: list[Attachment]) -> None:
    other = AppealFactory(category=appeal.category)
    draft = keep_draft(user, appeal, "answer", text="A")
    # In another tab, after it was read for the move.
    latest = keep_draft(user, appeal, "answer", text="A lamp", uploads=[photos[0].pk])
    assert draft is not None and latest is not None
    written = latest.updated_at
    # Of somebody else, for another verb, of a third appeal: they stay what they are.
    keep_draft(UserFactory(), other, "answer", text="Theirs")
    keep_draft(user, other, "note", text="A note")
    keep_draft(user, AppealFactory(category=appeal.category), "answer", text="Elsewhere")
    moved = move_draft(draft, other)
    assert Draft.objects.get(appeal=other, user=user, verb="answer") == moved == draft
    moved.refresh_from_db()
    assert (moved.text, moved.uploads.get()) == ("A lamp", photos[0])
    assert moved.updated_at > written
    assert Draft.objects.count() == 4
    assert move_draft(moved, other) == moved


def test_a_draft_that_is_there_already_comes_first(
    user: User, appeal: Appeal, photos: list[Attachment]
) -> None:
    other = AppealFactory(category=appeal.category)
    there = keep_draft(user, other, "answer", text="A", uploads=[photos[0].pk])
    draft = keep_draft(user, appeal, "answer", text="x" * DRAFT_MAX, uploads=[photos[1].pk])
    assert draft is not None and there is not None
    assert move_draft(draft, other) == there
    there.refresh_from_db()
    assert there.text == f"A\n\n{'x' * (DRAFT_MAX - 3)}"
    assert {*there.uploads.all()} == {*photos[:2]}
    assert Draft.objects.get() == there
