"""What of the workflow's table depends on more of an appeal than its state: guards, and whom it goes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from accounts.roles import Role
from appeals.deadlines import LegalClock
from appeals.models import Appeal, Attachment, Event
from appeals.redactions import is_redacted
from appeals.workflow import Guard, Verb


def barred(
    appeal: Appeal, verbs: Iterable[Verb], at: dt.datetime, clock: LegalClock | None = None
) -> frozenset[Guard]:
    """The guards of these verbs that are not true of the appeal at that moment.

    One query each for photos and videos, for words that were taken out and for links, where a verb asks about them; and
    those of the clock, unless it was read before.
    """
    asked = frozenset(verb.guard for verb in verbs if verb.guard is not None)
    met: set[Guard] = set()
    if any(guard.of_the_clock for guard in asked):
        met |= (clock or LegalClock.read()).met(appeal, at)
    if Guard.REDACTED in asked and is_redacted(appeal):
        met.add(Guard.REDACTED)
    if any(guard.of_files for guard in asked):
        files = Attachment.objects.filter(appeal=appeal).order_by().values_list("hidden", "kind", "covered")
        for hidden, kind, covered in files.distinct():
            met.add(Guard.FILE_HIDDEN if hidden else Guard.FILE_SHOWN)
            if kind == Attachment.Kind.PHOTO:
                met.add(Guard.PHOTO_THERE)
            if covered:
                met.add(Guard.PHOTO_COVERED)
    if appeal.duplicate_of_id is not None:
        met.add(Guard.REPEATS)
    if Guard.LINKED in asked and appeal.linked.exists():
        met.add(Guard.LINKED)
    return asked - met


def goes_to_office(appeal: Appeal, verb: Verb, role: Role) -> bool:
    """True when services have done the verb to the appeal as often as they may, so that the Mayor's Office gets it next.

    What the Mayor's Office does itself neither counts nor is turned. One query for a verb that is counted.
    """
    if verb.passes_max is None or role.speaks_as is not Role.SERVICE:
        return False
    passes = Event.objects.filter(appeal=appeal, verb=verb.code, actor_role=Role.SERVICE)
    return passes.count() >= verb.passes_max
