"""The city's working days at the desk: by hand and from a file, with what a change would move."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.posts import Post
from appeals.models import Appeal, CalendarDay
from tests.appeals.actions.test_count_again import seen_in
from tests.factories import AppealFactory, CalendarDayFactory, MembershipFactory
from tests.grid import GridCity

DAYS = """date,working,name_ky,name_ru,name_en
2026-05-11,no,9-майдан көчүрүлдү,Перенос с 9 мая,Moved from 9 May
2026-05-16,yes,4-майдын ордуна,За 4 мая,In exchange for 4 May
"""
DAY = {
    "do": "day",
    "date": "2026-05-12",
    "working": "no",
    "name_ky": "Көчүрүлгөн",
    "name_ru": "",
    "name_en": "",
}

pytestmark = pytest.mark.django_db


def url(query: str = "?year=2026") -> str:
    return reverse("desk:calendar") + query


def file_of(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("2026.csv", text.encode(), "text/csv")


@pytest.fixture
def office(client: Client, office_user: User) -> Client:
    client.force_login(office_user)
    return client


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    """Its term runs over the middle of May."""
    submitted = dt.datetime(2026, 5, 8, 6, 0, tzinfo=dt.UTC)
    appeal: Appeal = AppealFactory(category=city.categories["lamp"], submitted_at=submitted)
    return appeal


def confirmed(client: Client, shown: str) -> str:
    """The page after the form that shows what would move has been sent as it stands."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', shown)
    form = {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}
    return client.post(url(), {**form, "moves_seen": seen_in(shown)}, follow=True).content.decode()


def test_what_has_changed_since_it_was_shown_is_shown_anew(appeal: Appeal, office: Client) -> None:
    shown = office.post(url(), DAY).content.decode()
    assert "After the change: 12 May 2026 is a day off." in shown
    # A colleague is quicker, with the same day.
    confirmed(office, office.post(url(), {**DAY, "name_en": "Colleague"}).content.decode())
    due_on = Appeal.objects.get().due_on
    again = confirmed(office, shown)
    assert "have changed meanwhile" in again
    assert CalendarDay.objects.get().name_en == "Colleague" and Appeal.objects.get().due_on == due_on
    assert "12 May 2026 is a day off." in confirmed(office, again)
    assert not CalendarDay.objects.get().name_en


def test_a_day_is_entered_changed_and_removed(appeal: Appeal, office: Client) -> None:
    shown = office.post(url(), DAY).content.decode()
    # What would move is shown first, and nothing is changed by that.
    assert "The due date of 1 open appeal would move." in shown and f">{appeal.number}</a>" in shown
    assert not CalendarDay.objects.exists() and Appeal.objects.get().due_on == appeal.due_on
    page = confirmed(office, shown)
    assert "12 May 2026 is a day off." in page and "its history says why" in page
    assert Appeal.objects.get().due_on > appeal.due_on
    # Its form stands as it is, for whoever wants it otherwise.
    form = office.get(url("?year=2026&day=2026-05-12")).content.decode()
    assert 'value="2026-05-12"' in form and 'value="Көчүрүлгөн"' in form
    confirmed(office, office.post(url(), {**DAY, "working": "yes"}).content.decode())
    assert CalendarDay.objects.get().working and Appeal.objects.get().due_on == appeal.due_on
    # A day that moves nothing is not asked about.
    removed = office.post(url(), {"do": "remove", "date": "2026-05-12"}, follow=True)
    assert removed.redirect_chain
    page = removed.content.decode().replace("&#x27;", "'")
    assert "12 May 2026 is no longer an exception from the country's calendar." in page
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {**DAY, "date": "2031-05-12"},
        {"do": "remove", "date": "2031-05-12"},
        {"do": "file", "content": "date,working,name_ky,name_ru,name_en\n2031-05-12,no,Көчүрүлгөн,,\n"},
    ],
)
def test_the_year_of_the_change_is_shown(office: Client, form: dict[str, str]) -> None:
    answer = office.post(url("?year=2026"), form)
    assert answer.status_code == 302 and answer["Location"] == url("?year=2031")


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_days_from_a_file(city: GridCity, office: Client, language: str) -> None:
    AppealFactory(
        category=city.categories["lamp"], submitted_at=dt.datetime(2026, 5, 12, 6, 0, tzinfo=dt.UTC)
    )
    office.cookies["django_language"] = language
    shown = office.post(url(), {"do": "file", "file": file_of(DAYS)}).content.decode()
    assert not CalendarDay.objects.exists() and 'name="moves_seen"' in shown
    page = confirmed(office, shown)
    assert "day=2026-05-11" in page and "day=2026-05-16" in page
    assert CalendarDay.objects.count() == 2


def test_what_is_wrong_is_said_and_what_was_typed_stays(office: Client) -> None:
    page = office.post(url(), {**DAY, "date": "x", "name_en": "Moved"})
    assert page.status_code == 400
    assert "A date must be written as 2026-05-31." in page.content.decode()
    assert 'value="Moved"' in page.content.decode()
    for wrong in (
        {},
        {"do": "x"},
        {"do": "day"},
        {"do": "file"},
        {"do": "file", "file": file_of("x,y\n")},
        {"do": "remove", "date": "x"},
    ):
        assert office.post(url(), wrong).status_code == 400, wrong
    for year in ("", "x", "0001", "9999", "99999999999999999999", "²²²²"):
        assert office.get(url(""), {"year": year, "day": year}).status_code == 200, year


def test_the_way_there_is_shown_to_whoever_may_go_it(
    city: GridCity, client: Client, light_user: User
) -> None:
    CalendarDayFactory()
    for post, may in ((Post.REPRESENTATIVE, True), (Post.DISPATCHER, False), (Post.PLANNER, False)):
        client.force_login(MembershipFactory(service=city.services["office"], post=post).user)
        listed = client.get(reverse("desk:queue"), follow=True).content.decode()
        assert (f'href="{url("")}"' in listed) is may, post
        assert client.get(url()).status_code == (200 if may else 403), post
    client.force_login(light_user)
    assert client.post(url(), DAY).status_code == 403
    client.logout()
    assert client.post(url(), DAY).status_code == 302
    assert CalendarDay.objects.count() == 1


def test_the_admin_leads_there(office: Client) -> None:
    assert url("") in office.get(reverse("admin:appeals_calendarday_changelist")).content.decode()
