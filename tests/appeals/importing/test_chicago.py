"""A second city from real files: 74,401 requests, 77 areas, checked against pandas, GeoPandas and pyproj.

The expected numbers were computed from the same files, without this project's code:

==========================================  ======  =======================
                                             all     first of each number
==========================================  ======  =======================
rows                                        74,401  74,026
without coordinates                             24      24
points                                      74,377  74,002
in none of the areas                           194     194
in one of the areas                         74,183  73,808
in the box -87.70 41.85 -87.65 41.90         3,371   3,361
within 500 m of 41.8781 N 87.6298 W             90      90
within 1 km                                    317     315
within 5 km                                  5,955   5,938
==========================================  ======  =======================

No point in the box or the circles is outside the areas, and no repeat is.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests import databases
from tests.realdata import ROOT, real_file

pytestmark = pytest.mark.slow

CENTER = (-87.6298, 41.8781)
BOX = (-87.70, 41.85, -87.65, 41.90)


@dataclass
class Chicago:
    """The imported city: its report, and a session in its database."""

    report: dict[str, Any]
    environment: dict[str, str]
    session: Any

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.session.cursor() as cursor:
            cursor.execute(statement, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def numbers(self, condition: str, *values: object) -> list[str]:
        """Request numbers of the appeals that meet the condition."""
        return [
            row[0] for row in self.rows(f"SELECT external_id FROM appeals_appeal WHERE {condition}", *values)
        ]


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def import_areas(environment: dict[str, str]) -> str:
    return manage(
        environment,
        "import_areas",
        str(real_file("chicago_community_areas.geojson.gz")),
        "--code-field=area_number",
        "--code-prefix=area-",
        "--name-field=community",
        "--revision=Community areas",
        "--city-from-union",
        "--publish",
        "--effective-from=2000-01-01",
    )


def import_appeals(environment: dict[str, str], report: Path, refused: Path) -> dict[str, Any]:
    manage(
        environment,
        "import_appeals",
        str(real_file("chicago_sanitation311_2011_2014.csv.gz")),
        "--mapping=data/chicago/mapping.toml",
        f"--report={report}",
        f"--refused={refused}",
    )
    return json.loads(report.read_text(encoding="utf-8"))


@contextmanager
def imported(folder: Path) -> Iterator[Chicago]:
    """The city in its own database (its metric CRS shapes the schema), created with the users' commands."""
    parameters = databases.connection.get_connection_params()
    keeper = databases.maintenance()
    name = f"chicago_{os.getpid()}"
    with closing(keeper):
        databases.drop(keeper, name)
        databases.create(keeper, name, "template1")
        try:
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "CITY_PROFILE": "data/chicago",
                "VAR_DIR": str(folder),
                "PYTHONPATH": str(ROOT),
            }
            manage(environment, "migrate", "-v0", "--skip-checks")
            manage(environment, "seed")
            assert "77 features read, 0 refused, 78 new" in import_areas(environment)
            report = import_appeals(environment, folder / "report.json", folder / "refused.csv")
            parameters |= {"dbname": name, "cursor_factory": None}
            with closing(
                psycopg2.connect(**{k: v for k, v in parameters.items() if k != "context"})
            ) as session:
                session.autocommit = True
                yield Chicago(report, environment, session)
        finally:
            databases.drop(keeper, name)


def test_the_numbers_come_out(tmp_path: Path, db: None) -> None:
    """A single test, because the import is slow: split over processes, each would repeat it."""
    table = read_table()
    with imported(tmp_path) as chicago:
        every_row_is_accounted_for(chicago)
        each_area_has_what_geopandas_finds_in_it(chicago, table)
        boxes_and_circles(chicago, table)
        nothing_is_in_two_areas(chicago)
        histories_are_complete(chicago)
        metres_are_those_of_its_own_crs(chicago)
        the_report_without_parameters_is_a_map(chicago)
        both_files_again_change_nothing(chicago, tmp_path)


def read_table() -> list[dict[str, str]]:
    with gzip.open(
        real_file("chicago_sanitation311_2011_2014.csv.gz"), "rt", encoding="utf-8", newline=""
    ) as stream:
        return list(csv.DictReader(stream))


def every_row_is_accounted_for(chicago: Chicago) -> None:
    report = chicago.report
    assert report["read"] == 74_401
    assert report["refused"] == {"outside the city": 194, "no coordinates": 24}
    assert report["repeated"] == 375
    assert report["changed"] == 0
    assert report["imported"] == 73_808 == 74_401 - 194 - 24 - 375
    assert chicago.rows("SELECT count(*), count(DISTINCT external_id) FROM appeals_appeal") == [
        (73_808, 73_808)
    ]


def each_area_has_what_geopandas_finds_in_it(chicago: Chicago, table: list[dict[str, str]]) -> None:
    with real_file("chicago_expected_counts.csv").open(encoding="utf-8", newline="") as stream:
        expected = {
            f"area-{row['area_number']}": int(row["rows_within_polygon"]) for row in csv.DictReader(stream)
        }
    area_of = dict(
        chicago.rows(
            "SELECT a.external_id, d.code FROM appeals_appeal a JOIN districts_district d ON d.id = a.district_id"
        )
    )
    # A repeated number is imported once, but counts as often as it occurs in the file.
    found = Counter(
        area_of[row["service_request_number"]] for row in table if row["service_request_number"] in area_of
    )
    assert found == expected
    assert sum(found.values()) == 74_183
    imported = Counter(area_of.values())
    assert sum(imported.values()) == 73_808
    assert all(imported[code] <= count for code, count in expected.items())


def boxes_and_circles(chicago: Chicago, table: list[dict[str, str]]) -> None:
    box = "point && ST_MakeEnvelope(%s, %s, %s, %s, 4326)"
    circle = "ST_DWithin(point::geography, ST_MakePoint(%s, %s)::geography, %s)"
    for condition, values, once, in_file in (
        (box, BOX, 3_361, 3_371),
        (circle, (*CENTER, 500), 90, 90),
        (circle, (*CENTER, 1_000), 315, 317),
        (circle, (*CENTER, 5_000), 5_938, 5_955),
    ):
        numbers = set(chicago.numbers(condition, *values))
        assert len(numbers) == once
        assert sum(row["service_request_number"] in numbers for row in table) == in_file


def nothing_is_in_two_areas(chicago: Chicago) -> None:
    twice = chicago.rows(
        "SELECT count(*) FROM (SELECT a.id FROM appeals_appeal a JOIN districts_districtboundary b "
        "ON ST_Covers(b.geom, a.point) JOIN districts_district d ON d.id = b.district_id AND d.kind <> 'city' "
        "GROUP BY a.id HAVING count(*) <> 1) odd"
    )
    assert twice == [(0,)]


def histories_are_complete(chicago: Chicago) -> None:
    assert chicago.rows("SELECT status, count(*) FROM appeals_appeal GROUP BY 1 ORDER BY 1") == [
        ("closed", 73_484),
        ("new", 324),
    ]
    assert chicago.rows("SELECT verb, count(*) FROM appeals_event GROUP BY 1 ORDER BY 1") == [
        ("answer", 73_484),
        ("close", 73_484),
        ("found_overdue", 324),  # all that are still open are late by now
        ("submit", 73_808),
    ]
    assert chicago.rows("SELECT count(*) FROM appeals_routingdecision WHERE rule = 'city_wide'") == [
        (73_808,)
    ]
    assert chicago.rows("SELECT count(*) FROM appeals_appeal WHERE due_on <= submitted_at::date") == [(0,)]
    assert chicago.rows("SELECT count(*) FROM appeals_message") == [(0,)]


def metres_are_those_of_its_own_crs(chicago: Chicago) -> None:
    """Cells of 50 m in EPSG:32616."""
    odd = chicago.rows(
        "SELECT count(*) FROM appeals_appeal WHERE "
        "(cell_x, cell_y) IS DISTINCT FROM (floor(ST_X(ST_Transform(point, 32616)) / 50)::int, "
        "floor(ST_Y(ST_Transform(point, 32616)) / 50)::int)"
    )
    assert odd == [(0,)]
    # Folded, or not yet.
    counted = chicago.rows(
        "SELECT sum(n) FILTER (WHERE status = 'new'), sum(n) FILTER (WHERE status = 'closed'),"
        " coalesce(sum(n) FILTER (WHERE status IN ('answered', 'accepted')), 0) FROM ("
        "SELECT substr(key, 8) AS status, n_new + n_closed + n_answered + n_accepted AS n FROM appeals_pyramidcell"
        " WHERE starts_with(key, 'status:') AND zoom = 13"
        " UNION ALL SELECT status, sign FROM appeals_pyramidchange) AS kept"
    )
    assert counted == [(324, 73_484, 0)]


#: Prints the report that the page without parameters is made of.
_REPORT = """
import json
from appeals.filters import AppealFilter
from reports.heatmap import make_heatmap
from reports.sizes import is_drawable
made = make_heatmap(AppealFilter())
print(json.dumps([made.total, made.size.cell_m, made.size.crowded, is_drawable(len(made.cells))]))
"""


def the_report_without_parameters_is_a_map(chicago: Chicago) -> None:
    """Smaller cells would be more than a browser draws: some 29,600."""
    said = manage(chicago.environment, "shell", "--no-imports", "-c", _REPORT)
    assert json.loads(said) == [73_808, 250, True, True]


def both_files_again_change_nothing(chicago: Chicago, tmp_path: Path) -> None:
    before = chicago.rows("SELECT count(*), max(number), max(version) FROM appeals_appeal")
    assert "nothing was changed" in import_areas(chicago.environment)
    report = import_appeals(chicago.environment, tmp_path / "report.json", tmp_path / "refused.csv")
    assert (report["imported"], report["repeated"]) == (0, 74_183)
    assert report["refused"] == chicago.report["refused"]
    assert chicago.rows("SELECT count(*), max(number), max(version) FROM appeals_appeal") == before
    assert chicago.rows("SELECT count(*) FROM appeals_event") == [(73_808 + 2 * 73_484 + 324,)]
