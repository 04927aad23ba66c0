from __future__ import annotations

import resource
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from media.confined import ProcessingFailed, process_video
from media.refusal import MediaRefused, Refusal

MakeClip = Callable[..., Path]


def _largest_child_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def test_both_files_are_made(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", rotation_deg=-90, audio="aac")
    made = process_video(source, tmp_path / "playable.mp4", tmp_path / "poster.jpg")
    assert (made.width, made.height) == (48, 64)
    assert made.playable.stat().st_size == made.size_bytes
    assert made.poster.read_bytes().startswith(b"\xff\xd8\xff")
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "playable.mp4", "poster.jpg"}


def test_refusal_comes_back_with_its_limit(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", seconds=130, rate=1, size=(16, 16))
    with pytest.raises(MediaRefused) as refused:
        process_video(source, tmp_path / "playable.mp4", tmp_path / "poster.jpg")
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
        process_video(source, tmp_path / "playable.mp4", tmp_path / "poster.jpg", memory_bytes=600 * 1024**2)
    assert refused.value.code is Refusal.VIDEO_BROKEN
    assert _largest_child_bytes() <= max(before, 600 * 1024**2)


def test_child_that_hangs_is_killed(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4")
    with pytest.raises(MediaRefused) as refused:
        process_video(source, tmp_path / "playable.mp4", tmp_path / "poster.jpg", max_work_s=0.02)
    assert refused.value.code is Refusal.VIDEO_TOO_SLOW
    assert list(tmp_path.iterdir()) == [source]


def test_missing_source_is_not_the_senders_fault(tmp_path: Path) -> None:
    with pytest.raises(ProcessingFailed, match="FileNotFoundError"):
        process_video(tmp_path / "gone.mp4", tmp_path / "playable.mp4", tmp_path / "poster.jpg")
