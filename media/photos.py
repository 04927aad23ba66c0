"""Turns an uploaded photo into two clean JPEGs: one to view, one for lists.

Everything but the pixels is dropped: EXIF with the sender's position and phone, XMP, IPTC, comments,
thumbnails, anything appended to the file. Pixels are decoded and re-encoded, so that a file that is two
things at once (a picture and a web page or an archive) comes out as just a picture.

JPEG rather than WebP: mail programs, office suites, printers and desktop GIS all open it, and a progressive
JPEG shows the whole scene early on a slow network. WebP would save about a quarter of the bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

import pillow_heif
from PIL import Image, ImageCms

from media.content import HEAD_BYTES, Content, MediaKind, content_of, is_cut_short
from media.limits import MEGABYTE, PhotoLimits
from media.pictures import EncodedPhoto, PreparedPhoto
from media.refusal import MediaRefused, Refusal

_JPEG_QUALITY: Final = 82
_READERS: Final = {
    Content.JPEG: ["JPEG"],
    Content.PNG: ["PNG"],
    Content.WEBP: ["WEBP"],
    Content.GIF: ["GIF"],
    Content.HEIF: ["HEIF", "AVIF"],
}
_BAND_PIXELS: Final = 4_000_000
_EXIF_ORIENTATION: Final = 0x0112
# EXIF 2.32, 4.6.4 A, tag Orientation: the rotation that makes the stored rows upright.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LIMITS: Final = PhotoLimits()
_LOOK_SIDE: Final = 8
#: Levels of grey, of 256, by which a picture's lightest and darkest parts differ at least where there is something to see.
_LOOK_CONTRAST: Final = 12
_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

pillow_heif.register_heif_opener()


# Pillow's own decompression bomb check, which raises at twice this value, is set to the same limit.
Image.MAX_IMAGE_PIXELS = _LIMITS.max_pixels_reduced


def prepare_photo(source: BinaryIO | Path, limits: PhotoLimits = _LIMITS) -> PreparedPhoto:
    """Upright, metadata-free JPEGs of the photo (of an animation: its first frame).

    ``source`` is read once, from its current position, and never beyond ``limits.max_bytes``; a stream is
    left open. The number of pixels is checked before any is decoded. Raises :class:`MediaRefused`.
    """
    data = _read(source, limits.max_bytes)
    content = content_of(data[:HEAD_BYTES])
    if content is None or content.kind is not MediaKind.PHOTO:
        raise MediaRefused(Refusal.NOT_A_PHOTO)
    with _decoded(data, content, limits) as picture:
        turn = _UPRIGHT.get(_orientation(picture))
        large = _reduced(picture, max(picture.size) // _spare(limits))
        large.thumbnail((limits.large_side_px, limits.large_side_px), Image.Resampling.LANCZOS)
        large = _to_srgb(large, picture.info.get("icc_profile"))
    if turn is not None:
        large = large.transpose(turn)
    return _in_both_sizes(content, large, limits)


def cover_photo(
    source: Path, areas: Sequence[Sequence[float]], limits: PhotoLimits = _LIMITS
) -> PreparedPhoto:
    """A photo that was prepared before, in both sizes, with nothing but black in the areas.

    Each area is left, top, width and height in percent of the picture; a pixel that one touches is black. Raises
    :class:`MediaRefused`.
    """
    data = _read(source, limits.max_bytes)
    # It was not too small when it was received.
    with _decoded(data, Content.JPEG, replace(limits, min_side_px=1)) as picture:
        large = picture.convert("RGB")
    for left, top, width, height in areas:
        large.paste(
            (0, 0, 0),
            (
                math.floor(left * large.width / 100),
                math.floor(top * large.height / 100),
                math.ceil((left + width) * large.width / 100),
                math.ceil((top + height) * large.height / 100),
            ),
        )
    return _in_both_sizes(Content.JPEG, large, limits)


def _in_both_sizes(content: Content, large: Image.Image, limits: PhotoLimits) -> PreparedPhoto:
    thumb = large.copy()
    thumb.thumbnail((limits.thumb_side_px, limits.thumb_side_px), Image.Resampling.LANCZOS)
    return PreparedPhoto(content, encode_jpeg(large), encode_jpeg(thumb), look_of(thumb))


def look_of(picture: Image.Image) -> int | None:
    """64 bits that are nearly the same for two photos of the same (dHash); None for a picture in which all is alike.

    Each says whether a pixel of a grey picture of 9 × 8 is darker than the one to its right; the first is the highest.
    Unlike a digest they survive another size, another quality and another light. With a sign, as a column has them.
    """
    grey = picture.convert("L").resize((_LOOK_SIDE + 1, _LOOK_SIDE), Image.Resampling.BOX)
    levels = grey.tobytes()
    if max(levels) - min(levels) < _LOOK_CONTRAST:
        return None
    look = 0
    for row in range(_LOOK_SIDE):
        for left, right in pairwise(levels[row * (_LOOK_SIDE + 1) : (row + 1) * (_LOOK_SIDE + 1)]):
            look = look << 1 | (left < right)
    return look - (1 << 64) if look >> 63 else look


def encode_jpeg(picture: Image.Image) -> EncodedPhoto:
    """A progressive JPEG of the pixels of ``picture`` (mode RGB), without any metadata."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    encoded = io.BytesIO()
    bare.save(encoded, "JPEG", quality=_JPEG_QUALITY, progressive=True, optimize=True)
    return EncodedPhoto(encoded.getvalue(), bare.width, bare.height)


def _read(source: BinaryIO | Path, max_bytes: int) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    else:
        data = source.read(max_bytes + 1)
    if not data:
        raise MediaRefused(Refusal.EMPTY)
    if len(data) > max_bytes:
        raise MediaRefused(Refusal.PHOTO_TOO_HEAVY, max_bytes // MEGABYTE)
    return data


@contextmanager
def _decoded(data: bytes, content: Content, limits: PhotoLimits) -> Iterator[Image.Image]:
    """The picture, loaded into memory."""
    try:
        picture = Image.open(io.BytesIO(data), formats=_READERS[content])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaRefused(Refusal.PHOTO_TOO_LARGE, limits.max_pixels_reduced // 1_000_000) from error
    except MemoryError:
        raise
    except Exception as error:  # Broken headers make the readers raise almost anything, even SyntaxError.
        raise _unreadable(data, content) from error
    with picture:
        max_pixels = _max_pixels(picture, limits)
        if picture.width * picture.height > max_pixels:
            raise MediaRefused(Refusal.PHOTO_TOO_LARGE, max_pixels // 1_000_000)
        if min(picture.size) < limits.min_side_px:
            raise MediaRefused(Refusal.PHOTO_TOO_SMALL, limits.min_side_px)
        try:
            # A JPEG is decoded at a half, quarter or eighth, as long as that leaves pixels to resample from.
            picture.draft(None, (_spare(limits), _spare(limits)))
            picture.load()
        except MemoryError:
            raise
        except Exception as error:  # As above: libjpeg, libpng, libheif … each fails in its own way.
            raise _unreadable(data, content) from error
        yield picture


def _unreadable(data: bytes, content: Content) -> MediaRefused:
    return MediaRefused(
        Refusal.PHOTO_CUT_SHORT if is_cut_short(io.BytesIO(data), content) else Refusal.PHOTO_BROKEN
    )


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 (upright) if there is none or the EXIF block is damaged."""
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # Damaged metadata is no reason to refuse a good picture.
        return 1
    return value if isinstance(value, int) else 1


def _max_pixels(picture: Image.Image, limits: PhotoLimits) -> int:
    if picture.format == "JPEG" and not picture.info.get("progressive"):
        return limits.max_pixels_reduced
    return limits.max_pixels_costly if picture.format in ("WEBP", "AVIF") else limits.max_pixels


def _spare(limits: PhotoLimits) -> int:
    """A cheap reduction leaves a longer side of this many pixels, so that the careful one has something to choose from."""
    return 3 * limits.large_side_px // 2


def _reduced(picture: Image.Image, factor: int) -> Image.Image:
    """The picture on white, in mode L, RGB or CMYK, with ``factor`` × ``factor`` pixels averaged to one (below 2: none).

    Band by band: whatever conversions its mode needs, no second copy of a large picture is made.
    """
    if factor < 2:
        return _on_white(_to_plain_mode(picture))
    rows = factor * max(1, _BAND_PIXELS // (factor * picture.width))
    bands = []
    for top in range(0, picture.height, rows):
        band = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        # What a crop loses: the colour or the level that stands for nothing.
        band.info = picture.info
        bands.append(_on_white(_to_plain_mode(band)).reduce(factor))
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _to_plain_mode(picture: Image.Image) -> Image.Image:
    """The same picture in a mode that can be resampled: L, RGB, CMYK; LA or RGBA with an alpha."""
    if picture.mode.startswith("I;16"):
        # convert() would clip everything above 255 to white.
        return picture.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    if picture.has_transparency_data:
        return picture if picture.mode in ("LA", "RGBA") else picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("LA", "RGBA"):
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture.convert("RGB"), mask=picture.getchannel("A"))
    return paper


def _to_srgb(picture: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """RGB in sRGB; a profile that is damaged or meant for another mode is ignored."""
    if icc_profile:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
            converted = ImageCms.profileToProfile(picture, profile, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGB")
