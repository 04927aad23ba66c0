"""What a photo's first bytes say of the work it will make: such as no camera writes are refused before any is done."""

from __future__ import annotations

from typing import BinaryIO, Final

from media.content import HEAD_BYTES, Content, content_of
from media.limits import PhotoLimits
from media.refusal import MediaRefused, Refusal

_LIMITS: Final = PhotoLimits()
#: Segments of a JPEG that are looked through for its frame: a phone's thumbnails and maps come before it.
_SEGMENTS_MAX: Final = 1_000
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_CHUNK: Final = 1_000_000


def refuse_odd(stream: BinaryIO, size: int, limits: PhotoLimits = _LIMITS) -> None:
    """Raises :class:`MediaRefused` for a picture whose header promises work out of all proportion to its ``size`` in bytes.

    What the header does not say, or says wrongly, the decoder finds. The stream is at its beginning afterwards.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    content = content_of(head)
    try:
        match content:
            case Content.PNG:
                pixels = int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big")
                odd = head[28:29] == b"\1" or pixels > size * limits.max_pixels_a_byte
            case Content.GIF:
                pixels = int.from_bytes(head[6:8], "little") * int.from_bytes(head[8:10], "little")
                odd = pixels > size * limits.max_pixels_a_byte
            case Content.JPEG:
                pixels, progressive = _jpeg_frame(stream)
                odd = progressive and pixels > limits.max_pixels_odd and _scans(stream) > limits.max_scans
            case _:
                return
        if odd and pixels > limits.max_pixels_odd:
            raise MediaRefused(Refusal.PHOTO_ODD, limits.max_pixels_odd // 1_000_000)
    finally:
        stream.seek(0)


def _jpeg_frame(stream: BinaryIO) -> tuple[int, bool]:
    """Pixels of the first frame and whether it is progressive (ITU-T T.81, B.1.1.3); 0 where none is found."""
    stream.seek(2)
    for _segment in range(_SEGMENTS_MAX):
        marker = stream.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            return 0, False
        if marker[1] == 0xFF:  # a fill byte
            stream.seek(-1, 1)
            continue
        length = int.from_bytes(stream.read(2), "big")
        if marker[1] in _FRAMES:
            frame = stream.read(5)
            pixels = int.from_bytes(frame[1:3], "big") * int.from_bytes(frame[3:5], "big")
            return pixels, marker[1] in _PROGRESSIVE
        if length < 2:
            return 0, False
        stream.seek(length - 2, 1)
    return 0, False


def _scans(stream: BinaryIO) -> int:
    """Starts of scans from here on; within a scan's data no marker can stand (ITU-T T.81, F.1.2.3)."""
    found, last = 0, b""
    while chunk := stream.read(_CHUNK):
        found += (last + chunk).count(b"\xff\xda")
        last = chunk[-1:]
    return found
