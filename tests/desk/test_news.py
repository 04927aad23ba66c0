"""The Mayor's Office writes its news and planned works at the desk; nobody else does, and nobody overwrites anybody."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from accounts.posts import Post
from geo.drawn import DrawnPlace
from history.models import RowChange
from news import actions
from news.models import NewsItem, Stage
from tests.factories import MembershipFactory, NewsItemFactory
from tests.grid import IN_EAST, GridCity

LON, LAT = IN_EAST
EXIF_MAKER = 0x010F
#: Around IN_EAST: as the map writes them, and as people do.
CORNERS = [
    (LAT - 0.005, LON - 0.005),
    (LAT - 0.005, LON + 0.005),
    (LAT + 0.005, LON + 0.005),
    (LAT + 0.005, LON - 0.005),
]
AREA = "\n".join(f"{lat:.6f}, {lon:.6f}" for lat, lon in CORNERS)


def form(**changed: Any) -> dict[str, Any]:
    """What the editor sends: works that are published now, and others where something is changed."""
    now = timezone.localtime()
    moments = {
        name: f"{now + dt.timedelta(hours=hours):%Y-%m-%dT%H:%M}"
        for name, hours in (("starts_at", -1), ("ends_at", 5))
    }
    words = {
        "title_ky": "Суу жок",
        "body_ky": "Саат 18ге чейин.",
        "title_ru": "Нет воды",
        "body_ru": "До 18 часов.",
        "title_en": "No water",
        "body_en": "Until 18:00.",
    }
    place = {"shape": "area", "corners": AREA, "reach_m": "30"}
    return {
        "version": "0",
        "kind": "works",
        "when": "now",
        "published_at": "",
        **moments,
        **words,
        **place,
        **changed,
    }


def jpeg(width: int = 2600, height: int = 1300) -> SimpleUploadedFile:
    exif = Image.Exif()
    exif[EXIF_MAKER] = "A phone"
    content = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(content, "JPEG", exif=exif)
    return SimpleUploadedFile("news.jpg", content.getvalue(), content_type="image/jpeg")


@pytest.fixture
def office(client: Client, office_user: User, media_root: Path) -> Client:
    client.force_login(office_user)
    return client


def send(client: Client, path: str, **changed: Any) -> tuple[int, str]:
    answer = client.post(f"/en/desk/news/{path}", form(**changed))
    return answer.status_code, answer.content.decode()


def test_an_item_goes_from_a_draft_to_the_archive_and_back_and_the_public_sees_its_time_alone(
    city: GridCity, office: Client, office_user: User
) -> None:
    public = Client()
    assert send(office, "new/", when="draft", kind="news", starts_at="", ends_at="", body_ky="")[0] == 302
    item = NewsItem.objects.get()
    seen = f"/ru/news/{item.pk}/"

    def stands(stage: Stage, *, listed: bool, opens: bool) -> None:
        item.refresh_from_db()
        assert item.stage() is stage
        found = {one for one in Stage if NewsItem.objects.at_stage(one).exists()}
        assert found == {stage}
        assert "Нет воды" in office.get(f"/ru/desk/news/?stage={stage}").content.decode()
        assert ("Нет воды" in public.get("/ru/news/").content.decode()) is listed
        unseen = 410 if stage is Stage.ARCHIVED else 404
        assert public.get(seen).status_code == (200 if opens else unseen)

    stands(Stage.DRAFT, listed=False, opens=False)
    # The list of many is called otherwise than the one that is open.
    for path, badge in (
        (f"/ru/desk/news/{item.pk}/", "Черновик<"),
        (f"/ky/desk/news/{item.pk}/", "Каралама<"),
    ):
        assert f'<span class="news-stage">{badge}' in office.get(path).content.decode()
    later = f"{timezone.localtime() + dt.timedelta(days=2):%Y-%m-%dT%H:%M}"
    path = f"{item.pk}/"
    assert send(office, path, version="1", when="later", published_at=later)[0] == 302
    stands(Stage.PLANNED, listed=False, opens=False)
    assert send(office, path, version="2")[0] == 302
    stands(Stage.PUBLISHED, listed=True, opens=True)
    # What is out keeps its moment when a word of it is changed.
    moment = item.published_at
    assert send(office, path, version="3", title_en="No water here")[0] == 302
    stands(Stage.PUBLISHED, listed=True, opens=True)
    assert item.published_at == moment
    NewsItem.objects.update(starts_at=timezone.now() - dt.timedelta(hours=3), ends_at=timezone.now())
    stands(Stage.ENDED, listed=False, opens=True)
    assert "Эти работы закончены." in public.get(seen).content.decode()
    for do, stage in (("archive", Stage.ARCHIVED), ("put-back", Stage.ENDED)):
        item.refresh_from_db()
        office.post("/en/desk/news/", {"item": item.pk, "version": item.version, "do": do})
        stands(stage, listed=False, opens=stage is Stage.ENDED)
    changes = RowChange.objects.filter(table_name="news_newsitem", by=office_user.pk)
    assert changes.count() == 6
    history = office.get("/en/desk/news/")
    assert history.status_code == 200


def test_the_place_is_read_strictly_and_kept_as_it_was_drawn(city: GridCity, office: Client) -> None:
    link = f"https://www.google.com/maps/@{LAT:.6f},{LON:.6f},17z"
    comma = f"{LAT:.5f} {LON:.5f}".replace(".", ",")
    for written in (f"{LAT:.6f}, {LON:.6f}", comma, f"{LON:.6f}, {LAT:.6f}", link, f"\n  {LAT}, {LON}\n\n"):
        NewsItem.objects.all().delete()
        assert send(office, "new/", shape="point", corners=written)[0] == 302, written
        point = NewsItem.objects.get().point
        assert point is not None
        assert (point.x, point.y) == pytest.approx((LON, LAT), abs=1e-5), written
    NewsItem.objects.all().delete()
    assert send(office, "new/", shape="line", corners=AREA, reach_m="50")[0] == 302
    along = NewsItem.objects.get()
    assert along.reach_m == 50
    assert along.area is not None
    # 50 m on both sides of 0.01 degrees there, 0.01 up and 0.01 back, and half a circle at both ends.
    metric = along.area.transform(32643, clone=True)
    length = along.line.transform(32643, clone=True).length  # type: ignore[union-attr]
    assert metric.area == pytest.approx(100 * length + 3.1416 * 2500, rel=0.01)
    page = office.get(f"/en/desk/news/{along.pk}/").content.decode()
    assert AREA in page
    assert '<option value="line" selected>' in page
    assert send(office, f"{along.pk}/", version="1")[0] == 302
    drawn = NewsItem.objects.get()
    assert (drawn.line, drawn.reach_m) == (None, None)
    assert drawn.place.corners == AREA
    assert send(office, f"{along.pk}/", version="2", shape="", corners="")[0] == 302
    assert NewsItem.objects.get().place == DrawnPlace()


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("This field is required.", {"kind": ""}),
    ("write a title that can be seen", {"title_ky": "\u200b\u200d"}),
    ("write a text that can be seen", {"body_ky": "\u3164"}),
    ("write a text that can be seen", {"body_ru": ""}),
    ("write a title that can be seen", {"title_en": ""}),
    ("At most 200 characters.", {"title_ky": "а" * 201}),
    ("Works have both a beginning and an end.", {"ends_at": ""}),
    ("Say when the works begin and end", {"starts_at": "", "ends_at": ""}),
    ("The end must be after the beginning.", {"ends_at": "2026-01-01T10:00"}),
    ("check the year", {"ends_at": "2126-01-01T10:00"}),
    ("Enter a valid date/time.", {"ends_at": "soon"}),
    ("Only works have a beginning and an end.", {"kind": "news"}),
    ("Say from which moment on.", {"when": "later"}),
    ("Draw it on the map", {"corners": " \n"}),
    ("Line 2 is no latitude and longitude", {"corners": "40.52, 72.76\nPOINT(1 1)"}),
    ("Line 1 is no latitude and longitude", {"corners": '{"type":"Polygon","coordinates":[]}'}),
    ("This place is outside the city.", {"corners": AREA.replace(f"{CORNERS[0][0]:.6f}", "10.000000")}),
    ("at least three different corners", {"corners": "40.52, 72.76\n40.53, 72.76\n40.52, 72.76"}),
    (
        "The area is not valid: the border crosses or touches itself near",
        {"corners": "\n".join(AREA.splitlines()[i] for i in (0, 2, 1, 3))},
    ),
    ("At most 200 corners.", {"corners": "40.52, 72.76\n" * 201}),
    ("A point is one place", {"shape": "point"}),
    ("at least two different corners", {"shape": "line", "corners": "40.52, 72.76\n40.52, 72.76"}),
    ("Between 5 and 500 metres.", {"shape": "line", "reach_m": "501"}),
    ("Between 5 and 500 metres.", {"shape": "line", "reach_m": ""}),
    ("Choose what the corners below are", {"shape": ""}),
    ("Null characters are not allowed.", {"corners": "\x00"}),
]


def test_what_does_not_hold_is_said_at_its_field_in_the_editor_and_in_the_preview(
    city: GridCity, office: Client
) -> None:
    for sentence, changed in REFUSED:
        status, page = send(office, "new/", **changed)
        assert (status, sentence in page) == (400, True), (sentence, changed)
        assert "Нет воды" in page
        status, page = send(office, "new/", preview="en", **changed)
        assert (status, sentence in page) == (400, True), ("preview", sentence, changed)
    assert not NewsItem.objects.exists()
    # The database holds what the form says.
    for wrong in ({"starts_at": timezone.now()}, {"ends_at": timezone.now()}, {"reach_m": 5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            NewsItemFactory(**wrong)


def test_of_two_editors_the_slower_overwrites_nothing_and_keeps_words_and_picture(
    city: GridCity, office: Client
) -> None:
    assert send(office, "new/")[0] == 302
    path = f"{NewsItem.objects.get().pk}/"
    assert send(office, path, version="1", title_ru="Воды нет до утра", shape="", corners="")[0] == 302
    status, lost = send(office, path, version="1", body_ru="Мои слова.", picture=jpeg())
    assert status == 409
    assert "Мои слова." in lost
    meanwhile = lost.partition("news-meanwhile")[2].partition("</dl>")[0]
    assert "Воды нет до утра" in meanwhile
    assert "No place" in meanwhile
    assert "До 18 часов." in meanwhile
    item = NewsItem.objects.get()
    assert (item.title_ru, item.body_ru, bool(item.picture)) == ("Воды нет до утра", "До 18 часов.", False)
    (version,) = re.findall(r'name="version" value="(\d+)"', lost)
    (kept,) = re.findall(r'name="picture_kept" value="([^"]+)"', lost)
    assert send(office, path, version=version, body_ru="Мои слова.", picture_kept=kept)[0] == 302
    item.refresh_from_db()
    assert (item.title_ru, item.body_ru, item.version) == ("Нет воды", "Мои слова.", 3)
    with Image.open(item.picture.path) as stored:
        assert (stored.format, stored.size) == ("JPEG", (2048, 1024))
        assert EXIF_MAKER not in stored.getexif()
    # Nor is what is in the archive changed by an old list.
    office.post("/en/desk/news/", {"item": item.pk, "version": 2, "do": "archive"})
    assert NewsItem.objects.get().archived_at is None
    # A token is for whoever got it, and for a file alone.
    for token in ("x", kept[:-1], ""):
        assert send(office, "new/", picture_kept=token)[0] == 302
        assert not NewsItem.objects.latest("pk").picture
    assert send(office, path, version="3", no_picture="on")[0] == 302
    assert not NewsItem.objects.get(pk=item.pk).picture


def test_a_preview_is_the_public_page_and_keeps_nothing(city: GridCity, office: Client) -> None:
    def article(page: str) -> str:
        found = re.search(r'<article class="stack">.*?</article>', page, re.DOTALL)
        assert found, page
        return found[0]

    # Of one minute, however long the test takes.
    moments = {name: form()[name] for name in ("starts_at", "ends_at")}
    previews = {}
    for language in ("ky", "ru", "en"):
        status, page = send(office, "new/", preview=language, when="draft", picture=jpeg(40, 40), **moments)
        assert status == 200
        assert f'<html lang="{language}">' in page
        previews[language] = article(page)
    assert not NewsItem.objects.exists()
    assert send(office, "new/", picture=jpeg(40, 40), **moments)[0] == 302
    item = NewsItem.objects.get()
    for language, seen in previews.items():
        public = article(Client().get(f"/{language}/news/{item.pk}/").content.decode())
        same = [re.sub(r'src="[^"]+"|datetime="[^"]+"', "", one) for one in (seen, public)]
        assert same[0] == same[1], language
        assert "data:image/jpeg;base64," in seen
    status, cut = send(office, "new/", picture=SimpleUploadedFile("x.jpg", jpeg().read()[:-20_000]))
    assert status == 400
    assert "Only part of the photo arrived" in cut


def test_only_who_writes_news_comes_in_at_any_door(
    city: GridCity, office: Client, light_user: User, outsider: User
) -> None:
    item = NewsItemFactory(published_at=None)
    light = city.services["light"]
    others = [
        light_user,
        outsider,
        MembershipFactory(service=light, post=Post.HEAD).user,
        *(
            MembershipFactory(service=city.services["office"], post=post).user
            for post in (Post.DISPATCHER, Post.MODERATOR, Post.PLANNER)
        ),
    ]
    for user in others:
        client = Client()
        client.force_login(user)
        for path in ("", "new/", f"{item.pk}/"):
            assert client.get(f"/en/desk/news/{path}").status_code == 403, (user, path)
            assert send(client, path, version="1")[0] == 403, (user, path)
        with pytest.raises(PermissionDenied):
            actions.archive(user, item, 1)
        assert "/desk/news/" not in client.get("/en/").content.decode()
    assert send(Client(), f"{item.pk}/", version="1")[0] == 302
    item.refresh_from_db()
    assert (item.version, item.archived_at) == (1, None)
    assert office.get("/en/desk/news/").status_code == 200
    assert office.get("/en/desk/news/?stage=x").status_code == 400
    assert office.get("/en/desk/news/999999/").status_code == 404


def test_a_form_that_is_sent_twice_is_one_item(office: Client) -> None:
    page = office.get("/en/desk/news/new/").content.decode()
    sent = form(form_id=re.search(r'name="form_id" value="([^"]+)"', page)[1])  # type: ignore[index]
    picture = jpeg(300, 200).read()
    kept = [
        office.post("/en/desk/news/new/", {**sent, "picture": SimpleUploadedFile("one.jpg", picture)})[
            "Location"
        ]
        for _ in range(2)
    ]
    assert len({*kept}) == 1
    assert NewsItem.objects.count() == 1
    # Other words are no mistake of the finger: they stay, and are another item if they are meant to be.
    answer = office.post("/en/desk/news/new/", {**sent, "title_en": "Other works"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "was made already" in page and 'value="Other works"' in page
    renamed = re.search(r'name="form_id" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert office.post("/en/desk/news/new/", {**sent, "form_id": renamed}).status_code == 302
    assert NewsItem.objects.count() == 2


def test_what_was_taken_back_says_so_to_the_public(office: Client, office_user: User) -> None:
    item, draft = NewsItemFactory(), NewsItemFactory(published_at=None)
    public = Client()
    for one in (item, draft):
        actions.archive(office_user, one, one.version)
    answer = public.get(f"/en/news/{item.pk}/")
    page = answer.content.decode()
    assert answer.status_code == 410
    assert "took it back" in page and 'href="/en/news/"' in page and item.title not in page
    # What was never out is nobody's business.
    assert public.get(f"/en/news/{draft.pk}/").status_code == 404
    actions.put_back(office_user, item, item.version + 1)
    assert public.get(f"/en/news/{item.pk}/").status_code == 200
