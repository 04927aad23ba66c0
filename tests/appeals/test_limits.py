"""A limit is the same for the database, the reader, the API's document and the page, since all of them read it."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from appeals import limits
from appeals.actions.submit import Submission
from appeals.errors import Invalid
from appeals.identifiers import new_uuid7
from appeals.intake.parse import FIELDS, SENT, parse_submission
from appeals.intake.receive import PROOF
from appeals.models import Appeal, AppealContact
from media.limits import PART_MAX, PhotoLimits, VideoLimits
from public.views import appeal_new
from tests.grid import GridCity
from tests.submissions import submission_document
from web.sending import PART_MIN, RESUMABLE_FROM_BYTES

#: A value of so many characters that the field takes.
OF_LENGTH = {
    "text": lambda n: "x" * n,
    "address": lambda n: "x" * n,
    "name": lambda n: "x" * n,
    "email": lambda n: f"{'x' * (n - 186)}@{'.'.join(['y' * 60] * 3)}.kg",
}


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


def _body() -> dict[str, Any]:
    body = _document()["paths"]["/api/appeals/"]["post"]["requestBody"]
    assert body["required"] is True
    return dict(body["content"]["application/json"]["schema"])


def _parsed(**changes: Any) -> Submission:
    return parse_submission(submission_document(**changes), language="ru", source="web")


def test_every_member_of_a_submission_is_declared() -> None:
    members = {member.name for member in fields(Submission)} - {"source", "external_id"}
    assert {field.member for field in FIELDS} == members


def test_the_document_describes_what_is_read() -> None:
    body = _body()
    assert list(body["properties"]) == [*SENT, PROOF]
    for name in ("text", "address", "name", "email", "phone"):
        assert body["properties"][name]["maxLength"]
    for field in FIELDS:
        for name in field.sent:
            assert (name in body["required"]) == field.required


def test_what_the_document_requires_cannot_be_left_out(city: GridCity) -> None:
    for field in FIELDS:
        left_out = {name: value for name, value in submission_document().items() if name not in field.sent}
        if not field.required:
            assert parse_submission(left_out, language="ru", source="web")
            continue
        with pytest.raises(Invalid) as refused:
            parse_submission(left_out, language="ru", source="web")
        assert list(refused.value.errors) == [field.member]


@pytest.mark.parametrize("name", list(OF_LENGTH))
def test_a_limit_of_the_document_is_that_of_the_reader_and_of_the_database(city: GridCity, name: str) -> None:
    model = Appeal if name in {"text", "address"} else AppealContact
    limit = _body()["properties"][name]["maxLength"]
    assert model._meta.get_field(name).max_length == limit
    longest = OF_LENGTH[name](limit)
    assert len(longest) == limit
    assert getattr(_parsed(**{name: longest}), name) == longest
    with pytest.raises(Invalid) as refused:
        _parsed(**{name: f"{longest}x"})
    assert list(refused.value.errors) == [name]


def test_a_secret_is_as_long_as_the_document_says(city: GridCity) -> None:
    pattern = _body()["properties"]["secret"]["pattern"]
    assert AppealContact._meta.get_field("secret").max_length == limits.SECRET_MAX
    for length in (limits.SECRET_MIN, limits.SECRET_MAX):
        assert _parsed(secret="a" * length).secret
        assert re.search(pattern, "a" * length)
    for length in (limits.SECRET_MIN - 1, limits.SECRET_MAX + 1):
        assert not re.search(pattern, "a" * length)
        with pytest.raises(Invalid, match="22 to 64"):
            _parsed(secret="a" * length)


def test_as_many_files_as_the_document_says(city: GridCity) -> None:
    most = _body()["properties"]["uploads"]["maxItems"]
    assert len(_parsed(uploads=[str(new_uuid7()) for _n in range(most)]).uploads) == most
    with pytest.raises(Invalid):
        _parsed(uploads=[str(new_uuid7()) for _n in range(most + 1)])


def test_the_page_reads_the_same_limits(city: GridCity, client: Client) -> None:
    page = client.get("/en/appeals/new/").content.decode()
    documented = _body()["properties"]
    of_fields = dict(re.findall(r'name="(\w+)"[^>]* maxlength="(\d+)"', page))
    assert of_fields == {
        name: str(documented[name]["maxLength"])
        for name in ("address", "text", "name", "postal_address", "email", "phone")
    }
    assert f'data-text-max="{documented["text"]["maxLength"]}"' in page
    for_scripts = json.loads(re.findall(r'<script id="site-settings"[^>]*>(.*?)</script>', page)[0])
    assert for_scripts["limits"] == {
        "photos": limits.PHOTOS_MAX,
        "videos": limits.VIDEOS_MAX,
        "photoBytes": PhotoLimits().max_bytes,
        "videoBytes": VideoLimits().max_bytes,
        "videoSeconds": VideoLimits().max_duration_s,
        "resumableBytes": RESUMABLE_FROM_BYTES,
        "parts": {"least": PART_MIN, "most": PART_MAX},
    }
    assert documented["uploads"]["maxItems"] == limits.PHOTOS_MAX + limits.VIDEOS_MAX
    assert "Up to 10 photos and 2 videos, each of up to 2 minutes." in page


def test_the_page_has_a_field_for_everything_that_is_sent(city: GridCity, client: Client) -> None:
    page = client.get("/en/appeals/new/").content.decode()
    named = set(re.findall(r'name="(\w+)"', page))
    assert set(appeal_new.FIELDS) | {"files"} <= named
    assert f'data-kept="{" ".join(appeal_new.KEPT)}"' in page
    assert set(appeal_new.FIELDS) - {"coordinates"} == set(SENT) - {"uploads", "language"}


def test_lists_are_searched_for_as_many_characters_as_the_document_says(
    city: GridCity, client: Client
) -> None:
    parameters = _document()["paths"]["/api/appeals.geojson"]["get"]["parameters"]
    (documented,) = (entry["schema"]["maxLength"] for entry in parameters if entry["name"] == "q")
    assert documented == limits.SEARCH_MAX
    assert f'name="q" maxlength="{documented}"' in client.get("/en/").content.decode()


def test_a_body_of_all_the_files_of_an_appeal_is_read() -> None:
    photos, videos = PhotoLimits().max_bytes, VideoLimits().max_bytes
    assert limits.PHOTOS_MAX * photos + limits.VIDEOS_MAX * videos <= settings.REQUEST_MAX_BYTES
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES >= limits.ATTACHMENTS_MAX
