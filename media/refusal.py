"""Why a photo or a video is refused: a code to store and a message to show."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(StrEnum):
    """The reason a file was refused; the value is stored with the attachment and never changes."""

    EMPTY = "empty"
    NOT_MEDIA = "not_media"

    NOT_A_PHOTO = "not_a_photo"
    PHOTO_BROKEN = "photo_broken"
    PHOTO_CUT_SHORT = "photo_cut_short"
    PHOTO_TOO_HEAVY = "photo_too_heavy"
    PHOTO_TOO_LARGE = "photo_too_large"
    PHOTO_TOO_SMALL = "photo_too_small"
    PHOTO_TOO_SLOW = "photo_too_slow"
    PHOTO_TAKES_TOO_MUCH = "photo_takes_too_much"
    PHOTO_ODD = "photo_odd"

    NOT_A_VIDEO = "not_a_video"
    VIDEO_BROKEN = "video_broken"
    VIDEO_CUT_SHORT = "video_cut_short"
    VIDEO_TOO_HEAVY = "video_too_heavy"
    VIDEO_TOO_LONG = "video_too_long"
    VIDEO_TOO_LARGE = "video_too_large"
    VIDEO_TOO_SMALL = "video_too_small"
    VIDEO_TOO_MUCH = "video_too_much"
    VIDEO_WITHOUT_PICTURE = "video_without_picture"
    VIDEO_UNKNOWN_CODEC = "video_unknown_codec"
    VIDEO_TOO_SLOW = "video_too_slow"
    VIDEO_NOT_PREPARED = "video_not_prepared"


# `limit` is a whole number in the unit named in the sentence.
_WORDS: Final[dict[Refusal, Promise | str]] = {
    Refusal.EMPTY: _("The file is empty. Please choose it again."),
    Refusal.NOT_MEDIA: _("This file is neither a photo nor a video that we can read."),
    Refusal.NOT_A_PHOTO: _(
        "This file is not a photo that we can read. Please send a JPEG, PNG, WebP, GIF, HEIC or AVIF picture."
    ),
    Refusal.PHOTO_BROKEN: _("The photo is damaged and cannot be opened. Please send another one."),
    Refusal.PHOTO_CUT_SHORT: _("Only part of the photo arrived. Please send it again."),
    Refusal.PHOTO_TOO_HEAVY: _("The photo is larger than %(limit)d MB. Please send a smaller one."),
    Refusal.PHOTO_TOO_LARGE: _("The photo has more than %(limit)d megapixels. Please send a smaller one."),
    Refusal.PHOTO_TOO_SMALL: _("The photo is smaller than %(limit)d pixels. Too small to see anything."),
    Refusal.PHOTO_TOO_SLOW: _("Opening the photo took too long. Please send a smaller one."),
    Refusal.PHOTO_TAKES_TOO_MUCH: _(
        "The photo takes too much memory to open. Please send it as a smaller JPEG."
    ),
    Refusal.PHOTO_ODD: _(
        "A picture of more than %(limit)d megapixels is taken as a camera writes it, not interlaced, in very many passes or "
        "almost empty. Please send it as an ordinary JPEG."
    ),
    Refusal.NOT_A_VIDEO: _(
        "This file is not a video that we can read. Please send an MP4, MOV or WebM video."
    ),
    Refusal.VIDEO_BROKEN: _("The video is damaged and cannot be played. Please send another one."),
    Refusal.VIDEO_CUT_SHORT: _("Only part of the video arrived. Please send it again."),
    Refusal.VIDEO_TOO_HEAVY: _("The video is larger than %(limit)d MB. Please send a shorter one."),
    Refusal.VIDEO_TOO_LONG: _("The video is longer than %(limit)d seconds. Please send a shorter one."),
    Refusal.VIDEO_TOO_LARGE: _("The video's picture is larger than 4K. Please record it at a lower quality."),
    Refusal.VIDEO_TOO_SMALL: _("The video's picture is smaller than %(limit)d pixels."),
    Refusal.VIDEO_TOO_MUCH: _(
        "The video has too many large pictures to be prepared here. Please record it shorter or at a lower quality."
    ),
    Refusal.VIDEO_WITHOUT_PICTURE: _("There is only sound in this file. Please send a video or a photo."),
    Refusal.VIDEO_UNKNOWN_CODEC: _(
        "This kind of video cannot be played here. Please send an MP4 video in H.264."
    ),
    Refusal.VIDEO_TOO_SLOW: _("Preparing the video took too long. Please send a shorter one."),
    # Several tries failed, and none because of the film.
    Refusal.VIDEO_NOT_PREPARED: _(
        "The video could not be prepared: the fault is ours, not the video's. What was received is kept, and the "
        "people who run this site can try again."
    ),
}


class MediaRefused(ValueError):
    """The file was refused; ``code`` says why, ``limit`` is the limit it broke, if any."""

    def __init__(self, code: Refusal, limit: int | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.limit = limit

    @property
    def message(self) -> str:
        """The reason in the active language."""
        return explain(self.code, self.limit)


class Busy(RuntimeError):
    """Too many files are being opened at this moment; the same file may be taken in half a minute."""

    @property
    def message(self) -> str:
        """What to do, in the active language."""
        return str(_("Many photos are arriving just now. Please try again in half a minute."))


def explain(code: Refusal, limit: int | None = None) -> str:
    """The reason in the active language.

    Processing happens in a worker that has no reader, so it stores ``code`` and ``limit``, and the page that
    shows the failure calls this.
    """
    words = str(_WORDS[code])
    return words if limit is None else words % {"limit": limit}
