"""POST /api/appeals/ and /api/uploads/, GET /api/route and /api/places, as a client over HTTP sees them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from pytest_django import Settings

from appeals.deadlines import LegalClock
from appeals.identifiers import new_uuid7
from appeals.limits import ADDRESS_MAX, ATTACHMENTS_MAX, TEXT_MAX
from appeals.models import Appeal, AppealContact, Attachment
from appeals.vocabulary import Kind
from bootstrap.rates import Rate
from districts.models import Place
from rates.models import Bucket
from tests.factories import LegalTermFactory
from tests.grid import IN_EAST, IN_PARK, OUTSIDE, GridCity, at, names
from tests.submissions import submission_document

Send = Callable[..., Any]


def body(**changes: object) -> dict[str, object]:
    return submission_document(**({"secret": "a" * 22} | changes))


@pytest.fixture
def send(city: GridCity, client: Client) -> Send:
    def post(document: object, **extra: Any) -> Any:
        return client.post(
            "/api/appeals/",
            document,
            content_type="application/json",
            headers={"Accept-Language": "en"},
            **extra,
        )

    return post


def test_receipt(send: Send) -> None:
    answer = send(body(email="a@example.org", phone="0555 123456"))
    assert answer.status_code == 201
    appeal = Appeal.objects.get()
    assert answer.json() == {
        "number": appeal.number,
        "url": f"/en/appeals/{appeal.number}/",
        "follow_url": f"/en/follow/{'a' * 22}/",
        "status": "new",
        "district": "east en",
        "service": "light en",
        "due_on": appeal.due_on.isoformat(),
        "held": False,
    }
    contact = AppealContact.objects.get()
    assert (contact.email, contact.phone) == ("a@example.org", "+996555123456")


def test_again_is_200_and_other_content_409(send: Send) -> None:
    document = body()
    first, second, other = send(document), send(document), send(document | {"text": "Other"})
    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == second.json()
    assert other["Content-Type"] == "application/problem+json"
    assert Appeal.objects.count() == 1


def test_secret_made_by_the_server_is_told_once(send: Send) -> None:
    document = body(secret="")
    first, second = send(document), send(document)
    assert first.json()["follow_url"] == f"/en/follow/{AppealContact.objects.get().secret}/"
    assert "follow_url" not in second.json()


def test_statements_of_one_submission(send: Send, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    document = body(email="a@example.org")
    with django_assert_max_num_queries(19) as counted:  # 17, and the transaction's beginning and end
        assert send(document).status_code == 201
    assert sum(query["sql"].startswith(("SAVEPOINT", "BEGIN")) for query in counted.captured_queries) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "not-a-uuid"),
        ("id", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
        ("id", None),
        ("secret", "short"),
        ("secret", "ü" * 30),
        ("kind", "praise"),
        ("category", "unknown"),
        ("category", "street"),
        ("category", {"a": 1}),
        ("text", ""),
        ("text", "   \n "),
        ("text", "x" * (TEXT_MAX + 1)),
        ("text", "a\x00b"),
        ("text", "\u200b\u200d\ufeff\u2060"),
        ("text", "\u00ad\u202e \u3164\u115f\u2800"),
        ("text", "\ufe0f\u0301\U000e0041"),
        ("text", ["x"]),
        ("address", "x" * (ADDRESS_MAX + 1)),
        ("email", "nobody"),
        ("phone", "12"),
        ("phone", "call me"),
        ("uploads", "x"),
        ("uploads", ["x"]),
        ("uploads", ["01900000-0000-7000-8000-000000000000"] * (ATTACHMENTS_MAX + 1)),
        ("uploads", ["01900000-0000-7000-8000-000000000000"]),
        ("language", "xx"),
        ("name", 7),
    ],
)
def test_wrong_field_is_named_and_nothing_is_written(send: Send, field: str, value: object) -> None:
    answer = send(body(**{field: value}))
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (IN_EAST[1], IN_EAST[0], "swapped"),
        (OUTSIDE[0], OUTSIDE[1], "outside the city"),
        (2.35, 48.85, "outside the city"),
        ("abc", 40.5, "number"),
        (None, None, "number"),
        (True, 40.5, "number"),
        (1e400, 40.5, "number"),
        ("NaN", 40.5, "number"),
        (720, 40.5, "between"),
    ],
)
def test_wrong_place(send: Send, lon: object, lat: object, words: str) -> None:
    document = body(lon=lon if lon != 1e400 else "1e400", lat=lat)
    answer = send(document)
    assert answer.status_code == 400
    assert words in " ".join(answer.json()["errors"]["point"])


def test_all_wrong_fields_are_named_at_once(send: Send) -> None:
    assert set(send(body(text="", kind="x", lon=1)).json()["errors"]) == {"text", "kind", "point"}


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"[" * 100_000, b'{"id": NaN}', b"\xff\xfe", b'"x"', b"null"]
)
def test_body_that_is_no_object(send: Send, raw: bytes) -> None:
    assert send(raw).status_code == 400


def test_ten_megabytes_are_refused_unread(send: Send) -> None:
    assert send(body(text="x" * 10_000_000)).status_code == 413
    assert not Appeal.objects.exists()


def test_other_content_type_is_refused(send: Send, client: Client) -> None:
    assert client.post("/api/appeals/", {"id": "x"}).status_code == 415


@pytest.mark.parametrize(("language", "words"), [("ky", "тандаңыз"), ("ru", "выберите"), ("en", "choose")])
def test_errors_are_in_the_readers_language(
    city: GridCity, client: Client, language: str, words: str
) -> None:
    answer = client.post(
        "/api/appeals/",
        body(category=""),
        content_type="application/json",
        headers={"Accept-Language": language},
    )
    assert any(words in sentence.lower() for sentence in answer.json()["errors"]["category"])


def test_html_is_only_text(send: Send, client: Client) -> None:
    number = send(body(text="<script>alert('x')</script>")).json()["number"]
    page = client.get(f"/en/appeals/{number}/").content.decode()
    assert "<script>alert(" not in page
    assert "&lt;script&gt;alert(" in page


def test_too_many_are_slowed_down(send: Send, settings: Settings) -> None:
    # Nothing refills while the test runs, however slow the machine is.
    settings.LIMITS = {"submit": Rate(5, 1, 86_400)}
    first = body()
    assert send(first).status_code == 201
    statuses = [send(body(kind="x")).status_code for _ in range(3)] + [send(body(secret="")).status_code]
    assert statuses == [400] * 3 + [201]
    for refused in (send(body()), send(body(kind="x")), send(first | {"text": "Other"})):
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 86_400
        assert refused["Content-Type"] == "application/problem+json"
        assert "Too much has come from your internet connection" in refused.json()["title"]
    # What has come already is answered again, and costs nothing.
    assert [send(first).status_code for _ in range(9)] == [200] * 9
    assert send(body(secret=""), REMOTE_ADDR="192.0.2.9").status_code == 201
    assert Appeal.objects.count() == 3


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}" + b" " * 300_000, "application/json", 413),
        (b"text=x", "application/x-www-form-urlencoded", 415),
        (b"x", "text/plain", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_counted_too(
    city: GridCity, client: Client, settings: Settings, content: bytes, kind: str, status: int
) -> None:
    settings.LIMITS = {"submit": Rate(3, 1, 86_400)}
    answers = [client.post("/api/appeals/", content, content_type=kind) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [status] * 3 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


@hypothesis_settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from([*list(body()), "name", "email", "phone", "address", "uploads", "language"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    )
)
def test_whatever_is_sent_is_refused_politely(send: Send, junk: dict[str, object]) -> None:
    Bucket.objects.all().delete()
    answer = send(body(**junk))
    assert answer.status_code in {200, 201, 400, 409}


class TestUploads:
    @pytest.fixture(autouse=True)
    def _own_folders(self, stored_in: Path, db: None) -> None:
        """Nothing is stored among the files of other tests."""

    def picture(self) -> SimpleUploadedFile:
        stream = io.BytesIO()
        Image.new("RGB", (64, 64), "red").save(stream, "PNG")
        return SimpleUploadedFile("x.png", stream.getvalue())

    def test_upload_then_submit(self, send: Send, client: Client) -> None:
        upload_id = str(new_uuid7())
        answer = client.post("/api/uploads/", {"id": upload_id, "file": self.picture()})
        assert answer.status_code == 201
        assert answer.json()["state"] == "ready"
        assert client.get(answer.json()["thumb"]).status_code == 200
        assert send(body(uploads=[upload_id])).status_code == 201
        assert Attachment.objects.get().appeal == Appeal.objects.get()

    def test_disguised_file(self, client: Client) -> None:
        file = SimpleUploadedFile("photo.jpg", b"<svg onload=alert(1)>", "image/jpeg")
        answer = client.post("/api/uploads/", {"id": str(new_uuid7()), "file": file})
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["file"]

    def test_nothing_sent(self, client: Client) -> None:
        assert client.post("/api/uploads/", {"id": str(new_uuid7())}).status_code == 400
        assert client.post("/api/uploads/", {"id": "x", "file": self.picture()}).status_code == 400

    def test_too_many_are_refused_unread(
        self, client: Client, settings: Settings, django_assert_num_queries: Any
    ) -> None:
        settings.LIMITS = {"upload": Rate(2, 1, 86_400)}
        upload_id = str(new_uuid7())
        for _again in range(3):
            # The same file under the same id is the same upload.
            assert client.post("/api/uploads/", {"id": upload_id, "file": self.picture()}).status_code == 201
        other = {"id": str(new_uuid7()), "file": self.picture()}
        assert client.post("/api/uploads/", other).status_code == 201
        with django_assert_num_queries(1):
            refused = client.post(
                "/api/uploads/",
                b"",
                content_type="multipart/form-data; boundary=x",
                CONTENT_LENGTH="90000000",
            )
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
        assert Attachment.objects.count() == 2

    @pytest.mark.parametrize(
        ("kind", "status"), [("multipart/form-data", 400), ("application/json", 415), ("text/plain", 415)]
    )
    def test_a_body_that_cannot_be_read_is_counted_too(
        self, client: Client, settings: Settings, kind: str, status: int
    ) -> None:
        settings.LIMITS = {"upload": Rate(3, 1, 86_400)}
        answers = [client.post("/api/uploads/", b"{}", content_type=kind) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [status] * 3 + [429]

    def test_heavy_ones_count_for_more(self, client: Client, settings: Settings) -> None:
        settings.LIMITS = {"upload-megabytes": Rate(100, 1, 86_400)}
        assert (
            client.post("/api/uploads/", {"id": str(new_uuid7()), "file": self.picture()}).status_code == 201
        )
        refused = client.post(
            "/api/uploads/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="99900000"
        )
        assert refused.status_code == 429

    def test_enormous_file_is_refused_by_its_length(self, client: Client) -> None:
        answer = client.post(
            "/api/uploads/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="999999999"
        )
        assert answer.status_code == 413


class TestRoute:
    def test_preview_names_service_district_and_reason(self, city: GridCity, client: Client) -> None:
        lon, lat = IN_PARK
        answer = client.get(
            "/api/route", {"lon": lon, "lat": lat, "category": "lamp"}, headers={"Accept-Language": "en"}
        ).json()
        assert answer["service"]["code"] == "green"
        assert answer["district"]["code"] == "west"
        assert answer["rule"] == "priority"
        assert "park en" in answer["explanation"]
        assert not Appeal.objects.exists()

    @pytest.mark.parametrize("kind", Kind.values)
    def test_the_term_of_the_kind_is_promised_and_kept(
        self, city: GridCity, client: Client, kind: str
    ) -> None:
        LegalTermFactory(kind=Kind.COMPLAINT, working_days=30)
        lon, lat = IN_PARK
        where = {"lon": lon, "lat": lat, "category": "lamp"}
        promised = client.get("/api/route", {**where, "kind": kind}).json()["due_on"]
        who = {"name": "Бакыт Эсенов", "postal_address": "Ош", "phone": "0555 12 34 56"}
        sent = submission_document(**where, **who, kind=kind)
        receipt = client.post(
            "/api/appeals/", sent, content_type="application/json", headers={"Accept-Language": "en"}
        ).json()
        appeal = Appeal.objects.get()
        assert promised == receipt["due_on"] == appeal.due_on.isoformat()
        assert appeal.due_on == LegalClock.read().due_on(kind, appeal.submitted_at)
        follow = client.get(receipt["follow_url"]).content.decode()
        assert date_format(appeal.due_on) in follow

    def test_without_a_kind_the_service_level_of_a_report_is_promised(
        self, city: GridCity, client: Client
    ) -> None:
        lon, lat = IN_PARK
        where = {"lon": lon, "lat": lat, "category": "lamp"}
        LegalTermFactory(kind=Kind.REPORT, working_days=3)
        promised = client.get("/api/route", where).json()["due_on"]
        assert promised == client.get("/api/route", {**where, "kind": "report"}).json()["due_on"]
        assert promised < client.get("/api/route", {**where, "kind": "complaint"}).json()["due_on"]

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"lon": 72.75, "lat": 40.52, "category": "lamp", "kind": "wish"},
            {"lon": "x", "lat": "y", "category": "lamp"},
            {"lon": 72.69, "lat": 40.52, "category": "lamp"},
            {"lon": 72.75, "lat": 40.52, "category": "street"},
            {"lon": 72.75, "lat": 40.52, "category": "a\x00"},
        ],
    )
    def test_wrong_question(self, city: GridCity, client: Client, query: dict[str, object]) -> None:
        assert client.get("/api/route", query).status_code == 400


class TestPlaces:
    @pytest.fixture(autouse=True)
    def _street(self, city: GridCity) -> None:
        Place.objects.create(
            kind="street",
            point=at(IN_EAST),
            search="курманжан датка kurmanjan datka",
            **names("Курманжан Датка"),
        )

    @pytest.mark.parametrize("words", ["курманж", "Курманжан датка", "kurmanjan", "курманжон датка"])
    def test_found_by_part_and_by_misspelling(self, client: Client, words: str) -> None:
        (found,) = client.get("/api/places", {"q": words}).json()
        assert (found["lon"], found["lat"]) == IN_EAST

    @pytest.mark.parametrize("words", ["к", "%", "__", "совсем другое"])
    def test_nothing_found(self, client: Client, words: str) -> None:
        assert client.get("/api/places", {"q": words}).json() == []

    @pytest.mark.parametrize("written", ["x" * 201, "po%00", "po%ff"])
    def test_what_is_no_name(self, client: Client, written: str) -> None:
        answer = client.get(f"/api/places?q={written}")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["q"])


class TestWhoeverRepeatsAnAppeal:
    """All but the contact of an appeal is public, and so may be sent again by anybody."""

    CONTACT = {"name": "Asan Usenov", "email": "asan@example.org", "phone": "+996555123456"}

    @pytest.mark.parametrize("changed", [{}, {"name": "Guessed"}, {"email": "no@example.org"}, {"phone": ""}])
    def test_learns_nothing_of_its_contact(
        self, city: GridCity, client: Client, changed: dict[str, str]
    ) -> None:
        sent = submission_document(**self.CONTACT)
        first = client.post("/api/appeals/", sent, content_type="application/json")
        again = client.post("/api/appeals/", {**sent, **changed}, content_type="application/json")
        assert (first.status_code, again.status_code) == (201, 200)
        assert "follow_url" in first.json()
        assert "follow_url" not in again.json()
        kept = AppealContact.objects.get()
        assert {name: getattr(kept, name) for name in self.CONTACT} == self.CONTACT

    @pytest.mark.parametrize("guess", [{}, {"name": "Guessed"}])
    def test_learns_nothing_where_there_is_a_secret(
        self, city: GridCity, client: Client, guess: dict[str, str]
    ) -> None:
        sent = submission_document(**self.CONTACT)
        client.post("/api/appeals/", {**sent, "secret": "s" * 30}, content_type="application/json")
        for secret in ("", "t" * 30):
            repeated = {**sent, **guess, "secret": secret}
            assert client.post("/api/appeals/", repeated, content_type="application/json").status_code == 409
