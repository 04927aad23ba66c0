"""Whatever is asked of whichever address, the site answers or says what is wrong; it never breaks.

The addresses are read from the URL configuration, and the parameters are those that the views themselves ask for: a
new page or a new filter is tried here from its first day.
"""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from appeals.intake.parse import SENT
from appeals.workflow import VERBS
from rates.models import Bucket
from tests.contract.addresses import Address, all_addresses, asking
from tests.contract.document import FILTERS, document, query_parameters, reading, required_query
from tests.grid import CITY, GridCity
from tests.submissions import submission_document
from web.api.problems import API_PATHS

#: It tries the same lines over and over, and proves none of them right:
#: coverage, which would add two thirds to its time, does not count it.
pytestmark = pytest.mark.no_cover

PathOf = Callable[[Address], str]
#: The document and the page that shows it are no part of what the document promises.
_OF_THE_DOCUMENT = ("/api/schema/", "/api/docs/")

BOX = ",".join(map(str, CITY))
SITE = [address for address in all_addresses() if not address.of_the_admin]
ADMIN = [address for address in all_addresses() if address.of_the_admin]
API = [address for address in SITE if address.of_the_api]

#: What people and programs really send, beside what Hypothesis thinks of.
HOSTILE = [
    "a\x00b",
    "a\r\nX-A: b",
    "-1",
    "9" * 400,
    "nan",
    "²",
    "\ud800",
    "0001-01-01T00:00:00+14:00",
    "1,2,3,4,5",
]
#: The same for what costs more to try: each stands for a kind.
FEW_HOSTILE = ["\x00", "\r\nX-A: b", "9" * 400, "\ud800"]
#: What most parameters take for good, and what then breaks on the way to the database or back to the reader.
GOES_FAR = ["9" * 400, "\ud800", "a\r\nX-A: b"]
#: Filters are read in one place. Everything is tried on it here, and elsewhere what breaks on the way there or back.
WHERE_FILTERS_ARE_TRIED = "api-appeals"
#: Headers that do not keep each other from being read.
HEADERS_TOGETHER: list[dict[str, str]] = [
    {
        "Accept": "*/*;q=nan",
        "Accept-Language": "ru;q=1e999",
        "Accept-Encoding": "gzip;q=x",
        "Range": "bytes=9-1",
        "If-None-Match": "W/",
        "If-Modified-Since": "Mon, 99 Jan 99999 00:00:00 GMT",
        "X-Forwarded-For": "\x00",
        "Origin": "null",
        "Referer": "http://[::1",
        "X-HTTP-Method-Override": "DELETE",
        "Transfer-Encoding": "chunked",
    },
    {
        "Accept": "application/geo+json;version=9",
        "Accept-Language": "x" * 5000,
        "Range": "bytes=" + "9" * 400 + "-",
    },
    {"Host": "evil.example:0\r\nX-A: b"},
    {"Cookie": "django_language=\x00; messages=broken; csrftoken=" + "x" * 3000},
]
ODD = st.sampled_from(
    [*HOSTILE, "", " ", "0", "1e400", "9999-12-31", "%'\"--{}", "🏠\u202e", "inf", "1_000", "null", "[]", "ош", BOX, "40.5,72.7,40.54,72.78", "2026-02-30", "1000000",
     "AAAAAAAAAAAAAAAAAAAAAA", "lamp", "new", "new,closed", "complaint", "light", "2026-05-31/..", "-number", "number,text", "hits", "csv",
     "http://www.opengis.net/def/crs/EPSG/0/4326", "NOT number>1 AND text LIKE '%\\'", "S_INTERSECTS(geometry,POINT(72.8 1e400))",
     '{"op":"=","args":[{"property":"status"},"new"]}']
)  # fmt: skip
VALUE = st.one_of(ODD, st.text(max_size=30), st.integers().map(str), st.floats().map(str))


def _url(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query, errors='surrogatepass')}" if query else path


def _send(client: Client, method: str, url: str, data: Any = None, **headers: str) -> Any:
    """The answer, whose form is what it must be whatever its status."""
    Bucket.objects.all().delete()
    try:
        answer = getattr(client, method)(url, data, headers=headers)
    except Exception as error:
        error.add_note(f"{method.upper()} {url[:300]} {data or ''} {headers or ''}")
        raise
    _is_an_answer(method, url, answer)
    return answer


def _is_an_answer(method: str, url: str, answer: Any) -> None:
    said = (method, url[:300], answer.status_code)
    assert answer.status_code < 500, said
    if method in {"head", "options"} or answer.streaming or "Content-Encoding" in answer.headers:
        return
    if answer.status_code in {204, 304} or url.startswith(_OF_THE_DOCUMENT):
        return
    kind = answer.get("Content-Type", "").partition(";")[0]
    if url.startswith(API_PATHS) and answer.status_code >= 400:
        assert kind == "application/problem+json", said
        problem = json.loads(answer.content)
        assert problem["status"] == answer.status_code, said
        assert problem["title"], said
    elif kind.endswith("json"):
        json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} in {url}"))
    elif kind == "text/html" and not 300 <= answer.status_code < 400:
        assert b"<html" in answer.content or not answer.content, said


def _reader(address: Address, path: str, client: Client, operator: Client) -> Client:
    """Who gets farthest at the address: anybody, where no log-in is asked for."""
    answer = _send(client, "get", path)
    return operator if answer.status_code in {302, 403} else client


def _asked(client: Client, address: Address, path: str) -> list[str]:
    with asking("GET") as asked:
        _send(client, "get", _url(path, required_query(address)))
    return sorted(asked.known(FILTERS))


#: What some addresses are known to ask for: were the listening broken, the sweep would try nothing.
ASKED_FOR = {
    "api-appeals": {"bbox", "q", "page_size", "after", "lang", "status"},
    "api-route": {"lon", "lat", "category"},
    "public:map": {"q", "after", "fragment", "from"},
    "public:news": {"after"},
    "reports:heatmap": {"cell", "period", "from"},
    "desk:queue": {"tab", "after", "service"},
}


def test_what_addresses_are_known_to_ask_for_is_of_addresses_that_there_are() -> None:
    assert set(ASKED_FOR) <= {address.name for address in SITE}


@pytest.mark.parametrize("address", SITE, ids=str)
def test_nothing_breaks_an_address(
    path_of: PathOf, client: Client, operator: Client, address: Address
) -> None:
    """One city for all that is tried at an address; each part finds it as the one before did."""
    path = path_of(address)
    reader = _reader(address, path, client, operator)
    for tried in (
        _no_parameter_breaks,
        _no_path_breaks,
        _no_method_breaks,
        _no_header_breaks,
        _no_form_breaks,
    ):
        cookies = copy.deepcopy(reader.cookies)
        with transaction.atomic():
            tried(reader, address, path)
            transaction.set_rollback(True)
        reader.cookies = cookies


def _no_parameter_breaks(reader: Client, address: Address, path: str) -> None:
    names = _asked(reader, address, path)
    assert ASKED_FOR.get(address.name, set()) <= set(names)
    needed = required_query(address)
    for name in names if address.of_the_api else []:
        few = name in FILTERS and address.name != WHERE_FILTERS_ARE_TRIED
        for value in FEW_HOSTILE if few else HOSTILE:
            answer = _send(reader, "get", _url(path, {**needed, name: value}))
            if answer.status_code == 400:
                key = "point" if name in {"lon", "lat"} else name
                assert list(answer.json()["errors"]) == [key], (name, value)
    if address.of_the_api or not names:
        return
    # A page is dear. It reads all of its parameters and says what is wrong with each, so that they are tried together;
    # those that it does not come to then, alone.
    for value in HOSTILE:
        with asking("GET") as asked:
            _send(reader, "get", _url(path, {**needed, **dict.fromkeys(names, value)}))
        for name in sorted(set(names) - asked.known(FILTERS)):
            _send(reader, "get", _url(path, {**needed, name: value}))
    # A value that is refused keeps good ones from what the page does with them. Filters are the same on every page.
    for name in names:
        for value in GOES_FAR[:1] if name in FILTERS else GOES_FAR:
            _send(reader, "get", _url(path, {**needed, name: value}))


def _no_path_breaks(reader: Client, address: Address, _path: str) -> None:
    parts = address.path.format(**{name: f"\x01{name}\x01" for name in address.parameters})
    for name in address.parameters:
        for value in [
            "0",
            *HOSTILE,
            "9" * 5000,
            "00000000-0000-0000-0000-000000000000",
            "x99999999_y99999999",
        ]:
            filled = parts
            for other in address.parameters:
                put = value if other == name else "1"
                filled = filled.replace(f"\x01{other}\x01", quote(put, safe="", errors="surrogatepass"))
            _send(reader, "get", filled)


def _no_method_breaks(reader: Client, _address: Address, path: str) -> None:
    for method in ("head", "options", "put", "patch", "delete"):
        _send(reader, method, path)
    for method in ("QUERY", "PROPFIND", "x" * 300):
        answer = reader.generic(method, path, b"")
        _is_an_answer(method, path, answer)
        assert answer.status_code in {302, 405}, (method, path, answer.status_code)


def _no_header_breaks(reader: Client, address: Address, path: str) -> None:
    asked = _url(path, required_query(address))
    # No page reads a header itself: whatever reads one for all of them reads the next one too.
    is_page = _send(reader, "get", asked).get("Content-Type", "").startswith("text/html")
    for together in HEADERS_TOGETHER:
        for headers in [together] if is_page else [{name: value} for name, value in together.items()]:
            _send(reader, "get", asked, **headers)


def _no_form_breaks(reader: Client, address: Address, path: str) -> None:
    with asking("POST") as asked:
        answer = _send(reader, "post", path)
    if answer.status_code == 405:
        return
    tried: set[str] = set()
    has_steps = "verb" in asked.names
    for form in [{"verb": code, "version": "1"} for code in VERBS] if has_steps else [{}]:
        # A page that takes steps of the workflow reads the rest of a form only when the step is named.
        if has_steps and {ask.name for ask in VERBS[form["verb"]].asks} <= tried:
            continue
        with asking("POST") as asked:
            _post(reader, path, form)
        names = sorted(asked.names - tried - set(form))
        # As with parameters: the page of a refused step of the workflow is dear, and its form says all that is wrong.
        for together in [names] if has_steps and names else [[name] for name in names]:
            for value in FEW_HOSTILE:
                _post(reader, path, form | dict.fromkeys(together, value))
        tried |= asked.names
    if has_steps:
        for name, value in itertools.product(("verb", "version"), FEW_HOSTILE):
            _post(reader, path, {"verb": "note", "version": "1", name: value})
    bodies = (b"", b"\xff\xfe\x00", b"[" * 10_000)
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
             "multipart/form-data", "nonsense")  # fmt: skip
    every = itertools.product(bodies, kinds) if address.of_the_api else zip(itertools.cycle(bodies), kinds)
    for body, kind in every:
        Bucket.objects.all().delete()
        _is_an_answer("post", path, reader.post(path, body, content_type=kind))


def _post(reader: Client, path: str, form: Mapping[str, str]) -> None:
    """Sends the form to the page as it was before: the next one must find the same."""
    with transaction.atomic():
        Bucket.objects.all().delete()
        body = urlencode(form, errors="surrogatepass")
        answer = reader.post(path, body, content_type="application/x-www-form-urlencoded")
        _is_an_answer("post", f"{path} {body[:300]}", answer)
        transaction.set_rollback(True)


#: What Django's own list reads, the same way whatever it lists, and what does not keep it from reading the rest.
_OF_EVERY_LIST = {"_facets", "_popup", "all", "e", "o", "p"}


def test_the_admin_breaks_as_little(path_of: PathOf, operator: Client) -> None:
    """Its lists take filters and its forms what they begin with from the address: all of them are tried."""
    tried, lists = 0, 0
    for address in ADMIN:
        path = path_of(address)
        with asking("GET") as asked:
            answer = _send(operator, "get", path)
        names = sorted(asked.names | _admin_parameters(answer))
        # A list goes back to itself at the first filter that means nothing; a form, and who looks for NUL, read all.
        one_by_one = [names]
        if "cl" in (answer.context or {}):
            # One by one in the first list, in others at once: no model has a part in these.
            at_once = _OF_EVERY_LIST if lists else set()
            one_by_one = [[name] for name in names if name not in at_once] + [sorted(at_once)] * bool(at_once)
            lists += 1
        for value, tries in (("a\x00b", [names]), ("x", one_by_one), ("9" * 400, one_by_one)):
            for together in tries:
                _send(operator, "get", _url(path, dict.fromkeys(together, value)))
                tried += len(together)
        for value in FEW_HOSTILE if address.parameters else []:
            filled = dict.fromkeys(address.parameters, "1") | {address.parameters[-1]: "\x01"}
            hostile = quote(value, safe="", errors="surrogatepass")
            _send(operator, "get", address.path.format(**filled).replace("\x01", hostile))
    assert tried > 500, "the parameters are not found"


def test_no_form_of_the_admin_breaks(path_of: PathOf, operator: Client) -> None:
    tried = 0
    for address in ADMIN:
        if not address.name.endswith(("_add", "_change", "_changelist")):
            continue
        path = path_of(address)
        fields = _form_fields(_send(operator, "get", path))
        for value in ["", *FEW_HOSTILE] if fields else []:
            _post(operator, path, {name: kept or value for name, kept in fields.items()})
            tried += len(fields)
    assert tried > 500, "the fields are not found"


def _admin_parameters(answer: Any) -> set[str]:
    """What a list is narrowed by, and what the form of a new row may begin with."""
    context = answer.context or {}
    if "cl" in context:
        changes = context["cl"]
        filters = {name for spec in changes.filter_specs for name in spec.expected_parameters()}
        day = {f"{changes.date_hierarchy}__{part}" for part in ("year", "month", "day")}
        return filters | (day if changes.date_hierarchy else set()) | {"q", "p", "o", "e", "id", "_facets"}
    if "adminform" in context:
        return set(context["adminform"].form.fields) | {"_popup", "_to_field", "_changelist_filters"}
    return set()


def _form_fields(answer: Any) -> dict[str, Any]:
    """The fields of the first form of an admin's page with what stands in them."""
    context = answer.context or {}
    if "adminform" in context:
        form = context["adminform"].form
        sets = [formset.formset for formset in context["inline_admin_formsets"]]
    elif "cl" in context and context["cl"].formset is not None:
        form, sets = None, [context["cl"].formset]
    else:
        return {}
    fields: dict[str, Any] = {"_save": "1"}
    for one in [form] if form else []:
        fields |= {one.add_prefix(name): "" for name in one.fields}
    for one in sets:
        fields |= {f"{one.prefix}-TOTAL_FORMS": "1", f"{one.prefix}-INITIAL_FORMS": "0"}
        fields |= {f"{one.prefix}-0-{name}": "" for name in one.empty_form.fields}
    return fields


PLAIN = [address for address in SITE if not address.parameters and not address.name.startswith("account_")]
NAMES = [*FILTERS, "page_size", "after", "zoom", "lang", "revision", "lon", "lat", "cell", "period", "before", "id", "unknown"]  # fmt: skip
#: Examples of each of the two that follow: ``ANY_TRIES=10000 ./manage.py test tests/contract -k any`` takes long.
TRIES = settings(max_examples=int(os.environ.get("ANY_TRIES", "60")))


@st.composite
def _questions(draw: st.DrawFn) -> tuple[Address, dict[str, str]]:
    """An address, and values of parameters, those of whose names it knows most."""
    address = draw(st.sampled_from(PLAIN))
    own = sorted(query_parameters(reading(address) or {}))
    names = st.sampled_from(own) | st.sampled_from(NAMES) if own else st.sampled_from(NAMES)
    return address, draw(st.dictionaries(names, VALUE, max_size=5))


@TRIES
@given(asked=_questions())
def test_any_query_is_answered(
    path_of: PathOf, client: Client, asked: tuple[Address, dict[str, str]]
) -> None:
    address, query = asked
    _send(client, "get", _url(path_of(address), query))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELD = st.sampled_from(SENT)


@TRIES
@given(changes=st.dictionaries(FIELD, JSON, max_size=4))
def test_any_submission_is_answered(city: GridCity, client: Client, changes: dict[str, Any]) -> None:
    Bucket.objects.all().delete()
    body = submission_document(**changes)
    answer = client.post("/api/appeals/", json.dumps(body), content_type="application/json")
    assert answer.status_code in {200, 201, 400, 409}, (answer.status_code, answer.content[:500])
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"


def test_wrong_parameter_is_named(lived_in: GridCity, client: Client) -> None:
    for query, wrong in (
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=nan,40.5,72.8,40.6", "bbox"),
        ("bbox=72.8,40.5,72.7,40.6", "bbox"),
        ("bbox=,,,", "bbox"),
        ("page_size=1000000", "page_size"),
        ("page_size=0", "page_size"),
        ("page_size=ten", "page_size"),
        ("after=nonsense", "after"),
        ("after=AAAAAAAAAAAAAAAAAAAAAA%3D%3D", "after"),
        ("status=lost", "status"),
        ("kind=complaint,request", "kind"),
        ("from=31.05.2026", "from"),
        ("from=2026-06-01&to=2026-05-31", "from"),
        ("to=9999-12-31", "to"),
        ("lang=fr", "lang"),
        ("q=a%00b", "q"),
        ("category=%00", "category"),
        ("service=%00", "service"),
        ("district=%00", "district"),
    ):
        answer = client.get(f"/api/appeals.geojson?{query}")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), query
        assert list(answer.json()["errors"]) == [wrong], query
        assert answer.json()["errors"][wrong][0].endswith("."), query


@pytest.mark.parametrize("address", API, ids=str)
def test_what_an_address_of_the_api_is_not_to_be_asked(
    path_of: PathOf, client: Client, address: Address
) -> None:
    path = path_of(address)
    _names_what_it_does_not_know(client, address, path)
    if reading(address):
        _wants_each_parameter_once_and_filled_in(client, address, path)
        if "post" not in document()["paths"].get(path, {}):
            _refuses_writing(client, path)


def _names_what_it_does_not_know(client: Client, address: Address, path: str) -> None:
    send = client.get if reading(address) or str(address) in _OF_THE_DOCUMENT else client.post
    answer = send(_url(path, {**required_query(address), "colour": "red", "кеч": "1"}))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()["errors"]) == {"colour", "кеч"}


def _refuses_writing(client: Client, path: str) -> None:
    answer = client.post(path, {}, content_type="application/json")
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "GET" in answer["Allow"]


def _wants_each_parameter_once_and_filled_in(client: Client, address: Address, path: str) -> None:
    needed = required_query(address)
    for name in query_parameters(reading(address) or {}):
        for value in ("", "%20"):
            query = urlencode({other: value for other, value in needed.items() if other != name})
            answer = client.get(f"{path}?{query}&{name}={value}")
            assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
        answer = client.get(f"{path}?{urlencode({**needed, name: 1})}&{name}=1")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
        if name in needed:
            del needed[name]
            answer = client.get(f"{path}?{urlencode(needed)}")
            assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
            needed = required_query(address)


@pytest.mark.parametrize(
    "path",
    ["/{}/", "/{}/news/", "/{}/reports/heatmap/", "/{}/reports/hotspots/", "/{}/reports/trends/", "/{}/reports/alerts/", "/{}/reports/districts/", "/{}/reports/answers/", "/{}/reports/seasons/", "/{}/reports/heatmap/250/x0_y0/", "/{}/desk/", "/{}/desk/scoreboard/"],
)  # fmt: skip
def test_a_page_says_what_its_address_holds_in_vain(
    lived_in: GridCity, operator: Client, office_user: User, path: str
) -> None:
    operator.force_login(office_user)
    said = {
        language: operator.get(
            f"{path.format(language)}?colour=<red>&from=2026-01-01&utm_source=x"
        ).content.decode()
        for language in ("ky", "ru", "en")
    }
    assert "Left out of the address, since this page does not know it: colour" in said["en"]
    notices = {
        re.search(r'<p class="notice notice--info" role="status">.*?</p>', page)[0] for page in said.values()
    }  # type: ignore[index]
    assert len(notices) == 3
    assert not [notice for notice in notices if "utm_source" in notice or "&lt;red" in notice]
    twice = operator.get(
        f"{path.format('en')}?{'after=a&after=b' if 'news' in path else 'from=2026-01-01&from=2026-02-01'}"
    )
    if "250" not in path:
        assert "the last one holds: " in twice.content.decode()
    quiet = operator.get(
        f"{path.format('en')}?category=&utm_source=x&fbclid=y"
        if "news" not in path
        else f"{path.format('en')}?fbclid=y"
    )
    assert 'notice--info" role="status"><' not in quiet.content.decode()


def test_the_files_of_a_report_refuse_what_they_do_not_know(lived_in: GridCity, client: Client) -> None:
    for report, kind in itertools.product(
        ("heatmap", "hotspots", "trends", "alerts", "districts", "answers", "before-after"),
        ("geojson", "csv", "html"),
    ):
        answer = client.get(f"/en/reports/{report}.{kind}?q=lamp&kind=")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["q"]), (report, kind)


def test_refusal_speaks_the_readers_language(lived_in: GridCity, client: Client) -> None:
    said = [
        client.get("/api/appeals.geojson?bbox=1,2,3", headers={"Accept-Language": language}).json()
        for language in ("ky", "ru", "en")
    ]
    assert len({answer["title"] for answer in said}) == 3
    assert len({answer["errors"]["bbox"][0] for answer in said}) == 3


def test_unknown_address_is_a_problem(db: None, client: Client) -> None:
    answer = client.get("/api/no-such-thing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_break_is_a_problem_without_details(db: None) -> None:
    client = Client(raise_request_exception=False)
    with mock.patch("appeals.querysets.AppealQuerySet.visible_to", side_effect=RuntimeError("secret detail")):
        answer = client.get("/api/appeals.geojson")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"secret detail" not in answer.content
