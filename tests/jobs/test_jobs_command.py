"""What ``./manage.py jobs`` shows and does, against the tables themselves."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from appeals.models import Attachment, Message
from appeals.tasks import prepare_video
from jobs import giving_up
from jobs.models import ScheduledJob, WorkerBeat
from jobs.overview import State, counts
from jobs.schedule import registered
from jobs.worker import ATTEMPTS_MAX, Worker
from media.refusal import Refusal
from tests.factories import AppealFactory
from tests.grid import GridCity

pytestmark = pytest.mark.django_db

given_up: list[str] = []


@task()
def keep(word: str) -> str:
    return word


@task(queue_name="films")
def stumble(word: str) -> None:
    raise OSError(f"no room for {word}")


def jobs(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


def refused(*arguments: str) -> str:
    out = io.StringIO()
    with pytest.raises(CommandError, match="Not everything was done"):
        call_command("jobs", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def shown(page: str) -> dict[str, dict[str, int]]:
    """The table of lanes as numbers."""
    heading, *rows = [line.split() for line in page.split("\n\n")[1].splitlines()]
    return {lane: dict(zip(heading[1:], map(int, numbers), strict=True)) for lane, *numbers in rows}


def fail(times: int) -> DBTaskResult:
    """A task that has failed so often; after ``ATTEMPTS_MAX`` for good."""
    key = uuid.UUID(stumble.enqueue("x").id)
    for _ in range(times):
        DBTaskResult.objects.filter(pk=key).update(run_after=timezone.now() - dt.timedelta(seconds=1))
        assert Worker(queue="films").run_next()
    return DBTaskResult.objects.get(pk=key)


def letter(city: GridCity, state: str, **values: Any) -> Message:
    appeal = AppealFactory(category=city.categories["lamp"])
    return Message.objects.create(
        event=appeal.events.get(),
        recipient=f"{uuid.uuid4()}@mail.example",
        audience="author",
        language="ky",
        state=state,
        next_attempt_at=timezone.now(),
        **values,
    )


def test_every_row_is_counted_once(city: GridCity) -> None:
    keep.enqueue("a")
    keep.enqueue("b")
    assert Worker(queue="default").run_next()
    fail(ATTEMPTS_MAX)
    fail(1)
    for state in Message.State.values:
        letter(city, state)
    running = uuid.UUID(keep.enqueue("c").id)
    DBTaskResult.objects.get(pk=running).claim("somebody")
    ScheduledJob.objects.create(name=registered()[0].name, due_at=timezone.now())
    ScheduledJob.objects.create(name="gone.job", due_at=timezone.now(), failures=3, error="OSError()")
    page = shown(jobs())
    assert page["default"] == {"waiting": 1, "running": 1, "failed": 0, "done": 1}
    assert page["films"] == {"waiting": 1, "running": 0, "failed": 1, "done": 0}
    assert page["letters"] == {"waiting": 1, "running": 0, "failed": 1, "done": 3}
    together = sum(sum(lane.values()) for lane in page.values() if lane)
    of_tables = DBTaskResult.objects.count() + Message.objects.count() + ScheduledJob.objects.count()
    assert together == sum(counts().values()) == of_tables


def test_every_state_of_each_table_has_its_place() -> None:
    from appeals.notify.outbox import _STATES as letters  # noqa: N811
    from jobs.overview import _STATES as tasks  # noqa: N811

    assert set(letters) == set(Message.State)
    assert set(tasks) == set(TaskResultStatus)


def test_a_failure_is_shown_with_all_that_an_operator_asks(city: GridCity) -> None:
    row = fail(2)
    DBTaskResult.objects.filter(pk=row.pk).update(
        enqueued_at=timezone.now() - dt.timedelta(hours=3, minutes=1)
    )
    parked = letter(city, "parked", attempts=6, error="SMTPRecipientsRefused: 550 no such mailbox")
    page = jobs()
    assert re.search(
        rf"{row.pk}\n    films; tests\S+stumble\(x\); for 3 h; 2 attempts; next in \d+ (s|min)\n    OSError: no room for x",
        page,
    )
    assert re.search(
        rf"letter-{parked.pk}\n    letters; email to the author, submit, № {parked.event.appeal.number}; .*6 attempts\n    SMTPRecipientsRefused: 550",
        page,
    )


def test_workers_that_are_alive_are_counted() -> None:
    now = timezone.now()
    for name, at in (("here", now), ("gone", now - dt.timedelta(hours=1))):
        WorkerBeat.objects.create(worker_id=name, started_at=at, at=at)
    assert "workers with a heartbeat: 1" in jobs()


def test_a_long_list_says_that_it_is_cut() -> None:
    for word in "abc":
        keep.enqueue(word)
    assert "waiting: 3, of which 2 are listed" in jobs(most=2)


class TestRetry:
    def test_a_failed_task_gets_all_its_attempts_again(self) -> None:
        row = fail(ATTEMPTS_MAX)
        assert row.status == TaskResultStatus.FAILED
        assert f"{row.pk} is tried again" in jobs("retry", str(row.pk))
        for _ in range(ATTEMPTS_MAX - 1):
            assert Worker(queue="films").run_next()
            row.refresh_from_db()
            assert row.status == TaskResultStatus.READY
            DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
        assert Worker(queue="films").run_next()
        row.refresh_from_db()
        assert row.status == TaskResultStatus.FAILED

    def test_one_that_waits_for_its_next_attempt_is_tried_at_once(self) -> None:
        row = fail(1)
        assert not Worker(queue="films").run_next()
        jobs("retry", str(row.pk))
        assert Worker(queue="films").run_next()

    def test_a_film_that_was_given_up_is_really_prepared_again(self) -> None:
        film = Attachment.objects.create(
            pk=uuid.uuid4(),
            kind="video",
            state="failed",
            error=Refusal.VIDEO_NOT_PREPARED,
            original="x.mp4",
            digest=b"",
        )
        key = prepare_video.enqueue(str(film.pk)).id
        row = DBTaskResult.objects.get(pk=uuid.UUID(key))
        row.set_failed(OSError("full"))
        jobs("retry", key)
        film.refresh_from_db()
        assert (film.state, film.error) == ("processing", "")

    def test_a_film_that_is_gone_is_not_tried_and_that_is_said(self) -> None:
        key = prepare_video.enqueue(str(uuid.uuid4())).id
        row = DBTaskResult.objects.get(pk=uuid.UUID(key))
        row.set_failed(OSError("full"))
        assert "nothing left to do" in refused("retry", key)
        row.refresh_from_db()
        assert row.status == TaskResultStatus.FAILED

    def test_a_parked_letter_is_queued_anew(self, city: GridCity) -> None:
        parked = letter(city, "parked", attempts=6, error="550")
        jobs("retry", f"letter-{parked.pk}")
        parked.refresh_from_db()
        assert (parked.state, parked.attempts, parked.error) == ("queued", 0, "")

    def test_a_failed_periodic_job_is_due_at_once(self) -> None:
        name, later = registered()[0].name, timezone.now() + dt.timedelta(days=1)
        ScheduledJob.objects.create(name=name, due_at=later, failures=1, error="OSError()")
        jobs("retry", name)
        assert ScheduledJob.objects.get().due_at < later


class TestDrop:
    def test_a_failed_task_is_gone(self) -> None:
        row = fail(ATTEMPTS_MAX)
        assert "nobody tries it again" in jobs("drop", str(row.pk))
        assert not DBTaskResult.objects.exists()

    def test_nobody_waits_for_what_is_dropped_before_its_last_attempt(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(giving_up, "_REGISTERED", {})
        given_up.clear()
        giving_up.when_given_up(stumble, given_up.append)
        jobs("drop", str(fail(1).pk))
        assert given_up == ["x"]
        jobs("drop", str(fail(ATTEMPTS_MAX).pk))
        assert given_up == ["x", "x"], "what has failed for good was given up then, and not again"

    def test_a_letter_stays_as_one_that_never_went_out(self, city: GridCity) -> None:
        parked = letter(city, "parked", error="550")
        jobs("drop", f"letter-{parked.pk}")
        parked.refresh_from_db()
        assert (parked.state, parked.error) == ("dropped", "550")
        assert counts()["letters", State.FAILED] == 0

    def test_a_periodic_job_stays_unless_no_room_has_it(self) -> None:
        name = registered()[0].name
        for each in (name, "gone.job"):
            ScheduledJob.objects.create(name=each, due_at=timezone.now(), failures=1)
        assert "it is periodic" in refused("drop", name)
        jobs("drop", "gone.job")
        assert ScheduledJob.objects.get().pk == name


@pytest.mark.parametrize("do", ["retry", "drop"])
class TestNothingIsDone:
    def test_with_what_a_worker_has_in_hand(self, do: str) -> None:
        key = keep.enqueue("a").id
        DBTaskResult.objects.get().claim("somebody")
        assert "a worker has it in hand" in refused(do, key)
        assert DBTaskResult.objects.get().status == TaskResultStatus.RUNNING

    def test_with_what_has_not_failed(self, city: GridCity, do: str) -> None:
        key = keep.enqueue("a").id
        assert "has not been tried yet" in refused(do, key)
        assert Worker(queue="default").run_next()
        assert "it is done" in refused(do, key)
        assert "it has not failed: it is sent" in refused(do, f"letter-{letter(city, 'sent').pk}")

    @pytest.mark.parametrize(
        "key", ["7", "letter-", "letter-٣", "3f0c9a52-0d3e-4a64-9f55-6f0e2c1f7b1d", "no.such", "\x01"]
    )
    def test_with_what_is_not_there(self, do: str, key: str) -> None:
        assert "there is nothing of this id" in refused(do, key)

    def test_what_can_be_done_beside_it_is(self, do: str) -> None:
        row = fail(ATTEMPTS_MAX)
        said = refused(do, "no.such", str(row.pk))
        assert "no.such: nothing was changed: there is nothing of this id" in said
        assert f"{row.pk} is " in said

    def test_without_a_name(self, do: str) -> None:
        with pytest.raises(CommandError, match="Name the ids"):
            call_command("jobs", do)
