"""./manage.py import_appeals on the grid city."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from appeals.actions.escalate import escalate_overdue
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.deadlines import LegalClock
from appeals.folding import fold_pyramid
from appeals.identifiers import stable_uuid7
from appeals.importing import history
from appeals.importing import run as importing
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, AppealContact, Event, Message, PyramidCell, RoutingDecision
from appeals.workflow import ACCEPT
from districts.actions.publish import apply_borders
from districts.models import BoundaryRevision
from tests.grid import EAST, IN_EAST, IN_PARK, IN_WEST, OUTSIDE, GridCity, box, make_city
from tests.realdata import ROOT

MAPPING = """
source = "old-map"
language = "ru"
kind = "request"

[number]
column = "id"

[created]
column = "opened"

[closed]
column = "finished"

[status]
column = "state"
values = { open = "new", work = "accepted", done = "answered", shut = "closed" }

[category]
column = "about"
default = "other"
values = { hole = "pothole", dark = "lamp", stump = "tree" }

[text]
template = "{words}[ ({about})]"

[answer]
template = "{reply}"

[address]
template = "{street}"

[place]
lon = "lon"
lat = "lat"
"""
COLUMNS = ["id", "opened", "finished", "state", "about", "words", "reply", "street", "lon", "lat"]

pytestmark = pytest.mark.django_db


def row(number: object, place: tuple[object, object] = IN_EAST, **values: object) -> dict[str, object]:
    lon, lat = place
    usual = {
        "id": number,
        "opened": "2024-03-04 10:00",
        "finished": "",
        "state": "open",
        "about": "hole",
        "words": "Яма",
        "reply": "",
        "street": "Ленина, 1",
        "lon": lon,
        "lat": lat,
    }
    return usual | values


def table(folder: Path, rows: Sequence[dict[str, object]], name: str = "appeals.csv") -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    path = folder / name
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def mapping(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(path: Path, *arguments: str, text: str = MAPPING) -> dict[str, Any]:
    """The command's report, in which every row of the file is accounted for once."""
    report = path.parent / "report.json"
    refused = path.parent / "refused.csv"
    call_command(
        "import_appeals",
        str(path),
        f"--mapping={mapping(path.parent, text)}",
        f"--report={report}",
        f"--refused={refused}",
        *arguments,
        stdout=io.StringIO(),
    )
    said: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert said["read"] == said["imported"] + said["changed"] + said["repeated"] + sum(
        said["refused"].values()
    )
    assert len(refusals(path.parent)) == sum(said["refused"].values())
    return said


def refusals(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "refused.csv").open(encoding="utf-8", newline="") as stream:
        # Its first column is "line", and the delimiter that of the source.
        delimiter = stream.read(5)[4]
        stream.seek(0)
        rows = csv.DictReader(stream, delimiter=delimiter)
        return [(line["line"], line["number"], line["reason"]) for line in rows]


def test_an_appeal_with_its_history(city: GridCity, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        [
            row(
                "A-1",
                IN_PARK,
                state="shut",
                about="dark",
                finished="2024-03-11 12:30",
                reply="Заменили\tлампу \\ №5\nСделано",
            )
        ],
        "appeals.csv.gz",
    )
    report = run(path)
    assert (report["read"], report["imported"], report["repeated"], report["refused"]) == (1, 1, 0, {})
    appeal = Appeal.objects.get()
    zone = timezone.get_default_timezone()
    opened, finished = dt.datetime(2024, 3, 4, 10, tzinfo=zone), dt.datetime(2024, 3, 11, 12, 30, tzinfo=zone)
    assert (appeal.source, appeal.external_id, appeal.kind, appeal.language) == (
        "old-map",
        "A-1",
        "request",
        "ru",
    )
    assert (appeal.text, appeal.address, appeal.category.code) == ("Яма (dark)", "Ленина, 1", "lamp")
    assert (appeal.point.x, appeal.point.y) == IN_PARK
    assert (appeal.district, appeal.service) == (city.districts["west"], city.services["green"])
    assert (appeal.status, appeal.version, appeal.hidden) == ("closed", 3, False)
    assert (appeal.submitted_at, appeal.answered_at, appeal.closed_at) == (opened, finished, finished)
    assert appeal.due_on == LegalClock.read().due_on("request", opened)
    assert appeal.id.version == 7
    assert appeal.id.int >> 80 == int(opened.timestamp() * 1000)
    assert isinstance(appeal.number, int)
    assert isinstance(appeal.cell_x, int)
    events = appeal.events.order_by("version").values_list(
        "version", "verb", "from_status", "to_status", "at", "actor_role", "text"
    )
    assert list(events) == [
        (1, "submit", "", "new", opened, "system", ""),
        (2, "answer", "new", "answered", finished, "system", "Заменили\tлампу \\ №5\nСделано"),
        (3, "close", "answered", "closed", finished, "system", ""),
    ]
    decision = RoutingDecision.objects.get()
    assert (decision.area, decision.rule, decision.decided_at) == (city.areas["park"], "priority", opened)
    assert decision.rivals[0]["area"] == city.areas["light-west"].pk
    assert not AppealContact.objects.exists()
    assert not Message.objects.exists()


def test_every_status(city: GridCity, tmp_path: Path) -> None:
    ended = {"finished": "2024-03-05", "reply": "Засыпали"}
    rows = [row(state, state=state) for state in ("open", "work")]
    rows += [row(state, state=state, **ended) for state in ("done", "shut")]
    with CaptureQueriesContext(connection) as captured:
        run(table(tmp_path, rows))
    analysed = {query["sql"] for query in captured.captured_queries if query["sql"].startswith("ANALYZE")}
    # What was folded too.
    assert analysed >= {f'ANALYZE "appeals_{table}"' for table in ("appeal", "pyramidcell", "metriccell")}
    found = {appeal.external_id: appeal for appeal in Appeal.objects.all()}
    assert {number: appeal.status for number, appeal in found.items()} == {
        "open": "new",
        "work": "accepted",
        "done": "answered",
        "shut": "closed",
    }
    for appeal in found.values():
        assert appeal.events.count() == appeal.version
        assert (appeal.answered_at is None) == (appeal.status in ("new", "accepted"))
    assert found["done"].closed_at is None


def test_an_imported_appeal_can_go_on(city: GridCity, office_user: User, tmp_path: Path) -> None:
    """The workflow continues where the import left off; what was overdue by then is with the Mayor's Office."""
    run(table(tmp_path, [row(1)]))
    appeal = perform(Appeal.objects.get().pk, ACCEPT, Person(office_user), version=1)
    assert appeal.status == "accepted"
    assert list(appeal.events.values_list("verb", flat=True)) == ["submit", "found_overdue", "accept"]
    assert appeal.escalated_at is not None
    assert not Message.objects.filter(event__verb="found_overdue").exists()
    assert escalate_overdue() == 0


def test_refused_rows_are_reported_by_line(city: GridCity, tmp_path: Path) -> None:
    rows = [
        row(1),
        row("", words="two\nlines"),
        row(3, ("", "")),
        row(4, OUTSIDE),
        row(5, (2.35, 48.85)),
        row(6, (IN_EAST[1], IN_EAST[0])),
        row(7, ("nan", 40.52)),
        row(8, ("72,76", "40,52")),
        row(9, ("1e400", 40.52)),
        row(10, opened=""),
        row(11, opened="31.12.2024"),
        row(12, opened="2999-01-01"),
        row(13, opened="0001-01-01"),
        row(14, state="shut"),
        row(15, state="done", finished="2023-01-01"),
        row(16, state="lost"),
        row(17, words="", about=""),
        row(18, words="а" * (TEXT_MAX + 1)),
        row("x" * 101),
        row(20, opened="2019-06-01"),
    ]
    report = run(table(tmp_path, rows))
    assert refusals(tmp_path) == [
        ("3", "", "no number"),
        ("5", "3", "no coordinates"),
        ("7", "5", "outside the city"),
        ("8", "6", "bad coordinates"),
        ("9", "7", "bad coordinates"),
        ("10", "8", "bad coordinates"),
        ("11", "9", "bad coordinates"),
        ("12", "10", "bad date"),
        ("13", "11", "bad date"),
        ("14", "12", "bad date"),
        ("15", "13", "bad date"),
        ("16", "14", "bad date"),
        ("17", "15", "bad date"),
        ("18", "16", "unknown status"),
        ("19", "17", "bad text"),
        ("20", "18", "bad text"),
        ("21", "x" * 101, "no number"),
        ("6", "4", "outside the city"),
        ("22", "20", "bad date"),  # no legal term was in force
    ]
    assert report["imported"] == 1
    assert report["read"] == 20 == 1 + sum(report["refused"].values())
    assert Appeal.objects.get().external_id == "1"


def test_unknown_category_without_a_default(city: GridCity, tmp_path: Path) -> None:
    run(table(tmp_path, [row(1, about="ufo"), row(2)]), text=MAPPING.replace('default = "other"', ""))
    assert refusals(tmp_path) == [("2", "1", "unknown category")]
    assert Appeal.objects.get().external_id == "2"


def test_repeats_are_imported_once(city: GridCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a batch, between batches, against existing ones; another source's same number is different."""
    monkeypatch.setattr(importing, "BATCH", 3)
    rows = [row(1, words="first"), row(2), row(1, words="second"), row(3), row(2), row(4), row(3)]
    path = table(tmp_path, rows)
    report = run(path)
    assert (report["read"], report["imported"], report["repeated"]) == (7, 4, 3)
    assert Appeal.objects.get(external_id="1").text == "first (hole)"
    before = list(Appeal.objects.order_by("pk").values_list("pk", "number", "version"))
    report = run(path)
    assert (report["read"], report["imported"], report["repeated"]) == (7, 0, 7)
    assert list(Appeal.objects.order_by("pk").values_list("pk", "number", "version")) == before
    report = run(path, text=MAPPING.replace("old-map", "older-map"))
    assert (report["imported"], report["repeated"]) == (4, 3)


def test_numbers_follow_the_file(city: GridCity, tmp_path: Path) -> None:
    run(table(tmp_path, [row(n) for n in range(20)]))
    assert [
        int(number) for number in Appeal.objects.order_by("number").values_list("external_id", flat=True)
    ] == list(range(20))


@pytest.mark.parametrize("arguments", [("--dry-run",), ("--dry-run", "--limit=4")])
def test_a_dry_run_reports_and_writes_nothing(
    city: GridCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    path = table(tmp_path, [row(1), row(2, OUTSIDE), row(1), row(3), row(4)])
    dry = run(path, *arguments)
    assert dry["dry_run"] is True
    for model in (Appeal, Event, RoutingDecision):
        assert not model.objects.exists()
    real = run(path, *arguments[1:])
    for key in ("read", "imported", "repeated", "refused"):
        assert dry[key] == real[key]
    assert real["imported"] == (2 if "--limit=4" in arguments else 3)


def test_history_goes_by_the_borders_of_its_day(city: GridCity, tmp_path: Path) -> None:
    """Appeals older than all borders use the first ones, as on their first day; all are counted in today's districts."""
    later = BoundaryRevision.objects.create(
        number=2,
        name="second",
        state="published",
        effective_from=dt.date(2024, 1, 1),
        published_at=timezone.now(),
    )
    for code, bounds in (("city", (72.70, 40.50, 72.78, 40.54)), ("west", EAST)):
        city.districts[code].boundaries.create(revision=later, geom=box(bounds))
    apply_borders()
    dated = city.add_area("old-green", "green", EAST, ("pothole",), valid_to=dt.date(2022, 1, 1))
    LegalClock.read()
    rows = [
        row("before", opened="2021-05-01"),
        row("between", opened="2023-05-01"),
        row("after", opened="2024-05-01"),
    ]
    run(table(tmp_path, rows))
    found = {
        appeal.external_id: appeal
        for appeal in Appeal.objects.select_related("routing__district", "district", "service")
    }
    assert found["before"].routing.area == dated
    assert (found["before"].routing.district.code, found["before"].service.code) == ("east", "green")
    assert (found["between"].routing.district.code, found["between"].service.code) == ("east", "roads")
    assert (found["after"].routing.district.code, found["after"].routing.revision) == ("west", later)
    assert {appeal.district.code for appeal in found.values()} == {"west"}


def test_older_than_the_first_borders(city: GridCity, tmp_path: Path) -> None:
    city.revision.effective_from = dt.date(2023, 1, 1)
    city.revision.save()
    BoundaryRevision.objects.create(
        number=2,
        name="second",
        state="published",
        effective_from=dt.date(2024, 1, 1),
        published_at=timezone.now(),
    )
    run(table(tmp_path, [row(1, opened="2021-05-01")]))
    assert Appeal.objects.get().routing.revision == city.revision


class Killed(BaseException):
    """Not an error that anything would catch."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["copy of appeals", "copy of events", "commit"])
def test_killed_in_a_batch_and_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    make_city()
    monkeypatch.setattr(importing, "BATCH", 4)
    path = table(tmp_path, [row(n, state="done", finished="2024-03-05") for n in range(10)])
    with monkeypatch.context() as patch:
        _die(patch, moment)
        with pytest.raises(Killed):
            run(path)
    whole = 4 if moment != "commit" else 8
    assert Appeal.objects.count() == whole
    assert Event.objects.count() == 2 * whole
    report = run(path)
    assert (report["imported"], report["repeated"]) == (10 - whole, whole)
    assert Appeal.objects.count() == RoutingDecision.objects.count() == 10
    assert Event.objects.count() == 20
    assert sorted(int(n) for n in Appeal.objects.values_list("external_id", flat=True)) == list(range(10))


#: The command in batches small enough to be killed between.
_IN_SMALL_BATCHES = """
import sys, django
django.setup()
from django.core.management import call_command
from appeals.importing import run
run.BATCH = 100
call_command("import_appeals", *sys.argv[1:])
"""


@pytest.mark.django_db(transaction=True)
def test_killed_by_the_system_and_run_again(tmp_path: Path) -> None:
    """kill -9: nothing half-written, nothing twice, and the next run is not locked out."""
    make_city()
    path = table(tmp_path, [row(n, state="done", finished="2024-03-05") for n in range(4_000)])
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    importing_process = subprocess.Popen(
        [sys.executable, "-c", _IN_SMALL_BATCHES, str(path), f"--mapping={mapping(tmp_path)}"],
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not Appeal.objects.exists():
            assert importing_process.poll() is None
    finally:
        importing_process.kill()
    importing_process.wait()
    report = None
    while report is None:
        # The server ends the session as soon as it notices that its client is gone.
        with contextlib.suppress(CommandError):
            report = run(path)
    assert report["imported"] + report["repeated"] == 4_000
    assert report["repeated"] > 0
    assert report["repeated"] % 100 == 0
    assert Appeal.objects.count() == RoutingDecision.objects.count() == 4_000
    assert Event.objects.count() == 8_000
    assert _counted_as_answered() == 4_000


def _die(patch: pytest.MonkeyPatch, moment: str) -> None:
    """Dies in the second batch, at that moment."""
    from appeals.importing import history

    calls = {"n": 0}
    real = history.copy_in

    def copy_in(objects: Sequence[Any]) -> None:
        table_name = objects[0]._meta.model_name if objects else ""
        calls["n"] += table_name == "routingdecision"
        if calls["n"] == 2 and moment == f"copy of {table_name}s":
            raise Killed
        real(objects)
        if calls["n"] == 2 and moment == "commit":
            transaction.on_commit(_kill)

    def _kill() -> None:
        raise Killed

    patch.setattr(history, "copy_in", copy_in)


@pytest.mark.django_db(transaction=True)
def test_one_import_of_a_source_at_a_time(tmp_path: Path) -> None:
    make_city()
    path = table(tmp_path, [row(1)])
    with closing(session()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [importing.lock_key("old-map")])
        with pytest.raises(CommandError, match="another import from old-map is running"):
            run(path)
        cursor.execute("SELECT pg_advisory_unlock_all()")
    assert run(path)["imported"] == 1


def session() -> Any:
    """Another session in the test's database."""
    import psycopg2

    other = psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})
    other.autocommit = True
    return other


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_told_and_the_rest_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_city()
    monkeypatch.setattr(importing, "BATCH", 4)
    path = table(tmp_path, [row(n) for n in range(10)])
    real = importing.write

    def write(pasts: Sequence[Any]) -> None:
        real(pasts)
        if Appeal.objects.count() == 8:
            with closing(session()) as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.get_backend_pid()])
        Appeal.objects.count()

    with monkeypatch.context() as patch:
        patch.setattr(importing, "write", write)
        with pytest.raises(CommandError, match="the database has stopped the import .* run it again"):
            run(path)
    connection.close()
    assert Appeal.objects.count() == 4
    assert run(path)["imported"] == 6


@pytest.mark.django_db(transaction=True)
def test_imports_from_two_sources_at_once_do_not_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each changes what is counted at the places of its first rows and then of its last, which are the other's first."""
    make_city()
    monkeypatch.setattr(history, "UPDATED_AT_ONCE", 4)
    places = [(72.701 + n / 100, 40.52) for n in range(8)]
    texts = {source: MAPPING.replace("old-map", source) for source in ("one", "other")}
    orders = {"one": range(8), "other": range(7, -1, -1)}
    folders = {source: tmp_path / source for source in texts}
    for source, text in texts.items():
        folders[source].mkdir()
        run(table(folders[source], [row(n, places[n]) for n in orders[source]]), text=text)
    updated: set[str] = set()
    failures: list[BaseException] = []

    def one_waits_for_another() -> bool:
        with watch.cursor() as cursor:
            cursor.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.rowcount)

    def import_news(source: str) -> None:
        def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            result = execute(sql, params, many, context)
            if sql.startswith('UPDATE "appeals_appeal"') and source not in updated:
                updated.add(source)
                # On with the last rows when the other has its first.
                while len(updated) < 2 and not failures:
                    assert not one_waits_for_another()
            return result

        try:
            with connection.execute_wrapper(wrapper):
                news = [row(n, places[n], state="done", finished="2024-03-05") for n in orders[source]]
                run(table(folders[source], news), text=texts[source])
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    with closing(session()) as watch:
        threads = [threading.Thread(target=import_news, args=[source]) for source in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    assert Appeal.objects.filter(status="answered").count() == 16
    # Who finds the other one folding leaves the rest to the worker.
    fold_pyramid()
    assert _counted_as_answered() == 16


def _counted_as_answered() -> int:
    """On the map."""
    return sum(
        PyramidCell.objects.filter(key="status:answered", zoom=13).values_list("n_answered", flat=True)
    )


def features(folder: Path, *members: dict[str, Any]) -> Path:
    path = folder / "appeals.geojson.gz"
    path.write_bytes(gzip.compress(json.dumps({"type": "FeatureCollection", "features": members}).encode()))
    return path


def feature(number: object, geometry: object, **values: object) -> dict[str, Any]:
    properties = {key: value for key, value in row(number, **values).items() if key not in ("lon", "lat")}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def point(x: object, y: object) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


GEOJSON_MAPPING = MAPPING.replace('lon = "lon"\nlat = "lat"', "geometry = true")


def test_geojson(city: GridCity, tmp_path: Path) -> None:
    good = feature(7, point(*IN_WEST), reply=None)
    del good["properties"]["street"]
    path = features(
        tmp_path,
        good,
        feature(8, None),
        feature(9, point("72.7", None)),
        feature(10, {"type": "LineString", "coordinates": [list(IN_WEST), list(IN_EAST)]}),
        feature(11, {"type": "Point", "coordinates": "72.7"}),
        feature(12, point(*IN_WEST), words="a\u0000b"),
        feature(13, point(*IN_WEST), words="\ud800"),
        feature(14, point(IN_WEST[1], IN_WEST[0])),
    )
    report = run(path, text=GEOJSON_MAPPING)
    assert (report["read"], report["imported"]) == (8, 1)
    assert [(line, reason) for line, _, reason in refusals(tmp_path)] == [
        ("2", "no coordinates"),
        ("3", "no coordinates"),
        ("4", "broken row"),
        ("5", "no coordinates"),
        ("6", "broken row"),
        ("7", "broken row"),
        ("8", "bad coordinates"),
    ]
    appeal = Appeal.objects.get()
    assert (appeal.external_id, appeal.address, (appeal.point.x, appeal.point.y)) == ("7", "", IN_WEST)


def test_projected_coordinates(city: GridCity, tmp_path: Path) -> None:
    """EPSG:32643 metres of IN_EAST, by pyproj; and metres outside."""
    import pyproj

    x, y = pyproj.Transformer.from_crs(4326, 32643, always_xy=True).transform(*IN_EAST)
    metres = MAPPING.replace('lon = "lon"\nlat = "lat"', 'x = "lon"\ny = "lat"\nsrid = 32643')
    run(
        table(tmp_path, [row(1, (x, y)), row(2, (1e30, 1e30)), row(3, ("inf", y)), row(4, (x - 50_000, y))]),
        text=metres,
    )
    appeal = Appeal.objects.get()
    assert appeal.point.x == pytest.approx(IN_EAST[0], abs=1e-9)
    assert appeal.point.y == pytest.approx(IN_EAST[1], abs=1e-9)
    assert [(number, reason) for _, number, reason in refusals(tmp_path)] == [
        ("2", "bad coordinates"),
        ("3", "bad coordinates"),
        ("4", "outside the city"),
    ]


def test_time_zone_and_format(city: GridCity, tmp_path: Path) -> None:
    other = MAPPING.replace('kind = "request"', 'kind = "request"\ntimezone = "America/Chicago"')
    path = table(tmp_path, [row(1), row(2, opened="2024-03-04T10:00+00:00")])
    run(path, text=other)
    assert [
        appeal.submitted_at.astimezone(dt.UTC).hour for appeal in Appeal.objects.order_by("external_id")
    ] == [16, 10]
    written = other.replace("old-map", "map").replace(
        'column = "opened"', 'column = "opened"\nformat = "%d/%m/%y"'
    )
    run(table(tmp_path, [row(3, opened="31/12/23")]), text=written)
    assert Appeal.objects.get(source="map").submitted_at == dt.datetime(2023, 12, 31, 6, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"id,opened\n1,2\n", "no column about, finished, lat"),
        (b"PK\x03\x04" + bytes(99), "is a spreadsheet or another zip archive: save it as CSV"),
        (b'[{"service_request_id": "1"}]', "it is a JSON list, which is not read"),
        (",".join(COLUMNS).encode() + b"\n" + "1,Ош".encode("cp1251"), "not UTF-8 text: line 2"),
        (b"id\x00\x00", "NUL"),
        (gzip.compress(",".join(COLUMNS).encode() * 10_000)[:-40], "damaged or truncated gzip"),
        (b'{"type": "FeatureCollection"}', "FeatureCollection"),
    ],
)
def test_invalid_files(city: GridCity, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "appeals.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        run(path)
    assert not Appeal.objects.exists()


def test_odd_csv(city: GridCity, tmp_path: Path) -> None:
    """A byte order mark, CRLF newlines, a short line, a stray quote, an empty line."""
    path = table(tmp_path, [row(1), row(2)])
    lines = path.read_bytes().splitlines()
    content = [b"\xef\xbb\xbf" + lines[0], lines[1], b"9,too,short", b'3,"quoted" not,,,,,,,,', b"", lines[2]]
    path.write_bytes(b"\r\n".join(content))
    report = run(path)
    assert (report["imported"], report["refused"]) == (2, {"broken row": 2})
    assert [line for line, _, _ in refusals(tmp_path)] == ["3", "4"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('source = "old-map"', "", "mapping.toml: source is missing"),
        ('source = "old-map"', 'source = "a\\u0000b"', "source has a character that cannot be stored"),
        ('source = "old-map"', 'source = "a name that is much too long"', "at most 20"),
        ('source = "old-map"', 'source = "x"\nsauce = "y"', "unknown key sauce"),
        ('language = "ru"', 'language = "russian"', "'russian' is none of the city's languages: ky, ru, en"),
        ('language = "ru"', 'language = "uz"', "language 'uz' is none of the city's languages"),
        ('language = "ru"', 'language = "ru"\ntimezone = "Mars/Olympus"', "no time zone"),
        ('language = "ru"', 'language = "ru"\ndelimiter = ";;"', "one character"),
        ('language = "ru"', 'language = "ru"\nencoding = "klingon"', "not a character encoding"),
        ('kind = "request"', 'kind = "wish"', "kind: 'wish' is not one of"),
        ('hole = "pothole"', 'hole = "street"', "'street' is not one of"),
        ('open = "new"', 'open = "lost"', "'lost' is not one of"),
        ('"{words}[ ({about})]"', '"{words}[ ({about})"', "do not match"),
        ('"{words}[ ({about})]"', '"{words"', r"\[text\]: template"),
        ('"{words}[ ({about})]"', '"{}"', r"\[text\]: template: { } must hold the name of a column"),
        ('"{words}[ ({about})]"', '"{words:>9}"', r"\[text\]: template: { } must hold"),
        ('language = "ru"', 'language = "ru"\ndelimiter = "\\n"', "one character"),
        ('language = "ru"', 'language = "ru"\ndelimiter = \'"\'', "one character"),
        ('language = "ru"', 'language = "ru"\nencoding = "base64"', "not a character encoding"),
        ('hole = "pothole"', 'hole = ["pothole"]', r"\[category\]: values must be a table"),
        ('column = "opened"', 'column = "opened"\nformat = "%Q"', r"\[created\]: format '%Q' cannot be used"),
        (
            'column = "opened"',
            'column = "opened"\nformat = "%d.%d"',
            r"\[created\]: format '%d.%d' cannot be",
        ),
        ('column = "opened"', 'column = "opened"\nzone = "UTC"', r"\[created\]: unknown key zone"),
        (
            'lon = "lon"',
            'x = "lon"\ny = "lat"\nsrid = 999999\n#',
            "srid: No way is known from the coordinate reference system EPSG:999999",
        ),
        (
            'lat = "lat"',
            'lat = "lat"\nsrid = 5703',
            "srid: No way is known from the coordinate reference system EPSG:5703",
        ),  # heights
        (
            'lat = "lat"',
            'lat = "lat"\nsrid = -1',
            "srid: The coordinate reference system “EPSG:-1” is not understood",
        ),
        ('lat = "lat"', 'lat = "lat"\nsrid = "4326"', "srid must be a whole number"),
        ('lat = "lat"', 'lat = "lat"\ndecimal = "."\ngeometry = true', "needs no columns"),
        ('lat = "lat"', 'lat = "lat"\ndecimal = ";"', "decimal must be"),
        ('lon = "lon"', "", r"\[place\]: x is missing: a place is lon and lat, or"),
        ("[number]", "[number", "mapping.toml"),
    ],
)
def test_invalid_mappings(city: GridCity, tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in MAPPING
    with pytest.raises(CommandError, match=words):
        run(table(tmp_path, [row(1)]), text=MAPPING.replace(old, new))
    assert not Appeal.objects.exists()


def test_a_city_without_borders(tmp_path: Path) -> None:
    make_city()
    BoundaryRevision.objects.update(state="draft")
    with pytest.raises(CommandError, match="no boundary revision is published"):
        run(table(tmp_path, [row(1)]))


def test_refusals_are_shown_without_a_file(city: GridCity, tmp_path: Path) -> None:
    path = table(tmp_path, [row(n, OUTSIDE) for n in range(30)])
    out, err = io.StringIO(), io.StringIO()
    call_command("import_appeals", str(path), f"--mapping={mapping(tmp_path)}", stdout=out, stderr=err)
    shown = err.getvalue().splitlines()
    assert shown[0].startswith(
        "refused: row at 2 (0): outside the city: no district of the city covers 72.69"
    )
    assert len(shown) == 21
    assert "30 refused: outside the city" in out.getvalue()


@pytest.fixture(autouse=True)
def collector_is_left_on() -> Iterator[None]:
    import gc

    yield
    assert gc.isenabled()


def test_identifiers_are_the_same_each_time() -> None:
    at = dt.datetime(2024, 3, 4, 10, 0, 0, 123_000, tzinfo=dt.UTC)
    first = stable_uuid7(at, "old-map", "1")
    assert first == stable_uuid7(at.astimezone(timezone.get_default_timezone()), "old-map", "1")
    others = {
        stable_uuid7(at, "old-map", "2"),
        stable_uuid7(at, "older-map", "1"),
        stable_uuid7(at, "old-ma", "p1"),
    }
    assert len({first, *others}) == 4
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first.int >> 80 == 1_709_546_400_123


@pytest.mark.parametrize("option", ["--report", "--refused"])
@pytest.mark.parametrize("named", ["appeals.csv", "mapping.toml", "link.csv", "folder/../appeals.csv"])
def test_what_is_read_is_never_written_over(city: GridCity, tmp_path: Path, option: str, named: str) -> None:
    path, text = table(tmp_path, [row(1)]), mapping(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(path)
    before = path.read_bytes(), text.read_bytes()
    with pytest.raises(CommandError, match=f"{named}.*would be written over"):
        call_command(
            "import_appeals", str(path), f"--mapping={text}", f"{option}={tmp_path / named}", "--dry-run"
        )
    assert (path.read_bytes(), text.read_bytes()) == before


def test_the_two_reports_are_two_files(city: GridCity, tmp_path: Path) -> None:
    both = tmp_path / "both"
    with pytest.raises(CommandError, match="both: the two reports would be written over each other"):
        call_command(
            "import_appeals",
            str(table(tmp_path, [row(1)])),
            f"--mapping={mapping(tmp_path)}",
            f"--report={both}",
            f"--refused={both}",
        )
    assert not Appeal.objects.exists()


def test_reports_of_an_earlier_import_stay_when_this_one_is_refused(city: GridCity, tmp_path: Path) -> None:
    path = table(tmp_path, [row(1), row(2, state="?")])
    run(path)
    reports = {file: file.read_bytes() for file in (tmp_path / "report.json", tmp_path / "refused.csv")}
    with pytest.raises(CommandError, match="no column"):
        run(path, text=MAPPING.replace('"opened"', '"begun"'))
    assert {file: file.read_bytes() for file in reports} == reports
    assert {file.name for file in tmp_path.iterdir()} == {
        "appeals.csv",
        "mapping.toml",
        *(file.name for file in reports),
    }


@pytest.mark.parametrize("limit", ["-3", "0", "many"])
def test_a_limit_is_a_number_of_rows(city: GridCity, tmp_path: Path, limit: str) -> None:
    with pytest.raises(CommandError, match="--limit: use a whole number from 1"):
        run(table(tmp_path, [row(1)]), "--limit", limit)
