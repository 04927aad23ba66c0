"""A child process that may do little harm, and how its end is told."""

from __future__ import annotations

import os

import pytest

from jobs.confined import ChildDied, ChildFailed, ChildSpent, run_confined

MEMORY_BYTES = 300 * 1024**2


def child(do: str, *, seconds: float = 60.0, processor_s: int | None = None) -> dict[str, object]:
    return run_confined(
        "tests.jobs.confined_child",
        {"do": do},
        seconds=seconds,
        memory_bytes=MEMORY_BYTES,
        processor_s=processor_s,
    )


def test_it_has_limits_and_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://city:secret@localhost/city")
    told = child("tell")
    assert told["limits"] == [MEMORY_BYTES, 0]
    assert told["nice"] == min(os.nice(0) + 10, 19)
    environment = told["environment"]
    assert isinstance(environment, list)
    assert {name for name in environment if not name.startswith("LC_")} <= {
        "LANG",
        "MALLOC_ARENA_MAX",
        "OPENBLAS_NUM_THREADS",
        "PYTHONPATH",
    }


def test_a_crash_and_endless_work_are_the_files_fault() -> None:
    with pytest.raises(ChildDied, match="signal 11"):
        child("crash")
    with pytest.raises(ChildDied, match="no reply after 2 s"):
        child("wait", seconds=2.0)


def test_an_error_is_the_machines() -> None:
    with pytest.raises(ChildFailed, match="the disk is full"):
        child("fail")


def test_work_that_the_processors_have_no_time_for_is_told_from_waiting() -> None:
    with pytest.raises(ChildSpent, match="1 s of processor time"):
        child("spin", seconds=300, processor_s=1)
