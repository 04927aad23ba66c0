"""Pages for passwords: allauth's, where what is tried too often is answered with 429 and the form as it was."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import views
from allauth.account.decorators import reauthentication_required
from allauth.mfa.base import views as mfa_views
from allauth.mfa.totp import views as totp_views
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from accounts import keys
from accounts.adapter import TOO_MANY
from accounts.forms import ApiKeyForm, LetterChoiceForm
from accounts.letters import DAILY_AT, choice_of, may_choose
from accounts.second_factor import lacks_second_factor, to_second_factor
from geo.numbers import whole_number
from geo.refusals import Refused


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


@method_decorator(never_cache, name="dispatch")
class Letters(LoginRequiredMixin, FormView[LetterChoiceForm]):
    """How the letters of the own service's desk come, and when they do not. 403 for whoever belongs to no service."""

    http_method_names = ("get", "head", "post", "options")
    template_name = "account/letters.html"
    form_class = LetterChoiceForm
    success_url = reverse_lazy("account_letters")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not may_choose(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        user: Any = self.request.user
        return super().get_form_kwargs() | {"user": user, "choice": choice_of(user)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        return super().get_context_data(choice=choice_of(user), daily_at=DAILY_AT, **kwargs)

    def form_valid(self, form: LetterChoiceForm) -> HttpResponse:
        form.save()
        messages.success(self.request, _("Your choice is kept."))
        return super().form_valid(form)

    def form_invalid(self, form: LetterChoiceForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = HTTPStatus.BAD_REQUEST
        return response


class _OfKeys(LoginRequiredMixin):
    """For whoever may have API keys; 403 for others. Whoever must have a second factor sets it up first."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            if not keys.may_have_keys(request.user):
                raise PermissionDenied
            if lacks_second_factor(request.user):
                return to_second_factor(request)
        return super().dispatch(request, *args, **kwargs)


@method_decorator(never_cache, name="dispatch")
class Keys(_OfKeys, TemplateView):
    """The own API keys; POST revokes one."""

    http_method_names = ("get", "head", "post", "options")
    template_name = "account/keys.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        return super().get_context_data(keys=keys.kept_of(user), now=timezone.now(), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        number = whole_number(request.POST.get("key", ""), digits=9)
        key = keys.kept_of(user).filter(pk=number).first() if number is not None else None
        if key is None:
            messages.error(request, _("Nothing was done: that key is not there any more."))
        else:
            keys.revoke(user, key)
            messages.success(request, _("The key “%(name)s” opens nothing any more.") % {"name": key.name})
        return redirect("account_keys")


class _AfterPassword:
    @method_decorator(reauthentication_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


@method_decorator(never_cache, name="dispatch")
class NewKey(_OfKeys, _AfterPassword, FormView[ApiKeyForm]):
    """Makes an API key, for who has just given the password; its text is on the page that follows, and nowhere later."""

    http_method_names = ("get", "head", "post", "options")
    template_name = "account/key_new.html"
    form_class = ApiKeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"choices": [context["form"][name] for name in ("scopes", "days")]}

    def form_valid(self, form: ApiKeyForm) -> HttpResponse:
        user: Any = self.request.user
        try:
            key, text = keys.make(user, **form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        return self.render_to_response(self.get_context_data(form=form, key=key, text=text))

    def form_invalid(self, form: ApiKeyForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = HTTPStatus.BAD_REQUEST
        return response
