"""Leaflet's script and styles as text to embed in a document, with no links to other files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_IMAGE = re.compile(r"url\(\s*['\"]?(?!data:|#)[^)]*\)")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


@dataclass(frozen=True)
class Leaflet:
    """Leaflet's script and style sheet, safe inside ``<script>`` and ``<style>``."""

    script: str
    style: str


@lru_cache(maxsize=2)
def leaflet(dist: Path) -> Leaflet:
    """Leaflet read from the ``dist`` folder of its npm package.

    Its images (default marker, layer switch) are left out: a map of cells uses none of them, and a relative
    URL would be broken in a standalone file. Raises ``FileNotFoundError`` if the package is missing.
    """
    script = _SOURCE_MAP.sub("", (dist / "leaflet.js").read_text(encoding="utf-8"))
    style = _IMAGE.sub("none", (dist / "leaflet.css").read_text(encoding="utf-8"))
    for text, end in ((script, "</script"), (style, "</style")):
        if end in text.lower():
            raise ValueError(f"{dist}: this Leaflet cannot be embedded in a document: it contains {end}")
    return Leaflet(script, style)
