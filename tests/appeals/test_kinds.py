"""Civic reports and appeals under the law: what each needs, its term, and how one becomes the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from appeals.actions.perform import perform
from appeals.actions.split import split_off
from appeals.actions.submit import Submission, submit
from appeals.actors import Author, Person
from appeals.deadlines import LegalClock, city_day
from appeals.errors import Invalid, NotAllowed
from appeals.intake.parse import parse_submission
from appeals.models import Appeal, AppealContact, LegalTerm, Message
from appeals.timeline import title_of
from appeals.vocabulary import LEGAL_KINDS, Kind, Status
from appeals.workflow import CORRECT, IDENTIFY, RECLASSIFY
from tests.factories import AppealFactory, LegalTermFactory
from tests.grid import GridCity
from tests.submissions import submission_document

WHO = {"name": "Асанова Айгүл", "postal_address": "Ош, Ленин көчөсү 5", "phone": "+996555123456"}


@pytest.fixture
def report(city: GridCity) -> Appeal:
    level(5)
    appeal: Appeal = AppealFactory(
        category=city.categories["lamp"], kind=Kind.REPORT, status=Status.ACCEPTED, contact=None
    )
    AppealContact.objects.create(appeal=appeal, secret="s" * 30)
    return Appeal.objects.get(pk=appeal.pk)


def level(days: int, **more: object) -> LegalTerm:
    return LegalTerm.objects.create(
        kind=Kind.REPORT, working_days=days, law="level", **({"valid_from": "2016-01-01"} | more)
    )


class TestIdentity:
    @pytest.mark.django_db
    def test_a_report_needs_nobody_and_is_what_comes_without_a_kind(self, city: GridCity) -> None:
        document = submission_document()
        del document["kind"]
        submission = parse_submission(document, language="ru", source="web")
        assert submission.kind == Kind.REPORT
        assert submit(submission, sender=None).appeal.contact.says_who is False

    @pytest.mark.parametrize("kind", LEGAL_KINDS)
    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ({}, {"name", "postal_address", "phone"}),
            (WHO | {"name": "Айгүл"}, {"name"}),
            (WHO | {"postal_address": " "}, {"postal_address"}),
            (WHO | {"phone": ""}, {"phone"}),
            (WHO | {"phone": "", "email": "a@example.org"}, set()),
            (WHO, set()),
        ],
    )
    @pytest.mark.django_db
    def test_what_an_appeal_under_the_law_needs(
        self, city: GridCity, kind: str, given: dict[str, str], missing: set[str]
    ) -> None:
        document = submission_document(kind=kind, **given)
        if missing:
            with pytest.raises(Invalid) as refused:
                parse_submission(document, language="ru", source="web")
            assert set(refused.value.errors) == missing
        else:
            assert parse_submission(document, language="ru", source="web").kind == kind

    def test_no_door_passes_the_action(self, submission: Callable[..., Submission]) -> None:
        with pytest.raises(Invalid) as refused:
            submit(submission(kind=Kind.COMPLAINT), sender=None)
        assert set(refused.value.errors) == {"name", "postal_address"}
        assert not Appeal.objects.exists()

    def test_the_author_is_kept_apart(self, submission: Callable[..., Submission]) -> None:
        appeal = submit(submission(kind=Kind.COMPLAINT, **WHO), sender=None).appeal
        assert {name: getattr(appeal.contact, name) for name in WHO} == WHO

    def test_what_was_sent_before_there_was_an_address_is_still_the_same(
        self, submission: Callable[..., Submission]
    ) -> None:
        one = submission(postal_address="")
        assert (
            one.fingerprint() != submission(id=one.id, secret=one.secret, postal_address="Ош").fingerprint()
        )


class TestServiceLevel:
    def test_the_closest_one_goes_before(self, city: GridCity) -> None:
        LegalTermFactory(working_days=14, valid_from="2007-01-01")
        lamp = city.categories["lamp"]
        group = lamp.parent
        day = timezone.localdate()

        def days(kind: str = Kind.REPORT) -> int:
            return LegalClock.read().term(kind, day, lamp.pk).working_days

        assert days() == 14
        level(10)
        assert days() == 10
        if group is not None:
            level(7, category=group)
            assert days() == 7
        level(3, category=lamp)
        assert days() == 3
        # A later level of all does not undo that of one category; a later one of the category does.
        level(9, valid_from="2020-01-01")
        assert days() == 3
        level(4, category=lamp, valid_from="2021-01-01")
        assert days() == 4
        assert days(Kind.COMPLAINT) == 14
        assert LegalClock.read().term(Kind.REPORT, day, city.categories["pothole"].pk).working_days != 4

    def test_only_a_report_has_a_category(self, city: GridCity) -> None:
        term = LegalTerm(
            kind="complaint",
            category=city.categories["lamp"],
            working_days=3,
            valid_from="2020-01-01",
            law="x",
        )
        with pytest.raises(ValidationError, match="same for every category"):
            term.full_clean()

    def test_one_level_of_all_a_day(self, db: None) -> None:
        level(3)
        with pytest.raises(ValidationError, match="begins on this day"):
            LegalTerm(kind="report", working_days=4, valid_from="2016-01-01", law="x").full_clean()

    def test_a_change_counts_open_reports_of_the_category_again(self, city: GridCity) -> None:
        level(10)
        lamp, hole = (
            AppealFactory(category=city.categories[code], kind=Kind.REPORT) for code in ("lamp", "pothole")
        )
        law = AppealFactory(category=city.categories["lamp"], kind=Kind.COMPLAINT)
        level(2, category=city.categories["lamp"])
        expected = LegalClock.read().calendar.add_working_days(city_day(lamp.submitted_at), 2)
        due = dict(Appeal.objects.values_list("pk", "due_on"))
        assert due == {lamp.pk: expected, hole.pk: hole.due_on, law.pk: law.due_on}

    def test_the_level_of_the_right_category_counts(
        self, report: Appeal, city: GridCity, service_actor: Person
    ) -> None:
        level(2, category=city.categories["pothole"])
        right = city.categories["pothole"]
        changed = perform(report.pk, CORRECT, service_actor, version=None, category=right, text="A hole")
        expected = LegalClock.read().due_on(Kind.REPORT, report.submitted_at, category=right.pk)
        assert changed.due_on == expected != report.due_on
        assert changed.events.get(verb="correct").details["due"] == expected.isoformat()

    def test_a_second_matter_has_the_level_of_its_own_category(self, report: Appeal, city: GridCity) -> None:
        level(2, category=city.categories["pothole"])
        clock = LegalClock.read()
        second = split_off(report, city.categories["pothole"], "A hole", timezone.now(), clock)
        assert second.due_on == clock.due_on(Kind.REPORT, report.submitted_at, category=second.category_id)
        assert second.due_on != report.due_on


class TestBecomingAnAppealUnderTheLaw:
    def test_its_author_names_himself(self, report: Appeal) -> None:
        changed = perform(report.pk, IDENTIFY, Author(report.pk), version=1, kind="complaint", **WHO)
        assert (changed.kind, changed.status) == (Kind.COMPLAINT, Status.ACCEPTED)
        assert changed.due_on == LegalClock.read().due_on(Kind.COMPLAINT, changed.term_began)
        assert {name: getattr(AppealContact.objects.get(appeal=report), name) for name in WHO} == WHO
        event = changed.events.get(verb="identify")
        # The history is public: who it is stands elsewhere.
        assert event.public and not any(value in f"{event.text} {event.details}" for value in WHO.values())
        with translation.override("en"):
            assert "(Complaint)" in title_of(event)
        assert set(Message.objects.filter(event=event).values_list("audience", flat=True)) == {"service"}

    def test_what_is_known_need_not_be_given_again(self, report: Appeal) -> None:
        AppealContact.objects.filter(appeal=report).update(email="a@example.org", email_proven=True)
        given = {name: WHO[name] for name in ("name", "postal_address")}
        perform(report.pk, IDENTIFY, Author(report.pk), version=1, kind="request", **given)
        contact = AppealContact.objects.get(appeal=report)
        assert (contact.email, contact.email_proven, contact.phone) == ("a@example.org", True, "")

    def test_another_address_is_to_be_proven(self, report: Appeal) -> None:
        AppealContact.objects.filter(appeal=report).update(email="a@example.org", email_proven=True)
        perform(
            report.pk, IDENTIFY, Author(report.pk), version=1, kind="request", email="b@example.org", **WHO
        )
        assert not AppealContact.objects.get(appeal=report).email_proven
        assert Message.objects.filter(recipient="b@example.org", audience="author").exists()

    def test_without_an_identity_it_stays_a_report(self, report: Appeal) -> None:
        with pytest.raises(Invalid) as refused:
            perform(report.pk, IDENTIFY, Author(report.pk), version=1, kind="complaint", name="Айгүл")
        assert set(refused.value.errors) == {"name", "postal_address", "phone"}
        with pytest.raises(Invalid) as refused:
            perform(report.pk, IDENTIFY, Author(report.pk), version=1, kind="report", **WHO)
        assert set(refused.value.errors) == {"kind"}

    def test_a_service_does_not_choose_its_own_term(self, report: Appeal, service_actor: Person) -> None:
        for verb, given in (
            (IDENTIFY, {"kind": "complaint", **WHO}),
            (RECLASSIFY, {"kind": "request", "text": "x"}),
        ):
            with pytest.raises(NotAllowed):
                perform(report.pk, verb, service_actor, version=1, **given)

    def test_what_is_one_already_is_not_made_one(self, city: GridCity) -> None:
        appeal = AppealFactory(category=city.categories["lamp"])
        with pytest.raises(NotAllowed):
            perform(appeal.pk, IDENTIFY, Author(appeal.pk), version=1, kind="request", **WHO)


class TestPuttingTheKindRight:
    def test_an_appeal_without_an_identity_is_a_report(self, city: GridCity, office_actor: Person) -> None:
        level(5)
        appeal = AppealFactory(category=city.categories["lamp"], kind=Kind.COMPLAINT)
        changed = perform(
            appeal.pk, RECLASSIFY, office_actor, version=1, kind="report", text="Nobody is named"
        )
        assert changed.kind == Kind.REPORT
        assert changed.due_on == LegalClock.read().due_on(
            Kind.REPORT, appeal.submitted_at, category=appeal.category_id
        )
        details = changed.events.get(verb="reclassify").details
        assert details == {
            "kind": "report",
            "was": appeal.due_on.isoformat(),
            "due": changed.due_on.isoformat(),
        }

    def test_one_with_an_identity_stays_an_appeal_under_the_law(
        self, city: GridCity, office_actor: Person
    ) -> None:
        appeal = AppealFactory(category=city.categories["lamp"], kind=Kind.COMPLAINT)
        AppealContact.objects.filter(appeal=appeal).update(**WHO)
        with pytest.raises(Invalid) as refused:
            perform(appeal.pk, RECLASSIFY, office_actor, version=1, kind="report", text="Quicker")
        assert set(refused.value.errors) == {"kind"}
        changed = perform(appeal.pk, RECLASSIFY, office_actor, version=1, kind="request", text="It asks")
        assert changed.kind == Kind.REQUEST

    @pytest.mark.parametrize("kind", ["complaint", "joke", "", None])
    def test_it_is_another_kind(self, city: GridCity, office_actor: Person, kind: str | None) -> None:
        appeal = AppealFactory(category=city.categories["lamp"], kind=Kind.COMPLAINT)
        with pytest.raises(Invalid) as refused:
            perform(appeal.pk, RECLASSIFY, office_actor, version=1, kind=kind, text="x")
        assert set(refused.value.errors) == {"kind"}

    def test_a_report_becomes_one_by_naming_its_author_alone(
        self, report: Appeal, office_actor: Person
    ) -> None:
        with pytest.raises(NotAllowed):
            perform(report.pk, RECLASSIFY, office_actor, version=1, kind="complaint", text="x")
        perform(report.pk, IDENTIFY, office_actor, version=1, kind="complaint", **WHO)
        assert Appeal.objects.get().kind == Kind.COMPLAINT
