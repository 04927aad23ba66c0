from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from jobs.models import WorkerBeat
from jobs.overview import NotDone, State, Work, counts, listed, store_of
from jobs.worker import LEASE

log = structlog.get_logger()

#: Of each state so many are listed; the counts are of all.
MOST = 20


class Command(BaseCommand):
    help = "Shows what waits, runs and has failed in each lane, or has named failures tried again or dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "do", nargs="?", choices=["show", "retry", "drop"], default="show", help="show by default"
        )
        parser.add_argument("ids", nargs="*", metavar="id", help="as shown; any number of them")
        parser.add_argument(
            "--most",
            type=int,
            default=MOST,
            help=f"how many to list of each state and kind, {MOST} by default",
        )

    def handle(self, *args: Any, do: str, ids: list[str], most: int, **options: Any) -> None:
        if do == "show":
            if ids:
                raise CommandError("ids are for retry and drop")
            self._show(max(most, 0), timezone.now())
        elif not ids:
            raise CommandError(f"{do} what? Name the ids that ./manage.py jobs shows")
        else:
            done = [self._done(do, key) for key in ids]
            if not all(done):
                raise CommandError("Not everything was done; see above.")

    def _done(self, do: str, key: str) -> bool:
        """Does it with one piece of work and says what happened; false when nothing was changed."""
        try:
            store = store_of(key)
            happened = store.retry(key) if do == "retry" else store.drop(key)
        except NotDone as refusal:
            self.stderr.write(f"{key}: nothing was changed: {refusal}")
            return False
        log.info("job changed by hand", id=key, do=do)
        self.stdout.write(f"{key} {happened}")
        return True

    def _show(self, most: int, now: dt.datetime) -> None:
        alive = WorkerBeat.objects.filter(at__gt=now - LEASE).count()
        self.stdout.write(f"workers with a heartbeat: {alive}\n\n")
        found = counts()
        lanes = sorted({lane for lane, _state in found})
        self._table(
            ["lane", *State], [[lane, *(str(found[lane, state]) for state in State)] for lane in lanes]
        )
        for state in (State.RUNNING, State.FAILED, State.WAITING):
            total = sum(count for (_lane, its), count in found.items() if its is state)
            shown = listed(state, most)
            if not shown:
                continue
            self.stdout.write(
                f"\n{state}: {total}" + (f", of which {len(shown)} are listed" if len(shown) < total else "")
            )
            for work in shown:
                self._one(work, now)

    def _one(self, work: Work, now: dt.datetime) -> None:
        facts = [work.lane, work.what]
        if work.since is not None:
            facts.append(f"for {_span(now - work.since)}")
        if work.attempts:
            facts.append(f"{work.attempts} attempt{'s' if work.attempts > 1 else ''}")
        if work.next_at is not None:
            wait = work.next_at - now
            facts.append(f"next in {_span(wait)}" if wait > dt.timedelta() else "next at once")
        self.stdout.write(f"  {work.key}\n    {'; '.join(facts)}")
        if work.error:
            self.stdout.write(f"    {' '.join(work.error.split())[:300]}")

    def _table(self, heading: list[str], rows: Iterable[list[str]]) -> None:
        lines = [heading, *rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(heading))]
        for line in lines:
            name, *numbers = line
            cells = [
                name.ljust(widths[0]),
                *(text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True)),
            ]
            self.stdout.write("  ".join(cells).rstrip())


def _span(time: dt.timedelta) -> str:
    """The time in its largest unit, as an operator says it."""
    seconds = max(int(time.total_seconds()), 0)
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
