from __future__ import annotations

import io
import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from PIL import Image
from pytest_django import Settings

from jobs.confined import run_confined
from media.confined import ProcessingFailed, process_photo, process_video, work_of_video
from media.content import Content
from media.limits import PhotoLimits
from media.refusal import Busy, MediaRefused, Refusal
from media.turns import turn

MakeClip = Callable[..., Path]


def _jpeg(width: int, height: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(content, "JPEG")
    return content.getvalue()


def _drawn(mode: str, size: tuple[int, int]) -> Image.Image:
    """A picture that takes some bytes to store, made quickly."""
    small = np.random.default_rng(1).integers(0, 256, (size[1] // 8 + 1, size[0] // 8 + 1), np.uint8)
    levels = Image.fromarray(small).resize(size, Image.Resampling.NEAREST)
    return levels.convert("I").convert("I;16") if mode == "I;16" else levels.convert(mode)


def _large(width: int, height: int) -> bytes:
    """A PNG that unfolds to four bytes a pixel."""
    content = io.BytesIO()
    _drawn("RGBA", (width, height)).save(content, "PNG", compress_level=1)
    return content.getvalue()


def _in_memory(content: bytes, folder: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo", content)


def _on_disk(content: bytes, folder: Path) -> TemporaryUploadedFile:
    file = TemporaryUploadedFile("photo", "image/jpeg", len(content), None)
    file.write(content)
    file.flush()
    return file


def _path(content: bytes, folder: Path) -> Path:
    (folder / "photo").write_bytes(content)
    return folder / "photo"


def _largest_child_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def test_the_film_and_its_poster_are_made(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", rotation_deg=-90, audio="aac")
    made = process_video(source, tmp_path / "playable.mp4")
    assert (made.large.width, made.large.height) == (48, 64)
    assert made.duration_s == pytest.approx(2.0, abs=0.2)
    for poster in (made.large, made.thumb):
        with Image.open(io.BytesIO(poster.data)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (48, 64))
    assert made.playable.read_bytes()[4:8] == b"ftyp"
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "playable.mp4"}


def test_refusal_comes_back_with_its_limit(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", seconds=130, rate=1, size=(16, 16))
    with pytest.raises(MediaRefused) as refused:
        process_video(source, tmp_path / "playable.mp4")
    assert (refused.value.code, refused.value.limit) == (Refusal.VIDEO_TOO_LONG, 120)
    assert list(tmp_path.iterdir()) == [source]


def test_index_of_gigabytes_in_a_few_kilobytes_is_refused(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", seconds=20)
    samples, before = 80_000_000, _largest_child_bytes()
    data = bytearray(source.read_bytes())
    struct.pack_into(">III", data, data.index(b"stsz") + 4, 0, 1, samples)
    struct.pack_into(">I", data, data.index(b"stsc") + 16, samples)
    struct.pack_into(">I", data, data.index(b"stts") + 12, samples)
    source.write_bytes(data)
    with pytest.raises(MediaRefused) as refused:
        process_video(source, tmp_path / "playable.mp4", memory_bytes=600 * 1024**2)
    assert refused.value.code is Refusal.VIDEO_BROKEN
    assert _largest_child_bytes() <= max(before, 600 * 1024**2)


def test_child_that_hangs_is_killed(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4")
    with pytest.raises(MediaRefused) as refused:
        process_video(source, tmp_path / "playable.mp4", max_work_s=0.02)
    assert refused.value.code is Refusal.VIDEO_TOO_SLOW
    assert list(tmp_path.iterdir()) == [source]


def test_missing_source_is_not_the_senders_fault(tmp_path: Path) -> None:
    with pytest.raises(ProcessingFailed, match="FileNotFoundError"):
        process_video(tmp_path / "gone.mp4", tmp_path / "playable.mp4")


class TestPhoto:
    @pytest.fixture(autouse=True)
    def _own_workshop(self, settings: Settings, tmp_path: Path) -> None:
        settings.VAR_DIR = tmp_path / "var"

    @pytest.mark.parametrize("as_sent", [_in_memory, _on_disk, _path])
    def test_both_forms_come_back(self, as_sent: Callable[[bytes, Path], Any], tmp_path: Path) -> None:
        made = process_photo(as_sent(_jpeg(3000, 1500), tmp_path))
        assert made.content is Content.JPEG
        for form, size in ((made.large, (2048, 1024)), (made.thumb, (480, 240))):
            assert (form.width, form.height) == size
            with Image.open(io.BytesIO(form.data)) as picture:
                assert (picture.format, picture.size) == ("JPEG", size)
        assert list((tmp_path / "var" / "work").iterdir()) == []

    def test_a_refusal_comes_back_with_its_limit(self) -> None:
        with pytest.raises(MediaRefused) as refused:
            process_photo(_in_memory(_jpeg(8, 8), Path()))
        assert (refused.value.code, refused.value.limit) == (Refusal.PHOTO_TOO_SMALL, 16)

    def test_one_that_the_machine_has_no_time_for_may_come_again(self) -> None:
        spent: list[float] = []
        with pytest.raises(Busy):
            process_photo(_in_memory(_jpeg(640, 480), Path()), max_wait_s=0.02, spent=spent.append)
        assert len(spent) == 1
        assert 0 < spent[0] <= PhotoLimits().max_work_s

    def test_one_that_takes_too_long_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def endless(module: str, order: object, **limits: Any) -> dict[str, Any]:
            return run_confined("tests.jobs.confined_child", {"do": "spin"}, **limits)

        monkeypatch.setattr("media.confined.run_confined", endless)
        with pytest.raises(MediaRefused) as refused:
            process_photo(_in_memory(_jpeg(640, 480), Path()), max_work_s=1, max_wait_s=300)
        assert refused.value.code is Refusal.PHOTO_TOO_SLOW

    def test_an_interlaced_one_is_refused_before_its_turn(self) -> None:
        head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + struct.pack(">IIBBBBB", 8000, 8000, 8, 2, 0, 0, 1)
        with turn(), pytest.raises(MediaRefused) as refused:
            process_photo(_in_memory(head, Path()))
        assert refused.value.code is Refusal.PHOTO_ODD

    def test_one_that_takes_too_much_memory_is_refused(self) -> None:
        with pytest.raises(MediaRefused) as refused:
            process_photo(_in_memory(_large(8000, 8000), Path()), memory_bytes=300 * 1024**2)
        assert refused.value.code is Refusal.PHOTO_TAKES_TOO_MUCH

    def test_no_child_takes_700_megabytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the server's own processes it stays below a gigabyte, whatever a decoder asks for."""

        def greedy(module: str, order: object, **limits: Any) -> dict[str, Any]:
            return run_confined("tests.jobs.confined_child", {"do": "unfold", "bytes": 700 * 10**6}, **limits)

        monkeypatch.setattr("media.confined.run_confined", greedy)
        for opened in (process_photo, work_of_video):
            with pytest.raises(ProcessingFailed, match="MemoryError"):
                opened(_in_memory(_jpeg(640, 480), Path()))

    def test_nothing_is_decoded_in_this_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sent = _in_memory(_jpeg(3000, 1500), Path())
        for decoder in ("open", "frombytes", "frombuffer"):
            monkeypatch.setattr(Image, decoder, None)
        assert process_photo(sent).large.width == 2048

    def test_a_folder_that_cannot_be_written_is_not_the_senders_fault(self, tmp_path: Path) -> None:
        with pytest.raises(ProcessingFailed, match="FileNotFoundError"):
            process_photo(tmp_path / "gone.jpg")


class TestPhonePictures:
    """The largest that phones make fit into the child; each is opened in it, with its limits."""

    def test_a_jpeg_as_a_phone_writes_it(self) -> None:
        made = process_photo(_in_memory(_jpeg(16320, 12240), Path()))  # 200 megapixels
        assert made.large.width == 2048

    def test_a_heic_as_a_phone_writes_it(self) -> None:
        # One that is made here would take the encoder half a minute.
        made = process_photo(Path(__file__).with_name("48-megapixels.heic"))
        assert (made.content, made.large.width) == (Content.HEIF, 2048)

    @pytest.mark.parametrize(
        ("form", "size"), [("PNG", (9248, 6936)), ("WEBP", (6000, 4900)), ("AVIF", (6000, 4900))]
    )
    def test_the_largest_of_another_format(self, form: str, size: tuple[int, int]) -> None:
        content = io.BytesIO()
        picture = _drawn("RGB", size) if form == "PNG" else Image.new("RGB", size, "olive")
        options = {"AVIF": {"speed": 10}, "PNG": {"compress_level": 1}, "WEBP": {}}[form]
        picture.save(content, form, **options)
        assert process_photo(_in_memory(content.getvalue(), Path())).large.width == 2048

    @pytest.mark.parametrize("mode", ["RGBA", "P", "I;16", "LA"])
    def test_the_largest_png_however_its_pixels_are_stored(self, mode: str) -> None:
        content = io.BytesIO()
        options = {"transparency": 0} if mode == "P" else {}
        _drawn(mode, (8060, 8060)).save(content, "PNG", compress_level=1, **options)
        assert process_photo(_in_memory(content.getvalue(), Path())).large.width == 2048
