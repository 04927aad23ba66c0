"""tipg and pygeoapi beside the product: the same page of features, the same tile, from the same rows.

Each has as many workers as the product, and the same rows are asked for first and compared. They are installed from PyPI into an environment of their own, ``var/bench-venv``, since tipg brings
what must not be importable here.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import orjson
import requests
from django.conf import settings
from django.db import connection

from appeals.models import Appeal
from geo.bbox import Bbox
from geo.geojson import MEDIA_TYPE
from geo.tiles import tile_at
from tests.bench.server import Server, running_server
from tests.bench.serving import PAGE, frames
from tests.bench.table import Line

_LIST = Path(__file__).parent / "peers.txt"
CONNECTIONS = 4
WORKERS = 2
SECONDS = 8.0
#: The peers' rows have the names that ours have, read through the same joins.
_VIEW = """
CREATE SCHEMA IF NOT EXISTS peers;
CREATE OR REPLACE VIEW peers.appeals AS
SELECT a.id::text AS id, a.number, a.kind, c.code AS category, s.code AS service, d.code AS district, a.status,
    a.submitted_at, a.due_on, a.answered_at, a.closed_at, a.address, a.text, a.language, a.updated_at, a.point
FROM appeals_appeal AS a
JOIN districts_category AS c ON c.id = a.category_id
JOIN districts_service AS s ON s.id = a.service_id
LEFT JOIN districts_district AS d ON d.id = a.district_id
WHERE NOT a.hidden
"""
_CONFIG = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US]
  limits: {{default_items: {page}, max_items: {page}}}
  map: {{url: "http://127.0.0.1/none", attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: bench, description: bench, keywords: [bench], keywords_type: theme,
    terms_of_service: none, url: "http://127.0.0.1"}}
  license: {{name: none, url: "http://127.0.0.1"}}
  provider: {{name: none, url: "http://127.0.0.1"}}
  contact: {{name: none, position: none, address: none, city: none, stateorprovince: none, postalcode: "0",
    country: none, phone: "0", fax: "0", email: none@example.org, url: "http://127.0.0.1", hours: none, instructions: none, role: none}}
resources:
  appeals:
    type: collection
    title: appeals
    description: appeals
    keywords: [appeals]
    links: []
    extents: {{spatial: {{bbox: [-180, -90, 180, 90], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}}}
    providers:
      - type: feature
        name: PostgreSQL
        data: {{host: {host}, port: "{database_port}", dbname: {dbname}, user: {user}, password: "{password}", search_path: [peers]}}
        id_field: id
        table: appeals
        geom_field: point
"""


def programs() -> Path:
    """The folder of the peers' programs, which are installed where they are not there yet."""
    folder = settings.VAR_DIR / "bench-venv"
    mark = folder / f"installed-{hashlib.sha256(_LIST.read_bytes()).hexdigest()[:10]}"
    if not mark.exists():
        venv.create(folder, with_pip=True)
        pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", _LIST]
        subprocess.run(pip, check=True)
        mark.touch()
    return Path(folder / "bin")


@contextmanager
def _running(command: Sequence[str | Path], port: int, path: str, more: Mapping[str, str]) -> Iterator[str]:
    log = settings.VAR_DIR / "log" / "bench-peer.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env={**os.environ, **more}, stdout=sink, stderr=sink)
        url = f"http://127.0.0.1:{port}"
        try:
            for _attempt in range(150):
                try:
                    requests.get(url + path, timeout=60).raise_for_status()
                    break
                except requests.RequestException:
                    time.sleep(0.2)
            else:
                raise RuntimeError(f"{command[0]} does not answer; see {log}")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def _tipg() -> Iterator[str]:
    given, port = connection.settings_dict, _free_port()
    account = quote(str(given["USER"])) + (f":{quote(str(given['PASSWORD']))}" if given["PASSWORD"] else "")
    place = quote(str(given["HOST"]), safe="") + (f":{given['PORT']}" if given["PORT"] else "")
    more = {
        "DATABASE_URL": f"postgresql://{account}@{place}/{given['NAME']}",
        "TIPG_DB_SCHEMAS": '["peers"]',
        "TIPG_MAX_FEATURES_PER_QUERY": str(PAGE),
    }
    command: list[str | Path] = [
        programs() / "uvicorn",
        "tipg.main:app",
        "--port",
        str(port),
        "--workers",
        str(WORKERS),
        "--log-level",
        "warning",
    ]
    with _running(command, port, "/collections", more) as url:
        yield url


@contextmanager
def _pygeoapi() -> Iterator[str]:
    given, port = connection.settings_dict, _free_port()
    folder = settings.VAR_DIR / "work"
    folder.mkdir(parents=True, exist_ok=True)
    config, document = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.yml"
    config.write_text(
        _CONFIG.format(
            port=port,
            page=PAGE,
            host=given["HOST"],
            database_port=given["PORT"] or 5432,
            dbname=given["NAME"],
            user=given["USER"],
            password=given["PASSWORD"],
        )
    )
    more = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(document)}
    made: list[str | Path] = [
        programs() / "pygeoapi",
        "openapi",
        "generate",
        config,
        "--output-file",
        document,
    ]
    subprocess.run(
        made, check=True, env={**os.environ, **more}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    command: list[str | Path] = [
        programs() / "gunicorn",
        "pygeoapi.flask_app:APP",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    command += [
        "--workers",
        str(WORKERS),
        "--worker-class",
        "gthread",
        "--threads",
        str(CONNECTIONS),
        "--log-level",
        "error",
    ]
    with _running(command, port, "/collections?f=json", more) as url:
        yield url


def rate(urls: Sequence[str]) -> float:
    """Answers a second by so many connections, each of which asks for the next address when it has the last one."""
    for url in urls:
        requests.get(url, timeout=120).raise_for_status()
    counts = [0] * CONNECTIONS

    def ask(n: int) -> None:
        with requests.Session() as session:
            while time.monotonic() < begun + SECONDS:
                url = urls[(n + counts[n]) % len(urls)]
                answer = session.get(
                    url, headers={"Accept-Encoding": "identity", "Accept": MEDIA_TYPE}, timeout=120
                )
                answer.raise_for_status()
                counts[n] += 1

    begun = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, range(CONNECTIONS)))
    return sum(counts) / (time.monotonic() - begun)


def beside_peers(database_url: str, log: Path) -> list[Line]:
    """A page of 1,000 features in a box at four connections, and cluster tiles, against tipg, pygeoapi and drf-gis."""
    with running_server(database_url, log, workers=WORKERS) as server:
        return _beside_peers(server)


def _beside_peers(server: Server) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute(_VIEW)
    boxes = frames()
    ours = [f"{server.url}/ogc/collections/appeals/items?f=json&limit={PAGE}&bbox={box}" for box in boxes]
    few = _box_of_few()
    found = _numbers(f"{server.url}/ogc/collections/appeals/items?f=json&limit={PAGE}&bbox={few}")
    by_us = rate(ours)
    lines = []

    def against(name: str, address: str, least: float) -> None:
        assert _numbers(f"{address}{few}") == found, name
        theirs = [f"{address}{box}" for box in boxes]
        assert len(_numbers(theirs[0])) == PAGE, name
        by_them = rate(theirs)
        lines.append(
            Line(
                f"page of {PAGE:,} features at {CONNECTIONS} connections, {WORKERS} workers",
                f"{by_us:.1f} /s",
                f"{by_them:.1f} /s {name}",
                by_us / by_them,
                f"at least {least:g}",
                by_us >= least * by_them,
            )
        )

    against("drf-gis", f"{server.url}/peer/drf-gis/appeals/?in_bbox=", 12)
    with _tipg() as url:
        items = f"{url}/collections/peers.appeals/items?f=geojson&limit={PAGE}&geom-column=point"
        against("tipg", f"{items}&bbox=", 6)
        lines += _tiles(server, url)
    with _pygeoapi() as url:
        items = f"{url}/collections/appeals/items?f=json&limit={PAGE}"
        against("pygeoapi", f"{items}&bbox=", 8)
    return lines


def _box_of_few() -> str:
    """A box of no more appeals than stand on a page, which all can so be compared by; none is within its edge's rounding."""
    lon, lat = Appeal.objects.public().newest_first()[0].point.coords
    half = 0.02
    while True:
        west, south, east, north = (round(n, 6) for n in (lon - half, lat - half, lon + half, lat + half))
        box = Bbox(west, south, east, north)
        # An index compares in single precision: who asks it alone finds some that lie outside.
        touched = Appeal.objects.public().filter(point__bboverlaps=box.polygon())
        if (
            touched.count() <= PAGE // 2
            and touched.count() == touched.filter(point__coveredby=box.polygon()).count()
        ):
            return ",".join(f"{degrees:.6f}" for degrees in box)
        half *= 0.9


def _numbers(url: str) -> set[int]:
    """Numbers of the appeals of a page, as whoever serves it has them."""
    page = orjson.loads(requests.get(url, headers={"Accept": MEDIA_TYPE}, timeout=120).content)
    return {feature["properties"]["number"] for feature in page.get("results", page)["features"]}


def _tiles(server: Server, tipg: str) -> list[Line]:
    west, south, east, north = settings.CITY_BOUNDS
    lines = []
    for zoom, least in ((10, 20), (12, 6), (14, 5)):
        tile = tile_at((west + east) / 2, (south + north) / 2, zoom)
        by_us = rate([f"{server.url}/tiles/appeals/{tile.z}/{tile.x}/{tile.y}.mvt"])
        place = f"{tile.z}/{tile.x}/{tile.y}"
        by_them = rate([f"{tipg}/collections/peers.appeals/tiles/WebMercatorQuad/{place}?geom-column=point"])
        lines.append(
            Line(
                f"cluster tile at zoom {zoom}",
                f"{by_us:.1f} /s",
                f"{by_them:.1f} /s tipg, cut at 10,000 points",
                by_us / by_them,
                f"at least {least}",
                by_us >= least * by_them,
            )
        )
    return lines
