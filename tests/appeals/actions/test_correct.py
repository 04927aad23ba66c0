"""A wrong category or pin is put right by staff: routed again, explained, in the history."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.errors import Invalid, NotAllowed
from appeals.folding import fold_pyramid
from appeals.models import Appeal, Message, PyramidCell
from appeals.models.pyramid import CELL_ZOOM
from appeals.timeline import title_of
from appeals.vocabulary import Status
from appeals.workflow import CORRECT
from districts.routing import Pin, route
from geo.tiles import tile_at
from tests.factories import AppealFactory
from tests.grid import IN_EAST, IN_PARK, IN_WEST, OUTSIDE, GridCity, at


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(
        category=city.categories["lamp"],
        point=at(IN_EAST),
        district=city.districts["east"],
        status=Status.ACCEPTED,
    )


def degrees(place: tuple[float, float]) -> tuple[float, float]:
    point = at(place)
    return point.x, point.y


def test_another_category_goes_to_whoever_answers_for_it(
    appeal: Appeal, city: GridCity, service_actor: Person, client: Client
) -> None:
    right = city.categories["pothole"]
    changed = perform(appeal.pk, CORRECT, service_actor, version=1, category=right, text="It is a hole")
    assert (changed.category, changed.service, changed.status) == (
        right,
        city.services["roads"],
        Status.ACCEPTED,
    )
    assert changed.due_on == appeal.due_on
    event = appeal.events.select_related("service").get(verb="correct")
    assert (event.service, event.to_service) == (city.services["light"], city.services["roads"])
    assert event.details["was"]["category"] == "lamp"
    for language in ("ky", "ru", "en"):
        with translation.override(language):
            title = title_of(event)
            assert f"pothole {language}" in title and f"roads {language}" in title
            page = client.get(f"/{language}/appeals/{appeal.number}/").content.decode()
            assert title in page and "It is a hole" in page
    written = Message.objects.filter(event=event).values_list("recipient", "audience")
    assert set(written) == {(appeal.contact.email, "author"), ("roads@city.example", "service")}


@pytest.mark.parametrize(("place", "district"), [(IN_WEST, "west"), (IN_PARK, None)])
def test_another_place_is_routed_as_a_new_appeal_would_be(
    appeal: Appeal, city: GridCity, service_actor: Person, place: tuple[float, float], district: str | None
) -> None:
    expected = route(Pin(*degrees(place), appeal.category_id), on=timezone.localdate())
    changed = perform(appeal.pk, CORRECT, service_actor, version=1, point=degrees(place), text="Over there")
    stored = Appeal.objects.get()
    assert (stored.point.x, stored.point.y) == degrees(place)
    assert (stored.service_id, stored.district_id) == (expected.service_id, expected.district_id)
    if district:
        assert stored.district == city.districts[district]
    stored.routing.refresh_from_db()
    assert (stored.routing.rule, stored.routing.area_id) == (expected.rule, expected.area_id)
    assert stored.routing.revision_id == expected.revision_id
    assert changed.version == 2
    # The map counts it where it is now.
    fold_pyramid()
    (cell,) = PyramidCell.objects.filter(key="status:accepted", zoom=CELL_ZOOM, n_accepted=1)
    assert tile_at(*degrees(place), CELL_ZOOM) == (CELL_ZOOM, cell.tile_x, cell.tile_y)


def test_what_was_wrong_is_kept_beside_what_is_right(
    appeal: Appeal, city: GridCity, service_actor: Person, client: Client
) -> None:
    lon, lat = appeal.point.x, appeal.point.y
    perform(appeal.pk, CORRECT, service_actor, version=1, category=city.categories["pothole"], text="A hole")
    assert appeal.events.get(verb="correct").details == {
        "category": {"code": "pothole", "ky": "pothole ky", "ru": "pothole ru", "en": "pothole en"},
        "answers": {"code": "roads", "ky": "roads ky", "ru": "roads ru", "en": "roads en"},
        "was": {"category": "lamp", "service": "light", "lon": lon, "lat": lat},
    }
    # The former place was perhaps a home.
    *_begun, told = client.get(f"/api/appeals/{appeal.pk}/").json()["properties"]["events"]
    assert told["details"]["was"] == {"category": "lamp", "service": "light"}


def test_where_the_same_service_answers_nobody_is_given_it(
    appeal: Appeal, city: GridCity, service_actor: Person
) -> None:
    Appeal.objects.update(assignee=service_actor.user)
    changed = perform(appeal.pk, CORRECT, service_actor, version=1, point=degrees(IN_WEST), text="There")
    event = appeal.events.get(verb="correct")
    assert (changed.service, event.to_service) == (city.services["light"], None)
    assert changed.assignee == service_actor.user
    assert event.details["answers"]["code"] == "light"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "category"),
        ({"point": (0.0, 0.0)}, "point"),
        ({"point": ("x", "y")}, "point"),
        ({"point": ("72.8",)}, "point"),
        ({"point": ("nan", "40.5")}, "point"),
        ({"category": "pothole"}, "category"),
    ],
)
def test_what_puts_nothing_right(
    appeal: Appeal, service_actor: Person, given: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        perform(appeal.pk, CORRECT, service_actor, version=1, text="So", **given)
    assert list(refusal.value.errors) == [field]
    assert appeal.events.count() == 1


def test_the_same_again_and_a_place_outside_of_the_borders(
    appeal: Appeal, city: GridCity, service_actor: Person
) -> None:
    for given in ({"category": appeal.category}, {"point": degrees(IN_EAST)}, {"point": degrees(OUTSIDE)}):
        with pytest.raises(Invalid):
            perform(appeal.pk, CORRECT, service_actor, version=1, text="So", **given)


def test_the_desk_s_form_takes_latitude_first_and_keeps_what_was_typed(
    appeal: Appeal, city: GridCity, light_user: User, client: Client
) -> None:
    client.force_login(light_user)
    url = f"/en/desk/appeals/{appeal.number}/"
    assert "Put category or place right" in client.get(url).content.decode()
    lon, lat = degrees(IN_WEST)
    sent = {"verb": "correct", "version": 1, "category": "", "point": "here", "text": "Over there"}
    page = client.post(url, sent)
    assert page.status_code == 400
    assert 'id="correct-point_error"' in page.content.decode()
    assert "Over there</textarea>" in page.content.decode()
    sent["point"] = f"{lat}, {lon}"
    page = client.post(url, sent, follow=True).content.decode()
    assert f"Appeal № {appeal.number} is put right" in page
    assert Appeal.objects.get().point.equals_exact(at(IN_WEST), 1e-9)


def test_not_by_the_author_and_not_after_the_end(
    appeal: Appeal, city: GridCity, service_actor: Person
) -> None:
    right = city.categories["pothole"]
    with pytest.raises(NotAllowed):
        perform(appeal.pk, CORRECT, Author(appeal.pk), version=1, category=right, text="So")
    Appeal.objects.update(status=Status.ANSWERED)
    with pytest.raises(NotAllowed):
        perform(appeal.pk, CORRECT, service_actor, version=1, category=right, text="So")
