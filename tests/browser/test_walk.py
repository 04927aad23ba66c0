"""The main road, in each language and on a phone: a resident reports, the service answers, everyone reads the answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from appeals.deadlines import LegalClock
from appeals.models import Appeal, Attachment
from appeals.vocabulary import Kind, Status
from districts.routing import Rule
from tests.browser.conftest import LANGUAGES, Open, at_step, log_in_by_password, path_of
from tests.factories import LegalTermFactory
from tests.grid import IN_EAST, GridCity
from tools.chromium import until


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_pin_to_the_public_answer(
    visit: Open, city: GridCity, representative: User, large_photo: dict[str, Any], language: str
) -> None:
    # In one language the map flies to the place, in the others it jumps, as for those who asked for less motion.
    resident = visit(locale=language, reduced_motion="no-preference" if language == "ky" else "reduce")
    page = resident.go(path_of("public:appeal-new", language))
    resident.map_drawn()
    step, following = page.locator(".step__of:visible"), page.locator("[data-next]")

    # A photo first.
    expect(step).to_contain_text("1")
    page.set_input_files("[data-file-input]", [large_photo])
    expect(page.locator(".file img")).to_be_visible()
    following.click()
    # What is missing keeps one at the step, and is said there.
    expect(page.locator("#step-place-title")).to_be_focused()
    following.click()
    expect(page.locator("[data-error=point]")).not_to_be_empty()
    # Where: the gazetteer brings the map there, a tap sets the pin.
    page.fill("[data-address]", "масал")
    page.get_by_role("option").first.click()
    expect(page.locator(".map-pick-pin")).to_be_visible()
    resident.map_drawn()
    page.locator("city-map canvas").click(position={"x": 90, "y": 120})
    following.click()
    expect(step).to_contain_text("3")
    page.fill("[name=text]", "Түнкүсүн караңгы, чырак үч күндөн бери күйбөйт.")
    # Back is a step back, and nothing is lost.
    page.go_back()
    expect(page.locator("#step-place-title")).to_be_focused()
    page.go_forward()
    expect(page.locator("[name=text]")).to_have_value("Түнкүсүн караңгы, чырак үч күндөн бери күйбөйт.")
    following.click()
    # What: the search finds the leaf whatever group it is in.
    page.fill("[data-category-search]", "lamp")
    page.locator("[data-leaf]:visible").get_by_text(f"lamp {language}").click()
    # A report is what it is if nothing is said.
    # Who answers is said before anything is sent.
    expect(page.locator("[data-route]")).to_contain_text(f"light {language}")
    expect(page.locator("[data-route]")).to_contain_text(f"east {language}")
    # Also where the card is below the list.
    expect(page.locator("[data-answers]")).to_be_in_viewport()
    expect(page.locator("[data-answers]")).to_contain_text(f"light {language}")
    following.click()
    # The last step says what goes, and to whom.
    expect(page.locator("[data-answers]")).to_be_hidden()
    expect(page.locator("[data-check=what]")).to_have_text(f"lamp {language}")
    expect(page.locator("[data-check=files]")).to_contain_text("1")
    expect(page.locator("[data-check][data-missing]")).to_have_count(0)
    expect(page.locator("[data-route]")).to_contain_text(f"light {language}")
    page.fill("[name=name]", "Бакыт")
    page.click("[data-send]")
    page.wait_for_url("**/follow/**")

    appeal = Appeal.objects.get()
    expect(page.locator("main")).to_contain_text(f"№ {appeal.number}")
    expect(page.locator("main")).to_contain_text(f"light {language}")
    assert appeal.service == city.services["light"]
    assert appeal.district == city.districts["east"]
    assert appeal.routing.rule == Rule.ONLY_AREA
    assert appeal.language == language
    attachment = appeal.attachments.get()
    assert attachment.state == Attachment.State.READY
    # Made lighter before it was sent.
    assert max(attachment.width or 0, attachment.height or 0) <= 2048

    service = visit(locale=language, maps=False)
    log_in_by_password(service, representative, language)
    desk = service.page
    desk.get_by_role("link", name=f"lamp {language}").click()
    desk.wait_for_url(f"**{path_of('desk:appeal', language, appeal.number)}?*")
    expect(desk.locator("main")).to_contain_text("Бакыт")
    answer = "Чырак алмаштырылды. Лампа заменена. The lamp has been replaced."
    desk.locator("form:has([value=answer]) textarea").fill(answer)
    desk.locator("form:has([value=answer]) .button--primary").click()
    expect(desk.locator(".answer")).to_contain_text(answer)

    public = visit(locale=language, maps=False)
    reader = public.go(path_of("public:appeal", language, appeal.number))
    expect(reader.locator(".answer")).to_contain_text(answer)
    expect(reader.locator("main")).not_to_contain_text("Бакыт")
    # The photo alone is a page that the browser makes.
    public.go(attachment.large.url)
    assert public.complaints.said == []
    appeal.refresh_from_db()
    assert appeal.status == Status.ANSWERED
    # What has been sent is no form any more.
    page.go_back()
    assert "/appeals/new/" not in page.url
    assert resident.complaints.said == []


def test_the_term_that_is_promised_is_that_of_the_kind(visit: Open, city: GridCity) -> None:
    LegalTermFactory(kind=Kind.COMPLAINT, working_days=30)
    LegalTermFactory(kind=Kind.REPORT, working_days=3)
    window = visit(maps=False)
    lon, lat = IN_EAST
    page = window.go(path_of("public:appeal-new", "en") + f"?lon={lon}&lat={lat}&category=lamp")
    at_step(page, "send")
    page.locator("[data-law] summary").click()
    route = page.locator("[data-route]")
    address = page.locator("[name=postal_address]")
    for kind in (Kind.COMPLAINT, Kind.REPORT, Kind.REQUEST):
        page.check(f"[name=kind][value={kind}]")
        # What only an appeal under the law needs is there for such a one alone.
        expect(address).to_be_visible(visible=kind.is_legal)
        due_on = LegalClock.read().due_on(kind, timezone.now())
        expect(route).to_contain_text(f"due by {due_on.day} {due_on:%B %Y}")


def test_errors_are_at_their_fields_and_nothing_is_sent(visit: Open, city: GridCity) -> None:
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en"))
    window.at_rest()
    at_step(page, "send")
    page.click("[data-send]")

    # Each leads to its step, and the first is shown.
    expect(page.locator("[data-address]")).to_be_visible()
    summary = page.locator("#errors")
    expect(summary).to_be_focused()
    expect(summary.locator("li")).to_have_count(3)
    expect(page.locator("[data-error=text]")).not_to_be_empty()
    summary.locator("a").nth(1).click()
    expect(page.locator("[name=text]")).to_be_focused()
    page.fill("[name=text]", "Dark.")
    expect(page.locator("[data-error=text]")).to_be_empty()
    assert not Appeal.objects.exists()


def test_a_place_outside_the_city_is_refused_while_there_is_still_time(visit: Open, city: GridCity) -> None:
    window = visit()
    # Inside the bounds of the map, outside the border of the grid's city.
    page = window.go(path_of("public:appeal-new", "en") + "?lon=72.85&lat=40.52&category=lamp")
    window.map_drawn()
    expect(page.locator("[data-error=point]")).to_contain_text("outside the city")
    # Nowhere on Earth: no map could show it.
    page = window.go(path_of("public:appeal-new", "en") + "?lon=200&lat=95&category=lamp")
    expect(page.locator("[data-place-said]")).to_contain_text("outside the city")
    # The one of the first page: nothing failed on the second.
    assert all("api/route" in said for said in window.complaints.said)


def test_an_unfinished_appeal_is_there_again(
    visit: Open, city: GridCity, large_photo: dict[str, Any]
) -> None:
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en"))
    window.at_rest()
    page.set_input_files("[data-file-input]", [large_photo])
    expect(page.locator(".file__state")).to_have_text("Attached")
    at_step(page, "text")
    page.fill("[name=text]", "Half of a story")
    at_step(page, "send")
    page.locator("[data-law] summary").click()
    page.check("[name=kind][value=request]")
    expect(page.locator("[data-saved]")).not_to_be_empty()
    # The last of several writes, each a moment after what was changed.
    until(
        page,
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("appeals");
            opening.onsuccess = () => {
                const draft = opening.result.transaction("drafts").objectStore("drafts").get("current");
                draft.onsuccess = () => {
                    const {values, files} = draft.result ?? {values: {}, files: []};
                    opening.result.close();
                    resolve(values.text === "Half of a story" && values.kind === "request" && files.length === 1);
                };
            };
        })""",
    )
    first_id = page.input_value("[name=id]")

    page.reload()
    expect(page.locator("[name=text]")).to_have_value("Half of a story")
    # At the step where it was left.
    expect(page.locator("[name=kind][value=request]")).to_be_visible()
    expect(page.locator("[name=kind][value=request]")).to_be_checked()
    expect(page.locator(".file__state")).to_have_text("Attached")
    assert page.input_value("[name=id]") == first_id

    # In another language too.
    page.evaluate("document.querySelector('.languages a[lang=ru]').click()")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("[name=kind][value=request]")).to_be_visible()
    expect(page.locator("[name=kind][value=request]")).to_be_checked()

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Начать заново").click()
    expect(page.locator("[name=text]")).to_have_value("")
    assert page.input_value("[name=id]") != first_id
