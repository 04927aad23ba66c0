"""The door of a resident's comments: whoever has signed in says something of an appeal, and takes it back."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.actions.comment import comment_on, take_back_comment
from appeals.errors import Invalid, NotAllowed
from appeals.identifiers import new_uuid7
from appeals.intake.parse import uuid7
from appeals.models import Appeal
from geo.numbers import key_or_0
from geo.refusals import ValueRefused
from public.residents import resident_of
from public.views.appeal import Commenting, appeal_response
from rates.senders import sender_of
from rates.taking import TooMany
from web.discussion import address_of
from web.limits import refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def comments_page(request: HttpRequest, number: int) -> HttpResponse:
    """Publishes the words of the form (``do=say``), or takes the resident's ``comment`` back (``take-back``); a GET leads to the appeal.

    Whatever was typed stands in the page that says why it is not published: 400 for words that cannot be taken, 403 for
    whoever is not signed in, 409 where comments are not taken (any more), 429 for many. 404 for an appeal that is not
    public: there a comment can be taken back alone.
    """
    appeal = Appeal.objects.with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    if request.POST.get("do") == "take-back":
        return _take_back(request, appeal)
    if appeal.hidden:
        raise Http404
    if request.method != "POST":
        return redirect(f"{appeal.get_absolute_url()}#comments")
    if request.POST.get("do") != "say":
        raise BadRequest
    return _say(request, appeal)


def _say(request: HttpRequest, appeal: Appeal) -> HttpResponse:
    words = request.POST.get("text", "")

    def again(status: HTTPStatus, why: str) -> HttpResponse:
        return appeal_response(request, appeal, commenting=Commenting(words, why), status=status)

    resident = resident_of(request)
    if resident is None:
        return again(HTTPStatus.FORBIDDEN, _("Sign in first: your comment is not published yet."))
    try:
        comment = comment_on(
            appeal,
            resident,
            words,
            key=_key(request.POST.get("id")),
            language=get_language() or settings.LANGUAGE_CODE,
            sender=sender_of(request),
        )
    except Invalid as refusal:
        return again(HTTPStatus.BAD_REQUEST, str(refusal))
    except NotAllowed as refusal:
        return again(HTTPStatus.CONFLICT, str(refusal))
    except TooMany as refusal:
        return refused(again(HTTPStatus.TOO_MANY_REQUESTS, str(refusal)), refusal)
    messages.success(request, _("Your comment is published."))
    return redirect(address_of(comment))


def _key(text: str | None) -> UUID:
    """That of the form; one of ours where it has lost it."""
    try:
        return uuid7(text)
    except ValueRefused:
        return new_uuid7()


def _take_back(request: HttpRequest, appeal: Appeal) -> HttpResponse:
    resident = resident_of(request)
    if resident is None:
        if appeal.hidden:
            raise Http404  # as of a number that nobody has
        return redirect("public:mine-account")
    if take_back_comment(appeal, resident, key_or_0(request.POST.get("comment", ""))):
        messages.success(request, _("Your comment is taken back: nobody sees it any more."))
    # The list of one's own, where the appeal has no page.
    return redirect("public:mine-account" if appeal.hidden else f"{appeal.get_absolute_url()}#comments")
