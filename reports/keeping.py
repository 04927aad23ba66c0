"""Reports that a worker has made are kept as files for some hours, for the page and all files of the same question."""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
import time
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.utils import timezone, translation

from reports.forms import ReportForm

log = structlog.get_logger()

#: For so long one is given to whoever asks the same again.
KEPT_FOR: Final = dt.timedelta(hours=3)


def name_of(report: str, form: ReportForm) -> str:
    """Names a valid question among all: the same in the same language on the same day, since names of places are in it and days end."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    told = "\n".join([report, form.query.as_query(), language, str(timezone.localdate())])
    return hashlib.sha256(told.encode()).hexdigest()


def counted_at(name: str) -> dt.datetime | None:
    """The second of UTC by which the kept report of that name had counted; None while none is given."""
    try:
        second = int(_path(name).stat().st_mtime)
    except FileNotFoundError:
        return None
    return (
        dt.datetime.fromtimestamp(second, dt.UTC) if second > time.time() - KEPT_FOR.total_seconds() else None
    )


def kept(name: str) -> Any:
    """The report of that name; None where there is none."""
    if counted_at(name) is None:
        return None
    try:
        return pickle.loads(_path(name).read_bytes())  # noqa: S301 - only workers of ours write there
    except Exception:
        # Written by a version of the program that is no more, or swept this moment: it is made anew.
        log.info("kept report cannot be read", name=name, exc_info=True)
        drop(name)
        return None


def drop(name: str) -> None:
    """It is given no more."""
    _path(name).unlink(missing_ok=True)


def keep(name: str, made: Any) -> None:
    """Keeps the report as a whole or not at all."""
    target = _path(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".part")
    half.write_bytes(pickle.dumps(made))
    half.replace(target)


def sweep() -> int:
    """Removes what is given no more; the number of files."""
    before = time.time() - KEPT_FOR.total_seconds()
    root = Path(settings.REPORTS_ROOT)
    old = [file for file in root.iterdir() if file.stat().st_mtime < before] if root.is_dir() else []
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _path(name: str) -> Path:
    return Path(settings.REPORTS_ROOT) / name
