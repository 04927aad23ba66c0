"""Style sheets: many files to write in, few to load.

A sheet that pages link is a list of ``@import`` lines, one for each of its parts. Where files are served as they lie
(``DEBUG``) the browser follows them; when the static files are collected, the parts are read into the sheet.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from django.contrib.staticfiles import finders

_IMPORT = re.compile(r'^@import "([^":]+\.css)";$', re.MULTILINE)


def whole(name: str, read: Callable[[str], str]) -> str:
    """The sheet with each import replaced by what it imports, at any depth; ``read`` gives the text of a static file."""

    def part(match: re.Match[str]) -> str:
        return whole(posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1])), read).rstrip()

    return _IMPORT.sub(part, read(name))


def is_made_of_parts(text: str) -> bool:
    """True for the text of a sheet that imports others."""
    return _IMPORT.search(text) is not None


def parts(name: str, read: Callable[[str], str]) -> Iterator[str]:
    """Names of the static files that a sheet is made of, itself first."""
    yield name
    for imported in _IMPORT.findall(read(name)):
        yield from parts(posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)), read)


def source(name: str) -> str:
    """Text of a static file as it lies in its room. Raises ``FileNotFoundError``."""
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found).read_text(encoding="utf-8")
