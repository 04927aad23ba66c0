"""GET /api/appeals/<id>/, as a client over HTTP sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from appeals.models import Appeal, Attachment
from appeals.vocabulary import Status
from appeals.workflow import ANSWER
from districts.routing import Rule
from tests.factories import (
    AppealFactory,
    AttachmentFactory,
    EventFactory,
    MembershipFactory,
    RoutingDecisionFactory,
)
from tests.grid import IN_PARK, GridCity, at


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(
        category=city.categories["lamp"],
        service=city.services["green"],
        district=city.districts["west"],
        point=at(IN_PARK),
        status=Status.ANSWERED,
        text="The lamp is out",
        routing=None,
    )
    RoutingDecisionFactory(
        appeal=made, revision=city.revision, area=city.areas["park"], rule=Rule.PRIORITY, border_m=12.4
    )
    return made


def _read(client: Client, path: str, **headers: str) -> dict[str, Any]:
    answer = client.get(path, headers={"Accept-Language": "en", **headers})
    assert answer.status_code == 200, answer.content
    document: dict[str, Any] = answer.json()
    return document


def test_feature(client: Client, appeal: Appeal) -> None:
    feature = _read(client, f"/api/appeals/{appeal.pk}/")
    assert (feature["type"], feature["id"]) == ("Feature", str(appeal.pk))
    assert feature["geometry"] == {"type": "Point", "coordinates": list(IN_PARK)}
    shown = feature["properties"]
    assert shown["number"] == appeal.number
    assert shown["category"] == {"code": "lamp", "name": "lamp en"}
    assert (shown["service"]["code"], shown["service"]["short"]) == ("green", "green en")
    assert shown["district"] == {"code": "west", "name": "west en"}
    assert shown["text"] == "The lamp is out"
    assert shown["url"] == f"http://localhost:8000/en/appeals/{appeal.number}/"


def test_the_same_by_number(client: Client, appeal: Appeal) -> None:
    assert _read(client, f"/api/appeals/{appeal.number}/") == _read(client, f"/api/appeals/{appeal.pk}/")


def test_names_in_the_readers_language(client: Client, appeal: Appeal) -> None:
    shown = _read(client, f"/api/appeals/{appeal.pk}/", **{"Accept-Language": "ky"})["properties"]
    assert shown["category"]["name"] == "lamp ky"


def test_why_this_service(client: Client, appeal: Appeal) -> None:
    shown = _read(client, f"/api/appeals/{appeal.pk}/")["properties"]["routing"]
    assert (shown["rule"], shown["area"], shown["revision"]) == ("priority", "park en", 1)
    assert "park en" in shown["explanation"]
    assert "12" in shown["border"]


def test_history_names_services_and_no_people(client: Client, appeal: Appeal, city: GridCity) -> None:
    person = MembershipFactory(service=city.services["green"], user__last_name="Colleaguename").user
    answer = EventFactory(
        appeal=appeal,
        actor=person,
        version=2,
        verb=ANSWER.code,
        actor_role=Role.SERVICE,
        to_status=Status.ANSWERED,
        text="Repaired.",
    )
    AttachmentFactory(appeal=appeal, event=answer)
    document = _read(client, f"/api/appeals/{appeal.pk}/")
    first, second = document["properties"]["events"]
    assert (first["verb"], first["by"]) == ("submit", "resident")
    assert (second["text"], second["status"], second["service"]["code"]) == ("Repaired.", "answered", "green")
    assert len(second["attachments"]) == 1
    assert "actor" not in second
    for words in ("Colleaguename", person.first_name, person.email, str(appeal.contact.name)):
        assert words not in json.dumps(document, ensure_ascii=False)


def test_attachments_that_are_ready(client: Client, appeal: Appeal) -> None:
    photo = AttachmentFactory(appeal=appeal)
    AttachmentFactory(appeal=appeal, state=Attachment.State.PROCESSING, large="", thumb="")
    AttachmentFactory(
        appeal=appeal, state=Attachment.State.FAILED, large="", thumb="", original="originals/secret.jpg"
    )
    (shown,) = _read(client, f"/api/appeals/{appeal.pk}/")["properties"]["attachments"]
    assert shown["id"] == str(photo.pk)
    assert shown["thumb"] == f"http://localhost:8000/media/{photo.pk}/thumb"
    assert shown["playable"] is None
    assert "secret.jpg" not in client.get(f"/api/appeals/{appeal.pk}/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/api/appeals/5c02fc4a-abd9-4e4d-b4a6-4218fc0780df/",
        "/api/appeals/999999999/",
        "/api/appeals/nonsense/",
    ],
)
def test_unknown_is_a_problem(client: Client, appeal: Appeal, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("accepted", "given"),
    [
        ("*/*", "application/geo+json"),
        ("application/json", "application/json"),
        ("text/html,*/*;q=0.8", "application/geo+json"),
    ],
)
def test_media_type(client: Client, appeal: Appeal, accepted: str, given: str) -> None:
    answer = client.get(f"/api/appeals/{appeal.pk}/", headers={"Accept": accepted})
    assert (answer.status_code, answer["Content-Type"]) == (200, given)


def test_number_of_statements_is_fixed(
    client: Client, appeal: Appeal, django_assert_max_num_queries: Any
) -> None:
    for version in range(2, 8):
        EventFactory(appeal=appeal, version=version, verb=ANSWER.code, to_status=Status.ANSWERED)
        AttachmentFactory(appeal=appeal)
    with django_assert_max_num_queries(6):
        client.get(f"/api/appeals/{appeal.pk}/")
