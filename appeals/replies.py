"""What those who support a proposal answer to the question of its category, and the places that they mark."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, NamedTuple

from django.db.models import Q

from appeals.limits import REPLY_PLACES_MAX
from appeals.models import Appeal, Support, SupportReply
from appeals.querysets import one_person
from districts.models import Attribute, AttributeValue

#: Degrees, EPSG:4326, lon/lat.
Place = tuple[float, float]

#: Answers that have a mark of their own on the map.
MARKS: Final = 7


@dataclass(frozen=True)
class Share:
    """An answer: how many people give it, and where they want it.

    ``mark`` is the number that its places have on the map, from 1 for the most frequent; 0 for all after ``MARKS``, and where
    it has no places.
    """

    value: AttributeValue
    people: int
    places: tuple[Place, ...]
    mark: int = 0


@dataclass(frozen=True)
class Tally:
    """The answers to one question, the most frequent first; ``unanswered`` are the voices without one that is shown.

    ``marked`` are all places; ``shares`` have at most ``REPLY_PLACES_MAX`` of them together, the latest, sorted by where
    they are: neither who marked one nor when can be told.
    """

    attribute: Attribute
    shares: tuple[Share, ...]
    unanswered: int
    marked: int

    @property
    def answered(self) -> int:
        """How many people answer."""
        return sum(share.people for share in self.shares)

    @property
    def most(self) -> int:
        """The length of the longest bar."""
        return max(self.unanswered, *(share.people for share in self.shares), 1)

    @property
    def places(self) -> list[Place]:
        """Those of all answers."""
        return [place for share in self.shares for place in share.places]


def tallies_of(appeal: Appeal) -> tuple[Tally, ...]:
    """What is asked of the appeal's supporters, and what was asked and answered before; nothing of what is no proposal.

    With the answers given to what repeats it, each person's latest one. What is answered to a repetition that is hidden
    is not counted while it is: with its places it would show what is not to be seen. One query where nothing is asked, else
    five.
    """
    if not appeal.is_proposal:
        return ()
    questions = Attribute.objects.filter(category=appeal.category_id).order_by("-active", "code")
    attributes = list(questions.prefetch_related("values"))
    if not attributes:
        return ()
    latest = _latest_replies(appeal, attributes)
    marked = [reply for reply in latest if reply.marks]
    places = defaultdict(list)
    shown = SupportReply.objects.filter(pk__in=[reply.support_id for reply in marked[:REPLY_PLACES_MAX]])
    for key, point in shown.values_list("value", "point"):
        if point is not None:
            places[key].append((point.x, point.y))
    people = Counter(reply.value_id for reply in latest)
    tallies, marks = [], count(1)
    for attribute in attributes:
        values = {value.pk: value for value in attribute.values.all()}
        shares = [
            Share(value, people[key], tuple(sorted(places[key])))
            for key, value in values.items()
            if value.active or people[key]
        ]
        answered = sum(share.people for share in shares)
        if shares and (attribute.active or answered):
            tallies.append(
                Tally(
                    attribute,
                    tuple(_marked(share, marks) for share in sorted(shares, key=lambda share: -share.people)),
                    max(appeal.supporters - answered, 0),
                    sum(reply.value_id in values for reply in marked),
                )
            )
    return tuple(tallies)


def _marked(share: Share, marks: Iterator[int]) -> Share:
    """With the next mark, where it has places and there is one left."""
    mark = next(marks) if share.places else 0
    return replace(share, mark=mark if mark <= MARKS else 0)


class _Reply(NamedTuple):
    """A row of ``SupportReply`` with its voice; ``marks`` where it has a place."""

    support_id: int
    person: str
    value_id: int
    marks: bool


def _latest_replies(appeal: Appeal, attributes: list[Attribute]) -> list[_Reply]:
    """One a person, the latest first; whoever is one by any of the voices is one here. Those of a hidden repetition are not shown."""
    voices = Support.objects.of(appeal)
    shown = voices.filter(Q(appeal=appeal) | Q(appeal__hidden=False))
    replies = SupportReply.objects.filter(support__in=shown, value__attribute__in=attributes)
    rows = replies.annotate(marks=Q(point__isnull=False)).order_by("-at", "-support")
    columns = ("support_id", "support__person", "value_id", "marks")
    given = [_Reply(*row) for row in rows.values_list(*columns)]
    one = one_person(voices.exclude(also="").values_list("person", "also"))
    latest: dict[str, _Reply] = {}
    for reply in given:
        latest.setdefault(one(reply.person), reply)
    return list(latest.values())
