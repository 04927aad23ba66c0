"""The form finds a category and a place by whatever people call them, and never keeps an earlier place in silence."""

from __future__ import annotations

import math
import re
from io import BytesIO
from itertools import chain
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from pillow_heif import register_heif_opener
from playwright.sync_api import Page, expect

from appeals.learned_words import learned_from
from appeals.models import LearnedWords
from data.demo.texts import texts
from tests.browser.conftest import Open, at_step, path_of
from tests.browser.pixels import colour_px
from tests.factories import PlaceFactory
from tests.grid import IN_EAST, IN_PARK, IN_WEST, GridCity, at
from tests.osh import osh_categories

#: What is typed, and the category that must be among those shown.
MEANT = {
    "яма": "potholes",
    "яму": "potholes",
    "чункур": "potholes",
    "zvf": "potholes",
    "дорога": "potholes",
    "лужа": "drains",
    "луж": "drains",
    "rubbish": "pickup",
    "мусор": "pickup",
    "таштандыны": "pickup",
    "комур": "no-heating",
    "фонарь не горит": "lamp-out",
    "светафор": "signs",
    "светфоор": "signs",
    "светоф": "signs",
    "бездомные собаки": "animals",
}


def listening(page: Page) -> None:
    """Waits until the form's script hears what is typed."""
    page.wait_for_selector("[data-address][role=combobox]", state="attached")


def taken_at(lon: float, lat: float, kind: str = "JPEG") -> dict[str, Any]:
    """A photo of which the phone says that it was taken there, within 40 metres."""

    def parts(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
        minutes, whole = math.modf(value)
        return IFDRational(int(whole), 1), IFDRational(round(minutes * 60e7), 10_000_000), IFDRational(0, 1)

    exif = Image.Exif()
    exif[0x010F] = "A phone"
    exif[0x8825] = {1: "N", 2: parts(lat), 3: "E", 4: parts(lon), 31: IFDRational(400, 10)}
    content = BytesIO()
    register_heif_opener()
    Image.effect_noise((320, 240), 40).convert("RGB").save(content, kind, exif=exif)
    return {
        "name": f"taken.{kind.lower()}",
        "mimeType": f"image/{kind.lower()}",
        "buffer": content.getvalue(),
    }


def shown(page: Page, words: str) -> list[str]:
    page.fill("[data-category-search]", words)
    return page.locator("[data-leaf]:visible input").evaluate_all(
        "inputs => inputs.map(input => input.value)"
    )


def test_a_category_is_found_by_what_people_call_it(visit: Open, city: GridCity) -> None:
    osh_categories()
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "ru"))
    listening(page)
    at_step(page, "what")
    found = {words: shown(page, words) for words in MEANT}
    assert {words: leaf for words, leaf in MEANT.items() if leaf not in found[words]} == {}
    # No more than can be looked through.
    assert max(len(leaves) for leaves in found.values()) < 15
    assert shown(page, "ямальский") == shown(page, "xyzzy") == []
    expect(page.locator("[data-category-none]")).to_be_visible()
    assert window.complaints.said == []


def test_categories_are_suggested_by_the_words_and_none_is_chosen(visit: Open, city: GridCity) -> None:
    known = osh_categories()
    LearnedWords.objects.create(category=known["manhole"], counts={"карто": 9})
    # What the demo's residents write; no word of a category was taken from there.
    written = [
        (language, code, re.sub(r"\{\w+\}", "", template.text))
        for language in ("ky", "ru")
        for code, templates in texts(language).appeals.items()
        if code in known
        for template in templates
    ]
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en"))
    listening(page)
    suggested = page.evaluate(
        """async (written) => {
            const { suggestions } = await import("city/appeal/category.js");
            const root = document.querySelector("[data-categories]");
            return written.map((text) => suggestions(root, text).map(({ input }) => input.value));
        }""",
        [text for _language, _code, text in written],
    )
    for language in ("ky", "ru"):
        hits = [
            code in found
            for (of, code, _text), found in zip(written, suggested, strict=True)
            if of == language
        ]
        share = sum(hits) / len(hits)
        assert len(hits) > 300
        assert share > 0.67, f"{language}: {share:.1%} have their category among the first three"

    # By what was learned from three quarters of them, the others are found more often.
    learned = learned_from(
        [(code, text) for n, (_language, code, text) in enumerate(written) if n % 4], at_least=1
    )
    held_out = [(code, text) for _language, code, text in written[::4]]
    before, after = page.evaluate(
        """async ([written, learned]) => {
            const { suggestions } = await import("city/appeal/category.js");
            const root = document.querySelector("[data-categories]");
            const hits = () => written.filter(([code, text]) => suggestions(root, text).some(({ input }) => input.value === code)).length;
            const before = hits();
            root.querySelector("#learned-words").textContent = JSON.stringify(learned);
            return [before / written.length, hits() / written.length];
        }""",
        [held_out, learned],
    )
    assert after > before + 0.03, f"{before:.1%} before, {after:.1%} after"
    page.reload()
    listening(page)

    # Little words are no reason, however a category's words begin.
    said = [
        "There is not enough light for us",
        "Үйдүн жанында балдарга жер керек",
        "Для людей нужна вода, не для машин",
        "Картошканы бизге бериңиз",
        # A slip beside a word of its group is of that group, and two words beside each other say more than one.
        "Яма на дараге",
        "No water in our street since yestrday",
    ]
    found = page.evaluate(
        """async (said) => {
            const { suggestions } = await import("city/appeal/category.js");
            const root = document.querySelector("[data-categories]");
            return said.map((text) => suggestions(root, text).map(({ input, word }) => [word, input.value]));
        }""",
        said,
    )
    assert {word for word, _code in chain(*found[:3])} <= {"light", "enough", "вода", "машин"}
    assert [word for word, _code in found[3]] == ["Картошканы"], "what was learned is a reason too"
    assert "trees" not in {code for _word, code in found[4]}, found[4]
    assert found[5][0][1] == "no-water", found[5]

    at_step(page, "text")
    page.fill("[name=text]", "Во дворе не горит фонарь")
    at_step(page, "what")
    offered = page.locator("[data-suggested] button")
    expect(offered.first).to_contain_text("for “")
    assert page.locator("[name=category]:checked").count() == 0
    offered.first.click()
    expect(page.locator("[name=category]:checked")).to_have_value("lamp-out")
    expect(page.locator("[data-suggested]")).to_be_hidden()
    assert window.complaints.said == []


def test_the_place_is_the_last_that_was_given(visit: Open, city: GridCity) -> None:
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en"))
    listening(page)
    at_step(page, "place")
    said, lon = page.locator("[data-place-said]"), page.locator("[name=lon]")
    page.locator(".appeal-form__coordinates summary").click()
    coordinates = page.locator("[data-coordinates]")

    def give(typed: str) -> None:
        coordinates.fill(typed)
        coordinates.press("Tab")

    give(f"{IN_WEST[1]}, {IN_WEST[0]}")
    expect(lon).to_have_value(f"{IN_WEST[0]:.7f}")
    # In another spelling, which the server reads.
    give(f"N{IN_EAST[1]} E{IN_EAST[0]}")
    expect(lon).to_have_value(f"{IN_EAST[0]:.7f}")
    expect(coordinates).to_have_value(f"{IN_EAST[1]:.6f}, {IN_EAST[0]:.6f}")
    # What is no place leaves none, and says so.
    give("by the old mill")
    expect(said).to_contain_text("no coordinates")
    expect(lon).to_have_value("")

    # The address is a place's; when the pin goes elsewhere, what is in doubt is said.
    page.fill("[data-address]", "улица масолиева 7")
    page.get_by_role("option").first.click()
    expect(lon).to_have_value(f"{IN_EAST[0]:.7f}")
    expect(coordinates).to_have_value(f"{IN_EAST[1]:.6f}, {IN_EAST[0]:.6f}")
    give(f"{IN_WEST[1]}, {IN_WEST[0]}")
    expect(said).to_contain_text("check that it is right")
    # Coordinates may be typed as the address too.
    page.fill("[data-address]", f"{IN_EAST[1]}; {IN_EAST[0]}".replace(".", ","))
    page.get_by_role("option").first.click()
    expect(lon).to_have_value(f"{IN_EAST[0]:.7f}")
    expect(page.locator("[data-address]")).to_have_value("")
    assert window.complaints.said == []


def test_an_address_that_was_typed_and_not_chosen(visit: Open, city: GridCity) -> None:
    PlaceFactory(name_ru="переулок Масалиев", point=at(IN_WEST))
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en"))
    listening(page)
    at_step(page, "place")
    error, lon = page.locator("[data-error=point]"), page.locator("[name=lon]")
    window.context.set_offline(True)
    page.fill("[data-address]", "улица масолиева 7")
    page.click("[data-next]")
    expect(error).to_contain_text("What you typed is kept: tap the picture of the city")
    expect(page.locator("[data-address]")).to_have_value("улица масолиева 7")
    window.context.set_offline(False)
    page.fill("[data-address]", "zzzzz")
    page.click("[data-next]")
    expect(error).to_contain_text("No such street or place is known.")
    # Several: which of them is the writer's to say.
    page.fill("[data-address]", "масалиев")
    page.click("[data-next]")
    expect(error).to_contain_text("choose yours from the list")
    expect(page.get_by_role("option")).to_have_count(2)
    expect(lon).to_have_value("")
    # One alone is taken.
    page.fill("[data-address]", "токтогул 7")
    page.click("[data-next]")
    expect(page.locator("[name=text]")).to_be_visible()
    expect(lon).to_have_value(f"{IN_PARK[0]:.7f}")


def test_a_phone_on_a_weak_network_loads_the_map_when_it_is_asked_for(visit: Open, city: GridCity) -> None:
    window = visit()
    window.context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'connection', {get: () => ({effectiveType: '3g'})})"
    )
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    page = window.go(path_of("public:appeal-new", "en"))
    listening(page)
    at_step(page, "place")
    # A place can be given without it.
    page.fill("[data-address]", "масалиев")
    page.get_by_role("option").first.click()
    expect(page.locator("[name=lon]")).to_have_value(f"{IN_EAST[0]:.7f}")
    assert not any("maplibre" in url for url in asked)
    page.get_by_role("button", name="Show the map").click()
    expect(page.locator(".map-pick-pin")).to_be_visible()
    assert window.complaints.said == []


def test_a_photo_says_where_it_was_taken_and_keeps_it_to_itself(visit: Open, city: GridCity) -> None:
    window = visit()
    page = window.go(path_of("public:appeal-new", "en"))
    listening(page)
    said, lon = page.locator("[data-photo-said]"), page.locator("[name=lon]")
    page.set_input_files("[data-file-input]", [taken_at(74.6, 42.87)])
    expect(said).to_contain_text("outside the city")
    # Phones write HEIC too, which not every browser can draw.
    page.set_input_files("[data-file-input]", [taken_at(*IN_EAST, "HEIF")])
    expect(said).to_contain_text("where the photo was taken")
    assert float(lon.input_value()) == pytest.approx(IN_EAST[0], abs=1e-6)
    assert float(page.input_value("[name=lat]")) == pytest.approx(IN_EAST[1], abs=1e-6)
    # The place that is there already stays.
    page.set_input_files("[data-file-input]", [taken_at(*IN_WEST)])
    expect(page.locator(".file__state", has_text="Attached")).to_have_count(3)
    assert float(lon.input_value()) == pytest.approx(IN_EAST[0], abs=1e-6)
    # What is sent is what was drawn anew.
    tagged = taken_at(*IN_EAST)["buffer"]
    assert b"Exif" in tagged
    bare = page.evaluate(
        """async (bytes) => {
            const { lightened } = await import("city/appeal/photos.js");
            const file = new File([new Uint8Array(bytes)], "taken.jpg", { type: "image/jpeg" });
            return [...new Uint8Array(await (await lightened(file)).blob.arrayBuffer())];
        }""",
        list(tagged),
    )
    assert bytes(bare).startswith(b"\xff\xd8")
    assert b"Exif" not in bytes(bare)

    page.click("[data-next]")
    window.map_drawn()
    with_circle = colour_px(page, "--accent")
    page.locator("city-map canvas").click(position={"x": 90, "y": 120})
    expect(page.locator("[data-place-said]")).to_contain_text("The pin is at")
    window.map_drawn()
    assert colour_px(page, "--accent") < with_circle - 300, "the circle is the phone's, not the reader's"
    assert window.complaints.said == []


def test_a_position_outside_of_the_city_puts_no_pin_and_is_asked_for_anew(
    visit: Open, city: GridCity
) -> None:
    away = {"longitude": 74.6, "latitude": 42.87}
    window = visit(maps=False, geolocation=away, permissions=["geolocation"])
    page = window.go(path_of("public:appeal-new", "en"))
    listening(page)
    at_step(page, "place")
    said, lon = page.locator("[data-place-said]"), page.locator("[name=lon]")
    locate = page.get_by_role("button", name="I am here")
    locate.click()
    expect(said).to_contain_text("outside the city")
    expect(lon).to_have_value("")
    # Whoever has come to the city meanwhile is not told what was true before.
    window.context.set_geolocation({"longitude": IN_EAST[0], "latitude": IN_EAST[1]})
    locate.click()
    expect(lon).to_have_value(f"{IN_EAST[0]:.7f}")
    page.locator(".appeal-form__coordinates summary").click()
    page.fill("[data-coordinates]", "42.87, 74.6")
    page.locator("[data-coordinates]").press("Tab")
    expect(said).to_contain_text("outside the city")
    expect(lon).to_have_value("")
    assert window.complaints.said == []
