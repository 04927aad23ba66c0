"""The trigger of a table whose every change is kept, whichever door it came through."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pgtrigger
from django.db.models import Model

_NAME: Final = "row_is_recorded"
#: The setting of the transaction that says who acts: person, page and command, with ``|`` between them.
ACTOR: Final = "history.actor"

# The columns are those that the table has when it is written: one that is added later needs no other trigger.
_RECORDED: Final = """
    SELECT jsonb_object_agg(
        name,
        CASE WHEN name ~ '{masked}' THEN '[]'::jsonb ELSE jsonb_build_array(was.value, becomes.value) END
    ) INTO changed
    FROM jsonb_each(to_jsonb(OLD)) AS was(name, value)
    FULL JOIN jsonb_each(to_jsonb(NEW)) AS becomes(name, value) USING (name)
    WHERE coalesce(nullif(was.value, '""'), 'null') IS DISTINCT FROM coalesce(nullif(becomes.value, '""'), 'null')
        AND name <> ALL (ARRAY[{left_out}]::text[]);
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO history_rowchange (table_name, row_key, operation, changes, at, by, page, command)
    VALUES (
        TG_TABLE_NAME, coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> '{key}', lower(TG_OP), changed, clock_timestamp(),
        nullif(split_part(actor, '|', 1), '')::bigint, split_part(actor, '|', 2), split_part(actor, '|', 3)
    );
    RETURN NULL;
"""

#: Columns whose values are never kept, by their names, so that nobody can forget one; that they changed is.
MASKED: Final = "(password|secret|token|hash|(^|_)key$)"


def recorded(*, key: str = "id", leave_out: tuple[str, ...] = ()) -> pgtrigger.Trigger:
    """The trigger that keeps each change of a row, from what to what, in ``RowChange``.

    ``key`` is the column of the primary key. That a text is empty in another way is no change. A change of the columns of
    ``leave_out`` alone is none: what the platform counts by itself.
    """
    func = _RECORDED.format(masked=MASKED, key=key, left_out=", ".join(f"'{name}'" for name in leave_out))
    return pgtrigger.Trigger(
        name=_NAME,
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("changed", "jsonb"), ("actor", f"text := coalesce(current_setting('{ACTOR}', true), '')")],
        func=func,
    )


@cache
def recorded_models() -> dict[str, type[Model]]:
    """The models whose rows are recorded, by the names of their tables."""
    known: Any = pgtrigger.registered()
    return {model._meta.db_table: model for model, trigger in known if trigger.name == _NAME}
