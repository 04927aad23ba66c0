"""Areas of a photo become black for everybody; the whole photo is kept for the Mayor's Office."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from appeals.errors import Busy, Invalid
from appeals.models import Attachment
from media import refusal as media_refusal
from media.confined import ProcessingFailed
from media.confined import cover_photo as cover_confined
from media.refusal import MediaRefused

log = structlog.get_logger()

#: The appeal is locked meanwhile, and whoever waits for it gives up after some seconds (``jobs.limits``).
PATIENCE_S: Final = 4.0
MAX_WAIT_S: Final = 20.0


def cover(photo: Attachment, areas: Sequence[Sequence[float]]) -> None:
    """The photo without these areas, beside those that it lacks already; without any, it is whole again.

    Inside the caller's transaction, which holds the appeal. What the public saw before is served no more as soon as that
    is committed: the addresses are of the row. Raises ``Invalid`` when the file cannot be read, ``Busy`` when there is no
    time for it.
    """
    old = [(file.storage, str(file.name)) for file in (photo.large, photo.thumb)] if photo.covered else []
    if not photo.covered:
        photo.whole_large, photo.whole_thumb = photo.large.name, photo.thumb.name
    if areas:
        photo.covered = [*photo.covered, *map(list, areas)]
        _draw(photo)
    else:
        photo.large, photo.thumb = photo.whole_large.name, photo.whole_thumb.name
        photo.covered, photo.whole_large, photo.whole_thumb = [], "", ""
    photo.save(update_fields=["covered", "large", "thumb", "whole_large", "whole_thumb"])
    for storage, name in old:
        transaction.on_commit(partial(storage.delete, name))


def _draw(photo: Attachment) -> None:
    """New files of the whole photo, under names of their own: what was kept is not touched."""
    try:
        made = cover_confined(
            Path(photo.whole_large.path), photo.covered, patience_s=PATIENCE_S, max_wait_s=MAX_WAIT_S
        )
    except MediaRefused as refusal:
        raise Invalid({"photo": [refusal.message]}) from refusal
    except media_refusal.Busy as busy:
        raise Busy(busy.message) from busy
    except (ProcessingFailed, OSError) as error:
        log.exception("a photo could not be covered", id=str(photo.pk))
        raise Busy(_("This photo cannot be opened just now. Please try again soon.")) from error
    photo.store_pictures(made.large, made.thumb)
