"""Nothing that is written for the news is lost: a page that is left, a session that ends, another machine, somebody faster."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from appeals.actions.upload import DRAFT_AGE
from desk.drafts import forget_old_forms
from desk.models import FormDraft
from news.models import NewsItem
from news.pictures import sweep_pictures
from tests.desk.test_news import form, jpeg
from tests.factories import MembershipFactory, NewsItemFactory
from tests.grid import GridCity

NEW = "/en/desk/news/new/"


@pytest.fixture
def office(client: Client, office_user: User, media_root: Path) -> Client:
    client.force_login(office_user)
    assert client.get(NEW).status_code == 200
    return client


def keep(client: Client, user: User, address: str = NEW, **changed: Any) -> Any:
    return client.post(f"{address}draft/", form(writer=user.pk, **changed))


def shown(client: Client, address: str = NEW) -> dict[str, Any]:
    """What stands in the form."""
    page = client.get(address)
    assert page.status_code == 200
    bound = page.context["form"]
    return {name: bound[name].value() or "" for name in bound.fields} | {"version": page.context["version"]}


def test_what_is_being_written_is_there_again_and_goes_when_it_is_kept(
    office: Client, office_user: User
) -> None:
    written = form(when="later", title_ky="Суу", body_ky="Жок\n\nЭртең", published_at="2030-05-01T10:30")
    answer = office.post(f"{NEW}draft/", {**written, "writer": office_user.pk})
    assert answer.json()["kept"] is True
    again = shown(office)
    assert {name: again[name] for name in written} == {**written, "version": 0}
    page = office.get("/en/desk/drafts/").content.decode()
    # In the reader's language first, and found on the page of the news.
    assert "No water" in page
    assert f'href="{NEW}"' in page
    assert "/en/desk/drafts/" in office.get("/en/desk/news/").content.decode().split("<main")[1]
    assert not NewsItem.objects.exists()
    assert office.post(NEW, form()).status_code == 302
    assert not FormDraft.objects.exists()
    assert shown(office)["title_en"] == ""


def test_a_draft_is_the_writer_s_alone(city: GridCity, office: Client, office_user: User) -> None:
    keep(office, office_user)
    colleague = MembershipFactory(service=city.services["office"]).user
    other = Client()
    assert other.post(f"{NEW}draft/", form(writer=colleague.pk)).status_code == 401
    other.force_login(colleague)
    assert other.post(f"{NEW}draft/", form(writer=office_user.pk)).status_code == 409
    assert shown(other)["title_en"] == ""
    assert "No water" not in other.get("/en/desk/drafts/").content.decode()
    other.post("/en/desk/drafts/", {"form": "news/new"})
    assert FormDraft.objects.get().user == office_user
    representative = MembershipFactory(service=city.services["light"]).user
    other.force_login(representative)
    assert other.post(f"{NEW}draft/", form(writer=representative.pk)).status_code == 403


def test_what_says_nothing_new_is_no_draft(office: Client, office_user: User) -> None:
    item = NewsItemFactory(published_at=None)
    address = f"/en/desk/news/{item.pk}/"
    own = office.get(address).context["own"]
    for there, sent in ((address, own), (NEW, office.get(NEW).context["own"])):
        assert office.post(f"{there}draft/", {**sent, "writer": office_user.pk}).json()["kept"] is False
        # Written, and then taken back letter by letter.
        assert keep(office, office_user, there).json()["kept"] is True
        assert office.post(f"{there}draft/", {**sent, "writer": office_user.pk}).json()["kept"] is False
        assert not FormDraft.objects.exists()
        keep(office, office_user, there)
        assert keep(office, office_user, there, drop="1").json()["kept"] is False
        assert not FormDraft.objects.exists()


def test_somebody_who_was_faster_is_not_overwritten_by_what_was_begun_before(
    office: Client, office_user: User
) -> None:
    item = NewsItemFactory(published_at=None, version=3)
    address = f"/en/desk/news/{item.pk}/"
    keep(office, office_user, address, version="3", title_en="Begun before")
    NewsItem.objects.filter(pk=item.pk).update(title_en="Faster", version=4)
    again = shown(office, address)
    assert (again["title_en"], again["version"]) == ("Begun before", 3)
    lost = office.post(address, form(version="3", title_en="Begun before"))
    assert lost.status_code == 409
    assert "Faster" in lost.content.decode()
    assert FormDraft.objects.exists()


def test_a_picture_is_kept_with_the_words(office: Client, office_user: User) -> None:
    token = keep(office, office_user, picture=jpeg(60, 40)).json()["token"]
    page = office.get(NEW).content.decode()
    assert "data:image/jpeg;base64," in page
    (kept,) = re.findall(r'name="picture_kept" value="([^"]+)"', page)
    assert kept
    # The sweep leaves it as long as the words are there.
    much_later = timezone.now() + dt.timedelta(days=30)
    assert sweep_pictures(much_later) == 0
    FormDraft.objects.update(values={})
    assert office.get(NEW).status_code == 200
    assert office.post(NEW, form(picture_kept=token)).status_code == 302
    assert NewsItem.objects.get().picture
    keep(office, office_user, picture=jpeg(60, 40))
    FormDraft.objects.all().delete()
    assert sweep_pictures(much_later) == 1
    refused = keep(office, office_user, picture=SimpleUploadedFile("x.jpg", b"no picture"))
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["picture"])


def test_what_is_sent_after_the_session_has_ended_is_there_after_the_log_in(
    office: Client, office_user: User, city: GridCity
) -> None:
    long = "Word " * 3_000
    office.cookies.pop("sessionid")
    log_in = office.post(NEW, form(writer=office_user.pk, body_en=long, picture=jpeg(60, 40)))
    assert log_in["Location"] == f"/en/accounts/login/?next={NEW}"
    office.force_login(office_user)
    again = shown(office)
    assert again["body_en"] == long
    assert "data:image/jpeg;base64," in office.get(NEW).content.decode()
    # It is a draft now, on every machine; and nobody gets what another one wrote here.
    assert FormDraft.objects.get().user == office_user
    FormDraft.objects.all().delete()
    office.cookies.pop("sessionid")
    office.post(NEW, form(writer=office_user.pk))
    office.force_login(MembershipFactory(service=city.services["office"]).user)
    assert shown(office)["title_en"] == ""
    # Of a browser where nobody was logged in nothing is kept.
    stranger = Client()
    assert stranger.post(NEW, form(writer=office_user.pk, picture=jpeg(60, 40))).status_code == 302
    assert not stranger.session.keys()


def test_a_draft_that_nobody_touches_is_forgotten(office: Client, office_user: User) -> None:
    keep(office, office_user)
    assert forget_old_forms() == 0
    assert forget_old_forms(timezone.now() + DRAFT_AGE + dt.timedelta(minutes=1)) == 1
