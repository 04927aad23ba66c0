from __future__ import annotations

import io

import pytest

from media.content import Content, MediaKind, accepted_content, content_of, is_cut_short
from media.refusal import MediaRefused, Refusal


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Content.JPEG),
        (b"\x89PNG\r\n\x1a\n", Content.PNG),
        (b"GIF89a", Content.GIF),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Content.WEBP),
        (b"RIFF\x10\0\0\0AVI LIST", None),
        (b"\0\0\0\x18ftypheic", Content.HEIF),
        (b"\0\0\0\x18ftypavif", Content.HEIF),
        (b"\0\0\0\x18ftypisom", Content.QUICKTIME),
        (b"\0\0\0\x14ftypqt  ", Content.QUICKTIME),
        (b"\0\0\0\x14ftyp3gp4", Content.QUICKTIME),
        (b"\0\0\0\x08wide\0\0\0\0mdat", Content.QUICKTIME),
        (b"\x1a\x45\xdf\xa3", Content.MATROSKA),
        (b"<!doctype html>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"%PDF-1.7", None),
        (b"MZ\x90\0", None),
        (b"#EXTM3U\n", None),
        (b"ffconcat version 1.0\n", None),
        (b"\0\0\0", None),
    ],
)
def test_content_is_recognised_by_the_first_bytes(head: bytes, content: Content | None) -> None:
    assert content_of(head) is content


def test_kind_of_photo_and_video() -> None:
    assert accepted_content(b"GIF89a").kind is MediaKind.PHOTO
    assert accepted_content(b"\x1a\x45\xdf\xa3").kind is MediaKind.VIDEO


@pytest.mark.parametrize(("head", "code"), [(b"", Refusal.EMPTY), (b"MZ", Refusal.NOT_MEDIA)])
def test_neither_photo_nor_video_is_refused(head: bytes, code: Refusal) -> None:
    with pytest.raises(MediaRefused) as refused:
        accepted_content(head)
    assert refused.value.code is code


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x0cmdat1234", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x0cmdat12", True),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat" + (30).to_bytes(8) + b"12", True),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\0mdat12", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x02mdat12", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"glued \xff to the end", False),
    ],
)
def test_boxes_that_reach_beyond_the_end(data: bytes, cut: bool) -> None:
    assert is_cut_short(io.BytesIO(data), Content.QUICKTIME) is cut


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\x84wxyz", False),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\x40\x04wxy", True),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xffwxy", False),
        (b"\x1a\x45\xdf\xa3", False),
    ],
)
def test_segment_that_reaches_beyond_the_end(data: bytes, cut: bool) -> None:
    assert is_cut_short(io.BytesIO(data), Content.MATROSKA) is cut


def test_a_file_of_empty_boxes_is_not_walked_to_its_end() -> None:
    class Counted(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    stream = Counted(b"\x00\x00\x00\x08free" * 1_000_000)
    assert not is_cut_short(stream, Content.QUICKTIME)
    assert stream.reads < 100_000
