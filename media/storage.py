"""Where files are worked on, and how what killed processes left behind is removed."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.utils import timezone

log = structlog.get_logger()

#: A row is written within minutes of its files.
FORGOTTEN_AFTER: Final = dt.timedelta(days=7)
#: Nobody works on a file for so long.
ABANDONED_AFTER: Final = dt.timedelta(days=1)
_BATCH: Final = 500


def working_folder(prefix: str) -> AbstractContextManager[str]:
    """A new folder for as long as something is made in it; on the disk, where /tmp may be memory."""
    return tempfile.TemporaryDirectory(prefix=prefix, dir=workshop())


def receive_in_workshop() -> None:
    """From now on everything that this process writes while it arrives goes into the workshop, as uploads do."""
    tempfile.tempdir = str(workshop())


def workshop() -> Path:
    """The folder of what is being worked on, or is just arriving."""
    folder = Path(settings.VAR_DIR) / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sweep_workshop(now: dt.datetime | None = None) -> int:
    """Removes what processes that were killed left in the workshop; returns the number of folders and files."""
    before = ((now or timezone.now()) - ABANDONED_AFTER).timestamp()
    abandoned = [entry for entry in os.scandir(workshop()) if _is_older(entry, before)]
    for entry in abandoned:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            Path(entry.path).unlink(missing_ok=True)
    return len(abandoned)


def sweep_files(
    folder: Path, in_use: Callable[[Collection[str]], Collection[str]], now: dt.datetime | None = None
) -> int:
    """Removes files of the folder that no row has named for a week; returns their number.

    ``in_use`` takes file names and returns those of them that a row names. The age counts from the last change of the
    file's own record on the disk: one that comes back from a backup is young, whatever date it bears.
    """
    before = ((now or timezone.now()) - FORGOTTEN_AFTER).timestamp()
    removed = 0
    for old in _batches(folder, before):
        for name in sorted(old.keys() - set(in_use(old.keys()))):
            # Looked at again at the last moment: a new file may bear the name of one that has just been removed.
            if _is_older(old[name], before):
                Path(old[name].path).unlink(missing_ok=True)
                removed += 1
                log.info("a file without a row was removed", file=old[name].path)
    return removed


def _batches(folder: Path, before: float) -> Iterator[dict[str, os.DirEntry[str]]]:
    batch: dict[str, os.DirEntry[str]] = {}
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and _is_older(entry, before):
                batch[entry.name] = entry
            if len(batch) == _BATCH:
                yield batch
                batch = {}
    if batch:
        yield batch


def _is_older(entry: os.DirEntry[str], before: float) -> bool:
    try:
        return os.lstat(entry.path).st_ctime < before
    except FileNotFoundError:
        return False
