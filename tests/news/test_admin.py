"""Writing the Mayor's Office's news in the admin."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from news.models import NewsItem
from tests.grid import IN_EAST, GridCity

EXIF_MAKER = 0x010F
#: What the form of an item needs.
NEWS: dict[str, Any] = {
    "kind": "news",
    "title_ky": "Жаңылык",
    "body_ky": "Текст",
    "published_at_0": "2026-06-01",
    "published_at_1": "10:00",
    "place": "",
}


@pytest.fixture
def operator(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@city.example"))
    return client


def jpeg(width: int = 2600, height: int = 1300) -> bytes:
    exif = Image.Exif()
    exif[EXIF_MAKER] = "A phone"
    content = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(content, "JPEG", exif=exif)
    return content.getvalue()


def send(operator: Client, picture: bytes) -> str:
    """The response to a news item submitted with the picture."""
    form = NEWS | {"picture": SimpleUploadedFile("news.jpg", picture, content_type="image/jpeg")}
    answer = operator.post(reverse("admin:news_newsitem_add"), form, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_picture_is_re_encoded_without_the_phones_metadata(operator: Client, media_root: Path) -> None:
    send(operator, jpeg())
    item = NewsItem.objects.get()
    with Image.open(item.picture.path) as stored:
        assert (stored.format, stored.size) == ("JPEG", (2048, 1024))
        assert EXIF_MAKER not in stored.getexif()
    assert "news.jpg" not in item.picture.name


def test_a_place_is_read_as_people_copy_it_and_what_is_none_is_refused(
    city: GridCity, operator: Client
) -> None:
    lon, lat = IN_EAST
    comma = f"{lat:.5f} {lon:.5f}".replace(".", ",")
    link = f"https://www.google.com/maps/@{lat:.6f},{lon:.6f},17z"
    for written in (f"{lat:.6f}, {lon:.6f}", comma, f"{lon:.6f}, {lat:.6f}", link):
        NewsItem.objects.all().delete()
        answer = operator.post(reverse("admin:news_newsitem_add"), NEWS | {"place": written})
        assert answer.status_code == 302, (written, answer.content.decode())
        point = NewsItem.objects.get().point
        assert point is not None
        assert (point.x, point.y) == pytest.approx((lon, lat), abs=1e-5), written
    page = reverse("admin:news_newsitem_change", args=[NewsItem.objects.get().pk])
    assert f'value="{lat:.6f}, {lon:.6f}"' in operator.get(page).content.decode()
    for written, sentence in (
        ("the bridge", "Write latitude and longitude"),
        ("10.5, 20.5", "outside the city"),
    ):
        answer = operator.post(page, NEWS | {"place": written})
        assert answer.status_code == 200
        assert sentence in answer.content.decode()
        assert written in answer.content.decode()
    assert NewsItem.objects.get().point == point
    assert operator.post(page, NEWS).status_code == 302
    assert NewsItem.objects.get().point is None


@pytest.mark.parametrize("field", ["title_ky", "body_ky"])
@pytest.mark.parametrize("text", ["\u200b\u200d", "\u3164", "\ufeff "])
def test_words_that_nobody_sees_are_no_news(operator: Client, field: str, text: str) -> None:
    answer = operator.post(reverse("admin:news_newsitem_add"), NEWS | {field: text})
    assert answer.status_code == 200
    assert "Write something that can be seen." in answer.content.decode()
    assert not NewsItem.objects.exists()


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (jpeg()[:-20_000], "Only part of the photo arrived"),
        (jpeg(12, 12), "smaller than 16 pixels"),
    ],
    ids=["cut", "tiny"],
)
def test_a_refused_picture_shows_the_reason(
    operator: Client, media_root: Path, picture: bytes, sentence: str
) -> None:
    assert sentence in send(operator, picture)
    assert not NewsItem.objects.exists()
    assert not any(media_root.rglob("*.jpg"))
