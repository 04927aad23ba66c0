"""Colours of the map on paper: those of the document's style sheet on a light screen, by the names of its colours."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

_STYLE: Final = Path(__file__).parents[1] / "folium_map" / "document.css"
_VARIABLE: Final = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})")
_PATTERN: Final = re.compile(r"\.(pattern-[\w-]+) \{ --fill: (#[0-9a-f]{6}); \}")


@cache
def colours() -> dict[str, str]:
    """Hexadecimal colours: of levels, of the ground and of ink."""
    style = _STYLE.read_text(encoding="utf-8")
    light = style[: style.index("@media")]
    return dict(_VARIABLE.findall(light)) | dict(_PATTERN.findall(style))


def colour(name: str) -> str:
    """The colour of that name. Raises ``KeyError``."""
    return colours()[name]
