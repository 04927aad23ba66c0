"""The site's own ES modules in this release."""

from __future__ import annotations

import re
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


def module_source(path: str) -> str:
    """Text of the module below ``MODULES_PREFIX``."""
    return (_STATIC / MODULES_PREFIX / path).read_text(encoding="utf-8")


#: A module that is needed before the one that names it can run; those that are loaded when they are needed are none.
_NEEDED = re.compile(r'^(?:import|export)[^"()]*?"city/([^"]+)";$', re.MULTILINE)


@lru_cache(maxsize=32)
def with_what_they_need(*names: str) -> tuple[str, ...]:
    """Path of each of these modules and of all that must be there before they run; nearest first, each once."""
    found = dict.fromkeys(names)
    for name in (waiting := list(found)):
        needed = _NEEDED.findall(module_source(name))
        waiting += [each for each in dict.fromkeys(needed) if each not in found]
        found |= dict.fromkeys(needed)
    return tuple(found)
