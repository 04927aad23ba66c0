from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from media.content import Content
from media.limits import VideoLimits
from media.playback import PlaybackWriter, fit
from media.refusal import MediaRefused, Refusal
from media.videos import inspect_video, make_playable, make_poster, pixels_of

MakeClip = Callable[..., Path]
PLACE = "+40.5140+072.8161/"


def refusal_of(path: Path, limits: VideoLimits | None = None) -> Refusal:
    with pytest.raises(MediaRefused) as refused:
        inspect_video(path, limits or VideoLimits())
    assert refused.value.message
    return refused.value.code


@pytest.mark.parametrize(
    ("name", "codec", "audio", "content"),
    [
        ("a.mp4", "libx264", "aac", Content.QUICKTIME),
        ("a.mov", "libx264", "pcm_s16le", Content.QUICKTIME),
        ("a.3gp", "mpeg4", None, Content.QUICKTIME),
        ("a.webm", "libvpx", "libopus", Content.MATROSKA),
        ("a.mkv", "libx265", "aac", Content.MATROSKA),
    ],
)
def test_each_container_becomes_a_playable_mp4(
    make_clip: MakeClip, tmp_path: Path, name: str, codec: str, audio: str | None, content: Content
) -> None:
    source = make_clip(name, codec=codec, audio=audio)
    facts = inspect_video(source)
    assert (facts.content, facts.width, facts.height) == (content, 64, 48)
    assert facts.duration_s == pytest.approx(2, abs=0.15)
    assert (facts.audio_codec is None) == (audio is None)

    target = tmp_path / "playable.mp4"
    playable = make_playable(source, target)
    assert (playable.width, playable.height, playable.size_bytes) == (64, 48, target.stat().st_size)
    with av.open(str(target)) as made:
        film = made.streams.video[0]
        assert (film.codec_context.name, film.pix_fmt) == ("h264", "yuv420p")
        assert [sound.codec_context.name for sound in made.streams.audio] == (["aac"] if audio else [])
        assert sum(1 for _ in made.decode(film)) == 20
        assert (made.duration or 0) / 1_000_000 == pytest.approx(2, abs=0.2)
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert not target.with_name("playable.mp4.part").exists()


def test_place_and_device_are_dropped(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip(
        "a.mp4",
        audio="aac",
        metadata={
            "location": PLACE,
            "com.apple.quicktime.location.ISO6709": PLACE,
            "com.android.model": "Pocket 9",
            "creation_time": "2026-03-21T10:00:00Z",
            "title": "from my window",
        },
    )
    assert source.read_bytes().count(PLACE.encode()) >= 2
    for trace in (b"Pocket 9", b"from my window", b"location", b"com.apple"):
        assert trace in source.read_bytes()
    target = tmp_path / "playable.mp4"
    make_playable(source, target)
    data = target.read_bytes()
    for trace in (PLACE.encode(), b"Pocket 9", b"from my window", b"location", b"\xa9xyz", b"com.apple"):
        assert trace not in data
    with av.open(str(target)) as made:
        assert set(made.metadata) <= {"major_brand", "minor_version", "compatible_brands"}


@pytest.mark.parametrize(
    ("rotation_deg", "size", "red_at", "blue_at"),
    [
        (-90, (240, 320), (120, 20), (120, 300)),
        (90, (240, 320), (120, 300), (120, 20)),
        (180, (320, 240), (300, 120), (20, 120)),
    ],
)
def test_rotated_video_becomes_upright(
    make_clip: MakeClip,
    tmp_path: Path,
    rotation_deg: int,
    size: tuple[int, int],
    red_at: tuple[int, int],
    blue_at: tuple[int, int],
) -> None:
    source = make_clip("a.mp4", size=(320, 240), rotation_deg=rotation_deg)
    target, poster = tmp_path / "playable.mp4", tmp_path / "poster.jpg"
    playable = make_playable(source, target)
    still = make_poster(source, poster)
    assert (playable.width, playable.height) == (still.width, still.height) == size
    with av.open(str(target)) as made:
        frame = next(made.decode(video=0))
        assert frame.rotation == 0
        shown = Image.fromarray(frame.to_ndarray(format="rgb24"))
    for image in (shown, Image.open(poster)):
        assert image.size == size
        red, blue = image.getpixel(red_at), image.getpixel(blue_at)
        assert isinstance(red, tuple)
        assert isinstance(blue, tuple)
        assert red[0] > 170 > 90 > red[2]
        assert blue[2] > 170 > 90 > blue[0]


def test_large_and_fast_video_is_scaled_down(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", size=(1920, 1080), rate=60, seconds=0.5)
    target = tmp_path / "playable.mp4"
    playable = make_playable(source, target)
    assert (playable.width, playable.height) == (1280, 720)
    with av.open(str(target)) as made:
        times = [frame.time for frame in made.decode(video=0)]
    assert len(times) == 15
    assert all(later - earlier > 1 / 31 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("stretches", "silent"),
    [([(1.0, 2.0)], {0.1, 0.4, 0.8}), ([(0.0, 0.5), (1.0, 2.0)], {0.7, 0.8})],
    ids=["late", "gap"],
)
def test_sound_stays_with_the_picture(
    make_clip: MakeClip, tmp_path: Path, stretches: list[tuple[float, float]], silent: set[float]
) -> None:
    source = make_clip("a.webm", codec="libvpx", audio="libopus", seconds=2, sound_s=stretches)
    target = tmp_path / "playable.mp4"
    make_playable(source, target)
    loud = set()
    with av.open(str(target)) as made:
        for frame in made.decode(audio=0):
            assert frame.time is not None
            if np.abs(frame.to_ndarray()).max() > 0.2:
                loud.add(round(frame.time, 1))
    assert {1.1, 1.5, 1.8} <= loud
    assert not loud & silent


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((3840, 2160), (1280, 720)),
        ((1440, 1080), (960, 720)),
        ((641, 361), (640, 360)),
        ((320, 240), (320, 240)),
    ],
)
def test_fit(sent: tuple[int, int], shown: tuple[int, int]) -> None:
    assert fit(*sent) == shown


def test_poster_is_taken_after_the_first_moment(make_clip: MakeClip, tmp_path: Path) -> None:
    poster = make_poster(make_clip("a.webm", codec="libvpx"), tmp_path / "poster.jpg")
    with Image.open(poster.path) as image:
        assert (image.format, image.size, image.info.get("exif")) == ("JPEG", (64, 48), None)


def claim_length(path: Path, seconds: int) -> None:
    """Makes every header of an MP4 claim this length; the frames stay unchanged."""
    data = bytearray(path.read_bytes())
    for box, scale_at, length_at in (
        (b"mvhd", 16, 20),
        (b"mdhd", 16, 20),
        (b"tkhd", None, 24),
        (b"elst", None, 12),
    ):
        at = data.find(box)
        while at >= 0:
            scale = struct.unpack_from(">I", data, at + scale_at)[0] if scale_at else 1000
            struct.pack_into(">I", data, at + length_at, seconds * scale)
            at = data.find(box, at + 4)
    path.write_bytes(data)


def test_length_is_measured_not_believed(make_clip: MakeClip) -> None:
    liar = make_clip("a.mp4", seconds=130, rate=1, size=(16, 16))
    claim_length(liar, 10)
    with av.open(str(liar)) as container:
        assert container.duration == 10_000_000
    assert refusal_of(liar) is Refusal.VIDEO_TOO_LONG


def test_two_minutes_and_a_few_frames_are_taken(make_clip: MakeClip) -> None:
    assert inspect_video(make_clip("a.mp4", seconds=120.5, rate=2, size=(16, 16))).duration_s == 120.5


def test_long_sound_under_a_short_picture_is_too_long(make_clip: MakeClip) -> None:
    source = make_clip("a.mp4", seconds=0.5, audio="aac", sound_s=[(0, 3)])
    assert refusal_of(source, VideoLimits(max_duration_s=1)) is Refusal.VIDEO_TOO_LONG


def test_too_many_frames_in_no_time_are_refused(make_clip: MakeClip) -> None:
    source = make_clip("a.mp4", seconds=0.6, rate=1000, size=(16, 16))
    assert refusal_of(source, VideoLimits(max_duration_s=1)) is Refusal.VIDEO_BROKEN


def test_too_many_bytes_are_refused(make_clip: MakeClip) -> None:
    assert refusal_of(make_clip("a.mp4"), VideoLimits(max_bytes=1000)) is Refusal.VIDEO_TOO_HEAVY


def test_absurd_picture_sizes_are_refused(make_clip: MakeClip) -> None:
    assert refusal_of(make_clip("a.mp4"), VideoLimits(max_pixels=64 * 47)) is Refusal.VIDEO_TOO_LARGE
    assert refusal_of(make_clip("b.mp4", size=(64, 8))) is Refusal.VIDEO_TOO_SMALL


def test_sound_alone_is_refused(make_clip: MakeClip) -> None:
    assert refusal_of(make_clip("a.mp4", codec=None, audio="aac")) is Refusal.VIDEO_WITHOUT_PICTURE


def test_codec_that_no_phone_records_is_refused(make_clip: MakeClip) -> None:
    assert refusal_of(make_clip("a.mkv", codec="ffv1")) is Refusal.VIDEO_UNKNOWN_CODEC


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_video_cut_short_is_refused(make_clip: MakeClip, name: str) -> None:
    path = make_clip(name, codec="libvpx" if name.endswith("webm") else "libx264", seconds=5)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert refusal_of(path) is Refusal.VIDEO_CUT_SHORT


def test_video_of_rubbish_is_refused(make_clip: MakeClip) -> None:
    path = make_clip("a.mp4", seconds=10)
    data = bytearray(path.read_bytes())
    begin = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[begin:end] = b"\x5a" * (end - begin)
    path.write_bytes(data)
    assert refusal_of(path) is Refusal.VIDEO_BROKEN


def test_damaged_sound_does_not_cost_the_picture(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = make_clip("a.mp4", audio="aac"), tmp_path / "playable.mp4"
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for packet in container.demux(audio=0):
            if packet.pos is not None and packet.size:
                data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    source.write_bytes(data)
    make_playable(source, target)
    with av.open(str(target)) as made:
        assert sum(1 for _ in made.decode(video=0)) == 20


@pytest.mark.parametrize(
    "data",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
        b"v=0\r\nm=video 5004 RTP/AVP 96\r\n",
        b"<!doctype html><video src=x>",
        b"MZ\x90\0",
        b"RIFF\x24\0\0\0AVI LIST",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
    ],
    ids=["hls", "concat", "dash", "sdp", "html", "exe", "avi", "jpeg"],
)
def test_other_files_named_like_a_video_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(data)
    assert refusal_of(path) is Refusal.NOT_A_VIDEO


def test_playlist_behind_a_video_signature_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")
    assert refusal_of(path) in (Refusal.VIDEO_BROKEN, Refusal.VIDEO_CUT_SHORT)


def test_another_format_behind_a_video_signature_is_not_probed_for(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    stream = make_clip("a.ts", container="mpegts")
    path = tmp_path / "video.webm"
    path.write_bytes(b"\x1a\x45\xdf\xa3\x84abcd" + stream.read_bytes())
    assert refusal_of(path) is Refusal.VIDEO_BROKEN


def test_track_in_another_file_is_not_read(make_clip: MakeClip, tmp_path: Path) -> None:
    """A QuickTime alias names the file that holds the frames: here, another sender's video beside it."""
    other = make_clip("other.mp4")
    data = other.read_bytes()
    place = b"/x/other.mp4"
    alias = bytes(10 + 1 + 27 + 12 + 1 + 63 + 16) + struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(place)) + place + struct.pack(">HH", 0xFFFF, 0)
    reference = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    dref = struct.pack(">I4sII", 16 + len(reference), b"dref", 0, 1) + reference
    dinf = struct.pack(">I4s", 8 + len(dref), b"dinf") + dref
    old = data.index(b"dinf") - 4
    length = struct.unpack_from(">I", data, old)[0]
    grown = bytearray(data[:old] + dinf + data[old + length :])
    for box in (b"moov", b"trak", b"mdia", b"minf"):
        at = grown.index(box) - 4
        struct.pack_into(">I", grown, at, struct.unpack_from(">I", grown, at)[0] + len(dinf) - length)
    begin, end = grown.index(b"mdat") + 4, grown.index(b"moov") - 4
    grown[begin:end] = bytes(end - begin)
    thief = tmp_path / "thief.mov"
    thief.write_bytes(grown)
    assert refusal_of(thief) is Refusal.VIDEO_BROKEN


def test_title_that_is_no_text_hinders_nothing(make_clip: MakeClip) -> None:
    source = make_clip("a.mp4", metadata={"title": "ABCDEFGHIJ"})
    source.write_bytes(source.read_bytes().replace(b"ABCDEFGHIJ", b"\xff\xfe\xe9DEFGHIJ"))
    assert inspect_video(source).duration_s == pytest.approx(2, abs=0.15)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert refusal_of(tmp_path / "a.mp4") is Refusal.EMPTY


def test_work_stops_when_its_time_is_up(make_clip: MakeClip, tmp_path: Path) -> None:
    source, target = make_clip("a.mp4"), tmp_path / "playable.mp4"
    with pytest.raises(MediaRefused) as refused:
        make_playable(source, target, VideoLimits(max_work_s=1e-9))
    assert refused.value.code is Refusal.VIDEO_TOO_SLOW
    assert list(tmp_path.iterdir()) == [source]


def test_incomplete_output_is_removed(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_clip("a.mp4", seconds=10)

    def full_disk(writer: PlaybackWriter) -> None:
        assert (tmp_path / "playable.mp4.part").exists()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PlaybackWriter, "_finish", full_disk)
    with pytest.raises(OSError, match="No space left"):
        make_playable(source, tmp_path / "playable.mp4")
    assert list(tmp_path.iterdir()) == [source]


def test_pixels_of_all_pictures_are_counted_without_decoding_one(make_clip: MakeClip) -> None:
    source = make_clip("a.mp4", seconds=2, rate=10, size=(64, 48), audio="aac")
    assert pixels_of(source) == 20 * 64 * 48
    with pytest.raises(MediaRefused) as refused:
        pixels_of(source, VideoLimits(max_pixels_of_all=20 * 64 * 48 - 1))
    assert refused.value.code is Refusal.VIDEO_TOO_MUCH


def test_a_film_with_more_pictures_than_it_says_is_given_up(make_clip: MakeClip, tmp_path: Path) -> None:
    source = make_clip("a.mp4", seconds=2, rate=10, size=(64, 48))
    with pytest.raises(MediaRefused) as refused:
        make_playable(source, tmp_path / "b.mp4", VideoLimits(max_pixels_of_all=19 * 64 * 48))
    assert refused.value.code is Refusal.VIDEO_TOO_MUCH
    assert not (tmp_path / "b.mp4").exists()
