"""Imports an external table of appeals in all-or-nothing batches, so that it can be killed and run again."""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import Role
from appeals.deadlines import LegalClock, NoLegalTerm
from appeals.importing.drafts import Draft, Drafting, Reason, RowRefused
from appeals.importing.history import DueDates, HistoricalRouter, Past, begin, write
from appeals.importing.mapping import read_mapping
from appeals.importing.rows import Row, read_rows
from appeals.models import Appeal
from appeals.workflow import ACCEPT, ANSWER, CLOSE, Status
from districts.importing.files import TextFile, examine
from districts.models import Category
from districts.routing import Route

BATCH = 5_000


class ImportRefused(Exception):
    """The import cannot start; nothing was written."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not imported; ``n`` is its line or feature number."""

    n: int
    number: str
    reason: Reason
    why: str


@dataclass
class Totals:
    """What happened to the rows: ``read == imported + repeats + sum(refused)``.

    ``repeats`` have a number seen before, in this file or in an earlier import from this source.
    """

    read: int = 0
    imported: int = 0
    repeats: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True)
class AppealImport:
    """What to import. ``limit`` stops after this many rows; a dry run reports the same but writes nothing."""

    file: Path
    mapping: Path
    limit: int | None = None
    dry_run: bool = False


def import_appeals(
    wanted: AppealImport,
    refuse: Callable[[RefusedRow], None] = lambda row: None,
    on_start: Callable[[TextFile], None] = lambda file: None,
    progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Imports the file and returns the totals. Each batch of ``BATCH`` rows is committed separately.

    Calls ``refuse`` with every refused row and ``progress`` after every batch. Raises ``ImportRefused``,
    ``FileRefused`` and ``EntryRefused`` before anything is written (except for truncated GeoJSON, which is
    noticed only when reached).
    """
    categories = {category.code: category for category in Category.objects.leaves()}
    mapping = read_mapping(wanted.mapping, categories)
    file = examine(wanted.file, encoding=mapping.encoding)
    on_start(file)
    totals = Totals()
    with _alone(mapping.source), _without_collector():
        batches = _Batches(
            Drafting(mapping, categories, timezone.now()),
            HistoricalRouter.read(),
            DueDates(LegalClock.read()),
            mapping.source,
            totals,
            refuse,
        )
        rows = islice(read_rows(file, mapping), wanted.limit)
        while batch := list(islice(rows, BATCH)):
            with transaction.atomic():
                batches.take(batch)
                transaction.set_rollback(wanted.dry_run)
            progress(totals)
    return totals


def lock_key(source: str) -> int:
    """Key of the advisory lock held by an import from the source."""
    return int.from_bytes(hashlib.sha256(f"import {source}".encode()).digest()[:8], "big", signed=True)


@contextmanager
def _alone(source: str) -> Iterator[None]:
    """Concurrent imports from one source would collide on numbers: the second is refused."""
    key = lock_key(source)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise ImportRefused(f"another import from {source} is running")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


@contextmanager
def _without_collector() -> Iterator[None]:
    """Saves a quarter of the time: a batch makes 100,000 objects that the collector would keep scanning."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass
class _Batches:
    drafting: Drafting
    router: HistoricalRouter
    due_dates: DueDates
    source: str
    totals: Totals
    refuse: Callable[[RefusedRow], None]
    #: Numbers imported by this run: in a dry run they are not in the database.
    imported: set[str] = field(default_factory=set)

    def take(self, rows: Iterable[Row]) -> None:
        """Imports the rows, inside the caller's transaction."""
        drafts = self._not_known(list(self._drafts(rows)))
        decisions = self.router.route((draft.submission, draft.at) for draft in drafts)
        pasts = []
        for draft, decision in zip(drafts, decisions, strict=True):
            number = draft.submission.external_id
            if number in self.imported:
                self.totals.repeats += 1
                continue
            if not isinstance(decision, Route):
                self._refuse(draft.row, number, Reason.OUTSIDE_CITY, _where(draft))
                continue
            try:
                pasts.append(self._past(draft, decision))
                self.imported.add(number)
            except NoLegalTerm as refusal:
                self._refuse(draft.row, number, Reason.BAD_DATE, str(refusal))
        write(pasts)
        self.totals.imported += len(pasts)

    def _drafts(self, rows: Iterable[Row]) -> Iterator[Draft]:
        for row in rows:
            self.totals.read += 1
            try:
                yield self.drafting.draft(row)
            except RowRefused as refusal:
                self._refuse(row.n, self.drafting.number(row), refusal.reason, str(refusal))

    def _not_known(self, drafts: list[Draft]) -> list[Draft]:
        numbers = [draft.submission.external_id for draft in drafts]
        appeals = Appeal.objects.filter(source=self.source, external_id__in=numbers)
        known = set(appeals.values_list("external_id", flat=True))
        new = [draft for draft, number in zip(drafts, numbers, strict=True) if number not in known]
        self.totals.repeats += len(drafts) - len(new)
        return new

    def _past(self, draft: Draft, decision: Route) -> Past:
        due_on = self.due_dates.due_on(draft.submission.kind, draft.at)
        past = begin(draft.submission, decision, draft.at, due_on, Role.SYSTEM)
        if draft.status is Status.ACCEPTED:
            past.then(ACCEPT, draft.at)
        if draft.ended_at:
            past.then(ANSWER, draft.ended_at, text=draft.answer)
        if draft.ended_at and draft.status is Status.CLOSED:
            past.then(CLOSE, draft.ended_at)
        return past

    def _refuse(self, n: int, number: str, reason: Reason, why: str) -> None:
        self.totals.refused[reason] += 1
        self.refuse(RefusedRow(n, number, reason, why))


def _where(draft: Draft) -> str:
    point = draft.submission.point
    return f"no district of the city covers {point.x:.6f}, {point.y:.6f}"
