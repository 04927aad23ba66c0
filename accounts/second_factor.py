"""The second step of logging in: who must have one, and what nobody may do without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.adapter import too_many_error
from accounts.models import User
from accounts.roles import standing_of
from bootstrap.variables import SecondFactor
from config.city import CITY
from rates.taking import SECOND_FACTOR, TooMany, give_back, take


class MFAAdapter(DefaultMFAAdapter):
    """Names the city in authenticator apps and keys, and binds keys to the public host, whatever a request names."""

    def _get_site_name(self) -> str:
        return CITY.name.get(get_language() or "", CITY.code)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": settings.PUBLIC_HOST, "name": self._get_site_name()}


class _Counted:
    """So many wrong codes of one person: a code has six digits. Whoever tries them knows the password."""

    user: User

    def clean_code(self) -> str:
        sender = str(self.user.pk)
        try:
            take(SECOND_FACTOR, sender)
        except TooMany as refusal:
            raise too_many_error(refusal) from refusal
        code = str(super().clean_code())  # type: ignore[misc]
        give_back(SECOND_FACTOR, sender)
        return code


class CountedAuthenticateForm(_Counted, AuthenticateForm):
    """A code after the password."""


class CountedReauthenticateForm(_Counted, ReauthenticateForm):
    """A code before something that matters."""


class CountedActivateForm(_Counted, ActivateTOTPForm):
    """The first code of an app."""


def has_second_factor(user: User) -> bool:
    """True when logging in takes a code or a key besides the password; one query."""
    enabled: bool = get_adapter().is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
    return enabled


def remove_second_factor(user: User) -> int:
    """How many apps, keys and sets of recovery codes the person had; afterwards the password is enough."""
    removed, _by_model = Authenticator.objects.filter(user=user).delete()
    return removed


def needs_second_factor(user: User | AnonymousUser) -> bool:
    """True for whoever must have a second factor by ``SECOND_FACTOR``."""
    standing = standing_of(user)
    match settings.SECOND_FACTOR:
        case SecondFactor.OFFICE:
            return standing.office or bool(standing.rights)
        case SecondFactor.STAFF:
            return standing.works_here
        case _:
            return False


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """True for whoever must have a second factor and has none."""
    return needs_second_factor(user) and not has_second_factor(user)  # type: ignore[arg-type]


class RequireSecondFactor:
    """Middleware: whoever must have a second factor and has none sets one up first.

    Until then the desk and the admin lead to its page, and everything else is shown as the public sees it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The page of the second factor in the place of a page of the staff."""
        match = request.resolver_match
        if match is None or (match.url_name or "").startswith(("account_", "mfa_")):
            return None
        if not lacks_second_factor(request.user):
            return None
        if not {"desk", "admin"} & set(match.namespaces):
            request.user = AnonymousUser()
            return None
        return to_second_factor(request)


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """To the page on which a second factor is set up, with the reason."""
    messages.info(request, _("Your post needs a second step to log in. Set it up first."))
    return redirect("mfa_index")
