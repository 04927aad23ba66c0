"""Processes a video in a child process, where a malicious file can do little harm.

A few kilobytes of MP4 can claim an index of gigabytes, and decoders written in C crash and hang. The child
has limits on memory, CPU time, file size and wall-clock time, a low priority so that pages stay fast, and
neither the parent's environment (with its passwords) nor its memory. It replies in JSON; if it dies, the
file is blamed.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from media.refusal import MediaRefused, Refusal

MEMORY_BYTES: Final = 2 * 1024**3
"""Address space of the child; a 4K video from a phone needs about a third of it."""
_LARGEST_FILE_BYTES: Final = 256 * 1024**2
_ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ProcessedVideo:
    """The two files a video's page needs, and their facts (sizes in pixels, upright)."""

    playable: Path
    poster: Path
    width: int
    height: int
    duration_s: float
    size_bytes: int


class ProcessingFailed(RuntimeError):
    """The machine is at fault, not the file (a full disk, a missing folder): worth retrying."""


def process_video(
    source: Path,
    playable: Path,
    poster: Path,
    *,
    max_work_s: float = 900.0,
    memory_bytes: int = MEMORY_BYTES,
) -> ProcessedVideo:
    """Writes the playable form and the poster of ``source``: both, complete, or neither.

    Raises :class:`MediaRefused` if the file is at fault, :class:`ProcessingFailed` for anything else.
    """
    with tempfile.TemporaryDirectory(prefix=".video-", dir=playable.parent) as folder:
        film, still = Path(folder, "playable.mp4"), Path(folder, "poster.jpg")
        facts = _in_a_child(source, film, still, max_work_s, memory_bytes)
        shutil.move(still, poster)
        shutil.move(film, playable)
    return ProcessedVideo(playable=playable, poster=poster, **facts)


def _in_a_child(
    source: Path, film: Path, still: Path, max_work_s: float, memory_bytes: int
) -> dict[str, Any]:
    order = {
        "source": str(source.absolute()),
        "film": str(film.absolute()),
        "still": str(still.absolute()),
        "max_work_s": max_work_s,
        "memory_bytes": memory_bytes,
    }
    try:
        child = subprocess.run(
            [sys.executable, "-m", "media.confined"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=max_work_s,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MediaRefused(Refusal.VIDEO_TOO_SLOW) from error
    if child.returncode < 0:  # Killed by a signal: it crashed or ran out of CPU time.
        raise MediaRefused(Refusal.VIDEO_BROKEN)
    if child.returncode > 0:
        raise ProcessingFailed(child.stderr[-2000:])
    reply: dict[str, Any] = json.loads(child.stdout)
    if "refused" in reply:
        raise MediaRefused(Refusal(reply["refused"]), reply["limit"])
    facts: dict[str, Any] = reply["done"]
    return facts


def _confine(max_work_s: float, memory_bytes: int) -> None:
    processor_s = int(max_work_s * (os.cpu_count() or 1)) + 1
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, processor_s),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (ceiling, ceiling))
    os.nice(10)


def _main() -> None:
    order = json.load(sys.stdin)
    _confine(order["max_work_s"], order["memory_bytes"])
    # Imported only now, so that what these libraries allocate counts.
    from media.videos import make_playable, make_poster

    source = Path(order["source"])
    answer: dict[str, Any]
    try:
        make_poster(source, Path(order["still"]))
        facts = asdict(make_playable(source, Path(order["film"])))
        del facts["path"]
        answer = {"done": facts}
    except MediaRefused as refusal:
        answer = {"refused": refusal.code.value, "limit": refusal.limit}
    except MemoryError:
        answer = {"refused": Refusal.VIDEO_BROKEN.value, "limit": None}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main()
