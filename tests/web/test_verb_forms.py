"""The forms of the verbs as pages get them: what each asks for, what becomes of one that is sent, where words are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Actor, Author, Person
from appeals.deadlines import LegalClock
from appeals.limits import DRAFT_MAX, PHOTOS_MAX
from appeals.models import Appeal, Attachment, RefusalGround
from appeals.vocabulary import Input, Status
from appeals.workflow import ACCEPT, ANSWER, FORWARD, NOTE, REOPEN, SUPPLEMENT, VERBS
from bootstrap.rates import Rate
from tests.desk.pages import picture
from tests.factories import (
    AppealFactory,
    AttachmentFactory,
    CommentFactory,
    MembershipFactory,
    PlaceFactory,
    UserFactory,
)
from tests.grid import IN_EAST, GridCity, at
from web.uploads import browser_of
from web.verb_forms import Attempt, Kept, VerbForm, attempt, verb_context


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    made: Appeal = AppealFactory(category=city.categories["lamp"])
    return made


def sent(
    appeal: Appeal, by: Actor, role: Role = Role.SERVICE, *, version: object = None, **fields: Any
) -> Attempt:
    """What becomes of the form; its version is the appeal's unless another one is given."""
    form = {"version": appeal.version if version is None else version, **fields}
    request = RequestFactory().post("/", form)
    request.COOKIES["uploads"] = "this browser"
    browser = browser_of(request)
    if isinstance(by, Person):
        by = replace(by, browser=browser)
    elif isinstance(by, Author):
        by = replace(by, holders=frozenset({browser}))
    return attempt(request, appeal, role, by)


def forms_of(
    appeal: Appeal, tried: Attempt, role: Role = Role.SERVICE, **drafts: Kept
) -> dict[str, VerbForm]:
    """The forms of the page that comes after it, by the code of their verb."""
    context = verb_context(Appeal.objects.get(pk=appeal.pk), role, tried, LegalClock.read(), drafts)
    return {form.code: form for form in context["forms"]}


class TestFields:
    def test_each_input_is_asked_for_by_its_name_and_takes_what_people_choose(
        self, city: GridCity, appeal: Appeal, light_user: User
    ) -> None:
        shown, hidden = AttachmentFactory(appeal=appeal), AttachmentFactory(appeal=appeal, hidden=True)
        film = AttachmentFactory(appeal=appeal, kind=Attachment.Kind.VIDEO, large="", thumb="")
        covered = AttachmentFactory(appeal=appeal)
        Attachment.objects.filter(pk=covered.pk).update(
            covered=[[0, 0, 1, 1]], whole_large="photos/w.jpg", whole_thumb="thumbs/w.jpg"
        )
        linked = AppealFactory(category=appeal.category)
        appeal.linked.add(linked)
        ground = RefusalGround.objects.create(code="insult", name="insult", law="law")
        RefusalGround.objects.create(code="old", name="old", law="law", active=False)
        city.services["green"].active = False
        city.services["green"].save()
        PlaceFactory(name_en="Sulaiman", point=at(IN_EAST))
        said, unsaid = CommentFactory(appeal=appeal), CommentFactory(appeal=appeal, hidden=True)
        roads, lamp = city.services["roads"], city.categories["lamp"]
        taken: dict[Input, list[tuple[object, object]]] = {
            Input.TEXT: [(" as typed\n ", " as typed\n ")],
            Input.OWN_TEXT: [(" as typed\n ", " as typed\n "), ("", "")],
            Input.ADDRESS: [("Navoi 5", "Navoi 5"), ("", "")],
            Input.WORDS: [("one\ntwo", "one\ntwo")],
            Input.AREAS: [("1 2 3 4", "1 2 3 4")],
            Input.SERVICE: [("roads", roads), ("green", None), ("nobody", None)],
            Input.GROUND: [("insult", ground), ("old", None)],
            Input.COLLEAGUE: [(light_user.pk, light_user), ("", None), (UserFactory().pk, None)],
            Input.FILES: [([str(shown.pk)], [shown.pk])],
            Input.SHOWN_FILE: [(str(shown.pk), shown.pk), ("x", None)],
            Input.HIDDEN_FILE: [(str(hidden.pk), hidden.pk)],
            Input.PHOTO: [(str(shown.pk), shown.pk)],
            Input.COVERED_PHOTO: [(str(covered.pk), covered.pk)],
            Input.SHOWN_COMMENT: [(str(said.pk), said.pk), ("x", None)],
            Input.HIDDEN_COMMENT: [(str(unsaid.pk), unsaid.pk)],
            Input.CATEGORY: [("lamp", lamp), ("street", None), ("", None)],
            Input.SECOND_CATEGORY: [("lamp", lamp), ("street", None)],
            Input.PLACE: [
                ("40.52, 72.76", ("72.76", "40.52")),
                ("here", ("here",)),
                (" ", None),
                ("Sulaiman", ("72.760000", "40.520000")),
            ],
            Input.APPEAL: [(f"№ {linked.number}", linked.number), ("none", None)],
            Input.RELATED: [(f"№ {linked.number}", linked.number)],
            Input.LINKED: [(str(linked.number), linked.number), ("1", None)],
            Input.PART: [("1", None)],
            Input.KIND: [("report", "report"), ("wish", None)],
            Input.LEGAL_KIND: [("request", "request"), ("report", None)],
            Input.IDENTITY: [("Osmonova Aigul", "Osmonova Aigul")],
            Input.VERDICT: [("yes", "yes"), ("perhaps", None)],
            Input.DAY: [("2026-05-31", dt.date(2026, 5, 31)), ("31.05.2026", None)],
        }
        #: Keys of the appeal's files that the form has to choose from.
        offered = {
            Input.SHOWN_FILE: {shown.pk, film.pk, covered.pk},
            Input.HIDDEN_FILE: {hidden.pk},
            Input.PHOTO: {shown.pk, hidden.pk, covered.pk},
            Input.COVERED_PHOTO: {covered.pk},
        }
        asked = {ask.input: (verb, ask) for verb in VERBS.values() for ask in verb.asks}
        assert set(asked) == set(taken) == set(Input)
        for kind, (verb, ask) in asked.items():
            for value, expected in taken[kind]:
                form = VerbForm(
                    verb, Role.OFFICE, appeal, {ask.name: value, "version": "1", "verb": verb.code}
                )
                form.is_valid()
                assert form.cleaned_data.get(ask.name) == expected, (kind, value)
            field = VerbForm(verb, Role.OFFICE, appeal).fields["files" if kind is Input.FILES else ask.name]
            assert field.label == str(ask.label), kind
            if kind in {Input.SHOWN_COMMENT, Input.HIDDEN_COMMENT}:
                (choice,) = field.choices
                assert field.initial == choice[0] == str((said if kind is Input.SHOWN_COMMENT else unsaid).pk)
            if kind in offered:
                assert {UUID(key) for key, _label in field.choices} == offered[kind], kind
                assert field.initial == (str(hidden.pk) if kind is Input.HIDDEN_FILE else
                                         str(covered.pk) if kind is Input.COVERED_PHOTO else None)  # fmt: skip

    def test_a_picture_is_chosen_by_sight_and_a_film_by_its_number(self, appeal: Appeal) -> None:
        photo = AttachmentFactory(appeal=appeal)
        film = AttachmentFactory(appeal=appeal, kind=Attachment.Kind.VIDEO, large="", thumb="")
        (verb, name) = next(
            (verb, ask.name) for verb in VERBS.values() for ask in verb.asks if ask.input is Input.SHOWN_FILE
        )
        labels = {UUID(key): label for key, label in VerbForm(verb, Role.OFFICE, appeal).fields[name].choices}
        numbers = {row.pk: n for n, row in enumerate(Attachment.objects.filter(appeal=appeal), 1)}
        assert photo.thumb.url in labels[photo.pk]
        assert f"Photo {numbers[photo.pk]}" in labels[photo.pk]
        assert labels[film.pk] == f"<span>Video {numbers[film.pk]}</span>"

    def test_which_forms_stand_open_and_whose_words_head_them(self, appeal: Appeal) -> None:
        assert VerbForm(ACCEPT, Role.SERVICE, appeal).stands_open
        assert not VerbForm(NOTE, Role.SERVICE, appeal).stands_open
        assert VerbForm(NOTE, Role.SERVICE, appeal, {}).stands_open
        assert VerbForm(NOTE, Role.SERVICE, appeal, kept=Kept("words")).stands_open
        assert (VerbForm(ACCEPT, Role.SERVICE, appeal).asks, VerbForm(NOTE, Role.SERVICE, appeal).asks) == (
            False,
            True,
        )
        assert REOPEN.author_words is not None
        assert VerbForm(REOPEN, Role.RESIDENT, appeal).words is REOPEN.author_words
        assert VerbForm(REOPEN, Role.OFFICE, appeal).words is REOPEN.words


class TestAttempt:
    def test_done_is_said_with_number_and_service(
        self, city: GridCity, appeal: Appeal, light_user: User
    ) -> None:
        tried = sent(appeal, Person(light_user), verb="forward", to_service="roads", text="Not ours")
        assert (tried.done, tried.status) == (f"Appeal № {appeal.number} is forwarded: roads en.", 200)
        assert tried.shown_in(HttpResponse()).status_code == 200

    def test_what_is_no_verb_of_the_table_is_no_form_of_ours(self, appeal: Appeal, light_user: User) -> None:
        for verb in ("", "paint", "submit"):
            tried = sent(appeal, Person(light_user), verb=verb)
            assert (tried.status, tried.form, tried.done) == (400, None, ""), verb
            assert "not one of ours" in tried.message

    def test_a_refusal_stands_at_its_field_and_nothing_is_done(
        self, city: GridCity, appeal: Appeal, light_user: User
    ) -> None:
        forward = {"verb": "forward", "to_service": "roads", "text": "Not ours"}
        for changes, name in (
            ({"to_service": "nobody"}, "to_service"),
            ({"to_service": "light"}, "to_service"),
            ({"text": " "}, "text"),
            ({"version": "x"}, "version"),
        ):
            tried = sent(appeal, Person(light_user), **forward | changes)
            assert tried.form is not None
            assert (tried.status, list(tried.form.errors)) == (400, [name]), changes
            assert tried.form.all_errors.endswith("."), changes
            assert tried.form.text == (forward | changes)["text"]
        # What is refused of a file is said where files are chosen, and what belongs to no field above the form.
        form = VerbForm(ANSWER, Role.SERVICE, appeal, {"verb": "answer", "version": "1"})
        form.is_valid()
        form.refuse({"uploads": ["Not there."], "file": ["Broken."], "elsewhere": ["Odd."]})
        assert form.errors == {"files": ["Not there.", "Broken."], "__all__": ["Odd."]}
        appeal.refresh_from_db()
        assert appeal.version == 1

    def test_who_was_slower_is_shown_what_happened_meanwhile_as_far_as_it_is_theirs(
        self, city: GridCity, appeal: Appeal, light_user: User
    ) -> None:
        perform(appeal.pk, NOTE, Person(light_user), version=None, text="whisper")
        perform(appeal.pk, ANSWER, Person(light_user), version=None, text="We were faster")
        steps = {}
        for by, role in ((Person(light_user), Role.SERVICE), (Author(appeal.pk), Role.RESIDENT)):
            fields = {"verb": "answer" if role is Role.SERVICE else "reopen", "text": "Mine"}
            tried = sent(appeal, by, role, version=1, **fields)
            assert (tried.status, tried.done) == (409, ""), role
            assert tried.message
            steps[role] = [step.event.text for step in tried.since]
        assert steps == {Role.SERVICE: ["whisper", "We were faster"], Role.RESIDENT: ["We were faster"]}

    def test_what_the_table_forbids_is_said(self, appeal: Appeal, light_user: User) -> None:
        tried = sent(appeal, Person(light_user), verb="hide", text="A curse word")
        assert (tried.status, tried.done, tried.since) == (409, "", ())
        assert tried.message

    def test_files_are_kept_whatever_else_is_wrong_until_there_are_too_many(
        self, appeal: Appeal, light_user: User, stored_in: Path, settings: Settings
    ) -> None:
        settings.LIMITS = {"upload": Rate(2, 1, 86_400)}
        tried = sent(appeal, Person(light_user), verb="answer", text="", files=[picture()])
        assert tried.status == 400
        assert tried.form is not None
        (first,) = tried.form.received
        more = {"verb": "answer", "text": "Done", "uploads": [str(first.pk)], "files": [picture(), picture()]}
        tried = sent(appeal, Person(light_user), **more)
        assert tried.form is not None
        assert len(tried.form.received) == 2
        assert first in tried.form.received
        answer = tried.shown_in(HttpResponse())
        assert answer.status_code == 429
        assert 86_000 < int(answer["Retry-After"]) <= 86_400
        uploads = [str(file.pk) for file in tried.form.received]
        assert sent(appeal, Person(light_user), verb="answer", text="Done", uploads=uploads).done
        assert set(Attachment.objects.values_list("event__verb", flat=True)) == {"answer"}

    def test_each_that_is_too_many_beside_those_of_the_appeal_is_named(
        self, appeal: Appeal, stored_in: Path
    ) -> None:
        AttachmentFactory.create_batch(PHOTOS_MAX - 1, appeal=appeal)
        files = [picture(f"{n}.jpg") for n in range(3)]
        tried = sent(appeal, Author(appeal.pk), Role.RESIDENT, verb="add", files=files)
        assert tried.form is not None
        said = tried.form.all_errors
        assert [name in said for name in ("0.jpg", "1.jpg", "2.jpg")] == [False, True, True]
        assert "photos – 1" in tried.form.fields["files"].help_text
        # Without scripts, too, what was received can be left out.
        (first,) = tried.form.received
        fields = render_to_string("web/appeal/_verb_fields.html", {"form": tried.form, "appeal": appeal})
        assert f'type="checkbox" name="uploads" value="{first.pk}" checked' in fields

    def test_what_is_not_solved_is_shown_with_the_reason(
        self, appeal: Appeal, light_user: User, stored_in: Path, client: Client
    ) -> None:
        answered = perform(appeal.pk, ANSWER, Person(light_user), version=None, text="Done")
        fields = {"verb": "reopen", "text": "It is dark again", "files": [picture()]}
        assert sent(answered, Author(appeal.pk), Role.RESIDENT, **fields).done
        page = client.get(appeal.get_absolute_url()).content.decode()
        step = page.partition("timeline__step--reopen")[2]
        assert "It is dark again" in step
        assert Attachment.objects.get().thumb.url in step


class TestKeptWords:
    @pytest.fixture
    def faster(self, appeal: Appeal, light_user: User) -> Actor:
        """A colleague, who has answered."""
        by = Person(MembershipFactory(service=light_user.memberships.get().service).user)
        perform(appeal.pk, ANSWER, by, version=None, text="We were faster")
        return by

    def test_a_refused_form_stands_in_its_own_place(self, appeal: Appeal, light_user: User) -> None:
        tried = sent(appeal, Person(light_user), verb="forward", to_service="light", text="Not ours")
        forms = forms_of(appeal, tried, forward=Kept("older words"))
        assert forms["forward"] is tried.form
        assert not any(form.kept for form in forms.values())

    def test_words_without_a_form_go_where_as_many_read_them(
        self, appeal: Appeal, light_user: User, faster: Actor
    ) -> None:
        """An answer becomes an addition; anything else, public or not, a note that the staff alone read."""
        for verb, heir in (("answer", SUPPLEMENT), ("forward", NOTE), ("ask", NOTE)):
            fields = {"to_service": "roads"} if verb == "forward" else {}
            tried = sent(appeal, Person(light_user), version=1, verb=verb, text="My words", **fields)
            forms = forms_of(appeal, tried)
            assert verb not in forms
            kept = {code: form.kept for code, form in forms.items() if form.kept}
            assert kept == {heir.code: Kept("My words", [], (verb,))}
            assert (forms[heir.code].takes, forms[heir.code].initial["text"]) == ((verb,), "My words")

    def test_an_author_whose_form_is_gone_gets_the_words_back(self, appeal: Appeal, faster: Actor) -> None:
        tried = sent(
            appeal, Author(appeal.pk), Role.RESIDENT, version=1, verb="withdraw", text="It is repaired"
        )
        now = Appeal.objects.get(pk=appeal.pk)
        context = verb_context(now, Role.RESIDENT, tried, LegalClock.read())
        assert (context["kept_text"], context["found_place"]) == ("It is repaired", False)
        assert context["refusal"] == tried.message

    def test_drafts_stand_in_their_forms_and_what_has_none_follows_the_lost_words(
        self, appeal: Appeal, light_user: User, faster: Actor
    ) -> None:
        file = AttachmentFactory(appeal=None)
        late = sent(appeal, Person(light_user), version=1, verb="answer", text="Late answer")
        drafts = {
            "supplement": Kept("Addition"),
            "forward": Kept("Not ours", [file]),
            "answer": Kept("Older than what was sent"),
            "unheard_of": Kept("Of a verb that is no more"),
        }
        forms = forms_of(appeal, late, **drafts)
        assert forms["supplement"].kept == Kept("Late answer\n\nAddition", [], ("answer",))
        assert forms["note"].kept == Kept("Not ours", [file], ("forward",))
        assert forms["note"].received == [file]
        assert [code for code, form in forms.items() if form.kept] == ["supplement", "note"]

    def test_many_words_are_cut_where_a_text_ends(self) -> None:
        both = Kept("a" * (DRAFT_MAX - 1), takes=("note",)).with_more(Kept("b", takes=("ask",)))
        assert (len(both.text), both.takes) == (DRAFT_MAX, ("note", "ask"))
        assert Kept("").with_more(Kept("b")).text == "b"

    def test_the_heir_of_words_for_the_staff_is_never_public(self, city: GridCity) -> None:
        drafts = {verb.code: Kept(f"<{verb.code}>") for verb in VERBS.values() if not verb.speaks}
        for status in Status:
            appeal = AppealFactory(category=city.categories["lamp"], status=status)
            forms = forms_of(appeal, Attempt(), **drafts)
            texts = {code: form.kept.text for code, form in forms.items() if form.kept}
            assert {code for code in texts if code != NOTE.code} == set(drafts) & set(forms) - {NOTE.code}
            for code, kept in texts.items():
                others = [one for one in drafts if one != code and f"<{one}>" in kept]
                assert set(others) == (set(drafts) - set(forms) if code == NOTE.code else set()), (
                    status,
                    code,
                )


def test_the_office_that_gets_what_is_passed_on_too_often_is_said(city: GridCity) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    hint = VerbForm(FORWARD, Role.SERVICE, appeal).fields["to_service"].help_text
    for code in ("roads", "green"):
        person = MembershipFactory(service=appeal.service).user
        perform(
            appeal.pk, FORWARD, Person(person), version=None, to_service=city.services[code], text="Not ours"
        )
        appeal = Appeal.objects.get(pk=appeal.pk)
    assert "passed it on 2 times" not in hint
    assert "passed it on 2 times" in VerbForm(FORWARD, Role.SERVICE, appeal).fields["to_service"].help_text
