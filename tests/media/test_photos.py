from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw, ImageOps, PngImagePlugin

from media.content import Content
from media.limits import PhotoLimits
from media.photos import look_of, prepare_photo
from media.pictures import EncodedPhoto
from media.refusal import MediaRefused, Refusal

RED, BLUE, WHITE = (220, 20, 20), (20, 20, 220), (255, 255, 255)
SECRET = b"Residential-Street-12"


def scene(width: int = 640, height: int = 400) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), BLUE)
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def opened(photo: EncodedPhoto) -> Image.Image:
    image = Image.open(io.BytesIO(photo.data))
    image.load()
    return image


def near(pixel: Any, wanted: Any, within: int = 24) -> bool:
    return all(abs(a - b) <= within for a, b in zip(pixel, wanted, strict=True))


def refusal_of(data: bytes, limits: PhotoLimits | None = None) -> Refusal:
    with pytest.raises(MediaRefused) as refused:
        prepare_photo(io.BytesIO(data), limits or PhotoLimits())
    assert refused.value.message
    return refused.value.code


def located_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 30.0, 51.0), 3: "E", 4: (72.0, 48.0, 1.0)})
    return exif


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("JPEG", Content.JPEG),
        ("PNG", Content.PNG),
        ("WEBP", Content.WEBP),
        ("GIF", Content.GIF),
        ("HEIF", Content.HEIF),
        ("AVIF", Content.HEIF),
    ],
)
def test_each_format_becomes_two_jpegs(kind: str, content: Content) -> None:
    photo = prepare_photo(io.BytesIO(encoded(scene(1000, 600), kind)))
    assert photo.content is content
    for form, size in ((photo.large, (1000, 600)), (photo.thumb, (480, 288))):
        image = opened(form)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", size)
        assert (form.width, form.height) == size
        assert near(image.getpixel((20, 20)), RED)
        assert near(image.getpixel((size[0] - 20, 20)), BLUE)


def test_a_path_is_read_like_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(encoded(scene(), "PNG"))
    assert prepare_photo(path).content is Content.PNG


def test_large_photo_is_scaled_down_to_2048_and_is_progressive() -> None:
    photo = prepare_photo(io.BytesIO(encoded(scene(6000, 3000), "JPEG")))
    assert (photo.large.width, photo.large.height) == (2048, 1024)
    assert opened(photo.large).info["progressive"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_nothing_but_pixels_comes_out(kind: str) -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    options: dict[str, Any] = {"exif": located_exif(), "xmp": xmp}
    if kind == "JPEG":
        options["comment"] = SECRET
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", SECRET.decode())
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"exif": located_exif(), "pnginfo": text}
    data = encoded(scene(), kind, **options)
    assert SECRET in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)
    photo = prepare_photo(io.BytesIO(data))
    for form in (photo.large, photo.thumb):
        image = opened(form)
        assert not image.getexif()
        assert not image.getexif().get_ifd(0x8825)
        assert set(image.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "progressive",
            "progression",
        }
        for trace in (SECRET, b"Exif", b"xmpmeta", b"Photoshop", b"ICC_PROFILE"):
            assert trace not in form.data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_sideways_photo_becomes_upright(kind: str) -> None:
    # Orientation 6: the left edge as stored is the top of the scene.
    # (HEIC stores its rotation in its own box, which the encoder derives from EXIF given as bytes.)
    data = encoded(scene(640, 400), kind, exif=located_exif(orientation=6).tobytes())
    large = opened(prepare_photo(io.BytesIO(data)).large)
    assert large.size == (400, 640)
    assert near(large.getpixel((200, 40)), RED)
    assert near(large.getpixel((200, 600)), BLUE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_agrees_with_pillow(orientation: int) -> None:
    image = scene(64, 40)
    ImageDraw.Draw(image).rectangle((0, 0, 31, 12), WHITE)
    data = encoded(image, "PNG", exif=located_exif(orientation))
    reference = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    large = opened(prepare_photo(io.BytesIO(data)).large)
    assert large.size == reference.size
    for spot in ((8, 8), (large.width - 9, 8), (8, large.height - 9), (large.width - 9, large.height - 9)):
        assert near(large.getpixel(spot), reference.convert("RGB").getpixel(spot)), spot


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_does_not_cost_the_photo(kind: str) -> None:
    data = encoded(scene(), kind, exif=b"Exif\0\0no TIFF header")
    assert prepare_photo(io.BytesIO(data)).large.width == 640


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 999))
        + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 9_000)])
def test_decompression_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert refusal_of(png_claiming(*size)) is Refusal.PHOTO_TOO_LARGE


def test_too_many_bytes_are_not_read() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.taken += size
            return b"\xff\xd8\xff" + bytes(size - 3)

    stream = Endless()
    with pytest.raises(MediaRefused) as refused:
        prepare_photo(stream, PhotoLimits(max_bytes=1024 * 1024))  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.limit) == (Refusal.PHOTO_TOO_HEAVY, 1)
    assert stream.taken == 1024 * 1024 + 1


def test_tiny_photo_is_refused() -> None:
    assert refusal_of(encoded(scene(200, 15), "PNG")) is Refusal.PHOTO_TOO_SMALL


def test_empty_file_is_refused() -> None:
    assert refusal_of(b"") is Refusal.EMPTY


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_photo_cut_short_is_refused(kind: str, part: float) -> None:
    noise = Image.effect_noise((300, 300), 80).convert("RGB")
    data = encoded(noise, kind)
    assert refusal_of(data[: int(len(data) * part)]) is Refusal.PHOTO_CUT_SHORT


def test_damaged_photo_is_refused() -> None:
    data = bytearray(encoded(Image.effect_noise((300, 300), 80), "PNG"))
    middle = len(data) // 2
    data[middle : middle + 400] = b"\x55" * 400
    assert refusal_of(bytes(data)) is Refusal.PHOTO_BROKEN


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"MZ\x90\0\x03" + b"\0" * 100,
        b"BM" + b"\0" * 60,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2",
    ],
    ids=["html", "svg", "pdf", "exe", "bmp", "eps", "mp4"],
)
def test_other_files_named_like_a_photo_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(MediaRefused) as refused:
        prepare_photo(path)
    assert refused.value.code is Refusal.NOT_A_PHOTO


def test_photo_signature_before_a_web_page_is_broken() -> None:
    assert refusal_of(b"\xff\xd8\xff<html><script>alert(1)</script>\xff\xd9") is Refusal.PHOTO_BROKEN


def test_what_is_appended_to_the_file_is_dropped() -> None:
    data = encoded(scene(), "PNG") + b"PK\x03\x04" + SECRET + b"PK\x05\x06" + bytes(18)
    photo = prepare_photo(io.BytesIO(data))
    assert SECRET not in photo.large.data
    assert b"PK\x03\x04" not in photo.large.data


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_yields_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in (RED, BLUE, WHITE)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert Image.open(io.BytesIO(data)).n_frames == 3  # type: ignore[attr-defined]
    assert near(opened(prepare_photo(io.BytesIO(data)).large).getpixel((30, 20)), RED)


def test_phone_photo_with_a_second_picture_inside() -> None:
    data = encoded(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert prepare_photo(io.BytesIO(data)).large.width == 640


def test_cmyk_photo_keeps_its_colours() -> None:
    data = encoded(scene().convert("CMYK"), "JPEG")
    assert near(opened(prepare_photo(io.BytesIO(data)).large).getpixel((40, 40)), RED)


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    data = encoded(Image.new("I;16", (64, 48), 100 * 257), "PNG")
    assert near(opened(prepare_photo(io.BytesIO(data)).large).getpixel((30, 20)), (100, 100, 100), within=2)


def test_transparency_turns_white() -> None:
    palette = Image.new("P", (64, 48), 0)
    palette.putpalette([*RED, *BLUE])
    palette.paste(1, (32, 0, 64, 48))
    glass = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    glass.paste((*BLUE, 255), (32, 0, 64, 48))
    grey_glass = Image.new("LA", (64, 48), (0, 0))
    for data in (
        encoded(palette, "PNG", transparency=0),
        encoded(glass, "PNG"),
        encoded(glass, "WEBP", lossless=True),
        encoded(grey_glass, "PNG"),
        encoded(scene(64, 48), "PNG", transparency=RED),
    ):
        assert near(opened(prepare_photo(io.BytesIO(data)).large).getpixel((10, 10)), WHITE)


def test_colour_profile_is_applied_before_it_is_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    swapped = _profile_with_red_and_blue_swapped()
    image = Image.new("RGB", (64, 48), (255, 0, 0))
    plain = opened(prepare_photo(io.BytesIO(encoded(image, "PNG", icc_profile=swapped))).large)
    assert near(plain.getpixel((30, 20)), (0, 0, 255))
    # A profile for another colour model, or an invalid one, is ignored.
    for odd in (lab, b"no profile"):
        kept = opened(prepare_photo(io.BytesIO(encoded(image, "PNG", icc_profile=odd))).large)
        assert near(kept.getpixel((30, 20)), (255, 0, 0))


def _profile_with_red_and_blue_swapped() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


def test_two_photos_of_the_same_look_nearly_the_same() -> None:
    noise = Image.effect_noise((64, 48), 90).resize((1600, 1200), Image.Resampling.BICUBIC)
    first = prepare_photo(io.BytesIO(encoded(noise, "JPEG"))).look
    again = noise.resize((900, 675)).point(lambda level: level * 0.8 + 20)
    second = prepare_photo(io.BytesIO(encoded(again, "JPEG", quality=40))).look
    other = look_of(Image.effect_noise((64, 48), 90).resize((1600, 1200), Image.Resampling.BICUBIC))
    assert first is not None
    assert second is not None
    assert other is not None
    assert (first ^ second).bit_count() <= 4
    assert (first ^ other).bit_count() > 12
    assert look_of(Image.new("RGB", (640, 480), "grey")) is None


def test_a_look_is_read_row_by_row_and_has_a_sign() -> None:
    ramp = Image.linear_gradient("L").rotate(90)
    assert look_of(ramp) in (-1, 0)
    assert look_of(ImageOps.mirror(ramp)) in (-1, 0)
    assert {look_of(ramp), look_of(ImageOps.mirror(ramp))} == {-1, 0}
