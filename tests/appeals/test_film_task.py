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
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from appeals import tasks
from appeals.actions.upload import upload
from appeals.models import Attachment
from appeals.tasks import prepare_video
from jobs import schedule
from jobs.worker import Worker
from media.confined import ProcessedVideo, ProcessingFailed, process_video
from media.refusal import MediaRefused, Refusal

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
    """A film as it has just been received."""
    stored = upload(uuid4(), SimpleUploadedFile("film.mp4", content), sender=None)
    assert stored.state == Attachment.State.PROCESSING
    return stored


def names_below(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.rglob("*") if path.is_file()}


def test_a_film_that_no_page_can_show_is_refused_by_the_worker(tmp_path: Path) -> None:
    stored = sent(film(width=64, height=8))
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
