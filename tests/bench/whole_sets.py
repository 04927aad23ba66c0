"""A million appeals in one text over HTTP, against the database's own COPY."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connection

from appeals.models import Appeal
from geo.geojson import feature_statement
from opendata.layers import APPEALS
from tests.bench.server import Server
from tests.bench.table import Line

SEQUENCE = "/ogc/collections/appeals/items?f=geojsonseq"
ROUNDS = 3
_CHUNK = 1024 * 1024


@contextmanager
def _folder() -> Iterator[Path]:
    folder = settings.VAR_DIR / "work" / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _peak_mb(pid: int) -> float:
    (found,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found) / 1024


def _forget() -> None:
    """The next reader's text is made anew: nothing is kept between rounds."""
    shutil.rmtree(settings.TEXTS_ROOT, ignore_errors=True)


def _fetch(server: Server, path: str, target: Path) -> None:
    with (
        server.session.get(
            f"{server.url}{path}", headers={"Accept-Encoding": "identity"}, stream=True, timeout=900
        ) as answer,
        target.open("wb") as file,
    ):
        answer.raise_for_status()
        for chunk in answer.iter_content(_CHUNK):
            file.write(chunk)


def _copy(target: Path, language: str = "en") -> None:
    statement = feature_statement(Appeal.objects.public().newest_first(), APPEALS.feature(language))
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    with closing(psycopg2.connect(**parameters)) as raw, raw.cursor() as cursor, target.open("wb") as file:
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT", file)


def sequence_and_copy(server: Server) -> list[Line]:
    """The whole set as GeoJSON-Seq over HTTP, made for this reader, against COPY of the same texts to a file."""
    ours, theirs = [], []
    with _folder() as folder:
        got, copied = folder / "got", folder / "copied"
        before = _peak_mb(server.process.pid)
        for _round in range(ROUNDS):
            theirs.append(_seconds(lambda: _copy(copied)))
            _forget()
            ours.append(_seconds(lambda: _fetch(server, f"{SEQUENCE}&lang=en", got)))
        more = _peak_mb(server.process.pid) - before
        with got.open("rb") as one, copied.open("rb") as other:
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: one.read(_CHUNK), b""))
            assert count == sum(chunk.count(b"\n") for chunk in iter(lambda: other.read(_CHUNK), b""))
    share = min(theirs) / min(ours)
    return [
        Line(
            f"{count:,} appeals as GeoJSON-Seq over HTTP",
            f"{min(ours):.1f} s",
            f"{min(theirs):.1f} s COPY to a file",
            share,
            "at least 0.6",
            share >= 0.6,
        ),
        Line(
            "what that adds to the web process", f"{more:.0f} MB", "50 MB", more / 50, "at most 1", more <= 50
        ),
    ]
