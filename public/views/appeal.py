"""The public page of one appeal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.roles import Role, standing_of
from appeals.actions.support import reply_of, supports
from appeals.alerts.question import Question
from appeals.comments import may_be_commented_on, why_not_any_more
from appeals.dossier import dossier_of, reason_hidden
from appeals.gathering import may_be_supported
from appeals.identifiers import new_uuid7
from appeals.limits import COMMENT_MAX
from appeals.models import Appeal, Comment, Resident
from appeals.notify.web_push import public_key
from geo.drawn import Shape
from geo.refusals import Errors
from public.residents import resident_of, supporter_secret
from web.caching import kept_for_offline
from web.discussion import discussion_context

#: Metres around an appeal in which new ones are offered to be heard of.
_NEARBY_M: Final = 500


@dataclass(frozen=True)
class Answering:
    """What stands in the form in which a supporter answers what a proposal asks, and what is wrong with it."""

    value: str = ""
    coordinates: str = ""
    errors: Errors = field(default_factory=dict)

    def refused(self, errors: Errors) -> Answering:
        """The same with these errors."""
        return replace(self, errors=errors)


@dataclass(frozen=True)
class Commenting:
    """What stands in the form of a comment that was not published, and why."""

    text: str
    why: str


@require_safe
def appeal_page(request: HttpRequest, number: int) -> HttpResponse:
    """The appeal for whoever may see it; 404 for an unknown number and for one that the Mayor's Office has yet to look at, 410 for one
    that it has hidden.

    ``comments`` is the cursor of a page of its comments; 400 for what is none.
    """
    appeal = Appeal.objects.visible_to(request.user).with_names().filter(number=number).first()
    if appeal is None:
        hidden = Appeal.objects.filter(number=number).first()
        if hidden is None:
            raise Http404
        # What waits may be there tomorrow; what was hidden is gone.
        status = HTTPStatus.NOT_FOUND if hidden.is_held else HTTPStatus.GONE
        context = {
            "number": number,
            "reason": reason_hidden(number),
            "waits": hidden.is_held,
            "code": int(status),
        }
        return render(request, "web/errors/not_shown.html", context, status=status)
    return kept_for_offline(appeal_response(request, appeal), request)


def appeal_response(
    request: HttpRequest,
    appeal: Appeal,
    *,
    answering: Answering | None = None,
    commenting: Commenting | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of an appeal that the reader may see, loaded ``with_names``.

    ``answering`` and ``commenting`` are what they have just sent.
    """
    resident, now = resident_of(request), timezone.now()
    secret, email = supporter_secret(request), resident.email if resident is not None else ""
    may_support = may_be_supported(appeal, now)
    dossier = dossier_of(appeal, request.user, internal=False)
    asked = next(
        (tally.attribute for tally in dossier.tallies if tally.attribute.active and may_support), None
    )
    if asked is not None and answering is None:
        answering = _answered(appeal, secret, email)
    comments = _comments(request, appeal, resident, now)
    if comments.get("comments_wrong") and status == HTTPStatus.OK:
        status = HTTPStatus.BAD_REQUEST
    role = standing_of(request.user).role_towards(appeal.service_id)
    return render(
        request,
        "public/appeal.html",
        {
            "dossier": dossier,
            "appeal": appeal,
            "on_my_desk": role is not Role.PUBLIC,
            "supported": supports(appeal, secret, email=email),
            "asked": asked,
            "answering": answering,
            "nearby": Question(
                shape=Shape.POINT, corners=((appeal.point.x, appeal.point.y),), radius_m=_NEARBY_M
            ).as_query(),
            "may_support": may_support,
            "push_key": public_key(),
            "resident": resident,
            "commenting": commenting,
            **comments,
        },
        status=status,
    )


def _comments(
    request: HttpRequest, appeal: Appeal, resident: Resident | None, now: dt.datetime
) -> dict[str, object]:
    """Those of a public appeal, and what their form needs: at most four queries, two for most."""
    if appeal.hidden:
        return {}
    shown, own = Comment.objects.shown().filter(appeal=appeal), Comment.objects.filter(resident=resident)
    may_comment = may_be_commented_on(appeal, now)
    return discussion_context(request, shown, appeal.get_absolute_url()) | {
        "may_comment": may_comment,
        "why_no_comments": "" if may_comment else why_not_any_more(appeal, now),
        "new_key": new_uuid7(),
        "own_comments": own.filter(appeal=appeal).count() if resident is not None else 0,
        "most": COMMENT_MAX,
    }


def _answered(appeal: Appeal, secret: str, email: str) -> Answering:
    """What the reader answers now."""
    reply = reply_of(appeal, secret, email=email)
    if reply is None:
        return Answering()
    place = f"{reply.point.y:.6f}, {reply.point.x:.6f}" if reply.point else ""
    return Answering(reply.value.code, place)
