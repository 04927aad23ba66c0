"""Files as spreadsheets, old systems and people spoil them: nothing is swallowed, doubled or changed in silence."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import unicodedata
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal, Event
from appeals.workflow import ACCEPT, ANSWER, FOUND_OVERDUE
from tests.appeals.importing.test_appeals import (
    COLUMNS,
    GEOJSON_MAPPING,
    MAPPING,
    feature,
    features,
    mapping,
    point,
    refusals,
    row,
    run,
    table,
)
from tests.grid import IN_EAST, IN_WEST, GridCity

pytestmark = pytest.mark.django_db

PHONE = "0555 123456"


def lines_of(*rows: dict[str, object]) -> list[str]:
    """The header and the rows as lines without quotation marks."""
    return [
        ",".join(COLUMNS),
        *(",".join(str(one[name]).replace(",", "") for name in COLUMNS) for one in rows),
    ]


def written(folder: Path, lines: list[str], *, encoding: str = "utf-8", end: str = "\n") -> Path:
    path = folder / "appeals.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def test_a_quotation_mark_too_many_takes_one_row_only(city: GridCity, tmp_path: Path) -> None:
    """Opened in the first row and closed in the third, it would make one text of three rows."""
    lines = lines_of(row(1), row(2, words=f"Call {PHONE}"), row(3), row(4))
    lines[1] = lines[1].replace("Яма", '"Яма')
    lines[3] = lines[3].replace("Яма", 'Яма"')
    report = run(written(tmp_path, lines))
    assert (report["read"], report["imported"], report["refused"]) == (4, 3, {"broken row": 1})
    assert [line for line, _, _ in refusals(tmp_path)] == ["2"]
    texts = dict(Appeal.objects.values_list("external_id", "text"))
    assert texts == {"2": f"Call {PHONE} (hole)", "3": 'Яма" (hole)', "4": "Яма (hole)"}


@pytest.mark.parametrize("closed_in", [2, 3, 21, None])
def test_an_open_quotation_mark_eats_no_other_row(
    city: GridCity, tmp_path: Path, closed_in: int | None
) -> None:
    lines = lines_of(*(row(n) for n in range(1, 42)))
    lines[1] = lines[1].replace("Яма", '"Люк открыт у дома 5')
    if closed_in:
        # By a field that is quoted as it should be, before the words are over and after.
        lines[closed_in] = lines[closed_in].replace("Яма", '"Яма, большая"')
    report = run(written(tmp_path, lines))
    assert (report["read"], report["imported"], report["refused"]) == (41, 40, {"broken row": 1})
    assert [line for line, _, _ in refusals(tmp_path)] == ["2"]


def test_swallowed_rows_need_no_time_to_be_found(city: GridCity, tmp_path: Path) -> None:
    lines = lines_of(row(1), row(2, opened=""), row(3, ("", "")))
    lines[1] = lines[1].replace("Яма", '"Яма')
    lines[3] = lines[3].replace("Яма", 'Яма"')
    report = run(written(tmp_path, lines))
    assert report["read"] == 3
    assert not Appeal.objects.exists()


def test_a_field_of_several_lines_is_one_row(city: GridCity, tmp_path: Path) -> None:
    """With delimiters, doubled quotation marks and an empty line in it."""
    words = 'Нет света, воды, газа, тепла:\n\nкафе "Ош", ул. Ленина, 5, кв. 7, 2-этаж, вход со двора, звонить'
    report = run(table(tmp_path, [row(1, words=words), row(2, OUTSIDE_X)]))
    assert report["imported"] == 1
    assert Appeal.objects.get().text == f"{words} (hole)"
    # The line where the row begins.
    assert [line for line, _, _ in refusals(tmp_path)] == ["5"]


OUTSIDE_X = (72.69, 40.52)


def test_a_field_longer_than_any_text_is_one_broken_row(city: GridCity, tmp_path: Path) -> None:
    lines = lines_of(row(1), row(2))
    lines.insert(1, lines[1].replace("Яма", '"' + "а" * 200_000 + '"'))
    assert run(written(tmp_path, lines))["refused"] == {"broken row": 1}


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_new_lines_of_every_system(city: GridCity, tmp_path: Path, end: str) -> None:
    assert run(written(tmp_path, lines_of(row(1), row(2)), end=end))["imported"] == 2


def test_two_columns_of_one_name(city: GridCity, tmp_path: Path) -> None:
    lines = lines_of(row(1))
    twice = [f"{line},{extra}" for line, extra in zip(lines, ["opened", "2025-04-10 09:00"], strict=True)]
    with pytest.raises(CommandError, match="several columns named opened"):
        run(written(tmp_path, twice))
    # Of what the mapping does not name there may be any number.
    other = [f"{line},{extra}" for line, extra in zip(lines, ["note,note", "a,b"], strict=True)]
    assert run(written(tmp_path, other))["imported"] == 1


def test_two_properties_of_one_name(city: GridCity, tmp_path: Path) -> None:
    path = tmp_path / "appeals.geojson"
    text = json.dumps({"type": "FeatureCollection", "features": [feature(1, point(*IN_WEST))]})
    path.write_text(text.replace('"words"', '"id": 2, "words"'), encoding="utf-8")
    with pytest.raises(CommandError, match="two members named 'id'"):
        run(path, text=GEOJSON_MAPPING)


def test_a_number_is_one_however_a_program_writes_it(city: GridCity, tmp_path: Path) -> None:
    run(table(tmp_path, [row(1001), row("0012"), row("A-1.0")]))
    assert run(table(tmp_path, [row("1001.0"), row("1001.00"), row("A-1.0")]))["repeated"] == 3
    good = feature(1001.0, point(*IN_EAST))
    assert run(features(tmp_path, good), text=GEOJSON_MAPPING)["repeated"] == 1
    assert set(Appeal.objects.values_list("external_id", flat=True)) == {"1001", "0012", "A-1.0"}


@pytest.mark.parametrize(
    ("opened", "finished", "ended"),
    [
        ("2025-03-03 10:15", "2025-03-03", "2025-03-03 10:15"),
        ("2025-03-03 23:45", "2025-03-03", "2025-03-03 23:45"),
        ("2025-03-03 00:15", "2025-03-03", "2025-03-03 00:15"),
        ("2025-03-03", "2025-03-03", "2025-03-03 00:00"),
        ("2025-03-03", "2025-03-03 09:00", "2025-03-03 09:00"),
        ("2025-03-03 10:15", "2025-03-05", "2025-03-05 00:00"),
    ],
)
def test_a_day_without_a_time_is_all_of_it(
    city: GridCity, tmp_path: Path, opened: str, finished: str, ended: str
) -> None:
    assert (
        run(table(tmp_path, [row(1, state="done", opened=opened, finished=finished, reply="Засыпали")]))[
            "imported"
        ]
        == 1
    )
    zone = timezone.get_default_timezone()
    assert Appeal.objects.get().answered_at == dt.datetime.fromisoformat(ended).replace(tzinfo=zone)


def test_a_day_by_a_format_of_its_own(city: GridCity, tmp_path: Path) -> None:
    dotted = MAPPING.replace('column = "finished"', 'column = "finished"\nformat = "%d.%m.%Y"')
    rows = [row(n, state="done", finished=f"0{5 - n}.03.2024", reply="Засыпали") for n in (1, 2)]
    run(table(tmp_path, rows), text=dotted)
    assert Appeal.objects.get().answered_at == Appeal.objects.get().submitted_at
    with (tmp_path / "refused.csv").open(encoding="utf-8", newline="") as stream:
        (refused,) = csv.DictReader(stream)
    # What is in the file, not what it was made of.
    assert refused["explanation"] == ("finished is '03.03.2024', before opened, which is '2024-03-04 10:00'")


def test_a_time_before_the_opening_is_refused(city: GridCity, tmp_path: Path) -> None:
    rows = [row(1, state="done", opened="2025-03-03 00:30", finished="2025-03-03 00:10")]
    assert run(table(tmp_path, rows))["refused"] == {"bad date": 1}


WORDS = "Открытый люк у дома № 7, рядом детский сад, ёмкость"


@pytest.mark.parametrize(("stored", "typed"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_letters_taken_apart_are_found(city: GridCity, tmp_path: Path, stored: str, typed: str) -> None:
    assert unicodedata.normalize("NFD", WORDS) != WORDS
    words = unicodedata.normalize(stored, WORDS)
    run(table(tmp_path, [row(1, words=words, street=words)]))
    asked = parse_filter({"q": unicodedata.normalize(typed, "Открытый люк")})
    assert Appeal.objects.filtered(asked).get().text == f"{WORDS} (hole)"
    assert Appeal.objects.get().address == WORDS
    good = feature(2, point(*IN_WEST), words=words)
    run(features(tmp_path, good), text=GEOJSON_MAPPING)
    assert Appeal.objects.get(external_id="2").text == f"{WORDS} (hole)"


@pytest.mark.parametrize("apart", ["mapping", "table"])
def test_columns_values_and_numbers_taken_apart(city: GridCity, tmp_path: Path, apart: str) -> None:
    """A mapping written on one system, a table on another."""
    forms = {"mapping": "NFC", "table": "NFC", apart: "NFD"}
    said = unicodedata.normalize(
        forms["mapping"], MAPPING.replace("state", "статус й").replace("open =", '"новый" =')
    )
    path = table(tmp_path, [row("й-1", state="новый")])
    text = path.read_text(encoding="utf-8").replace("state", "статус й")
    path.write_text(unicodedata.normalize(forms["table"], text), encoding="utf-8")
    assert run(path, text=said)["imported"] == 1
    # The same row from elsewhere is the same.
    path.write_text(unicodedata.normalize("NFC", text), encoding="utf-8")
    assert run(path, text=said)["repeated"] == 1


def test_the_texts_of_a_row_are_held_to_the_rules_of_the_form(city: GridCity, tmp_path: Path) -> None:
    rows = [
        row(1, words="Яма\x07"),
        row(2, street="у" * 301),
        row(3, state="done", finished="2024-03-05", reply="о" * 4001),
        row(4, words="Две\r\nстроки"),
    ]
    report = run(table(tmp_path, rows))
    assert report["refused"] == {"bad text": 3}
    assert Appeal.objects.get().text == "Две\nстроки (hole)"


def test_a_dry_run_uses_up_no_numbers(city: GridCity, tmp_path: Path) -> None:
    path = table(tmp_path, [row(1), row(2)])
    run(path, text=MAPPING.replace("old-map", "first"))
    last = Appeal.objects.order_by("-number")[0].number
    run(path, "--dry-run")
    run(path, "--dry-run")
    run(path)
    assert list(
        Appeal.objects.filter(source="old-map").order_by("number").values_list("number", flat=True)
    ) == [last + 1, last + 2]


def test_features_without_properties(city: GridCity, tmp_path: Path) -> None:
    bare = {"type": "Feature", "properties": None, "geometry": point(*IN_WEST)}
    missing = {"type": "Feature", "geometry": point(*IN_WEST)}
    report = run(features(tmp_path, bare, missing, feature(3, point(*IN_WEST))), text=GEOJSON_MAPPING)
    assert (report["imported"], report["refused"]) == (1, {"no number": 2})


def test_values_that_are_no_text(city: GridCity, tmp_path: Path) -> None:
    good = feature(1, point(*IN_WEST), words={"ru": "Яма", "sure": True}, street=["Ленина", 1])
    run(features(tmp_path, good), text=GEOJSON_MAPPING)
    appeal = Appeal.objects.get()
    assert (appeal.text, appeal.address) == ('{"ru": "Яма", "sure": true} (hole)', '["Ленина", 1]')


def test_broken_json_writes_nothing_even_at_its_end(
    city: GridCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appeals.importing import run as importing

    monkeypatch.setattr(importing, "BATCH", 1)
    path = tmp_path / "appeals.geojson"
    whole = json.dumps(
        {"type": "FeatureCollection", "features": [feature(n, point(*IN_WEST)) for n in range(3)]}
    )
    path.write_text(whole[:-20], encoding="utf-8")
    with pytest.raises(CommandError, match="not valid JSON"):
        run(path, text=GEOJSON_MAPPING)
    assert not Appeal.objects.exists()


def test_a_table_has_no_geometry(city: GridCity, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="name the columns of the place"):
        run(table(tmp_path, [row(1)]), text=GEOJSON_MAPPING)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(city: GridCity, tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, [line.replace(",", delimiter) for line in lines_of(row(1))])
    with pytest.raises(CommandError, match="delimiter of this file seems to be"):
        run(path)
    told = MAPPING.replace('language = "ru"', f'language = "ru"\ndelimiter = {json.dumps(delimiter)}')
    assert run(path, text=told)["imported"] == 1


def test_a_decimal_comma(city: GridCity, tmp_path: Path) -> None:
    lon, lat = (str(degrees).replace(".", ",") for degrees in IN_EAST)
    path = written(tmp_path, [line.replace(",", ";") for line in lines_of(row(1, ("LON", "LAT")))])
    path.write_text(
        path.read_text(encoding="utf-8").replace("LON", lon).replace("LAT", lat), encoding="utf-8"
    )
    told = MAPPING.replace('language = "ru"', 'language = "ru"\ndelimiter = ";"')
    assert run(path, text=told)["refused"] == {"bad coordinates": 1}
    run(path, text=told.replace('lat = "lat"', 'lat = "lat"\ndecimal = ","'))
    appeal = Appeal.objects.get()
    assert (appeal.point.x, appeal.point.y) == IN_EAST


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("72.76°", "40.52°"),
        ("72.76° E", "40.52°N"),
        ("72°45'36\"E", "40°31'12\"N"),
        ("72° 45′ 36.0″ E", "40° 31.2′ N"),
    ],
)
def test_degrees_as_people_write_them(city: GridCity, tmp_path: Path, lon: str, lat: str) -> None:
    run(table(tmp_path, [row(1, (lon, lat))]))
    point = Appeal.objects.get().point
    assert (point.x, point.y) == (pytest.approx(IN_EAST[0]), pytest.approx(IN_EAST[1]))


@pytest.mark.parametrize("lon", ["72°76'E'", "72°45'36\"X", "°", "72°45'36\"W", "72,76"])
def test_degrees_that_are_none(city: GridCity, tmp_path: Path, lon: str) -> None:
    assert not run(table(tmp_path, [row(1, (lon, IN_EAST[1]))]))["imported"]


def test_windows_letters(city: GridCity, tmp_path: Path) -> None:
    path = written(tmp_path, lines_of(row(1, words="Жарык өчтү")), encoding="utf-8")
    named = MAPPING.replace('language = "ru"', 'language = "ru"\nencoding = "cp1251"')
    with pytest.raises(CommandError, match="is UTF-8 text, not cp1251"):
        run(path, text=named)
    assert run(path)["imported"] == 1
    russian = written(tmp_path, lines_of(row(2, words="Яма")), encoding="cp1251")
    with pytest.raises(CommandError, match="not UTF-8 text"):
        run(russian)
    assert run(russian, text=named)["imported"] == 1
    assert Appeal.objects.get(external_id="2").text == "Яма (hole)"
    excel = written(tmp_path, lines_of(row(3, words="Өчтү")), encoding="utf-16")
    assert (
        run(excel, text=MAPPING.replace('language = "ru"', 'language = "ru"\nencoding = "utf-16"'))[
            "imported"
        ]
        == 1
    )


def test_reports_that_cannot_be_written_are_refused_before_the_work(city: GridCity, tmp_path: Path) -> None:
    path = table(tmp_path, [row(1)])
    for option in ("report", "refused"):
        with pytest.raises(CommandError, match="No such file or directory"):
            call_command(
                "import_appeals",
                str(path),
                f"--mapping={mapping(tmp_path)}",
                f"--{option}={tmp_path / 'nowhere' / 'file'}",
                stdout=io.StringIO(),
            )
    assert not Appeal.objects.exists()


# Where the coordinates are


#: EPSG:4284, the datum of old plans: the place lies 55 m further east and 23 m further south than WGS 84 would have it.
PULKOVO = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4284"}}


def declared(folder: Path, crs: object, *members: dict[str, object], last: bool = False) -> Path:
    """A file with a ``crs`` member before its features, or behind them."""
    pairs = [("crs", crs), ("features", members)]
    path = folder / "declared.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", **dict(reversed(pairs) if last else pairs)}))
    return path


def assert_pulkovo() -> None:
    point = Appeal.objects.get().point
    assert point.x == pytest.approx(IN_EAST[0] - 0.00065, abs=0.0001)
    assert point.y == pytest.approx(IN_EAST[1] + 0.0002, abs=0.0001)


@pytest.mark.parametrize("last", [False, True])
def test_the_system_that_a_file_declares_is_honoured(city: GridCity, tmp_path: Path, last: bool) -> None:
    path = declared(tmp_path, PULKOVO, feature(1, point(*IN_EAST)), last=last)
    assert run(path, text=GEOJSON_MAPPING)["crs"] == "EPSG:4284 (Pulkovo 1942)"
    assert_pulkovo()
    assert run(path, text=GEOJSON_MAPPING)["repeated"] == 1


def test_a_mapping_says_the_system_of_a_file_that_declares_none(city: GridCity, tmp_path: Path) -> None:
    said = GEOJSON_MAPPING.replace("geometry = true", "geometry = true\nsrid = 4284")
    run(features(tmp_path, feature(1, point(*IN_EAST))), text=said)
    assert_pulkovo()


def test_degrees_of_an_old_datum_in_columns(city: GridCity, tmp_path: Path) -> None:
    old = MAPPING.replace('lat = "lat"', 'lat = "lat"\nsrid = 4284')
    assert run(table(tmp_path, [row(1)]), text=old)["crs"] == "EPSG:4284 (Pulkovo 1942)"
    assert_pulkovo()


def in_columns(number: int) -> dict[str, object]:
    """A feature with its place in its properties, too."""
    return {"type": "Feature", "properties": row(number), "geometry": point(*IN_EAST)}


@pytest.mark.parametrize(
    ("crs", "place", "words"),
    [
        (PULKOVO, "geometry = true\nsrid = 4326", r"declares EPSG:4284 \(Pulkovo 1942\), not EPSG:4326"),
        (PULKOVO, "geometry = true\nsrid = 32643", "declares EPSG:4284"),
        (PULKOVO, 'lon = "lon"\nlat = "lat"', "say in the mapping, with srid, .* columns lon and lat"),
        ({"type": "name", "properties": {"name": "EPSG:999999"}}, "geometry = true", "No way is known"),
        ({"type": "name", "properties": {"name": "my own"}}, "geometry = true", "not understood"),
        ({"type": "link"}, 'lon = "lon"\nlat = "lat"', "does not name"),
    ],
)
def test_what_a_file_declares_is_refused_in_words(
    city: GridCity, tmp_path: Path, crs: object, place: str, words: str
) -> None:
    path = declared(tmp_path, crs, in_columns(1))
    with pytest.raises(CommandError, match=words):
        run(path, text=GEOJSON_MAPPING.replace("geometry = true", place))
    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    ("crs", "place"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "geometry = true"),
        (
            {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
            "geometry = true\nsrid = 4326",
        ),
        # The columns are said to be in another system than the geometry, which is not read.
        (PULKOVO, 'lon = "lon"\nlat = "lat"\nsrid = 4326'),
        (None, 'lon = "lon"\nlat = "lat"'),
    ],
)
def test_degrees_of_wgs_84_are_left_as_they_are(
    city: GridCity, tmp_path: Path, crs: object, place: str
) -> None:
    report = run(
        declared(tmp_path, crs, in_columns(1)), text=GEOJSON_MAPPING.replace("geometry = true", place)
    )
    assert report["imported"] == 1
    assert Appeal.objects.get().point.coords == IN_EAST


@pytest.mark.parametrize("where", ["feature", "geometry"])
def test_a_feature_with_a_system_of_its_own_refuses_the_file(
    city: GridCity, tmp_path: Path, where: str
) -> None:
    own = feature(2, point(*IN_EAST))
    (own if where == "feature" else own["geometry"])["crs"] = PULKOVO
    with pytest.raises(CommandError, match="feature 2 declares a coordinate reference system of its own"):
        run(features(tmp_path, feature(1, point(*IN_EAST)), own), text=GEOJSON_MAPPING)
    assert not Appeal.objects.exists()


# The same file the next day


def history(number: str) -> list[tuple[str, str]]:
    appeal = Appeal.objects.get(external_id=number)
    assert appeal.events.count() == appeal.version
    # What is late is with the Mayor's Office by itself, whatever its source says.
    steps = appeal.events.exclude(verb=FOUND_OVERDUE.code).order_by("version")
    return list(steps.values_list("verb", "text"))


MONDAY = {"state": "open"}
TUESDAY = {"state": "work"}
FRIDAY = {"state": "done", "finished": "2024-03-08 12:00", "reply": "Засыпали"}
SUNDAY = {"state": "shut", "finished": "2024-03-10 12:00", "reply": "Засыпали"}


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        (MONDAY, TUESDAY, ["submit", "accept"]),
        (MONDAY, FRIDAY, ["submit", "answer"]),
        (MONDAY, SUNDAY, ["submit", "answer", "close"]),
        (TUESDAY, FRIDAY, ["submit", "accept", "answer"]),
        (TUESDAY, SUNDAY, ["submit", "accept", "answer", "close"]),
        (FRIDAY, SUNDAY, ["submit", "answer", "close"]),
    ],
)
def test_an_appeal_goes_on_as_its_source_says(
    city: GridCity, tmp_path: Path, before: dict[str, str], after: dict[str, str], verbs: list[str]
) -> None:
    run(table(tmp_path, [row(1, **before), row(2)]))
    path = table(tmp_path, [row(1, **after), row(2), row(3)])
    dry = run(path, "--dry-run")
    assert [verb for verb, _ in history("1")] != verbs
    report = run(path)
    for said in (dry, report):
        assert (said["imported"], said["changed"], said["repeated"]) == (1, 1, 1)
    assert [verb for verb, _ in history("1")] == verbs
    appeal = Appeal.objects.get(external_id="1")
    assert appeal.status == appeal.events.latest("version").to_status
    if "answer" in verbs:
        assert ("answer", "Засыпали") in history("1")
        assert appeal.answered_at == appeal.events.get(verb="answer").at
    # Once more changes nothing.
    report = run(path)
    assert (report["changed"], report["repeated"]) == (0, 3)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TUESDAY, MONDAY),
        (FRIDAY, MONDAY),
        (SUNDAY, FRIDAY),
        (FRIDAY, FRIDAY | {"reply": "Нет, не засыпали"}),
        (SUNDAY, SUNDAY | {"finished": "2024-03-11 12:00"}),
        (MONDAY, MONDAY | {"words": "Другое"}),
        (MONDAY, MONDAY | {"street": "Другая, 1"}),
        (MONDAY, MONDAY | {"about": "dark"}),
        (MONDAY, MONDAY | {"opened": "2024-03-04 11:00"}),
        (MONDAY, MONDAY | {"lon": IN_WEST[0], "lat": IN_WEST[1]}),
    ],
)
def test_what_was_public_is_not_changed_in_silence(
    city: GridCity, tmp_path: Path, before: dict[str, object], after: dict[str, object]
) -> None:
    run(table(tmp_path, [row(1, **before)]))
    was = (history("1"), Appeal.objects.values().get())
    report = run(table(tmp_path, [row(1, **after)]))
    assert report["refused"] == {"differs from what was imported": 1}
    assert (history("1"), Appeal.objects.values().get()) == was


def test_what_goes_on_here_is_not_overwritten(city: GridCity, office_user: User, tmp_path: Path) -> None:
    run(table(tmp_path, [row(1), row(2)]))
    appeal = Appeal.objects.get(external_id="1")
    perform(appeal.pk, ACCEPT, Person(office_user), version=appeal.version)
    perform(appeal.pk, ANSWER, Person(office_user), version=appeal.version + 1, text="Засыпали здесь")
    # The same rows are no news, whatever was done here.
    assert run(table(tmp_path, [row(1), row(2)]))["repeated"] == 2
    report = run(table(tmp_path, [row(1, **SUNDAY), row(2, **SUNDAY)]))
    assert (report["changed"], report["refused"]) == (1, {"changed here since it was imported": 1})
    assert [verb for verb, _ in history("1")] == ["submit", "accept", "answer"]
    assert Appeal.objects.get(external_id="1").status == "answered"


def test_a_change_between_reading_and_writing_is_not_overwritten(
    city: GridCity, office_user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appeals.importing import run as importing

    run(table(tmp_path, [row(1), row(2)]))
    real = importing.write_news

    def write_news(news: object) -> object:
        perform(Appeal.objects.get(external_id="1").pk, ACCEPT, Person(office_user), version=1)
        return real(news)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "write_news", write_news)
    report = run(table(tmp_path, [row(1, **FRIDAY), row(2, **FRIDAY)]))
    assert (report["changed"], report["refused"]) == (1, {"changed here since it was imported": 1})
    assert [verb for verb, _ in history("1")] == ["submit", "accept"]
    assert [verb for verb, _ in history("2")] == ["submit", "answer"]


def test_a_number_twice_in_a_file_counts_once_each_time(city: GridCity, tmp_path: Path) -> None:
    """Its first row, so that the same file again changes nothing."""
    path = table(tmp_path, [row(1, **MONDAY), row(1, **SUNDAY)])
    for imported in (1, 0):
        report = run(path)
        assert (report["imported"], report["changed"], report["repeated"]) == (imported, 0, 2 - imported)
    assert Event.objects.exclude(verb=FOUND_OVERDUE.code).count() == 1


def test_the_number_in_the_former_system_is_found(city: GridCity, tmp_path: Path) -> None:
    run(table(tmp_path, [row("OS-1001"), row("OS-1002")]))
    for typed in ("OS-1001", "os-1001", "№ OS-1001"):
        assert Appeal.objects.filtered(AppealFilter(q=typed)).get().external_id == "OS-1001"
    assert not Appeal.objects.filtered(AppealFilter(q="OS-100")).exists()
