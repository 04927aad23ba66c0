"""The MP4 that is played back: H.264 and AAC, upright, square pixels, standard colours, nothing else."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as NothingLeft
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

LONG_SIDE_PX: Final = 1280
SHORT_SIDE_PX: Final = 720
_MAX_FRAME_RATE: Final = 30
_FRAME_S: Final = 1 / _MAX_FRAME_RATE
# Divides into whole ticks for every common frame rate.
_VIDEO_TICK: Final = Fraction(1, 90_000)
_SAMPLE_RATE_HZ: Final = 48_000
_AUDIO_BITS_S: Final = 96_000
_AAC_FRAME_SAMPLES: Final = 1024
_VIDEO_BITS_S: Final = 2_500_000
_X264: Final = {
    "preset": "veryfast",
    "crf": "25",
    "maxrate": str(_VIDEO_BITS_S),
    "bufsize": str(2 * _VIDEO_BITS_S),
    "profile": "main",
    "g": str(2 * _MAX_FRAME_RATE),
    "a53cc": "0",  # Drop the source's captions.
}
_HIGH_DYNAMIC_RANGE: Final = frozenset({ColorTrc.SMPTE2084.value, ColorTrc.ARIB_STD_B67.value})
_UNSPECIFIED_MATRIX: Final = 2  # ITU-T H.273, table 4
# Filters that rotate a picture counter-clockwise by this many degrees.
_TURNS: Final = {
    90: (("transpose", "cclock"),),
    180: (("hflip", None), ("vflip", None)),
    270: (("transpose", "clock"),),
}


def fit(width: int, height: int) -> tuple[int, int]:
    """The largest even size of the same shape within 1280 × 720, or 720 × 1280 for a portrait picture."""
    scale = min(1.0, LONG_SIDE_PX / max(width, height), SHORT_SIDE_PX / min(width, height))
    return _even(width * scale), _even(height * scale)


def for_screen(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """The frame in yuv420p and BT.709 colours, which browsers expect; HDR becomes standard range."""
    guessed = None
    if frame.colorspace == _UNSPECIFIED_MATRIX:  # Players assume HD for large pictures and SD for small ones.
        guessed = Colorspace.ITU709 if min(frame.width, frame.height) >= SHORT_SIDE_PX else Colorspace.ITU601
    is_hdr = frame.color_trc in _HIGH_DYNAMIC_RANGE
    return frame.reformat(
        width=width,
        height=height,
        format="yuv420p",
        src_colorspace=guessed,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        dst_color_trc=ColorTrc.BT709 if is_hdr else None,
        dst_color_primaries=ColorPrimaries.BT709 if is_hdr else None,
        threads=1,
    )


@cache
def h264_encoder() -> str:
    """Name of the installed FFmpeg's H.264 encoder: x264, or else Cisco's."""
    return "libx264" if "libx264" in av.codecs_available else "libopenh264"


class PlaybackWriter:
    """Writes one MP4 with its index at the front; takes frames in order, with seconds from the start.

    ``width`` and ``height`` are those of the upright picture; ``rotation_deg`` (0, 90, 180, 270) is the
    counter-clockwise rotation the frames still need. The index is moved to the front on exit.
    """

    def __init__(self, path: Path, width: int, height: int, rotation_deg: int, *, with_audio: bool) -> None:
        self.video_frames = 0
        self._size = (height, width) if rotation_deg % 180 == 90 else (width, height)
        self._turn = _turning(rotation_deg, *self._size)
        self._container = av.open(
            str(path), mode="w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        )
        self._video = self._add_video(width, height)
        self._audio = self._add_audio() if with_audio else None
        self._resampling: Graph | None = None
        self._sound_shape: tuple[int, str, str] | None = None
        self._last_tick = -1
        self._due_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self.video_frames:
                self._finish()
        finally:
            self._container.close()

    def write_video(self, frame: VideoFrame, at_s: float) -> None:
        """Adds the frame, unless that would exceed 30 frames a second or go back in time."""
        tick = round(at_s / float(_VIDEO_TICK))
        # A quarter of a frame early is on time: phones' frames are unevenly spaced.
        if at_s < self._due_s - _FRAME_S / 4 or tick <= self._last_tick:
            return
        self._due_s = max(self._due_s, at_s - _FRAME_S / 4) + _FRAME_S
        self._last_tick = tick
        picture = for_screen(frame, *self._size)
        if self._turn is not None:
            self._turn.vpush(picture)
            picture = self._turn.vpull()
        picture.pts, picture.time_base = tick, _VIDEO_TICK
        picture.pict_type = PictureType.NONE  # Let the encoder choose its own key frames.
        self._container.mux(self._video.encode(picture))
        self.video_frames += 1

    def write_audio(self, sound: AudioFrame, starts_at_s: float) -> None:
        """Adds the sound: cuts off all before ``starts_at_s`` on its own clock, fills gaps with silence."""
        if self._audio is None or sound.pts is None or sound.time_base is None:
            return
        shape = (sound.sample_rate, sound.format.name, sound.layout.name)
        if self._resampling is None:
            self._resampling, self._sound_shape = _resampling(sound), shape
        if shape != self._sound_shape:  # A track whose format changes midway goes silent from there.
            return
        sound.pts -= round(starts_at_s / sound.time_base)
        self._resampling.push(sound)
        self._encode_resampled(self._resampling, self._audio)

    def _add_video(self, width: int, height: int) -> VideoStream:
        encoder = h264_encoder()
        options = _X264 if encoder == "libx264" else {}
        stream = cast(
            VideoStream, self._container.add_stream(encoder, rate=_MAX_FRAME_RATE, options=dict(options))
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = _VIDEO_TICK
        context.thread_count = 1
        context.colorspace = context.color_primaries = context.color_trc = ColorTrc.BT709.value
        context.color_range = ColorRange.MPEG.value
        if not options:
            context.bit_rate = _VIDEO_BITS_S
        return stream

    def _add_audio(self) -> AudioStream:
        stream = self._container.add_stream("aac", rate=_SAMPLE_RATE_HZ)
        stream.layout = "stereo"
        stream.bit_rate = _AUDIO_BITS_S
        return stream

    def _encode_resampled(self, resampling: Graph, stream: AudioStream) -> None:
        while True:
            try:
                sound = cast(AudioFrame, resampling.pull())
            except (NothingYet, NothingLeft):
                return
            self._container.mux(stream.encode(sound))

    def _finish(self) -> None:
        self._container.mux(self._video.encode())
        if self._audio is None:
            return
        if self._resampling is not None:
            self._resampling.push(None)
            self._encode_resampled(self._resampling, self._audio)
        self._container.mux(self._audio.encode())


def _turning(rotation_deg: int, width: int, height: int) -> Graph | None:
    """A filter that rotates pictures of this size counter-clockwise; None if they are upright."""
    if rotation_deg not in _TURNS:
        return None
    graph = Graph()
    nodes = [
        graph.add_buffer(width=width, height=height, format=av.VideoFormat("yuv420p"), time_base=_VIDEO_TICK)
    ]
    nodes += [graph.add(name, args) for name, args in _TURNS[rotation_deg]]
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    return graph


def _resampling(like: AudioFrame) -> Graph:
    """A filter from sound in this frame's format to the output's; time zero is the first sample out."""
    graph = Graph()
    graph.link_nodes(
        graph.add_abuffer(
            sample_rate=like.sample_rate, format=like.format, layout=like.layout, time_base=like.time_base
        ),
        graph.add("aresample", f"{_SAMPLE_RATE_HZ}:async=1:first_pts=0"),
        graph.add("aformat", f"sample_fmts=fltp:sample_rates={_SAMPLE_RATE_HZ}:channel_layouts=stereo"),
        graph.add("abuffersink"),
    ).configure()
    graph.set_audio_frame_size(_AAC_FRAME_SAMPLES)
    return graph


def _even(side: float) -> int:
    return max(2, round(side / 2) * 2)
