"""The author's own page of an appeal: the receipt, and what only the author may do. The secret link is the key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.roles import Role
from appeals.actions.perform import perform
from appeals.actors import Author
from appeals.dossier import dossier_of
from appeals.errors import ActionRefused, Invalid, Stale
from appeals.models import Appeal
from appeals.timeline import Step, steps_of
from web.verb_forms import UnknownVerb, VerbForm, done_words, forms_for, sent_form


@dataclass(frozen=True)
class _Attempt:
    """What became of a form that was sent; without a ``message`` it was done."""

    status: int = 200
    message: str = ""
    form: VerbForm | None = None
    since: tuple[Step, ...] = ()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The appeal with its receipt and the author's verbs; POST sends one of them. 404 for an unknown secret."""
    find = partial(_appeal_of, secret)
    appeal = find()
    attempt = _Attempt()
    if request.method == "POST":
        attempt = _attempt(request, appeal)
        if not attempt.message:
            return _guarded(redirect("public:follow", secret=secret))
        appeal = find()
    context = {
        "dossier": dossier_of(appeal, internal=False),
        "appeal": appeal,
        "is_new": "new" in request.GET and appeal.version == 1,
        "follow_path": request.path,
        "forms": forms_for(appeal, Role.RESIDENT, attempt.form),
        "attempt": attempt,
    }
    return _guarded(render(request, "public/follow.html", context, status=attempt.status))


def _appeal_of(secret: str) -> Appeal:
    appeal = (
        Appeal.objects.with_names().filter(contact__secret=secret).first() if "\x00" not in secret else None
    )
    if appeal is None:
        raise Http404
    return appeal


def _attempt(request: HttpRequest, appeal: Appeal) -> _Attempt:
    try:
        form = sent_form(request.POST, request.FILES, Role.RESIDENT)
    except UnknownVerb:
        return _Attempt(400, _("This form is not one of ours. Please use the buttons below."))
    if not form.is_valid():
        return _Attempt(400, _joined(form), form)
    try:
        version = form.cleaned_data["version"]
        changed = perform(appeal.pk, form.row, Author(appeal.pk), version=version, **form.given())
    except Stale as stale:
        seen = [event for event in stale.since if event.public]
        return _Attempt(409, str(stale), form, tuple(steps_of(seen)))
    except Invalid as invalid:
        form.refuse(invalid.errors)
        return _Attempt(400, str(invalid), form)
    except ActionRefused as refusal:
        return _Attempt(409, str(refusal), form)
    messages.success(request, done_words(form.words, changed))
    return _Attempt()


def _joined(form: VerbForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def _guarded(response: HttpResponse) -> HttpResponse:
    """The address is a key: it must not leak to other sites, to search engines or into a frame.

    ``same-origin`` rather than ``no-referrer``: under the latter a browser sends the page's own forms with the origin
    ``null``, which the check against forged requests refuses.
    """
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
