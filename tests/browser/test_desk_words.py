"""Nothing that is typed or attached at the desk is lost, whatever becomes of the session, the tab, the network or the appeal."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Draft, Event
from appeals.workflow import FORWARD
from desk.models import AnswerTemplate
from tests.browser.conftest import OFFICE, Open, Visit, give_password, log_in, path_of
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import GridCity
from tools.chromium import until

WORDS = "We put a new lamp there on Monday."


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"])


@pytest.fixture
def colleague(city: GridCity) -> User:
    user: User = MembershipFactory(service=city.services["light"]).user
    return user


def at_appeal(window: Visit, person: User, appeal: Appeal) -> Page:
    log_in(window, person)
    page = window.go(path_of("desk:appeal", "en", appeal.number))
    # What is typed before the script listens goes the way without scripts.
    if page.locator("desk-words").count():
        page.wait_for_selector("desk-words .files", state="attached")
    return page


def write(page: Page, photo: dict[str, Any], words: str = WORDS, verb: str = "answer") -> None:
    page.fill(f"#{verb}-text", words)
    page.set_input_files(f"#{verb}-files", photo)


def form(page: Page, verb: str) -> Any:
    return page.locator(f"desk-words[data-verb={verb}]")


def attached(page: Page, verb: str = "answer") -> Any:
    return form(page, verb).locator(".file__state", has_text="Attached")


def kept(page: Page, verb: str = "answer") -> None:
    """Waits until the server has all that is in the form."""
    expect(form(page, verb).locator("[data-said]")).to_contain_text("Kept at")


def begin(page: Page, photo: dict[str, Any]) -> None:
    """Words and a photo of an answer that the server has."""
    write(page, photo)
    expect(attached(page)).to_have_count(1)
    kept(page)


def publish(page: Page, verb: str = "answer") -> None:
    form(page, verb).locator(".desk-step__send .button").first.click()


def published(appeal: Appeal, verb: str = "answer") -> list[tuple[str, int]]:
    return [(event.text, event.attachments.count()) for event in appeal.events.filter(verb=verb)]


def test_a_tab_that_is_closed_while_the_server_is_away_loses_nothing(
    visit: Open, appeal: Appeal, representative: User, large_photo: dict[str, Any]
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    window.context.route("**/draft/", lambda route: route.abort())
    window.context.route("**/api/uploads/**", lambda route: route.abort())
    write(page, large_photo)
    expect(form(page, "answer").locator(".file__state")).to_contain_text("Will be sent")
    page.close()
    window.context.unroute("**/draft/")
    window.context.unroute("**/api/uploads/**")
    page = window.context.new_page()
    page.goto(window.root + path_of("desk:appeal", "en", appeal.number))
    expect(page.locator("#answer-text")).to_have_value(WORDS)
    expect(attached(page)).to_have_count(1)
    publish(page)
    expect(page.locator(".answer")).to_contain_text(WORDS)
    assert published(appeal) == [(WORDS, 1)]
    # What was sent is offered no more.
    expect(page.locator("#supplement-text")).to_have_value("")
    assert not Draft.objects.exists()


def test_words_that_stayed_on_the_machine_are_a_draft_as_soon_as_the_desk_is_open(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any]
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    window.context.route("**/draft/", lambda route: route.abort())
    write(page, photo)
    expect(attached(page)).to_have_count(1)
    page.close()
    window.context.unroute("**/draft/")
    page = window.context.new_page()
    page.goto(window.root + path_of("desk:queue", "en"))
    page.click("[data-left] a")
    expect(page.locator("article textarea")).to_have_value(WORDS)
    expect(page.locator("article .gallery__item")).to_have_count(1)


def test_what_is_being_written_is_on_every_machine_of_the_writer(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any]
) -> None:
    page = at_appeal(visit(**OFFICE, maps=False), representative, appeal)
    begin(page, photo)
    other = at_appeal(visit(maps=False), representative, appeal)
    expect(other.locator("#answer-text")).to_have_value(WORDS)
    expect(attached(other)).to_have_count(1)
    expect(form(other, "answer").locator("[data-said]")).to_contain_text("it has not been sent")


def test_thrown_away_and_taken_back(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any]
) -> None:
    page = at_appeal(visit(**OFFICE, maps=False), representative, appeal)
    begin(page, photo)
    page.click("[data-verb=answer] [data-throw]")
    expect(page.locator("#answer-text")).to_have_value("")
    expect(attached(page)).to_have_count(0)
    expect(page.locator("[data-verb=answer] [data-back]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#answer-text")).to_have_value(WORDS)
    kept(page)
    page.reload()
    expect(page.locator("#answer-text")).to_have_value(WORDS)
    expect(attached(page)).to_have_count(1)
    page.click("[data-verb=answer] [data-throw]")
    expect(page.locator("#answer-text")).to_have_value("")
    page.reload()
    expect(page.locator("#answer-text")).to_have_value("")
    expect(attached(page)).to_have_count(0)


def test_what_is_thrown_away_while_the_server_is_away_does_not_come_back(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any]
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    begin(page, photo)
    window.context.route("**/draft/", lambda route: route.abort())
    page.click("[data-verb=answer] [data-throw]")
    expect(page.locator("[data-verb=answer] [data-back]")).to_be_focused()
    page.reload()
    expect(page.locator("#answer-text")).to_have_value("")
    expect(attached(page)).to_have_count(0)
    window.context.unroute("**/draft/")
    page.reload()
    until(page, f"JSON.parse(localStorage['desk/written/{representative.pk}/{appeal.number}/answer']).known")
    assert not Draft.objects.exists()
    # Nothing is left of it when the form has been looked at once more.
    page.reload()
    until(page, "!Object.keys(localStorage).some((key) => key.startsWith('desk/written/'))")
    expect(page.locator("#answer-text")).to_have_value("")


def test_what_is_thrown_away_does_not_come_back_from_what_the_server_was_just_given(
    visit: Open, appeal: Appeal, representative: User
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    given: list[Route] = []
    taken: list[int] = []

    def unanswered(route: Route) -> None:
        """The server takes the first; its answer is on the way for ever, and nothing else arrives."""
        given.append(route)
        if len(given) == 1:
            taken.append(route.fetch().status)
        else:
            route.abort()

    window.context.route("**/draft/", unanswered)
    page.fill("#answer-text", WORDS)
    while not taken:
        page.wait_for_timeout(20)
    page.click("[data-verb=answer] [data-throw]")
    expect(page.locator("[data-verb=answer] [data-back]")).to_be_focused()
    page.reload()
    expect(page.locator("#answer-text")).to_have_value("")


@pytest.mark.parametrize("now", ["", "We put two new lamps there."], ids=["thrown away", "changed"])
def test_a_page_that_was_made_before_the_last_words_arrived_does_not_bring_back_the_former(
    visit: Open, appeal: Appeal, representative: User, now: str
) -> None:
    """The next page is asked for while the one before it still runs."""
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    page.fill("#answer-text", WORDS)
    kept(page)
    held: list[Route] = []
    window.context.route("**/draft/", lambda route: held.append(route))

    def made_before(route: Route) -> None:
        answer = route.fetch()
        for one in held:
            one.continue_()
        deadline = time.monotonic() + 60
        while Draft.objects.filter(text=WORDS).exists():
            assert time.monotonic() < deadline
            page.wait_for_timeout(20)
        # The page that asks hears of it too.
        page.wait_for_timeout(500)
        window.context.unroute("**/draft/")
        route.fulfill(response=answer)

    if now:
        page.fill("#answer-text", now)
    else:
        page.click("[data-verb=answer] [data-throw]")
    while not held:
        page.wait_for_timeout(20)
    window.context.route(f"**/desk/appeals/{appeal.number}/", made_before)
    page.reload()
    expect(page.locator("#answer-text")).to_have_value(now)
    assert set(Draft.objects.values_list("text", flat=True)) == ({now} if now else set())


def test_what_is_thrown_away_does_not_take_what_was_written_elsewhere_since(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any]
) -> None:
    page = at_appeal(visit(**OFFICE, maps=False), representative, appeal)
    begin(page, photo)
    # As a page leaves it that is gone before it reaches the server.
    page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((one) => one.endsWith("/answer"));
            const written = JSON.parse(localStorage.getItem(key));
            localStorage.setItem(key, JSON.stringify({...written, text: "", files: [], known: false}));
        }"""
    )
    Draft.objects.update(text=f"{WORDS} Thank you.")
    page.reload()
    expect(form(page, "answer").locator("[data-said]")).to_contain_text("it has not been sent")
    expect(page.locator("#answer-text")).to_have_value(f"{WORDS} Thank you.")
    assert Draft.objects.get().text == f"{WORDS} Thank you."


@pytest.mark.parametrize("where", ["here", "in another tab"])
def test_a_session_that_ended_is_said_before_anything_is_sent_and_all_of_it_goes_on(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any], where: str
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    write(page, photo)
    expect(attached(page)).to_have_count(1)
    Session.objects.all().delete()
    page.press("#answer-text", "End")
    page.keyboard.type(" Thank you.")
    publish(page)
    said = page.locator("[data-standing=nobody]")
    expect(said).to_contain_text("You were logged out; log in again, your words are kept.")
    expect(page.locator("#answer-text")).to_have_value(f"{WORDS} Thank you.")
    assert published(appeal) == []
    if where == "here":
        said.locator("a").click()
        give_password(page, representative)
        page.wait_for_url(f"**/desk/appeals/{appeal.number}/**")
    else:
        other = window.context.new_page()
        other.goto(window.root + path_of("account_login", "en"))
        give_password(other, representative)
        other.wait_for_url("**/desk/")
        page.bring_to_front()
        page.evaluate("window.dispatchEvent(new Event('focus'))")
        expect(page.locator("[data-standing=back]")).to_be_visible()
        expect(said).to_be_hidden()
    expect(page.locator("#answer-text")).to_have_value(f"{WORDS} Thank you.")
    expect(attached(page)).to_have_count(1)
    publish(page)
    expect(page.locator(".answer")).to_contain_text("Thank you.")
    assert published(appeal) == [(f"{WORDS} Thank you.", 1)]


def test_a_session_renewed_in_another_tab_takes_the_form_at_once(
    visit: Open, appeal: Appeal, representative: User, photo: dict[str, Any]
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    Session.objects.all().delete()
    other = window.context.new_page()
    other.goto(window.root + path_of("account_login", "en"))
    give_password(other, representative)
    other.wait_for_url("**/desk/")
    write(page, photo)
    publish(page)
    expect(page.locator(".answer")).to_contain_text(WORDS)
    assert published(appeal) == [(WORDS, 1)]


def test_nothing_is_sent_or_shown_in_the_name_of_whoever_logs_in_next(
    visit: Open, appeal: Appeal, representative: User, colleague: User, photo: dict[str, Any]
) -> None:
    window = visit(**OFFICE, maps=False)
    page = at_appeal(window, representative, appeal)
    write(page, photo)
    kept(page)
    Session.objects.all().delete()
    other = window.context.new_page()
    other.goto(window.root + path_of("account_login", "en"))
    give_password(other, colleague)
    other.wait_for_url("**/desk/")
    page.fill("#answer-text", f"{WORDS} Thank you.")
    publish(page)
    expect(page.locator("[data-standing=other]")).to_be_visible()
    assert published(appeal) == []
    other.goto(window.root + path_of("desk:appeal", "en", appeal.number))
    expect(other.locator("#answer-text")).to_have_value("")
    assert set(Draft.objects.values_list("user", flat=True)) == {representative.pk}


def test_a_template_that_is_put_into_the_text_is_kept_as_if_it_had_been_typed(
    visit: Open, city: GridCity, appeal: Appeal, representative: User
) -> None:
    AnswerTemplate.objects.create(
        service=city.services["light"], title="Lamp", language="en", text="The lamp will be mended."
    )
    page = at_appeal(visit(**OFFICE, maps=False), representative, appeal)
    page.fill("#answer-text", WORDS)
    page.click("[data-verb=answer] [name=insert]")
    expect(page.locator("#answer-text")).to_have_value(re.compile("The lamp will be mended."))
    kept(page)
    text = Draft.objects.get().text
    assert WORDS in text
    assert "The lamp will be mended." in text


def race(one: Page, two: Page) -> None:
    """Both press at the same time."""
    for page in (one, two):
        form(page, "answer").locator(".desk-step__send .button").first.click(no_wait_after=True)
    for page in (one, two):
        page.wait_for_selector(".messages .notice--success, #refused")


def test_two_answer_at_once_and_both_keep_their_words_and_pictures(
    visit: Open, appeal: Appeal, representative: User, colleague: User, photo: dict[str, Any]
) -> None:
    pages = []
    for person in (representative, colleague):
        page = at_appeal(visit(**OFFICE, maps=False), person, appeal)
        write(page, photo, f"{person} writes: the lamp is new.")
        expect(attached(page)).to_have_count(1)
        pages.append((page, person))
    race(pages[0][0], pages[1][0])
    (answer,) = published(appeal)
    assert answer[1] == 1
    (late, loser), (_page, winner) = sorted(pages, key=lambda one: one[0].locator("#refused").count() == 0)
    # Who was later reads what has changed meanwhile, and has all of his own at hand in the form that takes it.
    expect(late.locator("#refused")).to_contain_text(f"{winner} writes: the lamp is new.")
    expect(late.locator("#supplement-text")).to_have_value(f"{loser} writes: the lamp is new.")
    expect(attached(late, "supplement")).to_have_count(1)
    # Still so when the page is left and opened again.
    late.goto(late.url.partition("?")[0])
    expect(late.locator("#supplement-text")).to_have_value(f"{loser} writes: the lamp is new.")
    publish(late, "supplement")
    expect(late.locator(".answer")).to_have_count(2)
    assert published(appeal) == [(f"{winner} writes: the lamp is new.", 1)]
    assert published(appeal, "supplement") == [(f"{loser} writes: the lamp is new.", 1)]
    late.reload()
    expect(late.locator("#supplement-text")).to_have_value("")
    assert not Draft.objects.exists()


def test_forwarded_under_one_s_hands_words_and_picture_go_to_the_next_appeal(
    visit: Open,
    city: GridCity,
    appeal: Appeal,
    representative: User,
    colleague: User,
    photo: dict[str, Any],
) -> None:
    following = AppealFactory(category=city.categories["lamp"])
    page = at_appeal(visit(**OFFICE, maps=False), representative, appeal)
    write(page, photo)
    expect(attached(page)).to_have_count(1)
    to_roads = {"to_service": city.services["roads"], "text": "Not ours"}
    perform(appeal.pk, FORWARD, Person(colleague), version=1, **to_roads)
    publish(page)
    expect(page.locator(".messages")).to_contain_text("is with another service now (roads en)")
    expect(page.locator("article textarea")).to_have_value(WORDS)
    page.fill("[name=to]", str(following.number))
    page.click("[name=move]")
    expect(page.locator("#answer-text")).to_have_value(WORDS)
    expect(attached(page)).to_have_count(1)
    publish(page)
    expect(page.locator(".answer")).to_contain_text(WORDS)
    assert published(following) == [(WORDS, 1)]
    assert not Draft.objects.exists()
    assert not Event.objects.filter(appeal=appeal, verb="answer").exists()
