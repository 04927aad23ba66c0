"""The public page of one appeal."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.roles import Role, standing_of
from appeals.actions.support import supports
from appeals.alerts.question import Question
from appeals.dossier import dossier_of, reason_hidden
from appeals.gathering import may_be_supported
from appeals.models import Appeal
from appeals.notify.web_push import public_key
from geo.drawn import Shape
from public.residents import address_of_resident
from public.views.support import secret_of
from web.caching import kept_for_offline

#: Metres around an appeal in which new ones are offered to be heard of.
_NEARBY_M: Final = 500


@require_safe
def appeal_page(request: HttpRequest, number: int) -> HttpResponse:
    """The appeal for whoever may see it; 404 for an unknown number, 410 for one that the Mayor's Office has hidden."""
    appeal = Appeal.objects.visible_to(request.user).with_names().filter(number=number).first()
    if appeal is None:
        if Appeal.objects.filter(number=number).exists():
            context = {"number": number, "reason": reason_hidden(number)}
            return render(request, "web/errors/410.html", context, status=410)
        raise Http404
    role = standing_of(request.user).role_towards(appeal.service_id)
    response = render(
        request,
        "public/appeal.html",
        {
            "dossier": dossier_of(appeal, request.user, internal=False),
            "appeal": appeal,
            "on_my_desk": role is not Role.PUBLIC,
            "supported": supports(appeal, secret_of(request), email=address_of_resident(request)),
            "nearby": Question(
                shape=Shape.POINT, corners=((appeal.point.x, appeal.point.y),), radius_m=_NEARBY_M
            ).as_query(),
            "may_support": may_be_supported(appeal, timezone.now()),
            "push_key": public_key(),
        },
    )
    return kept_for_offline(response, request)
