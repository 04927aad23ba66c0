from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, AppealContact, Event, LegalTerm
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, CLOSE, HIDE, REOPEN
from bootstrap.rates import Rate
from jobs.worker import Worker
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity, light_user: User) -> Appeal:
    appeal = AppealFactory(category=city.categories["lamp"])
    return perform(appeal.pk, ANSWER, Person(light_user), version=1, text="The lamp is new.")


def address(appeal: Appeal, language: str = "en") -> str:
    return f"/{language}/follow/{appeal.contact.secret}/"


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_receipt(city: GridCity, client: Client, language: str) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    response = client.get(address(appeal, language) + "?new=1")
    page = response.content.decode()
    assert "receipt__thanks" in page
    assert f"№ {appeal.number}" in page
    assert f"light {language}" in page
    assert f'value="http://localhost:8000{address(appeal, language)}"' in page
    assert "receipt__thanks" not in client.get(address(appeal, language)).content.decode()


def test_the_address_does_not_leak(appeal: Appeal, client: Client) -> None:
    response = client.get(address(appeal))
    assert response["Referrer-Policy"] == "same-origin"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]
    public = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    for own in ('rel="alternate"', 'rel="canonical"', "og:url"):
        assert own in public
        assert own not in response.content.decode()


@pytest.mark.parametrize("secret", ["unknown", "%00", "x" * 3000])
def test_an_unknown_secret_is_not_found_and_says_how_to_find_one_s_appeal(
    city: GridCity, client: Client, secret: str
) -> None:
    response = client.get(f"/en/follow/{secret}/")
    assert response.status_code == 404
    assert "noindex" in response["X-Robots-Tag"]
    page = response.content.decode()
    assert "This link opens no appeal" in page
    assert '<form class="form" method="post" action="/en/mine/">' in page
    assert client.post(f"/en/follow/{secret}/", {"verb": "close", "version": 1}).status_code == 404


def test_lost_links_are_sent_to_the_address_that_was_given_and_to_nobody_else(
    city: GridCity, client: Client, settings: Settings
) -> None:
    settings.LIMITS = {"link-letter": Rate(2, 1, 86_400)}
    lamp = city.categories["lamp"]
    first, second, foreign = (
        AppealFactory(category=lamp, text="THE SENDER'S WORDS", contact__email=email)
        for email in ("asan@example.org", "Asan@example.org", "other@example.org")
    )
    AppealContact.objects.filter(appeal=second).update(email_proven=False)

    def ask(email: str, status: int = 200) -> str:
        response = client.post("/en/mine/", {"email": email})
        assert response.status_code == status
        while Worker(queue="default").run_next():
            pass
        return str(response.content.decode())

    known, unknown = ask(" ASAN@example.org "), ask("nobody@example.org")
    (letter,) = mail.outbox
    assert [to.casefold() for to in letter.to] == ["asan@example.org"]
    links = re.findall(r"http://localhost:8000(\S+)", str(letter.body))
    # The newest first; what proves an address that was not proven is in its link.
    assert [link.split("?")[0] for link in links] == [address(second), address(first)]
    assert "?letter=" in links[0]
    assert "WORDS" not in letter.body
    # Nobody is told whether the address is known.
    assert known.count("is on its way there") == 1
    assert unknown.count("is on its way there") == 1
    client.get(links[0])
    second.contact.refresh_from_db()
    assert second.contact.email_proven

    assert "not an e-mail address" in ask("nobody", 400)
    assert "Give an e-mail address" in ask(" ", 400)
    ask("asan@example.org")
    assert "Several letters are on their way already" in ask("asan@example.org", 429)
    assert len(mail.outbox) == 2
    assert foreign.contact.secret not in "".join(str(each.body) for each in mail.outbox)


def test_what_is_wrong_with_a_file_is_told_to_who_sent_it(appeal: Appeal, client: Client) -> None:
    film = AttachmentFactory(
        appeal=appeal, kind="video", state="failed", error="video_too_long:120", large=""
    )
    assert film.error_text in unescape(client.get(address(appeal)).content.decode())
    public = unescape(client.get(f"/en/appeals/{appeal.number}/").content.decode())
    assert film.error_text not in public
    assert "This file could not be shown." in public


def test_the_author_closes(appeal: Appeal, client: Client) -> None:
    assert 'value="close"' in client.get(address(appeal)).content.decode()
    response = client.post(address(appeal), {"verb": "close", "version": 2}, follow=True)
    assert "The appeal is closed" in response.content.decode()
    appeal.refresh_from_db()
    assert appeal.status == Status.CLOSED
    assert Event.objects.get(appeal=appeal, verb=CLOSE.code).actor_role == Role.RESIDENT


def test_the_author_reopens_with_a_reason(appeal: Appeal, client: Client) -> None:
    refused = client.post(address(appeal), {"verb": "reopen", "version": 2, "text": "  "})
    assert refused.status_code == 400
    assert "Write a few words" in refused.content.decode()
    client.post(address(appeal), {"verb": "reopen", "version": 2, "text": "It is dark again"})
    appeal.refresh_from_db()
    assert appeal.status == Status.ACCEPTED
    assert Event.objects.get(appeal=appeal, verb=REOPEN.code).text == "It is dark again"


def test_a_stale_form_keeps_the_text(appeal: Appeal, client: Client) -> None:
    response = client.post(address(appeal), {"verb": "reopen", "version": 1, "text": "It is dark again"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "It is dark again</textarea>" in page
    assert 'name="version" value="2"' in page
    appeal.refresh_from_db()
    assert appeal.version == 2


@pytest.mark.parametrize(
    "form",
    [
        {"verb": "close"},
        {"verb": "close", "version": "x"},
        {"verb": "close", "version": -1},
        {},
        {"verb": "reopen", "version": 2, "text": "x" * 5000},
        {"verb": "reopen", "version": 2, "text": "a\x00b"},
    ],
)
def test_nothing_else_is_taken(appeal: Appeal, client: Client, form: dict[str, object]) -> None:
    assert client.post(address(appeal), form).status_code == 400
    appeal.refresh_from_db()
    assert appeal.version == 2


@pytest.mark.parametrize("verb", ["answer", "hide", "forward", "show"])
def test_what_is_for_the_staff_is_not_taken_from_the_author(
    appeal: Appeal, client: Client, city: GridCity, verb: str
) -> None:
    form = {"verb": verb, "version": 2, "text": "mine", "to_service": "roads"}
    assert client.post(address(appeal), form).status_code == 409
    appeal.refresh_from_db()
    assert appeal.version == 2


def test_an_open_appeal_cannot_be_closed_by_its_author(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    assert client.post(address(appeal), {"verb": "close", "version": 1}).status_code == 409
    assert 'value="close"' not in client.get(address(appeal)).content.decode()


def test_the_author_still_sees_a_hidden_appeal(appeal: Appeal, client: Client, office_user: User) -> None:
    perform(appeal.pk, HIDE, Person(office_user), version=2, text="A curse word")
    page = client.get(address(appeal)).content.decode()
    assert "has hidden this appeal" in page
    assert "A curse word" in page


def test_what_is_to_be_corrected_stands_on_top_of_the_page(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], kind="report")
    form = {"verb": "identify", "version": 1, "kind": "complaint", "name": "Osmonova"}
    response = client.post(address(appeal) + "?new=1", form)
    page = response.content.decode()
    assert response.status_code == 400
    assert "receipt__thanks" not in page
    summary = re.search(r'<div class="notice notice--error"[^>]* id="to-correct".*?</ul>', page, re.DOTALL)
    assert summary is not None and "autofocus" in summary[0]
    anchors = re.findall(r'href="#([^"]+)"', summary[0])
    assert {"identify-name_error", "identify-postal_address_error"} <= set(anchors)
    assert all(f'id="{anchor}"' in page for anchor in anchors)
    assert page.index('id="to-correct"') < page.index("verdict-title")


def test_a_rating_is_changed_from_what_it_was(appeal: Appeal, client: Client) -> None:
    said = {"verb": "rate", "version": appeal.version, "satisfied": "no", "text": "Only for a day."}
    assert client.post(address(appeal), said).status_code == 302
    page = client.get(address(appeal)).content.decode()
    assert re.search(r'<input type="radio" name="satisfied" value="no"[^>]* checked', page)
    assert "Only for a day.</textarea>" in page


@pytest.mark.parametrize(
    ("kind", "words"),
    [("report", "The term is the city&#x27;s own."), ("complaint", "the term is the law&#x27;s")],
)
def test_the_receipt_says_the_kind_and_whose_term_it_has(
    city: GridCity, client: Client, kind: str, words: str
) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], kind=kind)
    unset = unescape(client.get(address(appeal)).content.decode())
    LegalTerm.objects.create(kind="report", working_days=3, valid_from=dt.date(2000, 1, 1))
    page = unescape(client.get(address(appeal)).content.decode())
    assert unescape(words) in page
    assert ("Service level, not a term of the law" in page) == (kind == "report")
    # Where the city has set none, a report has the term of the law, and nobody says otherwise.
    assert "the city's own" not in unset
    assert "Service level" not in unset
