"""Measures an uploaded video, and makes a poster and a version that every browser plays.

Files are treated as hostile: the demuxer is chosen by the first bytes and not by probing (so playlists and
other formats that refer to further files or URLs are never interpreted), only local files can be reached,
and only the decoders that phones need are enabled. Frames are streamed one by one; file size, length, frame
size and wall-clock time are bounded, and the header's claims are not trusted for any of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from media.content import HEAD_BYTES, Content, MediaKind, content_of, is_cut_short
from media.limits import MEGABYTE, VideoLimits
from media.photos import encode_jpeg
from media.playback import PlaybackWriter, fit, for_screen
from media.refusal import MediaRefused, Refusal

_LIMITS: Final = VideoLimits()
_DEMUXERS: Final = {Content.QUICKTIME: "mov", Content.MATROSKA: "matroska"}
_VIDEO_DECODERS: Final = ("h264", "hevc", "vp8", "vp9", "libdav1d", "av1", "mpeg4", "h263", "mjpeg")
_AUDIO_DECODERS: Final = (
    *("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le"),
    *("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb"),
)
# A phone set to stop at two minutes stops a few frames later.
_LENGTH_GRACE_S: Final = 1.0
# Slow motion is recorded at up to 240 frames a second.
_MAX_FRAME_RATE: Final = 250
_POSTER_AT_S: Final = 1.0
# Each thread holds its own frames, and pages need the other processors.
_DECODER_THREADS: Final = 1
# This many packets may fail before their share counts: a video cut from another begins with orphans.
_MIN_JUDGED: Final = 50


@dataclass(frozen=True)
class VideoFacts:
    """What a video actually contains; width and height are of the upright picture with square pixels."""

    content: Content
    video_codec: str
    audio_codec: str | None
    width: int
    height: int
    rotation_deg: int
    """Counter-clockwise rotation that makes the stored picture upright: 0, 90, 180 or 270."""
    duration_s: float
    starts_at_s: float
    """Time stamp of the first frame."""


@dataclass(frozen=True)
class PlayableVideo:
    """An MP4 written by :func:`make_playable`."""

    path: Path
    width: int
    height: int
    duration_s: float
    size_bytes: int


@dataclass(frozen=True)
class Poster:
    """A JPEG written by :func:`make_poster`."""

    path: Path
    width: int
    height: int


def inspect_video(path: Path, limits: VideoLimits = _LIMITS) -> VideoFacts:
    """What the video contains, after reading every packet and decoding the first frame.

    The length is the span of the actual time stamps of picture and sound, not the header's claim.
    Raises :class:`MediaRefused`.
    """
    with _opened(path, limits) as clip:
        first = None
        picture_span, sound_span = _Span(), _Span()
        for packet in clip.packets():
            if packet.stream is clip.video:
                picture_span.add(packet)
                if first is None:
                    first = next(iter(clip.frames(packet)), None)
            else:
                sound_span.add(packet)
            if max(picture_span.seconds, sound_span.seconds) > limits.max_duration_s + _LENGTH_GRACE_S:
                raise MediaRefused(Refusal.VIDEO_TOO_LONG, int(limits.max_duration_s))
            if picture_span.packets > limits.max_duration_s * _MAX_FRAME_RATE:
                raise MediaRefused(Refusal.VIDEO_BROKEN)
        if first is None:
            raise MediaRefused(Refusal.VIDEO_BROKEN)
        return _facts(clip, first, picture_span.seconds)


def pixels_of(path: Path, limits: VideoLimits = _LIMITS) -> int:
    """Pixels of all the video's pictures together, by its packets; nothing is decoded.

    Raises :class:`MediaRefused`, for more than the limit too.
    """
    with _opened(path, limits) as clip:
        picture = clip.video.width * clip.video.height
        pixels = 0
        for packet in clip.packets():
            if packet.stream is clip.video and packet.size:
                pixels += picture
                if pixels > limits.max_pixels_of_all:
                    raise MediaRefused(Refusal.VIDEO_TOO_MUCH)
        return pixels


def make_playable(source: Path, target: Path, limits: VideoLimits = _LIMITS) -> PlayableVideo:
    """The video as an MP4 that every browser plays, and starts before it is fully loaded.

    H.264 in yuv420p inside 1280 × 720 (either way up), at most 30 frames a second, AAC if there is sound;
    upright, and without the source's metadata. ``target`` appears complete or not at all. Raises
    :class:`MediaRefused`, also for anything :func:`inspect_video` refuses.
    """
    facts = inspect_video(source, limits)
    part = target.with_name(target.name + ".part")
    try:
        with _opened(source, limits) as clip:
            width, height = fit(facts.width, facts.height)
            with PlaybackWriter(
                part, width, height, facts.rotation_deg, with_audio=clip.audio is not None
            ) as writer:
                _transcode(clip, writer, facts, limits)
            if not writer.video_frames:
                raise MediaRefused(Refusal.VIDEO_BROKEN)
        size_bytes = part.stat().st_size
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return PlayableVideo(target, width, height, facts.duration_s, size_bytes)


def make_poster(source: Path, target: Path, limits: VideoLimits = _LIMITS) -> Poster:
    """A JPEG of the picture one second into the video (a third of the way if it is short), in 1280 × 720.

    The very first frame of a phone's video is often dark or blurred. Raises :class:`MediaRefused`, also
    for anything :func:`inspect_video` refuses.
    """
    facts = inspect_video(source, limits)
    wanted_s = facts.starts_at_s + min(_POSTER_AT_S, facts.duration_s / 3)
    chosen = None
    with _opened(source, limits) as clip:
        for packet in clip.packets():
            if packet.stream is not clip.video:
                continue
            for frame in clip.frames(packet):
                chosen = frame
                if frame.time is not None and frame.time >= wanted_s:
                    break
            else:
                continue
            break
        if chosen is None:
            raise MediaRefused(Refusal.VIDEO_BROKEN)
        poster = encode_jpeg(_upright_image(chosen, facts))
    target.write_bytes(poster.data)
    return Poster(target, poster.width, poster.height)


def _upright_image(frame: VideoFrame, facts: VideoFacts) -> Image.Image:
    width, height = fit(facts.width, facts.height)
    lying = facts.rotation_deg % 180 == 90
    shown = for_screen(frame, *((height, width) if lying else (width, height)))
    return Image.fromarray(shown.to_ndarray(format="rgb24")).rotate(facts.rotation_deg, expand=True)


def _transcode(clip: _Clip, writer: PlaybackWriter, facts: VideoFacts, limits: VideoLimits) -> None:
    # Packets may decode to frames far from their own time stamps; those are skipped.
    last_s = limits.max_duration_s + _LENGTH_GRACE_S
    for packet in clip.packets():
        if packet.stream is clip.video:
            for frame in clip.frames(packet):
                if frame.time is not None and 0 <= frame.time - facts.starts_at_s <= last_s:
                    writer.write_video(frame, frame.time - facts.starts_at_s)
        else:
            for sound in clip.sounds(packet):
                if sound.time is not None and abs(sound.time - facts.starts_at_s) <= last_s:
                    writer.write_audio(sound, facts.starts_at_s)


class _Span:
    """From the earliest to the latest instant in the packets of one stream."""

    def __init__(self) -> None:
        self.packets = 0
        self._from_s: Fraction | None = None
        self._to_s: Fraction | None = None

    def add(self, packet: Packet[Stream]) -> None:
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None:
            return
        self.packets += 1
        starts = ticks * packet.time_base
        ends = starts + max(packet.duration or 0, 0) * packet.time_base
        self._from_s = starts if self._from_s is None else min(self._from_s, starts)
        self._to_s = ends if self._to_s is None else max(self._to_s, ends)

    @property
    def seconds(self) -> float:
        if self._from_s is None or self._to_s is None:
            return 0.0
        return float(self._to_s - self._from_s)


class _Clip:
    """An open video: its picture, the accompanying sound, and their packets in file order."""

    def __init__(
        self, container: InputContainer, content: Content, limits: VideoLimits, give_up_at: float
    ) -> None:
        self.content = content
        self.video = _picture_stream(container, limits)
        self.audio = _sound_stream(container)
        self._container = container
        self._give_up_at = give_up_at
        self._packets = 0
        self._damaged = 0
        self._pixels_left = limits.max_pixels_of_all

    def packets(self) -> Iterator[Packet[Stream]]:
        """Each packet, then an empty one for each stream, which makes its decoder release buffered frames."""
        streams = (self.video,) if self.audio is None else (self.video, self.audio)
        for packet in self._container.demux(*streams):
            if time.monotonic() > self._give_up_at:
                raise MediaRefused(Refusal.VIDEO_TOO_SLOW)
            yield packet

    def frames(self, packet: Packet[Stream]) -> list[VideoFrame]:
        """The pictures that the packet completes; a damaged one is skipped, too many are refused."""
        self._packets += 1
        try:
            pictures = self.video.decode(packet)
        except FFmpegError as error:
            self._damaged += 1
            if self._damaged > _MIN_JUDGED and self._damaged > self._packets / 2:
                raise MediaRefused(Refusal.VIDEO_BROKEN) from error
            return []
        # A packet may hold more pictures, and larger ones, than its container says.
        self._pixels_left -= sum(picture.width * picture.height for picture in pictures)
        if self._pixels_left < 0:
            raise MediaRefused(Refusal.VIDEO_TOO_MUCH)
        return pictures

    def sounds(self, packet: Packet[Stream]) -> list[AudioFrame]:
        """The stretches of sound that the packet completes; a damaged one becomes silence."""
        try:
            return [] if self.audio is None else self.audio.decode(packet)
        except FFmpegError:
            return []


@contextmanager
def _opened(path: Path, limits: VideoLimits) -> Iterator[_Clip]:
    size = path.stat().st_size
    if not size:
        raise MediaRefused(Refusal.EMPTY)
    if size > limits.max_bytes:
        raise MediaRefused(Refusal.VIDEO_TOO_HEAVY, limits.max_bytes // MEGABYTE)
    with path.open("rb") as stream:
        content = content_of(stream.read(HEAD_BYTES))
        if content is None or content.kind is not MediaKind.VIDEO:
            raise MediaRefused(Refusal.NOT_A_VIDEO)
        if is_cut_short(stream, content):
            raise MediaRefused(Refusal.VIDEO_CUT_SHORT)
    give_up_at = time.monotonic() + limits.max_work_s
    options = {
        "protocol_whitelist": "file",
        "codec_whitelist": ",".join(_VIDEO_DECODERS + _AUDIO_DECODERS),
        "max_streams": "32",
        "max_pixels": str(limits.max_pixels),
    }
    if content is Content.QUICKTIME:
        options["enable_drefs"] = "0"  # Do not read tracks stored in other files.
    try:
        with av.open(
            str(path.absolute()),
            mode="r",
            format=_DEMUXERS[content],
            options=options,
            metadata_errors="replace",
            timeout=limits.max_work_s,
        ) as container:
            yield _Clip(container, content, limits, give_up_at)
    except OSError:  # The disk, not the file; includes FFmpeg's own errors of this kind.
        raise
    except FFmpegError as error:  # An interrupted demuxer reports damage, too.
        is_late = time.monotonic() > give_up_at
        raise MediaRefused(Refusal.VIDEO_TOO_SLOW if is_late else Refusal.VIDEO_BROKEN) from error


def _picture_stream(container: InputContainer, limits: VideoLimits) -> VideoStream:
    # The cover art of a music file counts as a video stream.
    films = [
        stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic
    ]
    if not films:
        raise MediaRefused(Refusal.VIDEO_WITHOUT_PICTURE)
    film = next((stream for stream in films if _decoder(stream) in _VIDEO_DECODERS), None)
    if film is None:
        raise MediaRefused(Refusal.VIDEO_UNKNOWN_CODEC)
    if film.width * film.height > limits.max_pixels:
        raise MediaRefused(Refusal.VIDEO_TOO_LARGE)
    if min(film.width, film.height) < limits.min_side_px:
        raise MediaRefused(Refusal.VIDEO_TOO_SMALL, limits.min_side_px)
    film.codec_context.options = {"max_pixels": str(limits.max_pixels)}  # The picture may grow midway.
    film.codec_context.thread_count = _DECODER_THREADS
    film.codec_context.thread_type = (
        "AUTO"  # Whole frames side by side; slices, the default, are rare in films.
    )
    return film


def _sound_stream(container: InputContainer) -> AudioStream | None:
    # Some phones add a second, spatial audio track that hardly anything decodes.
    return next((stream for stream in container.streams.audio if _decoder(stream) in _AUDIO_DECODERS), None)


def _decoder(stream: VideoStream | AudioStream) -> str | None:
    context: CodecContext | None = stream.codec_context  # None if the library has no decoder at all.
    return None if context is None else context.name


def _facts(clip: _Clip, first: VideoFrame, duration_s: float) -> VideoFacts:
    width, height = first.width, first.height
    pixel_shape = clip.video.sample_aspect_ratio
    if pixel_shape and Fraction(1, 4) <= pixel_shape <= 4:
        width = round(width * pixel_shape)
    rotation_deg = round(first.rotation / 90) * 90 % 360
    if rotation_deg % 180 == 90:
        width, height = height, width
    return VideoFacts(
        content=clip.content,
        video_codec=clip.video.codec_context.name,
        audio_codec=None if clip.audio is None else clip.audio.codec_context.name,
        width=width,
        height=height,
        rotation_deg=rotation_deg,
        duration_s=duration_s,
        starts_at_s=first.time or 0.0,
    )
