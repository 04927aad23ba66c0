"""What is made of a photo, for those who do not make it: no library that decodes is imported here."""

from __future__ import annotations

from dataclasses import dataclass

from media.content import Content


@dataclass(frozen=True)
class EncodedPhoto:
    """A JPEG that holds nothing but sRGB pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class PreparedPhoto:
    """The two forms of one photo; ``large`` is never larger than the original.

    ``look`` is what it looks like (``media.photos.look_of``); None where there is next to nothing to see.
    """

    content: Content
    large: EncodedPhoto
    thumb: EncodedPhoto
    look: int | None
