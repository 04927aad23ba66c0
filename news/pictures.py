"""News pictures, made safe and small like every other photo."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Callable, Collection
from pathlib import Path, PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from media.confined import process_photo
from media.refusal import Busy, MediaRefused
from media.storage import sweep_files
from news.models import NewsItem

#: Those of the pictures, by their names in the storage, that something else than an item holds; rooms above add theirs.
held_elsewhere: list[Callable[[Collection[str]], set[str]]] = []


def sweep_pictures(now: dt.datetime | None = None) -> int:
    """Number of pictures removed that no news item shows any more, or has ever shown, and nothing else holds."""
    field = NewsItem.picture.field
    folder = str(field.upload_to)

    def in_use(names: Collection[str]) -> set[str]:
        paths = [f"{folder}/{name}" for name in names]
        shown = {*NewsItem.objects.filter(picture__in=paths).values_list("picture", flat=True)}
        held = {path for elsewhere in held_elsewhere for path in elsewhere(paths)}
        return {PurePath(name).name for name in shown | held}

    return sweep_files(Path(field.storage.path(folder)), in_use, now)


def stored_picture(file: UploadedFile) -> str:
    """Name of the file with the picture as ``media`` makes it; it is swept where no item takes it.

    Raises ``ValidationError`` with the reason.
    """
    try:
        prepared = process_photo(file)
    except (MediaRefused, Busy) as refusal:
        raise ValidationError(refusal.message) from refusal
    field = NewsItem.picture.field
    return field.storage.save(f"{field.upload_to}/{uuid.uuid4()}.jpg", ContentFile(prepared.large.data))


def same_picture(one: str, other: str) -> bool:
    """True when the names are of the same picture: a file that is sent twice is stored twice. Empty names are none."""
    if one == other or not (one and other):
        return one == other
    storage = NewsItem.picture.field.storage
    with storage.open(one) as first, storage.open(other) as second:
        return bool(first.read() == second.read())


def picture_as_text(name: str) -> str:
    """The stored picture as the address of an image, for a page that shows it before any item has it."""
    with NewsItem.picture.field.storage.open(name) as file:
        return "data:image/jpeg;base64," + base64.b64encode(file.read()).decode("ascii")
