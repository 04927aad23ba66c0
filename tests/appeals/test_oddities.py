"""What looks odd is registered and answered like any other, and read by nobody before the Mayor's Office has looked."""

from __future__ import annotations

import base64
import re
from typing import Any

import orjson
import pytest
from django.core import mail
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.alerts.question import parse_question
from appeals.errors import NotAllowed
from appeals.identifiers import new_uuid7
from appeals.intake.alerts import ask, confirm
from appeals.models import Alert, Appeal, Event, Message
from appeals.notify.delivery import deliver_due
from appeals.notify.digest import digest_of
from appeals.oddities import _as_heard, oddities_in_words, oddities_of
from appeals.workflow import AMEND, HIDE, SHOW
from bootstrap.rates import Rate
from data.demo.texts import texts
from jobs.worker import Worker
from tests.grid import GridCity
from tests.submissions import submission_document

pytestmark = pytest.mark.django_db

LONG = "The lamp before house %s has been out for a week"
ADDRESS = "address 192.0.2.1"


@pytest.fixture(autouse=True)
def _nothing_refills(settings: Settings) -> None:
    settings.LIMITS = {"same-text-place": Rate(3, 1, 86_400), "same-text": Rate(8, 1, 86_400)}


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/x and www.b.example", 0),
        ("https://a.example/x www.b.example c-shop.ru/buy", 1),
        ("Улица Ленина 5, д.3, кв.12. Вода идёт с 10.00 до 12.30, т.е. мало. Т. 0555 12.34.56", 0),
        ("buy.com, sell.kg, a.b.info", 1),
        # One host each, however many ends it has.
        ("write to a.com.kg or b.org.ru, not to .com, x.community or d.kgz", 0),
        ("a." * 2_000, 0),
        (f"{'a.' * 600}com " * 3, 1),
    ],
)
def test_links(text: str, links: int) -> None:
    assert oddities_of(text, sender=ADDRESS, baited=False) == ["links"] * links


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        # Latin letters, then digits, in the place of Cyrillic ones.
        ("Купите окна недорого", "Купитe окна нед0рого", True),
        ("Терезелер арзан баада", "Tepeзелeр apзан бaaдa", True),
        ("Звоните сегодня", "3воните сeг0дня", True),
        # Signs that show nothing, and digits of another script.
        ("Звоните 12 сегодня", "Зв\u034fон\ufe0fите ١٢ се\u3164год\u200bня", True),
        # Other houses, models, words and languages.
        ("Не горит фонарь у дома 30", "Не горит фонарь у дома 36", False),
        ("Не горит фонарь у дома 30а", "Не горит фонарь у дома 3а", False),
        ("Не горит фонарь у дома 30а", "Не горит фонарь у дома зоа", False),
        ("Яма на улице", "Яма на улицах", False),
        ("The bus stop", "Тhе bus stор", False),
    ],
)
def test_letters_of_another_alphabet_make_no_other_text(text: str, other: str, same: bool) -> None:
    assert (_as_heard(text) == _as_heard(other)) is same


def test_different_texts_of_residents_stay_different() -> None:
    written = [each.text for code in ("ky", "ru") for some in texts(code).appeals.values() for each in some]
    # As they differ in more than case and signs.
    different = {re.sub(r"\W+", " ", text.lower()).strip() for text in written}
    assert len(different) > 500
    assert len({_as_heard(text) for text in different}) == len(different)


def test_one_text_from_one_place_and_from_everywhere() -> None:
    def odd(text: str, sender: str) -> bool:
        return oddities_of(text, sender=sender, baited=False) == ["same_text"]

    full_width = "".join(chr(ord(sign) + 0xFEE0) if sign != " " else sign for sign in LONG % 1)
    spelled = [
        LONG % 1,
        (LONG % 1).upper(),
        f"  {LONG % 1}!!",
        full_width,
        (LONG % 1).replace("a", "a\u0301"),
    ]
    assert [odd(text, ADDRESS) for text in spelled] == [False] * 3 + [True] * 2
    assert [odd(LONG % n, ADDRESS) for n in range(2, 9)] == [False] * 7
    # Of IPv6 a place is a /48, whose networks are taken at will.
    homes = [f"address 2001:db8:1:{n:x}::" for n in range(4)]
    assert [odd("short", home) for home in homes] == [False] * 3 + [True]
    # What a place sends beyond its own three takes nothing from others: five more may come from everywhere.
    assert [odd(LONG % 1, f"address 198.51.100.{n}") for n in range(8)] == [False] * 5 + [True] * 3
    # Many say so in an outage, in good faith.
    assert [odd("Нет света", f"address 198.51.100.{n}") for n in range(20)] == [False] * 20


def _send(client: Client, **changes: Any) -> dict[str, Any]:
    document = submission_document(secret="s" * 22, email="author@example.org", **changes)
    answer = client.post(
        "/api/appeals/", document, content_type="application/json", headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 201, answer.content
    again = client.post(
        "/api/appeals/", document, content_type="application/json", headers={"Accept-Language": "en"}
    )
    assert (again.status_code, again.json()) == (200, answer.json())
    return dict(answer.json())


def _work() -> list[str]:
    """Subjects of the letters that have gone out."""
    while Worker(queue="default").run_next():
        pass
    deliver_due()
    return [letter.subject for letter in mail.outbox]


def test_what_is_held_waits_for_the_office_and_is_then_told_like_a_new_one(
    city: GridCity, client: Client, office_user: User
) -> None:
    question = parse_question(QueryDict("area=city").dict())
    ask(question, "watcher@example.org", daily=False, sender="test")
    confirm(Alert.objects.get())
    receipt = _send(client, heading="http://spam.example")
    appeal = Appeal.objects.get()
    assert receipt["held"] is True and receipt["due_on"] == appeal.due_on.isoformat()
    assert not Appeal.objects.public().exists() and not Appeal.objects.taken_away().exists()
    first, held = Event.objects.order_by("version")
    assert (first.verb, held.verb, held.actor_role) == ("submit", "hold", "system")
    assert oddities_in_words(held.details) == ["a field was filled in that no person sees"]
    assert held.public_details == {}
    # Whoever answers gets it at once, and its author the receipt.
    number = appeal.number
    told = {(message.about, message.audience): message for message in Message.objects.exclude(event=None)}
    assert set(told) == {(first, "author"), (first, "service"), (held, "office")}
    subject, _words = digest_of(told[held, "office"], timezone.now())
    assert told[held, "office"].digest and subject == "1 appeal waits for you to look at it"
    assert not any("New appeal" in subject for subject in _work())
    first_letter = next(letter for letter in mail.outbox if "has been received" in letter.subject)
    assert "before it is published" in first_letter.body
    follow = client.get(receipt["follow_url"] + "?new=1").content.decode()
    assert "Your appeal has been received" in follow and "before it is published" in follow
    assert "Waits for the Mayor's Office</span>" in follow and "status--hidden" not in follow
    assert "has hidden" not in follow and receipt["url"] not in follow
    public = client.get(receipt["url"])
    assert public.status_code == 404 and b"is not shown yet" in public.content
    # Its author may still correct it, and it waits all the same.
    form = {"verb": AMEND.code, "version": 2, "text": "The lamp is out again", "category": "lamp"}
    assert client.post(receipt["follow_url"], form).status_code == 302
    appeal.refresh_from_db()
    assert (appeal.text, appeal.is_held, appeal.version) == ("The lamp is out again", True, 3)
    perform(appeal.pk, SHOW, Person(office_user), version=None)
    assert Appeal.objects.public().get().held == ""
    assert f"New appeal № {number}: lamp en" in _work()
    assert client.get(receipt["url"]).status_code == 200


def test_beyond_half_of_the_limit_a_form_is_held_and_a_proof_asked_of_a_program(
    city: GridCity, client: Client, settings: Settings
) -> None:
    settings.LIMITS |= {"submit": Rate(2, 1, 86_400), "submit-proven": Rate(1, 1, 86_400)}
    settings.PROOF_NUMBERS = 1

    def send(**changes: Any) -> Any:
        # Whoever names another address is where they were.
        forged = {"X-Forwarded-For": "203.0.113.9", "Accept-Language": "en"}
        document = submission_document(**changes)
        return client.post("/api/appeals/", document, content_type="application/json", headers=forged)

    assert send(proof="").json()["held"] is False
    asked = send(proof="")
    assert (asked.status_code, asked["Retry-After"]) == (429, "1")
    assert asked["Content-Type"] == "application/problem+json"
    assert "solve the challenge" in asked.json()["title"]
    proof = base64.b64encode(orjson.dumps({**asked.json()["challenge"], "number": 0})).decode()
    other = base64.b64encode(orjson.dumps({**asked.json()["challenge"], "number": 1})).decode()
    key = str(new_uuid7())
    answers = [send(proof=said, id=key).status_code for said in (proof, other, proof)]
    assert answers in ([201, 200, 200], [429, 201, 200])
    form = submission_document(secret="f" * 22) | {"language": "en"}
    assert client.post("/en/appeals/new/", form).status_code == 302
    assert [appeal.is_held for appeal in Appeal.objects.order_by("number")] == [False, False, True]
    assert client.post("/en/appeals/new/", form | submission_document(secret="g" * 22)).status_code == 429


def test_what_is_held_can_be_rejected_with_a_reason_and_was_never_public(
    city: GridCity, client: Client, office_user: User
) -> None:
    receipt = _send(client, heading="x")
    office = Person(office_user)
    perform(Appeal.objects.get().pk, HIDE, office, version=2, text="Advertising")
    assert Appeal.objects.get().held == "rejected" and not Appeal.objects.taken_away().exists()
    public = client.get(receipt["url"])
    assert public.status_code == 410 and b"Advertising" in public.content
    with pytest.raises(NotAllowed):
        perform(Appeal.objects.get().pk, HIDE, office, version=None, text="Once more")


def test_the_form_without_its_script_has_the_same_bait_and_staff_are_not_held(
    city: GridCity, client: Client, office_user: User
) -> None:
    form = submission_document(secret="f" * 22, heading="x") | {"language": "en"}
    page = client.get("/en/appeals/new/").content.decode()
    assert '<input name="heading" tabindex="-1" autocomplete="off"' in page
    assert client.post("/en/appeals/new/", form).status_code == 302
    assert Appeal.objects.get().is_held
    client.force_login(office_user)
    assert client.post("/en/appeals/new/", form | submission_document(secret="g" * 22)).status_code == 302
    assert [appeal.is_held for appeal in Appeal.objects.order_by("number")] == [True, False]
