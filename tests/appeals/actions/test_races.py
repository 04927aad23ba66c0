"""Two at once: whoever comes first, each appeal and each file is there once, and the other one is told."""

from __future__ import annotations

import datetime as dt
import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from PIL import Image

from accounts.models import User
from appeals.actions import comment as commenting
from appeals.actions import submit as submitting
from appeals.actions import support as supporting
from appeals.actions import upload as uploading
from appeals.actions.comment import comment_on
from appeals.actions.submit import Submission, Submitted, submit
from appeals.actions.support import Answer, support
from appeals.actions.upload import ORPHAN_AGE, remove_orphans, upload
from appeals.alerts.question import Question
from appeals.errors import ActionRefused, Conflict, Invalid
from appeals.intake import alerts, followers
from appeals.models import (
    Alert,
    Appeal,
    AppealContact,
    Attachment,
    Comment,
    CommentRule,
    Event,
    Follower,
    Message,
    RoutingDecision,
    Support,
    SupportReply,
)
from appeals.notify.endings import end
from appeals.notify.followers import tell_followers
from appeals.querysets import AttachmentQuerySet
from appeals.vocabulary import Kind
from districts.models import AttributeValue
from tests.factories import (
    AppealFactory,
    AttachmentFactory,
    AttributeValueFactory,
    EventFactory,
    ResidentFactory,
)
from tests.grid import names

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., Submission]
#: Longer than any machine takes; nobody waits for it unless something is wrong.
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def _own_folders(stored_in: Path) -> None:
    """Nothing is stored among the files of other tests."""


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or raised, each made in a thread and a session of its own."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int) -> None:
        try:
            start.wait(PATIENCE_S)
            results[place] = calls[place]()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    return results


def meeting_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, parties: int) -> None:
    """Each thread, on its first call of the function, waits behind it for the others: all have seen the same past."""
    original = getattr(module, name)
    together = threading.Barrier(parties)
    came = threading.local()

    def met(*args: Any, **kwargs: Any) -> Any:
        found = original(*args, **kwargs)
        if not hasattr(came, "once"):
            came.once = True
            together.wait(PATIENCE_S)
        return found

    monkeypatch.setattr(module, name, met)


def kinds(results: list[Any]) -> Counter[str]:
    return Counter(
        type(result).__name__ if isinstance(result, Exception) else f"created {result.created}"
        for result in results
    )


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestSubmit:
    def test_the_same_appeal_from_many_senders(
        self, submission: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting_after(monkeypatch, submitting, "_known", 4)
        sent = submission()
        results = at_once(*[lambda: submit(sent, sender=None)] * 4)
        assert kinds(results) == {"created True": 1, "created False": 3}
        assert {result.appeal.number for result in results} == {Appeal.objects.get().number}
        for model in (AppealContact, Event, RoutingDecision):
            assert model.objects.count() == 1
        assert Message.objects.count() == 2

    def test_one_identifier_with_two_contents(
        self, submission: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting_after(monkeypatch, submitting, "_known", 2)
        one = submission(text="One story")
        other = submission(id=one.id, secret=one.secret, text="Another story")
        results = at_once(lambda: submit(one, sender=None), lambda: submit(other, sender=None))
        assert kinds(results) == {"created True": 1, "Conflict": 1}
        kept = next(result for result in results if isinstance(result, Submitted))
        assert Appeal.objects.get().text == kept.appeal.text
        assert Event.objects.count() == 1

    def test_one_secret_for_two_appeals(self, submission: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        meeting_after(monkeypatch, submitting, "_known", 2)
        one = submission()
        other = submission(secret=one.secret)
        assert one.id != other.id
        results = at_once(lambda: submit(one, sender=None), lambda: submit(other, sender=None))
        assert kinds(results) == {"created True": 1, "Invalid": 1}
        (refusal,) = [result for result in results if isinstance(result, Invalid)]
        assert list(refusal.errors) == ["secret"]
        assert (Appeal.objects.count(), Event.objects.count(), Message.objects.count()) == (1, 1, 2)

    def test_one_photo_for_two_appeals(self, submission: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        meeting_after(monkeypatch, submitting, "_known", 2)
        stored = upload(uuid4(), photo(), sender=None)
        sent = [submission(uploads=(stored.pk,)) for _ in range(2)]
        results = at_once(*[lambda one=one: submit(one, sender=None) for one in sent])
        assert kinds(results) == {"created True": 1, "Invalid": 1}
        (refusal,) = [result for result in results if isinstance(result, Invalid)]
        assert list(refusal.errors) == ["uploads"]
        assert Attachment.objects.get().appeal == Appeal.objects.get()
        assert RoutingDecision.objects.count() == 1

    @pytest.mark.parametrize("first", ["submit", "remove"])
    def test_a_photo_that_is_taken_at_the_last_moment(
        self, submission: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str
    ) -> None:
        """Either the appeal has its photo with its files, or the sender is told and nothing of both is left."""
        stored = upload(uuid4(), photo(), sender=None)
        late = timezone.now() + ORPHAN_AGE + dt.timedelta(minutes=1)
        listed, taken = threading.Event(), threading.Event()
        if first == "submit":
            # Another one, which has not waited long.
            fresh = AttachmentFactory(appeal=None)
            Attachment.objects.filter(pk=fresh.pk).update(created_at=late)
            # Removing has read its list, and comes to the photo when an appeal has it.
            _between(monkeypatch, AttachmentQuerySet, "select_for_update", listed, taken)
            removed = _in_a_thread(lambda: remove_orphans(late))
            assert listed.wait(PATIENCE_S)
            result = submit(submission(uploads=(stored.pk,)), sender=None)
            taken.set()
            assert removed() == 0
            assert dict(Attachment.objects.values_list("pk", "appeal")) == {
                stored.pk: result.appeal.pk,
                fresh.pk: None,
            }
            assert len(files_below(tmp_path)) == 2
        else:
            _between(monkeypatch, submitting, "attach", listed, taken)
            sent = _in_a_thread(lambda: submit(submission(uploads=(stored.pk,)), sender=None))
            assert listed.wait(PATIENCE_S)
            assert remove_orphans(late) == 1
            taken.set()
            refusal = sent()
            assert isinstance(refusal, Invalid)
            assert list(refusal.errors) == ["uploads"]
            assert not Appeal.objects.exists()
            assert files_below(tmp_path) == []


def test_one_person_who_supports_an_appeal_twice_at_once(
    submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeal = submit(submission(), sender=None).appeal
    # Neither has found the other's row.
    meeting_after(monkeypatch, supporting, "take", 2)
    assert at_once(*[lambda: support(appeal, "a" * 43, sender="192.0.2.1")] * 2) == [None, None]
    assert Support.objects.filter(appeal=appeal).count() == 1


def test_the_same_words_from_two_tabs_are_one_comment(
    submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeal, resident = submit(submission(), sender=None).appeal, ResidentFactory()
    CommentRule.objects.create(kind=appeal.kind, allowed=True)
    arrived, go = threading.Event(), threading.Event()
    # All is found well, and nothing is stored yet.
    _between(monkeypatch, commenting, "contacts_of", arrived, go)

    def say() -> Comment:
        return comment_on(appeal, resident, "Here too", key=uuid4(), language="en", sender="address ::1")

    first = _in_a_thread(say)
    assert arrived.wait(PATIENCE_S)
    second = _meanwhile(say)
    go.set()
    assert (type(first()), type(second())) == (Comment, Invalid)
    assert Comment.objects.count() == 1


def test_an_answer_is_chosen_while_it_is_deleted(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    value: AttributeValue = AttributeValueFactory()
    question = value.attribute
    proposal: Appeal = AppealFactory(category=question.category, kind=Kind.RECOMMENDATION)
    client.force_login(User.objects.create_superuser("root@city.example"))
    address = reverse("admin:districts_attribute_change", args=[question.pk])

    def reply() -> Any:
        return support(proposal, "a" * 43, sender="192.0.2.1", answer=Answer(value.code))

    def delete() -> str:
        form: dict[str, Any] = {"category": question.category_id, "code": question.code, "active": "on"}
        form |= names("Which", "description") | {"values-TOTAL_FORMS": 1, "values-INITIAL_FORMS": 1}
        row = {"id": value.pk, "code": value.code, "position": 0, "DELETE": "on"} | names("Elm")
        form |= {f"values-0-{name}": text for name, text in row.items()}
        return client.post(address, form, follow=True).content.decode()

    for step, first in (("count_supporters", "the reply"), ("_keep", "the deletion")):
        arrived, go = threading.Event(), threading.Event()
        _between(monkeypatch, supporting, step, arrived, go)
        replied = _in_a_thread(reply)
        assert arrived.wait(PATIENCE_S)
        if first == "the reply":
            deleted = _meanwhile(delete)
            go.set()
            assert replied() is None
            assert "cannot be deleted" in deleted()
            assert SupportReply.objects.get().value == value
            Support.objects.all().delete()
        else:
            assert "changed successfully" in delete()
            go.set()
            refused = replied()
            assert isinstance(refused, Invalid) and list(refused.errors) == ["value"]
    assert not Support.objects.exists(), "nothing of what was refused is stored"


def _letters_asked(appeal: Appeal) -> list[tuple[Callable[[], object], type[Alert | Follower]]]:
    """Each way in which somebody asks for letters, and the row that it leaves."""
    email, sender = "asks@example.org", "192.0.2.1"
    question = Question(district="east")
    return [
        (lambda: followers.ask_by_letter(appeal, email, sender=sender), Follower),
        (lambda: alerts.ask(question, email, daily=True, sender=sender), Alert),
    ]


def test_letters_that_are_ended_while_one_is_queued_leave_nothing(submission: Make) -> None:
    appeal = submit(submission(), sender=None).appeal
    step = EventFactory(appeal=appeal, version=2, verb="accept", from_status="received", to_status="accepted")

    def tell() -> None:
        tell_followers(step)

    (follow, _row), _alert = asked = _letters_asked(appeal)
    for ask, queue, model in (*((ask, ask, model) for ask, model in asked), (follow, tell, Follower)):
        ask()
        rows = model.objects.all()
        if queue is tell:
            rows.update(confirmed_at=timezone.now())
        with transaction.atomic():
            queue()
            ended = _meanwhile(lambda rows=rows: end(rows))
        assert ended() == 1
        assert not Message.objects.exclude(kind="").exists()


def test_letters_that_are_asked_for_while_they_are_ended_are_asked_anew(submission: Make) -> None:
    for ask, model in _letters_asked(submit(submission(), sender=None).appeal):
        ask()
        with transaction.atomic():
            before = model.objects.select_for_update().get()
            asked = _meanwhile(ask)
            end(model.objects.all())
        asked()
        assert model.objects.get().pk != before.pk


def _between(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, arrived: threading.Event, go: threading.Event
) -> None:
    """The first call of the function by another thread than this one tells that it came, and waits to be let go."""
    original = getattr(module, name)
    here = threading.current_thread()

    def held(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is not here and not arrived.is_set():
            arrived.set()
            assert go.wait(PATIENCE_S)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, held)


def _in_a_thread(call: Callable[[], Any]) -> Callable[[], Any]:
    """Begins the call in a session of its own; what is given back waits for its end."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(call())
        except ActionRefused as refusal:
            results.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> Any:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        return results[0]

    return end


def _is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
        return bool(cursor.rowcount)


def _meanwhile(call: Callable[[], Any]) -> Callable[[], Any]:
    """Begins the call, and goes on when it waits for what another session has locked."""
    ends = _in_a_thread(call)
    until = time.monotonic() + PATIENCE_S
    while not _is_waited_for():
        assert time.monotonic() < until
        time.sleep(0.01)
    return ends


def photo(colour: str = "red") -> SimpleUploadedFile:
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(picture, "JPEG")
    return SimpleUploadedFile("photo.jpg", picture.getvalue())


def film() -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux(track.encode(frame))
        container.mux(track.encode())
    return stream.getvalue()


class TestUpload:
    @pytest.fixture
    def upload_id(self) -> UUID:
        return uuid4()

    def test_the_same_photo_from_many_senders(
        self, upload_id: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting_after(monkeypatch, uploading, "_known", 3)
        results = at_once(*[lambda: upload(upload_id, photo(), sender=None)] * 3)
        stored = Attachment.objects.get()
        assert results == [stored] * 3
        assert {path.name for path in files_below(tmp_path)} == {
            Path(stored.large.name).name,
            Path(stored.thumb.name).name,
        }
        assert len(files_below(tmp_path)) == 2, "a large form and a small one, none of the losers'"
        assert {result.large.name for result in results} == {stored.large.name}

    def test_two_photos_under_one_identifier(
        self, upload_id: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting_after(monkeypatch, uploading, "_known", 2)
        results = at_once(
            lambda: upload(upload_id, photo("red"), sender=None),
            lambda: upload(upload_id, photo("blue"), sender=None),
        )
        assert Counter(type(result) for result in results) == {Attachment: 1, Conflict: 1}
        stored = Attachment.objects.get()
        with Image.open(stored.large.path) as kept:
            red, _green, blue = kept.getpixel((9, 9))  # type: ignore[misc]
        assert (red > blue) == isinstance(results[0], Attachment), "the picture is the one of whoever won"
        assert len(files_below(tmp_path)) == 2

    def test_the_same_film_from_many_senders_is_kept_once(
        self, upload_id: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting_after(monkeypatch, uploading, "_known", 3)
        content = film()
        results = at_once(*[lambda: upload(upload_id, SimpleUploadedFile("a.mp4", content), sender=None)] * 3)
        stored = Attachment.objects.get()
        assert results == [stored] * 3
        assert files_below(tmp_path) == [Path(stored.original.path)]
        assert DBTaskResult.objects.count() == 0, "it is prepared for the appeal that takes it"
