"""Leases, retries and the schedule, on real rows; tasks are functions of this module."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from jobs import giving_up, schedule
from jobs.models import ScheduledJob, WorkerBeat
from jobs.worker import (
    ATTEMPTS_MAX,
    KEEP_FINISHED,
    LEASE,
    PAUSES,
    Worker,
    forget_finished,
    requeue_abandoned,
)

pytestmark = pytest.mark.django_db

calls: list[str] = []


@task()
def remember(word: str) -> str:
    calls.append(word)
    return word


@task()
def stumble(word: str) -> None:
    calls.append(word)
    raise OSError(word)


@task()
def give_an_object() -> object:
    return object()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    calls.clear()


def test_tasks_are_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_REGISTERED", {})
    remember.enqueue("a")
    remember.enqueue("b")
    assert Worker().drain() == 2
    assert sorted(calls) == ["a", "b"]
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {TaskResultStatus.SUCCESSFUL}
    assert not WorkerBeat.objects.exists()


def test_failing_task_waits_longer_each_time_and_then_stays_failed() -> None:
    stumble.enqueue("x")
    waits = []
    for _ in range(ATTEMPTS_MAX):
        DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
        # The clock goes on while the task runs, however slowly: the pause lies between these two.
        before = timezone.now()
        assert Worker().run_next()
        after = timezone.now()
        row = DBTaskResult.objects.get()
        waits.append((row.run_after - after, row.run_after - before))
    assert row.status == TaskResultStatus.FAILED
    assert tuple(sorted(set(PAUSES))) == PAUSES
    for pause, (least, most) in zip(PAUSES, waits, strict=False):
        assert least <= pause <= most
    assert not Worker().run_next()
    assert len(calls) == ATTEMPTS_MAX


def test_task_of_a_dead_worker_goes_back_to_the_queue() -> None:
    remember.enqueue("a")
    DBTaskResult.objects.get().claim("dead")
    now = timezone.now()
    WorkerBeat.objects.create(worker_id="dead", started_at=now, at=now)
    assert requeue_abandoned() == 0
    assert requeue_abandoned(now + LEASE + dt.timedelta(seconds=1)) == 1
    assert Worker().run_next()
    assert calls == ["a"]


def test_task_that_keeps_killing_its_worker_is_failed() -> None:
    remember.enqueue("a")
    row = DBTaskResult.objects.get()
    for n in range(ATTEMPTS_MAX):
        row.claim(f"dead-{n}")
    requeue_abandoned()
    assert DBTaskResult.objects.get().status == TaskResultStatus.FAILED


def test_old_results_are_deleted() -> None:
    remember.enqueue("a")
    Worker().run_next()
    assert forget_finished() == 0
    DBTaskResult.objects.update(finished_at=timezone.now() - KEEP_FINISHED - dt.timedelta(minutes=1))
    assert forget_finished() == 1
    assert not DBTaskResult.objects.exists()


def test_leases_of_workers_long_gone_are_deleted() -> None:
    now = timezone.now()
    for name, at in (("gone", now - KEEP_FINISHED - LEASE), ("lately", now - KEEP_FINISHED + LEASE)):
        WorkerBeat.objects.create(worker_id=name, started_at=at, at=at)
    assert forget_finished() == 1
    assert WorkerBeat.objects.get().pk == "lately"


class TestGivingUp:
    @pytest.fixture(autouse=True)
    def _told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(giving_up, "_REGISTERED", {})
        giving_up.when_given_up(stumble, lambda word: calls.append(f"no {word}"))

    def run_until_it_fails(self) -> None:
        for _ in range(ATTEMPTS_MAX):
            DBTaskResult.objects.update(run_after=timezone.now() - dt.timedelta(seconds=1))
            assert Worker().run_next()

    def test_it_is_told_after_the_last_attempt_and_not_before(self) -> None:
        stumble.enqueue("x")
        self.run_until_it_fails()
        assert calls == ["x"] * ATTEMPTS_MAX + ["no x"]

    def test_it_is_told_when_the_task_killed_its_worker_every_time(self) -> None:
        stumble.enqueue("x")
        row = DBTaskResult.objects.get()
        for n in range(ATTEMPTS_MAX):
            row.claim(f"dead-{n}")
        requeue_abandoned()
        assert calls == ["no x"]

    def test_other_tasks_do_not_care(self) -> None:
        remember.enqueue("x")
        assert Worker().run_next()
        assert calls == ["x"]


def test_a_value_that_cannot_be_kept_is_a_failure() -> None:
    give_an_object.enqueue()
    assert Worker().run_next()
    row = DBTaskResult.objects.get()
    assert (row.status, row.exception_class_path) == (TaskResultStatus.READY, "builtins.TypeError")


class TestSchedule:
    @pytest.fixture(autouse=True)
    def _empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(schedule, "_REGISTERED", {})

    def test_job_runs_when_due_and_not_before(self) -> None:
        def tick() -> None:
            calls.append("tick")

        schedule.every(dt.timedelta(minutes=1), tick)
        now = timezone.now()
        assert len(schedule.run_due(now)) == 1
        assert schedule.run_due(now + dt.timedelta(seconds=59)) == []
        assert len(schedule.run_due(now + dt.timedelta(seconds=60))) == 1
        assert calls == ["tick", "tick"]

    def test_failing_job_does_not_stop_the_others(self) -> None:
        def breaks() -> None:
            raise OSError("disk")

        def works() -> None:
            calls.append("works")

        schedule.every(dt.timedelta(minutes=1), breaks)
        schedule.every(dt.timedelta(minutes=1), works)
        schedule.run_due()
        assert calls == ["works"]
        row = ScheduledJob.objects.get(name__contains="breaks")
        assert (row.failures, row.error) == (1, "OSError('disk')")
