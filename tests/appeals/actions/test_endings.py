"""Ends without an answer: refused by law, a repetition of another appeal, withdrawn by the author."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Author, Person
from appeals.deadlines import city_calendar
from appeals.due import DueState, due_of
from appeals.errors import Invalid, NotAllowed
from appeals.models import Appeal, Message, RefusalGround
from appeals.notify.letters import letter
from appeals.timeline import title_of
from appeals.vocabulary import Outcome, Status
from appeals.workflow import ANSWER, ASK, DUPLICATE, PLAN, REFUSE, REOPEN, WITHDRAW


@pytest.fixture
def ground(db: None) -> RefusalGround:
    return RefusalGround.objects.create(
        code="insult",
        name_en="Insulting words",
        name_ru="Оскорбления",
        name_ky="Кордоо",
        law_en="Law No. 67",
    )


class TestRefusal:
    def test_with_a_ground_and_an_explanation(
        self, make: Callable[[], Appeal], ground: RefusalGround, service_actor: Person, client: Client
    ) -> None:
        appeal = make()
        refused = perform(appeal.pk, REFUSE, service_actor, version=1, ground=ground, text="Line 2")
        assert (refused.status, refused.outcome, refused.answered_at) == (
            Status.CLOSED,
            Outcome.REFUSED,
            None,
        )
        assert due_of(refused, city_calendar(), timezone.localdate()).state is DueState.ENDED
        # What the law says later does not change what was said.
        RefusalGround.objects.update(name_en="Something else", active=False)
        event = appeal.events.select_related("service").get(verb="refuse")
        words = {"en": "Insulting words", "ru": "Оскорбления", "ky": "Кордоо"}
        for language, word in words.items():
            with translation.override(language):
                assert word in title_of(event)
                page = client.get(f"/{language}/appeals/{appeal.number}/").content.decode()
                assert word in page and "Line 2" in page
                assert str(Outcome.REFUSED.label) in page
        message = Message.objects.get(event=event)
        assert "Insulting words" in letter([message]).body

    def test_not_without_a_ground_in_force(
        self, make: Callable[[], Appeal], ground: RefusalGround, service_actor: Person, client: Client
    ) -> None:
        appeal = make()
        for wrong in (None, "insult"):
            with pytest.raises(Invalid) as refusal:
                perform(appeal.pk, REFUSE, service_actor, version=1, ground=wrong, text="x")
            assert list(refusal.value.errors) == ["ground"]
        RefusalGround.objects.update(active=False)
        ground.refresh_from_db()
        with pytest.raises(Invalid):
            perform(appeal.pk, REFUSE, service_actor, version=1, ground=ground, text="x")
        client.force_login(service_actor.user)
        sent = {"verb": "refuse", "version": 1, "ground": "insult", "text": "So"}
        page = client.post(f"/en/desk/appeals/{appeal.number}/", sent)
        assert page.status_code == 400
        assert "So</textarea>" in page.content.decode()

    def test_the_desk_s_form(
        self, make: Callable[[], Appeal], ground: RefusalGround, service_actor: Person, client: Client
    ) -> None:
        appeal = make()
        client.force_login(service_actor.user)
        sent = {"verb": "refuse", "version": 1, "ground": "insult", "text": "So"}
        page = client.post(f"/en/desk/appeals/{appeal.number}/", sent, follow=True).content.decode()
        assert f"Appeal № {appeal.number} is refused." in page

    def test_reopened_it_has_no_outcome(
        self, make: Callable[[], Appeal], ground: RefusalGround, service_actor: Person
    ) -> None:
        appeal = make()
        perform(appeal.pk, REFUSE, service_actor, version=1, ground=ground, text="So")
        assert perform(appeal.pk, REOPEN, Author(appeal.pk), version=2, text="Read again").outcome == ""


class TestRepetition:
    def test_the_link_is_public_and_in_the_api(
        self, make: Callable[[], Appeal], service_actor: Person, client: Client
    ) -> None:
        first, again = make(), make()
        done = perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        assert (done.status, done.outcome, done.duplicate_of) == (Status.CLOSED, Outcome.DUPLICATE, first)
        link = f'<a href="/en/appeals/{first.number}/">'
        for path in (f"appeals/{again.number}/", f"follow/{again.contact.secret}/"):
            assert link in client.get(f"/en/{path}").content.decode(), path
        Appeal.objects.filter(pk=first.pk).update(hidden=True)
        assert link not in client.get(f"/en/appeals/{again.number}/").content.decode()
        own = client.get(f"/api/appeals/{again.pk}/").json()["properties"]
        assert (own["outcome"], own["duplicate_of"]) == ("duplicate", first.number)

    @pytest.mark.parametrize("verb", [ANSWER, PLAN], ids=str)
    def test_its_author_hears_what_becomes_of_the_first(
        self, make: Callable[[], Appeal], service_actor: Person, verb: object
    ) -> None:
        first, again, third = make(), make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(third.pk, DUPLICATE, service_actor, version=1, original=first.number)
        day = {"planned_on": timezone.localdate()} if verb is PLAN else {}
        perform(first.pk, verb, service_actor, version=1, text="The lamp burns", **day)  # type: ignore[arg-type]
        heard = Message.objects.filter(event__appeal=first, event__verb=str(verb))
        assert set(heard.values_list("recipient", "audience")) == {
            (first.contact.email, "author"),
            (again.contact.email, "follower"),
            (third.contact.email, "follower"),
        }
        told = letter([heard.get(recipient=again.contact.email)])
        assert told.subject == f"News of appeal № {first.number}, which yours repeats"
        assert "The lamp burns" in told.body
        assert f"/en/appeals/{first.number}/" in told.body
        assert first.contact.secret not in told.body, "another author's key"

    def test_not_what_is_between_the_service_and_the_author(
        self, make: Callable[[], Appeal], service_actor: Person
    ) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(first.pk, ASK, service_actor, version=1, text="Where?")
        assert not Message.objects.filter(audience="follower").exists()

    def test_nor_anything_of_a_hidden_one(self, make: Callable[[], Appeal], service_actor: Person) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        Appeal.objects.filter(pk=first.pk).update(hidden=True)
        perform(first.pk, ANSWER, service_actor, version=1, text="Done")
        assert not Message.objects.filter(audience="follower").exists()

    def test_the_first_becomes_a_repetition_itself_and_all_go_along(
        self, make: Callable[[], Appeal], service_actor: Person
    ) -> None:
        first, again, best = make(), make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(first.pk, DUPLICATE, service_actor, version=1, original=best.number)
        perform(best.pk, ANSWER, service_actor, version=1, text="Done")
        heard = Message.objects.filter(event__appeal=best, audience="follower")
        assert set(heard.values_list("recipient", flat=True)) == {first.contact.email, again.contact.email}

    def test_never_in_a_circle(self, make: Callable[[], Appeal], service_actor: Person) -> None:
        first, again = make(), make()
        with pytest.raises(Invalid, match="This is the same appeal"):
            perform(first.pk, DUPLICATE, service_actor, version=1, original=first.number)
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        with pytest.raises(Invalid, match=f"itself repeats № {first.number}"):
            perform(first.pk, DUPLICATE, service_actor, version=1, original=again.number)

    @pytest.mark.parametrize("number", ["", "twelve", "999999", "9" * 30])
    def test_a_number_that_is_none_is_said_at_its_field(
        self, make: Callable[[], Appeal], service_actor: Person, client: Client, number: str
    ) -> None:
        appeal = make()
        client.force_login(service_actor.user)
        sent = {"verb": "duplicate", "version": 1, "original": number}
        page = client.post(f"/en/desk/appeals/{appeal.number}/", sent)
        assert page.status_code == 400
        assert 'id="duplicate-original_error"' in page.content.decode()

    def test_a_hidden_one_is_not_named(self, make: Callable[[], Appeal], service_actor: Person) -> None:
        hidden, appeal = make(), make()
        Appeal.objects.filter(pk=hidden.pk).update(hidden=True)
        with pytest.raises(Invalid, match="no public appeal"):
            perform(appeal.pk, DUPLICATE, service_actor, version=1, original=hidden.number)

    def test_reopened_it_repeats_nothing(self, make: Callable[[], Appeal], service_actor: Person) -> None:
        first, again = make(), make()
        perform(again.pk, DUPLICATE, service_actor, version=1, original=first.number)
        reopened = perform(again.pk, REOPEN, Author(again.pk), version=2, text="Another lamp")
        assert (reopened.outcome, reopened.duplicate_of) == ("", None)


class TestWithdrawal:
    @pytest.mark.parametrize("text", ["", "Repaired by neighbours"])
    def test_by_the_author_with_or_without_words(
        self, make: Callable[[], Appeal], client: Client, text: str
    ) -> None:
        appeal = make()
        sent = {"verb": "withdraw", "version": 1, "text": text}
        page = client.post(f"/en/follow/{appeal.contact.secret}/", sent, follow=True).content.decode()
        assert f"Appeal № {appeal.number} is withdrawn." in page
        assert "Withdrawn by the author" in client.get(f"/en/appeals/{appeal.number}/").content.decode()
        appeal.refresh_from_db()
        assert (appeal.status, appeal.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
        assert Message.objects.get(event__verb="withdraw").audience == "service"

    def test_by_nobody_else(
        self, make: Callable[[], Appeal], service_actor: Person, office_user: User
    ) -> None:
        appeal = make()
        for actor in (service_actor, Person(office_user)):
            with pytest.raises(NotAllowed):
                perform(appeal.pk, WITHDRAW, actor, version=1)
