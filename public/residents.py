"""Who is signed in as a resident: a cookie of its own, which gives no rights at the desk, nor does the desk's log-in give any here."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from appeals.intake.sign_in import signed_in
from appeals.limits import SECRET_MAX, SIGN_IN_MINUTES, SIGNED_IN_DAYS
from appeals.models import Resident, SignInCode
from geo.numbers import key_or_0

_COOKIE: Final = "resident"
#: The key of the code that this browser has asked for: its page is there again after whatever else was opened.
_ASKED: Final = "sign-in"
_SUPPORTER: Final = "supporter"
#: The number of the appeal that somebody signs in to comment on.
_COMMENT: Final = "comment-on"
#: As long as browsers keep one.
_SUPPORTER_AGE_S: Final = 400 * 86_400


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
    _keep(response, _COOKIE, secret, age_s=SIGNED_IN_DAYS * 86_400)


def forget_device(response: HttpResponse) -> None:
    """Has the browser forget it."""
    response.delete_cookie(_COOKIE, samesite="Lax")


def asked_in(request: HttpRequest) -> str:
    """The key of the code that was asked for in this browser; empty where none was."""
    return request.COOKIES.get(_ASKED, "")


def keep_asked(response: HttpResponse, asked: SignInCode) -> None:
    """Has the browser keep it for as long as the code is good."""
    _keep(response, _ASKED, str(asked.pk), age_s=SIGN_IN_MINUTES * 60)


def forget_asked(response: HttpResponse) -> None:
    """Has the browser forget it."""
    response.delete_cookie(_ASKED, samesite="Lax")


def keep_wish_to_comment(response: HttpResponse, number: int) -> None:
    """Has the browser keep on which appeal its reader wants to comment, for as long as a code is good."""
    _keep(response, _COMMENT, str(number), age_s=SIGN_IN_MINUTES * 60)


def wants_to_comment_on(request: HttpRequest) -> int:
    """The number of the appeal that its reader signs in to comment on; 0 for none."""
    return key_or_0(request.COOKIES.get(_COMMENT, ""))


def forget_wish_to_comment(response: HttpResponse) -> None:
    """Has the browser forget it."""
    response.delete_cookie(_COMMENT, samesite="Lax")


def supporter_secret(request: HttpRequest) -> str:
    """What the browser is known by to supports; empty when it has never supported anything."""
    secret = request.COOKIES.get(_SUPPORTER, "")
    return secret if len(secret) <= SECRET_MAX else ""


def keep_supporter(response: HttpResponse, secret: str) -> None:
    """Has the browser keep what it is known by."""
    _keep(response, _SUPPORTER, secret, age_s=_SUPPORTER_AGE_S)


def _keep(response: HttpResponse, name: str, value: str, *, age_s: int) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=age_s, secure=secure, httponly=True, samesite="Lax")
