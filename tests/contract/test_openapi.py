"""The OpenAPI document is valid, names every address and parameter, and describes the answers completely."""

from __future__ import annotations

import copy
import fcntl
import io
import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from pytest_django import Settings

from appeals.actions import resumable
from appeals.identifiers import new_uuid7
from appeals.models import AbuseReport, Appeal
from appeals.workflow import VERBS
from bootstrap.rates import Rate
from media import turns
from media.limits import PART_TYPE
from media.storage import workshop
from opendata import clusters
from opendata.bundle import newest_bundle
from opendata.ogc.collections import COLLECTIONS
from opendata.views.notebooks import NOTEBOOKS
from opendata.whole_sets import WholeSet
from rates.taking import DATA_WORK, UPLOAD, charge
from tests.contract.addresses import Address, all_addresses, asking, templates
from tests.contract.document import (
    check,
    document,
    operations,
    query_parameters,
    reading,
    required_query,
    same_path,
)
from tests.factories import AttachmentFactory, EventFactory
from tests.grid import CITY, IN_EAST, GridCity
from tests.verbs import details_of
from web.api import texts

BOX = ",".join(map(str, CITY))

#: An answer and the status that it must have.
Ask = Callable[[Client, Appeal], HttpResponse]


def test_document_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=None)
    assert "openapi: 3.1" in capsys.readouterr().out


def test_nobody_is_asked_to_log_in() -> None:
    assert "securitySchemes" not in document()["components"]
    assert [
        name for name, (_path, _method, one) in operations().items() if any(one.get("security", []))
    ] == []


def test_every_address_is_described() -> None:
    paths = document()["paths"]
    described = {same_path(path) for path in paths}
    assert len(described) == len(paths), "one path has one template (OpenAPI 3.1, 4.8.8.1)"
    assert {same_path(path) for path in templates()} == described


def test_every_operation_says_what_it_does() -> None:
    assert len(operations()) >= 13
    for name, (path, method, operation) in operations().items():
        assert operation.get("description"), f"{method} {path}"
        assert not re.match(r"api_", name), f"{method} {path}"


READ = [address for address in all_addresses() if address.of_the_api and reading(address)]


@pytest.mark.parametrize("address", READ, ids=str)
def test_every_parameter_is_described_and_read(
    path_of: Callable[[Address], str], client: Client, address: Address
) -> None:
    path = path_of(address)
    operation = reading(address)
    assert operation is not None
    with asking("GET") as asked:
        assert client.get(path, required_query(address)).status_code == 200
    # djangorestframework's own, which chooses among the media types.
    assert asked.names - {"format"} == set(query_parameters(operation)) - {"format"}


def _get(path: str) -> Ask:
    return lambda client, appeal: client.get(path.format(id=appeal.pk, number=appeal.number))


def _with_work_used_up(path: str) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        charge(DATA_WORK, "address 127.0.0.1", cost=1_000)
        return client.get(path)

    return ask


def _while_others_are_made(path: str) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        with ExitStack() as taken:
            for n in range(texts.MAKERS):
                taken.enter_context(texts.making(str(n)))
            return client.get(path)

    return ask


def _of_too_many(accepted: str) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(WholeSet, "is_long", True)
            return client.get("/data/appeals.gpkg", headers={"Accept": accepted})

    return ask


def _before_the_first_night(path: str) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        shutil.rmtree(django_settings.BUNDLE_ROOT)
        return client.get(path)

    return ask


def _while_the_next_takes_its_place(client: Client, _appeal: Appeal) -> HttpResponse:
    before = newest_bundle()
    assert before is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opendata.views.bundle.newest_bundle", lambda: before)
        shutil.rmtree(django_settings.BUNDLE_ROOT)
        return client.get("/data/bundle.zip")


def _body(**changes: object) -> dict[str, object]:
    lon, lat = IN_EAST
    return {
        "id": str(new_uuid7()), "secret": "s" * 22, "kind": "report", "category": "lamp", "text": "Dark",
        "lon": lon, "lat": lat,
    } | changes  # fmt: skip


def _submit(body: dict[str, object] | str, kind: str = "application/json", times: int = 1) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        for _time in range(times):
            answer = client.post("/api/appeals/", body, content_type=kind)
        return answer

    return ask


def _reported(
    body: dict[str, object] | str, kind: str = "application/json", times: int = 1, number: int | None = None
) -> Ask:
    def ask(client: Client, appeal: Appeal) -> HttpResponse:
        for _time in range(times):
            answer = client.post(f"/api/appeals/{number or appeal.number}/reports/", body, content_type=kind)
        AbuseReport.objects.all().delete()
        return answer

    return ask


def _draft(**draft: object) -> Ask:
    return lambda client, _appeal: client.post("/api/route", draft, content_type="application/json")


def _draft_as_xml(client: Client, _appeal: Appeal) -> HttpResponse:
    return client.post("/api/route", "<appeal/>", content_type="application/xml")


def _submit_chunked(client: Client, _appeal: Appeal) -> HttpResponse:
    return client.generic(
        "POST",
        "/api/appeals/",
        b"{}",
        "application/json",
        CONTENT_LENGTH="",
        HTTP_TRANSFER_ENCODING="chunked",
    )


def _submit_again(**changes: object) -> Ask:
    def ask(client: Client, appeal: Appeal) -> HttpResponse:
        body = _body()
        assert _submit(body)(client, appeal).status_code == 201
        return _submit(body | changes)(client, appeal)

    return ask


def _picture(colour: str = "red") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    file.seek(0)
    file.name = "picture.png"
    return file


def _upload(times: int = 1, **form: object) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        for _time in range(times):
            answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": _picture(), **form})
        return answer

    return ask


def _upload_another(client: Client, appeal: Appeal) -> HttpResponse:
    name = str(new_uuid7())
    assert _upload(id=name)(client, appeal).status_code == 201
    return _upload(id=name, file=_picture("blue"))(client, appeal)


def _upload_when_all_turns_are_taken(client: Client, appeal: Appeal) -> HttpResponse:
    with ExitStack() as taken:
        for sender in range(turns.THREADS_MAX):
            taken.enter_context(turns._places.one(str(sender)))
        return _upload()(client, appeal)


def _upload_of(length: str, kind: str = "multipart/form-data; boundary=x") -> Ask:
    return lambda client, _appeal: client.post("/api/uploads/", b"", content_type=kind, CONTENT_LENGTH=length)


START = "/api/uploads/resumable/"


def _announce(
    length: object = 500, *, times: int = 1, body: bytes = b"", kind: str = "", **headers: str
) -> Ask:
    def ask(client: Client, _appeal: Appeal) -> HttpResponse:
        told = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length)} | headers
        for _time in range(times):
            answer = client.generic("POST", START, body, kind, headers=told)
        return answer

    return ask


def _with_id(upload_id: UUID) -> dict[str, str]:
    return {"Upload-Metadata": f"id {b64encode(str(upload_id).encode()).decode()}"}


def _announce_another(client: Client, appeal: Appeal) -> HttpResponse:
    named = _with_id(new_uuid7())
    assert _announce(500, **named)(client, appeal).status_code == 201
    return _announce(501, **named)(client, appeal)


def _announce_one_in_use(client: Client, appeal: Appeal) -> HttpResponse:
    named = _with_id(new_uuid7())
    place = _announce(500, **named)(client, appeal)["Location"]
    with _in_use(place):
        return _announce(500, body=b"x", kind=PART_TYPE, **named)(client, appeal)


@contextmanager
def _in_use(place: str) -> Iterator[None]:
    with (workshop() / f"resumable-{place.split('/')[-2]}").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _announced_when_the_disk_is_full(client: Client, appeal: Appeal) -> HttpResponse:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resumable, "DISK_MAX", 0)
        return _announce()(client, appeal)


def _part(
    body: bytes = b"x", *, kind: str = PART_TYPE, method: str = "PATCH", length: int = 500, in_use: bool = False,
    told: str | None = None, **headers: str,
) -> Ask:  # fmt: skip
    """Announces a file, and sends the part, or ends it."""

    def ask(client: Client, appeal: Appeal) -> HttpResponse:
        place = _announce(length)(client, appeal)["Location"]
        said = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"} | headers
        more = {} if told is None else {"CONTENT_LENGTH": told}
        with _in_use(place) if in_use else nullcontext():
            return client.generic(method, place, body, kind, headers=said, **more)

    return ask


def _of_none(method: str) -> Ask:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    return lambda client, _appeal: client.generic(
        method, f"{START}{UNKNOWN}/", b"x", PART_TYPE, headers=headers
    )


def _ended_with(query: str) -> Ask:
    return lambda client, appeal: client.delete(
        f"{START}{UNKNOWN}/?{query}", headers={"Tus-Resumable": "1.0.0"}
    )


def _part_when_too_many_came(client: Client, appeal: Appeal) -> HttpResponse:
    place = _announce()(client, appeal)["Location"]
    charge(UPLOAD, "address 127.0.0.1", cost=1_000)
    return client.generic(
        "PATCH", place, b"x", PART_TYPE, headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    )


def _last_part_when_all_turns_are_taken(client: Client, appeal: Appeal) -> HttpResponse:
    picture = _picture().read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "THREADS_MAX", 0)
        return _part(picture, length=len(picture))(client, appeal)


UNKNOWN = "5c02fc4a-abd9-4e4d-b4a6-4218fc0780df"
#: One way at least to every answer that the document names, by operation and status.
WAYS: dict[tuple[str, int], list[Ask]] = {
    ("list_appeals", 200): [_get("/api/appeals.geojson"), _get("/api/appeals.geojson?page_size=1")],
    ("list_appeals", 400): [_get("/api/appeals.geojson?bbox=1")],
    ("read_all_appeals", 200): [_get("/data/appeals.geojson"), _get("/data/appeals.geojson?q=none")],
    ("read_all_appeals", 400): [_get("/data/appeals.geojson?bbox=1")],
    ("read_all_appeals", 429): [_with_work_used_up("/data/appeals.geojson")],
    ("read_all_appeals", 503): [_while_others_are_made("/data/appeals.geojson")],
    ("read_all_appeals_by_line", 200): [_get("/data/appeals.geojsonl")],
    ("read_all_appeals_by_line", 400): [_get("/data/appeals.geojsonl?bbox=1")],
    ("read_all_appeals_by_line", 429): [_with_work_used_up("/data/appeals.geojsonl")],
    ("read_all_appeals_by_line", 503): [_while_others_are_made("/data/appeals.geojsonl")],
    **{
        (operation, status): ways
        for operation, name in {
            "read_all_appeals_as": "appeals", "read_districts_as": "districts", "read_city_as": "city",
            "read_service_areas_as": "service-areas", "read_news_areas_as": "news-areas",
            "read_hotspot_cells_as": "hotspot-cells",
        }.items()
        for status, ways in {
            # That of appeals is an operation of its own.
            200: [_get(f"/data/{name}.{ending}") for ending in (["csv"] if name == "appeals" else ["csv", "geojson"])],
            400: [_get(f"/data/{name}.csv?{'bbox=1' if name == 'appeals' else 'revision=first'}")],
            404: [_get(f"/data/{name}.dwg")],
            429: [_with_work_used_up(f"/data/{name}.csv")],
            503: [_while_others_are_made(f"/data/{name}.csv")],
        }.items()
    },
    ("read_all_appeals_as", 202): [_of_too_many("application/json")],
    ("read_all_appeals_as", 303): [_of_too_many("text/html")],
    ("read_field_list", 200): [_get(f"/data/{name}.csv-metadata.json") for name in ("appeals", "city")],
    ("read_field_list", 400): [_get("/data/appeals.csv-metadata.json?lang=ky")],
    ("read_field_list", 404): [_get("/data/none.csv-metadata.json")],
    ("read_notebook", 200): [_get(f"/data/notebooks/{name}.ipynb") for name in NOTEBOOKS],
    ("read_notebook", 400): [_get("/data/notebooks/pysal.ipynb?lang=ky")],
    ("read_notebook", 404): [_get("/data/notebooks/none.ipynb")],
    ("read_bundle", 200): [_get("/data/bundle.zip")],
    ("read_bundle", 400): [_get("/data/bundle.zip?lang=ky")],
    ("read_bundle", 404): [_before_the_first_night("/data/bundle.zip")],
    ("read_bundle", 503): [_while_the_next_takes_its_place],
    ("read_bundle_checksums", 200): [_get("/data/SHA256SUMS")],
    ("read_bundle_checksums", 400): [_get("/data/SHA256SUMS?lang=ky")],
    ("read_bundle_checksums", 404): [_before_the_first_night("/data/SHA256SUMS")],
    ("read_catalogue", 200): [_get("/data/catalog.jsonld"), _before_the_first_night("/data/catalog.jsonld")],
    ("read_catalogue", 400): [_get("/data/catalog.jsonld?lang=ky")],
    ("list_removed_appeals", 200): [_get("/data/removed.json")],
    ("list_removed_appeals", 400): [_get("/data/removed.json?updated_after=now")],
    ("list_clusters", 200): [_get(f"/api/clusters.geojson?bbox={BOX}&zoom={zoom}") for zoom in (10, 18)],
    ("list_clusters", 400): [_get("/api/clusters.geojson?zoom=high")],
    ("read_appeal", 200): [_get("/api/appeals/{id}/"), _get("/api/appeals/{number}/")],
    ("read_appeal", 400): [_get("/api/appeals/{id}/?lang=fr"), _get("/api/appeals/{number}/?lang=fr")],
    ("read_appeal", 404): [_get(f"/api/appeals/{UNKNOWN}/"), _get("/api/appeals/999999999/")],
    ("list_comments", 200): [_get("/api/appeals/{id}/comments/"), _get("/api/appeals/{number}/comments/")],
    ("list_comments", 400): [_get("/api/appeals/{id}/comments/?page_size=x"), _get("/api/appeals/{number}/comments/?after=x")],
    ("list_comments", 404): [_get(f"/api/appeals/{UNKNOWN}/comments/"), _get("/api/appeals/999999999/comments/")],
    ("submit_appeal", 201): [_submit(_body()), _submit(_body(secret=""))],
    ("submit_appeal", 200): [_submit_again()],
    ("submit_appeal", 400): [_submit(_body(text="")), _submit("[]")],
    ("submit_appeal", 409): [_submit_again(text="Other words")],
    ("submit_appeal", 411): [_submit_chunked],
    ("submit_appeal", 413): [_submit(_body(text="x" * 300_000))],
    ("submit_appeal", 415): [_submit("<appeal/>", "application/xml")],
    ("submit_appeal", 429): [_submit(_body(text=""), times=31)],
    ("report_abuse", 201): [_reported({"reason": "insult"}), _reported({"reason": "other", "words": "A name"})],
    ("report_abuse", 200): [_reported({"reason": "insult"}, times=2)],
    ("report_abuse", 400): [_reported({"reason": "boring", "part": 5}), _reported("[]")],
    ("report_abuse", 404): [_reported({"reason": "insult"}, number=999_999_999)],
    ("report_abuse", 413): [_reported({"words": "x" * 300_000})],
    ("report_abuse", 415): [_reported("<report/>", "application/xml")],
    ("report_abuse", 429): [_reported({}, times=11)],
    ("announce_upload", 201): [_announce()],
    ("announce_upload", 400): [_announce("x"), _announce(**{"Upload-Metadata": "id eA=="})],
    ("announce_upload", 409): [_announce_another],
    ("announce_upload", 412): [_announce(**{"Tus-Resumable": "0.2.2"})],
    ("announce_upload", 413): [_announce(999_999_999)],
    ("announce_upload", 415): [_announce(body=b"x", kind="text/plain")],
    ("announce_upload", 423): [_announce_one_in_use],
    ("announce_upload", 429): [_announce(100_000_000, times=13)],
    ("announce_upload", 460): [_announce(body=b"x", kind=PART_TYPE, **{"Upload-Checksum": "sha1 eA=="})],
    ("announce_upload", 503): [_announced_when_the_disk_is_full],
    ("send_part", 204): [_part()],
    ("send_part", 400): [_part(b"x" * 100), _part(**{"Upload-Offset": "x"})],
    ("send_part", 404): [_of_none("PATCH")],
    ("send_part", 409): [_part(**{"Upload-Offset": "5"})],
    ("send_part", 411): [_part(told="")],
    ("send_part", 412): [_part(**{"Tus-Resumable": "2.0"})],
    ("send_part", 413): [_part(told="99999999")],
    ("send_part", 415): [_part(kind="text/plain")],
    ("send_part", 423): [_part(in_use=True)],
    ("send_part", 429): [_part_when_too_many_came],
    ("send_part", 460): [_part(**{"Upload-Checksum": "sha1 eA=="})],
    ("send_part", 503): [_last_part_when_all_turns_are_taken],
    ("end_upload", 204): [_part(b"", method="DELETE")],
    ("end_upload", 400): [_ended_with("x=1")],
    ("end_upload", 404): [_of_none("DELETE")],
    ("end_upload", 412): [_part(b"", method="DELETE", **{"Tus-Resumable": "2.0"})],
    ("end_upload", 423): [_part(b"", method="DELETE", in_use=True)],
    ("upload_file", 201): [_upload()],
    ("upload_file", 400): [_upload(id="x"), _upload(file="no file")],
    ("upload_file", 409): [_upload_another],
    ("upload_file", 411): [_upload_of("")],
    ("upload_file", 413): [_upload_of("999999999")],
    ("upload_file", 415): [_upload_of("2", "application/json")],
    ("upload_file", 429): [_upload(times=61, id="x")],
    ("upload_file", 503): [_upload_when_all_turns_are_taken],
    ("preview_route", 200): [
        _get(f"/api/route?lon={lon}&lat=40.52&category={category}")
        for lon in (IN_EAST[0], 72.72) for category in ("lamp", "other")
    ] + [_get("/api/route?lon=72.72&lat=40.52&category=lamp&kind=complaint")],
    ("preview_route", 400): [_get("/api/route")],
    ("preview_route_of_draft", 200): [_draft(lon=IN_EAST[0], lat=40.52, category="lamp", text="Dark.")],
    ("preview_route_of_draft", 400): [_draft(), _draft(lon=IN_EAST[0], lat=40.52, category="lamp", uploads=["x"])],
    ("preview_route_of_draft", 413): [_draft(text="x" * 300_000)],
    ("preview_route_of_draft", 415): [_draft_as_xml],
    ("search_places", 200): [_get("/api/places?q=улица"), _get("/api/places?q=x")],
    ("search_places", 400): [_get("/api/places"), _get("/api/places?q=")],
    ("list_news", 200): [
        _get(f"/api/news.geojson?{query}")
        for query in ("", f"kind=works&at={IN_EAST[0]},{IN_EAST[1]}", "page_size=1")
    ],
    ("list_news", 400): [_get("/api/news.geojson?kind=rain"), _get("/api/news.geojson?at=72.8")],
    ("list_districts", 200): [_get("/api/districts.geojson"), _get("/api/districts.geojson?revision=1")],
    ("list_districts", 400): [_get("/api/districts.geojson?revision=first")],
    ("list_districts", 404): [_get("/api/districts.geojson?revision=99")],
    ("read_city", 200): [_get("/api/city.geojson")],
    ("read_city", 400): [_get("/api/city.geojson?revision=first")],
    ("read_city", 404): [_get("/api/city.geojson?revision=99")],
    ("list_service_areas", 200): [_get("/api/service-areas.geojson")],
    ("list_service_areas", 400): [_get("/api/service-areas.geojson?service=%00")],
    ("list_service_areas", 404): [_get("/api/service-areas.geojson?revision=99")],
    ("read_appeals_tile", 200): [_get("/tiles/appeals/16/46013/24686.mvt"), _get("/tiles/appeals/0/0/0.mvt")],
    ("read_appeals_tile", 400): [_get("/tiles/appeals/16/65536/x.mvt?status=lost")],
    ("read_districts_tile", 200): [_get("/tiles/districts/9/359/192.mvt"), _get("/tiles/districts/0/0/0.mvt")],
    ("read_districts_tile", 400): [_get("/tiles/districts/19/0/0.mvt")],
    ("read_districts_tile", 404): [_get("/tiles/districts/0/0/0.mvt?revision=99")],
    ("describe_appeals_tiles", 200): [_get("/tiles/appeals.json"), _get("/tiles/appeals.json?status=new,closed")],
    ("describe_appeals_tiles", 400): [_get("/tiles/appeals.json?kind=x")],
    ("describe_districts_tiles", 200): [_get("/tiles/districts.json?revision=1")],
    ("describe_districts_tiles", 400): [_get("/tiles/districts.json?revision=x")],
    ("describe_districts_tiles", 404): [_get("/tiles/districts.json?revision=99")],
    ("read_map_style", 200): [_get("/tiles/style.json?category=lamp")],
    ("read_map_style", 400): [_get("/tiles/style.json?from=x")],
    ("read_base_map", 200): [_get("/api/base.geojson")],
    ("read_base_map", 400): [_get("/api/base.geojson?lang=ky")],
    ("list_services", 200): [_get("/api/services.json")],
    ("list_services", 400): [_get("/api/services.json?lang=ky")],
    ("list_categories", 200): [_get("/api/categories.json")],
    ("list_categories", 400): [_get("/api/categories.json?format=json")],
    ("read_ogc_landing_page", 200): [_get("/ogc/")],
    ("read_ogc_landing_page", 400): [_get("/ogc/?f=xml")],
    **{
        (operation, status): [_get(path.replace("?", query))]
        for operation, path in {
            "read_ogc_conformance": "/ogc/conformance?",
            "read_ogc_api": "/ogc/api?",
            "list_ogc_collections": "/ogc/collections?",
            "read_ogc_appeals_item": "/ogc/collections/appeals/items/{id}?",
            "read_ogc_districts_item": "/ogc/collections/districts/items/1.west?",
            "read_ogc_service_areas_item": "/ogc/collections/service_areas/items/1.light.light-west?",
            "read_ogc_news_areas_item": "/ogc/collections/news_areas/items/9001?",
            "read_ogc_hotspot_cells_item": "/ogc/collections/hotspot_cells/items/250.x3_y4?",
            "read_ogc_collection": "/ogc/collections/appeals?",
            "read_ogc_queryables": "/ogc/collections/districts/queryables?",
            "read_ogc_schema": "/ogc/collections/service_areas/schema?",
            "list_ogc_tiling_schemes": "/ogc/tileMatrixSets?",
            "read_ogc_tiling_scheme": "/ogc/tileMatrixSets/WebMercatorQuad?",
            "list_ogc_tilesets": "/ogc/collections/appeals/tiles?",
            "read_ogc_tileset": "/ogc/collections/districts/tiles/WebMercatorQuad?",
            "read_ogc_sortables": "/ogc/collections/appeals/sortables?",
            **{f"list_ogc_{of.id}": f"/ogc/collections/{of.id}/items?" for of in COLLECTIONS},
        }.items()
        for status, query in ((200, ""), (400, "?lang=fr"))
    },
    **{
        (f"list_ogc_{of.id}", status): [way(f"/ogc/collections/{of.id}/items?f=csv")]
        for of in COLLECTIONS
        for status, way in ((429, _with_work_used_up), (503, _while_others_are_made))
    },
    ("read_ogc_collection", 404): [_get("/ogc/collections/roads")],
    ("read_ogc_queryables", 404): [_get("/ogc/collections/roads/queryables")],
    ("list_ogc_tilesets", 404): [_get("/ogc/collections/service_areas/tiles")],
    ("read_ogc_tileset", 404): [_get("/ogc/collections/service_areas/tiles/WebMercatorQuad")],
    ("read_ogc_sortables", 404): [_get("/ogc/collections/roads/sortables")],
    ("read_ogc_schema", 404): [_get("/ogc/collections/roads/schema")],
    ("read_ogc_appeals_item", 404): [_get(f"/ogc/collections/appeals/items/{UNKNOWN}")],
    ("read_ogc_districts_item", 404): [_get("/ogc/collections/districts/items/1.nowhere")],
    ("read_ogc_service_areas_item", 404): [_get("/ogc/collections/service_areas/items/1.light.nowhere")],
    ("read_ogc_news_areas_item", 404): [_get("/ogc/collections/news_areas/items/999999999")],
    ("read_ogc_hotspot_cells_item", 404): [_get("/ogc/collections/hotspot_cells/items/250.x0_y0")],
}  # fmt: skip


def test_every_answer_of_every_operation_is_tried() -> None:
    described = {
        (name, int(status))
        for name, (_path, _method, operation) in operations().items()
        for status in operation["responses"]
    }
    assert set(WAYS) == described


@pytest.mark.parametrize(("operation", "status"), WAYS, ids=lambda value: str(value))
def test_answer_is_as_described(
    lived_in: GridCity,
    client: Client,
    stored_in: Path,
    settings: Settings,
    operation: str,
    status: int,
) -> None:
    # Nothing refills while the machine takes its time.
    settings.LIMITS = {"submit": Rate(30, 1, 86_400), "upload": Rate(60, 1, 86_400)}
    appeal = _told_at_length(lived_in)
    _path, _method, described = operations()[operation]
    for ask in WAYS[operation, status]:
        answer = ask(client, appeal)
        assert answer.status_code == status, answer.content
        check(answer, described["responses"][str(status)])


@pytest.mark.parametrize("pins_max", [0, 400])
def test_cells_and_pins_are_both_as_described(
    lived_in: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch, pins_max: int
) -> None:
    monkeypatch.setattr(clusters, "PINS_MAX", pins_max)
    answer = client.get(f"/api/clusters.geojson?bbox={BOX}&zoom=12")
    kinds = {feature["properties"]["kind"] for feature in answer.json()["features"]}
    assert kinds == {"appeal" if pins_max else "cell"}
    check(answer, operations()["list_clusters"][2]["responses"]["200"])


def test_a_member_that_the_document_does_not_speak_of_is_seen(lived_in: GridCity, client: Client) -> None:
    """The checks of this module, checked: on the collection, a feature, its properties and a problem."""
    described = operations()["list_appeals"][2]["responses"]
    answer = client.get("/api/appeals.geojson")
    check(answer, described["200"])
    for place in (
        lambda altered: altered,
        lambda altered: altered["features"][0],
        lambda altered: altered["features"][0]["properties"],
        lambda altered: altered["features"][0]["geometry"],
        lambda altered: altered["links"][0],
    ):
        altered = copy.deepcopy(answer.json())
        place(altered)["unheard_of"] = 1
        with pytest.raises(jsonschema.ValidationError, match="unheard_of"):
            check(_Altered(answer, altered), described["200"])
    altered = copy.deepcopy(answer.json())
    altered["features"][0]["properties"]["submitted_at"] = "yesterday"
    with pytest.raises(jsonschema.ValidationError, match="yesterday"):
        check(_Altered(answer, altered), described["200"])
    refused = client.get("/api/appeals.geojson?bbox=1")
    with pytest.raises(jsonschema.ValidationError, match="unheard_of"):
        check(_Altered(refused, {**refused.json(), "unheard_of": 1}), described["400"])


class _Altered:
    """The answer with another document in it."""

    def __init__(self, answer: Any, altered: Any) -> None:
        self._answer, self._altered = answer, altered

    def __getitem__(self, header: str) -> str:
        return str(self._answer[header])

    def json(self) -> Any:
        return self._altered


def _told_at_length(city: GridCity) -> Appeal:
    """An appeal with each kind of event, photos of its own and of an answer."""
    appeal = Appeal.objects.newest_first()[0]
    AttachmentFactory(appeal=appeal)
    for version, verb in enumerate({verb for verb in VERBS.values() if not verb.begins}, 2):
        event = EventFactory(
            appeal=appeal,
            version=version,
            verb=verb.code,
            text="Words",
            to_service=city.services["roads"],
            details=details_of(verb),
        )
    AttachmentFactory(appeal=appeal, event=event)
    return appeal
