"""An author corrects the appeal a short time after sending it, and adds words and files while it is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.errors import Invalid, NotAllowed, Stale
from appeals.limits import ADDITIONS_MAX, CORRECTION_MINUTES, CORRECTIONS_MAX
from appeals.models import Alert, Appeal, Attachment, Message
from appeals.notify.delivery import deliver_due
from appeals.redactions import redactions_of
from appeals.taken_away import taken_away_since
from appeals.vocabulary import Status
from appeals.workflow import ACCEPT, ADD, AMEND, ANSWER, FORWARD, HIDE, NOTE, REDACT, RESTORE, SHOW
from bootstrap.rates import Rate
from districts.routing import Pin, route
from jobs.worker import Worker
from tests.desk.pages import picture
from tests.factories import AttachmentFactory
from tests.grid import IN_PARK, OUTSIDE, GridCity

FORMER = "Ring 0700 123456, the lamp is out"


def door(appeal: Appeal) -> str:
    return f"/en/follow/{appeal.contact.secret}/"


def form(appeal: Appeal, **fields: object) -> dict[str, object]:
    """The form as the page gives it, with what the author has changed in it."""
    stands = {"text": appeal.text, "address": appeal.address, "category": "", "point": ""}
    return {"verb": "amend", "version": appeal.version, **stands, **fields}


class TestCorrection:
    def test_other_words_stand_in_the_place_of_the_former_which_the_office_alone_sees(
        self, make: Callable[..., Appeal], client: Client, service_actor: Person, office_actor: Person
    ) -> None:
        appeal = make(text=FORMER, address="Navoi 5")
        seen = appeal.updated_at
        fresh = client.get(door(appeal)).content.decode()
        assert "Until" in fresh and fresh.index('<optgroup label="') < fresh.index('value="pothole"')
        sent = form(appeal, text=" The lamp\r\nis dark ", address="")
        page = client.post(door(appeal), sent, follow=True).content.decode()
        assert f"№ {appeal.number} is corrected" in page and "Now it goes to" not in page
        appeal.refresh_from_db()
        assert (appeal.text, appeal.address, appeal.version) == ("The lamp\nis dark", "", 2)
        assert taken_away_since(seen)
        # Sent again, by a second press or a lost answer, it is the same correction.
        assert client.post(door(appeal), sent, follow=True).status_code == 200
        assert appeal.events.filter(verb="amend").count() == 1
        public = client.get(f"/en/appeals/{appeal.number}/").content.decode()
        assert "Corrected by the author" in public
        for shown in (public, b"".join(client.get("/data/appeals.geojson")).decode(), page):
            assert "0700" not in shown and "Navoi" not in shown
        for actor, sees in ((service_actor, False), (office_actor, True)):
            client.force_login(actor.user)
            assert (FORMER in client.get(f"/en/desk/appeals/{appeal.number}/").content.decode()) is sees
        assert [one.by_author for one in redactions_of(appeal)] == [True, True]
        # What a moderation puts back is what the author has left, not what the author took away.
        perform(appeal.pk, REDACT, office_actor, version=2, pieces="dark", text="A reason")
        restored = perform(appeal.pk, RESTORE, office_actor, version=3)
        restored.refresh_from_db()
        assert restored.text == "The lamp\nis dark"

    def test_an_author_who_writes_gaps_has_the_office_wait_for_nothing(
        self, make: Callable[..., Appeal], client: Client
    ) -> None:
        """An expression that tries each of the gaps against each other is not done in a lifetime."""
        appeal = make(text="a" * 4_000)
        client.post(door(appeal), form(appeal, text="[…]a" * 900 + "b"))
        (change,) = redactions_of(appeal)
        assert change.pieces == (("a" * 4_000, True),)

    def test_another_place_and_category_are_routed_as_a_new_appeal_would_be(
        self, make: Callable[..., Appeal], city: GridCity, client: Client
    ) -> None:
        appeal = make()
        # The letter about the new appeal has not gone out yet.
        first = appeal.events.get()
        Message.objects.create(
            event=first, audience="service", recipient="light@city.example", language="en",
            next_attempt_at=timezone.now(),
        )  # fmt: skip
        waits = Alert.objects.create(
            email="waits@example.org", language="en", daily=False, query="district=west",
            district=city.districts["west"], confirmed_at=timezone.now(),
        )  # fmt: skip
        pothole = city.categories["pothole"]
        expected = route(Pin(*IN_PARK, pothole.pk), on=timezone.localdate())
        sent = form(appeal, category="pothole", point=f"{IN_PARK[1]}, {IN_PARK[0]}")
        page = client.post(door(appeal), sent, follow=True).content.decode()
        assert "Now it goes to: roads en" in page
        appeal = Appeal.objects.get()
        assert (appeal.point.x, appeal.point.y, appeal.category) == (*IN_PARK, pothole)
        assert (appeal.service_id, appeal.district_id) == (expected.service_id, expected.district_id)
        assert appeal.routing.service_id == expected.service_id
        assert "Now it goes to: roads en" in client.get(f"/en/appeals/{appeal.number}/").content.decode()
        assert "72.76" not in client.get(f"/api/appeals/{appeal.pk}/").content.decode(), "the former place"
        while Worker(queue="default").run_next():
            pass
        assert Message.objects.filter(alert=waits, occasion=str(appeal.pk)).delete()[0], "it is new there"
        deliver_due()
        states = dict(Message.objects.values_list("recipient", "state"))
        assert states == {"light@city.example": "unwanted", "roads@city.example": "sent"}

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"text": " \u200b\u2060 "}, "Tell in a few words what it is about."),
            ({"text": "x" * 5000}, "At most 4000 characters"),
            ({"address": "x" * 400}, "At most 300 characters"),
            ({"point": f"{OUTSIDE[1]}, {OUTSIDE[0]}"}, "outside"),
            ({"point": "nowhere at all"}, "latitude"),
            ({}, "Nothing has been changed yet."),
            ({"text": "a.com b.com/x https://c.example"}, "in these words: its text holds several links."),
        ],
    )
    def test_what_a_new_appeal_may_not_say_a_correction_may_not(
        self, make: Callable[..., Appeal], client: Client, wrong: dict[str, str], words: str
    ) -> None:
        appeal = make()
        answer = client.post(door(appeal), form(appeal, **wrong))
        assert (answer.status_code, words in unescape(answer.content.decode())) == (400, True)
        assert Appeal.objects.get().version == 1

    def test_words_for_which_a_new_appeal_would_wait_are_refused_where_they_would_be_public_at_once(
        self, make: Callable[..., Appeal], client: Client, settings: Settings
    ) -> None:
        settings.LIMITS = {"same-text-place": Rate(3, 1, 86_400)}
        appeals = [make(text=f"Lamp {n}") for n in range(4)]
        same = "Everything must be cheaper in this city of ours"
        sent = [client.post(door(one), form(one, text=same)) for one in appeals]
        assert [answer.status_code for answer in sent] == [302, 302, 302, 400]
        last = sent[-1].content.decode()
        assert "many appeals have come in the same words" in last and f"{same}</textarea>" in last
        # What is held already waits to be looked at.
        Appeal.objects.filter(pk=appeals[3].pk).update(hidden=True, held="waits")
        assert client.post(door(appeals[3]), form(appeals[3], text=same)).status_code == 302
        # Nor are links added to what is public.
        added = {"verb": "add", "version": 2}
        for one in appeals[:3]:
            assert client.post(door(one), added | {"text": "Yes"}).status_code == 302
        more = appeals[0]
        assert client.post(door(more), added | {"version": 3, "text": "a.com b.com c.com"}).status_code == 400
        assert more.events.filter(verb="add").count() == 1

    def test_who_let_everyone_read_it_has_not_begun_with_it(
        self, make: Callable[..., Appeal], office_actor: Person
    ) -> None:
        appeal = make()
        perform(appeal.pk, HIDE, office_actor, version=1, text="A reason")
        perform(appeal.pk, SHOW, office_actor, version=2)
        perform(appeal.pk, AMEND, Author(appeal.pk), version=3, text="In other words")
        assert Appeal.objects.get(pk=appeal.pk).text == "In other words"

    def test_not_when_it_is_too_late(
        self, make: Callable[..., Appeal], client: Client, service_actor: Person, office_actor: Person
    ) -> None:
        long_ago = timezone.now() - dt.timedelta(minutes=CORRECTION_MINUTES, seconds=1)
        noted, forwarded, hidden, supported, often = (make() for _n in range(5))
        perform(noted.pk, NOTE, service_actor, version=1, text="Seen")
        roads = noted.category.service.__class__.objects.get(code="roads")
        perform(forwarded.pk, FORWARD, service_actor, version=1, to_service=roads, text="Theirs")
        perform(hidden.pk, HIDE, office_actor, version=1, text="A reason")
        Appeal.objects.filter(pk=supported.pk).update(supporters=1)
        for n in range(CORRECTIONS_MAX):
            perform(often.pk, AMEND, Author(often.pk), version=n + 1, text=f"Words {n}")
        reasons = {
            make(submitted_at=long_ago): "within 30 minutes",
            noted: "consideration has begun",
            forwarded: "consideration has begun",
            hidden: "has hidden it",
            supported: "Others have said",
            often: "corrected 5 times",
        }
        for appeal, reason in reasons.items():
            page = client.get(door(appeal)).content.decode()
            assert 'value="amend"' not in page and reason in page
            assert "You can still add photos or words" in page
            before = Appeal.objects.get(pk=appeal.pk)
            with pytest.raises(NotAllowed, match=reason):
                perform(appeal.pk, AMEND, Author(appeal.pk), version=before.version, text="Too late")
            assert Appeal.objects.get(pk=appeal.pk).text == before.text

    def test_who_was_faster_is_said_and_nothing_typed_is_lost(
        self, make: Callable[..., Appeal], client: Client, service_actor: Person
    ) -> None:
        appeal = make()
        perform(appeal.pk, ACCEPT, service_actor, version=1)
        late = {"text": "My new words", "category": "pothole", "address": "Navoi 25", "point": "40.52, 72.77"}
        answer = client.post(door(appeal), form(appeal, **late))
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Taken in progress: light en" in page and all(words in page for words in late.values())
        kept = "My new words\nWhat is it about? pothole en\nAddress or landmark: Navoi 25\nWhere is it? 40.52, 72.77"
        assert f"{kept}</textarea>" in page
        assert "they stand in the open form" in page, "what comes too late to correct it may be added"
        # What was taken away, or stands as it was, is nothing to add.
        answer = client.post(
            door(appeal), {"verb": "amend", "version": 1, "address": "", "point": "40.52, 72.77"}
        )
        assert ">\nWhere is it? 40.52, 72.77</textarea>" in answer.content.decode()
        # Nor does one tab write over what another has corrected, nor a service answer what it has not read.
        appeal = make()
        perform(appeal.pk, AMEND, Author(appeal.pk), version=1, text="The first tab")
        answer = client.post(door(appeal), form(appeal, text="The second tab"))
        assert answer.status_code == 409 and "The second tab</textarea>" in answer.content.decode()
        with pytest.raises(Stale):
            perform(appeal.pk, ANSWER, service_actor, version=1, text="Done")
        assert Appeal.objects.get(pk=appeal.pk).text == "The first tab"


class TestAddition:
    def test_photos_and_words_each_once(
        self, make: Callable[..., Appeal], client: Client, stored_in: Path
    ) -> None:
        appeal = make(status=Status.PLANNED)
        photo = picture()
        sent = {"verb": "add", "version": 1, "text": "From the other side", "files": [photo]}
        assert "is added to appeal" in client.post(door(appeal), sent, follow=True).content.decode()
        photo.seek(0)
        client.post(door(appeal), sent | {"files": [photo]})
        event = appeal.events.get(verb="add")
        added = appeal.attachments.get()
        assert (added.event, added.state) == (event, "ready")
        page = client.get(f"/en/appeals/{appeal.number}/").content.decode()
        assert "Added by the author" in page and "From the other side" in page
        assert added.thumb.url in page
        assert Message.objects.get(event=event).audience == "service"
        # What is wrong with a film is told to its author alone.
        film = AttachmentFactory(
            appeal=appeal, event=event, kind="video", state="failed", error="video_too_long:120", large=""
        )
        assert film.error_text in unescape(client.get(door(appeal)).content.decode())
        assert film.error_text not in unescape(client.get(f"/en/appeals/{appeal.number}/").content.decode())

    def test_photos_of_an_author_who_works_here_too(
        self, make: Callable[..., Appeal], client: Client, service_actor: Person, stored_in: Path
    ) -> None:
        appeal = make()
        client.force_login(service_actor.user)
        client.post(door(appeal), {"verb": "add", "version": 1, "text": "", "files": [picture()]})
        assert appeal.attachments.get().event == appeal.events.get(verb="add")

    def test_with_those_that_it_has_there_are_not_too_many(
        self, make: Callable[..., Appeal], client: Client
    ) -> None:
        appeal = make()
        AttachmentFactory.create_batch(9, appeal=appeal)
        AttachmentFactory(appeal=appeal, state=Attachment.State.FAILED, error="unreadable")
        more = AttachmentFactory.create_batch(2, appeal=None, holder="me")
        author = Author(appeal.pk, holders=frozenset({"me"}))
        with pytest.raises(Invalid, match="At most 10 photos"):
            perform(appeal.pk, ADD, author, version=1, uploads=[one.pk for one in more])
        perform(appeal.pk, ADD, author, version=1, uploads=[more[0].pk])
        with pytest.raises(Invalid, match="At most 10 photos"):
            perform(appeal.pk, ADD, author, version=2, uploads=[more[1].pk])
        with pytest.raises(Invalid, match="has these photos"):
            perform(appeal.pk, ADD, author, version=2, uploads=[more[0].pk])

    def test_not_without_anything_nor_without_end_nor_when_it_is_over(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        appeal = make()
        author = Author(appeal.pk)
        with pytest.raises(Invalid, match="Write a few words"):
            perform(appeal.pk, ADD, author, version=1)
        for n in range(ADDITIONS_MAX):
            perform(appeal.pk, ADD, author, version=n + 1, text=f"And {n}")
        with pytest.raises(NotAllowed, match="added to 20 times"):
            perform(appeal.pk, ADD, author, version=None, text="More")
        # What was added does not stop who answers, nor is it taken afterwards.
        perform(appeal.pk, ANSWER, service_actor, version=1, text="Done")
        with pytest.raises(NotAllowed, match="Its status is"):
            perform(appeal.pk, ADD, author, version=None, text="More")
