"""Who acts: told to the database in the statement that changes a recorded table, and in no other.

It costs no statement of its own. What does not pass here, such as psql, has nobody's name, which is what is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from history.models import COMMAND_MAX, PAGE_MAX
from history.recording import ACTOR, recorded_models

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
_process = ""

_VERBS: Final = r"INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO"
_WRITES: Final = re.compile(rf"\s*(?:{_VERBS}|(WITH))\b", re.IGNORECASE)
#: Most of what begins with WITH reads.
_WRITES_WITHIN: Final = re.compile(rf"\b(?:{_VERBS})\b", re.IGNORECASE)
#: After the verb; the name of the table stands there.
_HEAD: Final = 120
#: Programs whose first argument is the command.
_OF_DJANGO: Final = frozenset({"manage", "django", "django-admin"})
_STRANGE: Final = re.compile(r"[^A-Za-z0-9_.:-]")


class WhoActs:
    """Middleware: what the request changes is changed by its user, at the page that it is for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def name_process(arguments: Sequence[str]) -> None:
    """Outside of requests, this process is the command of the line: of ``./manage.py seed …`` it is ``seed``."""
    global _process  # noqa: PLW0603  a process is one command from its beginning to its end
    _process = command_of(arguments)


def command_of(arguments: Sequence[str]) -> str:
    """The command of a process's arguments; a module's name for ``python -m``."""
    path = Path(arguments[0] if arguments else "")
    program = path.parent.name if path.stem == "__main__" else path.stem
    return arguments[1] if program in _OF_DJANGO and len(arguments) > 1 else program


def tell_each_session(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of ``connection_created``."""
    if _tell not in connection.execute_wrappers:
        # First, for what wraps a part of a test or of a command takes away the last.
        connection.execute_wrappers.insert(0, _tell)


def _tell(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    # A named cursor reads, and puts words of its own before the statement.
    if isinstance(sql, str) and _changes_recorded(sql) and not getattr(context["cursor"], "name", None):
        # One query of two statements: without a transaction around them, they are one.
        sql = f"SELECT set_config('{ACTOR}', '{_actor()}', true); {sql}"
    return execute(sql, params, many, context)


def _changes_recorded(sql: str) -> bool:
    verb = _WRITES.match(sql)
    if verb is None:
        return False
    rest = sql[verb.end() :] if verb[1] else sql[verb.end() : verb.end() + _HEAD]
    if verb[1] and not _WRITES_WITHIN.search(rest):
        return False
    return any(table in rest for table in recorded_models())


def _actor() -> str:
    """Person, page and command; letters, digits and ``|._:-`` alone."""
    request = _request.get()
    if request is None:
        return f"||{_plain(_process, COMMAND_MAX)}"
    user = getattr(request, "user", None)
    person = user.pk if user is not None and user.is_authenticated else ""
    page = request.resolver_match.view_name if request.resolver_match else ""
    # Not the address: it may hold a secret.
    return f"{person}|{_plain(page, PAGE_MAX)}|"


def _plain(name: str, most: int) -> str:
    return _STRANGE.sub("_", name)[:most]
