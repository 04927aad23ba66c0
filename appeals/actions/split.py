"""An appeal that names two matters becomes two: inside the transaction of the step that says so."""

from __future__ import annotations

import datetime as dt

from appeals.actions.submit import Submission, insert, new_appeal, new_contact, route_or_refuse
from appeals.deadlines import LegalClock
from appeals.identifiers import new_uuid7
from appeals.models import Appeal, AppealContact
from appeals.vocabulary import Kind
from districts.models import Category


def split_off(appeal: Appeal, category: Category, text: str, at: dt.datetime, clock: LegalClock) -> Appeal:
    """The second matter as an appeal of its own, with its first event and messages; routed by the borders of today.

    Place, author and kind are those of the first, and so is the term: the author wrote it then, and a due date is not put
    off by splitting; of a report it is the service level of the second category. Raises ``Invalid`` where nobody can be asked about such a matter.
    """
    decision = route_or_refuse(appeal.point, category, at)
    contact = AppealContact.objects.filter(appeal=appeal).first()
    submission = Submission(
        id=new_uuid7(),
        kind=appeal.kind,
        category=category,
        text=text,
        point=appeal.point,
        language=appeal.language,
        address=appeal.address,
        name=contact.name if contact else "",
        email=contact.email if contact else "",
        phone=contact.phone if contact else "",
        postal_address=contact.postal_address if contact else "",
        source=appeal.source,
    )
    second = new_appeal(submission, decision, appeal.due_on, appeal.submitted_at)
    second.term_began_at, second.extended_days = appeal.term_began_at, appeal.extended_days
    second.pauses = list(appeal.pauses)
    if second.kind == Kind.REPORT:
        second.due_on = clock.due_on(
            second.kind,
            second.term_began,
            extended_days=second.extended_days,
            pauses=second.pauses,
            category=category.pk,
        )
    second.hidden, second.held = appeal.hidden, appeal.held
    of_second = None
    if contact is not None:
        of_second = new_contact(submission, second)
        of_second.email_proven = contact.email_proven
    insert(second, of_second, decision, at)
    return second
