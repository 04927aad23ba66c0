"""The public page of one appeal."""

from __future__ import annotations

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
from appeals.dossier import dossier_of, reason_hidden
from appeals.gathering import may_be_supported
from appeals.models import Appeal
from appeals.notify.web_push import public_key
from geo.drawn import Shape
from geo.refusals import Errors
from public.residents import address_of_resident, supporter_secret
from web.caching import kept_for_offline

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


@require_safe
def appeal_page(request: HttpRequest, number: int) -> HttpResponse:
    """The appeal for whoever may see it; 404 for an unknown number and for one that the Mayor's Office has yet to look at, 410 for one
    that it has hidden."""
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
    request: HttpRequest, appeal: Appeal, *, answering: Answering | None = None, status: int = 200
) -> HttpResponse:
    """The page of an appeal that the reader may see, loaded ``with_names``; ``answering`` is what they have just sent."""
    secret, email = supporter_secret(request), address_of_resident(request)
    may_support = may_be_supported(appeal, timezone.now())
    dossier = dossier_of(appeal, request.user, internal=False)
    asked = next(
        (tally.attribute for tally in dossier.tallies if tally.attribute.active and may_support), None
    )
    if asked is not None and answering is None:
        answering = _answered(appeal, secret, email)
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
        },
        status=status,
    )


def _answered(appeal: Appeal, secret: str, email: str) -> Answering:
    """What the reader answers now."""
    reply = reply_of(appeal, secret, email=email)
    if reply is None:
        return Answering()
    place = f"{reply.point.y:.6f}, {reply.point.x:.6f}" if reply.point else ""
    return Answering(reply.value.code, place)
