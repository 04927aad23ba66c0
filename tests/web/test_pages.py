from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from accounts.adapter import StaffOnlyAdapter
from accounts.models import User
from news.models import NewsItem
from tests.factories import PASSWORD, AppealFactory, NewsItemFactory, UserFactory
from tests.grid import IN_EAST, GridCity, at
from web.templatetags.city import icon
from web.views.errors import server_error

LANGUAGES = ["ky", "ru", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["", "news/", "about/", "accounts/login/", "accounts/password/reset/"])
def test_public_pages_answer_in_every_language(
    city: GridCity, client: Client, language: str, page: str
) -> None:
    response = client.get(f"/{language}/{page}")
    assert response.status_code == 200
    assert f'<html lang="{language}">' in response.content.decode()


def test_offline_page(db: None, client: Client) -> None:
    assert client.get("/offline/").status_code == 200


def test_news_show_what_is_published_and_page_by_key(city: GridCity, client: Client) -> None:
    now = timezone.now()
    items = [NewsItemFactory(published_at=now - dt.timedelta(hours=n)) for n in range(15)]
    draft = NewsItemFactory(published_at=None)
    later = NewsItemFactory(published_at=now + dt.timedelta(days=1))
    first = client.get("/ru/news/").content.decode()
    assert items[0].title_ru in first
    assert f"/ru/news/{items[11].pk}/" in first
    assert f"/ru/news/{items[12].pk}/" not in first
    assert f"/ru/news/{draft.pk}/" not in first
    assert f"/ru/news/{later.pk}/" not in first
    (following,) = re.findall(r'href="([^"]+)" rel="next"', first)
    # Published between the two requests: nothing is repeated or skipped.
    NewsItemFactory(published_at=now)
    second = client.get(following.replace("&amp;", "&")).content.decode()
    shown = {int(pk) for pk in re.findall(r"/ru/news/(\d+)/\"", second)}
    assert shown >= {item.pk for item in items[12:]}
    assert items[11].pk not in shown
    for hidden in (draft, later):
        assert client.get(f"/ru/news/{hidden.pk}/").status_code == 404


@pytest.mark.parametrize("after", ["x", "2026-01-01T00:00:00", str(10**40), "%00"])
def test_an_invalid_cursor_of_news_is_reported_and_the_page_is_the_first(
    city: GridCity, client: Client, after: str
) -> None:
    item = NewsItemFactory()
    response = client.get(f"/en/news/?after={after}")
    assert response.status_code == 400
    assert "Take this value from the “next” link of a page" in response.content.decode()
    assert item.title_en in response.content.decode()


def test_a_news_item_has_its_place(city: GridCity, client: Client) -> None:
    item = NewsItemFactory(kind=NewsItem.Kind.WORKS, point=at(IN_EAST))
    page = client.get(f"/en/news/{item.pk}/").content.decode()
    assert '<city-map class="place__map" mode="single" lon="72.760000" lat="40.520000"' in page
    assert "<p>First paragraph.</p>" in page


def test_about_page_states_the_legal_term(city: GridCity, client: Client) -> None:
    page = client.get("/en/about/").content.decode()
    assert "<strong>14 working days</strong>" in page
    assert "light en" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_error_pages_speak_the_readers_language(city: GridCity, client: Client, language: str) -> None:
    response = client.get(f"/{language}/no-such-page/")
    assert response.status_code == 404
    assert f'<html lang="{language}">' in response.content.decode()
    assert f'href="/{"ru" if language == "ky" else "ky"}/no-such-page/"' in response.content.decode()


@pytest.mark.parametrize(("language", "words"), [("ky", "бузулду"), ("ru", "сломалось"), ("en", "broken")])
def test_500_needs_neither_a_database_nor_a_user(language: str, words: str) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with translation.override(language):
        page = server_error(request)
    assert page.status_code == 500
    assert words in page.content.decode()


def test_a_form_without_a_token_gets_a_friendly_page(city: GridCity) -> None:
    response = Client(enforce_csrf_checks=True).post("/ru/accounts/login/", {})
    assert response.status_code == 403
    assert "Форма устарела" in response.content.decode()


def test_log_in_and_out(city: GridCity, client: Client) -> None:
    user = UserFactory(email="lamp@city.example")
    wrong = client.post("/ru/accounts/login/", {"login": user.email, "password": "wrong"})
    assert "Неверный адрес почты или пароль" in wrong.content.decode()
    right = client.post("/ru/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert (right.status_code, right["Location"]) == (302, "/ru/desk/")
    out = client.post("/ru/accounts/logout/")
    assert (out.status_code, out["Location"]) == (302, "/ru/")


def test_nobody_signs_up(city: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    form = {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/ru/accounts/signup/", form)
    assert not User.objects.filter(email="x@example.org").exists()
    # Nothing but the adapter keeps it closed: the same form would do.
    with monkeypatch.context() as opened:
        opened.setattr(StaffOnlyAdapter, "is_open_for_signup", lambda *_args: True)
        Client().post("/ru/accounts/signup/", form)
    assert User.objects.filter(email="x@example.org").exists()
    assert "signup" not in client.get("/ru/accounts/login/").content.decode()


@pytest.mark.parametrize("known", [True, False])
def test_password_reset_is_mailed_and_does_not_reveal_accounts(
    city: GridCity, client: Client, known: bool
) -> None:
    if known:
        UserFactory(email="lamp@city.example")
    response = client.post("/ky/accounts/password/reset/", {"email": "lamp@city.example"}, follow=True)
    assert "Почтаңызды караңыз" in response.content.decode()
    (letter,) = mail.outbox
    assert "Жаңы сырсөз" in letter.subject
    assert ("/ky/accounts/password/reset/key/" in letter.body) is known


def test_the_appeal_page_is_reached_from_a_row(city: GridCity, client: Client) -> None:
    appeal = AppealFactory(category=city.categories["lamp"])
    assert f'href="/ky/appeals/{appeal.number}/"' in client.get("/ky/").content.decode()


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-01T00:00:00+23:59",
        "2026-01-01T00:00:00+05:00:00.5",
        "0001-01-01T00:00:00+10:00",
        "2026-01-01",
        "x",
    ],
)
def test_any_position_in_the_news_is_accepted(city: GridCity, client: Client, moment: str) -> None:
    assert client.get("/en/news/", {"before": moment, "id": 5}).status_code == 200


def test_an_icons_name_is_escaped_whatever_was_drawn_before() -> None:
    assert "#<b>" in icon(mark_safe("<b>"), "big")
    assert "#&lt;b&gt;" in icon("<b>", "big")
