"""Hearing of new appeals: an area is drawn on the map, or the device says where it is, and the page tells what was asked."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from pytest_django import Settings

from tests.browser.conftest import Open, Visit, path_of
from tests.browser.test_news import corners, press
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity


def test_what_is_drawn_is_asked_for(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"])
    window: Visit = visit()
    page = window.go(path_of("public:alerts", "ky"))
    # The map is heavy: nobody loads it who has chosen a district.
    expect(page.locator("city-map")).to_have_count(0)
    page.check("[name=where][value=drawn]")
    window.map_drawn()
    canvas = page.locator("drawn-place canvas")
    for across, down in ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)):
        press(canvas, across, down)
    drawn = corners(page, 3)
    assert len(drawn) == 3
    # What is nowhere on Earth is said, and the map goes on.
    page.fill("[name=corners]", "\n".join([*drawn, "95, 200"]))
    expect(page.locator("drawn-place .small[role=status]")).to_contain_text("4-сап")
    page.fill("[name=corners]", "\n".join(drawn))
    page.locator(".alert-form > .button--primary").click()
    page.wait_for_url(re.compile(r"\?area=72\.[\d.,]+$"))
    expect(page.locator(".alert-facts dd").first).to_have_text("Сиз чийген аймакта")


def test_around_where_one_is(visit: Open, city: GridCity) -> None:
    lon, lat = IN_EAST
    window: Visit = visit(
        maps=False, geolocation={"longitude": lon, "latitude": lat}, permissions=["geolocation"]
    )
    page = window.go(path_of("public:alerts", "ru"))
    page.check("[name=where][value=near]")
    # The button is there once its script is.
    page.locator("place-here button").click()
    expect(page.locator("[name=coordinates]")).to_have_value("40.52000, 72.76000")
    page.locator(".alert-form > .button--primary").click()
    page.wait_for_url("**/ru/alerts/?near=72.76000,40.52000&radius_m=500")


#: A browser of the tests reaches no push service: this is what one answers. The keys are those of RFC 8291, appendix A.
SUBSCRIBED = """
PushManager.prototype.subscribe = async (options) => {
  if (options.applicationServerKey.length !== 87) throw new Error("no key of the city");
  const p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
  return { toJSON: () => ({ endpoint: "https://push.example/one", keys: { p256dh, auth: "BTBZMqHH6r4Tts7J_aSIgg" } }) };
};
"""


def test_notices_are_asked_for_by_a_tap(visit: Open, city: GridCity, settings: Settings) -> None:
    settings.PUSH_SERVICES = ["https://push\\.example/one"]
    window: Visit = visit(maps=False, workers=True)
    window.context.grant_permissions(["notifications"], origin=window.root)
    window.page.add_init_script(SUBSCRIBED)
    page = window.go(path_of("public:alerts", "ru") + "?area=city")
    page.locator("push-alert [data-ask]").click()
    page.wait_for_url(re.compile(r"/ru/alerts/[^?]+/#by-push$"))
    expect(page.locator(".notice--success")).to_have_text("Уведомления приходят в этот браузер.")
