"""The author's own page of an appeal: the receipt, and what only the author may do. The secret link is the key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.roles import Role
from appeals.actions.change import Actor
from appeals.actions.close import close
from appeals.actions.reopen import reopen
from appeals.dossier import dossier_of
from appeals.errors import ActionRefused, Invalid, Stale
from appeals.limits import TEXT_MAX
from appeals.models import Appeal
from appeals.timeline import Step, steps_of
from appeals.workflow import Verb, verbs_for

_AUTHOR = Actor(Role.RESIDENT)


class AuthorForm(forms.Form):
    """What the author sends: the step, the version that was on the screen, and the reason of reopening."""

    verb = forms.ChoiceField(choices=[(verb.value, verb.value) for verb in (Verb.CLOSE, Verb.REOPEN)])
    version = forms.IntegerField(min_value=0)
    text = forms.CharField(required=False, max_length=TEXT_MAX)


@dataclass(frozen=True)
class _Refused:
    """What the page says when a step was not taken; the words typed are shown again."""

    status: int = 200
    message: str = ""
    text: str = ""
    since: tuple[Step, ...] = ()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The appeal with its receipt; POST closes or reopens it. 404 for an unknown secret."""
    find = partial(_appeal_of, secret)
    appeal = find()
    refused = _Refused()
    if request.method == "POST":
        refused = _act(request, appeal)
        if not refused.message:
            return _guarded(redirect("public:follow", secret=secret))
        appeal = find()
    verbs = set(verbs_for(appeal.status, Role.RESIDENT, hidden=appeal.hidden))
    context = {
        "dossier": dossier_of(appeal, internal=False),
        "appeal": appeal,
        "is_new": "new" in request.GET and appeal.version == 1,
        "follow_path": request.path,
        "can_close": Verb.CLOSE in verbs,
        "can_reopen": Verb.REOPEN in verbs,
        "refused": refused,
        "text_max": TEXT_MAX,
    }
    return _guarded(render(request, "public/follow.html", context, status=refused.status))


def _appeal_of(secret: str) -> Appeal:
    appeal = (
        Appeal.objects.with_names().filter(contact__secret=secret).first() if "\x00" not in secret else None
    )
    if appeal is None:
        raise Http404
    return appeal


def _act(request: HttpRequest, appeal: Appeal) -> _Refused:
    form = AuthorForm(request.POST)
    text = request.POST.get("text", "")
    if not form.is_valid():
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _Refused(400, sentence, text)
    step, version = Verb(form.cleaned_data["verb"]), form.cleaned_data["version"]
    try:
        if step is Verb.CLOSE:
            close(appeal.pk, _AUTHOR, version=version)
            messages.success(request, _("Thank you. The appeal is closed."))
        else:
            reopen(appeal.pk, _AUTHOR, version=version, text=text)
            messages.success(request, _("The appeal is open again; the service has been told."))
    except Stale as stale:
        seen = [event for event in stale.since if event.public]
        return _Refused(409, str(stale), text, tuple(steps_of(seen)))
    except Invalid as invalid:
        return _Refused(400, str(invalid), text)
    except ActionRefused as refusal:
        return _Refused(409, str(refusal), text)
    return _Refused()


def _guarded(response: HttpResponse) -> HttpResponse:
    """The address is a key: it must not leak to other sites, to search engines or into a frame."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
