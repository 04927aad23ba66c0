"""The site's own ES modules in this release."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

#: Path of the modules below STATIC_URL.
MODULES_PREFIX = "web/js/"

_STATIC = Path(__file__).parent / "static"


@lru_cache(maxsize=1)
def module_paths() -> tuple[str, ...]:
    """Path of every module below ``MODULES_PREFIX``, in a stable order."""
    root = _STATIC / MODULES_PREFIX
    return tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*.js")))
