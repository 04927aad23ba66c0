"""Files that were uploaded before are given to the appeal that names them, all of them or none."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction

from appeals.actions.attachments import attach
from appeals.errors import Invalid
from appeals.limits import ATTACHMENTS_MAX
from appeals.models import Appeal, Attachment
from media.refusal import Refusal
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


def refused(appeal: Appeal, *uploads: uuid.UUID) -> list[str]:
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        attach(uploads, appeal=appeal, event=None)
    assert list(refusal.value.errors) == ["uploads"]
    assert not Attachment.objects.filter(appeal=appeal).exists()
    return refusal.value.errors["uploads"]


def test_files_become_the_event_s(appeal: Appeal) -> None:
    event = appeal.events.get()
    other = AttachmentFactory(appeal=None)
    files = [AttachmentFactory(appeal=None) for _n in range(ATTACHMENTS_MAX)]
    # Named twice is one file.
    attach([files[0].pk, *(file.pk for file in files)], appeal=appeal, event=event)
    for file in files:
        file.refresh_from_db()
        assert (file.appeal, file.event) == (appeal, event)
    other.refresh_from_db()
    assert other.appeal is None


def test_without_files_nothing_is_asked(appeal: Appeal, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        attach([], appeal=appeal, event=None)


def test_too_many(appeal: Appeal) -> None:
    files = [AttachmentFactory(appeal=None).pk for _n in range(ATTACHMENTS_MAX + 1)]
    assert refused(appeal, *files) == [f"At most {ATTACHMENTS_MAX} photos and videos."]


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
