"""Style sheets: many files to write in, few to load.

A sheet that pages link is a list of ``@import`` lines, one for each of its parts. Where files are served as they lie
(``DEBUG``) the browser follows them; when the static files are collected, the parts are read into the sheet.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORT = re.compile(r'^@import "([^":]+\.css)";$', re.MULTILINE)


def whole(name: str, read: Callable[[str], str]) -> str:
    """The sheet with each import replaced by what it imports, at any depth; ``read`` gives the text of a static file."""

    def part(match: re.Match[str]) -> str:
        return whole(posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1])), read).rstrip()

    return _IMPORT.sub(part, read(name))


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


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Collected files, compressed and named by their content, with sheets made whole under both their names."""

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        # Read from the rooms, never from what was collected before: a part may be newer than its sheet.
        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        if not dry_run:
            sheets = [name for name in paths if name.endswith(".css") and _IMPORT.search(read(name))]
            made = {name: whole(name, read) for name in sheets}
            for name, text in made.items():
                self.delete(name)
                self.save(name, ContentFile(text.encode()))
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run=dry_run, **options)
