"""What is drawn on a map, by its pixels: a layer can be there for the scripts and not for the eye."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page

#: As browsers write it: what the page's own property means in red, green and blue.
_COLOUR = """(property) => {
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(property);
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
#: A mark lies on what is below it, and is not drawn of one colour alone.
_NEAR = 14


def rgb_of(page: Page, property_: str) -> tuple[int, int, int]:
    """The colour that the property has now, by day or by night."""
    red, green, blue = page.evaluate(_COLOUR, property_)
    return red, green, blue


def colour_px(page: Page, property_: str, *, middle: int = 0) -> int:
    """Pixels of the page's map in about the colour of that property, ``middle`` pixels around its middle if given."""
    wanted = rgb_of(page, property_)
    picture = Image.open(BytesIO(page.locator("city-map canvas").screenshot())).convert("RGB")
    if middle:
        x, y = picture.width // 2, picture.height // 2
        picture = picture.crop((x - middle, y - middle, x + middle, y + middle))
    found: list[tuple[int, tuple[int, ...]]] = picture.getcolors(maxcolors=1 << 24)  # type: ignore[assignment]
    return sum(n for n, has in found if all(abs(a - b) < _NEAR for a, b in zip(has, wanted, strict=True)))
