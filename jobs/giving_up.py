"""What becomes of a task's subject when the task has failed for good: nobody waits for ever for what will not come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_tasks.base import Task

_REGISTERED: dict[str, Callable[..., None]] = {}


def when_given_up(task: Task[Any, Any], then: Callable[..., None]) -> None:
    """Registers what is done after the last attempt, with the task's own arguments; called from ``AppConfig.ready``.

    It runs in the transaction that marks the task as failed: either both happen or neither.
    """
    _REGISTERED[task.module_path] = then


def after_giving_up(task_path: str) -> Callable[..., None] | None:
    """What was registered for the task of that dotted path."""
    return _REGISTERED.get(task_path)
