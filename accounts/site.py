"""The admin's site: entered by the one log-in page, by whoever may do anything there."""

from __future__ import annotations

import functools
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse

from accounts.posts import Right
from accounts.roles import standing_of
from geo.words import trimming

_METHODS = ("GET", "HEAD", "POST")


class CityAdminSite(admin.AdminSite):
    """No log-in form and no page for passwords of its own; nothing in a request that the database cannot take."""

    def has_permission(self, request: HttpRequest) -> bool:
        """True for the operator's staff and for the Mayor's Office."""
        user = request.user
        return user.is_active and (getattr(user, "is_staff", False) or standing_of(user).may(Right.ADMIN))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """To the log-in page and back; 403 for whoever is logged in and may not enter."""
        index = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        if request.user.is_authenticated:
            raise PermissionDenied
        # Where that leads is checked when somebody has logged in.
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or index)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """To the page that everybody uses, where tries are counted."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The view, guarded: 405 for a method that no page here takes, 400 for a NUL, which no column can hold."""
        guarded = super().admin_view(view, cacheable)

        @functools.wraps(guarded)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method not in _METHODS:
                return HttpResponseNotAllowed(_METHODS)
            sent = [request.path, *_said(request.GET)]
            if request.method == "POST":
                sent += _said(request.POST)
            if any("\x00" in text for text in sent):
                raise SuspiciousOperation("NUL in a request to the admin")
            return guarded(request, *args, **kwargs)

        return checked

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Registers the model; what its pages do of themselves goes before what ``admin_class`` inherits from Django."""
        own = admin_class or admin.ModelAdmin
        super().register(model_or_iterable, type(own.__name__, (_Strict, own), {}), **options)


class _List(ChangeList):
    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except OverflowError as error:
            # A year of 400 digits; Django itself knows only of years that are no numbers.
            raise IncorrectLookupParameters(error) from error

    def get_results(self, request: HttpRequest) -> None:
        """Django asks whether a lookup exists; whether its value means anything is known when the database is asked."""
        try:
            with transaction.atomic():
                super().get_results(request)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            if not self.params:
                raise
            raise IncorrectLookupParameters(error) from error


class _Strict(admin.ModelAdmin):
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _List

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        # Nobody links to prefilled forms, and Django gives whatever the address says to the widgets, unread.
        return {}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return trimming(field) if isinstance(field, forms.CharField) else field


def _said(form: Any) -> list[str]:
    return [text for name, values in form.lists() for text in (name, *values)]
