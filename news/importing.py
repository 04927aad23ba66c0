"""Demo news from the profile folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.core.files.base import ContentFile
from django.utils import timezone

from districts.importing.entries import Entry, toml_entries
from geo.drawn import place_from_text
from geo.points import GeometryRefused, city_point
from geo.refusals import Refused
from news.models import NewsItem

_HOUR = 10


def load_news(folder: Path, picture: Callable[[str], bytes], today: dt.date) -> int:
    """Creates the items of news.toml, dated in days before today; returns their number, 0 without the file.

    ``picture`` returns a named picture as a clean JPEG. Raises ``EntryRefused``.
    """
    file = folder / "news.toml"
    if not file.exists():
        return 0
    items = [_item(entry, picture, today) for entry in toml_entries(file, "news")]
    for item in sorted(items, key=lambda item: item.published_at or timezone.now()):
        item.save()
    return len(items)


def _item(entry: Entry, picture: Callable[[str], bytes], today: dt.date) -> NewsItem:
    kind = entry.text("kind")
    if kind not in NewsItem.Kind.values:
        raise entry.refuse(f"kind must be one of {', '.join(NewsItem.Kind.values)}")
    day = today - dt.timedelta(days=entry.whole("days_ago"))
    published_at = dt.datetime.combine(day, dt.time(_HOUR), timezone.get_default_timezone())
    item = NewsItem(
        kind=kind,
        published_at=published_at,
        **entry.translated("title"),
        **{key: text.strip() for key, text in entry.translated("body").items()},
    )
    if lasts := entry.whole("lasts_days", 0):
        item.starts_at = published_at
        item.ends_at = published_at + dt.timedelta(days=lasts)
    try:
        if "lon" in entry.values:
            item.point = city_point(entry.values["lon"], entry.values.get("lat"))
        else:
            shape, corners = entry.text("shape", ""), entry.text("corners", "")
            item.place = place_from_text(shape, corners, str(entry.whole("reach_m", 0)))
    except (GeometryRefused, Refused) as refusal:
        raise entry.refuse(str(refusal)) from None
    if name := entry.text("picture", ""):
        try:
            item.picture.save(f"{entry.text('code', name)}.jpg", ContentFile(picture(name)), save=False)
        except KeyError:
            raise entry.refuse(f"there is no picture {name!r}") from None
    return item
