"""Every button that the workflow gives, pressed in a real browser: by the author, by the service and by the office."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.limits import PHOTOS_MAX
from appeals.models import Appeal, Attachment
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, FORWARD
from tests.browser.conftest import DESKTOP, LANGUAGES, Open, log_in, path_of
from tests.desk.pages import picture
from tests.factories import AppealFactory, AttachmentFactory, MembershipFactory
from tests.grid import IN_EAST, GridCity, at
from tests.pictures import photo_of
from tools.chromium import until


@pytest.fixture
def answered(city: GridCity, representative: User) -> Appeal:
    appeal = AppealFactory(category=city.categories["lamp"])
    return perform(appeal.pk, ANSWER, Person(representative), version=1, text="The lamp is new.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_author_presses_both_buttons(visit: Open, answered: Appeal, language: str) -> None:
    window = visit(maps=False)
    page = window.go(path_of("public:follow", language, answered.contact.secret))
    page.click("details:has([value=reopen]) summary")
    page.fill("#reopen-text", "It is dark again")
    page.click("form:has([value=reopen]) button")
    expect(page.locator(".timeline__step--reopen")).to_contain_text("It is dark again")
    expect(page.locator("form:has([value=close])")).to_have_count(0)
    answered.refresh_from_db()
    assert answered.status == Status.ACCEPTED

    Appeal.objects.filter(pk=answered.pk).update(status=Status.ANSWERED)
    page.reload()
    page.click("form:has([value=close]) button")
    expect(page.locator(".timeline__step--close")).to_be_visible()
    answered.refresh_from_db()
    assert answered.status == Status.CLOSED
    assert window.complaints.said == []


def test_the_author_corrects_reads_who_answers_now_and_adds(
    visit: Open, city: GridCity, stored_in: Path
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    unready = {"state": Attachment.State.PROCESSING, "large": "", "thumb": ""}
    AttachmentFactory.create_batch(PHOTOS_MAX - 1, appeal=appeal, **unready)
    window = visit(maps=False)
    page = window.go(path_of("public:follow", "en", appeal.contact.secret))
    form = page.locator("own-words[data-verb=amend]")
    page.click("details:has([value=amend]) summary")
    page.fill("#amend-text", "It is a hole")
    page.select_option("#amend-category", "pothole")
    expect(page.locator("appeal-pin .route")).to_contain_text("Answers: roads en")
    # Without a network the page stays, and what was typed outlives it.
    expect(form.locator("[data-said]")).to_have_text("Saved on this device")
    window.context.set_offline(True)
    form.locator("button.button--primary").click()
    expect(form.locator("[data-said]")).to_contain_text("Not sent")
    window.context.set_offline(False)
    page.reload()
    expect(form.locator("[data-said]")).to_contain_text("is here again")
    expect(page.locator("#amend-category")).to_have_value("pothole")
    form.locator("button.button--primary").click()
    expect(page.get_by_text("Now it goes to: roads en").first).to_be_in_viewport()
    expect(page.locator("#amend-text")).to_have_value("It is a hole")
    until(page, "!Object.keys(localStorage).some((key) => key.startsWith('desk/written/'))")

    # Files are looked at before they are sent, beside those that the appeal has, and one can be taken out again.
    form = page.locator("own-words[data-verb=add]")
    page.click("details:has([value=add]) summary")
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"x"}
    lamp = {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": picture().read()}
    chosen = form.locator("input[type=file]")
    chosen.set_input_files([lamp, {**lamp, "name": "hole.jpg"}])
    expect(form.locator(".field-error")).to_contain_text("Not attached: hole.jpg. At most: photos – 1")
    chosen.set_input_files([note])
    expect(form.locator(".field-error")).to_contain_text("note.txt is neither")
    expect(form.locator(".file")).to_contain_text("Attached")
    page.reload()
    expect(form.locator("[data-said]")).to_contain_text("is here again")
    form.get_by_role("button", name="Remove lamp.jpg").click()
    expect(form.locator(".file")).to_have_count(0)
    chosen.set_input_files([lamp])
    form.locator("button.button--primary").click()
    expect(page.locator(".timeline__step--add img")).to_have_count(1)
    assert window.complaints.said == []


def test_whom_it_concerns_too_presses_once_instead_of_writing_again(visit: Open, city: GridCity) -> None:
    lon, lat = IN_EAST
    there = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="It is dark here.")
    window = visit(maps=False)
    page = window.go(path_of("public:appeal-new", "en") + f"?lon={lon}&lat={lat}&category=lamp#step-send")
    row = page.locator("[data-route] .alike__one")
    expect(row).to_contain_text("It is dark here.")
    with page.expect_popup() as opened:
        row.locator("a").click()
    other = opened.value
    other.click("text=It concerns me too")
    expect(other.get_by_text("You have said that it concerns you too.")).to_be_in_viewport()
    expect(other.get_by_text("It concerns 1 more person.")).to_have_count(1)
    other.click("text=Undo")
    expect(other.get_by_text("It concerns me too")).to_be_visible()
    assert not there.supports.exists()
    # Or at once, with one press where it is named.
    page.evaluate("document.querySelector('[name=text]').value = 'It is dark.'")
    row.get_by_role("button", name="It is the same: support it").click()
    expect(page.get_by_text("You have said that it concerns you too.")).to_be_in_viewport()
    assert there.supports.count() == 1
    # What was begun instead does not come back by itself.
    page.goto(window.root + path_of("public:appeal-new", "en") + "#step-text")
    go_on = page.get_by_role("button", name="Go on with it")
    expect(go_on).to_be_visible()
    assert page.input_value("[name=text]") == ""
    go_on.click()
    expect(page.locator("[name=text]")).to_have_value("It is dark.")
    assert window.complaints.said == []


def test_staff_press_every_button(visit: Open, city: GridCity, representative: User) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    address = path_of("desk:appeal", "en", appeal.number)
    window = visit(**DESKTOP, maps=False)
    log_in(window, representative)
    page = window.go(address)
    page.click("form:has([value=accept]) button")
    expect(page.locator(".timeline__step--accept")).to_be_visible()
    page.fill("#answer-text", "The lamp is new.")
    page.click("form:has([value=answer]) button")
    expect(page.locator(".answer")).to_contain_text("The lamp is new.")
    page.click("form:has([value=close]) button")
    expect(page.locator(".timeline__step--close")).to_be_visible()

    office = visit(**DESKTOP, maps=False)
    log_in(office, MembershipFactory(service=city.services["office"]).user)
    page = office.go(address)
    for verb, words in (("reopen", "Not done yet"), ("hide", "A curse word")):
        page.click(f"details:has([value={verb}]) summary")
        page.fill(f"#{verb}-text", words)
        page.click(f"form:has([value={verb}]) button")
        expect(page.locator(f".timeline__step--{verb}")).to_contain_text(words)
    page.click("form:has([value=show]) button")
    expect(page.locator(".timeline__step--show")).to_be_visible()
    page.click("details:has([value=forward]) summary")
    page.select_option("#forward-to_service", "roads")
    page.fill("#forward-text", "The mast is theirs")
    page.click("form:has([value=forward]) button")
    expect(page.locator(".timeline__step--forward")).to_contain_text("The mast is theirs")
    appeal.refresh_from_db()
    assert (appeal.status, appeal.service, appeal.version) == (Status.NEW, city.services["roads"], 8)
    assert window.complaints.said == office.complaints.said == []


def test_words_are_taken_out_and_put_back(visit: Open, city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], text="Asanov of flat 17 broke the lamp.")
    shown = path_of("public:appeal", "en", appeal.number)
    office, public = visit(**DESKTOP, maps=False), visit(maps=False)
    log_in(office, MembershipFactory(service=city.services["office"]).user)
    page = office.go(path_of("desk:appeal", "en", appeal.number))
    page.click("details:has([value=redact]) summary")
    page.fill("#redact-pieces", "asanov\nflat 71")
    page.fill("#redact-text", "A neighbour is named")
    page.click("form:has([value=redact]) button.button--danger")
    # One of them stands nowhere: that is said at its field, and both are still to be put right.
    expect(page.locator("#redact-pieces_error")).to_contain_text("flat 71")
    page.fill("#redact-pieces", "asanov\nflat 17")
    page.click("form:has([value=redact]) button.button--danger")
    expect(page.locator(".timeline__step--redact")).to_contain_text("A neighbour is named")
    expect(page.locator("del").first).to_be_visible()
    assert page.locator("del").all_inner_texts() == ["Asanov", "flat 17"]
    read = public.go(shown).locator("main")
    expect(read).to_contain_text("[…] of […] broke the lamp.")
    expect(read).to_contain_text("A neighbour is named")
    page.click("form:has([value=restore]) button")
    expect(page.locator(".timeline__step--restore")).to_be_visible()
    expect(page.locator("form:has([value=restore])")).to_have_count(0)
    expect(public.go(shown).locator("main")).to_contain_text("Asanov of flat 17 broke the lamp.")
    assert all("status of 400" in said for said in office.complaints.said)


def test_areas_of_a_photo_are_blackened_with_a_mouse_a_finger_and_keys(
    visit: Open, city: GridCity, stored_in: Path
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    photo = photo_of(appeal)
    office, public = visit(**DESKTOP, maps=False), visit(maps=False)
    person = MembershipFactory(service=city.services["office"]).user
    log_in(office, person)
    page = office.go(path_of("desk:appeal", "en", appeal.number))
    page.click("details:has([value=cover]) summary")
    picture, field = page.locator(".photo-areas__picture"), page.locator("#cover-areas")
    picture.scroll_into_view_if_needed()
    until(page, "document.querySelector('.photo-areas__photo').naturalWidth === 640")
    box = picture.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] * 3 / 4)
    page.mouse.up()
    left, top, width, height = map(float, field.input_value().split())
    assert (left, top, width, height) == pytest.approx((50, 25, 25, 50), abs=1)
    # With the keys: another one, moved, made larger; a third one removed again.
    page.get_by_role("button", name="Add an area").press("Enter")
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert field.input_value().split("\n")[1] == "39 39 21 21"
    page.get_by_role("button", name="Add an area").press("Enter")
    page.keyboard.press("Delete")
    assert len(field.input_value().split("\n")) == 2
    expect(page.locator(".photo-areas__area")).to_have_count(2)
    # Typed: the picture follows.
    field.fill("50 25 25 50")
    expect(page.locator(".photo-areas__area")).to_have_count(1)
    page.fill("#cover-text", "A face")
    page.click("form:has([value=cover]) button.button--danger")
    expect(page.locator(".timeline__step--cover")).to_contain_text("A face")
    expect(page.locator(".covered img")).to_be_visible()
    shown = public.go(path_of("public:appeal", "en", appeal.number)).locator(".gallery img")
    dark = """async (img) => {
        await img.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [100, 100];
        const context = canvas.getContext("2d");
        context.drawImage(img, 0, 0, 100, 100);
        return [...context.getImageData(62, 50, 1, 1).data.slice(0, 3)].every((part) => part < 40);
    }"""
    shown.scroll_into_view_if_needed()
    assert shown.evaluate(dark)
    page.click("details:has([value=uncover]) summary")
    page.click("form:has([value=uncover]) button.button")
    expect(page.locator(".timeline__step--uncover")).to_be_visible()
    public.page.reload()
    shown.scroll_into_view_if_needed()
    assert not shown.evaluate(dark)

    # On a phone: a finger draws, and the page stays where it is.
    hand = visit(maps=False)
    log_in(hand, person)
    page = hand.go(path_of("desk:appeal", "ky", appeal.number))
    page.click("details:has([value=cover]) summary")
    picture = page.locator(".photo-areas__picture")
    picture.scroll_into_view_if_needed()
    until(page, "document.querySelector('.photo-areas__photo').naturalWidth === 640")
    box = picture.bounding_box()
    assert box is not None
    finger = hand.context.new_cdp_session(page)
    for kind, part in (("touchStart", 0.25), ("touchMove", 0.5), ("touchMove", 0.75), ("touchEnd", None)):
        points = (
            []
            if part is None
            else [{"x": box["x"] + box["width"] * part, "y": box["y"] + box["height"] * part}]
        )
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    drawn = [float(part) for part in page.locator("#cover-areas").input_value().split()]
    assert drawn == pytest.approx([25, 25, 50, 50], abs=1)
    assert photo.pk == appeal.attachments.get().pk
    assert office.complaints.said == public.complaints.said == []


def test_a_repetition_that_was_none_a_link_a_second_matter_and_a_third_forward(
    visit: Open, city: GridCity, representative: User
) -> None:
    first, again = (AppealFactory(category=city.categories["lamp"]) for _ in range(2))
    window = visit(**DESKTOP, maps=False)
    log_in(window, representative)
    page = window.go(path_of("desk:appeal", "en", again.number))
    timeline, relations = page.locator(".timeline"), page.locator(".appeal-page .notice--info")
    page.click(".alike form button")
    expect(timeline).to_contain_text(f"Repeats appeal № {first.number}")
    page.click("form:has([value=separate]) button")
    expect(timeline).to_contain_text(f"Considered by itself again, without appeal № {first.number}")
    page.click("details:has([value=link]) summary")
    page.fill("#link-other", str(first.number))
    page.click("form:has([value=link]) button.button")
    expect(relations).to_contain_text(f"Belongs together with: № {first.number}")
    page.click("details:has([value=unlink]) summary")
    page.click("form:has([value=unlink]) label")
    page.click("form:has([value=unlink]) button.button")
    expect(relations).to_have_count(0)
    page.click("details:has([value=split]) summary")
    page.select_option("#split-category", "pothole")
    page.fill("#split-text", "And a pit under it")
    page.click("form:has([value=split]) .desk-step__send button:not([type])")
    expect(relations).to_contain_text("Belongs together with:")
    second = Appeal.objects.get(text="And a pit under it")
    expect(relations.locator("a")).to_have_attribute("href", path_of("desk:appeal", "en", second.number))
    # It was one matter after all: whoever it is with takes the split back.
    hers = visit(**DESKTOP, maps=False)
    log_in(hers, MembershipFactory(service=city.services["roads"]).user)
    of_second = hers.go(path_of("desk:appeal", "en", second.number))
    of_second.click("form:has([value=rejoin]) button")
    expect(of_second.locator(".timeline")).to_contain_text(f"appeal № {again.number} has this matter too")
    expect(of_second.locator("form:has([value=rejoin])")).to_have_count(0)
    page.reload()
    expect(relations).to_have_count(0)
    expect(timeline).to_contain_text(f"Does not belong together with appeal № {second.number} any more")

    # Twice it went from service to service: the form says who gets it now, the history whom they chose.
    other = Person(MembershipFactory(service=city.services["roads"]).user)
    for to, by in (("roads", Person(representative)), ("light", other)):
        first.refresh_from_db()
        perform(
            first.pk, FORWARD, by, version=first.version, to_service=city.services[to], text="Not of ours"
        )
    page = window.go(path_of("desk:appeal", "en", first.number))
    page.click("details:has([value=forward]) summary")
    expect(page.locator("#forward-to_service_helptext")).to_contain_text("Mayor's Office")
    page.select_option("#forward-to_service", "green")
    page.fill("#forward-text", "It stands in the park")
    page.click("form:has([value=forward]) .desk-step__send button:not([type])")
    # It is not theirs any more: they are at the queue, and are told who has it.
    expect(page.locator("main")).to_contain_text(f"№ {first.number} is forwarded: office en.")
    first.refresh_from_db()
    assert first.service == city.services["office"]
    assert window.complaints.said == []
