"""Following somebody else's appeal by letter: asked for with an e-mail address, confirmed and ended by whoever reads it."""

from __future__ import annotations

from http import HTTPStatus

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.identity import mailbox_of
from appeals.intake.followers import ask_by_letter, confirm
from appeals.limits import ALERT_CONFIRM_DAYS, EMAIL_MAX
from appeals.models import Appeal
from appeals.notify.followers import follower_of
from geo.refusals import Refused
from public.key_addresses import guarded
from public.residents import resident_of
from public.views.confirmed import pressed
from rates.senders import sender_of
from rates.taking import TooMany
from web.limits import refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow_by_letter(request: HttpRequest, number: int) -> HttpResponse:
    """The form of an address; POST has it asked whether it follows the appeal. 404 for an appeal that not everybody sees; 429."""
    appeal = Appeal.objects.public().with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    resident = resident_of(request)
    if request.method != "POST":
        return _page(request, appeal, email=resident.email if resident is not None else "")
    email = request.POST.get("email", "").strip()
    try:
        follower = ask_by_letter(appeal, email, sender=sender_of(request), resident=resident)
    except Refused as refusal:
        return _page(request, appeal, status=HTTPStatus.BAD_REQUEST, email=email, errors=refusal.sentences)
    except TooMany as refusal:
        return refused(_page(request, appeal, email=email, errors=[str(refusal)]), refusal)
    # Nobody is told whether the address follows it already, but whoever has proven to read it.
    own = resident is not None and mailbox_of(resident.email) == mailbox_of(follower.email)
    return _page(request, appeal, sent_to=email, follows=own)


def _page(
    request: HttpRequest, appeal: Appeal, *, status: int = HTTPStatus.OK, **context: object
) -> HttpResponse:
    context |= {"appeal": appeal, "email_max": EMAIL_MAX, "confirm_days": ALERT_CONFIRM_DAYS}
    return guarded(render(request, "public/follow_by_letter.html", context, status=status))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def followed_page(request: HttpRequest, token: str) -> HttpResponse:
    """Which appeal an address follows, and the buttons that confirm it and end it, which deletes the address; 404 for no link of ours."""
    try:
        follower = follower_of(token)
    except signing.BadSignature:
        raise Http404 from None
    done = pressed(request, follower, confirm)
    context = {"follower": done.row, "errors": done.errors}
    return guarded(render(request, "public/followed.html", context, status=done.status))
