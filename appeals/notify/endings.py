"""The end of what somebody has asked to be told, with all that was sent to them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from appeals.models import Alert, Follower, Message


def end(rows: QuerySet[Alert] | QuerySet[Follower]) -> int:
    """Deletes the rows and all their messages, also those that another session is just queueing; the number of rows.

    Whoever queues a message to a row holds it locked until the commit.
    """
    to_row = rows.model._meta.model_name
    with transaction.atomic():
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        # In the order of the worker, which holds a message when it finds that its browser is gone.
        list(
            Message.objects.filter(**{f"{to_row}__in": keys})
            .order_by("pk")
            .select_for_update(of=("self",))
            .values_list("pk")
        )
        held = rows.model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update()
        _all, deleted = rows.model._default_manager.filter(
            pk__in=[row.pk for row in held.only("pk")]
        ).delete()
    return int(deleted.get(rows.model._meta.label, 0))
