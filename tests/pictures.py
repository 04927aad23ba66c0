"""Photos of which a test can see what became of them."""

from __future__ import annotations

import io
from typing import Final

from django.core.files.base import ContentFile
from PIL import Image

from appeals.models import Appeal, Attachment
from tests.factories import AttachmentFactory

RED: Final = (254, 0, 0)
SIZES: Final = {"large": (640, 480), "thumb": (480, 360)}


def photo_of(appeal: Appeal) -> Attachment:
    """A photo that is red all over, with metadata that no product of ours would have."""
    row: Attachment = AttachmentFactory(appeal=appeal, large="", thumb="", width=640, height=480)
    for form, size in SIZES.items():
        made, exif = io.BytesIO(), Image.Exif()
        exif[0x010E] = "flat 17"
        Image.new("RGB", size, RED).save(made, "JPEG", exif=exif)
        getattr(row, form).save(f"{row.pk}.jpg", ContentFile(made.getvalue()), save=False)
    row.save()
    return row
