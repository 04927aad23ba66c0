"""Pictures that cost their sender nothing and us much are refused by their first bytes; no camera writes such."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from media.headers import refuse_odd
from media.refusal import MediaRefused, Refusal


def png(width: int, height: int, *, interlaced: bool, data: bytes = b"") -> bytes:
    """A PNG's header, and ``data`` after it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, int(interlaced))
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data


def written(form: str, size: tuple[int, int], **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, form, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def with_scans(jpeg: bytes, count: int) -> bytes:
    """The JPEG with its last scan so often."""
    at = jpeg.rindex(b"\xff\xda")
    return jpeg[:at] + jpeg[at:-2] * count + jpeg[-2:]


ODD = {
    "interlaced": png(8000, 8000, interlaced=True, data=bytes(350_000)),
    "a PNG of one colour": png(8000, 8000, interlaced=False, data=bytes(350_000)),
    "a GIF of one colour": b"GIF89a" + struct.pack("<HH", 8000, 8000) + bytes(100_000),
    "a JPEG in hundreds of scans": with_scans(written("JPEG", (4200, 4000), progressive=True), 300),
}
USUAL = {
    "a small one, interlaced": png(4000, 3000, interlaced=True, data=bytes(100)),
    "a large photo as PNG": png(8000, 8000, interlaced=False, data=bytes(20_000_000)),
    "a small one of one colour": written("PNG", (4000, 4000)),
    "a progressive JPEG": written("JPEG", (4200, 4000), progressive=True),
    "108 megapixels in the dark": written("JPEG", (12000, 9000)),
    "a JPEG without a frame": b"\xff\xd8\xff\xfe\x00\x05",
    "nothing": b"",
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_what_no_camera_writes_is_refused(data: bytes) -> None:
    with pytest.raises(MediaRefused) as refused:
        refuse_odd(io.BytesIO(data), len(data))
    assert (refused.value.code, refused.value.limit) == (Refusal.PHOTO_ODD, 16)


@pytest.mark.parametrize("data", USUAL.values(), ids=USUAL)
def test_all_else_is_opened_from_its_beginning(data: bytes) -> None:
    stream = io.BytesIO(data)
    stream.seek(min(3, len(data)))
    refuse_odd(stream, len(data))
    assert stream.tell() == 0
