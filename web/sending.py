"""What scripts need to know to send an appeal and its files: those of the pages, and the service worker."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse

from appeals.limits import PHOTOS_MAX, VIDEOS_MAX
from media.limits import PART_MAX, PhotoLimits, VideoLimits

#: A larger file is sent in parts; on a connection of 16 kB/s one of this size takes a minute.
RESUMABLE_FROM_BYTES: Final = 1_000_000
#: The smallest part: some seconds of the same connection.
PART_MIN: Final = 128 * 1024


def settings_of_sending() -> dict[str, dict[str, Any]]:
    """Addresses, and limits of what is sent with a form."""
    return {
        "urls": {
            "submit": reverse("api-submit"),
            "uploads": reverse("api-upload"),
            "resumable": reverse("api-resumable-uploads"),
            "health": reverse("healthz"),
        },
        "limits": {
            "photos": PHOTOS_MAX,
            "videos": VIDEOS_MAX,
            "photoBytes": PhotoLimits().max_bytes,
            "videoBytes": VideoLimits().max_bytes,
            "videoSeconds": int(VideoLimits().max_duration_s),
            "resumableBytes": RESUMABLE_FROM_BYTES,
            "parts": {"least": PART_MIN, "most": PART_MAX},
        },
    }
