"""The author's own page of an appeal: the receipt, and what only the author may do. The secret link is the key."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.roles import Role
from appeals.actions.residents import contacts_of
from appeals.actors import Author
from appeals.dossier import dossier_of
from appeals.guards import correctable_until, why_not_correctable
from appeals.models import Appeal
from appeals.notify.proof import PROOF, prove
from appeals.notify.subscriptions import AuthorsLetters, path_for
from appeals.notify.web_push import public_key
from appeals.workflow import ADD, AMEND
from public.key_addresses import guarded
from public.residents import resident_of
from public.views.mine import mine_page
from web.uploads import holders_of
from web.verb_forms import Attempt, attempt, verb_context


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The appeal with its receipt and the author's verbs; POST sends one of them.

    404 for an unknown secret, with the ways to one's appeal. From a letter it is opened with the proof of the address,
    which is taken first.
    """
    appeal = _appeal_of(secret)
    if appeal is None:
        return guarded(mine_page(request, status=HTTPStatus.NOT_FOUND, lost=True))
    if PROOF in request.GET and request.method == "GET":
        if prove(appeal.contact, request.GET[PROOF]):
            # Whoever has the proof reads that mailbox.
            words = _("%(email)s is confirmed: you will be told of each step there.")
            messages.success(request, words % {"email": appeal.contact.email})
        return guarded(redirect("public:follow", secret=secret))
    tried = Attempt()
    if request.method == "POST":
        tried = attempt(request, appeal, Role.RESIDENT, Author(appeal.pk, holders=holders_of(request)))
        if tried.done:
            messages.success(request, tried.done)
            return guarded(redirect("public:follow", secret=secret))
        appeal = _appeal_of(secret) or appeal
    dossier = dossier_of(appeal, AnonymousUser(), internal=False)
    context = verb_context(appeal, Role.RESIDENT, tried, dossier.clock, said_before=dossier.said_before)
    resident = resident_of(request)
    may_correct = any(form.row is AMEND for form in context["forms"])
    context |= {
        "correctable_until": correctable_until(appeal) if may_correct else None,
        "why_not_correctable": ""
        if may_correct or not appeal.is_open
        else why_not_correctable(appeal, timezone.now()),
        "may_add": any(form.row is ADD for form in context["forms"]),
        "dossier": dossier,
        "appeal": appeal,
        "tells_why": True,
        "has_files": appeal.hidden and appeal.attachments.exists(),
        "is_new": "new" in request.GET
        and appeal.version == (2 if appeal.is_held else 1)
        and request.method != "POST",
        "push_key": public_key(),
        "resident": resident,
        "in_account": resident is not None and contacts_of(resident).filter(appeal=appeal).exists(),
        "follow_path": request.path,
        "letters_path": path_for(AuthorsLetters(appeal.contact)) if appeal.contact.unsubscribed else "",
    }
    response = tried.shown_in(render(request, "public/follow.html", context))
    return guarded(response)


def _appeal_of(secret: str) -> Appeal | None:
    if "\x00" in secret:
        return None
    return Appeal.objects.with_names().select_related("contact").filter(contact__secret=secret).first()
