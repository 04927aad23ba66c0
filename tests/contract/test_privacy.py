"""What the public must not see leaves by no address of the site, whoever asks.

Each test looks for the same words where they may be read too: a search that finds nothing anywhere proves nothing.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, Scope, User
from accounts.roles import Role
from appeals.intake.sign_in import ask_code, sign_in
from appeals.models import Appeal, AppealContact
from appeals.notify.sign_in import code_of
from appeals.vocabulary import Kind, Status
from appeals.workflow import ACCEPT
from geo.tiles import tile_at
from opendata import clusters
from opendata.ogc.whole_answers import FORMS
from tests.contract.addresses import Address, all_addresses, asking
from tests.factories import (
    AbuseReportFactory,
    AppealContactFactory,
    AppealFactory,
    CommentFactory,
    EventFactory,
    MembershipFactory,
)
from tests.grid import CITY, IN_EAST, GridCity, at

BOX = ",".join(map(str, CITY))
QUERIES = [
    "",
    f"bbox={BOX}&zoom=18",
    "q=zantho",
    "page_size=1000&fragment=list",
    "area=city",
    f"lon={IN_EAST[0]}&lat={IN_EAST[1]}&category=lamp",
]
#: The same in another format, whose words are looked for by themselves.
FORMATS = ["f=html", *(f"f={name}" for name in FORMS)]
NAME, EMAIL, PHONE, SECRET = (
    "Privatename",
    "private@example.org",
    "+996555999888",
    "privatesecretprivatesecret",
)
#: Whoever has signed in with a code from a letter.
RESIDENT = "resident"
#: The addresses at which anybody reads an appeal's words.
OPEN = {
    "api-appeals",
    "data-appeals",
    "data-appeals-by-line",
    "data-appeals-as",
    "api-appeal",
    "api-appeal-by-number",
    "ogc-appeals-items",
    "ogc-appeals-item",
    "public:map",
    "public:appeal",
    "public:alert-feed",
    "public:proposals",
    "reports:heatmap-rows",
    # The page of a list has no words of theirs.
    *(f"ogc-appeals-items f={name}" for name in FORMS),
    "ogc-appeals-item f=html",
}
#: Those at which anybody reads what residents say of it.
COMMENTED = {"public:appeal", "api-comments", "api-comments-by-number"}
#: Those of the first that are the same for staff.
FOR_EVERYBODY = {"reports:heatmap-rows", "public:alert-feed"}
#: Whose desk an appeal of the tests is on, and who watches every desk.
STAFF = {"light", "office"}
OF_THE_API = {name for name in OPEN if not name.startswith(("public:", "reports:"))}
SITE = [address for address in all_addresses() if not address.of_the_admin]


@pytest.fixture
def appeal(city: GridCity) -> Callable[..., Appeal]:
    """Makes an appeal with these words, whose author left everything that can be left."""

    # A school or a house of the base map may have a small number too.
    numbers = itertools.count(870_654_321)

    def make(text: str, **values: object) -> Appeal:
        made: Appeal = AppealFactory(
            number=next(numbers),
            category=city.categories["lamp"],
            service=city.services["light"],
            district=city.districts["east"],
            point=at(IN_EAST),
            text=text,
            contact=None,
            **values,
        )
        AppealContactFactory(
            appeal=made, name=NAME, email=EMAIL, phone=PHONE, secret=f"{SECRET}{made.number}"
        )
        return made

    return make


@pytest.fixture
def reader(city: GridCity) -> Callable[[str], Client]:
    """A client of somebody of the service, of a resident, of nobody (""); of a program that brings such a person's "key"."""

    def of(who: str) -> Client:
        service, _comma, brings_key = who.partition(", ")
        client = Client()
        if service == RESIDENT:
            asked = ask_code("resident@example.org", sender=who)
            client.cookies["resident"] = sign_in(str(asked.pk), code_of(asked), sender=who)
            return client
        if service:
            user = MembershipFactory(service=city.services[service]).user
            if brings_key:
                _key, text = keys.make(user, who, list(Scope), 30)
                return Client(headers={"Authorization": f"Bearer {text}"})
            client.force_login(user)
        return client

    return of


def _texts(value: Any) -> Iterator[str]:
    """Every member's name and every value of a JSON document, as text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)


def _words(answer: Any) -> str:
    """What a reader can make of the answer: JSON without its escapes, and numbers of telephones without their gaps."""
    content = answer.getvalue() if answer.streaming else answer.content
    if "json" in answer["Content-Type"]:
        # Of JSON alone it is the whole; of the two kinds of sequences, each line, in one of them behind a mark.
        lines = "ndjson" in answer["Content-Type"] or "seq" in answer["Content-Type"]
        documents = content.splitlines() if lines else [content]
        text = "\n".join(_texts([json.loads(document.lstrip(b"\x1e")) for document in documents]))
    else:
        text = content.decode("utf-8", "replace").replace("&#x27;", "'").replace("&amp;", "&")
    return text + "\n" + re.sub(r"[\s().\u00a0\u202f-]", "", text)


def _everything(client: Client, appeals: list[Appeal], *, secret: str = "unknown") -> dict[str, str]:
    """All that can be read, by the name of the address; the appeals' own addresses among it."""
    read: dict[str, str] = {}
    for address in SITE:
        words: dict[str, list[str]] = {address.name: []}
        for path, appeal in {_path(address, appeal, secret): appeal for appeal in appeals}.items():
            answers = list(_answers(client, path))
            if address.name in OPEN - FOR_EVERYBODY and not appeal.hidden:
                assert any(answer.status_code == 200 for _query, answer in answers), path
            for query, answer in answers:
                name = f"{address.name} {query}" if query in FORMATS else address.name
                words.setdefault(name, []).append(_words(answer))
        read |= {name: "\n".join(parts) for name, parts in words.items()}
    return read


def _answers(client: Client, path: str) -> Iterator[tuple[str, Any]]:
    """Every query that holds something the address asks for, with its answer; the address gives no other to the rest."""
    asked_for: set[str] = set()
    for query in [*QUERIES, *FORMATS]:
        names = set(parse_qs(query))
        if names and not names & asked_for:
            continue
        with asking("GET") as asked:
            answer = client.get(f"{path}?{query}", headers={"Accept-Language": "en"})
        assert answer.status_code < 500, path
        asked_for |= asked.known(names)
        yield query, answer


def _path(address: Address, appeal: Appeal, secret: str) -> str:
    return address.filled(
        {
            "number": appeal.number,
            "pk": appeal.pk if address.of_the_api else 1,
            "feature": 1 if address.name == "ogc-news_areas-item" else appeal.pk,
            "collection": "appeals",
            "secret": secret,
            "token": "unknown",
            "attachment": UUID(int=0),
            "item": 1,
            "person": 1,
            "saved": 1,
            "made": UUID(int=0),
            "form": "large",
            **tile_at(appeal.point.x, appeal.point.y, 16)._asdict(),
            "report": "hotspots",
            "ending": "csv",
            "layer": "appeals",
            "notebook": "hotspots",
            "cell_m": 250,
            "cell": f"x{appeal.cell_x // 5}_y{appeal.cell_y // 5}",
            "uidb36": "1",
            "key": "set-password",
        }
    )


def _where(read: dict[str, str], words: str) -> set[str]:
    """Names of the addresses at which the words are read."""
    return {name for name, text in read.items() if words in text}


@pytest.mark.parametrize(
    "who", ["", "roads", "light", "office", "roads, with a key", "light, with a key", "office, with a key"]
)
def test_everybody_reads_what_is_theirs(
    city: GridCity, appeal: Callable[..., Appeal], reader: Callable[[str], Client], who: str
) -> None:
    """Contact data and what staff wrote to each other are for the desk, a hidden appeal for its staff alone."""
    # As proposals they are in one more list.
    shown = appeal("zanthoxylum in the open", status=Status.ACCEPTED, kind=Kind.RECOMMENDATION)
    hidden = appeal(
        "zanthoxylum behind the curtain", hidden=True, address="Secretstreet 1", kind=Kind.RECOMMENDATION
    )
    # Nobody has ever seen it: who keeps a copy has nothing to forget.
    held = appeal("wistaria in the waiting room", hidden=True, held="waits", kind=Kind.RECOMMENDATION)
    person = _written_by_staff(shown, city, {"whisper between us": False, "said aloud": True})
    CommentFactory(appeal=shown, text="nodded in public", resident__email="nodder@example.org")
    CommentFactory(appeal=shown, text="swore in public", hidden=True)
    CommentFactory(appeal=hidden, text="nodded behind the curtain")
    AbuseReportFactory(appeal=shown, words="reported by a reader")
    client = reader(who)
    read = _everything(client, [shown, hidden, held])
    # A key opens the open data as its person sees it, and the pages of nobody.
    is_staff, at_the_desk = who.partition(",")[0] in STAFF, who in STAFF

    assert _where(read, shown.text) >= OPEN
    assert _where(read, "said aloud") >= {"api-appeal", "public:appeal"}
    at_their_desk = {"desk:appeal"} if at_the_desk else set()
    assert _where(read, "nodded in public") == COMMENTED | at_their_desk
    for words in ("swore in public", "nodded behind the curtain"):
        assert _where(read, words) == at_their_desk, words
    assert _where(read, "nodder@") == set()
    # Not even who answers may write in the author's place.
    assert _where(read, SECRET) == set()
    for words in (NAME, EMAIL, PHONE, "whisper", person.last_name):
        assert _where(read, words) == at_their_desk, words
    # What readers report is for whoever hides, and not for the service.
    reported = {"desk:appeal", "desk:moderation"} if who == "office" else set()
    assert _where(read, "reported by a reader") == reported
    if is_staff:
        # Reports and feeds are made for everybody, whoever reads them.
        theirs = {*OPEN, "desk:appeal"} - FOR_EVERYBODY
        assert _where(read, hidden.text) >= (theirs if at_the_desk else theirs & OF_THE_API)
        assert at_the_desk or _where(read, hidden.text) <= OF_THE_API
        assert not _where(read, hidden.text) & FOR_EVERYBODY
        return
    assert _where(read, person.email) == set()
    # A problem document or a page may repeat the address that was asked for; who keeps a copy is told what to forget.
    own = {
        "api-appeal": str(hidden.pk),
        "data-removed": str(hidden.pk),
        "public:appeal": f"№ {hidden.number}",
    }
    asked_for = {"api-appeal": str(held.pk), "public:appeal": f"№ {held.number}"}
    for words in (held.text, str(held.pk), f"№ {held.number}"):
        assert {name for name in _where(read, words) if asked_for.get(name) != words} == set(), words
    for words in (hidden.text, hidden.address, str(hidden.pk), f"№ {hidden.number}"):
        assert {name for name in _where(read, words) if own.get(name) != words} == set(), words
    assert client.get(f"/api/appeals/{hidden.pk}/").status_code == 404
    assert client.get(f"/api/appeals/{hidden.number}/").status_code == 404
    assert client.get(f"/en/appeals/{hidden.number}/").status_code == 410


def _revoked(key: ApiKey) -> None:
    keys.revoke(key.user, key)


def _expired(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())


def _left(key: ApiKey) -> None:
    key.user.memberships.all().delete()


def _deactivated(key: ApiKey) -> None:
    User.objects.filter(pk=key.user_id).update(is_active=False)


def _for_nothing(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(scopes=[])


@pytest.mark.parametrize("end", [_revoked, _expired, _left, _deactivated, _for_nothing])
def test_a_key_that_is_over_opens_nothing_at_all(
    appeal: Callable[..., Appeal], light_user: User, end: Callable[[ApiKey], None]
) -> None:
    """Not even what the public reads: whoever brings it is told, and takes nothing for the whole."""
    made = appeal("zanthoxylum behind the curtain", hidden=True)
    key, text = keys.make(light_user, "mine", list(Scope), 30)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert "zanthoxylum" in _words(client.get(f"/api/appeals/{made.pk}/"))
    end(key)
    for address in SITE:
        answer = client.get(_path(address, made, "unknown"))
        if address.of_the_api or address.name in {"attachment", "news-file"}:
            # Or because of what is asked for, which is looked at first.
            assert answer.status_code in {403 if end is _for_nothing else 401, 400, 405}, address
            assert answer["Cache-Control"] == "private, no-store"
        assert "zanthoxylum" not in _words(answer), address


def _written_by_staff(made: Appeal, city: GridCity, words: dict[str, bool]) -> User:
    """Adds these words to the appeal's history, public or not; the colleague who wrote them."""
    person: User = MembershipFactory(service=city.services["light"], user__last_name="Colleaguename").user
    for version, (text, public) in enumerate(words.items(), 2):
        EventFactory(
            appeal=made,
            version=version,
            verb=ACCEPT.code,
            at=timezone.now() - dt.timedelta(hours=1),
            actor=person,
            actor_role=Role.SERVICE,
            to_status=Status.ACCEPTED,
            text=text,
            public=public,
        )
    return person


def test_the_authors_page_is_for_who_knows_the_secret(
    city: GridCity, appeal: Callable[..., Appeal], reader: Callable[[str], Client]
) -> None:
    made = appeal("zanthoxylum behind the curtain", hidden=True, status=Status.ACCEPTED)
    person = _written_by_staff(made, city, {"whisper between us": False, "said aloud": True})
    read = _everything(reader(""), [made], secret=made.contact.secret)
    assert _where(read, "zanthoxylum") == _where(read, "said aloud") == {"public:follow"}
    for words in (NAME, "whisper", person.email, person.last_name):
        assert _where(read, words) == set(), words


def test_a_resident_s_account_has_what_the_links_of_that_address_have(
    city: GridCity, appeal: Callable[..., Appeal], reader: Callable[[str], Client]
) -> None:
    own, foreign = appeal("zanthoxylum of mine", hidden=True), appeal("zanthoxylum of another", hidden=True)
    AppealContact.objects.filter(appeal=own).update(email="Resident@example.org", name="Ownname")
    person = _written_by_staff(own, city, {"whisper between us": False, "said aloud": True})
    read = _everything(reader(RESIDENT), [own, foreign])
    assert _where(read, own.text) == {"public:mine-account", "public:mine-data"}
    assert _where(read, own.contact.secret) == {"public:mine-account", "public:mine-data"}
    assert _where(read, "Ownname") == {"public:mine-data", "public:mine-delete"}
    others = (foreign.text, foreign.contact.secret, NAME, EMAIL)
    for words in (*others, "whisper", person.email, person.last_name):
        assert _where(read, words) == set(), words


@pytest.mark.parametrize("who", ["office", "office, with a key"])
def test_what_staff_see_is_kept_by_no_cache(
    appeal: Callable[..., Appeal], reader: Callable[[str], Client], who: str
) -> None:
    made = appeal("zanthoxylum behind the curtain", hidden=True)
    client = reader(who)
    for address in SITE:
        answer = client.get(_path(address, made, "unknown"))
        if "zanthoxylum" in _words(answer):
            assert "no-store" in answer["Cache-Control"], address


@pytest.mark.parametrize("pins_max", [0, 400], ids=["cells", "pins"])
@pytest.mark.parametrize("query", ["", "&kind=complaint", "&status=new"])
def test_a_hidden_appeal_is_counted_nowhere(
    appeal: Callable[..., Appeal],
    reader: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
    pins_max: int,
    query: str,
) -> None:
    monkeypatch.setattr(clusters, "PINS_MAX", pins_max)
    for n in range(3):
        appeal(f"zanthoxylum {n}", hidden=n > 0)
    for client in (reader(""), reader("roads")):
        for zoom in (9, 13, 18):
            body = client.get(f"/api/clusters.geojson?bbox={BOX}&zoom={zoom}{query}").json()
            assert body["numberMatched"] == 1
            (feature,) = body["features"]
            assert feature["properties"]["kind"] == ("appeal" if pins_max else "cell")
            assert feature["properties"].get("count", 1) == feature["properties"].get("new", 1) == 1
        body = client.get(f"/en/reports/heatmap.geojson?cell=250{query}").json()
        assert body["report"]["total"] == 1
        assert [feature["properties"]["count"] for feature in body["features"]] == [1]
        assert client.get(f"/api/appeals.geojson?page_size=10{query}").json()["numberReturned"] == 1
        assert "1 appeal<" in client.get(f"/en/?lang=en{query}").content.decode()


def test_markup_is_only_text(city: GridCity, client: Client, appeal: Callable[..., Appeal]) -> None:
    words = '<script>alert("x")</script> & \\ " \u2028 {"a":1}'
    made = appeal(words)
    (listed,) = client.get("/api/appeals.geojson").json()["features"]
    single = client.get(f"/api/appeals/{made.pk}/").json()
    assert listed["properties"]["text"] == single["properties"]["text"] == words
    for address in SITE:
        answer = client.get(_path(address, made, made.contact.secret))
        if address.of_the_api and address.name != "api-docs":
            assert "html" not in answer["Content-Type"]
            assert answer["X-Content-Type-Options"] == "nosniff"
        elif not answer.streaming:
            assert '<script>alert("' not in answer.content.decode(), address
    assert "&lt;script&gt;alert(" in client.get(f"/en/appeals/{made.number}/").content.decode()


#: Read by the reader's own browser, of this site alone.
OF_THE_SITE = {"healthz", "service-worker", "manifest", "robots", "favicon", "still-map"}


def test_what_the_public_reads_is_open_to_pages_of_any_origin(path_of: Callable[[Address], str]) -> None:
    """Every file, list and feed; a page of this site is none."""
    client, opened = Client(headers={"Origin": "https://page.example"}), set()
    for address in SITE:
        answer = client.get(path_of(address) + ("?area=city" if address.name == "public:alert-feed" else ""))
        is_page = answer["Content-Type"].startswith("text/html") and not address.of_the_api
        if answer.status_code != 200 or address.name in OF_THE_SITE or is_page:
            continue
        assert answer["Access-Control-Allow-Origin"] == "*", address
        opened.add(address.name)
    assert opened >= {
        "public:news-feed",
        "public:alert-feed",
        "reports:product",
        "attachment",
        "data-appeals",
    }
