"""The confined child that opens photos and films: ``media.confined`` starts it.

It is started for every file and everybody waits for it in turn, so it imports nothing but what the file needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jobs.confined import obey
from media.pictures import PreparedPhoto
from media.refusal import MediaRefused, Refusal


def _photo(source: Path, folder: Path) -> dict[str, Any]:
    from media.photos import prepare_photo

    return _kept(prepare_photo(source), folder)


def _cover(source: Path, folder: Path, areas: list[list[float]]) -> dict[str, Any]:
    from media.photos import cover_photo

    return _kept(cover_photo(source, areas), folder)


def _kept(prepared: PreparedPhoto, folder: Path) -> dict[str, Any]:
    (folder / "large").write_bytes(prepared.large.data)
    (folder / "thumb").write_bytes(prepared.thumb.data)
    return {
        "content": prepared.content.value,
        "large": (prepared.large.width, prepared.large.height),
        "thumb": (prepared.thumb.width, prepared.thumb.height),
        "look": prepared.look,
    }


def _video(source: Path, folder: Path) -> dict[str, Any]:
    from media.videos import make_playable, make_poster

    make_poster(source, folder / "poster")
    facts = _photo(folder / "poster", folder)
    return facts | {"duration_s": make_playable(source, folder / "playable").duration_s}


def _pixels(source: Path, folder: Path) -> dict[str, Any]:
    from media.videos import pixels_of

    return {"pixels": pixels_of(source)}


# What does the work, and what is said when it takes more memory than it may.
_WORK: Final[dict[str, tuple[Callable[..., dict[str, Any]], Refusal]]] = {
    "photo": (_photo, Refusal.PHOTO_TAKES_TOO_MUCH),
    "cover": (_cover, Refusal.PHOTO_TAKES_TOO_MUCH),
    "video": (_video, Refusal.VIDEO_BROKEN),
    "pixels": (_pixels, Refusal.VIDEO_BROKEN),
}


def _obeyed(order: dict[str, Any]) -> dict[str, Any]:
    work, too_much = _WORK[order["what"]]
    try:
        reply: dict[str, Any] = {"done": work(Path(order["source"]), Path(order["folder"]), **order["how"])}
    except MediaRefused as refusal:
        reply = {"refused": refusal.code.value, "limit": refusal.limit}
    except MemoryError:
        reply = {"refused": too_much.value, "limit": None}
    return reply | {"processor_s": time.process_time()}


if __name__ == "__main__":
    obey(_obeyed)
