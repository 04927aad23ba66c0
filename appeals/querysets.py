"""Questions about appeals. Whatever shows appeals begins with ``visible_to`` and can show nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.geos import Point
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Case, Count, F, FloatField, Func, Q, Sum, TextField, When
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Coalesce, Least, Lower, TruncDate
from django.db.models.query import ValuesListIterable
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone
from django.utils.translation import get_language
from modeltranslation.utils import resolution_order

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.filters import AppealFilter, Keys, condition_of, keys_of
from appeals.vocabulary import OPEN_STATUSES, RUNNING_STATUSES, Held, Kind, Status
from appeals.workflow import ESCALATE, FOUND_OVERDUE, GIVEN_BACK, RECOUNT, SETTLING, STAGES, Cause
from districts.routing import Rule
from geo.paging import Order
from geo.points import WGS84_SRID
from media.refusal import Refusal

if TYPE_CHECKING:
    from appeals.models import AbuseReport, Alert, Appeal, Attachment, Comment, ResumableUpload, Support  # noqa: F401

#: Public order of lists: the index ``appeal_newest``.
NEWEST_FIRST: Final = Order({"submitted_at": dt.datetime, "number": int}, descending=True)
#: What waits for a moderator, what many have reported first, then the longest waiting (``AppealQuerySet.by_urgency``).
MOST_URGENT: Final = Order({"turn": int, "waits_since": dt.datetime, "number": int})
#: That of proposals: the index ``appeal_proposals``.
MOST_SUPPORTED: Final = Order({"supporters": int, "number": int}, descending=True)


class Counts(RawSQL):
    """How many rows each of some querysets has, as one text that ``read`` reads.

    As a text, and of a statement of its own: an array would be written anew in each row that it stands beside.
    """

    def __init__(self, selects: Sequence[str], params: Sequence[Any]) -> None:
        self._selects = tuple(selects)
        array = f"ARRAY[{', '.join(selects)}]::integer[]"
        super().__init__(f"SELECT array_to_string({array}, ' ')", params, TextField())

    def followed_by(self, others: Counts) -> Counts:
        """These and the others after them."""
        return Counts([*self._selects, *others._selects], [*self.params, *others.params])

    @staticmethod
    def read(found: str) -> list[int]:
        """The numbers, in the order of the querysets."""
        return [int(number) for number in found.split()]


def how_many(counted: Iterable[tuple[models.QuerySet[Any], int]]) -> Counts:
    """How many rows each queryset has, up to a number at which counting ends; to be read beside the rows of any statement.

    So a page's list and all its counts are one statement, and each costs the same after ten years. Compiled now, and may
    be kept: the querysets, which nothing of the statement around them touches, are not looked at again.
    """
    selects, params = [], list[Any]()
    for rows, most in counted:
        try:
            sql, its_own = rows.order_by().values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:
            # Known beforehand to have none.
            selects.append("0")
        else:
            selects.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608
            params += its_own
    return Counts(selects, params)


class InLanguage(Func):
    """The text of a translated column in the reader's language, else in the first that has one; empty where none has.

    ``column`` may lead through relations. As the model's own attribute, without the model.
    """

    output_field = TextField()

    def __init__(self, column: str) -> None:
        super().__init__(*(F(f"{column}_{language}") for language in resolution_order(get_language() or "")))

    def as_sql(
        self, compiler: SQLCompiler, connection: Any, *_: Any, **__: Any
    ) -> tuple[str, tuple[Any, ...]]:
        compiled = [compiler.compile(source) for source in self.get_source_expressions()]
        said = ", ".join(f"NULLIF({sql}, '')" for sql, _params in compiled)
        return f"COALESCE({said}, '')", tuple(value for _sql, params in compiled for value in params)


class AppealQuerySet(models.QuerySet["Appeal"]):
    def visible_to(self, user: User | AnonymousUser) -> AppealQuerySet:
        """Appeals that the user may see: hidden ones only for the Mayor's Office and the service they are with."""
        standing = standing_of(user)
        if standing.office:
            return self.all()
        if standing.service_ids:
            return self.filter(Q(hidden=False) | Q(service__in=standing.service_ids))
        return self.filter(hidden=False)

    def hidden_from(self, user: User | AnonymousUser) -> AppealQuerySet:
        """Appeals that the public has seen and that the user may not see."""
        standing = standing_of(user)
        if standing.office:
            return self.none()
        return self.taken_away().exclude(service__in=standing.service_ids)

    def held(self) -> AppealQuerySet:
        """Appeals that wait for the Mayor's Office to look at them, by the index ``appeal_held``."""
        return self.filter(held=Held.WAITS)

    def taken_away(self) -> AppealQuerySet:
        """Appeals that the public has seen and sees no more."""
        return self.filter(hidden=True, held="")

    def to_moderate(self) -> AppealQuerySet:
        """What waits for a moderator: what is held, and what the public sees and somebody has reported.

        By the indexes ``appeal_held`` and ``abuse_report_open``.
        """
        held = self.model._default_manager.all().held()
        # Together in one subquery: joined by "or", neither index would be read.
        keys = self._reports().order_by().values("appeal").union(held.order_by().values("pk"), all=True)
        return self.filter(Q(hidden=False) | Q(held=Held.WAITS), pk__in=keys)

    def by_urgency(self) -> AppealQuerySet:
        """With what ``MOST_URGENT`` orders by: ``turn`` and ``waits_since``.

        ``turn`` is 0 of what the public sees, no moderator has ever looked at and ``REPORTED_BY_MANY`` people have
        reported, else 1. As many people as there are browsers and connections among the reports, whichever are fewer: neither one
        who takes another browser nor a class behind one connection is many.
        """
        of_it = self._reports().filter(appeal=models.OuterRef("pk")).order_by()
        people = Least(Count("person", distinct=True), Count("place", distinct=True))
        counted = of_it.values("appeal").annotate(people=people).values("people")
        steps = self.model._meta.get_field("events").related_model._default_manager.all()
        looked = steps.filter(appeal=models.OuterRef("pk"), verb__in=SETTLING)
        many = Q(hidden=False, people__gte=settings.REPORTED_BY_MANY) & ~models.Exists(looked)
        return self.annotate(
            waits_since=Coalesce(models.Subquery(of_it.order_by("at").values("at")[:1]), F("submitted_at")),
            people=models.Subquery(counted),
            turn=Case(When(many, then=0), default=1),
        )

    def reported_by_many(self) -> AppealQuerySet:
        """Those of them whose ``turn`` comes first."""
        return self.to_moderate().by_urgency().filter(Q(turn=0))

    def _reports(self) -> AbuseReportQuerySet:
        reports = self.model._meta.get_field("abuse_reports").related_model._default_manager.all()
        return cast(AbuseReportQuerySet, reports).waiting()

    def updated_since(self, at: dt.datetime) -> AppealQuerySet:
        """Appeals of which something that the public sees changed then or later."""
        return self.filter(updated_at__gte=at)

    def public(self) -> AppealQuerySet:
        """Appeals that anyone may see; for products without a reader, such as a report kept in a cache."""
        return self.visible_to(AnonymousUser())

    def filtered(self, wanted: AppealFilter, keys: Keys | None = None) -> AppealQuerySet:
        """Appeals that the filter leaves; one small query for its codes, unless their ``keys`` are known."""
        return self.filter(condition_of(wanted, keys_of([wanted]) if keys is None else keys))

    def with_service(self, service_ids: frozenset[int]) -> AppealQuerySet:
        """Appeals that are with one of the services now."""
        return self.filter(service__in=service_ids)

    def open(self) -> AppealQuerySet:
        """Appeals that await an answer."""
        return self.filter(status__in=OPEN_STATUSES)

    def running(self) -> AppealQuerySet:
        """Appeals whose term runs."""
        return self.filter(status__in=RUNNING_STATUSES)

    def waiting(self) -> AppealQuerySet:
        """Appeals whose term stands still while the author is asked."""
        return self.filter(status=Status.WAITING)

    def to_remind(self, on: dt.date) -> AppealQuerySet:
        """Those whose author is to be reminded of the question by that day."""
        return self.waiting().filter(remind_on__lte=on)

    def without_reply(self, on: dt.date) -> AppealQuerySet:
        """Those for whose reply the last day was before that day."""
        return self.waiting().filter(reply_by__lt=on)

    def overdue(self, on: dt.date) -> AppealQuerySet:
        """Open appeals whose legal term ended before that day."""
        return self.filter(overdue_on(on))

    def to_escalate(self, on: dt.date) -> AppealQuerySet:
        """Overdue appeals of which the Mayor's Office was not told yet."""
        return self.overdue(on).filter(escalated_at__isnull=True)

    def to_warn(self, on: dt.date, last_days: Mapping[int, dt.date]) -> AppealQuerySet:
        """Appeals whose term runs and may have come to a stage of which their service was not warned."""
        stages = Q()
        for stage, last_day in last_days.items():
            stages |= Q(warned__lt=stage, due_on__lte=last_day)
        return self.running().filter(stages, due_on__gte=on)

    def escalated(self) -> AppealQuerySet:
        """Open appeals of which the Mayor's Office was told that their term has passed."""
        return self.open().filter(escalated_at__isnull=False)

    def unrouted(self) -> AppealQuerySet:
        """Open appeals for whose place and category no service was found, and that nobody has given to one since."""
        return self.open().filter(routing__rule=Rule.OFFICE, service__is_office=True)

    def proposals(self) -> AppealQuerySet:
        """Appeals that gather support."""
        return self.filter(kind=Kind.RECOMMENDATION)

    def within_metres(self, point: Point, radius_m: float) -> AppealQuerySet:
        """Appeals at most that far from the point (EPSG:4326), border included, measured in the city's metric CRS.

        A circle of 128 corners, so that up to 0.03 % of the radius are missing between them; the index of the points.
        """
        circle = point.transform(settings.METRIC_SRID, clone=True).buffer(radius_m, quadsegs=32)
        return self.filter(point__coveredby=circle.transform(WGS84_SRID, clone=True))

    def repeating(self, appeal: Appeal) -> AppealQuerySet:
        """What repeats the appeal, or repeats a repetition of it, by number; a circle has an end."""
        keys = RawSQL(_REPEATING, [appeal.pk])  # noqa: S611
        return self.filter(pk__in=keys).exclude(pk=appeal.pk).order_by("number")

    def term_groups(self) -> Iterable[tuple[TermGroup, dt.date]]:
        """What the due dates of open appeals are counted from, and these dates, each pair once."""
        for kind, day, extended, pauses, category, due_on in self._counted_from().order_by().distinct():
            yield (kind, day, extended, tuple(pauses), category), due_on

    def terms(self) -> Iterable[tuple[int, TermGroup, dt.date]]:
        """The number of each open appeal, what its due date is counted from, and that date; by number."""
        for kind, day, extended, pauses, category, due_on, number in (
            self._counted_from("number").order_by("number").iterator()
        ):
            yield number, (kind, day, extended, tuple(pauses), category), due_on

    def _counted_from(self, *more: str) -> models.QuerySet[Any, tuple[Any, ...]]:
        """Of open appeals: kind, first day of the term, days of extension, pauses, category, due date, and the fields of ``more``.

        The category is that of a report: the terms of the law are the same for every one.
        """
        began = TruncDate(Coalesce("term_began_at", "submitted_at"), tzinfo=timezone.get_default_timezone())
        category = Case(When(kind=Kind.REPORT, then="category_id"), default=None)
        names = ("kind", "day", "extended_days", "pauses", "counted_for", "due_on", *more)
        return self.open().annotate(day=began, counted_for=category).values_list(*names)

    def count_again(self, due_dates: Mapping[TermGroup, dt.date], cause: Cause, at: dt.datetime) -> int:
        """Gives the open appeals of each group its due date, with the event of the step; their number.

        One of which the Mayor's Office was told, and whose term has not passed any more, is no longer with the Office, unless
        somebody of the Office has done anything to it since, or its term was changed otherwise. Whose last day is another one
        is warned of it anew. A statement for every ``COUNTED_AT_ONCE`` of them, so that none runs into a session's limit. A
        row that somebody holds is waited for and looked at again.
        """
        if not due_dates:
            return 0
        kinds, days, extended, pauses, categories = zip(*due_dates, strict=True)
        values: dict[str, Any] = {
            "kinds": list(kinds),
            "days": list(days),
            "extended": list(extended),
            "pauses": [f"{{{','.join(day.isoformat() for day in each)}}}" for each in pauses],
            "categories": list(categories),
            "due_dates": list(due_dates.values()),
            "open": [status.value for status in OPEN_STATUSES],
            "zone": settings.TIME_ZONE,
            "limit": COUNTED_AT_ONCE,
            "verb": RECOUNT.code,
            "role": Role.SYSTEM.value,
            "public": RECOUNT.public,
            "cause": json.dumps(cause.details),
            "at": at,
            "today": at.astimezone(timezone.get_default_timezone()).date(),
            "told": [ESCALATE.code, FOUND_OVERDUE.code],
            "office": Role.OFFICE.value,
            "given_back": GIVEN_BACK,
            "most_passed": max(STAGES.values()) - 1,
        }
        counted = 0
        with connection.cursor() as cursor:
            while True:
                cursor.execute(_COUNT_AGAIN, values)
                if not cursor.rowcount:
                    return counted
                counted += cursor.rowcount

    def newest_first(self) -> AppealQuerySet:
        """In the public order of lists, stable under paging."""
        return self.order_by(*NEWEST_FIRST.names)

    def with_names(self) -> AppealQuerySet:
        """With what a list row names, in the same statement."""
        return self.select_related("category", "service", "district")

    def as_rows(self, counts: Counts) -> models.QuerySet[Appeal, ListedAppeal]:
        """What a row of a list shows, and no more, with the ``counts`` that are read beside the rows.

        Making models of them was much of the work of a long list.
        """
        shown: dict[str, Combinable] = {
            "lon": Func(F("point"), function="ST_X", output_field=FloatField()),
            "lat": Func(F("point"), function="ST_Y", output_field=FloatField()),
            "category_name": InLanguage("category__name"),
            "service_short": InLanguage("service__short"),
            "district_name": InLanguage("district__name"),
            "counts": counts,
        }
        columns = (column.replace("assignee_", "assignee__") for column in ListedAppeal._fields)
        rows = self.annotate(**shown).values_list(*columns)
        rows._iterable_class = _ListedAppeals
        return rows


class ListedAppeal(NamedTuple):
    """A row of a list: columns of the appeal under their own names, and what is shown of those beside it.

    ``lon`` and ``lat`` are EPSG:4326. ``counts`` are the same in each row, as ``Counts.read`` reads them.
    """

    number: int
    version: int
    kind: str
    status: str
    outcome: str
    hidden: bool
    external_id: str
    text: str
    language: str
    address: str
    submitted_at: dt.datetime
    term_began_at: dt.datetime | None
    due_on: dt.date
    answered_at: dt.datetime | None
    planned_on: dt.date | None
    escalated_at: dt.datetime | None
    warned: int
    lon: float
    lat: float
    category_name: str
    service_short: str
    district_name: str
    assignee_first_name: str | None
    assignee_last_name: str | None
    assignee_email: str | None
    counts: str

    @property
    def term_began(self) -> dt.datetime:
        """When the present term began to run, as of an ``Appeal``."""
        return self.term_began_at or self.submitted_at


class _ListedAppeals(ValuesListIterable[Any]):
    def __iter__(self) -> Iterator[ListedAppeal]:
        return map(ListedAppeal._make, super().__iter__())


def overdue_on(day: dt.date) -> Q:
    """What is true of open appeals whose legal term ended before that day; who is asked has a later last day meanwhile."""
    return Q(status__in=OPEN_STATUSES, due_on__lt=day)


def seen_until() -> dt.datetime:
    """A moment before which every change is committed: what the database is asked for afterwards shows all of them.

    The beginning of the oldest transaction that runs, for its changes are of that moment whenever it ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEEN_UNTIL)
        (at,) = cursor.fetchone()
    return cast(dt.datetime, at)


def one_person(pairs: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """What names a person the same by each of the digests that are theirs; ``pairs`` are those of supports, ``person`` and ``also``."""
    leaders: dict[str, str] = {}

    def leader(person: str) -> str:
        while leaders.setdefault(person, person) != person:
            person = leaders[person]
        return person

    for person, also in pairs:
        leaders[leader(also or person)] = leader(person)
    return leader


class SupportQuerySet(models.QuerySet["Support"]):
    def of(self, appeal: Appeal) -> SupportQuerySet:
        """Those of the appeal, and of what repeats it: whom a repetition concerns, the appeal concerns.

        Also of a repetition that was hidden: hidden is what its author wrote, which a number does not show, and nobody brings
        a proposal below its threshold by hiding what repeats it.
        """
        keys = RawSQL(_REPEATING, [appeal.pk])  # noqa: S611
        return self.filter(Q(appeal=appeal) | Q(appeal__in=keys))

    def confirmed(self) -> SupportQuerySet:
        """Those of whom an address or a phone number is known, and not a browser alone."""
        return self.filter(confirmed=True)

    def people(self) -> int:
        """How many people they are of; one may support several of what repeats each other, by phone and by e-mail."""
        counted = self.aggregate(
            people=Count("person", distinct=True), linked=Count("pk", filter=~Q(also=""))
        )
        if not counted["linked"]:
            return int(counted["people"])
        pairs = list(self.values_list("person", "also"))
        one = one_person(pairs)
        return len({one(person) for person, _ in pairs})


class AlertQuerySet(models.QuerySet["Alert"]):
    def confirmed(self) -> AlertQuerySet:
        """Those whose address has said yes."""
        return self.filter(confirmed_at__isnull=False)

    def of_address(self, email: str) -> AlertQuerySet:
        """Those of the address, however its letters are written."""
        return self.annotate(lowered=Lower("email")).filter(lowered=email.lower())

    def watching(self, appeal: Appeal) -> AlertQuerySet:
        """Confirmed ones that ask for such an appeal: by its point, border included, or its district, and its category.

        The indexes of areas, of districts and of what is for all of the city, together.
        """
        everywhere = Q(area__isnull=True, district__isnull=True)
        here = Q(area__covers=appeal.point) | Q(district=appeal.district_id) | everywhere
        categories = [key for key in (appeal.category_id, appeal.category.parent_id) if key is not None]
        return self.confirmed().filter(here, Q(categories=[]) | Q(categories__overlap=categories))


class AbuseReportQuerySet(models.QuerySet["AbuseReport"]):
    def open(self) -> AbuseReportQuerySet:
        """Those that no moderator has decided about, by the index ``abuse_report_open``."""
        return self.filter(closed_by__isnull=True)

    def waiting(self) -> AbuseReportQuerySet:
        """Those of them that bring what they are about before a moderator."""
        return self.open().filter(baited=False)

    def lock(self) -> list[int]:
        """Their keys, whose rows nobody else changes before the transaction ends; all lock them in the same order."""
        return list(self.order_by("pk").select_for_update().values_list("pk", flat=True))


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User | AnonymousUser) -> AttachmentQuerySet:
        """Files that an appeal has taken and the user may see: those of visible appeals that are not hidden themselves.

        What is hidden by itself, or came with a step that only staff see, is for the staff who work on the appeal. An
        upload that no appeal has taken yet is visible to nobody here.
        """
        appeals = cast(AppealQuerySet, self.model.appeal.field.related_model._default_manager.all())
        seen = self.filter(appeal__in=appeals.visible_to(user))
        standing = standing_of(user)
        if standing.office:
            return seen
        for_all = Q(hidden=False) & (Q(event__isnull=True) | Q(event__public=True))
        return seen.filter(for_all | Q(appeal__service__in=standing.service_ids))

    def public(self) -> AttachmentQuerySet:
        """Files that anyone may see."""
        return self.visible_to(AnonymousUser())

    def given_up(self) -> AttachmentQuerySet:
        """Videos that could not be prepared through no fault of theirs; the original is there for another try."""
        return self.filter(state=self.model.State.FAILED, error=Refusal.VIDEO_NOT_PREPARED).exclude(
            original=""
        )

    def waiting(self) -> AttachmentQuerySet:
        """Uploads that no appeal has taken yet."""
        return self.filter(appeal__isnull=True)

    def held_by(self, holders: Collection[str]) -> AttachmentQuerySet:
        """Those of them that one of the holders brought, or the platform itself."""
        return self.waiting().filter(holder__in=[*holders, ""])


class CommentQuerySet(models.QuerySet["Comment"]):
    def shown(self) -> CommentQuerySet:
        """Those that everybody sees who sees their appeals."""
        return self.filter(hidden=False)

    def public(self) -> CommentQuerySet:
        """Those that anyone may see."""
        return self.shown().filter(appeal__hidden=False)

    def reported_first(self) -> CommentQuerySet:
        """Those of which a report is open, then the others, the latest first of either."""
        reports = self.model._meta.get_field("reports").related_model._default_manager.all()
        is_open = cast(AbuseReportQuerySet, reports).open().filter(comment=models.OuterRef("pk"))
        return self.order_by(models.Exists(is_open).desc(), "-pk")

    def lock(self) -> list[int]:
        """Their keys, whose rows nobody deletes or hides before the transaction ends.

        Whoever reports a comment and whoever deletes it come one after the other: first the comment, then its reports.
        """
        return list(self.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


class ResumableUploadQuerySet(models.QuerySet["ResumableUpload"]):
    def unfinished(self) -> ResumableUploadQuerySet:
        """Those whose parts lie on the disk."""
        return self.filter(offset__lt=F("length"))

    def idle_since(self, moment: dt.datetime) -> ResumableUploadQuerySet:
        """Those of which nothing has come since then."""
        return self.filter(updated_at__lt=moment)

    def one_announced_at_a_time(self) -> None:
        """Waits until nobody else is told in a transaction what room there is; holds until the transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [self.model._meta.db_table])

    def bytes_by_sender(self) -> dict[UUID | None, int]:
        """What each sender's unfinished files may take of the disk, as they were announced."""
        rows = self.unfinished().order_by().values_list("sender").annotate(Sum("length"))
        return {sender: int(taken) for sender, taken in rows}


#: What an appeal's due date is counted from: its kind, the city's day on which its term began, its days of extension,
#: when it stood still, and of a report its category.
TermGroup = tuple[str, dt.date, int, tuple[dt.date, ...], int | None]

#: Due dates that one statement changes: some seconds' work on a busy machine.
COUNTED_AT_ONCE: Final = 5_000

_SEEN_UNTIL: Final = """
    -- A second less: a transaction that begins this moment may not be told of yet.
    SELECT least(min(xact_start), statement_timestamp()) - interval '1 second' FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_REPEATING: Final = """
    WITH RECURSIVE repeating AS (
        SELECT id FROM appeals_appeal WHERE duplicate_of_id = %s
        UNION
        SELECT appeal.id FROM appeals_appeal AS appeal JOIN repeating ON appeal.duplicate_of_id = repeating.id
    )
    SELECT id FROM repeating
"""

_COUNT_AGAIN: Final = """
    WITH counted AS (
        SELECT kind, day, extended_days, pauses::date[] AS pauses, category_id, due_on
        FROM unnest(
            %(kinds)s::text[], %(days)s::date[], %(extended)s::int[], %(pauses)s::text[], %(categories)s::bigint[],
            %(due_dates)s::date[]
        ) AS counted (kind, day, extended_days, pauses, category_id, due_on)
    ), wrong AS (
        SELECT appeal.id, appeal.due_on AS was, counted.due_on,
            appeal.escalated_at IS NOT NULL AND appeal.due_on < %(today)s AND counted.due_on >= %(today)s
                AND NOT EXISTS (
                    SELECT FROM appeals_event AS told
                    JOIN appeals_event AS since ON since.appeal_id = told.appeal_id AND since.version > told.version
                    WHERE told.appeal_id = appeal.id AND told.verb = ANY(%(told)s) AND told.at = appeal.escalated_at
                    AND (since.actor_role = %(office)s OR since.details ? 'due' AND since.verb <> %(verb)s)
                ) AS given_back
        FROM appeals_appeal AS appeal
        JOIN counted ON counted.kind = appeal.kind
            AND counted.day = (coalesce(appeal.term_began_at, appeal.submitted_at) AT TIME ZONE %(zone)s)::date
            AND counted.extended_days = appeal.extended_days
            AND counted.pauses = appeal.pauses
            AND (counted.category_id IS NULL OR counted.category_id = appeal.category_id)
        WHERE appeal.status = ANY(%(open)s) AND appeal.due_on <> counted.due_on
        ORDER BY appeal.id
        LIMIT %(limit)s
        FOR UPDATE OF appeal
    ), moved AS (
        UPDATE appeals_appeal AS appeal
        SET due_on = wrong.due_on, version = version + 1, warned = least(appeal.warned, %(most_passed)s),
            escalated_at = CASE WHEN NOT wrong.given_back THEN appeal.escalated_at END
        FROM wrong
        WHERE appeal.id = wrong.id
        RETURNING appeal.id, appeal.version, appeal.status, appeal.service_id, appeal.due_on, wrong.was,
            wrong.given_back
    )
    INSERT INTO appeals_event
        (appeal_id, version, verb, at, actor_role, from_status, to_status, service_id, text, details, public)
    SELECT id, version, %(verb)s, %(at)s, %(role)s, status, status, service_id, '',
        jsonb_build_object('was', was, 'due', due_on) || %(cause)s::jsonb
            || CASE WHEN given_back THEN jsonb_build_object(%(given_back)s, true) ELSE '{}' END, %(public)s
    FROM moved
"""


class ClockQuerySet(models.QuerySet[Any]):
    """Terms and calendar, and who may change them while due dates are counted: an advisory lock of the transaction.

    Whoever writes a due date keeps the clock still from reading it to the commit; whoever changes the clock waits for
    those, and then counts what they have written.
    """

    def keep_still(self) -> None:
        """Nobody commits a change of the clock before this transaction ends; it waits for one that is being made."""
        self._lock("pg_advisory_xact_lock_shared")

    def wait_for_writers(self) -> None:
        """Whoever read the clock before has committed, and nobody reads it before this transaction ends."""
        self._lock("pg_advisory_xact_lock")

    def _lock(self, function: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_CLOCK_LOCK])


#: Arbitrary, but the same for every process.
_CLOCK_LOCK: Final = 7_166_322
