"""What killed processes leave behind is removed, and nothing else."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from media.storage import (
    ABANDONED_AFTER,
    FORGOTTEN_AFTER,
    sweep_files,
    sweep_workshop,
    working_folder,
    workshop,
)

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("named.jpg", "nobodys.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_that_no_row_names_is_removed_when_its_row_cannot_come_any_more(folder: Path) -> None:
    # Rounded down: a moment of Python's has no nanoseconds, and the nearest one may be later than the file.
    made_ms = (folder / "nobodys.jpg").stat().st_ctime_ns // 1_000_000
    made = dt.datetime.fromtimestamp(0, tz=dt.UTC) + dt.timedelta(milliseconds=made_ms)
    assert sweep_files(folder, lambda names: {"named.jpg"}, made + FORGOTTEN_AFTER) == 0
    assert sweep_files(folder, lambda names: {"named.jpg"}, made + FORGOTTEN_AFTER + SECOND) == 1
    assert names(folder) == {"named.jpg"}


def test_files_from_a_backup_are_young_whatever_date_they_bear(folder: Path) -> None:
    # Rows may come back after the files.
    os.utime(folder / "nobodys.jpg", (0, 0))
    assert sweep_files(folder, lambda names: set(), timezone.now() + FORGOTTEN_AFTER - 60 * SECOND) == 0
    assert names(folder) == {"named.jpg", "nobodys.jpg"}


def test_rows_are_asked_for_old_files_alone_and_for_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.storage._BATCH", 2)
    for n in range(5):
        (tmp_path / str(n)).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "0")
    asked: list[int] = []

    def in_use(names: object) -> set[str]:
        asked.append(len(list(names)))  # type: ignore[call-overload]
        return {str(n) for n in range(5)}

    assert sweep_files(tmp_path, in_use, timezone.now()) == 0
    assert asked == []
    assert sweep_files(tmp_path, in_use, timezone.now() + FORGOTTEN_AFTER + SECOND) == 0
    assert asked == [2, 2, 1]
    assert sweep_files(tmp_path / "none", in_use) == 0


def test_a_file_that_takes_the_name_of_a_removed_one_stays(folder: Path) -> None:
    """Between the question and the removal somebody else removed the old file, and a new one bears its name."""
    later = timezone.now() + FORGOTTEN_AFTER + SECOND

    def in_use(names: object) -> set[str]:
        (folder / "nobodys.jpg").unlink()
        return {"named.jpg"}

    assert sweep_files(folder, in_use, later) == 0
    assert names(folder) == {"named.jpg"}


def test_a_working_folder_outlives_its_process_for_a_day(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    with working_folder("photo-") as name:
        assert Path(name).is_dir()
    assert not Path(name).exists()
    left = tmp_path / "work" / "photo-left"
    left.mkdir()
    (left / "received").touch()
    assert sweep_workshop() == 0
    assert sweep_workshop(timezone.now() + ABANDONED_AFTER + SECOND) == 1
    assert not left.exists()


def test_a_file_that_was_arriving_too(settings: Settings, tmp_path: Path) -> None:
    """Django names what it receives in a file of its own, and a killed process leaves that behind."""
    settings.VAR_DIR = tmp_path
    arriving = workshop() / "tmpab12.upload.mp4"
    arriving.touch()
    assert sweep_workshop() == 0
    assert sweep_workshop(timezone.now() + ABANDONED_AFTER + SECOND) == 1
    assert not arriving.exists()
