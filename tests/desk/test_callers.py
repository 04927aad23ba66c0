"""An appeal that a dispatcher takes down for somebody who phones or comes in."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.posts import Post
from accounts.roles import Role
from appeals.actions.submit import Submission, submit
from appeals.actions.support import support_for
from appeals.actors import Person
from appeals.errors import Invalid, NotAllowed
from appeals.identifiers import new_uuid7
from appeals.models import Appeal, Attachment, Message, Support
from bootstrap.rates import Rate
from desk import callers
from rates.taking import TooMany
from tests.desk.pages import picture
from tests.factories import AppealFactory, MembershipFactory
from tests.grid import IN_EAST, OUTSIDE, GridCity, at

ADDRESS = "/en/desk/appeals/new/"


@pytest.fixture
def dispatcher(city: GridCity) -> User:
    return MembershipFactory(
        service=city.services["office"], post=Post.DISPATCHER, user__last_name="Asanova"
    ).user


@pytest.fixture
def at_phone(client: Client, dispatcher: User) -> Client:
    client.force_login(dispatcher)
    return client


def fields(page: HttpResponse) -> dict[str, str]:
    """The hidden fields that the page gave."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode()))


def said(client: Client, **changes: Any) -> dict[str, Any]:
    return {
        **fields(client.get(ADDRESS)),
        "channel": "phone",
        "kind": "report",
        "category": "lamp",
        "text": "It is dark at the school.",
        "coordinates": f"{IN_EAST[1]}, {IN_EAST[0]}",
        "language": "ky",
        "name": "Aigul",
        "phone": "0555 12 34 56",
        "email": "",
    } | changes


def test_it_is_an_appeal_like_any_other_and_says_how_it_came(
    at_phone: Client, dispatcher: User, city: GridCity, settings: LazySettings, office_user: User
) -> None:
    settings.LIMITS = {"submit": Rate(1, 1, 86_400)}
    for phone in range(2):
        # The desk is behind one address with the whole city hall: that of others does not stop a dispatcher.
        Client().post("/api/appeals/", {"nothing": phone}, content_type="application/json")
    assert ADDRESS in at_phone.get("/en/desk/").content.decode()
    form = said(at_phone, email="aigul@mail.example")
    receipt = at_phone.post(ADDRESS, form, follow=True)
    appeal = Appeal.objects.select_related("contact").get()
    assert receipt.redirect_chain == [(f"/en/desk/appeals/{appeal.number}/taken/", 302)]
    page = receipt.content.decode()
    assert f"№ {appeal.number}</h1>" in page
    assert f"/en/follow/{appeal.contact.secret}/" in page
    # On paper it is in the caller's language, and what acts in the caller's name is in a code alone.
    paper = at_phone.get(f"/en/desk/appeals/{appeal.number}/taken/print/").content.decode()
    assert f"№ {appeal.number} кайрылууңуз" in paper and f"/ky/appeals/{appeal.number}/" in paper
    assert "<dt>Түрү</dt><dd>Билдирүү</dd>" in paper
    assert paper.count('<svg role="img"') == 2 and appeal.contact.secret not in paper
    assert (appeal.service, appeal.source, appeal.language) == (city.services["light"], "phone", "ky")
    assert (appeal.contact.name, appeal.contact.phone) == ("Aigul", "+996555123456")
    assert set(Message.objects.values_list("audience", "recipient")) >= {("author", "aigul@mail.example")}
    event = appeal.events.get()
    assert (event.verb, event.actor, event.actor_role, event.details) == (
        "submit_for", dispatcher, Role.OFFICE, {"channel": "phone"},
    )  # fmt: skip
    desk = at_phone.get(f"/en/desk/appeals/{appeal.number}/").content.decode()
    assert re.search(r"By phone, taken down by [\w ]*Asanova", desk)
    for language, words in {
        "en": "Taken by phone. Given to:", "ru": "Принято по телефону. Передано:", "ky": "Телефон аркылуу кабыл алынды.",
    }.items():  # fmt: skip
        public = Client().get(f"/{language}/appeals/{appeal.number}/").content.decode()
        assert words in public
        assert "Asanova" not in public
    assert (
        json.loads(Client().get(f"/api/appeals/{appeal.number}/").content)["properties"]["source"] == "phone"
    )
    # The back button and a second press make no second one, and nobody else is shown the link.
    again = at_phone.post(ADDRESS, form)
    assert again["Location"] == f"/en/desk/appeals/{appeal.number}/taken/"
    assert Appeal.objects.count() == 1
    at_phone.force_login(office_user)
    for page in ("taken/", "taken/print/"):
        other = at_phone.get(f"/en/desk/appeals/{appeal.number}/{page}")
        assert other["Location"] == f"/en/desk/appeals/{appeal.number}/"


def test_the_link_is_shown_for_a_shift(at_phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = at_phone.post(ADDRESS, said(at_phone, channel="visit"))["Location"]
    assert Appeal.objects.get().source == "visit"
    assert at_phone.get(address).status_code == 200
    monkeypatch.setattr(callers, "RECEIPT_AGE", dt.timedelta(0))
    assert at_phone.get(address).status_code == 302


@pytest.mark.parametrize("who", ["representative", "moderator", "planner", "stranger"])
def test_no_other_role_takes_appeals_down(city: GridCity, client: Client, who: str) -> None:
    appeal = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    if who != "stranger":
        service = city.services["light" if who == "representative" else "office"]
        person = MembershipFactory(service=service, post=who).user
        client.force_login(person)
        assert ADDRESS not in client.get("/en/desk/", follow=True).content.decode()
        with pytest.raises(NotAllowed):
            submit(
                Submission(
                    id=new_uuid7(), kind="report", category=city.categories["lamp"], text="Dark", point=at(IN_EAST),
                    language="en", source="phone",
                ),
                sender=None,
                by=Person(person),
            )  # fmt: skip
        with pytest.raises(NotAllowed):
            support_for(appeal, phone="+996555123456", email="", by=Person(person), sender="desk")
    for method in ("get", "post"):
        response = getattr(client, method)(ADDRESS)
        assert response.status_code == (302 if who == "stranger" else 403)
    assert Appeal.objects.count() == 1
    assert not Support.objects.exists()


WRONG = [
    ({"channel": "web"}, "channel"),
    ({"channel": "pigeon"}, "channel"),
    ({"text": " "}, "text"),
    ({"text": "a\x00b"}, "text"),
    ({"kind": "praise"}, "kind"),
    ({"category": "street"}, "category"),
    ({"phone": "call me"}, "phone"),
    ({"email": "nobody"}, "email"),
    ({"language": "xx"}, "language"),
    ({"coordinates": f"{OUTSIDE[1]}, {OUTSIDE[0]}"}, "point"),
    ({"coordinates": "", "address": "Nowhere Street"}, "point"),
    ({"id": "none", "text": ""}, "text"),
]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(at_phone: Client) -> None:
    for changes, where in WRONG:
        response = at_phone.post(ADDRESS, said(at_phone, name="Aigul the caller", **changes))
        assert (response.status_code, list(response.context["errors"])) == (400, [where]), changes
        assert "Aigul the caller" in response.content.decode()
    assert not Appeal.objects.exists()


def test_what_is_perhaps_the_same_is_shown_before_and_concerns_the_caller_once(
    at_phone: Client, city: GridCity, office_user: User
) -> None:
    there = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="The lamp is broken")
    form = said(at_phone)
    page = at_phone.post(ADDRESS, form)
    assert page.status_code == 200
    assert "The lamp is broken" in page.content.decode()
    assert f'name="concerns" value="{there.number}"' in page.content.decode()
    assert Appeal.objects.count() == 1
    for caller in ({"phone": "+996 555 123456"}, {"phone": "0555123456", "email": "x@mail.example"}):
        counted = at_phone.post(ADDRESS, {**form, **fields(page), "concerns": there.number, **caller})
        assert counted["Location"] == f"/en/desk/appeals/{there.number}/"
    assert "555123456" not in Support.objects.get().person
    nobody = at_phone.post(ADDRESS, {**form, "concerns": there.number, "phone": "", "email": ""})
    assert nobody.status_code == 400
    for unknown in ("x", 10**30, 0, "1\x00"):
        answer = at_phone.post(ADDRESS, {**form, "concerns": unknown})
        assert answer.status_code == 409
        assert form["text"] in answer.content.decode(), "nothing of what the person said is lost"
    # Another matter: seen, and sent.
    assert at_phone.post(ADDRESS, {**form, **fields(page)}).status_code == 302
    assert Appeal.objects.count() == 2
    Appeal.objects.filter(pk=there.pk).update(status="answered")
    assert at_phone.post(ADDRESS, {**form, "concerns": there.number}).status_code == 409
    assert Support.objects.count() == 1


def test_who_would_answer_is_told_without_scripts(at_phone: Client, city: GridCity) -> None:
    page = at_phone.post(ADDRESS, said(at_phone, ask="who", text=""))
    assert page.status_code == 200
    assert f"Answers: {city.services['light'].name}" in page.content.decode()
    assert at_phone.post(ADDRESS, said(at_phone, ask="who", category="")).status_code == 400
    assert not Appeal.objects.exists()


def test_a_session_that_ends_while_the_caller_speaks_loses_no_word(
    at_phone: Client, dispatcher: User, office_user: User
) -> None:
    form = said(at_phone, text="Words of the caller")
    at_phone.cookies.pop("sessionid")
    log_in = at_phone.post(ADDRESS, form)
    assert log_in["Location"] == f"/en/accounts/login/?next={ADDRESS}"
    at_phone.force_login(dispatcher)
    page = at_phone.get(ADDRESS)
    assert page.context["values"]["text"] == "Words of the caller"
    assert page.context["values"]["id"] != form["id"]
    assert at_phone.get(ADDRESS).context["values"]["text"] == ""
    # What another one on this machine was writing is not for who logs in next.
    at_phone.cookies.pop("sessionid")
    at_phone.post(ADDRESS, form)
    at_phone.force_login(office_user)
    assert at_phone.get(ADDRESS).context["values"]["text"] == ""


def received(page: HttpResponse) -> list[str]:
    """Identifiers of the photos that the form names."""
    return re.findall(r'name="uploads" value="([^"]+)"', page.content.decode())


def test_photos_are_those_of_the_appeal_and_are_chosen_once(
    at_phone: Client, city: GridCity, media_root: Path
) -> None:
    AppealFactory(category=city.categories["lamp"], point=at(IN_EAST), text="The lamp is broken")
    form = said(at_phone)
    refused = at_phone.post(ADDRESS, {**form, "text": "", "files": [picture(), io.BytesIO(b"no picture")]})
    assert (refused.status_code, set(refused.context["errors"])) == (400, {"text", "files"})
    (photo,) = received(refused)
    # The one who sent it sees it before any appeal has it.
    assert at_phone.get(Attachment.objects.get(pk=photo).thumb.url).status_code == 200
    assert Client().get(Attachment.objects.get(pk=photo).thumb.url).status_code == 404
    asked = at_phone.post(ADDRESS, {**form, "uploads": [photo], "files": [picture("second.jpg")]})
    assert "The lamp is broken" in asked.content.decode()
    both = received(asked)
    assert both[0] == photo
    assert len(both) == 2
    seen = {**form, **fields(asked), "uploads": both}
    assert at_phone.post(ADDRESS, seen).status_code == 302
    receipt = at_phone.post(ADDRESS, seen, follow=True)
    assert re.search(r"Photos and videos</dt><dd>2<", receipt.content.decode())
    taken = Appeal.objects.order_by("number").last()
    assert taken is not None
    assert {str(photo.pk) for photo in taken.attachments.all()} == set(both)
    assert Appeal.objects.count() == 2


def test_photos_of_a_session_that_has_ended_are_there_after_the_log_in(
    at_phone: Client, dispatcher: User, media_root: Path
) -> None:
    form = said(at_phone)
    at_phone.cookies.pop("sessionid")
    at_phone.post(ADDRESS, {**form, "files": [picture()]})
    stored = Attachment.objects.get()
    at_phone.force_login(dispatcher)
    assert received(at_phone.get(ADDRESS)) == [str(stored.pk)]
    # Of somebody who was never here, nothing is kept.
    Client().post(ADDRESS, {**form, "files": [picture("other.jpg")]})
    assert Attachment.objects.count() == 1


def test_who_supports_is_known_by_the_phone_and_else_by_the_address(
    city: GridCity, dispatcher: User, settings: LazySettings
) -> None:
    settings.LIMITS = {"support": Rate(4, 1, 86_400)}
    here: Appeal = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    there: Appeal = AppealFactory(category=city.categories["lamp"], point=at(IN_EAST))
    by = Person(dispatcher)

    def count(appeal: Appeal, phone: str = "", email: str = "") -> int:
        support_for(appeal, phone=phone, email=email, by=by, sender="desk")
        return Support.objects.filter(appeal=appeal).count()

    assert count(here, "+996555123456", "a@mail.example") == 1
    assert count(here, "+996555123456", "b@mail.example") == 1
    assert count(here, "", "a@mail.example") == 1
    assert count(here, "", "A@Mail.example") == 1
    assert count(there, "+996555123456") == 1
    # What is kept names nobody.
    kept = set(Support.objects.values_list("person", flat=True))
    assert not any("555123456" in person or "mail" in person for person in kept)
    with pytest.raises(Invalid) as refusal:
        support_for(here, phone="", email="", by=by, sender="desk")
    assert list(refusal.value.errors) == ["phone"]
    assert count(here, "+996555123457") == 2
    assert count(here, "+996555123458") == 3
    with pytest.raises(TooMany):
        support_for(here, phone="+996555123459", email="", by=by, sender="desk")
    Appeal.objects.filter(pk=there.pk).update(hidden=True)
    Appeal.objects.filter(pk=here.pk).update(status="closed")
    for appeal in (here, there):
        with pytest.raises(NotAllowed):
            support_for(appeal, phone="+996555123459", email="", by=by, sender="other desk")
    assert Support.objects.count() == 4


def test_too_much_from_one_person_is_told_and_kept(at_phone: Client, settings: LazySettings) -> None:
    settings.LIMITS = {"submit": Rate(1, 1, 86_400)}
    assert at_phone.post(ADDRESS, said(at_phone)).status_code == 302
    refused = at_phone.post(ADDRESS, said(at_phone, text="Another one", category="pothole"))
    assert refused.status_code == 429
    assert refused.context["values"]["text"] == "Another one"
