from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal, Attachment
from appeals.workflow import ACCEPT, ANSWER, HIDE
from districts.routing import Rule
from tests.factories import AppealFactory, AttachmentFactory
from tests.grid import GridCity


@pytest.fixture
def appeal(city: GridCity) -> Appeal:
    return AppealFactory(
        category=city.categories["lamp"],
        district=city.districts["east"],
        text="Лампа <b>күйбөйт</b>",
        contact__name="Бакыт Эсенов",
        contact__email="secret@example.org",
        contact__phone="+996700000111",
        routing__area=city.areas["light-east"],
        routing__rule=Rule.ONLY_AREA,
    )


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_it_says_what_a_reader_needs(appeal: Appeal, client: Client, language: str) -> None:
    page = client.get(f"/{language}/appeals/{appeal.number}/").content.decode()
    for words in (
        f"№ {appeal.number}",
        f"lamp {language}",
        f"light {language}",
        f"east {language}",
        appeal.address,
        "light-east",
        "40.52000, 72.76000",
    ):
        assert words in page
    assert '<div lang="ky" dir="auto" class="prose"><p>Лампа &lt;b&gt;күйбөйт&lt;/b&gt;</p></div>' in page
    assert (
        f'<city-map class="place__map" mode="single" lon="72.760000" lat="40.520000" status="new" label="№ {appeal.number}">'
        in page
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ky", "Мурунку системадагы номери (old-map): OS-1001"),
        ("ru", "Номер в прежней системе (old-map): OS-1001"),
        ("en", "Number in the former system (old-map): OS-1001"),
    ],
)
def test_the_number_in_the_former_system(
    city: GridCity, client: Client, light_user: User, language: str, words: str
) -> None:
    """On both pages, in the search of both lists, and in the open data; of what came by the form there is none."""
    imported = AppealFactory(category=city.categories["lamp"], source="old-map", external_id="OS-1001")
    own = AppealFactory(category=city.categories["lamp"])
    client.force_login(light_user)
    for at in ("", "desk/"):
        pages = {
            one: client.get(f"/{language}/{at}appeals/{one.number}/").content.decode()
            for one in (imported, own)
        }
        assert words in pages[imported]
        assert words.partition("(")[0] not in pages[own]
        found = client.get(f"/{language}/{at}?q=os-1001").content.decode()
        assert f"appeals/{imported.number}/" in found
        assert f"appeals/{own.number}/" not in found
    (listed,) = client.get("/api/appeals.geojson?q=OS-1001").json()["features"]
    assert (listed["properties"]["source"], listed["properties"]["external_id"]) == ("old-map", "OS-1001")


def test_nothing_of_the_author_is_public(appeal: Appeal, client: Client, light_user: User) -> None:
    def read(path: str) -> str:
        # A telephone number may be written with gaps.
        page = client.get(path).content.decode()
        return page + re.sub(r"[\s()\u00a0-]", "", page)

    private = ("Бакыт", "secret@example.org", "996700000111")
    page = read(f"/ru/appeals/{appeal.number}/")
    for words in (*private, appeal.contact.secret):
        assert words not in page
    client.force_login(light_user)
    page = read(f"/ru/desk/appeals/{appeal.number}/")
    assert all(words in page for words in private)


def test_staff_see_no_contact_on_the_public_page_either(
    appeal: Appeal, client: Client, light_user: User
) -> None:
    client.force_login(light_user)
    page = client.get(f"/ru/appeals/{appeal.number}/").content.decode()
    assert "secret@example.org" not in page
    assert f"/ru/desk/appeals/{appeal.number}/" in page


def test_an_answer_stands_out_with_its_photos(appeal: Appeal, client: Client, light_user: User) -> None:
    photo = AttachmentFactory(appeal=None)
    perform(appeal.pk, ANSWER, Person(light_user), version=1, text="The lamp is new.", uploads=[photo.pk])
    page = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    card = page[page.index('<article class="answer"') :]
    card = card[: card.index("</article>")]
    assert "The lamp is new." in card
    assert photo.large.url in card
    assert photo.thumb.url in card
    assert light_user.last_name not in page


def test_days_left_and_overdue(appeal: Appeal, client: Client) -> None:
    today = timezone.localdate()
    Appeal.objects.filter(pk=appeal.pk).update(due_on=today)
    assert "Due today" in client.get(f"/en/appeals/{appeal.number}/").content.decode()
    Appeal.objects.filter(pk=appeal.pk).update(due_on=today - dt.timedelta(days=21))
    page = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    assert 'class="due due--overdue"' in page
    assert "Overdue by" in page


def test_a_video_in_the_making_says_so(appeal: Appeal, client: Client) -> None:
    assert "gallery__wait" not in client.get(f"/en/appeals/{appeal.number}/").content.decode()
    AttachmentFactory(
        appeal=appeal, kind=Attachment.Kind.VIDEO, state=Attachment.State.PROCESSING, large="", thumb=""
    )
    page = client.get(f"/en/appeals/{appeal.number}/").content.decode()
    # The page's scripts carry words about videos on every page.
    assert "being prepared" in page[page.index("gallery__wait") :].partition("</div>")[0]


def test_hidden_is_gone_for_the_public_and_shown_to_its_staff(
    appeal: Appeal, client: Client, light_user: User, office_user: User, outsider: User
) -> None:
    perform(appeal.pk, HIDE, Person(office_user), version=1, text="Insults a neighbour")
    url = f"/en/appeals/{appeal.number}/"
    gone = client.get(url)
    assert gone.status_code == 410
    # A browser that is told nothing keeps a 410 for good, and shows it after the appeal is public again.
    assert gone["Cache-Control"] == "no-store"
    assert client.get("/en/nothing-here/")["Cache-Control"] == "no-store"
    assert appeal.address not in gone.content.decode()
    assert "күйбөйт" not in gone.content.decode()
    assert "Insults a neighbour" in gone.content.decode()
    client.force_login(outsider)
    assert client.get(url).status_code == 410
    for user in (light_user, office_user):
        client.force_login(user)
        page = client.get(url)
        assert page.status_code == 200
        assert "Insults a neighbour" in page.content.decode()


@pytest.mark.parametrize("number", ["0", "999999999", "9" * 30, "9" * 5000])
def test_an_unknown_number_is_not_found(city: GridCity, client: Client, number: str) -> None:
    assert client.get(f"/ky/appeals/{number}/").status_code == 404


def test_the_number_of_queries_does_not_grow(
    appeal: Appeal, client: Client, light_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = f"/en/appeals/{appeal.number}/"
    # The appeal, events, attachments, the decision, terms and calendar, what repeats it, and what belongs together with it;
    # its comments, and whether it may be commented on.
    with django_assert_num_queries(10):
        client.get(url)
    perform(appeal.pk, ACCEPT, Person(light_user), version=1)
    photos = [AttachmentFactory(appeal=None).pk for _ in range(3)]
    perform(appeal.pk, ANSWER, Person(light_user), version=2, text="Done", uploads=photos)
    for _ in range(3):
        AttachmentFactory(appeal=appeal)
    with django_assert_num_queries(10):
        client.get(url)


def test_what_staff_see_is_kept_nowhere(appeal: Appeal, client: Client, light_user: User) -> None:
    # The service worker keeps pages for when there is no network, and a hidden appeal must not stay there.
    url = f"/en/appeals/{appeal.number}/"
    assert "no-store" not in client.get(url)["Cache-Control"]
    client.force_login(light_user)
    assert "no-store" in client.get(url)["Cache-Control"]
