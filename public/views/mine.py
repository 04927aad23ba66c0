"""A resident's own appeals: those sent from this device, and a way back to those whose link is lost."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from appeals.intake.lost_links import send_links
from appeals.limits import EMAIL_MAX
from geo.refusals import Refused
from rates.senders import sender_of
from rates.taking import TooMany
from web.caching import kept_for_offline
from web.limits import refused


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """The appeals of this device, which its script lists; POST has the links sent that were lost, to an e-mail address."""
    if request.method != "POST":
        return kept_for_offline(mine_page(request), request)
    response = _asked(request)
    add_never_cache_headers(response)
    return response


def mine_page(request: HttpRequest, *, status: int = HTTPStatus.OK, **context: object) -> HttpResponse:
    """The page; ``lost`` in the context says that a link led to no appeal."""
    return render(request, "public/mine.html", {"email_max": EMAIL_MAX, **context}, status=status)


def _asked(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "").strip()
    try:
        send_links(email, sender=sender_of(request))
    except Refused as refusal:
        return mine_page(request, status=HTTPStatus.BAD_REQUEST, email=email, errors=refusal.errors["email"])
    except TooMany as refusal:
        return refused(mine_page(request, email=email, errors=[str(refusal)]), refusal)
    return mine_page(request, sent_to=email)
