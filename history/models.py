"""Who changed what in the rows of the city's own data, when, from what to what."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

import pgtrigger
from django.db import models
from django.db.models import Q

COMMAND_MAX: Final = 100
PAGE_MAX: Final = 100
KEY_MAX: Final = 100


class RowChangeQuerySet(models.QuerySet["RowChange"]):
    def of(self, model: type[models.Model], *keys: object) -> RowChangeQuerySet:
        """Those of the model's rows, of those with these keys if any are named."""
        rows = self.filter(table_name=model._meta.db_table)
        return rows.filter(row_key__in=[str(key) for key in keys]) if keys else rows

    def between(self, since: dt.datetime, until: dt.datetime) -> RowChangeQuerySet:
        """Those of the time, its last moment left out."""
        return self.filter(at__gte=since, at__lt=until)


class RowChange(models.Model):
    """A row was added, changed or removed. Append-only, and written by the triggers of ``recorded`` alone.

    ``changes`` holds, by column, what was and what is; an empty list for a secret, whose values are kept nowhere. ``by`` is
    a person's key, not a reference: the history outlives the person's row. Nobody at all (no person, page or command)
    is whoever wrote to the database past the platform.
    """

    class Operation(models.TextChoices):
        INSERT = "insert"
        UPDATE = "update"
        DELETE = "delete"

    table_name = models.CharField(max_length=63)
    row_key = models.CharField(max_length=KEY_MAX)
    operation = models.CharField(max_length=6, choices=Operation)
    changes = models.JSONField()
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True)
    page = models.CharField(max_length=PAGE_MAX, help_text="The name of its address.")
    command = models.CharField(max_length=COMMAND_MAX)

    objects: ClassVar[RowChangeQuerySet] = RowChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at", "id"], name="row_change_newest"),
            models.Index(fields=["table_name", "row_key", "at"], name="row_change_of_a_row"),
            models.Index(fields=["by", "at"], name="row_change_by_a_person"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="by_triggers_alone",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF pg_trigger_depth() < 2 THEN
                        RAISE EXCEPTION 'pgtrigger: only triggers write to % table', TG_TABLE_NAME;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_key}: {self.operation}"


#: Conditions of who did it, where it was no person.
BY_A_COMMAND: Final = Q(by__isnull=True) & ~Q(command="")
BY_NOBODY_LOGGED_IN: Final = Q(by__isnull=True) & ~Q(page="")
PAST_THE_PLATFORM: Final = Q(by__isnull=True, page="", command="")
