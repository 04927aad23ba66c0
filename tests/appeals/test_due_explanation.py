"""How a due date was counted, in words."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.deadlines import LegalClock
from appeals.due_explanation import explain_due
from appeals.models import Appeal, CalendarDay, LegalTerm
from appeals.vocabulary import Status
from appeals.workflow import EXTEND
from tests.factories import AppealFactory
from tests.grid import GridCity

#: A Friday, 18:40 in Bishkek, before the holidays of May.
FRIDAY_EVENING = dt.datetime(2026, 4, 24, 12, 40, tzinfo=dt.UTC)


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    CalendarDay.objects.create(
        date=dt.date(2026, 5, 16),
        working=True,
        name_en="In exchange for 4 May",
        name_ru="За 4 мая",
        name_ky="4-майдын ордуна",
    )
    CalendarDay.objects.create(
        date=dt.date(2026, 5, 11),
        working=False,
        name_en="9 May moved",
        name_ru="Перенос с 9 мая",
        name_ky="9-майдан көчүрүлдү",
    )
    return AppealFactory(category=city.categories["lamp"], submitted_at=FRIDAY_EVENING)


def said(appeal: Appeal, language: str = "en") -> list[str]:
    with translation.override(language):
        return list(explain_due(Appeal.objects.get(pk=appeal.pk), LegalClock.read()).sentences)


def test_in_english(appeal: Appeal) -> None:
    assert said(appeal) == [
        "Received: Friday, 24 April 2026, 18:40",
        "The first day that counts: Monday, 27 April 2026",
        "The term is 14 working days; weekends and public holidays do not count.",
        "Weekdays that do not count: 1 May (Labor Day); 4 May (May Holidays); 5 May (Constitution Day); 6 May – 8 May (May Holidays); 11 May (9 May moved)",
        "Days off that count as working days: 16 May (In exchange for 4 May)",
        "The last day for the answer: Friday, 22 May 2026",
    ]


def test_in_russian(appeal: Appeal) -> None:
    words = said(appeal, "ru")
    assert words[0] == "Получено: пятница, 24 апреля 2026 года, 18:40"
    assert words[2] == "Срок — 14 рабочих дней; выходные и праздничные дни не считаются."
    assert "11 мая (Перенос с 9 мая)" in words[3]
    assert words[4] == "Выходные, которые считаются рабочими: 16 мая (За 4 мая)"
    LegalTerm.objects.update(working_days=21)
    assert said(appeal, "ru")[2].startswith("Срок — 21 рабочий день;")
    LegalTerm.objects.update(working_days=22)
    assert said(appeal, "ru")[2].startswith("Срок — 22 рабочих дня;")


def test_in_kyrgyz(appeal: Appeal) -> None:
    words = said(appeal, "ky")
    assert "14 жумуш күн" in words[2]
    assert "Эмгек майрамы" in words[3] or "1-май" in words[3]


def test_an_extension_and_a_reopening_are_said(appeal: Appeal, light_user: User) -> None:
    LegalTerm.objects.update(extension_days=5)
    perform(appeal.pk, EXTEND, Person(light_user), version=None, text="Ordered")
    assert "The service has extended it by 5 working days." in said(appeal)
    Appeal.objects.update(term_began_at=FRIDAY_EVENING)
    assert said(appeal)[0].startswith("The term began anew: Friday, 24 April 2026")


def test_the_last_day_said_is_the_last_day_counted(appeal: Appeal) -> None:
    """The sentences lead to the date: counting by them gives it."""
    listed = {dt.date(2026, 5, day) for day in (1, 4, 5, 6, 7, 8, 11)}
    day, left = dt.date(2026, 4, 24), 14
    while left:
        day += dt.timedelta(days=1)
        left -= (day.weekday() < 5 and day not in listed) or day == dt.date(2026, 5, 16)
    assert day == Appeal.objects.get().due_on


def test_a_term_that_is_not_known_any_more_is_left_out(appeal: Appeal) -> None:
    Appeal.objects.update(status=Status.CLOSED)
    LegalTerm.objects.all().delete()
    assert not any("The term is" in sentence for sentence in said(appeal))


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_every_page_with_the_date_explains_it(
    appeal: Appeal, client: Client, office_user: User, language: str
) -> None:
    paths = [
        f"appeals/{appeal.number}/",
        f"follow/{appeal.contact.secret}/",
        f"desk/appeals/{appeal.number}/",
    ]
    client.force_login(office_user)
    for path in paths:
        page = client.get(f"/{language}/{path}").content.decode()
        assert 'class="due-why"' in page, path
        assert said(appeal, language)[1] in page
        assert "Law" not in page or language == "en"
