"""Reports that take long are made by a worker: asked for at once, made once for all who ask the same, kept for some hours.

Whether one takes long is told by the planner of the database, which knows about how many appeals a question is about without
counting them; whoever asks a small question never waits for a worker.
"""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from appeals.querysets import AppealQuerySet
from geo.refusals import Refused
from jobs.outage import is_away
from rates.taking import REPORT_WORK, take
from reports import keeping
from reports.forms import ReportForm
from reports.heatmap import counted_appeals
from reports.kinds import KINDS
from reports.making import form_of, make_report
from reports.models import LongReport

log = structlog.get_logger()

State = LongReport.State

#: What is expected to take more seconds is made by a worker.
LONG_S: Final = 2.5
#: How long a client waits before it asks again how far it is.
ASK_AGAIN_S: Final = 2
#: For so long the address of one says what became of it.
REMEMBERED_FOR: Final = dt.timedelta(days=2)

_UNDER_WAY: Final = (State.WAITING, State.RUNNING)


def expected_s(report: str, form: ReportForm) -> float:
    """About how many seconds the report of a valid question takes; one statement, which counts nothing."""
    asked, kind = form.query, KINDS[report]
    read = kind.read(asked)
    if read is None:
        return 0.0
    return kind.at_least_s + _expected_rows(counted_appeals(read, asked.borders)) / 1_000_000 * kind.seconds


def _expected_rows(appeals: AppealQuerySet) -> int:
    (plan,) = orjson.loads(appeals.order_by().explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])


def ask(report: str, form: ReportForm, sender: str) -> LongReport:
    """The report of a valid question as it is being made, or was made lately and is not too old for it; a new one is the worker's from now on.

    The seconds that it is expected to take are charged to whoever asks first. Raises ``TooMany`` where none are left.
    """
    name, language = keeping.name_of(report, form), translation.get_language() or settings.LANGUAGE_CODE
    found = LongReport.objects.filter(question=name).first()
    if found is not None and (
        found.state in _UNDER_WAY or (found.state == State.DONE and is_of_use(name, form))
    ):
        return found
    seconds = expected_s(report, form)
    take(REPORT_WORK, sender, cost=max(1, round(seconds)))
    with transaction.atomic():
        if found is not None:
            found.delete()
        keeping.drop(name)
        # Somebody else may have asked the same this moment.
        row, new = LongReport.objects.get_or_create(
            question=name,
            defaults={
                "report": report,
                "query": form.query.as_query(),
                "language": language,
                "seconds": seconds,
            },
        )
        if new:
            make_long_report.enqueue(str(row.pk))
    return row


def is_of_use(name: str, form: ReportForm) -> bool:
    """True while the report of that name is kept, and not older than the valid question asks for."""
    at = keeping.counted_at(name)
    return at is not None and (form.counted_after is None or at > form.counted_after)


@task(queue_name="reports")
def make_long_report(key: str) -> str:
    """Makes it and keeps the result; its state afterwards. Safe to run again after a crash."""
    row = LongReport.objects.filter(pk=UUID(key)).first()
    if row is None or row.state not in _UNDER_WAY:
        return row.state if row is not None else "gone"
    _under_way(row.pk).update(state=State.RUNNING, begun_at=timezone.now())
    with translation.override(row.language):
        try:
            form = form_of(row.report, dict(parse_qsl(row.query)))
            made = make_report(row.report, form)
            if made is None:
                raise form.refusal()
            keeping.keep(row.question, made)
        except Refused as refusal:
            return _end(row, State.FAILED, str(refusal))
        except Exception as error:
            if is_away(error):
                raise
            log.exception("long report not made", report=key)
            return _end(row, State.FAILED, _("The program made an error, which stands in its log."))
    return _end(row, State.DONE)


def _under_way(key: UUID) -> models.QuerySet[LongReport]:
    return LongReport.objects.filter(pk=key, state__in=_UNDER_WAY)


def _end(row: LongReport, state: LongReport.State, reason: str = "") -> str:
    _under_way(row.pk).update(state=state, reason=reason, done_at=timezone.now())
    return str(state)


def give_up(key: str) -> None:
    """Nobody waits for ever for one whose worker died each time, or that the operator has dropped."""
    row = _under_way(UUID(key)).first()
    if row is not None:
        with translation.override(row.language):
            _end(row, State.FAILED, _("It was cancelled, or its worker died each time."))


def take_up(key: str) -> bool:
    """Undoes ``give_up``; false when it is gone, or was made otherwise."""
    given_up = LongReport.objects.filter(pk=UUID(key), state=State.FAILED)
    return bool(given_up.update(state=State.WAITING, reason="", begun_at=None, done_at=None))


def percent(row: LongReport) -> int:
    """How far it is by the time that it was expected to take: of 0 to 95 until it is done."""
    if row.state == State.DONE:
        return 100
    if row.begun_at is None:
        return 0
    gone_s = (timezone.now() - row.begun_at).total_seconds()
    return min(95, round(100 * gone_s / max(row.seconds, 1.0)))


def sweep() -> int:
    """Removes kept reports and what became of old ones; the number of files."""
    LongReport.objects.filter(done_at__lt=timezone.now() - REMEMBERED_FOR).delete()
    return keeping.sweep()
