"""GET /data/appeals.geojson: everything at one address, of one moment, however it is read and whatever comes in meanwhile."""

from __future__ import annotations

import ast
import errno
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Left
from django.test import Client
from pytest_django import Settings

from appeals.identifiers import new_uuid7
from appeals.models import Appeal
from bootstrap.rates import Rate
from districts.versions import public_version
from geo import large_texts
from geo.large_texts import Unwanted, copy_lines, shared_snapshot, while_wanted
from geo.paging import PAGE_SIZE
from opendata import converting, whole_sets
from opendata.views import whole_sets as views
from opendata.whole_sets import writers
from rates.taking import DATA_WORK, charge
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_EAST, GridCity, at, make_city
from web.api import texts

WHOLE = "/data/appeals.geojson"
LINES = "/data/appeals.geojsonl"


def _read(answer: Any) -> bytes:
    body: bytes = answer.getvalue()
    return body


def _numbers(text: bytes) -> list[int]:
    return [feature["properties"]["number"] for feature in json.loads(text)["features"]]


def _made(city: GridCity, count: int, **values: Any) -> None:
    first = AppealFactory(
        category=city.categories["lamp"], service=city.services["light"], point=at(IN_EAST), **values
    )
    columns = [field.attname for field in Appeal._meta.concrete_fields if not field.generated]
    same = {name: getattr(first, name) for name in columns if name not in {"id", "number"}}
    Appeal.objects.bulk_create(Appeal(id=new_uuid7(), **same) for _n in range(count - 1))


@pytest.fixture
def parts(client: Client) -> Callable[..., Any]:
    """Asks for a byte range as GDAL does: nothing says of which text."""

    def ask(first: int, last: int | str = "", path: str = WHOLE, **headers: str) -> Any:
        return client.get(path, headers={"Range": f"bytes={first}-{last}", **headers})

    return ask


class TestWhole:
    def test_every_appeal_in_the_order_of_the_list(self, city: GridCity, client: Client) -> None:
        _made(city, PAGE_SIZE + 5)
        answer = client.get(WHOLE, headers={"Accept-Language": "en"})
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/geo+json")
        document = json.loads(_read(answer))
        numbers = list(Appeal.objects.newest_first().values_list("number", flat=True))
        assert [feature["properties"]["number"] for feature in document["features"]] == numbers
        assert document["numberMatched"] == document["numberReturned"] == PAGE_SIZE + 5
        listed = client.get("/api/appeals.geojson?page_size=1000", headers={"Accept-Language": "en"})
        assert document["features"] == listed.json()["features"]

    def test_one_feature_a_line(self, city: GridCity, client: Client) -> None:
        _made(city, 3)
        lines = _read(client.get(LINES)).splitlines()
        assert [json.loads(line) for line in lines] == json.loads(_read(client.get(WHOLE)))["features"]

    def test_filters_and_language(self, city: GridCity, client: Client) -> None:
        _made(city, 1)
        AppealFactory(
            category=city.categories["pothole"], service=city.services["roads"], text="50% of 'it' \\ \""
        )
        (feature,) = json.loads(_read(client.get(f"{WHOLE}?service=roads&lang=ru")))["features"]
        assert feature["properties"]["service_name"] == "roads ru"
        assert feature["properties"]["text"] == "50% of 'it' \\ \""
        assert json.loads(_read(client.get(f"{WHOLE}?service=roads")))["name"] == "appeals", "GDAL's layer"
        assert _numbers(_read(client.get(f"{WHOLE}?q=50%25"))) == [feature["properties"]["number"]]

    @pytest.mark.parametrize("path", [WHOLE, LINES])
    def test_nothing(self, city: GridCity, client: Client, path: str) -> None:
        for query in ("", "?category=lamp&district=east"):
            text = _read(client.get(path + query))
            assert text == b"" if path == LINES else json.loads(text)["features"] == []

    def test_compressed_once(self, city: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        _made(city, 2)
        plain = client.get(WHOLE)
        texts = {plain["ETag"]: _read(plain)}
        unpacked = {
            "gzip": gzip.decompress,
            "zstd": lambda text: pa.CompressedInputStream(pa.BufferReader(text), "zstd").read(),
        }
        for accepted, large, coding in [
            ("gzip", 0, "gzip"),
            ("gzip, deflate, br, zstd", 0, "zstd"),
            ("gzip, zstd;q=0.9", 0, "gzip"),
            ("gzip;q=0.5, zstd;q=0.501", 0, "zstd"),
            ("gzip, zstd;q=0", 0, "gzip"),
            # Not worth a process.
            ("gzip, zstd", 50_000, "gzip"),
            ("zstd", 50_000, ""),
        ]:
            monkeypatch.setattr(views, "LARGE", large)
            packed = client.get(WHOLE, headers={"Accept-Encoding": accepted})
            assert packed.get("Content-Encoding", "") == coding, accepted
            assert "Accept-Encoding" in packed["Vary"]
            text = texts.setdefault(packed["ETag"], _read(packed))
            assert unpacked.get(coding, bytes)(text) == texts[plain["ETag"]]
            # A range counts the bytes of the text itself.
            part = client.get(WHOLE, headers={"Accept-Encoding": accepted, "Range": "bytes=0-9"})
            assert (part.status_code, _read(part), part["ETag"]) == (
                206,
                texts[plain["ETag"]][:10],
                plain["ETag"],
            )
        assert len(texts) == 3, "a tag for each coding"

    def test_statements(self, city: GridCity, client: Client, django_assert_max_num_queries: Any) -> None:
        _made(city, 2)
        first = client.get(WHOLE)["ETag"]
        with django_assert_max_num_queries(1):  # the version
            assert client.get(WHOLE)["ETag"] == first

    def test_too_much_work_is_refused(self, city: GridCity, client: Client, settings: Settings) -> None:
        settings.LIMITS = {"data-work": Rate(1, 1, 3_600)}
        _made(city, 1)
        assert client.get(WHOLE).status_code == 200
        charge(DATA_WORK, "address 127.0.0.1", cost=1)
        assert client.get(WHOLE).status_code == 200, "what is there costs nothing"
        refused = client.get(f"{WHOLE}?q=word", headers={"Accept-Language": "en"})
        assert refused.status_code == 429
        assert refused["Content-Type"] == "application/problem+json"
        assert int(refused["Retry-After"]) > 0
        assert "data" in refused.json()["title"]

    def test_too_many_at_once_are_told_to_come_again(
        self, city: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(texts, "_makers", threading.BoundedSemaphore(1))
        with texts.making("another"):
            answer = client.get(WHOLE)
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert int(answer["Retry-After"]) > 0


class TestVersion:
    def test_who_has_it_gets_nothing_until_it_changes(self, city: GridCity, client: Client) -> None:
        _made(city, 1)
        tag = client.get(WHOLE)["ETag"]
        assert tag.startswith('"')
        assert client.get(WHOLE, headers={"If-None-Match": tag}).status_code == 304
        _made(city, 1)
        again = client.get(WHOLE, headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert len(_numbers(_read(again))) == 2

    @pytest.mark.parametrize(
        "change",
        [
            lambda city: Appeal.objects.update(status="accepted"),
            lambda city: Appeal.objects.update(hidden=True),
            lambda city: city.categories["lamp"].save(),
            lambda city: city.services["light"].save(),
            lambda city: city.districts["east"].save(),
        ],
        ids=["status", "hidden", "category", "service", "district"],
    )
    def test_each_change_of_what_is_seen_is_another_text(
        self, city: GridCity, client: Client, change: Callable[[GridCity], object]
    ) -> None:
        AppealFactory(contact=None)
        tag = client.get(WHOLE)["ETag"]
        change(city)
        assert client.get(WHOLE)["ETag"] != tag

    def test_what_nobody_sees_is_none(self, city: GridCity, client: Client) -> None:
        _made(city, 1)
        tag = client.get(WHOLE)["ETag"]
        Appeal.objects.update(warned=2)
        assert client.get(WHOLE)["ETag"] == tag

    def test_languages_and_filters_have_texts_of_their_own(self, city: GridCity, client: Client) -> None:
        _made(city, 1)
        tags = {client.get(f"{WHOLE}?{query}")["ETag"] for query in ("lang=ky", "lang=ru", "lang=ru&q=x")}
        assert len(tags) == 3


@pytest.mark.django_db(transaction=True)
def test_a_writer_waits_for_no_other_and_each_commit_is_seen() -> None:
    """Two at once: the one that began first and commits last changes the version too."""
    city = make_city()
    _made(city, 2)
    first, second = Appeal.objects.newest_first()
    before = public_version()

    def changed(appeal: Appeal) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'")
            Appeal.objects.filter(pk=appeal.pk).update(address="Changed")
        connections.close_all()

    with transaction.atomic():
        Appeal.objects.filter(pk=first.pk).update(address="Changed")
        with ThreadPoolExecutor(1) as other:
            other.submit(changed, second).result(timeout=60)
            between = other.submit(_version_elsewhere).result(timeout=60)
    assert len({before, between, public_version()}) == 3


def _version_elsewhere() -> str:
    try:
        return public_version()
    finally:
        connections.close_all()


class TestParts:
    @pytest.mark.parametrize(
        "path", [WHOLE, LINES, "/api/appeals.geojson", "/api/appeals.geojson?page_size=1000"]
    )
    def test_parts_are_of_one_text(
        self, city: GridCity, client: Client, parts: Callable[..., Any], path: str
    ) -> None:
        _made(city, 3)
        size = int(client.head(path)["Content-Length"])
        _made(city, 1)
        head = parts(0, 999, path)
        assert (head.status_code, head["Content-Range"]) == (206, f"bytes 0-999/{size}")
        _made(city, 2)
        tail = parts(1000, "", path)
        assert tail["ETag"] == head["ETag"]
        text = _read(head) + _read(tail)
        assert len(text) == size
        features = map(json.loads, text.splitlines()) if path == LINES else json.loads(text)["features"]
        assert len(list(features)) == 3

    @pytest.mark.parametrize("path", [WHOLE, "/data/appeals.parquet", "/api/appeals.geojson"])
    def test_what_was_hidden_meanwhile_is_given_no_further(
        self, city: GridCity, parts: Callable[..., Any], path: str
    ) -> None:
        _made(city, 3)
        begun = parts(0, 99, path)["ETag"]
        Appeal.objects.filter(pk=Appeal.objects.newest_first()[0].pk).update(hidden=True)
        for _try in range(2):
            refused = parts(100, 199, path)
            assert (refused.status_code, refused["Content-Type"]) == (416, "application/problem+json")
        again = parts(0, 99, path)
        assert again.status_code == 206
        assert again["ETag"] != begun

    def test_another_tool_begins_with_the_text_of_now(
        self, city: GridCity, parts: Callable[..., Any]
    ) -> None:
        _made(city, 1)
        begun = parts(0, 99)["ETag"]
        _made(city, 1)
        assert parts(0, 99, **{"User-Agent": "GDAL/3.6"})["ETag"] != begun
        assert parts(100, 199)["ETag"] == begun

    def test_who_begins_again_later_gets_what_is_new(
        self, city: GridCity, parts: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _made(city, 1)
        begun = parts(0, 99)["ETag"]
        _made(city, 1)
        assert parts(0, 99)["ETag"] == begun
        monkeypatch.setattr(texts, "AGAIN_S", 0.0)
        assert parts(0, 99)["ETag"] != begun

    def test_a_tool_that_names_its_text_gets_all_when_it_is_another(
        self, city: GridCity, client: Client, parts: Callable[..., Any]
    ) -> None:
        _made(city, 1)
        tag = client.get(WHOLE)["ETag"]
        assert parts(10, 19, **{"If-Range": tag}).status_code == 206
        _made(city, 1)
        answer = parts(10, 19, **{"If-Range": '"another"'})
        assert answer.status_code == 200
        assert len(_numbers(_read(answer))) == 2

    def test_behind_the_end(self, city: GridCity, parts: Callable[..., Any]) -> None:
        for answer in (parts(99_999_999), parts("", 0)):
            assert answer.status_code == 416
            assert answer["Content-Range"].startswith("bytes */")

    def test_the_last_bytes(self, city: GridCity, client: Client, parts: Callable[..., Any]) -> None:
        """As what reads Parquet begins, whose footer says where all else is."""
        whole = _read(client.get(WHOLE, headers={"Accept-Encoding": "gzip;q=0"}))
        for last in (10, len(whole), len(whole) + 1):
            answer = parts("", last)
            assert (answer.status_code, _read(answer)) == (206, whole[-last:])
            first = max(len(whole) - last, 0)
            assert answer["Content-Range"] == f"bytes {first}-{len(whole) - 1}/{len(whole)}"
            assert "Content-Encoding" not in answer

    def test_one_sender_is_remembered_for_so_much(
        self, city: GridCity, parts: Callable[..., Any], settings: Settings
    ) -> None:
        for n in range(texts.READINGS_MAX + 8):
            parts(0, 9, f"{WHOLE}?q=word{n}")
        (sender,) = (Path(settings.TEXTS_ROOT) / "readings").iterdir()
        assert len(list(sender.iterdir())) == texts.READINGS_MAX


class TestRoom:
    def test_old_texts_are_given_up(self, city: GridCity, client: Client, settings: Settings) -> None:
        for _n in range(3):
            _made(city, 1)
            client.get(WHOLE)
        assert len(_files(settings)) == 1

    def test_all_texts_together_have_an_end(
        self, city: GridCity, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _made(city, 1)
        size = len(_read(client.get(WHOLE)))
        monkeypatch.setattr(texts, "LOOK_AGAIN_BYTES", 0)
        monkeypatch.setattr(texts, "TEXTS_MAX_BYTES", 3 * size)
        for language in ("ky", "ru", "en"):
            for query in ("", "&kind=complaint"):
                client.get(f"{WHOLE}?lang={language}{query}")
        assert sum(path.stat().st_size for path in _files(settings)) <= 3 * size

    def test_what_nobody_reads_is_swept(
        self, city: GridCity, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _made(city, 1)
        client.get(WHOLE)
        assert texts.sweep() == 0
        monkeypatch.setattr(texts, "CONTINUED_S", -1.0)
        assert texts.sweep() == 1
        assert _files(settings) == []

    def test_a_text_that_could_not_be_written_leaves_nothing(self, settings: Settings) -> None:
        def broken(file: Any) -> None:
            file.write(b"half")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            texts.keep("folder", "name", broken)
        assert texts.kept("folder", "name") is None
        assert _files(settings) == []


def _files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.TEXTS_ROOT).rglob("*") if path.is_file()]


class TestWhoSees:
    def test_staff_see_theirs_and_no_file_keeps_it(
        self, city: GridCity, client: Client, settings: Settings
    ) -> None:
        _made(city, 1)
        _made(city, 1, hidden=True)
        assert len(_numbers(_read(client.get(WHOLE)))) == 1
        files = _files(settings)
        client.force_login(MembershipFactory(service=city.services["light"]).user)
        answer = client.get(WHOLE, headers={"Range": "bytes=0-9"})
        assert (answer.status_code, answer["Accept-Ranges"]) == (200, "none")
        assert answer["Cache-Control"] == "private, no-store"
        assert "ETag" not in answer
        assert len(_numbers(_read(answer))) == 2
        assert _files(settings) == files

    def test_what_was_hidden_is_gone_from_the_next_text(self, city: GridCity, client: Client) -> None:
        _made(city, 2)
        tag = client.get(WHOLE)["ETag"]
        Appeal.objects.filter(pk=Appeal.objects.newest_first()[0].pk).update(hidden=True)
        answer = client.get(WHOLE, headers={"If-None-Match": tag})
        assert len(_numbers(_read(answer))) == 1


_READ = """
import sys, geopandas, pyogrio
def whole(frame):
    numbers = sorted(frame["number"])
    assert len(set(numbers)) == len(numbers) and numbers[:200] == list(range(numbers[0], numbers[0] + 200)), numbers
for url in sys.argv[1:]:
    for _time in range(4):
        whole(pyogrio.read_dataframe(url))
    whole(geopandas.read_file(url))
"""


@pytest.fixture
def busy_city(transactional_db: None) -> Iterator[GridCity]:
    """200 appeals, more than GDAL reads at once, all of which change while the test runs; and new ones come in."""
    city = make_city()
    _made(city, 200, text="Көчөдө чырак күйбөйт. " * 20)
    done = threading.Event()

    def write() -> None:
        n = 0
        while not done.wait(0.02):
            n += 1
            _made(city, 1)
            Appeal.objects.update(address=Concat(Left("address", 20), Value(" " + "+" * (n % 9))))
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    yield city
    done.set()
    writer.join(timeout=60)


def test_python_reads_all_while_appeals_come_in(busy_city: GridCity, live_server: Any) -> None:
    # A process of its own: GDAL holds the interpreter while the server of this process must answer.
    urls = [f"{live_server.url}{path}" for path in (f"{WHOLE}?to=2100-01-01", LINES)]
    read = subprocess.run(
        [sys.executable, "-c", _READ, *urls], capture_output=True, text=True, timeout=600, check=False
    )
    assert read.returncode == 0, read.stderr


@pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="Debian's gdal-bin is not installed")
def test_ogr2ogr_reads_all_while_appeals_come_in(
    busy_city: GridCity, live_server: Any, tmp_path: Path
) -> None:
    for opened, path in itertools.product(["", "/vsicurl/"], [WHOLE, LINES]):
        target = tmp_path / "appeals.csv"
        read = subprocess.run(
            ["ogr2ogr", "-f", "CSV", str(target), f"{opened}{live_server.url}{path}"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert (read.returncode, read.stderr) == (0, ""), (opened, path)
        assert len(target.read_text().splitlines()) > 200
        target.unlink()


@pytest.mark.parametrize(
    "path",
    [
        WHOLE,
        LINES,
        "/ogc/collections/appeals/items?f=geojsonseq",
        f"{WHOLE}?q=nothing",
        "/data/appeals.gpkg",
        "/data/appeals.fgb",
        "/data/appeals.parquet",
        "/data/appeals.parquet?q=nothing",
        "/data/service-areas.parquet",
    ],
)
def test_a_large_set_is_copied_and_is_the_same_text(
    committed: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """What the database copies by itself, in another process, is what is fetched here, to the byte, and of one snapshot."""
    _made(committed, 2, text='50% \\ "Көчөдө" \x7f\n\t \u2028')
    AppealFactory(district=None)
    fetched = client.get(path)
    copied_at: list[int] = []

    def change() -> None:
        parameters = connection.get_connection_params()
        del parameters["cursor_factory"]
        with closing(psycopg2.connect(**parameters)) as other, other, other.cursor() as cursor:
            cursor.execute("UPDATE appeals_appeal SET address = 'changed meanwhile'")

    def first_changed(copy: Callable[..., int]) -> Callable[..., int]:
        def copying(*given: Any, **named: Any) -> int:
            copied_at.append(Appeal.objects.count())
            # What comes in meanwhile is not in it.
            change()
            return copy(*given, **named)

        return copying

    monkeypatch.setattr(whole_sets, "LARGE", 0)
    for name in ("copy_lines", "copy_table"):
        monkeypatch.setattr(whole_sets, name, first_changed(getattr(large_texts, name)))
    monkeypatch.setattr(texts, "kept", lambda folder, name: None)
    monkeypatch.setattr(whole_sets, "kept", lambda folder, name: None)
    copied = client.get(path)
    assert copied_at == [3]
    assert (copied["ETag"], _read(copied)) == (fetched["ETag"], _read(fetched))


@pytest.mark.parametrize(
    ("table", "raised"), [("nowhere", OperationalError), ("generate_series(1, 10)", None)]
)
def test_what_the_copying_process_meets_is_raised_here(
    committed: GridCity, tmp_path: Path, table: str, raised: type[Exception] | None
) -> None:
    statement = f"SELECT n::text AS geojson_text FROM {table} AS n ORDER BY n DESC"
    with shared_snapshot() as snapshot, (tmp_path / "lines").open("wb") as file:
        if raised:
            with pytest.raises(raised, match=table):
                copy_lines(file, statement, snapshot)
            return
        assert copy_lines(file, statement, snapshot, before="% ") == 10
    assert (tmp_path / "lines").read_bytes().splitlines()[:2] == [b"% 10", b"% 9"]
    with (
        shared_snapshot() as snapshot,
        Path("/dev/full").open("wb") as full,
        pytest.raises(OSError, match=os.strerror(errno.ENOSPC)),
    ):
        copy_lines(full, statement, snapshot)


def test_for_a_client_that_is_gone_nothing_is_copied(
    committed: GridCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_texts, "_CHECK_CLIENT_S", 1)
    endless = "SELECT pg_sleep(600)::text AS geojson_text"
    with shared_snapshot() as snapshot, (tmp_path / "lines").open("wb") as file:
        with while_wanted(lambda: True), pytest.raises(Unwanted):
            copy_lines(file, endless, snapshot)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
            cursor.execute(
                "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%pg_sleep(600)%')"
                " LOOP PERFORM pg_sleep(0.05), pg_stat_clear_snapshot(); END LOOP; END $$"
            )


def test_whatever_the_writing_process_runs_makes_files_anew_when_it_changes() -> None:
    root = Path(converting.__file__).parents[1]
    found, left = set(), {Path(converting.__file__)}
    while left:
        path = left.pop()
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                other = root / f"{node.module.replace('.', '/')}.py"
                left |= {other} - found if other.is_file() else set()
    assert root / "geo/geoparquet.py" in found
    assert found <= set(writers())
