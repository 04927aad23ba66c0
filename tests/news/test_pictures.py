"""Pictures that no news item shows are removed, and no others."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from jobs.schedule import registered
from media.storage import FORGOTTEN_AFTER
from news.models import NewsItem
from news.pictures import stored_picture, sweep_pictures
from tests.factories import NewsItemFactory

LATER = FORGOTTEN_AFTER + dt.timedelta(minutes=5)


def with_picture() -> NewsItem:
    content = io.BytesIO()
    Image.new("RGB", (640, 480), "red").save(content, "JPEG")
    item: NewsItem = NewsItemFactory()
    item.picture = stored_picture(SimpleUploadedFile("photo.jpg", content.getvalue()))
    item.save()
    return item


@pytest.mark.django_db
def test_what_is_replaced_or_left_by_a_killed_process_is_removed(stored_in: Path) -> None:
    shown, replaced, draft = with_picture(), with_picture(), with_picture()
    NewsItem.objects.filter(pk=draft.pk).update(published_at=timezone.now() + dt.timedelta(days=9))
    former = Path(replaced.picture.path)
    replaced.picture = with_picture().picture
    replaced.save()
    folder = former.parent
    (folder / "nobodys.jpg").touch()
    assert len(list(folder.iterdir())) == 5
    assert sweep_pictures() == 0
    assert sweep_pictures(timezone.now() + LATER) == 2
    left = {Path(item.picture.path) for item in NewsItem.objects.all()}
    assert set(folder.iterdir()) == left
    assert Path(shown.picture.path) in left
    assert Path(draft.picture.path) in left
    assert former not in left
    assert sweep_pictures(timezone.now() + LATER) == 0


def test_it_is_swept_each_day() -> None:
    swept = {job.name: job.interval for job in registered()}
    assert swept["news.pictures.sweep_pictures"] == dt.timedelta(days=1)
