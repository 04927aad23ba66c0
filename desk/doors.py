"""The way in: for people who belong to a service. What came without a log-in is held until there is one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts.roles import Standing, standing_of
from appeals.actions.drafts import keep_draft
from appeals.identifiers import new_uuid7
from appeals.limits import ATTACHMENTS_MAX, DRAFT_MAX
from appeals.models import Appeal, Attachment
from appeals.workflow import VERBS
from rates.taking import TooMany
from web.form_files import read_uuids, store_files
from web.uploads import browser_of

_HELD: Final = "held"
_HELD_FORM: Final = "held form"
_SESSION_ENDED: Final = gettext_lazy(
    "Your session had ended. What you wrote is kept: log in, and it is there again."
)
_BACK_AGAIN: Final = gettext_lazy(
    "What you wrote before the session ended is here again; it has not been sent."
)
#: A browser bears this mark, signed, after somebody of a service was logged in on it; it names the person.
_MARK: Final = "was_here"
_MARK_AGE: Final = dt.timedelta(days=30)


def for_staff(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view for people who belong to a service; others get the log-in page or 403.

    Words that are sent after the session has ended are held in the new one, and are the writer's draft after the log-in:
    from a browser on which the writer was logged in, and from no other.
    """

    @login_required
    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not standing_of(request.user).works_here:
            raise PermissionDenied
        response = view(request, *args, **kwargs)
        _mark(request, response)
        return response

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not request.user.is_authenticated:
            _hold(request)
        return inside(request, *args, **kwargs)

    return guarded


def for_whom(
    allowed: Callable[[Standing], bool],
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A decorator: the view for those whose standing allows it; others get the log-in page or 403."""

    def guard(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @for_staff
        @wraps(view)
        def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not allowed(standing_of(request.user)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return inside

    return guard


def for_scripts(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view for what a page's script asks, which a log-in page would not help.

    401 when nobody of a service is logged in; 409 for what is sent by the page of another person, who is its ``writer``.
    """

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not standing_of(request.user).works_here:
            return JsonResponse({"user": ""}, status=HTTPStatus.UNAUTHORIZED)
        if request.method == "POST" and request.POST.get("writer") != str(request.user.pk):
            return JsonResponse({"user": str(request.user.pk)}, status=HTTPStatus.CONFLICT)
        return view(request, *args, **kwargs)

    return guarded


def _mark(request: HttpRequest, response: HttpResponseBase) -> None:
    """Leaves the mark for the time after the session; once in a session, which keeps that it is there."""
    if request.session.get(_MARK):
        return
    request.session[_MARK] = True
    response.set_signed_cookie(
        _MARK,
        str(request.user.pk),
        salt=_MARK,
        max_age=_MARK_AGE,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def was_here(request: HttpRequest, writer: str) -> bool:
    """Whether that person was logged in on this browser: whoever was not has nothing to be kept."""
    marked = request.get_signed_cookie(_MARK, default=None, salt=_MARK, max_age=_MARK_AGE)
    return bool(writer) and marked == writer


def _hold(request: HttpRequest) -> None:
    """Keeps words and files of a verb's form in the session, for the person whose page it was."""
    verb, writer = request.POST.get("verb", ""), request.POST.get("writer", "")
    text = request.POST.get("text", "")[:DRAFT_MAX]
    has_words = bool(text.strip() or request.FILES.getlist("files"))
    if verb not in VERBS or not has_words or not was_here(request, writer):
        return
    request.session[_HELD] = {
        "path": request.path,
        "writer": writer,
        "verb": verb,
        "text": text,
        "uploads": _held_files(request),
    }
    messages.info(request, _SESSION_ENDED)


def _held_files(request: HttpRequest) -> list[str]:
    """Identifiers of the form's photos and videos, of those too that come with it now; what is refused is said."""
    # Whose the earlier ones are is looked at when they are given back.
    earlier = read_uuids(request.POST.getlist("uploads"))[:ATTACHMENTS_MAX]
    stored: list[Attachment] = []
    try:
        refused = store_files(request, new_uuid7(), stored, most=ATTACHMENTS_MAX - len(earlier))
    except TooMany as refusal:
        refused = [str(refusal)]
    for sentence in refused:
        messages.error(request, sentence)
    return [str(key) for key in [*earlier, *(one.pk for one in stored)]]


@dataclass(frozen=True)
class Held:
    """What stood in a form whose session had ended: values by name, and identifiers of files."""

    values: Mapping[str, str] = field(default_factory=dict)
    uploads: Sequence[uuid.UUID] = ()


def hold_form(request: HttpRequest, values: Mapping[str, str]) -> None:
    """Keeps what stood in a form of this page, and its files, in the session, for the person whose page it was."""
    writer = request.POST.get("writer", "")
    if was_here(request, writer):
        kept = {name: value[:DRAFT_MAX] for name, value in values.items()}
        request.session[_HELD_FORM] = {
            "path": request.path,
            "writer": writer,
            "values": kept,
            "uploads": _held_files(request),
        }
        messages.info(request, _SESSION_ENDED)


def held_form(request: HttpRequest) -> Held:
    """What was held for this page and this person, once; nothing of what another person wrote."""
    held = request.session.get(_HELD_FORM)
    if not held or held["path"] != request.path:
        return Held()
    del request.session[_HELD_FORM]
    if held["writer"] != str(request.user.pk):
        return Held()
    messages.info(request, _BACK_AGAIN)
    return Held(held["values"], read_uuids(held["uploads"]))


def restore_held(request: HttpRequest, appeal: Appeal) -> None:
    """Makes a draft of what was held for this page and this person; what another person wrote is forgotten."""
    held = request.session.get(_HELD)
    if not held or held["path"] != request.path:
        return
    del request.session[_HELD]
    if held["writer"] != str(request.user.pk):
        return
    uploads = read_uuids(held["uploads"])
    keep_draft(
        request.user,  # type: ignore[arg-type]
        appeal,
        held["verb"],
        text=held["text"],
        uploads=uploads,
        browser=browser_of(request),
    )
    messages.info(request, _BACK_AGAIN)
