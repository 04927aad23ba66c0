"""The worker as it lives: its loop, its lease, its end by signals, and a database that goes away."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import DatabaseError, Error, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult
from psycopg2 import sql
from structlog.testing import capture_logs

from jobs import schedule, worker
from jobs.models import WorkerBeat
from jobs.outage import AWAY
from jobs.worker import ATTEMPTS_MAX, LEASE, PAUSES, Worker, requeue_abandoned
from tests import databases

pytestmark = pytest.mark.django_db(transaction=True)

#: A machine with much else to do must not fail a test that waits for something.
PATIENCE_S = 120.0


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.02)


@task()
def hold(folder: str) -> str:
    """Shows that it has begun, and ends when it is released; it uses files, for workers in other processes."""
    place = Path(folder)
    (place / "begun").touch()
    eventually((place / "go").exists, "nobody lets the task go")
    with (place / "done").open("a") as done:
        done.write("done\n")
    return "held"


@task()
def write(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("once\n")


@task()
def stumble() -> None:
    raise OSError("full")


@task()
def lose_the_connection(then: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    except Error:
        if then == "fails":
            raise


def killed() -> None:
    killed.runs.append(1)  # type: ignore[attr-defined]
    lose_the_connection.call("fails")


def status_of(result: Any) -> str:
    return str(DBTaskResult.objects.values_list("status", flat=True).get(pk=result.id))


@pytest.fixture(autouse=True)
def _no_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_REGISTERED", {})


@contextmanager
def working(interval_s: float = 0.02, queue: str | None = None) -> Iterator[Worker]:
    """A worker's loop in a thread; it is stopped at the end and must have ended by itself."""
    one = Worker(interval_s=interval_s, queue=queue)

    def run() -> None:
        try:
            one.run()
        finally:
            connection.close()

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield one
    finally:
        one.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


class TestLoop:
    def test_what_comes_while_it_waits_is_done(self, tmp_path: Path) -> None:
        with working() as one:
            for name in ("first", "second"):
                result = write.enqueue(str(tmp_path / name))
                eventually(lambda result=result: status_of(result) == TaskResultStatus.SUCCESSFUL, name)
            eventually(WorkerBeat.objects.filter(pk=one.id).exists, "the lease")
        assert not WorkerBeat.objects.exists(), "a worker that has ended holds no lease"
        assert (tmp_path / "second").read_text() == "once\n"

    def test_periodic_jobs_have_their_turn(self, tmp_path: Path) -> None:
        def tick() -> None:
            (tmp_path / "tick").touch()

        schedule.every(dt.timedelta(days=1), tick)
        with working():
            eventually((tmp_path / "tick").exists, "the periodic job")

    def test_lanes_wait_for_nobody(self, tmp_path: Path) -> None:
        def letters() -> None:
            (tmp_path / "letters").touch()
            eventually((tmp_path / "go").exists, "nobody lets the letters go")

        def tick() -> None:
            (tmp_path / "tick").touch()

        schedule.every(dt.timedelta(days=1), letters, lane="letters")
        schedule.every(dt.timedelta(seconds=0), tick)
        assert schedule.lanes() == ("letters", "schedule")
        result = hold.enqueue(str(tmp_path))
        with working():
            for name in ("begun", "letters"):
                eventually((tmp_path / name).exists, name)
            (tmp_path / "tick").unlink(missing_ok=True)
            eventually((tmp_path / "tick").exists, "a job beside a task and letters that take long")
            (tmp_path / "go").touch()
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the task")

    def test_a_task_does_not_wait_for_those_of_another_queue(self, tmp_path: Path) -> None:
        film = hold.using(queue_name="films").enqueue(str(tmp_path))
        with working(queue="films"), working(queue="default"):
            eventually((tmp_path / "begun").exists, "the film")
            result = write.enqueue(str(tmp_path / "file"))
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the task beside the film")
            assert status_of(film) == TaskResultStatus.RUNNING
            (tmp_path / "go").touch()
            eventually(lambda: status_of(film) == TaskResultStatus.SUCCESSFUL, "the film")

    def test_a_task_of_a_worker_that_is_no_more_is_taken_over(self, tmp_path: Path) -> None:
        result = write.enqueue(str(tmp_path / "file"))
        DBTaskResult.objects.get().claim("dead")
        with working():
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the abandoned task")
        assert DBTaskResult.objects.get().worker_ids[0] == "dead"

    def test_a_task_that_nobody_knows_any_more_stops_nobody(self, tmp_path: Path) -> None:
        unknown = write.enqueue("nowhere")
        DBTaskResult.objects.filter(pk=unknown.id).update(task_path="jobs.tasks.of_another_release")
        known = write.enqueue(str(tmp_path / "file"))
        with working():
            eventually(lambda: status_of(known) == TaskResultStatus.SUCCESSFUL, "the other task")
        row = DBTaskResult.objects.get(pk=unknown.id)
        assert (row.status, len(row.worker_ids)) == (TaskResultStatus.READY, 1), "it is tried again later"
        assert row.run_after > timezone.now()

    def test_two_workers_share_the_tasks(self, tmp_path: Path) -> None:
        paths = [tmp_path / str(n) for n in range(20)]
        results = [write.enqueue(str(path)) for path in paths]
        with working(), working():
            for result in results:
                eventually(lambda result=result: status_of(result) == TaskResultStatus.SUCCESSFUL, "a task")
        assert [path.read_text() for path in paths] == ["once\n"] * 20
        assert {len(row.worker_ids) for row in DBTaskResult.objects.all()} == {1}


class TestLease:
    def test_it_is_renewed_while_a_task_takes_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "BEAT_EVERY_S", 0.05)
        result = hold.enqueue(str(tmp_path))
        with working() as one:
            eventually((tmp_path / "begun").exists, "the task")
            for _ in range(3):
                last = WorkerBeat.objects.get(pk=one.id).at
                eventually(lambda last=last: WorkerBeat.objects.get(pk=one.id).at > last, "a beat")
            assert requeue_abandoned() == 0
            assert status_of(result) == TaskResultStatus.RUNNING
            # Had the worker died at its last beat, somebody would take its task.
            later = WorkerBeat.objects.get(pk=one.id).at + LEASE + dt.timedelta(days=1)
            assert requeue_abandoned(later) == 1
            DBTaskResult.objects.update(status=TaskResultStatus.RUNNING)
            (tmp_path / "go").touch()
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the end of the task")

    def test_the_task_of_a_beating_worker_is_left_alone_and_that_of_a_silent_one_is_not(self) -> None:
        now = timezone.now()
        for name, at in (("beats", now - LEASE / 2), ("silent", now - LEASE * 2)):
            WorkerBeat.objects.create(worker_id=name, started_at=at, at=at)
            write.enqueue(name)
            DBTaskResult.objects.get(status=TaskResultStatus.READY).claim(name)
        assert requeue_abandoned(now) == 1
        left = {row.worker_ids[-1]: row.status for row in DBTaskResult.objects.all()}
        assert left == {"beats": TaskResultStatus.RUNNING, "silent": TaskResultStatus.READY}

    def test_a_task_that_a_new_worker_takes_while_another_one_looks_is_left_alone(self) -> None:
        result = write.enqueue("nowhere")
        new = Worker()

        def take() -> None:
            with transaction.atomic():
                DBTaskResult.objects.get(status=TaskResultStatus.READY).claim(new.id)
                new.beat()
            connection.close()

        taking = threading.Thread(target=take)

        def between_the_looks(execute: Callable[..., Any], statement: str, *others: Any) -> Any:
            found = execute(statement, *others)
            if statement.startswith("SELECT") and taking.ident is None:
                taking.start()
                taking.join(PATIENCE_S)
            return found

        with connection.execute_wrapper(between_the_looks):
            assert requeue_abandoned() == 0
        assert status_of(result) == TaskResultStatus.RUNNING
        assert WorkerBeat.objects.filter(pk=new.id).exists()

    def test_it_is_kept_until_the_task_in_hand_has_ended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "BEAT_EVERY_S", 0.05)
        result = hold.enqueue(str(tmp_path))
        with working() as one:
            eventually((tmp_path / "begun").exists, "the task")
            one.stop()
            for _ in range(3):
                last = WorkerBeat.objects.get(pk=one.id).at
                eventually(lambda last=last: WorkerBeat.objects.get(pk=one.id).at > last, "a beat")
            (tmp_path / "go").touch()
        assert status_of(result) == TaskResultStatus.SUCCESSFUL
        assert not WorkerBeat.objects.exists()

    def test_no_task_is_claimed_without_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # The thread that renews it is late.
        late = threading.Event()
        keep_beating = Worker._keep_beating
        monkeypatch.setattr(
            Worker,
            "_keep_beating",
            lambda self, *given: (late.wait(PATIENCE_S), keep_beating(self, *given)),
        )
        result = hold.enqueue(str(tmp_path))
        with working():
            eventually((tmp_path / "begun").exists, "the task")
            assert requeue_abandoned() == 0
            assert status_of(result) == TaskResultStatus.RUNNING
            late.set()
            (tmp_path / "go").touch()

    @pytest.mark.parametrize("error", [DatabaseError, OperationalError, InterfaceError, RuntimeError])
    def test_no_error_ends_its_thread(self, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "BEAT_EVERY_S", 0.02)
        failing = [error("SSL connection has been closed unexpectedly")] * 3
        beat = Worker.beat

        def sometimes(self: Worker) -> None:
            if threading.current_thread().name == "beat" and failing:
                raise failing.pop()
            beat(self)

        monkeypatch.setattr(Worker, "beat", sometimes)
        with capture_logs() as logs, working() as one:
            eventually(lambda: not failing, "the errors")
            eventually(WorkerBeat.objects.filter(pk=one.id).exists, "a beat after the errors")
            first = WorkerBeat.objects.get(pk=one.id).at
            eventually(lambda: WorkerBeat.objects.get(pk=one.id).at > first, "the next one")
        said = [log["event"] for log in logs if log["log_level"] == "error"]
        if error is RuntimeError:
            assert said == ["could not renew the lease"], "once, however long it lasts"
        else:
            assert set(said) == {"database away"}

    def test_a_task_that_another_worker_has_is_not_written_by_this_one(self, tmp_path: Path) -> None:
        """Its lease had run out: the other one's outcome counts."""
        result = hold.enqueue(str(tmp_path))
        with working():
            eventually((tmp_path / "begun").exists, "the task")
            DBTaskResult.objects.get().claim("another")
            now = timezone.now()
            WorkerBeat.objects.create(worker_id="another", started_at=now, at=now)
            (tmp_path / "go").touch()
            eventually((tmp_path / "done").exists, "the end of the task")
        row = DBTaskResult.objects.get(pk=result.id)
        assert (row.status, row.worker_ids[-1]) == (TaskResultStatus.RUNNING, "another")


class TestConnectionLost:
    """The database is there, and this one connection is gone, as after a restart or a failing network."""

    @pytest.mark.parametrize("then", ["fails", "ends well"])
    def test_what_the_task_came_to_is_written_all_the_same(self, then: str) -> None:
        result = lose_the_connection.enqueue(then)
        with working():
            wanted = TaskResultStatus.READY if then == "fails" else TaskResultStatus.SUCCESSFUL
            eventually(lambda: DBTaskResult.objects.get().worker_ids, "the claim")
            eventually(lambda: status_of(result) == wanted, "the outcome")
        row = DBTaskResult.objects.get()
        assert len(row.worker_ids) == 1
        assert row.finished_at is not None

    def test_a_task_that_was_left_running_is_taken_up_by_its_own_worker(self, tmp_path: Path) -> None:
        result = write.enqueue(str(tmp_path / "file"))
        with working() as one:
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the task")
            lost = write.enqueue(str(tmp_path / "lost"))
            eventually(lambda: status_of(lost) == TaskResultStatus.SUCCESSFUL, "the second task")
            # As if its outcome had never been written.
            DBTaskResult.objects.filter(pk=lost.id).update(status=TaskResultStatus.RUNNING)
            eventually(lambda: status_of(lost) == TaskResultStatus.SUCCESSFUL, "the second task again")
            assert DBTaskResult.objects.get(pk=lost.id).worker_ids == [one.id, one.id]


class TestRetry:
    def test_each_pause_is_the_one_of_its_attempt(self) -> None:
        stumble.enqueue()
        for attempt in range(1, ATTEMPTS_MAX):
            DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
            before = timezone.now()
            assert Worker().run_next()
            row = DBTaskResult.objects.get()
            assert row.status == TaskResultStatus.READY
            assert before + PAUSES[attempt - 1] <= row.run_after <= timezone.now() + PAUSES[attempt - 1]
            assert not Worker().run_next(), "not before its time"
        DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
        assert Worker().run_next()
        row = DBTaskResult.objects.get()
        assert (row.status, row.exception_class_path) == (TaskResultStatus.FAILED, "builtins.OSError")
        assert "full" in row.traceback


class TestEnd:
    def test_the_task_in_hand_is_finished_and_no_other_begun(self, tmp_path: Path) -> None:
        first = hold.enqueue(str(tmp_path))
        with working() as one:
            eventually((tmp_path / "begun").exists, "the task")
            second = write.enqueue(str(tmp_path / "second"))
            one.stop()
            (tmp_path / "go").touch()
        assert status_of(first) == TaskResultStatus.SUCCESSFUL
        assert status_of(second) == TaskResultStatus.READY

    @pytest.fixture
    def process(self, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
        """Starts workers as operators do, on the database of this test."""
        name = connection.settings_dict["NAME"]
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        started: list[subprocess.Popen[bytes]] = []

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "django", "worker", "--interval=0.05", *arguments]
            with (tmp_path / "log").open("ab") as log:
                started.append(
                    subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=log)
                )
            return started[-1]

        yield start
        for one in started:
            one.kill()
            one.wait()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_one_signal_lets_the_task_end(
        self, process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, number: signal.Signals
    ) -> None:
        result = hold.enqueue(str(tmp_path))
        one = process()
        eventually((tmp_path / "begun").exists, "the task")
        one.send_signal(number)
        eventually(lambda: not _is_caught(one.pid, number), "the signal")
        assert one.poll() is None
        (tmp_path / "go").touch()
        assert one.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
        assert status_of(result) == TaskResultStatus.SUCCESSFUL
        assert not WorkerBeat.objects.exists()

    def test_a_second_signal_ends_at_once_and_the_task_is_done_by_another(
        self, process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
    ) -> None:
        result = hold.enqueue(str(tmp_path))
        one = process()
        eventually((tmp_path / "begun").exists, "the task")
        eventually(WorkerBeat.objects.exists, "the lease")
        one.send_signal(signal.SIGTERM)
        eventually(lambda: not _is_caught(one.pid, signal.SIGTERM), "the signal")
        one.send_signal(signal.SIGTERM)
        assert one.wait(PATIENCE_S) == -signal.SIGTERM
        assert status_of(result) == TaskResultStatus.RUNNING
        WorkerBeat.objects.update(at=timezone.now() - LEASE)
        (tmp_path / "go").touch()
        assert process("--once").wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
        assert status_of(result) == TaskResultStatus.SUCCESSFUL
        assert (tmp_path / "done").read_text() == "done\n"


def _is_caught(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler of its own for the signal; the worker's takes itself away when it is called."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


class TestDatabaseAway:
    def test_the_loop_outlives_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "BEAT_EVERY_S", 0.05)
        monkeypatch.setattr(worker, "AWAY_S", 1.0)
        with capture_logs() as logs, working() as one:
            eventually(WorkerBeat.objects.filter(pk=one.id).exists, "the lease")
            with away():
                eventually(lambda: AWAY._more >= 3, "several threads and turns without it")
            eventually(lambda: logs[-1]["event"] == "database away: over", "that it is over")
            back = timezone.now()
            result = write.enqueue(str(tmp_path / "file"))
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the work goes on")
            eventually(WorkerBeat.objects.filter(pk=one.id, at__gt=back).exists, "the lease goes on")
        said = [log["event"] for log in logs if log["log_level"] in {"warning", "error"}]
        assert said == ["database away", "database away: over"], "once, whichever thread notices"
        assert not any("exc_info" in log for log in logs)

    def test_a_session_that_was_killed_is_no_traceback(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "AWAY_S", 0.05)
        runs: list[int] = []
        monkeypatch.setattr(killed, "runs", runs, raising=False)
        schedule.every(dt.timedelta(0), killed)
        with capture_logs() as logs, working():
            eventually(lambda: len(runs) > 3, "the schedule goes on")
        assert not any("exc_info" in log for log in logs)
        assert {log["event"] for log in logs if log["log_level"] == "error"} == {"database away"}

    def test_a_task_whose_session_was_killed_neither(self) -> None:
        result = lose_the_connection.enqueue("fails")
        with capture_logs() as logs:
            assert Worker().run_next()
        (said,) = [log for log in logs if log["event"] == "task failed"]
        assert "exc_info" not in said
        assert "server closed the connection" in said["error"]
        assert "\n" not in said["error"]
        assert status_of(result) == TaskResultStatus.READY


def _let_in(keeper: Any, name: str, allowed: bool) -> None:
    databases.run(
        keeper,
        sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}").format(
            sql.Identifier(name), sql.Literal(allowed)
        ),
    )


class TestDatabaseAwayAtTheEnd:
    def test_of_a_task(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The work is done once, and written when the database is back."""
        monkeypatch.setattr(worker, "AWAY_S", 0.05)
        result = hold.enqueue(str(tmp_path))
        with capture_logs() as logs, working():
            eventually((tmp_path / "begun").exists, "the task")
            with away():
                (tmp_path / "go").touch()
                eventually(lambda: "database away" in {log["event"] for log in logs}, "a word of it")
            eventually(lambda: status_of(result) == TaskResultStatus.SUCCESSFUL, "the outcome")
        assert (tmp_path / "done").read_text() == "done\n"
        assert len(DBTaskResult.objects.get().worker_ids) == 1

    def test_of_a_task_of_a_worker_that_is_to_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It ends in good order, and another one does the task."""
        monkeypatch.setattr(worker, "AWAY_S", 0.05)
        result = hold.enqueue(str(tmp_path))
        with working() as one:
            eventually((tmp_path / "begun").exists, "the task")
            with away():
                one.stop()
                (tmp_path / "go").touch()
                eventually((tmp_path / "done").exists, "the end of the task")
                eventually(lambda: "worker" not in {t.name for t in threading.enumerate()}, "its end")
        assert status_of(result) == TaskResultStatus.RUNNING
        assert requeue_abandoned(timezone.now() + LEASE * 2) == 1


@contextmanager
def away() -> Iterator[None]:
    """The database of this test lets nobody in meanwhile, and has thrown out everybody."""
    name = str(connection.settings_dict["NAME"])
    connection.close()
    with closing(databases.maintenance()) as keeper:
        _let_in(keeper, name, False)
        try:
            databases.run(
                keeper, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name
            )
            yield
        finally:
            _let_in(keeper, name, True)
