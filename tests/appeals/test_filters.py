"""Each filter as it is declared: read, written, documented, and narrowing."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from hypothesis import given
from hypothesis import strategies as st

from appeals.filters import FILTERS, AppealFilter, filter_fields, keys_of, parse_filter, written_filter
from appeals.models import Appeal
from appeals.vocabulary import Kind, Status
from districts.choices import flat
from geo.bbox import Bbox
from geo.refusals import Refused
from reports.forms import REPORTED, ReportForm
from tests.factories import AppealFactory, CategoryFactory
from tests.grid import EAST, IN_EAST, IN_WEST, GridCity, at

NAMES = [declared.name for declared in FILTERS]

#: For each filter, a value that the first of two appeals meets and the second does not.
MET_BY_THE_FIRST = {
    "q": "Жарык",
    "status": "new,accepted",
    "kind": "complaint",
    "category": "lamp",
    "service": "light",
    "district": "east",
    "from": "2026-05-31",
    "to": "2026-05-31",
    "bbox": ",".join(map(str, EAST)),
}


def _document() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


@pytest.fixture
def two(city: GridCity) -> list[Appeal]:
    """Two appeals that no filter takes for each other, the first of 31 May."""
    may = dt.datetime(2026, 5, 31, 10, tzinfo=dt.UTC)
    return [
        AppealFactory(
            category=city.categories["lamp"],
            service=city.services["light"],
            district=city.districts["east"],
            point=at(IN_EAST),
            text="Жарык жок",
            submitted_at=may,
        ),
        AppealFactory(
            category=city.categories["tree"],
            service=city.services["green"],
            district=city.districts["west"],
            point=at(IN_WEST),
            kind=Kind.REQUEST,
            status=Status.CLOSED,
            text="Дарак кулады",
            submitted_at=may,
        ),
    ]


def test_every_member_has_its_declaration() -> None:
    assert [declared.member for declared in FILTERS] == [
        member.name for member in fields(AppealFilter) if member.compare
    ]
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_documented_is_accepted_and_narrows(client: Client, two: list[Appeal], name: str) -> None:
    first, second = two
    Appeal.objects.filter(pk=second.pk).update(
        submitted_at=first.submitted_at + dt.timedelta(days=-1 if name == "from" else 1)
    )
    for path, more in (("/api/appeals.geojson", {}), ("/api/clusters.geojson", {"zoom": 12})):
        documented = {entry["name"] for entry in _document()["paths"][path]["get"]["parameters"]}
        assert name in documented
        answer = client.get(path, {name: MET_BY_THE_FIRST[name], **more})
        assert answer.status_code == 200
        assert [feature["properties"]["number"] for feature in answer.json()["features"]] == [first.number]


@pytest.mark.parametrize("declared", FILTERS, ids=NAMES)
def test_the_document_has_the_schema_that_is_declared(declared: Any) -> None:
    parameters = _document()["paths"]["/api/appeals.geojson"]["get"]["parameters"]
    (stated,) = (entry for entry in parameters if entry["name"] == declared.name)
    assert stated["schema"].items() >= declared.schema.items()
    limit = declared.schema.get("maxLength")
    if limit:
        assert written_filter({declared.name: "x" * limit})
        with pytest.raises(Refused):
            written_filter({declared.name: "x" * (limit + 1)})


CODES = st.text("abcxyz-0123456789", min_size=1, max_size=60)
WANTED = st.builds(
    AppealFilter,
    q=st.text("абвxyz 0123&=?#%", max_size=200).map(str.strip),
    status=st.sets(st.sampled_from(Status.values)).map(
        lambda chosen: tuple(status for status in Status.values if status in chosen)
    ),
    kind=st.sampled_from(["", *Kind.values]),
    category=CODES,
    service=CODES,
    district=CODES,
    since=st.dates(dt.date(1900, 1, 1), dt.date(2020, 1, 1)) | st.none(),
    until=st.dates(dt.date(2020, 1, 1), dt.date(2199, 12, 31)) | st.none(),
    bbox=st.just(Bbox(72.75, 40.5, 72.85, 40.56)) | st.none(),
)


@given(WANTED)
def test_a_filter_is_read_as_it_was_written(wanted: AppealFilter) -> None:
    assert written_filter(QueryDict(wanted.as_query())) == wanted


def test_statuses_in_any_order_are_one_address() -> None:
    assert parse_filter({"status": "accepted,new,new"}).as_query() == "status=new%2Caccepted"


def test_all_errors_are_reported_together() -> None:
    query = {"from": "2026-06-02", "to": "2026-06-01", "kind": "joke", "bbox": "1", "status": "x"}
    with pytest.raises(Refused) as refused:
        parse_filter(query)
    assert set(refused.value.errors) == {"from", "kind", "bbox", "status"}


@pytest.mark.django_db
def test_without_one_filter_the_others_stay() -> None:
    wanted = parse_filter({"q": "lamp", "status": "new", "bbox": "72.75,40.5,72.85,40.56"})
    by_member = {declared.member: declared for declared in FILTERS}
    assert wanted.without(by_member["status"]) == parse_filter(
        {"q": "lamp", "bbox": "72.75,40.5,72.85,40.56"}
    )
    assert wanted.narrows
    assert not AppealFilter(bbox=wanted.bbox).narrows


def test_a_form_offers_what_old_appeals_have_and_what_was_given(city: GridCity) -> None:
    lamp = city.categories["lamp"]
    lamp.active = False
    lamp.save()
    wanted = parse_filter({"status": "answered,closed", "category": "lamp"})
    shown = filter_fields(wanted, {}, {})
    assert "lamp" in {option.code for option in flat(shown["category"].offered)}
    assert ("answered,closed", "Answered, Closed") in {
        (option.code, option.short) for option in flat(shown["status"].offered)
    }
    assert "Awaiting an answer" in {option.short for option in flat(shown["status"].offered)}


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "9999-12-31"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"kind": "thanks"},
        {"status": "lost"},
        {"kind": "complaint,request"},
    ],
)
def test_the_report_refuses_in_the_words_of_the_api(city: GridCity, query: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        parse_filter(query)
    form = ReportForm(query)
    assert not form.is_valid()
    assert {name: list(sentences) for name, sentences in form.errors.items()} == refused.value.errors


@pytest.mark.parametrize("name", [name for name in NAMES if name in REPORTED])
def test_the_report_asks_for_the_same_appeals(city: GridCity, name: str) -> None:
    query = {name: MET_BY_THE_FIRST[name]}
    form = ReportForm(query)
    assert form.is_valid(), form.errors
    assert form.query.wanted == parse_filter(query)


def test_what_was_looked_up_is_not_looked_up_again(city: GridCity) -> None:
    with CaptureQueriesContext(connection) as captured:
        wanted = parse_filter({"q": "lamp", "category": "tree", "district": "east"})
        list(Appeal.objects.filtered(wanted).only("pk"))
        list(Appeal.objects.filtered(replace(wanted, status=("new",), district="")).only("pk"))
    assert len(captured) == 1 + 2


def test_codes_of_several_filters_are_looked_up_together(city: GridCity) -> None:
    group = CategoryFactory(code="group", service=city.services["light"])
    leaf = CategoryFactory(code="leaf", parent=group, service=city.services["light"])
    filters = [
        AppealFilter(category="group", service="light"),
        AppealFilter(category="leaf"),
        AppealFilter(district="x"),
    ]
    with CaptureQueriesContext(connection) as captured:
        keys = keys_of(filters)
    assert len(captured) == 1
    assert {name: sorted(found) for name, found in keys.items()} == {
        ("category", "group"): [group.pk, leaf.pk],
        ("category", "leaf"): [leaf.pk],
        ("service", "light"): [city.services["light"].pk],
        ("district", "x"): [],
    }
