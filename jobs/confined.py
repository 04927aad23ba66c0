"""Runs a module in a child process that may do little harm: for files of others and the parsers written in C.

The child has limits on memory, CPU time, file size and wall-clock time, a low priority so that pages stay fast, and
neither the parent's environment (with its passwords) nor its memory. It takes its order and gives its reply in JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_LARGEST_FILE_BYTES: Final = 256 * 1024**2
_ROOT: Final = Path(__file__).resolve().parents[1]


class ChildDied(Exception):
    """It crashed, or used more memory or time than it may: the file is to blame."""


class ChildTooSlow(ChildDied):
    """It was ended because it took longer than it may."""


class ChildSpent(ChildDied):
    """It used more processor time than it may."""


class ChildFailed(RuntimeError):
    """The machine is at fault, not the file (a full disk, a missing folder); ``str()`` is what the child wrote last."""


def run_confined(
    module: str,
    order: Mapping[str, Any],
    *,
    seconds: float,
    memory_bytes: int,
    processor_s: int | None = None,
    keep: Sequence[int] = (),
) -> dict[str, Any]:
    """The reply of the module, which calls ``obey`` when it is run; it inherits the descriptors ``keep``.

    ``seconds`` are of the clock, ``processor_s`` of the processors, by default as many as all of them have in that time.
    Raises ``ChildTooSlow``, ``ChildSpent``, ``ChildDied`` and ``ChildFailed``.
    """
    if processor_s is None:
        processor_s = int(seconds * (os.cpu_count() or 1)) + 1
    limits = {"processor_s": processor_s, "memory_bytes": memory_bytes}
    try:
        child = subprocess.run(  # noqa: S603  our own interpreter and one of our own modules
            [sys.executable, "-m", module],
            input=json.dumps({"limits": limits, "order": dict(order)}),
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=_ROOT,
            # One arena: each further one takes address space that the limit counts.
            env={
                "PYTHONPATH": str(_ROOT),
                "OPENBLAS_NUM_THREADS": "1",
                "MALLOC_ARENA_MAX": "1",
                "LANG": "C.UTF-8",
            },
            pass_fds=keep,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ChildTooSlow(f"no reply after {seconds:.0f} s") from error
    if child.returncode == -signal.SIGXCPU:
        raise ChildSpent(f"not ready after {processor_s} s of processor time")
    if child.returncode < 0:
        raise ChildDied(f"ended by signal {-child.returncode}")
    if child.returncode > 0:
        raise ChildFailed(child.stderr[-2000:])
    reply: dict[str, Any] = json.loads(child.stdout)
    return reply


def obey(act: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """In the child: takes the limits upon itself, then does what is ordered and replies.

    ``act`` must import its libraries itself, so that what they allocate counts.
    """
    asked = json.load(sys.stdin)
    _confine(**asked["limits"])
    json.dump(act(asked["order"]), sys.stdout)


def _confine(processor_s: int, memory_bytes: int) -> None:
    for limit, value, beyond in (
        (resource.RLIMIT_AS, memory_bytes, 0),
        # Told at the first (SIGXCPU, which says why it ended), killed at the second.
        (resource.RLIMIT_CPU, processor_s, 1),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE_BYTES, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        soft, ceiling = (
            wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            for wanted in (value, value + beyond)
        )
        resource.setrlimit(limit, (soft, ceiling))
    os.nice(10)
