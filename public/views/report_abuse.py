"""Reporting what must not be read in an appeal: no account, once a browser, for the Mayor's Office alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.actions.abuse_reports import TEXT_PART, parts_to_report, report_abuse
from appeals.errors import NotAllowed
from appeals.identifiers import new_secret
from appeals.limits import ABUSE_WORDS_MAX
from appeals.models import AbuseReport, Appeal
from geo.refusals import Refused
from public.key_addresses import guarded
from public.residents import keep_supporter, supporter_secret
from rates.senders import sender_of
from rates.taking import TooMany
from web.limits import refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_abuse_page(request: HttpRequest, number: int) -> HttpResponse:
    """The form; POST reports. 400 with what is wrong and all that was given; 404 for an appeal that not everybody sees; 429.

    ``?part=`` chooses what of the appeal it is about.
    """
    appeal = Appeal.objects.public().with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    if request.method != "POST":
        return _page(request, appeal, part=request.GET.get("part", TEXT_PART))
    # What tells browsers apart for supports tells them apart here; the two are kept with different keys.
    secret = supporter_secret(request) or new_secret()
    given: dict[str, Any] = {name: request.POST.get(name, "") for name in ("reason", "part", "words")}
    try:
        received = report_abuse(appeal, **given, person=secret, sender=sender_of(request))
    except NotAllowed:
        raise Http404 from None
    except Refused as refusal:
        return _page(request, appeal, status=HTTPStatus.BAD_REQUEST, errors=refusal.errors, **given)
    except TooMany as refusal:
        return refused(_page(request, appeal, too_many=str(refusal), **given), refusal)
    response = _page(request, appeal, received=received)
    keep_supporter(response, secret)
    return response


def _page(
    request: HttpRequest, appeal: Appeal, *, status: int = HTTPStatus.OK, **context: object
) -> HttpResponse:
    context["appeal"] = appeal
    if "received" not in context:
        context |= {
            "reasons": AbuseReport.Reason.choices,
            "parts": parts_to_report(appeal),
            "words_max": ABUSE_WORDS_MAX,
        }
    return guarded(render(request, "public/report_abuse.html", context, status=status))
