"""Imports an external table of appeals in all-or-nothing batches, so that it can be killed and run again."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import Role
from appeals.deadlines import LegalClock, NoLegalTerm
from appeals.folding import fold_pyramid
from appeals.importing.changes import Known, known_by_number, write_news
from appeals.importing.drafts import Draft, Drafting, Reason, RowRefused, Step
from appeals.importing.history import DueDates, HistoricalRouter, Past, begin, write
from appeals.importing.mapping import read_mapping
from appeals.importing.rows import Row, columns_of, count_rows, crs_of_places, read_rows
from appeals.workflow import FOUND_OVERDUE
from districts.importing.files import examine
from districts.models import Category
from districts.routing import Route, RoutingError

BATCH = 5_000


class ImportRefused(Exception):
    """The import cannot start; nothing was written."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not imported; ``n`` is its line or feature number, ``fields`` are as in ``Source.columns``.

    Of a malformed row they are what there is of it, more or fewer.
    """

    n: int
    number: str
    reason: Reason
    why: str
    fields: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """The file before it is imported: the most rows that it can have, its columns, and what stands between them."""

    rows: int
    columns: Sequence[str]
    delimiter: str


@dataclass
class Totals:
    """What happened to the rows: ``read == imported + changed + repeated + sum(refused)``.

    ``changed`` appeals had been imported, and their source has gone on with them since. ``repeated`` rows say nothing
    new of a number that was seen before, in this file or in an earlier import from this source. ``crs`` names the
    coordinate reference system of their places.
    """

    crs: str
    read: int = 0
    imported: int = 0
    changed: int = 0
    repeated: int = 0
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
    on_start: Callable[[Source], None] = lambda source: None,
    progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Imports the file and returns the totals. Each batch of ``BATCH`` rows is committed separately.

    Calls ``on_start`` when the file is known, ``refuse`` with every refused row and ``progress`` after every batch. Raises
    ``ImportRefused``, ``FileRefused``, ``EntryRefused`` and ``NotSetUp`` before anything is written.
    """
    categories = {category.code: category for category in Category.objects.leaves()}
    mapping = read_mapping(wanted.mapping, categories)
    file = examine(wanted.file, encoding=mapping.encoding, named_by="encoding in the mapping")
    columns = columns_of(file, mapping)
    on_start(Source(count_rows(file), columns, mapping.delimiter))
    crs = crs_of_places(file, mapping)
    totals = Totals(str(crs))
    with _alone(mapping.source), _without_collector():
        now = timezone.now()
        batches = _Batches(
            now,
            Drafting(mapping, categories, crs, now),
            HistoricalRouter.read(),
            mapping.source,
            wanted.dry_run,
            totals,
            refuse,
            columns,
        )
        rows = islice(read_rows(file, mapping), wanted.limit)
        while batch := list(islice(rows, BATCH)):
            batches.take(batch)
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
            # A session that was lost has lost its locks.
            if not connection.needs_rollback and not cursor.closed:
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
    now: dt.datetime
    drafting: Drafting
    router: HistoricalRouter
    source: str
    dry_run: bool
    totals: Totals
    refuse: Callable[[RefusedRow], None]
    columns: Sequence[str]
    #: Numbers whose first row was taken by this run.
    taken: set[str] = field(default_factory=set)

    def take(self, rows: Iterable[Row]) -> None:
        """Imports the rows: what is news of known appeals, and then the others, each all or nothing."""
        drafts = list(self._drafts(rows))
        known = known_by_number(self.source, (draft.submission.external_id for draft in drafts))
        # Apart, so that the appeals that the news change are not locked while the others are prepared.
        with transaction.atomic():
            self._go_on([draft for draft in drafts if draft.submission.external_id in known], known)
        with transaction.atomic():
            self._begin([draft for draft in drafts if draft.submission.external_id not in known])
        if not self.dry_run:
            # Else maps read every row that was imported since the worker last folded.
            fold_pyramid()

    def _drafts(self, rows: Iterable[Row]) -> Iterator[Draft]:
        for row in rows:
            self.totals.read += 1
            try:
                yield self.drafting.draft(row)
            except RowRefused as refusal:
                self._refuse(row, self.drafting.number(row), refusal)

    def _begin(self, drafts: Sequence[Draft]) -> None:
        """Imports appeals that were not known before."""
        decisions = self.router.route((draft.submission, draft.at) for draft in drafts)
        due_dates = DueDates(LegalClock.held())
        pasts = []
        for draft, decision in zip(drafts, decisions, strict=True):
            number = draft.submission.external_id
            if number in self.taken:
                self.totals.repeated += 1
                continue
            try:
                pasts.append(self._past(draft, decision, due_dates))
                self.taken.add(number)
            except RowRefused as refusal:
                self._refuse(draft.row, number, refusal)
        if not self.dry_run:
            # Numbers that the database has given out do not come back with a rollback.
            write(pasts)
        self.totals.imported += len(pasts)

    def _go_on(self, drafts: Sequence[Draft], known: Mapping[str, Known]) -> None:
        """Takes over what their source has done with appeals since they were imported."""
        news: dict[UUID, tuple[Draft, Known, list[Step]]] = {}
        for draft in drafts:
            number = draft.submission.external_id
            appeal = known[number].appeal
            try:
                steps = [] if number in self.taken else known[number].news(draft)
            except RowRefused as refusal:
                self._refuse(draft.row, number, refusal)
                continue
            self.taken.add(number)
            if steps:
                news[appeal.pk] = (draft, known[number], steps)
            else:
                self.totals.repeated += 1
        overtaken = (
            set() if self.dry_run else write_news([(known, steps) for _draft, known, steps in news.values()])
        )
        late = RowRefused(Reason.CHANGED_HERE, "it was changed during the import")
        for draft, _known, _steps in (news[key] for key in overtaken):
            self._refuse(draft.row, draft.submission.external_id, late)
        self.totals.changed += len(news) - len(overtaken)

    def _past(self, draft: Draft, decision: Route | RoutingError, due_dates: DueDates) -> Past:
        if not isinstance(decision, Route):
            point = draft.submission.point
            raise RowRefused(
                Reason.OUTSIDE_CITY, f"no district of the city covers {point.x:.6f}, {point.y:.6f}"
            )
        try:
            due_on = due_dates.due_on(draft.submission, draft.at)
        except NoLegalTerm as refusal:
            raise RowRefused(Reason.BAD_DATE, str(refusal)) from None
        past = begin(draft.submission, decision, draft.at, due_on, Role.SYSTEM)
        for step in draft.steps:
            past.then(step.verb, step.at, text=step.text)
        past.if_overdue(FOUND_OVERDUE, self.now)
        return past

    def _refuse(self, row: Row, number: str, refusal: RowRefused) -> None:
        self.totals.refused[refusal.reason] += 1
        # Values of a malformed feature may be no text at all.
        fields = row.fields if row.fault else [row.values.get(column, "") for column in self.columns]
        self.refuse(RefusedRow(row.n, number, refusal.reason, str(refusal), fields))
