"""What a file is, judged by its bytes. Its name and declared type are mere claims and are ignored."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import BinaryIO, Final

from media.refusal import MediaRefused, Refusal

HEAD_BYTES: Final = 64
"""Number of leading bytes that :func:`content_of` needs."""


class MediaKind(StrEnum):
    """Whether a file is shown as a picture or played as a video."""

    PHOTO = "photo"
    VIDEO = "video"


class Content(StrEnum):
    """An accepted family of file formats, recognised by its signature."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    HEIF = "heif"
    """HEIC, HEIF and AVIF: still pictures in ISO base media boxes."""
    QUICKTIME = "quicktime"
    """MP4, MOV and 3GP: video in the same boxes. 3GP, recorded by older phones, needs no extra demuxer."""
    MATROSKA = "matroska"
    """WebM and Matroska."""

    @property
    def kind(self) -> MediaKind:
        return MediaKind.VIDEO if self in (Content.QUICKTIME, Content.MATROSKA) else MediaKind.PHOTO


_STILL_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
    | {b"mif1", b"mif2", b"msf1", b"miaf", b"avif", b"avis"}
)
# A fragmented video has two per fragment; a hostile file may hold millions of empty ones.
_BOXES_MAX: Final = 20_000
# QuickTime videos older than the `ftyp` box begin with one of these.
_QUICKTIME_FIRST_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def content_of(head: bytes) -> Content | None:
    """The family of formats that ``head``, the first :data:`HEAD_BYTES` of a file, belongs to, or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return Content.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Content.PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Content.GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Content.WEBP
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Content.MATROSKA
    box = head[4:8]
    if box == b"ftyp":
        return Content.HEIF if head[8:12] in _STILL_BRANDS else Content.QUICKTIME
    return Content.QUICKTIME if box in _QUICKTIME_FIRST_BOXES else None


def accepted_content(head: bytes) -> Content:
    """The family of formats of a photo or video, by the first :data:`HEAD_BYTES` of the file.

    Raises :class:`MediaRefused` (``EMPTY``, ``NOT_MEDIA``) for anything else.
    """
    if not head:
        raise MediaRefused(Refusal.EMPTY)
    content = content_of(head)
    if content is None:
        raise MediaRefused(Refusal.NOT_MEDIA)
    return content


def is_cut_short(stream: BinaryIO, content: Content) -> bool:
    """Whether the end of the file is missing, as after an interrupted upload; moves the stream's position.

    Serves to choose the message for an unreadable file, and to tell half a video from a whole one: demuxers
    treat a truncated file as complete.
    """
    size = stream.seek(0, os.SEEK_END)
    match content:
        case Content.HEIF | Content.QUICKTIME:
            return _boxes_end(stream, size) > size
        case Content.MATROSKA:
            return _segment_end(stream) > size
        case Content.WEBP:
            stream.seek(4)
            return int.from_bytes(stream.read(4), "little") + 8 > size
        case Content.JPEG:
            return b"\xff\xd9" not in _tail(stream, size)
        case Content.PNG:
            return b"IEND" not in _tail(stream, size)
        case Content.GIF:
            return not _tail(stream, size).rstrip(b"\0").endswith(b";")


def _tail(stream: BinaryIO, size: int) -> bytes:
    stream.seek(max(0, size - 64 * 1024))
    return stream.read()


def _boxes_end(stream: BinaryIO, size: int) -> int:
    """Where the file ends according to its top-level boxes (ISO/IEC 14496-12, 4.2); 0 if they do not say."""
    offset = 0
    for _box in range(_BOXES_MAX):
        if offset >= size:
            break
        stream.seek(offset)
        header = stream.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        # Length 0: this box takes the rest. Nonsense is something appended to the file, not a box.
        if length < 8 or not header[4:8].isalnum():
            return 0
        offset += length
    else:
        return 0
    return offset


def _segment_end(stream: BinaryIO) -> int:
    """Where the Segment ends according to its size (RFC 9559, 5.1; sizes: RFC 8794, 6); 0 if unknown."""
    stream.seek(4)
    header_length = _ebml_size(stream)
    if header_length is None:
        return 0
    stream.seek(header_length, os.SEEK_CUR)
    if stream.read(4) != b"\x18\x53\x80\x67":
        return 0
    length = _ebml_size(stream)
    return 0 if length is None else stream.tell() + length


def _ebml_size(stream: BinaryIO) -> int | None:
    """The size at the stream's position (1 + leading zeros of its first byte, in bytes); None if unknown."""
    first = stream.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    value = int.from_bytes(first + stream.read(width - 1), "big") & ((1 << 7 * width) - 1)
    return None if value == (1 << 7 * width) - 1 else value
