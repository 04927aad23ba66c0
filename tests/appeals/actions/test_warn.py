"""Services are warned before a term is over, once for each stage, and nobody is flooded with letters."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from appeals.actions.escalate import escalate_overdue
from appeals.actions.perform import perform
from appeals.actions.rounds import LETTERS_MAX
from appeals.actions.warn import warn_services
from appeals.actors import PLATFORM, Author, Person
from appeals.errors import NotAllowed
from appeals.models import Appeal, LegalTerm, Message
from appeals.notify.letters import letter
from appeals.vocabulary import Status
from appeals.workflow import ANSWER, ASK, EXTEND, REOPEN, WARN_DUE, WARN_HALF
from tests.factories import AppealFactory
from tests.grid import GridCity

MONDAY = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)


def noon(day: int, month: int = 6) -> dt.datetime:
    """Noon in Bishkek on that day."""
    return dt.datetime(2026, month, day, 6, 0, tzinfo=dt.UTC)


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(category=city.categories["lamp"], submitted_at=MONDAY)


def warned(appeal: Appeal) -> list[str]:
    return list(appeal.events.filter(verb__startswith="warn").values_list("verb", flat=True))


#: Fourteen working days after 8 June 2026: the seventh is the 17th, the twelfth the 24th, the last the 26th.
@pytest.mark.parametrize(
    ("day", "stage"),
    [(8, 0), (16, 0), (17, 1), (18, 1), (21, 1), (23, 1), (24, 2), (25, 2), (26, 3), (27, 0), (30, 0)],
)
def test_the_stage_that_a_day_brings(appeal: Appeal, day: int, stage: int) -> None:
    warn_services(noon(day))
    assert warned(appeal) == [[], ["warn_half"], ["warn_most"], ["warn_due"]][stage]


def test_a_longer_term_of_another_kind_warns_nobody_early(appeal: Appeal) -> None:
    LegalTerm.objects.create(kind="complaint", working_days=60, valid_from=dt.date(2016, 1, 1), law="law")
    Appeal.objects.update(kind="request")
    assert warn_services(noon(16)) == 0
    assert warn_services(noon(17)) == 1


def test_each_stage_once_and_to_the_service_alone(appeal: Appeal) -> None:
    day = noon(8)
    while day < noon(27):
        for hour in (0, 5, 11):
            warn_services(day + dt.timedelta(hours=hour))
        day += dt.timedelta(days=1)
    assert warned(appeal) == ["warn_half", "warn_most", "warn_due"]
    letters = Message.objects.filter(event__verb__startswith="warn")
    assert set(letters.values_list("recipient", "digest")) == {("light@city.example", False)}
    assert letters.count() == 3
    assert not appeal.events.filter(verb__startswith="warn", public=True).exists()
    with pytest.raises(NotAllowed):
        perform(appeal.pk, WARN_DUE, PLATFORM, version=None, at=noon(26))


def test_the_platform_alone_warns_and_only_of_the_present_stage(
    appeal: Appeal, service_actor: Person
) -> None:
    for actor in (service_actor, Author(appeal.pk)):
        with pytest.raises(NotAllowed):
            perform(appeal.pk, WARN_HALF, actor, version=1, at=noon(17))
    with pytest.raises(NotAllowed):
        perform(appeal.pk, WARN_HALF, PLATFORM, version=None, at=noon(24))


def test_what_somebody_writes_does_not_become_stale(appeal: Appeal, service_actor: Person) -> None:
    warn_services(noon(17))
    assert perform(appeal.pk, ANSWER, service_actor, version=1, text="Done").status == "answered"


def test_not_while_the_author_is_asked(appeal: Appeal, service_actor: Person) -> None:
    perform(appeal.pk, ASK, service_actor, version=1, text="Where?", at=noon(16))
    assert warn_services(noon(17)) == 0


def test_an_extension_does_not_bring_the_same_warning_again(appeal: Appeal, service_actor: Person) -> None:
    LegalTerm.objects.update(extension_days=10)
    warn_services(noon(17))
    perform(appeal.pk, EXTEND, service_actor, version=1, text="Ordered", at=noon(17))
    assert [warn_services(noon(17)), warn_services(noon(29))] == [0, 0]
    assert warn_services(noon(7, 7)) == 1  # four fifths of 24 days


def test_a_new_term_is_warned_of_again(appeal: Appeal, service_actor: Person) -> None:
    warn_services(noon(26))
    perform(appeal.pk, ANSWER, service_actor, version=1, text="Done", at=noon(26))
    assert warn_services(noon(26)) == 0
    perform(appeal.pk, REOPEN, Author(appeal.pk), version=3, text="No", at=noon(26))
    assert Appeal.objects.get().warned == 0
    assert warn_services(noon(7, 7)) == 1


def test_a_city_s_whole_backlog_is_one_letter(city: GridCity, settings: object) -> None:
    n = LETTERS_MAX + 5
    AppealFactory.create_batch(n, category=city.categories["lamp"], submitted_at=MONDAY)
    AppealFactory.create_batch(3, category=city.categories["pothole"], submitted_at=MONDAY)
    assert escalate_overdue(noon(27)) == n + 3
    letters = Message.objects.filter(event__verb="escalate")
    by_recipient = {
        recipient: list(letters.filter(recipient=recipient).values_list("digest", flat=True))
        for recipient in ("office@city.example", "light@city.example", "roads@city.example")
    }
    assert by_recipient == {
        "office@city.example": [True],
        "light@city.example": [True],
        # Three are no flood.
        "roads@city.example": [False, False, False],
    }
    assert Appeal.objects.filter(escalated_at__isnull=False).count() == n + 3
    digest = Message.objects.get(recipient="office@city.example")
    digest.language = "en"
    told = letter([digest])
    assert told.subject == f"{n + 3} appeals are overdue"
    assert f"light en: {n}" in told.body and "roads en: 3" in told.body
    assert "/desk/?tab=escalated" in told.body
    own = Message.objects.get(recipient="light@city.example", digest=True)
    own.language = "en"
    assert letter([own]).subject == f"{n} appeals are overdue"
    assert "roads" not in letter([own]).body


def test_a_backlog_of_many_rounds_is_one_letter_too(city: GridCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appeals.actions.rounds.ROUND", LETTERS_MAX + 1)
    AppealFactory.create_batch(3 * (LETTERS_MAX + 1), category=city.categories["lamp"], submitted_at=MONDAY)
    for round_ in range(3):
        assert escalate_overdue(noon(27) + dt.timedelta(minutes=5 * round_)) == LETTERS_MAX + 1
    assert Message.objects.filter(recipient="office@city.example").count() == 1


def test_the_next_flood_is_told_again(city: GridCity) -> None:
    for submitted, at in ((MONDAY, noon(27)), (noon(9), noon(30))):
        AppealFactory.create_batch(LETTERS_MAX + 1, category=city.categories["lamp"], submitted_at=submitted)
        escalate_overdue(at)
    assert Message.objects.filter(recipient="office@city.example", digest=True).count() == 2


def test_the_first_warnings_of_a_backlog_are_one_letter(city: GridCity) -> None:
    AppealFactory.create_batch(LETTERS_MAX + 1, category=city.categories["lamp"], submitted_at=MONDAY)
    assert warn_services(noon(24)) == LETTERS_MAX + 1
    assert Message.objects.get(event__verb="warn_most").digest


def test_marks_in_the_queue(appeal: Appeal, client: Client, light_user: User) -> None:
    Appeal.objects.update(due_on=timezone.localdate() + dt.timedelta(days=20))
    client.force_login(light_user)
    said = {0: "", 1: "Half of the term has passed", 2: "80 percent of the term has passed"}
    for stage, words in said.items():
        Appeal.objects.update(warned=stage)
        page = client.get("/en/desk/").content.decode()
        assert [each in page for each in list(said.values())[1:]] == [stage == 1, stage == 2], words


class TestTheMayorsOffice:
    def test_finds_what_was_passed_to_it_in_a_part_of_its_own(
        self, city: GridCity, client: Client, office_user: User, light_user: User
    ) -> None:
        late = AppealFactory(category=city.categories["lamp"], submitted_at=MONDAY)
        answered = AppealFactory(
            category=city.categories["lamp"], submitted_at=MONDAY, status=Status.ACCEPTED
        )
        fresh = AppealFactory(category=city.categories["lamp"])
        escalate_overdue(noon(27))
        Appeal.objects.filter(pk=answered.pk).update(status=Status.ANSWERED)
        client.force_login(office_user)
        page = client.get("/en/desk/?tab=escalated").content.decode()
        assert f'id="appeal-{late.number}"' in page
        assert f'id="appeal-{fresh.number}"' not in page
        assert f'id="appeal-{answered.number}"' not in page
        client.force_login(light_user)
        assert "tab=escalated" not in client.get("/en/desk/").content.decode()
