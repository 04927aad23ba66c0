"""Pages for passwords: allauth's, where what is tried too often is answered with 429 and the form as it was."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.totp import views as totp_views
from django.http import HttpResponse

from accounts.adapter import TOO_MANY


class _Slowed:
    """A form whose error ``TOO_MANY`` is answered with 429 and Retry-After."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        for error in (error for errors in form.errors.as_data().values() for error in errors):
            if error.code == TOO_MANY:
                response.status_code = HTTPStatus.TOO_MANY_REQUESTS
                response["Retry-After"] = str(error.params["retry_after_s"])
        return response


class LogIn(_Slowed, views.LoginView):
    """The one log-in page."""


class Reauthenticate(_Slowed, views.ReauthenticateView):
    """The password again, before something that matters."""


class ResetPassword(_Slowed, views.PasswordResetView):
    """Has a link to a new password sent."""


class ChangePassword(_Slowed, views.PasswordChangeView):
    """A new password for who knows the old one."""


class SecondStep(_Slowed, mfa_views.AuthenticateView):
    """A code or a key after the password."""


class ConfirmByCode(_Slowed, mfa_views.ReauthenticateView):
    """A code before something that matters."""


class ActivateApp(_Slowed, totp_views.ActivateTOTPView):
    """An app that shows codes becomes the second factor."""
