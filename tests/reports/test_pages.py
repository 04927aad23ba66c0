from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership, User
from bootstrap.rates import Rate
from districts.models import DistrictBoundary, Place
from reports import sizes
from tests.grid import IN_EAST, IN_WEST, GridCity, at, names
from tests.reports.planting import EVERY_STATUS_QUERY, Plant

PAGE = "/en/reports/heatmap/"
FILES = ["/en/reports/heatmap.html", "/en/reports/heatmap.geojson", "/en/reports/heatmap.csv"]

BAD = [
    ("from=yesterday", "from"),
    ("to=2026-02-30", "to"),
    ("from=0001-01-01", "from"),
    ("to=9999-12-31", "to"),
    ("from=2026-03-02&to=2026-03-01", "from"),
    ("category=nonsense", "category"),
    ("category=%00", "category"),
    ("kind=thanks", "kind"),
    ("district=nowhere", "district"),
    ("service=nobody", "service"),
    ("status=lost", "status"),
    ("cell=75", "cell"),
    ("cell=1e9", "cell"),
    ("period=century", "period"),
]


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_page_shows_the_numbers_and_their_sources(client: Client, plant: Plant, city: GridCity) -> None:
    Place.objects.create(
        kind="landmark", point=at((IN_EAST[0] + 0.002, IN_EAST[1])), search="", **names("bazaar")
    )
    Place.objects.create(kind="street", point=at(IN_EAST), search="", **names("lane"))
    plant([IN_EAST] * 3 + [IN_WEST])
    page = text(client, PAGE)
    assert "4 appeals · 10 March 2026" in page
    assert "bazaar en" in page
    assert "lane en" not in page
    assert "EPSG:32643" in page
    assert "natural breaks (Jenks) of the counts: 1, 3." in page
    assert '<iframe src="/en/reports/heatmap.html?frame=1"' in page
    assert f'href="/en/?{EVERY_STATUS_QUERY}&amp;district=east"' in page


def test_the_page_makes_few_queries(
    client: Client, plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant([IN_EAST, IN_WEST] * 20)
    with django_assert_num_queries(
        11
    ):  # 3 for the choices, 3 for the report, 1 for how long it takes, 2 for the places, as there are none, 2 for the limit
        client.get(PAGE)


@pytest.mark.parametrize("cell_m", [50, 500])
def test_links_go_to_the_rows_behind_the_numbers(client: Client, plant: Plant, cell_m: int) -> None:
    plant([IN_EAST] * 27 + [IN_WEST] * 2)
    plant([IN_EAST] * 5, kind="request")
    plant([IN_EAST], hidden=True)
    page = text(client, f"{PAGE}?kind=complaint&cell={cell_m}")
    links = re.findall(r'href="(/en/reports/heatmap/\d+/[^"]+)"', page)
    assert len(links) == 2
    # Without a gazetteer a cell is called as the district that it lies in.
    assert re.findall(r'<a href="/en/reports/heatmap/[^>]+>([^<]+)</a><br><span [^>]+>x\d+_y\d+<', page) == [
        "east en",
        "west en",
    ]
    rows = text(client, links[0].replace("&amp;", "&"))
    assert f"27 appeals on {cell_m} × {cell_m} m" in rows
    assert rows.count('class="appeal-row"') == 25
    following = re.search(r'href="(\?kind=complaint&amp;after=[\w-]+)"', rows)
    assert following
    path = links[0].split("?", maxsplit=1)[0]
    assert text(client, path + following[1].replace("&amp;", "&")).count('class="appeal-row"') == 2
    assert "2 appeals on" in text(client, links[1].replace("&amp;", "&"))


def test_the_address_of_all_reports_is_that_of_the_first(client: Client) -> None:
    response = client.get("/ru/reports/?category=lamp")
    assert (response.status_code, response["Location"]) == (302, "/ru/reports/heatmap/?category=lamp")


@pytest.mark.parametrize("path", ["75/x1_y1", "250/x1", "250/x1_y1;drop", "250/x99999999_y1", "0/x1_y1"])
def test_an_invalid_cell_is_not_found(client: Client, city: GridCity, path: str) -> None:
    assert client.get(f"/en/reports/heatmap/{path}/").status_code == 404


def test_a_cell_without_appeals_says_so(client: Client, city: GridCity) -> None:
    assert "No appeals match these filters." in text(client, "/en/reports/heatmap/250/x1_y1/")


def test_an_invalid_cursor_is_reported_and_the_rows_are_the_first(client: Client, plant: Plant) -> None:
    plant([IN_EAST] * 2)
    address = re.findall(r'href="(/en/reports/heatmap/\d+/[^"]+)"', text(client, PAGE))[0]
    rows = text(client, f"{address}?after=2", 400)
    assert "Take this value from the “next” link of a page" in rows
    assert rows.count('class="appeal-row"') == 2


@pytest.mark.parametrize(("query", "field"), BAD)
def test_a_bad_filter_is_reported_at_its_field(
    client: Client, city: GridCity, query: str, field: str
) -> None:
    page = text(client, f"{PAGE}?{query}", 400)
    assert f'id="id_{field}_error"' in page
    assert "<iframe" not in page
    if field != "period":
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', page)


@pytest.mark.parametrize("address", FILES)
@pytest.mark.parametrize(("query", "field"), BAD[:2] + BAD[-3:])
def test_a_file_of_a_bad_filter_is_a_problem_document(
    client: Client, city: GridCity, address: str, query: str, field: str
) -> None:
    response = client.get(f"{address}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]


def test_an_empty_report_offers_more(client: Client, plant: Plant) -> None:
    plant([IN_EAST])
    page = text(client, f"{PAGE}?to=2020-01-01&kind=complaint")
    assert "No appeals match these filters." in page
    assert 'href="?kind=complaint"' in page
    assert "<iframe" not in page


@pytest.mark.parametrize(("period", "days"), [("month", 30), ("quarter", 91), ("year", 365)])
def test_a_preset_period_ends_today(client: Client, plant: Plant, period: str, days: int) -> None:
    now = timezone.now()
    plant([IN_EAST], submitted_at=now - dt.timedelta(days=days - 1))
    plant([IN_EAST], submitted_at=now - dt.timedelta(days=days))
    response = client.get(f"{PAGE}?period={period}")
    assert response.context["heatmap"].total == 1
    first = timezone.localdate() - dt.timedelta(days=days - 1)
    assert f'value="{first.isoformat()}"' in response.content.decode()
    current = [link for link in response.context["form"].periods() if link.current]
    assert len(current) == 1
    assert parse_qs(current[0].query)["from"] == [first.isoformat()]


def test_days_override_a_preset_period(client: Client, plant: Plant) -> None:
    plant([IN_EAST])
    assert client.get(f"{PAGE}?period=month&from=2026-03-10&to=2026-03-10").context["heatmap"].total == 1


def test_a_report_never_includes_hidden_appeals(client: Client, plant: Plant, city: GridCity) -> None:
    plant([IN_EAST] * 2)
    plant([IN_EAST], hidden=True)
    user = User.objects.create_user("mayor@city.example")
    Membership.objects.create(user=user, service=city.services["office"])
    client.force_login(user)
    assert client.get(PAGE).context["heatmap"].total == 2
    assert client.get(FILES[1]).json()["report"]["total"] == 2


def test_too_many_cells_to_draw_are_reported_at_the_size(
    client: Client, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant([IN_EAST, IN_WEST])
    monkeypatch.setattr(sizes, "MOST_DRAWN", 1)
    assert "Choose a larger size." in text(client, f"{PAGE}?cell=500", 400)
    assert list(json.loads(text(client, f"{FILES[0]}?cell=500", 400))["errors"]) == ["cell"]
    assert len(client.get(f"{FILES[1]}?cell=500").json()["features"]) == 2


def test_a_report_without_parameters_always_answers(
    client: Client, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant([IN_EAST, IN_WEST])
    monkeypatch.setattr(sizes, "MOST_DRAWN", 1)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "no more cells than a map can show (1)" in page.content.decode()
    (top,) = page.context["top"]
    assert "2 appeals" in text(client, top.url)
    size = page.context["heatmap"].size.cell_m
    assert [client.get(address).status_code for address in FILES] == [200] * len(FILES)
    assert client.get(FILES[1]).json()["grid"]["cell_m"] == size
    assert client.get(f"{PAGE}?cell={size}").status_code == 200


def test_the_map_runs_in_an_origin_of_its_own(client: Client, plant: Plant) -> None:
    plant([IN_EAST])
    for address in (FILES[0], f"{FILES[0]}?frame=1"):
        response = client.get(address)
        policy = response["Content-Security-Policy"]
        assert policy.startswith("sandbox allow-scripts")
        assert "allow-same-origin" not in policy
        assert "default-src 'none'" in policy
        assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "Content-Disposition" not in client.get(f"{FILES[0]}?frame=1")
    assert client.get(FILES[0])["Content-Disposition"].startswith("attachment; filename=")


def test_names_cannot_break_out_of_the_map(client: Client, plant: Plant) -> None:
    DistrictBoundary.objects.filter(district__code="east").update(
        name_en="</script><script>alert(1)</script>"
    )
    plant([IN_EAST])
    for address in (FILES[0], PAGE):
        page = text(client, address)
        assert "alert(1)" in page, "the name is not there at all"
        assert "<script>alert" not in page


def test_the_map_links_to_the_rows_on_the_site(client: Client, plant: Plant, settings: Settings) -> None:
    plant([IN_EAST])
    settings.PUBLIC_URL = "https://city.example"
    assert "https://city.example/en/reports/heatmap/50/{cell}/?kind=complaint" in text(
        client, f"{FILES[0]}?kind=complaint&cell=50"
    ).replace("\\u0026", "&")


def test_geojson_says_how_it_was_counted(client: Client, plant: Plant) -> None:
    plant([IN_EAST] * 2 + [IN_WEST])
    response = client.get(f"{FILES[1]}?cell=100&from=2026-03-01")
    assert response["Content-Type"] == "application/geo+json"
    found = response.json()
    assert found["grid"] == {"cell_m": 100, "srid": 32643, "origin_m": [0, 0]}
    assert found["report"] | {"total": 3, "from": "2026-03-01", "to": None, "withheld": 0} == found["report"]
    assert [feature["properties"]["count"] for feature in found["features"]] == [2, 1]
    first = found["features"][0]
    assert first["id"] == "x{i}_y{j}".format(**first["properties"])
    assert first["properties"]["district"] == "east"
    assert len(first["geometry"]["coordinates"][0]) == 5


def test_csv_opens_in_a_spreadsheet(client: Client, plant: Plant) -> None:
    plant([IN_EAST] * 2 + [IN_WEST])
    response = client.get(f"{FILES[2]}?cell=100")
    assert response.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [(row["count"], row["district"]) for row in rows] == [("2", "east"), ("1", "west")]
    assert int(rows[0]["west_m"]) == int(rows[0]["i"]) * 100
    assert float(rows[0]["lon"]) == pytest.approx(IN_EAST[0], abs=0.001)


@pytest.mark.parametrize("address", FILES)
def test_the_same_report_is_the_same_bytes(client: Client, plant: Plant, address: str) -> None:
    plant([IN_EAST] * 3 + [IN_WEST])
    assert client.get(address).content == client.get(address).content


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_every_language_has_the_page_and_the_file(client: Client, plant: Plant, language: str) -> None:
    plant([IN_EAST])
    assert f'<html lang="{language}">' in text(client, f"/{language}/reports/heatmap/")
    assert f'<html lang="{language}">' in text(client, f"/{language}/reports/heatmap.html")
    assert "EPSG:32643" in text(client, f"/{language}/reports/heatmap/")


def test_the_place_is_linked_on_the_map_with_the_same_filters(client: Client, plant: Plant) -> None:
    plant([IN_EAST])
    address = re.findall(r'href="(/en/reports/heatmap/\d+/[^"]+)"', text(client, f"{PAGE}?kind=complaint"))[0]
    rows = text(client, address)
    link = next(urlsplit(found) for found in re.findall(r'href="(/en/\?[^"]+)"', rows) if "bbox" in found)
    parameters = parse_qs(link.query.replace("&amp;", "&"))
    west, south, east, north = map(float, parameters["bbox"][0].split(","))
    assert west < IN_EAST[0] < east
    assert south < IN_EAST[1] < north
    assert parameters["kind"] == ["complaint"]


@pytest.mark.parametrize("address", [PAGE, *FILES])
def test_only_reading_is_allowed(client: Client, city: GridCity, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("address", [PAGE, *FILES, f"{PAGE}250/x0y0/"])
def test_who_asks_without_end_waits_and_others_do_not(
    client: Client, plant: Plant, settings: Settings, address: str
) -> None:
    plant([IN_EAST])
    settings.LIMITS = {"report-work": Rate(1, 1, 3_600)}
    assert client.get(PAGE).status_code == 200
    # Any part of a second takes as long to come back as the limit says: a thousandth 3.6 s.
    refused = client.get(address)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert "Too many reports" in refused.content.decode()
    assert client.get(address, REMOTE_ADDR="192.0.2.7").status_code in {200, 404}
