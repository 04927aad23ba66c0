"""Pictures of the news: smaller than a phone makes them, and without what a phone writes into them."""

from __future__ import annotations

import io
import uuid

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

#: Longest side in pixels.
SIDE_MAX = 1_600


def published_picture(file: UploadedFile) -> ContentFile[bytes]:
    """The picture as a JPEG without metadata, turned upright, at most ``SIDE_MAX`` a side, under a name of its own."""
    with Image.open(file) as source:
        upright = ImageOps.exif_transpose(source)
        # Transparent ground would become black in a JPEG.
        flat = Image.new("RGB", upright.size, "white")
        upright = upright.convert("RGBA")
        flat.paste(upright, mask=upright.getchannel("A"))
    flat.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    flat.save(content, "JPEG", quality=82, optimize=True, progressive=True)
    return ContentFile(content.getvalue(), name=f"{uuid.uuid4()}.jpg")
