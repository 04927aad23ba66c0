from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from appeals.actions.submit import Submission, submit
from appeals.actions.upload import ORPHAN_AGE, remove_orphans, sweep_uploads, upload
from appeals.errors import Conflict, Invalid
from appeals.intake.identifiers import new_uuid7
from appeals.models import Attachment
from appeals.tasks import prepare_video
from jobs.schedule import registered
from jobs.worker import Worker
from media import turns
from media.confined import ProcessedVideo, process_video
from media.storage import FORGOTTEN_AFTER
from tests.grid import GridCity


@pytest.fixture(autouse=True)
def _own_folders(stored_in: Path) -> None:
    """Nothing is stored among the files of other tests."""


ENGLISH = {"accept-language": "en"}


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def photo(colour: str = "red", name: str = "photo.jpg") -> SimpleUploadedFile:
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(picture, "JPEG")
    return SimpleUploadedFile(name, picture.getvalue())


@pytest.fixture(scope="module")
def film_bytes() -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for n in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), n * 20, np.uint8), format="rgb24")
            container.mux(track.encode(frame))
        container.mux(track.encode())
    return stream.getvalue()


@pytest.mark.django_db
class TestPhoto:
    def test_ready_at_once_in_two_sizes(self, tmp_path: Path) -> None:
        stored = upload(uuid4(), photo(), sender=None)
        assert (stored.kind, stored.state, stored.width, stored.height) == ("photo", "ready", 640, 480)
        assert len(files_below(tmp_path / "media")) == 2
        assert files_below(tmp_path / "uploads") == []

    def test_sent_twice_is_one(self, tmp_path: Path) -> None:
        upload_id = uuid4()
        assert upload(upload_id, photo(), sender=None) == upload(upload_id, photo(), sender=None)
        assert Attachment.objects.count() == 1
        assert len(files_below(tmp_path / "media")) == 2

    def test_other_file_under_a_known_id_is_refused(self) -> None:
        upload_id = uuid4()
        upload(upload_id, photo("red"), sender=None)
        with pytest.raises(Conflict):
            upload(upload_id, photo("blue"), sender=None)

    def test_refused_file_leaves_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid) as refusal:
            upload(uuid4(), SimpleUploadedFile("photo.jpg", b"<html><script>alert(1)</script>"), sender=None)
        assert list(refusal.value.errors) == ["file"]
        assert not Attachment.objects.exists()
        assert files_below(tmp_path) == []


@pytest.mark.django_db(transaction=True)
class TestVideo:
    def test_prepared_by_the_worker_even_after_the_appeal_took_it(
        self, film_bytes: bytes, submission: Callable[..., Submission], tmp_path: Path
    ) -> None:
        stored = upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None)
        assert stored.state == "processing"
        appeal = submit(submission(uploads=(stored.pk,)), sender=None).appeal
        assert Worker().drain() == 1
        stored.refresh_from_db()
        assert (stored.state, stored.appeal) == ("ready", appeal)
        assert stored.playable.name.endswith(".mp4")
        assert stored.thumb.name
        assert stored.duration_s == pytest.approx(1.0, abs=0.2)
        assert files_below(tmp_path / "uploads") == []

    def test_film_that_is_none_is_refused_at_once(self, film_bytes: bytes, tmp_path: Path) -> None:
        with pytest.raises(Invalid):
            upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes[:200]), sender=None)
        assert files_below(tmp_path) == []
        assert not Attachment.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestOrphans:
    def test_forgotten_upload_is_removed_with_its_files(self, tmp_path: Path) -> None:
        upload(uuid4(), photo(), sender=None)
        assert remove_orphans() == 0
        assert remove_orphans(timezone.now() + ORPHAN_AGE + dt.timedelta(minutes=1)) == 1
        assert files_below(tmp_path) == []

    def test_taken_upload_stays(self, submission: Callable[..., Submission]) -> None:
        stored = upload(uuid4(), photo(), sender=None)
        submit(submission(uploads=(stored.pk,)), sender=None)
        assert remove_orphans(timezone.now() + ORPHAN_AGE + dt.timedelta(minutes=1)) == 0
        assert Attachment.objects.exists()


@pytest.mark.django_db
def test_upload_of_another_appeal_cannot_be_taken(submission: Callable[..., Submission]) -> None:
    stored = upload(uuid4(), photo(), sender=None)
    submit(submission(uploads=(stored.pk,)), sender=None)
    with pytest.raises(Invalid):
        submit(submission(uploads=(stored.pk,)), sender=None)


@pytest.mark.django_db
def test_a_film_removed_while_it_was_prepared_leaves_no_files(
    tmp_path: Path, film_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None)

    def prepared_too_late(*paths: Path) -> ProcessedVideo:
        made = process_video(*paths)
        Attachment.objects.filter(pk=stored.pk).delete()
        return made

    monkeypatch.setattr("appeals.tasks.process_video", prepared_too_late)
    assert prepare_video.call(str(stored.pk)) == "gone"
    assert files_below(tmp_path / "media") == []


@pytest.mark.django_db
class TestSweeping:
    """A process was killed between its files and their row; or a worker between two tries."""

    @pytest.fixture
    def later(self) -> dt.datetime:
        return timezone.now() + FORGOTTEN_AFTER + dt.timedelta(minutes=1)

    def test_files_without_a_row_are_removed_and_no_others(self, tmp_path: Path, later: dt.datetime) -> None:
        stored = upload(uuid4(), photo(), sender=None)
        kept = set(files_below(tmp_path / "media"))
        upload(uuid4(), photo("blue"), sender=None)
        # As a kill leaves them.
        Attachment.objects.exclude(pk=stored.pk).delete()
        (tmp_path / "uploads" / "originals").mkdir(parents=True)
        (tmp_path / "uploads" / "originals" / str(uuid4())).touch()
        # A second form of the first photo, whose row names the other one.
        (tmp_path / "media" / "photos" / f"{stored.pk}_x1Y2z3.jpg").touch()
        assert sweep_uploads() == 0
        assert sweep_uploads(later) == 4
        assert set(files_below(tmp_path)) == kept

    def test_files_that_bear_no_key_are_not_ours_to_judge(self, tmp_path: Path, later: dt.datetime) -> None:
        (tmp_path / "media" / "photos").mkdir(parents=True)
        (tmp_path / "media" / "photos" / "demo-lamp.jpg").touch()
        assert sweep_uploads(later) == 0

    def test_the_worker_does_it_every_day(self) -> None:
        swept = {job.name: job.interval for job in registered()}
        assert swept["appeals.actions.upload.sweep_uploads"] == dt.timedelta(days=1)


@pytest.mark.django_db
class TestBusy:
    @pytest.fixture(autouse=True)
    def _others_are_first(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[None]:
        settings.VAR_DIR = tmp_path / "var"
        monkeypatch.setattr(turns.turn.__wrapped__, "__defaults__", (0.0,))
        with turns.turn():
            yield

    def test_the_api_says_when_to_come_again(self, client: Client, tmp_path: Path) -> None:
        answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": photo()}, headers=ENGLISH)
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert int(answer["Retry-After"]) > 0
        assert "try again" in answer.json()["title"]
        assert not Attachment.objects.exists()
        assert files_below(tmp_path / "media") == []

    def test_the_form_keeps_its_words(self, city: GridCity, client: Client) -> None:
        page = client.post("/en/appeals/new/", {"text": "The lamp is dark", "files": [photo()]})
        assert page.status_code == 400
        assert "photo.jpg: Many photos are arriving" in page.content.decode()
        assert "The lamp is dark</textarea>" in page.content.decode()


@pytest.mark.django_db
def test_a_fault_of_the_machine_is_no_fault_of_the_photo(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path / "file"
    settings.VAR_DIR.touch()
    answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": photo()}, headers=ENGLISH)
    assert answer.status_code == 503
    assert "the fault is ours" in answer.json()["title"]
