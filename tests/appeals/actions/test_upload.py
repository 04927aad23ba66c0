from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

import av
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from PIL import Image
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.models import User
from appeals.actions.drafts import keep_draft
from appeals.actions.submit import Submission, submit
from appeals.actions.upload import (
    DRAFT_AGE,
    ORPHAN_AGE,
    TURN_RETRY_S,
    UPLOAD_MAX_BYTES,
    delete_files,
    megabytes,
    prepare_again,
    remove_orphans,
    sweep_uploads,
    upload,
)
from appeals.errors import Busy, Conflict, Invalid
from appeals.identifiers import new_uuid7
from appeals.models import Attachment, Draft, Event
from appeals.tasks import prepare_video
from bootstrap.rates import Rate
from jobs.schedule import registered
from jobs.worker import Worker
from media import turns
from media.confined import ProcessedVideo, process_video
from media.limits import VideoLimits
from media.refusal import Refusal
from media.storage import FORGOTTEN_AFTER
from rates.taking import TooMany
from tests.factories import AppealFactory, AttachmentFactory
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
    return film("mp4")


def film(form: str) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
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
        assert bytes(stored.digest) == hashlib.sha256(photo().read()).digest()
        for form, side in ((stored.large, 640), (stored.thumb, 480)):
            assert Path(form.name).name == f"{stored.pk}.jpg"
            with Image.open(form.path) as kept:
                assert kept.width == side
        assert Attachment.objects.get() == stored

    def test_only_what_comes_anew_is_counted_against_the_sender(self, settings: Settings) -> None:
        settings.LIMITS = {"upload": Rate(2, 1, 86_400), "upload-megabytes": None}
        for _n in range(3):
            upload(uuid4(), photo(), sender=None)
        upload_id = uuid4()
        for _n in range(4):
            upload(upload_id, photo(), sender="a")
        with pytest.raises(Invalid):
            upload(uuid4(), SimpleUploadedFile("photo.jpg", b"no photo"), sender="a")
        with pytest.raises(TooMany):
            upload(uuid4(), photo(), sender="a")
        upload(uuid4(), photo(), sender="b")

    def test_its_megabytes_are_counted(self, settings: Settings) -> None:
        settings.LIMITS = {"upload": None, "upload-megabytes": Rate(3, 1, 86_400)}
        for _n in range(4):
            assert upload(UUID(int=0), photo(), sender=None).pk
        heavy = SimpleUploadedFile("photo.jpg", photo().read() + bytes(1_000_000))
        upload(uuid4(), heavy, sender="a")
        upload(uuid4(), photo(), sender="a")
        with pytest.raises(TooMany):
            upload(uuid4(), photo(), sender="a")
        assert Attachment.objects.count() == 3

    @pytest.mark.parametrize(
        ("size", "counted"), [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (7_500_000, 8)]
    )
    def test_megabytes_that_were_begun_count(self, size: int, counted: int) -> None:
        assert megabytes(size) == counted

    def test_sent_twice_is_one(self, tmp_path: Path) -> None:
        upload_id = uuid4()
        assert upload(upload_id, photo(), sender=None) == upload(upload_id, photo(), sender=None)
        assert Attachment.objects.count() == 1
        assert len(files_below(tmp_path / "media")) == 2

    def test_other_file_under_a_known_id_is_refused(self) -> None:
        upload_id = uuid4()
        upload(upload_id, photo("red"), sender=None)
        with pytest.raises(Conflict, match="Another file has already been received"):
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

    def test_it_waits_under_its_own_name_until_it_is_prepared(
        self, film_bytes: bytes, tmp_path: Path
    ) -> None:
        stored = upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None)
        assert (stored.kind, stored.state) == ("video", "processing")
        assert bytes(stored.digest) == hashlib.sha256(film_bytes).digest()
        (kept,) = files_below(tmp_path)
        assert (kept.name, kept.read_bytes()) == (str(stored.pk), film_bytes)

    def test_a_film_that_is_too_heavy(self, film_bytes: bytes, tmp_path: Path) -> None:
        film = SimpleUploadedFile("film.mp4", film_bytes)
        film.size = VideoLimits().max_bytes + 1
        with pytest.raises(Invalid) as refusal:
            upload(uuid4(), film, sender=None)
        assert refusal.value.errors == {
            "file": ["The video is larger than 100 MB. Please send a shorter one."]
        }
        assert files_below(tmp_path) == []
        film.size = VideoLimits().max_bytes
        # With the rest of its form.
        assert film.size + 500_000 < UPLOAD_MAX_BYTES
        assert upload(uuid4(), film, sender=None).state == "processing"

    def test_a_film_that_failed_meanwhile_says_why_when_it_is_sent_again(self, film_bytes: bytes) -> None:
        stored = upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None)
        Attachment.objects.update(state=Attachment.State.FAILED, error=Refusal.VIDEO_WITHOUT_PICTURE)
        stored.refresh_from_db()
        with pytest.raises(Invalid) as refusal:
            upload(stored.pk, SimpleUploadedFile("film.mp4", film_bytes), sender=None)
        assert refusal.value.errors == {"file": [stored.error_text]}

    def test_what_was_given_up_is_tried_once_more(self, film_bytes: bytes, settings: Settings) -> None:
        # What the platform itself sends costs nobody anything.
        settings.LIMITS = {"film-work": Rate(1, 1, 86_400)}
        films = [upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None) for _n in range(3)]
        DBTaskResult.objects.all().delete()
        given_up = Attachment.objects.filter(pk__in=[film.pk for film in films[:2]])
        given_up.update(state=Attachment.State.FAILED, error=Refusal.VIDEO_NOT_PREPARED)
        chosen = Attachment.objects.filter(pk__in=[films[0].pk, films[2].pk])
        # As the admin's list reads them.
        assert prepare_again(chosen.select_related("appeal")) == 1
        assert list(Attachment.objects.filter(state=Attachment.State.FAILED)) == [films[1]]
        films[0].refresh_from_db()
        assert (films[0].state, films[0].error) == ("processing", "")
        assert Worker().drain() == 1
        films[0].refresh_from_db()
        assert films[0].state == "ready"

    def test_all_files_are_removed_with_it(self, film_bytes: bytes, tmp_path: Path) -> None:
        stored = upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=None)
        for name in ("large", "thumb", "playable"):
            getattr(stored, name).save("x", ContentFile(b"x"), save=False)
        assert len(files_below(tmp_path)) == 4
        delete_files(stored)
        assert files_below(tmp_path) == []
        assert Attachment.objects.get().original, "the row says what it was"

    def test_film_that_is_none_is_refused_at_once(self, film_bytes: bytes, tmp_path: Path) -> None:
        with pytest.raises(Invalid):
            upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes[:200]), sender=None)
        # Whoever plays it would take what has come for the whole.
        with pytest.raises(Invalid) as refusal:
            upload(uuid4(), SimpleUploadedFile("film.mkv", film("matroska")[:-100]), sender=None)
        assert "Only part of the video arrived" in refusal.value.errors["file"][0]
        assert files_below(tmp_path) == []
        assert not Attachment.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestOrphans:
    def test_forgotten_upload_is_removed_with_its_files(self, tmp_path: Path) -> None:
        stored = upload(uuid4(), photo(), sender=None)
        fresh = AttachmentFactory(id=UUID(int=0), appeal=None)
        Attachment.objects.filter(pk=fresh.pk).update(created_at=stored.created_at + ORPHAN_AGE)
        assert remove_orphans() == remove_orphans(stored.created_at + ORPHAN_AGE) == 0
        assert remove_orphans(stored.created_at + ORPHAN_AGE + dt.timedelta(minutes=1)) == 1
        assert list(Attachment.objects.all()) == [fresh]
        assert files_below(tmp_path) == []

    def test_a_draft_keeps_its_files_as_long_as_it_is_kept_itself(
        self, city: GridCity, light_user: User, tmp_path: Path
    ) -> None:
        stored = upload(uuid4(), photo(), sender=None)
        appeal = AppealFactory(category=city.categories["lamp"])
        draft = keep_draft(light_user, appeal, "answer", text="", uploads=[stored.pk])
        assert draft is not None
        assert remove_orphans(draft.updated_at + DRAFT_AGE) == 0
        assert Draft.objects.exists()
        assert remove_orphans(draft.updated_at + DRAFT_AGE + dt.timedelta(minutes=1)) == 1
        assert not Draft.objects.exists()
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
        monkeypatch.setitem(turns.turn.__wrapped__.__kwdefaults__, "patience_s", 0.0)
        with turns.turn():
            yield

    def test_the_api_says_when_to_come_again(self, client: Client, tmp_path: Path) -> None:
        answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": photo()}, headers=ENGLISH)
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert int(answer["Retry-After"]) == TURN_RETRY_S
        assert "try again" in answer.json()["title"]
        assert not Attachment.objects.exists()
        assert files_below(tmp_path / "media") == []

    def test_it_costs_nothing(self, client: Client, settings: Settings) -> None:
        settings.LIMITS = {"upload": Rate(1, 1, 86_400), "upload-megabytes": Rate(2, 1, 86_400)}
        heavy = photo().read() + bytes(1_000_000)
        for _ in range(3):
            sent = {"id": str(new_uuid7()), "file": SimpleUploadedFile("photo.jpg", heavy)}
            assert client.post("/api/uploads/", sent).status_code == 503

    def test_a_second_press_finds_what_the_first_has_stored_meanwhile(self) -> None:
        content, upload_id = photo().read(), uuid4()

        class _ReadWhileTheFirstIsStored(SimpleUploadedFile):
            def read(self, size: int = -1) -> bytes:
                AttachmentFactory(id=upload_id, appeal=None, digest=hashlib.sha256(content).digest())
                return super().read(size)

        stored = upload(upload_id, _ReadWhileTheFirstIsStored("photo.jpg", content), sender="a")
        assert stored.pk == upload_id

    def test_the_form_keeps_its_words(self, city: GridCity, client: Client) -> None:
        page = client.post("/en/appeals/new/", {"text": "The lamp is dark", "files": [photo()]})
        assert page.status_code == 400
        assert "photo.jpg: Many photos are arriving" in page.content.decode()
        assert "The lamp is dark</textarea>" in page.content.decode()

    def test_a_verb_is_not_done_without_its_photo(
        self, city: GridCity, client: Client, light_user: User
    ) -> None:
        appeal = AppealFactory(category=city.categories["lamp"])
        client.force_login(light_user)
        url = reverse("desk:appeal", args=[appeal.number])
        form = {"verb": "answer", "version": 1, "text": "The lamp is new"}
        page = client.post(url, {**form, "files": [photo()]})
        assert page.status_code == 400
        assert "photo.jpg: Many photos are arriving" in page.content.decode()
        assert "The lamp is new</textarea>" in page.content.decode()
        assert not Event.objects.filter(appeal=appeal, verb="answer").exists()
        # Nor is a draft of it made in silence.
        page = client.post(url, {**form, "insert": "", "files": [photo()]}, follow=True)
        assert "photo.jpg: Many photos are arriving" in page.content.decode()
        assert "The lamp is new</textarea>" in page.content.decode()


@pytest.mark.django_db
def test_a_fault_of_the_machine_is_no_fault_of_the_photo(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path / "file"
    settings.VAR_DIR.touch()
    answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": photo()}, headers=ENGLISH)
    assert answer.status_code == 503
    assert "the fault is ours" in answer.json()["title"]


@pytest.mark.django_db
def test_a_file_that_is_lost_meanwhile_is_no_fault_of_the_photo_either() -> None:
    content = photo().read()
    file = TemporaryUploadedFile("photo.jpg", "image/jpeg", len(content), None)
    file.write(content)
    Path(file.temporary_file_path()).unlink()
    upload_id = uuid4()
    with capture_logs() as logs, pytest.raises(Busy, match="the fault is ours"):
        upload(upload_id, file, sender=None)
    assert [(log["event"], log["id"]) for log in logs] == [("a photo could not be opened", str(upload_id))]
    file.close()
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_one_sender_leaves_places_for_others(film_bytes: bytes) -> None:
    with ExitStack() as taken:
        for _n in range(turns.OF_ONE_SENDER):
            taken.enter_context(turns._places.one("a"))
        for content in (photo().read(), film_bytes):
            with pytest.raises(Busy):
                upload(uuid4(), SimpleUploadedFile("file", content), sender="a")
            upload(uuid4(), SimpleUploadedFile("file", content), sender="b")


@pytest.mark.django_db
class TestCost:
    def test_what_takes_the_processors_time_is_charged_to_its_sender(
        self, client: Client, settings: Settings
    ) -> None:
        settings.LIMITS = {"upload-work": Rate(1, 1, 86_400)}
        # Whoever holds no door of ours, too.
        for sender in ("a", None, None):
            upload(uuid4(), photo(), sender=sender)
        with pytest.raises(TooMany):
            upload(uuid4(), photo(), sender="a")
        for address, statuses in (("192.0.2.1", (201, 429)), ("192.0.2.2", (201,))):
            for status in statuses:
                sent = {"id": str(new_uuid7()), "file": photo()}
                assert client.post("/api/uploads/", sent, REMOTE_ADDR=address).status_code == status

    def test_the_work_that_a_film_will_be_is_charged_to_its_sender(
        self, film_bytes: bytes, settings: Settings
    ) -> None:
        settings.LIMITS = {"film-work": Rate(2, 1, 86_400)}
        for sender in ("a", None, "a"):
            upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender=sender)
        with pytest.raises(TooMany):
            upload(uuid4(), SimpleUploadedFile("film.mp4", film_bytes), sender="a")

    def test_a_photo_that_is_refused_is_charged_too(self, client: Client, settings: Settings) -> None:
        settings.LIMITS = {"upload-work": Rate(1, 1, 86_400)}
        broken = photo().read()[:300] + b"\xff\xd9"
        for status in (400, 429):
            sent = {"id": str(new_uuid7()), "file": SimpleUploadedFile("photo.jpg", broken)}
            assert client.post("/api/uploads/", sent).status_code == status

    def test_the_same_again_costs_its_size_alone(self, settings: Settings) -> None:
        settings.LIMITS = {"upload": Rate(1, 1, 86_400), "upload-megabytes": Rate(3, 1, 86_400)}
        upload_id = uuid4()
        for _ in range(3):
            upload(upload_id, photo(), sender="address 192.0.2.1")
        with pytest.raises(TooMany):
            upload(upload_id, photo(), sender="address 192.0.2.1")
