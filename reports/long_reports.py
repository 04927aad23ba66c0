"""Reports that take long are made by a worker: asked for at once, made once for all who ask the same, kept for some hours.

Whether one takes long is told by the planner of the database, which knows about how many appeals a question is about without
counting them; whoever asks a small question never waits for a worker.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from appeals.querysets import AppealQuerySet
from geo.refusals import Refused
from jobs import long_works
from jobs.long_works import LongKind
from jobs.models import LongWork
from rates.taking import REPORT_WORK, take
from reports import keeping
from reports.forms import ReportForm
from reports.kinds import KINDS
from reports.making import form_of, make_report
from reports.products import products_of
from reports.tallies import counted_appeals

#: By which they are known among what takes long.
KIND: Final = "report"
#: What is expected to take more seconds is made by a worker.
LONG_S: Final = 2.5


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


def ask(report: str, form: ReportForm, sender: str) -> LongWork:
    """The report of a valid question as it is being made, or was made lately and is not too old for it; a new one is the worker's from now on.

    The seconds that it is expected to take are charged to whoever asks first. Raises ``TooMany`` where none are left.
    """
    name = keeping.name_of(report, form)

    def charge() -> float:
        seconds = expected_s(report, form)
        take(REPORT_WORK, sender, cost=max(1, round(seconds)))
        keeping.drop(name)
        return seconds

    wanted = LongWork(
        kind=KIND,
        question=name,
        subject=report,
        query=form.query.as_query(),
        language=translation.get_language() or settings.LANGUAGE_CODE,
    )
    return long_works.ask(wanted, is_of_use=lambda: is_of_use(name, form), charge=charge)


def is_of_use(name: str, form: ReportForm) -> bool:
    """True while the report of that name is kept, and not older than the valid question asks for."""
    at = keeping.counted_at(name)
    return at is not None and (form.counted_after is None or at > form.counted_after)


class LongReports(LongKind):
    """Reports; their files are the parts."""

    queue = "reports"

    def make(self, work: LongWork) -> str:
        try:
            form = form_of(work.subject, dict(parse_qsl(work.query)))
            made = make_report(work.subject, form)
            if made is None:
                raise form.refusal()
            keeping.keep(work.question, made)
        except Refused as refusal:
            return str(refusal)
        return ""

    def is_kept(self, work: LongWork) -> bool:
        return keeping.counted_at(work.question) is not None

    def title(self, work: LongWork, part: str) -> str:
        title = str(KINDS[work.subject].title)
        file = products_of(work.subject).get(part)
        return f"{title}: {file.name}" if file else title

    def result(self, work: LongWork, part: str) -> str:
        is_file = part in products_of(work.subject)
        path = (
            reverse("reports:product", args=[work.subject, part])
            if is_file
            else reverse(f"reports:{work.subject}")
        )
        return f"{path}{'?' if work.query else ''}{work.query}"
