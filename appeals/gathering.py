"""What a proposal gathers: voices, up to the threshold of its territory, from which on the city must answer in public."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Case, OuterRef, PositiveIntegerField, Q, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appeals.deadlines import city_day
from appeals.filters import midnight
from appeals.limits import SUPPORT_DAYS, SUPPORT_VOICES
from appeals.models import Appeal, Support, SupportThreshold
from appeals.vocabulary import OPEN_STATUSES, Kind, Status


@dataclass(frozen=True)
class Threshold:
    """``voices`` from which on the city answers; ``days`` after the submission in which they are gathered, 0 without end."""

    voices: int = SUPPORT_VOICES
    days: int = SUPPORT_DAYS

    def until(self, submitted_at: dt.datetime) -> dt.date | None:
        """The last day for a voice; None without end."""
        return city_day(submitted_at) + dt.timedelta(days=self.days) if self.days else None


@dataclass(frozen=True)
class Thresholds:
    """The city's thresholds by the key of the district, None for all others; read once, by one query."""

    by_district: Mapping[int | None, Threshold]

    @classmethod
    def read(cls) -> Thresholds:
        """Those currently stored."""
        rows = SupportThreshold.objects.order_by().values_list("district", "voices", "days")
        return cls({None: Threshold()} | {district: Threshold(*row) for district, *row in rows})

    def of(self, district_id: int | None) -> Threshold:
        """That of the district, else that of the city."""
        return self.by_district.get(district_id) or self.by_district[None]

    @property
    def least(self) -> int:
        """With fewer voices a proposal has come to no threshold, wherever it is."""
        return min(threshold.voices for threshold in self.by_district.values())

    def running(self, on: dt.date) -> Q:
        """Appeals for which voices may still be gathered on that day."""
        named = [key for key in self.by_district if key is not None]
        elsewhere = Q(district__isnull=True) | ~Q(district__in=named)
        found = Q(pk__in=[])
        for key, threshold in self.by_district.items():
            here = elsewhere if key is None else Q(district=key)
            if threshold.days:
                here &= Q(submitted_at__gte=midnight(on - dt.timedelta(days=threshold.days)))
            found |= here
        return found


def _voices(**district: object) -> Subquery:
    return Subquery(SupportThreshold.objects.order_by().filter(**district).values("voices")[:1])


#: Of a proposal the threshold that it has come to or that holds for it now, in voices; null of all other appeals.
NEEDED: Final[Combinable] = Case(
    When(
        kind=Kind.RECOMMENDATION,
        then=Coalesce(
            "threshold",
            _voices(district=OuterRef("district")),
            _voices(district__isnull=True),
            Value(SUPPORT_VOICES),
            output_field=PositiveIntegerField(),
        ),
    ),
    output_field=PositiveIntegerField(),
)


class GatheringState(enum.StrEnum):
    """How far a proposal is; the values are codes of the public list."""

    GATHERING = "gathering"
    AWAITED = "awaited"  #: enough people support it: the city must answer
    ANSWERED = "answered"  #: it has, after enough people supported it
    OVER = "over"  #: too few did in time, or it is not considered


#: As the list of proposals names them.
STATES: Final[Mapping[GatheringState, object]] = {
    GatheringState.GATHERING: gettext_lazy("Gathering voices"),
    GatheringState.AWAITED: gettext_lazy("The city must answer"),
    GatheringState.ANSWERED: gettext_lazy("The city has answered"),
    GatheringState.OVER: gettext_lazy("Not enough voices"),
}

#: Closed with an answer, a proposal goes on gathering; otherwise closed, it is not considered any more.
_CONSIDERED: Final = (*OPEN_STATUSES, Status.ANSWERED, Status.CLOSED)


@dataclass(frozen=True)
class Gathering:
    """What a proposal has gathered; ``until`` is the last day for a voice, None without end."""

    state: GatheringState
    voices: int
    needed: int
    until: dt.date | None
    due_on: dt.date

    @property
    def is_open(self) -> bool:
        """True while it may be supported."""
        return self.state in {GatheringState.GATHERING, GatheringState.AWAITED}

    @property
    def tally(self) -> str:
        """“118 of 300 voices”; once there were enough, how many there are."""
        numbers = {"n": number_format(self.voices), "needed": number_format(self.needed)}
        if self.state in {GatheringState.GATHERING, GatheringState.OVER}:
            return _("%(n)s of %(needed)s voices") % numbers
        return _("Voices: %(n)s") % numbers

    @property
    def consequence(self) -> str:
        """What follows from that, as a sentence or two."""
        match self.state:
            case GatheringState.GATHERING:
                words = ngettext(
                    "The city must answer once %(needed)s person supports it.",
                    "The city must answer once %(needed)s people support it.",
                    self.needed,
                )
                words %= {"needed": number_format(self.needed)}
                ends = _("It can be supported until %(day)s.") % {"day": self._day(self.until)}
                return f"{words} {ends}" if self.until else words
            case GatheringState.AWAITED:
                return _("The city must answer in public by %(day)s.") % {"day": self._day(self.due_on)}
            case GatheringState.ANSWERED:
                return _("The city has answered.")
            case GatheringState.OVER:
                return _("No more voices are gathered.")

    @staticmethod
    def _day(day: dt.date | None) -> str:
        return date_format(day) if day else ""

    @property
    def counted(self) -> int:
        """The voices as the bar shows them: at most as many as are needed."""
        return min(self.voices, self.needed)


def gathering_of(appeal: Appeal, thresholds: Thresholds, today: dt.date) -> Gathering | None:
    """What the appeal has gathered by that day of the city; None where it is no proposal. No query."""
    if not appeal.is_proposal:
        return None
    threshold = thresholds.of(appeal.district_id)
    until = threshold.until(appeal.submitted_at)
    if appeal.outcome:
        state = GatheringState.OVER
    elif appeal.supported_at is not None:
        state = GatheringState.AWAITED if appeal.is_open else GatheringState.ANSWERED
    else:
        running = until is None or today <= until
        state = GatheringState.GATHERING if running else GatheringState.OVER
    needed = threshold.voices if appeal.threshold is None else appeal.threshold
    return Gathering(state, appeal.supporters, needed, until, appeal.due_on)


def in_state(state: GatheringState, thresholds: Thresholds, today: dt.date) -> Q:
    """What proposals in that state meet; ``gathering_of`` is the same of one."""
    considered, carried = Q(outcome=""), Q(supported_at__isnull=False)
    match state:
        case GatheringState.GATHERING:
            return considered & ~carried & thresholds.running(today)
        case GatheringState.AWAITED:
            return considered & carried & Q(status__in=OPEN_STATUSES)
        case GatheringState.ANSWERED:
            return considered & carried & ~Q(status__in=OPEN_STATUSES)
        case GatheringState.OVER:
            return ~considered | (~carried & ~thresholds.running(today))


def may_be_supported(appeal: Appeal, at: dt.datetime) -> bool:
    """True while a voice for it counts: a proposal until its voices are gathered, any other appeal until it is answered.

    One query for a proposal.
    """
    if appeal.hidden:
        return False
    if not appeal.is_proposal:
        return appeal.is_open
    gathering = gathering_of(appeal, Thresholds.read(), city_day(at))
    return gathering is not None and gathering.is_open


def has_gathered(appeal: Appeal, at: dt.datetime) -> bool:
    """True of a proposal that has come to its threshold at that moment and had not before.

    Also where what repeats it had: what the city owes is owed to those people too. What is hidden comes to nothing.
    """
    if appeal.hidden or not appeal.is_proposal:
        return False
    gathering = gathering_of(appeal, Thresholds.read(), city_day(at))
    if gathering is None or gathering.state is not GatheringState.GATHERING:
        return False
    return gathering.voices >= gathering.needed or carried_over(appeal)


@dataclass(frozen=True)
class Voices:
    """How many of the voices are of people of whom an address or a phone number is known, and how many of browsers alone."""

    confirmed: int
    by_browser: int


def voices_of(appeal: Appeal) -> Voices:
    """What kind of voices the appeal has, with those of what repeats it; one query, or two."""
    confirmed = Support.objects.of(appeal).confirmed().people()
    return Voices(confirmed, max(appeal.supporters - confirmed, 0))


def leading(n: int, today: dt.date) -> list[Appeal]:
    """The public proposals with the most voices, at most ``n``, of those that gather them and those the city must answer."""
    thresholds = Thresholds.read()
    considered = in_state(GatheringState.GATHERING, thresholds, today)
    considered |= in_state(GatheringState.AWAITED, thresholds, today)
    proposals = Appeal.objects.public().proposals().filter(considered, supporters__gt=0)
    return list(proposals.with_names().order_by("-supporters", "-number")[:n])


def carried_over(appeal: Appeal) -> bool:
    """True where a repetition of it had come to its own threshold."""
    return Appeal.objects.repeating(appeal).filter(supported_at__isnull=False).exists()


def count_supporters(appeal_id: UUID | None) -> Appeal | None:
    """Counts whom the appeal and what it repeats concern; the appeal, whose row is locked until the transaction ends.

    Counted under the lock, so that of two people who support it at once the second is counted with the first.
    """
    first = None
    with transaction.atomic():
        while appeal_id is not None:
            appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
            people = Support.objects.of(appeal).people()
            if people != appeal.supporters:
                appeal.supporters = people
                appeal.save(update_fields=["supporters"])
            first, appeal_id = first or appeal, appeal.duplicate_of_id
    return first
