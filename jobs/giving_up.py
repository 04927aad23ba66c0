"""What becomes of a task's subject when the task has failed for good: nobody waits for ever for what will not come.

And what undoes that, when an operator has the task tried once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

_REGISTERED: dict[str, Callable[..., None]] = {}
_UNDONE: dict[str, Callable[..., bool]] = {}


def when_given_up(
    task: Task[Any, Any], then: Callable[..., None], *, again: Callable[..., bool] | None = None
) -> None:
    """Registers what is done after the last attempt, with the task's own arguments; called from ``AppConfig.ready``.

    It runs in the transaction that marks the task as failed: either both happen or neither. ``again`` undoes it in the
    transaction that has the task tried once more; false when nothing is left to try.
    """
    _REGISTERED[task.module_path] = then
    if again is not None:
        _UNDONE[task.module_path] = again


def give_up(row: DBTaskResult) -> None:
    """Does what was registered for the task, if anything was; inside the caller's transaction."""
    then = _REGISTERED.get(row.task_path)
    if then is not None:
        then(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])


def take_up(row: DBTaskResult) -> bool:
    """Undoes that, inside the caller's transaction; false when nothing is left to try."""
    again = _UNDONE.get(row.task_path)
    return again is None or again(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
