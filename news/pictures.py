"""News pictures, made safe and small like every other photo."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from media.photos import prepare_photo
from media.refusal import MediaRefused


def published_picture(file: UploadedFile) -> ContentFile[bytes]:
    """The picture as ``media.photos`` makes it, newly named. Raises ``ValidationError`` with the reason."""
    try:
        prepared = prepare_photo(file)  # type: ignore[arg-type]  # Django's file reads and seeks like any other
    except MediaRefused as refusal:
        raise ValidationError(refusal.message) from refusal
    return ContentFile(prepared.large.data, name=f"{uuid.uuid4()}.jpg")
