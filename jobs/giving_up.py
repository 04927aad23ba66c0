"""What becomes of a task's subject when the task has failed for good: nobody waits for ever for what will not come.

And what undoes that, when an operator has the task tried once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_tasks.base import Task

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


def after_giving_up(task_path: str) -> Callable[..., None] | None:
    """What was registered for the task of that dotted path."""
    return _REGISTERED.get(task_path)


def before_another_try(task_path: str) -> Callable[..., bool] | None:
    """What undoes the giving up of the task of that dotted path."""
    return _UNDONE.get(task_path)
