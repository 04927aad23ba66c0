"""The list of the desk as a file for a spreadsheet: every row of the filter, CSV or XLSX.

The file is whole before its first byte leaves: an error in the middle is an error and no short file, and the name says
how many rows there are. It is read by the server's main loop as its client takes it, so that a slow one keeps no thread.
"""

from __future__ import annotations

import csv
import datetime as dt
import enum
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from django.contrib import messages
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import User
from appeals.deadlines import city_calendar, city_day
from appeals.errors import Busy
from appeals.models import Event
from appeals.querysets import AppealQuerySet
from appeals.vocabulary import Kind, Status
from appeals.workflow import VERBS
from desk.doors import for_staff
from desk.models import ContactSeen
from desk.queue import Place, Queue, parse_place
from districts.models import Category, District, Service
from geo.refusals import Refused
from media.storage import working_folder
from web.links import public_link
from web.spreadsheets import Value, check_rows, delimiter, plain
from web.workbooks import write_cell

#: Rows that are read from the database together.
ROWS_AT_ONCE: Final = 2_000
#: Files that a process makes at once: pages need its other threads.
AT_ONCE: Final = 2
MAKING: Final = threading.BoundedSemaphore(AT_ONCE)


class Form(enum.StrEnum):
    """A kind of file."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True)
class _Column:
    heading: str | Promise
    value: Callable[[Any], Value]
    width: int = 14


@require_safe
@for_staff
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """Every row of the place's list as a file, in the list's order; ``contacts=1`` adds who sent it.

    A person's desk holds only appeals whose authors they may see. What is wrong with the filter is said on the queue,
    and no file is made.
    """
    place, errors = parse_place(request.GET)
    back = redirect(f"{reverse('desk:queue')}?{request.GET.urlencode()}")
    if errors:
        return back
    queue = Queue.of(request.user, city_calendar())  # type: ignore[arg-type]
    rows = queue.in_tab(queue.appeals(place.wanted), place.tab).order_by(*place.sort.order.names)
    contacts = bool(request.GET.get("contacts"))
    try:
        made = _response(Form(form), rows, place, contacts=contacts)
        if contacts:
            keys = rows.filter(contact__isnull=False).order_by().values_list("pk", flat=True)
            ContactSeen.objects.keep(cast("User", request.user), keys, ContactSeen.How.TABLE)
        return made
    except (Refused, Busy) as refusal:
        messages.error(request, str(refusal))
        return back


def _response(form: Form, rows: AppealQuerySet, place: Place, *, contacts: bool) -> FileResponse:
    if not MAKING.acquire(blocking=False):
        raise Busy(_("Other lists are being made just now. Please try again in a minute."))
    try:
        with working_folder("export-") as folder:
            path = Path(folder) / f"list.{form}"
            count = _WRITERS[form](path, _columns(contacts=contacts), rows)
            file = path.open("rb")  # it stays readable after its name is gone
    finally:
        MAKING.release()
    name = f"appeals-{place.tab}-{city_day(timezone.now()).isoformat()}-{count}.{form}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=_TYPES[form])


_TYPES: Final = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _columns(*, contacts: bool) -> list[_Column]:
    """The columns, with the names of the city's rows in the reader's language; three queries."""
    statuses = {status.value: str(status.label) for status in Status}
    kinds = {kind.value: str(kind.label) for kind in Kind}
    names = {
        model: {row.pk: row.name for row in model.objects.all()} for model in (Category, District, Service)
    }

    def name_of(model: type[Category | District | Service], key: int | None) -> str:
        return names[model].get(key, "") if key is not None else ""

    columns = [
        _Column(pgettext_lazy("number of an appeal", "Number"), lambda row: row.number, 9),
        _Column(gettext_lazy("Status"), lambda row: statuses[row.status]),
        _Column(gettext_lazy("Received"), lambda row: _local(row.submitted_at), 17),
        _Column(gettext_lazy("Due"), lambda row: row.due_on, 12),
        _Column(gettext_lazy("Answered"), lambda row: _local(row.answered_at), 17),
        _Column(gettext_lazy("Closed"), lambda row: _local(row.closed_at), 17),
        _Column(gettext_lazy("Kind"), lambda row: kinds[row.kind]),
        _Column(gettext_lazy("Category"), lambda row: name_of(Category, row.category_id), 24),
        _Column(gettext_lazy("Text"), lambda row: row.text, 60),
        _Column(gettext_lazy("Address"), lambda row: row.address, 30),
        _Column(gettext_lazy("District"), lambda row: name_of(District, row.district_id), 20),
        _Column(gettext_lazy("Service"), lambda row: name_of(Service, row.service_id), 24),
        _Column(gettext_lazy("Answer"), lambda row: row.answer or "", 60),
        _Column(gettext_lazy("Hidden from the public"), lambda row: _("yes") if row.hidden else ""),
        _Column(gettext_lazy("Longitude"), lambda row: round(row.point.x, 6)),
        _Column(gettext_lazy("Latitude"), lambda row: round(row.point.y, 6)),
        _Column(
            gettext_lazy("Page"), lambda row: public_link(reverse("public:appeal", args=[row.number])), 40
        ),
    ]
    if contacts:
        columns += [
            _Column(pgettext_lazy("of a person", "Name"), lambda row: row.contact__name or "", 24),
            _Column(gettext_lazy("Postal address"), lambda row: row.contact__postal_address or "", 30),
            _Column(gettext_lazy("Phone"), lambda row: row.contact__phone or "", 18),
            _Column(gettext_lazy("E-mail"), lambda row: row.contact__email or "", 24),
        ]
    return columns


_FIELDS: Final = (
    "number",
    "status",
    "submitted_at",
    "due_on",
    "answered_at",
    "closed_at",
    "kind",
    "category_id",
    "text",
    "address",
    "district_id",
    "service_id",
    "hidden",
    "point",
    "contact__name",
    "contact__postal_address",
    "contact__phone",
    "contact__email",
)


def _local(at: dt.datetime | None) -> dt.datetime | None:
    """The city's wall clock, to the minute, as a spreadsheet keeps it: without a zone."""
    return timezone.make_naive(at).replace(second=0, microsecond=0) if at else None


def _read(rows: AppealQuerySet) -> Iterator[Any]:
    """The rows' fields with the latest answer, of one moment; in the caller's transaction."""
    answers = Event.objects.filter(
        appeal=OuterRef("pk"), verb__in=[verb.code for verb in VERBS.values() if verb.answers]
    )
    latest = Subquery(answers.order_by("-version").values("text")[:1])
    named = rows.annotate(answer=latest).values_list(*_FIELDS, "answer", named=True)
    return iter(named.iterator(chunk_size=ROWS_AT_ONCE))


def _cells(columns: Sequence[_Column], row: Any) -> Iterable[Value]:
    return (column.value(row) for column in columns)


def _write_csv(path: Path, columns: Sequence[_Column], rows: AppealQuerySet) -> int:
    """Number of the rows written: UTF-8 with a byte order mark, without which spreadsheets garble Cyrillic.

    Where a comma is in numbers, a spreadsheet takes a semicolon between columns.
    """
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file, transaction.atomic():
        table = csv.writer(file, delimiter=delimiter())
        table.writerow([str(column.heading) for column in columns])
        for row in _read(rows):
            table.writerow([plain(value) for value in _cells(columns, row)])
            count += 1
    return count


def _write_xlsx(path: Path, columns: Sequence[_Column], rows: AppealQuerySet) -> int:
    """Number of the rows written; texts are texts and never formulas or links, days are days.

    Raises ``Refused`` when there are more than a sheet holds.
    """
    # Loaded by the first who asks for one.
    import xlsxwriter

    options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd"}
    count = 0
    with xlsxwriter.Workbook(str(path), options) as book, transaction.atomic():
        heading = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 1)
        for n, column in enumerate(columns):
            sheet.set_column(n, n, column.width)
            sheet.write_string(0, n, str(column.heading), heading)
        for count, row in enumerate(_read(rows), 1):
            check_rows(count)
            for n, value in enumerate(_cells(columns, row)):
                write_cell(sheet, count, n, value, moment)
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


_WRITERS: Final = {Form.CSV: _write_csv, Form.XLSX: _write_xlsx}
