"""CPU time of processes, read from Linux' scheduler: nanoseconds, all threads, unlike the 10 ms ticks of /proc/stat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Spent:
    """CPU milliseconds between entering and leaving ``cpu_of``."""

    ms: float = 0.0


def cpu_ms(pids: Iterable[int]) -> float:
    """CPU milliseconds that the processes' living threads have run so far."""
    total_ns = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total_ns += int((thread / "schedstat").read_text().split()[0])
    return total_ns / 1e6


@contextmanager
def cpu_of(pids: Iterable[int]) -> Iterator[Spent]:
    """Measures what the processes use while the block runs."""
    listed = list(pids)
    spent = Spent()
    before = cpu_ms(listed)
    yield spent
    spent.ms = cpu_ms(listed) - before
