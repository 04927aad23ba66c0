"""Reporting what must not be read in an appeal: no account, once a browser, for the Mayor's Office alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.actions.abuse_reports import (
    Received,
    no_such_part,
    not_reported_by,
    part_named,
    parts_to_report,
    report_abuse,
)
from appeals.errors import NotAllowed
from appeals.identifiers import new_secret
from appeals.limits import ABUSE_WORDS_MAX
from appeals.models import AbuseReport, Appeal, Comment
from appeals.oddities import is_baited
from geo.refusals import Refused
from public.key_addresses import guarded
from public.residents import keep_supporter, supporter_secret
from rates.senders import sender_of
from rates.taking import TooMany
from web.discussion import address_of
from web.limits import refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_abuse_page(request: HttpRequest, number: int) -> HttpResponse:
    """The form; POST reports. 400 with what is wrong and all that was given; 404 for an appeal that not everybody sees; 429.

    ``?part=`` chooses what of the appeal it is about. Whoever has nothing left to report is told so in the place of the form.
    """
    appeal = Appeal.objects.public().with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    if request.method != "POST":
        return _form(request, appeal, {"part": request.GET.get("part", "")})
    # What tells browsers apart for supports tells them apart here; the two are kept with different keys.
    secret = supporter_secret(request) or new_secret()
    given: dict[str, Any] = {name: request.POST.get(name, "") for name in ("reason", "part", "words")}
    part = part_named(appeal, given["part"])
    try:
        received = report_abuse(
            appeal, **given, person=secret, sender=sender_of(request), baited=is_baited(request.POST)
        )
    except NotAllowed:
        raise Http404 from None
    except Refused as refusal:
        return _form(request, appeal, given, status=HTTPStatus.BAD_REQUEST, errors=dict(refusal.errors))
    except TooMany as refusal:
        return refused(_form(request, appeal, given, too_many=str(refusal)), refusal)
    response = _page(request, appeal, part.comment if part else None, received=received)
    keep_supporter(response, secret)
    return response


def _form(
    request: HttpRequest,
    appeal: Appeal,
    given: dict[str, Any],
    *,
    status: int = HTTPStatus.OK,
    errors: dict[str, Any] | None = None,
    **context: object,
) -> HttpResponse:
    """The form with what was ``given``: about the comment that it names, or what is the appeal's own."""
    part, errors = part_named(appeal, given["part"]), dict(errors or {})
    comment = part.comment if part else None
    parts = [part] if part and comment else parts_to_report(appeal)
    if secret := supporter_secret(request):
        parts = not_reported_by(secret, appeal, parts)
    if not parts:
        return _page(request, appeal, comment, received=Received.BEFORE)
    if part is None:
        errors.setdefault("part", [no_such_part()])
    return _page(
        request,
        appeal,
        comment,
        status=status,
        # No picture stands in a comment.
        reasons=[
            (reason.value, reason.label)
            for reason in AbuseReport.Reason
            if not comment or reason is not AbuseReport.Reason.PICTURE
        ],
        parts=parts,
        words_max=ABUSE_WORDS_MAX,
        errors=errors,
        **given,
        **context,
    )


def _page(
    request: HttpRequest,
    appeal: Appeal,
    comment: Comment | None,
    *,
    status: int = HTTPStatus.OK,
    **context: object,
) -> HttpResponse:
    context |= {
        "appeal": appeal,
        "comment": comment,
        "back_url": address_of(comment) if comment else appeal.get_absolute_url(),
    }
    return guarded(render(request, "public/report_abuse.html", context, status=status))
