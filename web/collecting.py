"""Static files as they are served: sheets made whole, scripts in bundles, compressed and named by their content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from web.bundles import BUNDLES, BUNDLES_PREFIX, made
from web.modules import MODULES_PREFIX
from web.styles import is_made_of_parts, whole

#: Maps to sources, declarations of types, and the map library as its authors read it.
_FOR_DEBUGGERS = re.compile(r"\.map$|\.ts$|-dev\.")


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Collected files, each under its own name and under that of its content."""

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        # Read from the rooms, never from what was collected before: a part may be newer than its sheet.
        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        if not dry_run:
            texts = {
                name: whole(name, read).encode()
                for name in paths
                if name.endswith(".css") and is_made_of_parts(read(name))
            }
            texts |= {f"{BUNDLES_PREFIX}{bundle}.js": made(bundle) for bundle in BUNDLES}
            for name, text in texts.items():
                self.delete(name)
                self.save(name, ContentFile(text))
                paths[name] = (self, name)
            # The bundles have all of them: nobody asks for one.
            for name in [name for name in paths if name.startswith(MODULES_PREFIX)]:
                del paths[name]
                self.delete(name)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compresses what browsers ask for: files by the names of their content, those of ``vendor/`` by both.

        Brotli takes a second for each megabyte, and half of all that is collected is there for debuggers alone.
        """
        named = set(self.hashed_files.values())
        asked = [
            path
            for path in paths
            if (path in named or path.startswith("vendor/")) and not _FOR_DEBUGGERS.search(path)
        ]
        yield from super().compress_files(asked)
