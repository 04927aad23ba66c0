"""Compiled message catalogues (.mo) of the rooms' .po files; needs Babel only when something is stale."""

from __future__ import annotations

import io
import os
from pathlib import Path


def sources(root: Path) -> list[Path]:
    """The rooms' ``<room>/locale/<language>/LC_MESSAGES/*.po``."""
    return sorted(root.glob("*/locale/*/LC_MESSAGES/*.po"))


def stale(root: Path) -> list[Path]:
    """Sources whose compiled catalogue is missing or older than they are."""
    return [source for source in sources(root) if not _is_current(source)]


def compile_stale(root: Path) -> list[Path]:
    """Compiles stale catalogues and returns their sources; fuzzy messages are left out, as gettext does."""
    compiled = stale(root)
    for source in compiled:
        compile_one(source)
    return compiled


def compile_one(source: Path) -> None:
    """Writes the .mo beside the .po atomically: a running server may be reading it."""
    from babel.messages import mofile, pofile

    with source.open("rb") as file:
        catalogue = pofile.read_po(file, locale=source.parent.parent.name)
    content = io.BytesIO()
    mofile.write_mo(content, catalogue)
    target = source.with_suffix(".mo")
    new = target.with_name(f"{target.name}.{os.getpid()}")
    new.write_bytes(content.getvalue())
    new.replace(target)


def _is_current(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns
