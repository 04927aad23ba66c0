"""The page of who changed what: for the administrator, in words, narrowed by kind, row, person and days."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import Membership, User
from accounts.posts import Post
from desk import row_history
from desk.models import AnswerTemplate
from districts.models import Category, Service
from history.models import RowChange
from tests.factories import CalendarDayFactory, MembershipFactory, UserFactory
from tests.grid import GridCity

URL = "/en/desk/history/"


def page(client: Client, query: str = "", language: str = "en", status: int = 200) -> str:
    answer = client.get(f"/{language}/desk/history/{query}")
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


def rows(text: str) -> list[str]:
    """The changes on the page, their words alone."""
    found = re.findall(r'<li class="person">(.*?)\n</li>', text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


@pytest.fixture
def changed(city: GridCity, client: Client, administrator_at_desk: User) -> Service:
    """A service whose phone the administrator has changed by way of a template of hers, and others by way of nobody."""
    light = city.services["light"]
    form = {"service": light.pk, "language": "ru", "title": "Сделано", "text": "Готово.", "version": 0}
    client.post("/en/desk/templates/", form)
    Service.objects.filter(pk=light.pk).update(phone="+996 3222 5-55-55", active=False)
    return light


def test_it_says_who_did_what_from_what_to_what(
    city: GridCity, client: Client, administrator_at_desk: User, changed: Service
) -> None:
    text = page(client)
    service, template = rows(text)[:2]
    assert service.startswith("light en Service · changed the command ")
    assert "Phone: — → +996 3222 5-55-55" in service
    assert "Active: yes → no" in service
    assert template.startswith(f"Сделано Answer template · added {administrator_at_desk} · at the desk · ")
    assert "Service: light en" in template
    assert "Language: Русский" in template or "Language: Russian" in template
    assert "Version" not in template
    russian = rows(page(client, language="ru"))[0]
    assert "Служба · изменено" in russian
    assert "Действует: да → нет" in russian
    kyrgyz = rows(page(client, language="ky"))[0]
    assert "Кызмат · өзгөртүлдү" in kyrgyz


def test_rows_that_are_gone_keep_their_names(
    city: GridCity, client: Client, administrator_at_desk: User
) -> None:
    day = CalendarDayFactory(name_ky="Орозо айт", name_ru="Орозо айт", name_en="Orozo Ait")
    day.delete()
    template = AnswerTemplate.objects.create(
        service=city.services["light"], language="en", title="Old", text="x"
    )
    template.delete()
    person = UserFactory(first_name="Aida", last_name="Osmonova")
    held = MembershipFactory(user=person, service=city.services["roads"], post=Post.HEAD)
    Membership.objects.filter(pk=held.pk).delete()
    membership, *_others = rows(page(client, "?what=accounts.membership"))
    assert "removed" in membership
    assert "Person: Aida Osmonova → —" in membership
    assert "Post: Head of service → —" in membership
    assert rows(page(client, "?what=desk.answertemplate"))[0].startswith("Old Answer template · removed")
    assert rows(page(client, "?what=appeals.calendarday"))[0].startswith("Орозо айт Calendar day · removed")


def test_a_secret_is_said_to_have_changed(
    city: GridCity, client: Client, administrator_at_desk: User
) -> None:
    person = UserFactory()
    person.set_password("seven lamps of Osh")
    person.save()
    said = rows(page(client, f"?what=accounts.user&row={person.pk}"))[0]
    assert "Password: changed; such values are kept nowhere" in said
    assert person.password not in page(client)


def test_it_is_narrowed(
    city: GridCity, client: Client, administrator_at_desk: User, changed: Service
) -> None:
    assert len(rows(page(client, "?what=districts.service"))) == len(city.services) + 1
    one = page(client, f"?what=districts.service&row={changed.pk}")
    assert len(rows(one)) == 2
    assert "Only the changes of" in one
    (hers,) = rows(page(client, f"?by={administrator_at_desk.pk}"))
    assert hers.startswith("Сделано")
    assert len(rows(page(client, "?by=command"))) > 2
    assert "Nothing has been changed" in page(client, "?by=database")
    assert "Nothing has been changed" in page(client, "?by=visitor")
    today, tomorrow = timezone.localdate(), timezone.localdate() + dt.timedelta(days=1)
    # A test may go over midnight.
    assert rows(page(client, f"?from={today - dt.timedelta(days=1)}&to={tomorrow}"))
    assert "Nothing has been changed" in page(client, f"?from={tomorrow + dt.timedelta(days=1)}")
    assert "Nothing has been changed" in page(client, f"?to={today - dt.timedelta(days=2)}")
    chosen = page(client, f"?by={administrator_at_desk.pk}&what=desk.answertemplate")
    assert f'<option value="{administrator_at_desk.pk}" selected>' in chosen
    assert '<option value="desk.answertemplate" selected>' in chosen


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?what=auth.user", "Choose one."),
        ("?what=accounts.personchange", "Choose one."),
        ("?by=me", "Choose one."),
        (f"?by={'9' * 40}", "Choose one."),
        ("?from=yesterday", "A date must be written as 2026-05-31."),
        ("?from=2026-06-02&to=2026-06-01", "The period ends before it begins."),
        ("?row=%00", "There is no such row."),
        ("?after=x", "Take this value from the “next” link of a page"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    client: Client, administrator_at_desk: User, query: str, said: str
) -> None:
    text = page(client, query, status=400)
    assert said in text
    assert not rows(text)


def test_what_the_address_holds_in_vain_is_said(client: Client, administrator_at_desk: User) -> None:
    assert "Left out of the address" in page(client, "?who=me")


def test_pages_lead_on_and_back_and_cost_the_same(
    city: GridCity, client: Client, administrator_at_desk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_history, "PAGE_SIZE", 5)
    for position in range(12):
        Category.objects.filter(code="lamp").update(position=100 + position)
    seen, query = [], "?what=districts.category&by=command"
    before = len(rows(page(client, query)))
    assert before == 5
    while query:
        with CaptureQueriesContext(connection) as asked:
            text = page(client, query)
        seen += rows(text)
        assert len(asked) <= 10
        following = re.search(r'href="(\?[^"]*)" rel="next"', text)
        query = following[1] if following else ""
    kept = RowChange.objects.of(Category).count()
    assert len(seen) == kept > 12
    back = re.search(r'href="(\?[^"]*)" rel="prev"', text)
    assert back is not None
    assert len(rows(page(client, back[1]))) == 5


@pytest.mark.parametrize("post", [post for post in Post if post is not Post.ADMINISTRATOR])
def test_it_is_the_administrators_page(city: GridCity, client: Client, post: Post) -> None:
    at = city.services["roads" if post is Post.HEAD else "office"]
    client.force_login(MembershipFactory(service=at, post=post).user)
    assert client.get(URL).status_code == 403
    assert URL not in client.get("/en/desk/", follow=True).content.decode()
    assert Client().get(URL).status_code == 302


def test_ways_lead_there(city: GridCity, client: Client, administrator_at_desk: User) -> None:
    person = UserFactory()
    assert URL in client.get("/en/desk/people/").content.decode()
    of_person = client.get(f"/en/desk/people/{person.pk}/").content.decode()
    assert f"{URL}?what=accounts.user&amp;row={person.pk}" in of_person
    assert f"{URL}?by={person.pk}" in of_person


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_rights_are_named_in_words_of_ours(language: str) -> None:
    with translation.override(language):
        names = {str(User._meta.get_field(name).verbose_name) for name in ("is_staff", "is_superuser")}
        assert not names & {
            str(AbstractUser._meta.get_field(name).verbose_name) for name in ("is_staff", "is_superuser")
        }
