"""Who is signed in as a resident: a cookie of its own, which gives no rights at the desk, nor does the desk's log-in give any here."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from appeals.intake.sign_in import signed_in
from appeals.limits import SIGNED_IN_DAYS
from appeals.models import Resident

_COOKIE: Final = "resident"


def device_secret(request: HttpRequest) -> str:
    """The secret of this device; empty where nobody has signed in."""
    return request.COOKIES.get(_COOKIE, "")


def resident_of(request: HttpRequest) -> Resident | None:
    """Who is signed in in this browser as a resident."""
    return signed_in(device_secret(request))


def address_of_resident(request: HttpRequest) -> str:
    """The e-mail address of whoever is; empty for nobody."""
    resident = resident_of(request)
    return resident.email if resident is not None else ""


def keep_signed_in(response: HttpResponse, secret: str) -> None:
    """Has the browser keep the secret of its device."""
    age_s, secure = SIGNED_IN_DAYS * 86_400, settings.SESSION_COOKIE_SECURE
    response.set_cookie(_COOKIE, secret, max_age=age_s, secure=secure, httponly=True, samesite="Lax")


def forget_device(response: HttpResponse) -> None:
    """Has the browser forget it."""
    response.delete_cookie(_COOKIE, samesite="Lax")
