"""Files that were uploaded before are given to the appeal that names them, all of them or none."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from django_tasks.base import TASK_MIN_PRIORITY
from django_tasks_db.models import DBTaskResult

from appeals.actions.attachments import attach
from appeals.errors import Invalid
from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from appeals.models import Appeal, Attachment
from media.refusal import Refusal
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


def refused(appeal: Appeal, *uploads: uuid.UUID) -> list[str]:
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        attach(uploads, appeal=appeal, event=None, holders=None)
    assert list(refusal.value.errors) == ["uploads"]
    assert not Attachment.objects.filter(appeal=appeal).exists()
    return refusal.value.errors["uploads"]


def test_files_become_the_event_s(appeal: Appeal) -> None:
    event = appeal.events.get()
    other = AttachmentFactory(appeal=None)
    files = [AttachmentFactory(appeal=None) for _n in range(PHOTOS_MAX)]
    files += [AttachmentFactory(appeal=None, kind="video") for _n in range(VIDEOS_MAX)]
    # Named twice is one file.
    attach([files[0].pk, *(file.pk for file in files)], appeal=appeal, event=event, holders=None)
    for file in files:
        file.refresh_from_db()
        assert (file.appeal, file.event) == (appeal, event)
    other.refresh_from_db()
    assert other.appeal is None


def test_without_files_nothing_is_asked(appeal: Appeal, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        attach([], appeal=appeal, event=None, holders=None)


@pytest.mark.parametrize(("kind", "most"), [("photo", PHOTOS_MAX), ("video", VIDEOS_MAX)])
def test_too_many(appeal: Appeal, kind: str, most: int) -> None:
    files = [AttachmentFactory(appeal=None, kind=kind).pk for _n in range(most + 1)]
    assert refused(appeal, *files) == [f"At most {PHOTOS_MAX} photos and {VIDEOS_MAX} videos."]


def test_one_that_has_not_arrived_or_is_another_s(appeal: Appeal) -> None:
    arrived = AttachmentFactory(appeal=None)
    for missing in (uuid.uuid4(), AttachmentFactory(appeal=AppealFactory(category=appeal.category)).pk):
        (sentence,) = refused(appeal, arrived.pk, missing)
        assert "has not arrived or has expired" in sentence


def test_a_film_that_could_not_be_read_says_why(appeal: Appeal) -> None:
    failed = AttachmentFactory(appeal=None, state=Attachment.State.FAILED, error=Refusal.VIDEO_CUT_SHORT)
    # What failed and is not asked for says nothing.
    AttachmentFactory(appeal=None, state=Attachment.State.FAILED, error=Refusal.VIDEO_WITHOUT_PICTURE)
    arrived = AttachmentFactory(appeal=None)
    assert refused(appeal, arrived.pk, failed.pk) == [failed.error_text]


def film(appeal: Appeal | None = None, **values: object) -> Attachment:
    values = {"kind": Attachment.Kind.VIDEO, "state": Attachment.State.PROCESSING} | values
    return AttachmentFactory(appeal=appeal, **values)


def priorities() -> dict[str, int]:
    """Of each film that is to be prepared, by its key."""
    return {row.args_kwargs["args"][0]: row.priority for row in DBTaskResult.objects.all()}


def test_each_further_film_of_an_appeal_waits_behind_the_one_before(appeal: Appeal) -> None:
    photo, first, second, untaken = AttachmentFactory(appeal=None), film(), film(), film()
    attach([second.pk, photo.pk, first.pk], appeal=appeal, event=None, holders=None)
    assert priorities() == {str(first.pk): 0, str(second.pk): -1}
    # What came with an earlier step counts, and is not prepared twice; what is ready makes nobody wait.
    Attachment.objects.filter(pk=first.pk).update(state=Attachment.State.READY)
    attach([untaken.pk], appeal=appeal, event=appeal.events.get(), holders=None)
    assert priorities() == {str(first.pk): 0, str(second.pk): -1, str(untaken.pk): -1}


def test_no_film_waits_longer_than_the_queue_knows(appeal: Appeal) -> None:
    for _n in range(-TASK_MIN_PRIORITY + 1):
        film(appeal)
    last = film()
    attach([last.pk], appeal=appeal, event=None, holders=None)
    assert priorities() == {str(last.pk): TASK_MIN_PRIORITY}
