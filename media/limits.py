"""The largest and smallest files accepted. Pages and parsers read them here, without the libraries that decode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1024 * 1024

#: The largest part of a file that is taken at once, where a file comes in parts: what a broken connection may lose.
PART_MAX: Final = 8 * MEGABYTE
#: Media type of such a part (tus 1.0.0).
PART_TYPE: Final = "application/offset+octet-stream"


@dataclass(frozen=True)
class PhotoLimits:
    """The largest and smallest photo accepted, and the sizes of its two forms (sides in pixels).

    The numbers of pixels are those that the memory of ``media.confined.PHOTO_MEMORY_BYTES`` holds. A JPEG as phones write
    it is decoded at a half, a quarter or an eighth of its size, so that even their largest, of 200 megapixels, takes
    less than what must be decoded whole: other formats, and progressive JPEGs. Of those phones make 12 to 50
    megapixels (HEIC). WebP and AVIF take twice the memory, and no phone's camera writes them.

    ``max_pixels_odd`` is for what costs the sender nothing and us much: pictures that are interlaced, or so empty that a
    byte stands for more than ``max_pixels_a_byte``. ``max_work_s`` is of processor time: the dearest that is allowed
    takes about 3 s.
    """

    max_bytes: int = 40 * MEGABYTE
    max_pixels: int = 65_000_000
    max_pixels_reduced: int = 210_000_000
    max_pixels_costly: int = 30_000_000
    max_pixels_odd: int = 16_000_000
    max_pixels_a_byte: int = 100
    max_scans: int = 30
    max_work_s: int = 8
    min_side_px: int = 16
    large_side_px: int = 2048
    thumb_side_px: int = 480


@dataclass(frozen=True)
class VideoLimits:
    """The largest video accepted, and the wall-clock limit for one processing step.

    ``max_pixels_of_all`` are those of all its pictures together: two minutes as phones record them, or a minute in 4K; some
    three minutes of work at ``pixels_a_second``, which are decoded in a second of one processor.
    """

    max_bytes: int = 100 * MEGABYTE
    max_duration_s: float = 120.0
    max_pixels: int = 4096 * 2304
    min_side_px: int = 16
    max_pixels_of_all: int = 15_000_000_000
    pixels_a_second: int = 60_000_000
    max_work_s: float = 600.0
