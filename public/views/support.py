"""“It concerns me too”: the door of those who have not written an appeal themselves. No account; the browser is the person."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.actions.support import support, take_back
from appeals.errors import NotAllowed
from appeals.identifiers import new_secret
from appeals.limits import SECRET_MAX
from appeals.models import Appeal
from public.residents import address_of_resident
from rates.senders import sender_of

_COOKIE: Final = "supporter"
#: As long as browsers keep one.
_COOKIE_AGE_S: Final = 400 * 86_400


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def support_page(request: HttpRequest, number: int) -> HttpResponse:
    """Supports the appeal or takes it back (``supported=yes`` or ``no``), and leads to its page, as a GET does.

    404 for an appeal that the reader may not see; 429 when too much was supported.
    """
    appeal = Appeal.objects.visible_to(request.user).filter(number=number).first()
    if appeal is None:
        raise Http404
    response = redirect(f"{appeal.get_absolute_url()}#support")
    if request.method != "POST":
        return response
    secret = secret_of(request)
    match request.POST.get("supported"):
        case "yes":
            secret = secret or new_secret()
            try:
                support(appeal, secret, sender=sender_of(request), email=address_of_resident(request))
            except NotAllowed:
                messages.error(request, _("This appeal is closed: nobody can support it any more."))
                return response
            response.set_cookie(
                _COOKIE,
                secret,
                max_age=_COOKIE_AGE_S,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        case "no":
            take_back(appeal, secret, email=address_of_resident(request))
        case _:
            raise BadRequest
    return response


def secret_of(request: HttpRequest) -> str:
    """What the browser is known by to supports; empty when it has never supported anything."""
    secret = request.COOKIES.get(_COOKIE, "")
    return secret if len(secret) <= SECRET_MAX else ""
