"""In the admin, borders are changed by the verbs alone, and each is a button."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from districts.actions import publish, withdraw
from districts.models import BoundaryRevision, District, DistrictBoundary, Service
from tests.districts.actions.test_publish import MISFITS, draft_of, ill_fitting, in_force, today
from tests.grid import EAST, IN_EAST, GridCity, names


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root@city.example"))
    return client


def address(verb: str, revision: BoundaryRevision) -> str:
    return reverse(f"admin:districts_boundaryrevision_{verb}", args=[revision.pk])


def test_the_state_is_shown_and_not_typed(city: GridCity, operator: Client) -> None:
    empty = BoundaryRevision.objects.create(number=2, name="empty", effective_from=today())
    form = {
        "number": "2",
        "name": "renamed",
        "state": "published",
        "effective_from": "2020-01-01",
        "published_at_0": "2026-01-01",
        "published_at_1": "00:00",
        "note": "",
    }
    assert operator.post(address("change", empty), form).status_code == 302
    empty.refresh_from_db()
    assert (empty.name, empty.state) == ("renamed", "draft")
    assert operator.get(reverse("admin:districts_boundaryrevision_add")).status_code == 403
    preview = operator.get("/api/route", {"lon": IN_EAST[0], "lat": IN_EAST[1], "category": "lamp"})
    assert preview.status_code == 200


def test_what_is_not_ready_is_refused_in_words(city: GridCity, operator: Client) -> None:
    empty = BoundaryRevision.objects.create(number=2, name="empty", effective_from=today())
    assert "There is no border of the whole city" in operator.get(address("publish", empty)).content.decode()
    page = operator.post(address("publish", empty), {"effective_from": today().isoformat()}, follow=True)
    assert "There is no border of the whole city" in page.content.decode()
    assert in_force() == city.revision


def test_published_and_withdrawn_by_buttons(city: GridCity, operator: Client) -> None:
    draft = draft_of(city)
    change = operator.get(address("change", draft)).content.decode()
    assert address("publish", draft) in change and address("check", draft) in change
    assert address("withdraw", draft) not in change
    assert (
        "Districts of the borders in force are not in these."
        in operator.get(address("check", draft)).content.decode()
    )
    page = operator.post(address("publish", draft), {"effective_from": today().isoformat()}, follow=True)
    assert "In force now: “2. draft 2”" in page.content.decode()
    assert in_force() == draft
    assert address("withdraw", draft) in page.content.decode()
    assert "1. first" in operator.get(address("withdraw", draft)).content.decode()
    # Nothing happens by looking.
    assert in_force() == draft
    page = operator.post(address("withdraw", draft), follow=True)
    assert "In force now: “1. first”" in page.content.decode()
    assert in_force() == city.revision


def test_what_was_withdrawn_is_offered_from_its_former_day(city: GridCity, operator: Client) -> None:
    draft = draft_of(city)
    former = today() - dt.timedelta(days=9)
    publish(draft, effective_from=former)
    withdraw(draft)
    assert f'value="{former.isoformat()}"' in operator.get(address("publish", draft)).content.decode()


def test_misfits_are_accepted_where_they_are_shown(city: GridCity, operator: Client) -> None:
    draft = ill_fitting(city, MISFITS["gap"])
    page = operator.get(address("publish", draft)).content.decode()
    (shown,) = re.findall(r'name="shown_m2" value="(\d+)"', page)
    assert 370_000 < int(shown) < 380_000
    assert "are meant so." in page and 'name="accepted"' in page
    form = {"effective_from": today().isoformat(), "shown_m2": shown}
    answer = operator.post(address("publish", draft), form, follow=True)
    assert "have not been accepted" in answer.content.decode()
    # What was accepted is what was shown: by now it is more.
    less = form | {"accepted": "on", "shown_m2": "1500"}
    assert (
        "have not been accepted"
        in operator.post(address("publish", draft), less, follow=True).content.decode()
    )
    assert in_force() == city.revision
    page = operator.post(address("publish", draft), form | {"accepted": "on"}, follow=True).content.decode()
    assert in_force() == draft
    assert re.search(r"37\d,\d{3} m², root@city.example", page.split("field-accepted")[1])
    draft.refresh_from_db()
    assert draft.accepted_by == "root@city.example"


def test_nothing_is_to_be_accepted_where_all_fits(city: GridCity, operator: Client) -> None:
    page = operator.get(address("publish", ill_fitting(city, EAST))).content.decode()
    assert 'name="accepted"' not in page and "shown_m2" not in page


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_day_is_today_unless_another_is_chosen(city: GridCity, operator: Client, language: str) -> None:
    draft = draft_of(city)
    page = address("publish", draft).replace("/en/", f"/{language}/", 1)
    assert f'value="{today().isoformat()}"' in operator.get(page).content.decode()
    operator.post(page, {"effective_from": today().isoformat()})
    assert in_force() == draft


def test_a_day_is_needed(city: GridCity, operator: Client) -> None:
    draft = draft_of(city)
    page = operator.post(address("publish", draft), {"effective_from": "soon"})
    assert "Enter a valid date" in page.content.decode()
    assert in_force() == city.revision


def test_what_was_published_is_neither_edited_nor_deleted(city: GridCity, operator: Client) -> None:
    BoundaryRevision.objects.filter(pk=city.revision.pk).update(state="withdrawn")
    boundary = DistrictBoundary.objects.filter(revision=city.revision)[0]
    for model, row in (("boundaryrevision", city.revision), ("districtboundary", boundary)):
        for verb in ("change", "delete"):
            page = reverse(f"admin:districts_{model}_{verb}", args=[row.pk])
            assert operator.post(page, {"name": "x", "post": "yes"}).status_code == 403


def test_a_district_is_named_by_its_borders_alone(city: GridCity, operator: Client) -> None:
    page = reverse("admin:districts_district_change", args=[city.districts["west"].pk])
    assert operator.post(page, names("typed")).status_code == 403
    assert District.objects.get(code="west").name_en == "west en"


def test_the_verbs_are_for_those_who_may_change_borders(city: GridCity, client: Client) -> None:
    draft = draft_of(city)
    client.force_login(User.objects.create_user("staff@city.example", is_staff=True))
    for verb in ("check", "publish", "withdraw"):
        assert client.get(address(verb, draft)).status_code == 403
    assert client.post(address("publish", draft), {"effective_from": today().isoformat()}).status_code == 403
    assert in_force() == city.revision


def test_the_office_cannot_be_switched_off(city: GridCity, operator: Client) -> None:
    office = city.services["office"]
    page = reverse("admin:districts_service_change", args=[office.pk])
    form = {"code": "office", **names("office"), **names("office", "short"), "email": "o@city.example"}
    answer = operator.post(page, form)
    assert "cannot be inactive" in answer.content.decode()
    assert Service.objects.get(code="office").active
    assert operator.post(reverse("admin:districts_service_delete", args=[office.pk])).status_code == 403
