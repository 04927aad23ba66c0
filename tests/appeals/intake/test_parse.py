"""Each field by itself; how refusals travel over HTTP is tests/public/api/test_submit.py."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appeals.actions.submit import Submission
from appeals.errors import Invalid
from appeals.identifiers import new_uuid7
from appeals.intake.parse import parse_submission
from appeals.limits import ATTACHMENTS_MAX, PHONE_WRITTEN_MAX, TEXT_MAX
from tests.grid import IN_EAST, OUTSIDE, GridCity
from tests.submissions import submission_document

pytestmark = pytest.mark.django_db


def parse(**changes: Any) -> Submission:
    return parse_submission(submission_document(**changes), language="ru", source="web")


def refused(**changes: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        parse(**changes)
    return refusal.value.errors


def test_what_was_left_out_is_empty(city: GridCity) -> None:
    submission = parse()
    assert (submission.name, submission.email, submission.phone, submission.address) == ("", "", "", "")
    assert (submission.secret, submission.uploads, submission.language) == ("", (), "ru")


def test_every_wrong_field_is_named_at_once(city: GridCity) -> None:
    errors = refused(
        id="x", kind="praise", category="?", text=" ", lon="east", email="@", phone="no", uploads=["y"]
    )
    assert set(errors) == {"id", "kind", "category", "text", "point", "email", "phone", "uploads"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  a \r\n b\rc \n", "a \n b\nc"),
        ("и\u0306", "\u0439"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("🏠" * TEXT_MAX, "🏠" * TEXT_MAX),
    ],
)
def test_text_is_normalised_and_otherwise_kept(city: GridCity, written: str, kept: str) -> None:
    assert parse(text=written).text == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "\u200b\u2060",
        "a\x00b",
        "a\x07b",
        "\ud800",
        "x" * (TEXT_MAX + 1),
        "x" * 1_000_000,
        5,
        ["x"],
        None,
    ],
)
def test_text_that_cannot_be_kept(city: GridCity, text: object) -> None:
    assert list(refused(text=text)) == ["text"]


@settings(max_examples=100)
@given(text=st.text(max_size=200))
def test_parsing_twice_changes_nothing(city: GridCity, text: str) -> None:
    try:
        once = parse(text=text).text
    except Invalid:
        return
    assert parse(text=once).text == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0555 12-34-56", "+996555123456"),
        ("+996 555 123456", "+996555123456"),
        ("+1 312 555 0100", "+13125550100"),
        ("", ""),
    ],
)
def test_phone_is_kept_as_e164(city: GridCity, written: str, kept: str) -> None:
    assert parse(phone=written).phone == kept


@pytest.mark.parametrize("phone", ["1", "telephone", "9" * (PHONE_WRITTEN_MAX + 1), 996555123456, "+996"])
def test_phone_that_is_none(city: GridCity, phone: object) -> None:
    assert list(refused(phone=phone)) == ["phone"]


@pytest.mark.parametrize(
    "email",
    [
        "a@",
        "a b@example.org",
        "a@example.org\nBcc: b@example.org",
        "x" * 250 + "@example.org",
        True,
        "x?bcc=spy%40evil.kg&body=hello@evil.kg",
        "a%0ab@example.org",
        "a&b@example.org",
        "b\u0131b@example.org",
        "bo\u017fs@example.org",
        "bob@" + "\u0131" * 60 + ".org",
    ],
)
def test_email_that_is_none(city: GridCity, email: object) -> None:
    assert list(refused(email=email)) == ["email"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Bob@Example.org", "Bob@Example.org"),
        ("bob@gma\u0131l.com", "bob@xn--gmal-nza.com"),
        ("bob@\u212aiosk.kg", "bob@Kiosk.kg"),
        ("bob@почта.кг", "bob@xn--80a1acny.xn--c1an"),
    ],
)
def test_email_is_kept_in_ascii(city: GridCity, written: str, kept: str) -> None:
    """The database compares capitals, and "ı" and "i" have the same one: whoever read one's letters would be the other."""
    assert parse(email=written).email == kept


@pytest.mark.parametrize("category", ["street", "no-such", "", None, "lamp\x00", 7])
def test_category_must_be_a_leaf(city: GridCity, category: object) -> None:
    assert list(refused(category=category)) == ["category"]


def test_category_must_be_active(city: GridCity) -> None:
    city.categories["lamp"].active = False
    city.categories["lamp"].save()
    assert list(refused()) == ["category"]


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (IN_EAST[1], IN_EAST[0]), ("nan", "nan"), (float("inf"), 1), (None, None), (True, True), ("７２", "40.5"), (200, 40.5),
        (-72.76, -40.52), ([72.76], 40.52),
    ],
)  # fmt: skip
def test_place_that_is_none(city: GridCity, lon: object, lat: object) -> None:
    assert list(refused(lon=lon, lat=lat)) == ["point"]


def test_place_may_be_text(city: GridCity) -> None:
    point = parse(lon="72.76", lat="40.52").point
    assert (point.x, point.y, point.srid) == (72.76, 40.52, 4326)


@pytest.mark.parametrize(
    "identifier", ["", None, "x" * 36, "0188b5a0-7b3c-4e8a-9f1e-123456789abc", 7, "{" + "0" * 34 + "}"]
)
def test_identifier_must_be_uuid7(city: GridCity, identifier: object) -> None:
    assert list(refused(id=identifier)) == ["id"]


@pytest.mark.parametrize("secret", ["short", "a" * 65, "a" * 21 + "/", "я" * 22, 22])
def test_secret_that_is_none(city: GridCity, secret: object) -> None:
    assert list(refused(secret=secret)) == ["secret"]


def test_uploads_are_counted_once_and_are_not_too_many(city: GridCity) -> None:
    files = [str(new_uuid7()) for _n in range(ATTACHMENTS_MAX)]
    assert [str(file) for file in parse(uploads=[*files[:3], files[0]]).uploads] == files[:3]
    assert list(refused(uploads=[*files, str(new_uuid7())])) == ["uploads"]
    assert list(refused(uploads="x")) == ["uploads"]


def test_language_of_the_text(city: GridCity) -> None:
    assert parse(language="ky").language == "ky"
    assert list(refused(language="fr")) == ["language"]


def test_outside_the_city_is_left_to_routing(city: GridCity) -> None:
    assert parse(lon=OUTSIDE[0], lat=OUTSIDE[1]).point.x == OUTSIDE[0]
