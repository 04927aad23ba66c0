"""A million appeals in one file, made for who asks over HTTP, against ogr2ogr and GeoPandas with the same rows and columns."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from django.db import connection

from appeals.models import Appeal
from geo.vector_tiles import column_of, compiled
from opendata.layers import APPEALS
from opendata.properties import values
from tests.bench.cpu import cpu_ms
from tests.bench.server import Server
from tests.bench.table import Line
from tests.bench.whole_sets import _fetch, _folder, _forget, _peak_mb, _seconds

ROUNDS = 3
MEMORY_MAX_MB = 300
#: Most of the peer's time that ours may take.
AGAINST = {"gpkg": ("ogr2ogr", 0.4), "fgb": ("ogr2ogr", 0.8), "parquet": ("GeoPandas", 0.35)}
_DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf"}


@dataclass
class _Measured:
    """Of each round the seconds and the processors' seconds; the most memory of one of the processes that came and went."""

    seconds: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    most_mb: float = 0.0

    def __str__(self) -> str:
        return f"{median(self.cpu_s):.1f} CPU s, {median(self.seconds):.1f} s, {self.most_mb:.0f} MB"


def exports(server: Server) -> list[Line]:
    """GeoPackage and FlatGeobuf against ogr2ogr, GeoParquet against GeoPandas; lines only for peers that are installed.

    The ratio is of the processors' time, the database's with it: ours is made with less right to a processor than others have.
    """
    count = Appeal.objects.public().count()
    lines = []
    with _folder() as folder:
        for ending, (peer, most) in AGAINST.items():
            if peer == "ogr2ogr" and not shutil.which(peer):
                continue
            target, other = folder / f"ours.{ending}", folder / f"theirs.{ending}"
            ours, theirs = _Measured(), _Measured()
            for _round in range(ROUNDS):
                other.unlink(missing_ok=True)
                _measure(theirs, server, partial(_by_peer, peer, other))
                _forget()
                _measure(ours, server, partial(_fetch, server, f"/data/appeals.{ending}?lang=en", target))
            assert _told(target) == _told(other), ending
            target.unlink()
            other.unlink()
            share = median(ours.cpu_s) / median(theirs.cpu_s)
            memory = ours.most_mb / MEMORY_MAX_MB
            what = f"{count:,} appeals as .{ending} over HTTP"
            lines += [
                Line(what, str(ours), f"{theirs} {peer}", share, f"at most {most:g}", share <= most),
                Line(
                    "the writing process",
                    f"{ours.most_mb:.0f} MB",
                    "300 MB",
                    memory,
                    "at most 1",
                    memory <= 1,
                ),
            ]
    return lines


def _measure(measured: _Measured, server: Server, do: Callable[[], object]) -> None:
    """Adds a round: of this process' and the server's children, the server, and all of the database's processes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        database = _parent(cursor.fetchone()[0])
    known = [server.process.pid, *_children(database)]
    before = {pid: cpu_ms([pid]) for pid in known}
    last, own, ended = dict(before), set(_children(os.getpid())), threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            came = [
                pid
                for parent in (os.getpid(), server.process.pid)
                for pid in _children(parent)
                if pid not in own
            ]
            for pid in {server.process.pid, *came, *_children(database)}:
                with suppress(FileNotFoundError, ProcessLookupError, ValueError):  # it has just ended
                    last[pid] = cpu_ms([pid])
                    if pid in came:
                        measured.most_mb = max(measured.most_mb, _peak_mb(pid))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        measured.seconds.append(_seconds(do))
    finally:
        ended.set()
        looking.join()
    measured.cpu_s.append((sum(last.values()) - sum(before.values())) / 1000)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, children.read_text().split())
    return found


def _parent(pid: int) -> int:
    (found,) = re.findall(r"PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found)


def _statement() -> str:
    columns = values(APPEALS.properties, "en")
    found = compiled(Appeal.objects.public().newest_first(), {**columns, "geometry": APPEALS.column})
    names = ", ".join(f'{column_of(name)} AS "{name}"' for name in (*columns, "geometry"))
    return f"SELECT {names} FROM ({found}) AS found"


def _by_peer(peer: str, target: Path) -> None:
    given = connection.settings_dict
    at = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    parts = {"dbname": given["NAME"], **{name: value for name, value in at.items() if value}}
    address = " ".join(f"{name}='{value}'" for name, value in parts.items())
    command: Sequence[str]
    if peer == "ogr2ogr":
        driver = _DRIVERS[target.suffix[1:]]
        command = [
            "ogr2ogr",
            "-f",
            driver,
            str(target),
            f"PG:{address}",
            "-sql",
            _statement(),
            "-nln",
            "appeals",
        ]
        command = [*command, "-nlt", "POINT", "-a_srs", "EPSG:4326"]
    else:
        command = [sys.executable, "-c", _GEOPANDAS, address, _statement(), str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


_GEOPANDAS = """
import sys, geopandas, psycopg2
address, statement, target = sys.argv[1:]
with psycopg2.connect(address) as connection:
    frame = geopandas.read_postgis(statement, connection, geom_col="geometry", crs=4326)
frame.to_parquet(target, compression="zstd", write_covering_bbox=True)
"""


def _told(file: Path) -> str:
    """What stands in the file, told by a process of its own: the rows' numbers, texts and places, in whatever order."""
    telling = [sys.executable, "-c", _TELL, str(file)]
    return subprocess.run(telling, check=True, capture_output=True, text=True).stdout


_TELL = """
import sys, hashlib, geopandas, pyogrio, numpy as np
columns = ["number", "text", "status", "category_name", "address"]
path = sys.argv[1]
if path.endswith("parquet"):
    frame = geopandas.read_parquet(path, columns=[*columns, "geometry"])
else:
    frame = pyogrio.read_dataframe(path, columns=columns, use_arrow=True)
frame = frame.sort_values("number")
places = np.round(frame.geometry.get_coordinates().to_numpy(), 6)
told = hashlib.sha256(places.tobytes())
for column in columns:
    told.update("\\0".join(map(str, frame[column])).encode())
print(len(frame), told.hexdigest())
"""
