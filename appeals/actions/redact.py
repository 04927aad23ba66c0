"""Words of an appeal's public texts become others; what they were is kept for the Mayor's Office."""

from __future__ import annotations

from collections.abc import Iterable

from appeals.models import Appeal, Event, Redaction
from appeals.redactions import Replacement


def replace(appeal: Appeal, event: Event, replaced: Iterable[Replacement]) -> None:
    """Writes the texts that the event of a moderation or of a correction changes, inside the caller's transaction, which holds the appeal."""
    for one in replaced:
        Redaction.objects.create(
            event=event, of_event=one.event, field=one.field, before=one.before, after=one.after
        )
        if one.event is not None:
            # The database lets it pass because of the row above.
            Event.objects.filter(pk=one.event.pk).update(text=one.after)
        else:
            setattr(appeal, one.field, one.after)
            appeal.save(update_fields=[one.field])
