"""What the public must not see leaves by no address of the API, whoever asks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from appeals.models import Appeal
from appeals.workflow import ACCEPT, Status
from tests.contract.addresses import concrete, templates
from tests.factories import AppealContactFactory, AppealFactory, EventFactory, MembershipFactory
from tests.grid import CITY, IN_EAST, GridCity, at

BOX = ",".join(map(str, CITY))
QUERIES = [
    "",
    f"bbox={BOX}&zoom=18",
    f"bbox={BOX}",
    "q=zantho",
    "page_size=1000",
    f"lon={IN_EAST[0]}&lat={IN_EAST[1]}&category=lamp",
]
SECRETS = ["Privatename", "private@example.org", "+996555999888", "privatesecretprivatesecret"]


def _appeal(city: GridCity, text: str, **values: object) -> Appeal:
    appeal = AppealFactory(
        category=city.categories["lamp"],
        service=city.services["light"],
        district=city.districts["east"],
        point=at(IN_EAST),
        text=text,
        contact=None,
        **values,
    )
    AppealContactFactory(
        appeal=appeal,
        name="Privatename",
        email="private@example.org",
        phone="+996555999888",
        secret=f"privatesecretprivatesecret{appeal.number}",
    )
    return appeal


def _everything(client: Client, appeal: Appeal) -> str:
    """All that can be read about the appeal, in one text."""
    read = []
    for path in concrete(id=appeal.pk, pk=appeal.pk, uuid=appeal.pk, number=appeal.number):
        for query in QUERIES:
            answer = client.get(f"{path}?{query}")
            assert answer.status_code < 500, path
            read.append(answer.content.decode())
    return "\n".join(read)


@pytest.fixture
def outsider(city: GridCity, client: Client) -> Client:
    """Somebody of another service."""
    client.force_login(MembershipFactory(service=city.services["roads"]).user)
    return client


def test_contact_data_never_leaves(city: GridCity, client: Client) -> None:
    appeal = _appeal(city, "zanthoxylum in the open")
    office = Client()
    office.force_login(MembershipFactory(service=city.services["office"]).user)
    for reader in (client, office):
        read = _everything(reader, appeal)
        assert "zanthoxylum in the open" in read
        assert not [secret for secret in SECRETS if secret in read]


def test_hidden_appeal_is_not_there(city: GridCity, client: Client) -> None:
    appeal = _appeal(city, "zanthoxylum behind the curtain", hidden=True)
    read = _everything(client, appeal)
    assert "zanthoxylum" not in read
    assert str(appeal.pk) not in read.replace(f"/api/appeals/{appeal.pk}", "")
    assert '"count":1' not in read
    assert client.get(f"/api/appeals/{appeal.pk}/").status_code == 404


def test_hidden_appeal_is_not_there_for_another_service(city: GridCity, outsider: Client) -> None:
    appeal = _appeal(city, "zanthoxylum behind the curtain", hidden=True)
    assert "zanthoxylum" not in _everything(outsider, appeal)
    assert outsider.get(f"/api/appeals/{appeal.pk}/").status_code == 404


def test_hidden_appeal_is_there_for_the_office_and_kept_by_no_cache(city: GridCity, client: Client) -> None:
    appeal = _appeal(city, "zanthoxylum behind the curtain", hidden=True)
    client.force_login(MembershipFactory(service=city.services["office"]).user)
    for path in ("/api/appeals.geojson", f"/api/appeals/{appeal.pk}/"):
        answer = client.get(path)
        assert "zanthoxylum" in answer.content.decode()
        assert "private" in answer["Cache-Control"] or "no-store" in answer["Cache-Control"]


def test_hidden_appeal_is_counted_in_no_cell(city: GridCity, client: Client) -> None:
    for n in range(2):
        _appeal(city, f"zanthoxylum {n}", hidden=bool(n))
    for zoom in (9, 13, 18):
        assert client.get(f"/api/clusters.geojson?bbox={BOX}&zoom={zoom}").json()["numberMatched"] == 1


def test_what_staff_wrote_to_each_other_stays_inside(city: GridCity, client: Client) -> None:
    appeal = _appeal(city, "zanthoxylum in the open", status=Status.ACCEPTED)
    person = MembershipFactory(service=city.services["light"]).user
    EventFactory(
        appeal=appeal,
        version=2,
        verb=ACCEPT.code,
        at=timezone.now() - dt.timedelta(hours=1),
        actor=person,
        actor_role=Role.SERVICE,
        to_status=Status.ACCEPTED,
        text="whisper between colleagues",
        public=False,
    )
    read = _everything(client, appeal)
    assert "whisper" not in read
    assert person.email not in read
    assert person.last_name not in read


def test_markup_is_only_text(city: GridCity, client: Client) -> None:
    words = '<script>alert("x")</script> & \\ " \u2028 {"a":1}'
    appeal = _appeal(city, words)
    (listed,) = client.get("/api/appeals.geojson").json()["features"]
    single = client.get(f"/api/appeals/{appeal.pk}/").json()
    assert listed["properties"]["text"] == single["properties"]["text"] == words
    for path in ("/api/appeals.geojson", f"/api/appeals/{appeal.pk}/"):
        answer = client.get(path)
        assert "html" not in answer["Content-Type"]
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_this_room_knows_every_address() -> None:
    assert {
        "/api/appeals.geojson",
        "/api/clusters.geojson",
        "/api/districts.geojson",
        "/api/route",
    } <= templates()
