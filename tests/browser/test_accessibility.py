"""axe-core finds nothing serious on the main pages, by day and by night."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import expect

from accounts.models import User
from accounts.posts import Post
from appeals.actions.drafts import keep_draft
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.intake.receive import receive
from appeals.notify.subscriptions import AuthorsLetters, path_for
from appeals.vocabulary import Kind
from appeals.workflow import ACCEPT, ANSWER, REDACT
from desk.models import AnswerTemplate, SavedFilter
from desk.urls import urlpatterns as desk_urls
from jobs.models import LongWork
from reports.models import SavedReport
from tests.browser.conftest import DESKTOP, LANGUAGES, OFFICE, PHONE, Open, at_step, log_in, path_of
from tests.browser.faults import violations
from tests.factories import (
    AbuseReportFactory,
    AppealFactory,
    AttachmentFactory,
    AttributeValueFactory,
    MembershipFactory,
    MessageFactory,
    NewsItemFactory,
)
from tests.grid import GridCity
from tests.submissions import submission_document

PUBLIC = (
    "public:map",
    "public:appeal-new",
    "public:mine",
    "public:mine-account",
    "public:alerts",
    "public:proposals",
    "public:news",
    "public:about",
    "opendata:catalogue",
    "account_login",
)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_public_pages(visit: Open, city: GridCity, screen: dict[str, Any]) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    asking = AppealFactory(category=city.categories["tree"], kind=Kind.RECOMMENDATION)
    AttributeValueFactory(attribute__category=asking.category)
    window = visit(**screen)
    paths = [path_of(name, "ky") for name in PUBLIC]
    paths += [
        path_of("public:appeal", "ru", asking.number),
        path_of("public:follow-by-letter", "ky", appeal.number),
        path_of("public:report-abuse", "ky", appeal.number),
        path_of("public:follow", "en", appeal.contact.secret) + "?new=1",
    ]
    found = {}
    # One half is opened by day and sees the night fall, the other one the day break.
    for path, (first, then) in zip(paths, itertools.cycle(itertools.permutations(("light", "dark")))):
        window.page.emulate_media(color_scheme=first)
        page = window.go(path)
        for scheme in (first, then):
            page.emulate_media(color_scheme=scheme)
            window.at_rest()
            found[path, scheme] = violations(page)
    assert {where: said for where, said in found.items() if said} == {}


def test_the_card_the_layers_and_the_errors(visit: Open, city: GridCity) -> None:
    AppealFactory(category=city.categories["lamp"])
    window = visit()
    page = window.go(path_of("public:map", "en"))
    window.map_drawn()
    page.locator(".map-layers summary").click()
    window.at_rest()
    assert violations(page) == []
    page = window.go(path_of("public:appeal-new", "en") + "#step-send")
    window.map_drawn()
    page.click("[data-send]")
    expect(page.locator("#errors")).to_be_focused()
    window.at_rest()
    assert violations(page) == []
    for step in ("text", "what", "send"):
        at_step(page, step)
        assert violations(page) == []


# What axe asks for lies in the markup and its colours, which all languages share; Kyrgyz and Russian have the longest words.
@pytest.mark.parametrize("language", ["ky"])
def test_every_page_of_the_desk_in_each_of_its_states(
    visit: Open, city: GridCity, representative: User, language: str
) -> None:
    """By turns on an office screen by day and on a phone by night."""
    lamp = city.categories["lamp"]
    appeal, late = AppealFactory(category=lamp), AppealFactory(category=lamp)
    for one in (appeal, late):
        photo = AttachmentFactory(appeal=None)
        keep_draft(representative, one, "answer", text="A new lamp", uploads=[photo.pk])
    colleague = Person(MembershipFactory(service=city.services["light"]).user)
    perform(late.pk, ANSWER, colleague, version=1, text="We were faster")
    window = visit(**DESKTOP)
    log_in(window, representative)
    page, found = window.page, {}
    turns = itertools.cycle([("light", DESKTOP), ("dark", PHONE)])
    if language == "ru":
        next(turns)

    def turn() -> None:
        scheme, size = next(turns)
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size["viewport"])

    def look(what: str) -> None:
        window.at_rest()
        if said := violations(page):
            found[what] = said

    for name, query in (("Mine", "tab=mine"), ("Gone", "category=gone")):
        SavedFilter.objects.create(owner=representative, name=name, query=query)
    queue, drafts = path_of("desk:queue", language), path_of("desk:drafts", language)
    saved = path_of("desk:filters", language)
    here, answered = (path_of("desk:appeal", language, one.number) for one in (appeal, late))
    field_list = path_of("desk:field-list", language) + "?all=1"
    window.go(queue)
    page.click("desk-map [data-switch]")
    look("the map of the queue")
    page.click("desk-map [data-switch]")
    for path in (queue, f"{queue}?q=zzz", drafts, saved, field_list, answered, here):
        turn()
        window.go(path)
        page.wait_for_selector("desk-keys:defined", state="attached")
        look(path)
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
    look("all forms")
    page.set_viewport_size(DESKTOP["viewport"])
    page.click("[data-keys-help]")
    look("the keys")
    page.keyboard.press("Escape")
    perform(appeal.pk, ACCEPT, colleague, version=1)
    page.click("[data-verb=answer] .button--primary")
    page.wait_for_selector("#refused")
    Session.objects.all().delete()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_selector("[data-standing=nobody]:not([hidden])")
    look("refused, and logged out")
    assert found == {}


#: Addresses of the desk that are no pages by themselves: files, what scripts ask, and what a form is sent to.
NO_PAGES = {
    "bulk", "changes", "draft", "export-csv", "export-xlsx", "file-json", "file-pdf", "moderate", "news-item-draft",
    "news-new-draft", "pins", "presence", "scoreboard-equity", "scoreboard-table", "session",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_desk_in_each_language(visit: Open, city: GridCity, language: str) -> None:
    """As the Mayor's Office sees them, which sees the most; what is added to the desk is among them by itself."""
    office = MembershipFactory(service=city.services["office"], post=Post.ADMINISTRATOR).user
    by, lamp = Person(office), city.categories["lamp"]
    MessageFactory(state="parked", error="550 no such mailbox")
    appeal, item = AppealFactory(category=lamp, text="Asanov of flat 17 broke the lamp"), NewsItemFactory()
    AbuseReportFactory(appeal=appeal, words="They call me names")
    perform(appeal.pk, REDACT, by, version=1, pieces="Asanov", text="A neighbour is named")
    keep_draft(office, appeal, "answer", text="A new lamp")
    SavedFilter.objects.create(owner=office, name="Mine", query="tab=mine")
    long = LongWork.objects.create(question="x", kind="report", subject="heatmap", language="en", seconds=5)
    saved = SavedReport.objects.create(owner=office, name="Mine", report="heatmap")
    template = AnswerTemplate.objects.create(
        service=city.services["light"], language="ky", title="T", text="T"
    )
    taken = receive(submission_document(), language=language, source="phone", sender="x", holders=(), by=by)[
        1
    ].appeal
    arguments = {
        **dict.fromkeys(("appeal", "print-appeal"), appeal.number),
        **dict.fromkeys(("taken", "receipt"), taken.number),
        "news-item": item.pk, "person": office.pk, "template": template.pk,
    }  # fmt: skip
    names = {one.name for one in desk_urls} - NO_PAGES
    with translation.override(language):
        paths = [
            reverse(f"desk:{name}", args=[arguments[name]] if name in arguments else [])
            for name in sorted(names)
        ]
        paths += [
            reverse("account_letters"),
            path_for(AuthorsLetters(appeal.contact)),
            reverse("public:appeal", args=[appeal.number]),
            reverse("reports:saved") + "?report=hotspots",
            reverse("reports:saved-report", args=[saved.pk]),
            reverse("reports:saved-letter", args=[saved.pk]),
            reverse("long-work", args=[long.pk]),
        ]
        queue = reverse("desk:queue")
    window = visit(maps=False, **OFFICE)
    log_in(window, office)
    page, found = window.page, {}

    def look(what: str) -> None:
        window.at_rest()
        if said := violations(page, colours=language == "ky"):
            found[what] = said

    for path in paths:
        window.go(path)
        assert page.url == window.root + path
        look(path)
    window.go(queue)
    page.check("[name=chosen] >> nth=0")
    page.select_option("#bulk-verb", "note")
    page.click(".desk-bulk .button--primary")
    page.wait_for_selector(".desk-outlooks")
    look("bulk")
    assert found == {}


def test_a_page_that_nobody_can_read_is_found(visit: Open, city: GridCity) -> None:
    """The search for violations, checked: were axe-core broken, the others would find nothing."""
    page = visit().go(path_of("public:about", "en"))
    page.evaluate("document.querySelector('main').innerHTML += '<img src=x><button></button>'")
    assert {rule.partition(":")[0] for rule in violations(page)} >= {"image-alt", "button-name"}
