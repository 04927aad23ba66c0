"""Appeals that belong together, and one that names two matters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, AppealContact, Message
from appeals.notify.delivery import deliver_due
from appeals.vocabulary import Status
from appeals.workflow import (
    ACCEPT,
    ANSWER,
    ASK,
    FORWARD,
    HIDE,
    LINK,
    NOTE,
    REJOIN,
    REOPEN,
    SEPARATE,
    SPLIT,
    UNLINK,
    UNSPLIT,
)
from tests.grid import GridCity


class TestLink:
    def test_in_both_directions_and_taken_back(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        one, two = make(), make(status=Status.ANSWERED)
        done = perform(one.pk, LINK, service_actor, version=1, other=two.number)
        assert done.status == Status.NEW
        for here, there in ((one, two), (two, one)):
            for path in (f"appeals/{here.number}/", f"follow/{here.contact.secret}/"):
                page = client.get(f"/en/{path}").content.decode()
                assert "Belongs together with:" in page, path
                assert f'<a href="/en/appeals/{there.number}/">№ {there.number}</a>' in page, path
            here.refresh_from_db()
            last = here.events.last()
            assert (here.version, last.version, last.verb) == (2, 2, "link")
            assert (last.details, last.to_status) == ({"other": there.number}, here.status)
            assert last.actor == service_actor.user
        perform(two.pk, UNLINK, service_actor, version=2, other=one.number)
        for here, there in ((one, two), (two, one)):
            page = client.get(f"/en/appeals/{here.number}/").content.decode()
            assert "Belongs together with:" not in page
            assert f"Does not belong together with appeal № {there.number} any more" in page
        assert not Message.objects.filter(event__verb__in=["link", "unlink"]).exists()

    def test_what_is_being_written_is_not_stale_after_it(
        self, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        one, two = make(), make()
        perform(one.pk, LINK, service_actor, version=1, other=two.number)
        assert perform(two.pk, ANSWER, service_actor, version=1, text="Done").status == Status.ANSWERED

    def test_wrong_ones_are_said(
        self, make: Callable[..., Appeal], service_actor: Person, office_actor: Person
    ) -> None:
        one, two, hidden = make(), make(), make(hidden=True)
        perform(one.pk, LINK, service_actor, version=1, other=two.number)
        for wrong, words in (
            (one.number, "same appeal"),
            (two.number, "refer to each other already"),
            (hidden.number, "no public appeal"),
            (None, "Write the number"),
            (999_999, "no public appeal"),
        ):
            with pytest.raises(Invalid, match=words):
                perform(one.pk, LINK, service_actor, version=2, other=wrong)
        for wrong in (hidden.number, None):
            with pytest.raises(Invalid, match="Choose an appeal"):
                perform(one.pk, UNLINK, service_actor, version=2, other=wrong)
        with pytest.raises(Invalid, match="is not public"):
            perform(hidden.pk, LINK, office_actor, version=1, other=two.number)
        with pytest.raises(NotAllowed):
            perform(one.pk, LINK, Author(one.pk), version=2, other=two.number)
        assert not Appeal.objects.exclude(pk__in=[one.pk, two.pk]).filter(version__gt=1).exists()

    def test_only_a_link_that_is_there_is_taken_back(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        one, two = make(), make()
        with pytest.raises(NotAllowed):
            perform(one.pk, UNLINK, service_actor, version=1, other=two.number)
        client.force_login(service_actor.user)
        url = f"/en/desk/appeals/{one.number}/"
        assert 'value="unlink"' not in client.get(url).content.decode()
        page = client.post(url, {"verb": "link", "version": 1, "other": f"№ {two.number}"}, follow=True)
        assert f'<option value="{two.number}"' in page.content.decode()
        client.post(url, {"verb": "unlink", "version": 2, "other": two.number})
        assert not one.linked.exists()

    def test_what_is_hidden_meanwhile_is_not_shown(
        self, make: Callable[..., Appeal], service_actor: Person, office_actor: Person, client: Client
    ) -> None:
        one, two = make(), make()
        perform(one.pk, LINK, service_actor, version=1, other=two.number)
        perform(two.pk, HIDE, office_actor, version=2, text="Insults")
        assert "Belongs together with:" not in client.get(f"/en/appeals/{one.number}/").content.decode()


class TestSplit:
    def test_a_second_appeal_with_its_own_text_and_category_and_all_else_of_the_first(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        before = make(contact__phone="+996555999999", contact__name="Somebody else")
        first = make(contact__phone="+996555112233", contact__name="Бакыт", source="phone")
        perform(
            first.pk, SPLIT, service_actor, version=1, category=city.categories["pothole"], text="A hole too"
        )
        second = Appeal.objects.exclude(pk__in=[before.pk, first.pk]).get()
        assert (second.text, second.category.code, second.service.code) == ("A hole too", "pothole", "roads")
        assert second.point.equals_exact(first.point)
        same = ("kind", "language", "address", "source", "submitted_at", "due_on")
        assert [getattr(second, name) for name in same] == [getattr(first, name) for name in same]
        assert second.routing.service.code == "roads"
        known = ("name", "email", "phone", "email_proven")
        assert [getattr(second.contact, name) for name in known] == [
            getattr(first.contact, name) for name in known
        ]
        assert second.contact.secret != first.contact.secret
        assert [*first.linked.all()] == [second] and [*second.linked.all()] == [first]
        page = client.get(f"/en/appeals/{first.number}/").content.decode()
        assert f"The second matter is an appeal of its own, № {second.number} (light en)" in page
        assert f'<a href="/en/appeals/{second.number}/">' in page
        page = client.get(f"/en/appeals/{second.number}/").content.decode()
        assert f"Belongs together with appeal № {first.number}" in page
        assert [event.verb for event in second.events.all()] == ["submit", "link"]

    def test_the_author_hears_of_both_and_the_new_service_of_its_own(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first = make()
        perform(first.pk, SPLIT, service_actor, version=1, category=city.categories["pothole"], text="A hole")
        second = Appeal.objects.exclude(pk=first.pk).get()
        deliver_due()
        letters = {(letter.to[0], letter.subject): letter.body for letter in mail.outbox}
        author = first.contact.email
        assert (
            f"/follow/{second.contact.secret}/"
            in letters[author, f"Your appeal № {second.number} has been received"]
        )
        to_first = letters[author, f"A second matter of your appeal № {first.number} is considered by itself"]
        assert f"№ {second.number}" in to_first and second.contact.secret not in to_first
        assert Message.objects.get(event__appeal=second, audience="service").recipient == "roads@city.example"

    def test_the_term_is_that_of_the_first_with_all_that_was_done_to_it(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first = make(status=Status.ANSWERED)
        perform(first.pk, REOPEN, Author(first.pk), version=1, text="Again")
        asked, replied = dt.date(2026, 6, 8), dt.date(2026, 6, 10)
        Appeal.objects.update(pauses=[asked, replied], extended_days=3)
        first = perform(
            first.pk, SPLIT, service_actor, version=2, category=city.categories["lamp"], text="Another lamp"
        )
        second = Appeal.objects.exclude(pk=first.pk).get()
        term = ("due_on", "term_began", "extended_days", "pauses")
        assert [getattr(second, name) for name in term] == [getattr(first, name) for name in term]
        assert (second.extended_days, second.pauses) == (3, [asked, replied])

    def test_not_while_the_author_is_asked(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first = make()
        perform(first.pk, ASK, service_actor, version=1, text="Where?")
        with pytest.raises(NotAllowed):
            perform(first.pk, SPLIT, service_actor, version=2, category=city.categories["lamp"], text="x")

    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first = make()
        client.force_login(service_actor.user)
        url = f"/en/desk/appeals/{first.number}/"
        for sent, wrong in (
            ({"category": "", "text": "A hole"}, "category"),
            ({"category": "pothole", "text": " "}, "text"),
            ({"category": "street", "text": "A group"}, "category"),
        ):
            page = client.post(url, {"verb": "split", "version": 1, **sent})
            assert page.status_code == 400
            assert f'id="split-{wrong}_error"' in page.content.decode()
        assert Appeal.objects.count() == 1
        page = client.post(
            url, {"verb": "split", "version": 1, "category": "pothole", "text": "A hole"}, follow=True
        )
        assert f"A second appeal is made out of appeal № {first.number}." in page.content.decode()

    def test_the_second_of_a_hidden_one_is_hidden(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first = make(hidden=True)
        perform(first.pk, SPLIT, service_actor, version=1, category=city.categories["pothole"], text="A hole")
        assert not Appeal.objects.public().exists()

    def test_it_is_taken_back_while_nobody_has_touched_it(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first = make()
        perform(first.pk, SPLIT, service_actor, version=1, category=city.categories["lamp"], text="Another")
        second = Appeal.objects.exclude(pk=first.pk).get()
        client.force_login(service_actor.user)
        url = f"/en/desk/appeals/{second.number}/"
        assert "Take the split back" in client.get(url).content.decode()
        sent = {"verb": "rejoin", "version": second.version}
        page = client.post(url, sent, follow=True).content.decode()
        assert f"Appeal № {second.number} is considered with the first one again." in page
        second.refresh_from_db()
        assert (second.status, second.outcome, second.duplicate_of) == (Status.CLOSED, "joined", first)
        assert not first.linked.exists()
        assert [event.verb for event in first.events.order_by("version")] == ["submit", "split", "unlink"]
        step = second.events.get(verb="rejoin")
        assert (step.actor, step.details) == (
            service_actor.user,
            {"other": first.number, "original": first.number},
        )
        public = client.get(f"/en/appeals/{second.number}/").content.decode()
        assert f"The split is taken back: appeal № {first.number} has this matter too" in public
        assert "is considered with it again" in public and "repeats" not in public.casefold()
        # Whoever meant it after all has it back in one step, as new as it was.
        assert perform(second.pk, SEPARATE, service_actor, version=3).status == Status.NEW

    def test_whoever_split_it_takes_it_back_from_another_service(
        self,
        city: GridCity,
        make: Callable[..., Appeal],
        service_actor: Person,
        office_actor: Person,
        client: Client,
        mailoutbox: list[EmailMessage],
    ) -> None:
        first = make()
        perform(first.pk, SPLIT, service_actor, version=1, category=city.categories["pothole"], text="A hole")
        second = Appeal.objects.exclude(pk=first.pk).get()
        # What they note, and who gets it next, begins nothing.
        perform(second.pk, NOTE, office_actor, version=2, text="Whose?")
        perform(second.pk, FORWARD, office_actor, version=3, to_service=city.services["green"], text="Yours")
        client.force_login(service_actor.user)
        url = f"/en/desk/appeals/{first.number}/"
        assert f'<option value="{second.number}">№ {second.number}: ' in client.get(url).content.decode()
        other = make()
        refused = client.post(url, {"verb": "unsplit", "version": 2, "other": other.number})
        assert refused.status_code == 400
        deliver_due()
        mailoutbox.clear()
        sent = {"verb": "unsplit", "version": 2, "other": second.number}
        page = client.post(url, sent, follow=True).content.decode()
        assert f"The matter is considered in appeal № {first.number} again." in page
        assert f"the matter of appeal № {second.number} is considered here again" in page
        second.refresh_from_db()
        assert (second.status, second.outcome, second.duplicate_of) == (Status.CLOSED, "joined", first)
        assert not first.linked.exists()
        assert second.events.get(verb="rejoin").actor == service_actor.user
        deliver_due()
        told = {letter.to[0]: letter.subject for letter in mailoutbox}
        assert told == {
            first.contact.email: f"Your appeal № {second.number} is considered with the first one again",
            "green@city.example": mock.ANY,
        }
        with pytest.raises(NotAllowed):
            perform(first.pk, UNSPLIT, service_actor, version=None, other=second.number)

    def test_the_form_says_the_term_that_the_second_one_has(
        self, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        client.force_login(service_actor.user)
        today = timezone.localdate()
        for days, words in ((3, "Its answer is due by {} too"), (-3, "The term was over on {}")):
            due_on = today + dt.timedelta(days=days)
            page = client.get(f"/en/desk/appeals/{make(due_on=due_on).number}/").content.decode()
            assert words.format(date_format(due_on)) in page

    def test_what_somebody_has_begun_with_or_nobody_split_off_is_not_taken_back(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first, other = make(), make()
        perform(other.pk, LINK, service_actor, version=1, other=first.number)
        perform(first.pk, SPLIT, service_actor, version=2, category=city.categories["lamp"], text="Another")
        second = Appeal.objects.exclude(pk__in=[first.pk, other.pk]).get()
        perform(second.pk, ACCEPT, service_actor, version=2)
        # Another step than that leaves the first one alone.
        assert second.events.get(verb="accept").details == {}
        with pytest.raises(NotAllowed):
            perform(first.pk, UNSPLIT, service_actor, version=None, other=second.number)
        for appeal in (first, other, second):
            with pytest.raises(NotAllowed):
                perform(appeal.pk, REJOIN, service_actor, version=None)

    def test_where_the_first_one_has_ended_it_is_not_taken_back(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person, client: Client
    ) -> None:
        first = make()
        perform(first.pk, SPLIT, service_actor, version=1, category=city.categories["lamp"], text="Another")
        second = Appeal.objects.exclude(pk=first.pk).get()
        perform(first.pk, ANSWER, service_actor, version=2, text="Done")
        client.force_login(service_actor.user)
        assert "Take the split back" not in client.get(f"/en/desk/appeals/{second.number}/").content.decode()
        with pytest.raises(NotAllowed):
            perform(second.pk, REJOIN, service_actor, version=None)

    def test_of_one_without_contact_data(
        self, city: GridCity, make: Callable[..., Appeal], service_actor: Person
    ) -> None:
        first = make()
        AppealContact.objects.all().delete()
        perform(first.pk, SPLIT, service_actor, version=1, category=city.categories["pothole"], text="A hole")
        assert Appeal.objects.count() == 2 and not AppealContact.objects.exists()
