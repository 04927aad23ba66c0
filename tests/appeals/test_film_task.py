"""What becomes of a film that the worker prepares: taken, refused, tried again, or gone before it was made."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.models import User
from appeals import tasks
from appeals.actions.attachments import attach
from appeals.actions.upload import upload
from appeals.errors import Invalid
from appeals.models import Attachment
from appeals.tasks import prepare_video
from bootstrap.rates import Rate
from jobs import schedule
from jobs.worker import ATTEMPTS_MAX, Worker, requeue_abandoned
from media.confined import ProcessedVideo, ProcessingFailed, process_video
from media.refusal import MediaRefused, Refusal
from rates.taking import TooMany
from tests.factories import AppealFactory, AttachmentFactory

pytestmark = pytest.mark.django_db(transaction=True)


def film(width: int = 64, height: int = 48) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        for n in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), n * 20, np.uint8), format="rgb24")
            container.mux(track.encode(frame))
        container.mux(track.encode())
    return stream.getvalue()


@pytest.fixture(scope="module")
def film_bytes() -> bytes:
    return film()


@pytest.fixture(autouse=True)
def _alone(stored_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No files of other tests, and no periodic job beside the films."""
    monkeypatch.setattr(schedule, "_REGISTERED", {})


def sent(content: bytes) -> Attachment:
    """A film that an appeal has just taken."""
    stored = upload(uuid4(), SimpleUploadedFile("film.mp4", content), sender=None)
    assert stored.state == Attachment.State.PROCESSING
    attach([stored.pk], appeal=AppealFactory(), event=None, holders=None)
    stored.refresh_from_db()
    return stored


def names_below(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.rglob("*") if path.is_file()}


def test_a_film_that_no_page_can_show_is_refused_when_it_comes(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="16"):
        sent(film(width=64, height=8))
    assert names_below(tmp_path) == set()


def test_a_film_that_no_page_can_show_is_refused_by_the_worker(film_bytes: bytes, tmp_path: Path) -> None:
    stored = sent(film_bytes)
    Path(stored.original.path).write_bytes(film(width=64, height=8))
    assert names_below(tmp_path) == {"originals"}
    assert Worker().drain() == 1
    stored.refresh_from_db()
    assert (stored.state, stored.error) == (Attachment.State.FAILED, f"{Refusal.VIDEO_TOO_SMALL}:16")
    assert not (stored.original or stored.playable or stored.large or stored.thumb)
    # What arrived is not kept, since nothing can be made of it; and there is nothing to be tried again.
    assert names_below(tmp_path) == set()
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


@pytest.mark.parametrize(("limit", "error"), [(120, "video_too_long:120"), (None, "video_too_long")])
def test_the_reason_is_kept_with_its_limit(
    film_bytes: bytes, monkeypatch: pytest.MonkeyPatch, limit: int | None, error: str
) -> None:
    def refuse(*paths: Path) -> ProcessedVideo:
        raise MediaRefused(Refusal.VIDEO_TOO_LONG, limit)

    monkeypatch.setattr(tasks, "process_video", refuse)
    stored = sent(film_bytes)
    assert prepare_video.call(str(stored.pk)) == Attachment.State.FAILED
    stored.refresh_from_db()
    assert (stored.state, stored.error) == (Attachment.State.FAILED, error)


def test_a_fault_of_the_machine_is_tried_again(
    film_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def once_full(*paths: Path) -> ProcessedVideo:
        tries.append(paths[0])
        if len(tries) == 1:
            raise ProcessingFailed("No space left on device")
        return process_video(*paths)

    monkeypatch.setattr(tasks, "process_video", once_full)
    stored = sent(film_bytes)
    assert Worker().drain() == 1
    stored.refresh_from_db()
    assert stored.state == Attachment.State.PROCESSING
    assert names_below(tmp_path) == {"originals"}
    DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
    assert Worker().drain() == 1
    stored.refresh_from_db()
    assert (stored.state, stored.error, len(tries)) == (Attachment.State.READY, "", 2)
    assert names_below(tmp_path) == {"videos", "photos", "thumbs"}


def test_the_original_may_be_gone_before_the_worker_comes(film_bytes: bytes, tmp_path: Path) -> None:
    stored = sent(film_bytes)
    Path(stored.original.path).unlink()
    with pytest.raises(ProcessingFailed, match="FileNotFoundError"):
        prepare_video.call(str(stored.pk))
    assert names_below(tmp_path) == set()


def test_a_film_that_was_removed_before_its_turn_is_no_failure(film_bytes: bytes) -> None:
    stored = sent(film_bytes)
    Attachment.objects.all().delete()
    assert Worker().drain() == 1
    row = DBTaskResult.objects.get()
    assert (row.status, row.return_value) == (TaskResultStatus.SUCCESSFUL, "gone")
    assert prepare_video.call(str(stored.pk)) == "gone"


def test_a_film_that_is_made_already_is_left_as_it_is(film_bytes: bytes, tmp_path: Path) -> None:
    stored = sent(film_bytes)
    assert prepare_video.call(str(stored.pk)) == Attachment.State.READY
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert len(made) == 3
    # A worker that died after its last write leaves a task that another one takes up.
    assert prepare_video.call(str(stored.pk)) == Attachment.State.READY
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == made


class TestGivenUp:
    """Every attempt failed, and through no fault of the film: nobody waits for it for ever."""

    @pytest.fixture
    def given_up(self, film_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> Attachment:
        def full(*paths: Path) -> ProcessedVideo:
            raise ProcessingFailed("No space left on device")

        stored = sent(film_bytes)
        with monkeypatch.context() as patched:
            patched.setattr(tasks, "process_video", full)
            for _ in range(ATTEMPTS_MAX):
                assert Attachment.objects.get().state == Attachment.State.PROCESSING
                DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
                assert Worker().drain() == 1
        stored.refresh_from_db()
        return stored

    def test_it_is_said_and_what_was_received_is_kept(self, given_up: Attachment) -> None:
        assert (given_up.state, given_up.error) == (Attachment.State.FAILED, Refusal.VIDEO_NOT_PREPARED)
        assert Path(given_up.original.path).is_file()
        assert "the fault is ours" in given_up.error_text

    def test_a_worker_that_dies_of_it_every_time_gives_up_too(self, film_bytes: bytes) -> None:
        stored = sent(film_bytes)
        row = DBTaskResult.objects.get()
        for n in range(ATTEMPTS_MAX):
            row.claim(f"dead-{n}")
        requeue_abandoned()
        stored.refresh_from_db()
        assert stored.state == Attachment.State.FAILED

    def test_it_can_be_prepared_again_in_the_admin(
        self, given_up: Attachment, client: Client, stored_in: Path
    ) -> None:
        photo = AttachmentFactory(appeal=None)
        client.force_login(User.objects.create_superuser("operator@city.example"))
        address = reverse("admin:appeals_attachment_changelist")
        page = client.post(
            address, {"action": "prepare_again", "_selected_action": [given_up.pk, photo.pk]}, follow=True
        ).content.decode()
        assert "Videos that will be prepared again: 1." in page
        assert "could be tried again: 1." in page
        given_up.refresh_from_db()
        assert (given_up.state, given_up.error) == (Attachment.State.PROCESSING, "")
        assert Worker().drain() == 1
        given_up.refresh_from_db()
        assert given_up.state == Attachment.State.READY
        photo.refresh_from_db()
        assert photo.state == Attachment.State.READY

    def test_a_form_that_sends_it_again_is_told_why_it_cannot_be_taken(
        self, given_up: Attachment, film_bytes: bytes
    ) -> None:
        with pytest.raises(Invalid) as again:
            upload(given_up.pk, SimpleUploadedFile("film.mp4", film_bytes), sender=None)
        assert again.value.errors == {"file": [given_up.error_text]}


def test_what_cannot_be_written_leaves_no_files(
    film_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away when the film ends: it is made again, and nothing of the first time stays."""

    def away(*given: object, **named: object) -> str:
        raise OperationalError("server closed the connection unexpectedly")

    stored = sent(film_bytes)
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "_finish", away)
        assert Worker().drain() == 1
    assert names_below(tmp_path) == {"originals"}
    DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
    assert Worker().drain() == 1
    stored.refresh_from_db()
    assert stored.state == Attachment.State.READY


def test_a_lost_connection_costs_no_film(film_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film takes minutes, in which the server may restart; nothing needs a connection until it has ended."""

    def meanwhile(*paths: Path) -> ProcessedVideo:
        assert connection.connection is None
        return process_video(*paths)

    monkeypatch.setattr(tasks, "process_video", meanwhile)
    stored = sent(film_bytes)
    assert Worker().drain() == 1
    stored.refresh_from_db()
    assert stored.state == Attachment.State.READY
    assert len(DBTaskResult.objects.get().worker_ids) == 1


def test_a_film_that_another_worker_has_made_is_not_replaced(
    film_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = sent(film_bytes)

    def slow(*paths: Path) -> ProcessedVideo:
        made = process_video(*paths)
        monkeypatch.setattr(tasks, "process_video", process_video)
        # This worker was taken for dead.
        assert prepare_video.call(str(stored.pk)) == Attachment.State.READY
        return made

    monkeypatch.setattr(tasks, "process_video", slow)
    assert prepare_video.call(str(stored.pk)) == "gone"
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    stored.refresh_from_db()
    assert files == {Path(stored.playable.path), Path(stored.large.path), Path(stored.thumb.path)}


def waiting() -> list[str]:
    """Keys of the films, in the order in which the worker takes them."""
    return [row.args_kwargs["args"][0] for row in DBTaskResult.objects.ready()]


def test_nothing_is_prepared_for_an_upload_that_no_appeal_has_taken(film_bytes: bytes) -> None:
    stored = upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None)
    assert waiting() == []
    attach([stored.pk], appeal=AppealFactory(), event=None, holders=None)
    assert waiting() == [str(stored.pk)]


def test_the_first_film_of_each_appeal_is_before_anybodys_second(film_bytes: bytes) -> None:
    many = [upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None) for _n in range(2)]
    greedy = AppealFactory()
    attach([one.pk for one in many], appeal=greedy, event=None, holders=None)
    one = sent(film_bytes)
    first, second, *_rest = waiting()
    assert first in {str(film.pk) for film in many}
    assert second == str(one.pk)


def test_a_films_work_is_charged_before_it_is_done(film_bytes: bytes, settings: Settings) -> None:
    # Ten pictures of 64 × 48: a hundredth of a second, of which whole ones are counted.
    settings.LIMITS = {"film-work": Rate(1, 1, 86_400)}
    upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender="address 192.0.2.1")
    with pytest.raises(TooMany):
        upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes + b" "), sender="address 192.0.2.1")
    upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender="address 192.0.2.2")
    assert Attachment.objects.count() == 2
