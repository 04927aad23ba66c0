"""What somebody was working on, when they leave: nobody's, so that colleagues see it."""

from __future__ import annotations

from accounts.models import User
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.errors import NotAllowed
from appeals.models import Appeal
from appeals.workflow import ASSIGN


def hand_over(person: User, by: User, services: frozenset[int] | None) -> int:
    """How many open appeals of these services (None: of all) were the person's and are nobody's now.

    Each has the step in its history, as done by whoever dismissed the person. Inside of the caller's transaction.
    """
    theirs = Appeal.objects.open().filter(assignee=person).order_by("number")
    if services is not None:
        theirs = theirs.with_service(services)
    handed_over = 0
    for appeal_id in theirs.values_list("pk", flat=True):
        try:
            perform(appeal_id, ASSIGN, Person(by), version=None, assignee=None)
        except NotAllowed:
            # Answered meanwhile: it is nobody's work any more.
            continue
        handed_over += 1
    return handed_over
