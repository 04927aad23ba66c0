"""Real files, created by the tests that need them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MakeClip = Callable[..., Path]

_FORMATS = {".mp4": "mp4", ".mov": "mov", ".webm": "webm", ".mkv": "matroska", ".3gp": "3gp"}


def picture(width: int, height: int) -> VideoFrame:
    """Red on the left, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (220, 20, 20)
    pixels[:, width // 2 :] = (20, 20, 220)
    return VideoFrame.from_ndarray(pixels, format="rgb24")


def _frame_numbers(stretches: Sequence[tuple[float, float]]) -> list[int]:
    """Which frames of a fiftieth of a second carry sound."""
    return [number for begin, end in stretches for number in range(round(begin * 50), round(end * 50))]


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    def make(
        name: str,
        *,
        codec: str | None = "libx264",
        seconds: float = 2,
        rate: int = 10,
        size: tuple[int, int] = (64, 48),
        audio: str | None = None,
        sound_s: Sequence[tuple[float, float]] | None = None,
        rotation_deg: int | None = None,
        metadata: dict[str, str] | None = None,
        container: str | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(
            str(path),
            "w",
            format=container or _FORMATS[path.suffix],
            options={"movflags": "+use_metadata_tags"} if path.suffix in (".mp4", ".mov") else {},
        ) as out:
            out.metadata.update(metadata or {})
            film: VideoStream | None = None
            sound: AudioStream | None = None
            if codec:
                film = cast(VideoStream, out.add_stream(codec, rate=rate))
                film.width, film.height, film.pix_fmt = *size, "yuv420p"
                if codec == "libx264":
                    film.options = {"preset": "ultrafast"}
                if rotation_deg is not None:
                    film.set_display_rotation(rotation_deg)
            if audio:
                sound = cast(AudioStream, out.add_stream(audio, rate=48_000))
                sound.layout = "mono"
            if film:
                scene = picture(*size).reformat(format="yuv420p")
                for number in range(round(seconds * rate)):
                    scene.pts, scene.time_base = number, Fraction(1, rate)
                    out.mux(film.encode(scene))
                out.mux(film.encode())
            if sound:
                tone = np.sin(np.arange(960) * 2 * np.pi * 440 / 48_000).astype(np.float32)[None, :]
                for number in _frame_numbers(sound_s or [(0, seconds)]):
                    frame = AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
                    frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
                    frame.pts = number * 960
                    out.mux(sound.encode(frame))
                out.mux(sound.encode())
        return path

    return make
