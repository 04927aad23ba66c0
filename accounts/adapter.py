"""How allauth behaves here: nobody signs up, guessing is slowed, links lead to the public address."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from rates.senders import address_of
from rates.taking import LOG_IN, LOG_IN_ADDRESS, Limit, TooMany, give_back, take

#: Code of the error of a form whose tries are used up; its ``params`` are those of ``TooMany``.
TOO_MANY = "too_many"


def too_many_error(refusal: TooMany) -> ValidationError:
    """The refusal as an error of a form, which ``accounts.views`` answers with 429."""
    return ValidationError(str(refusal), code=TOO_MANY, params={"retry_after_s": refusal.retry_after_s})


def account_key(written: str) -> str:
    """The account that is meant, however it is written: the database finds it whatever the case of its letters."""
    return unicodedata.normalize("NFKC", written.strip()).casefold().upper().casefold()


class StaffOnlyAdapter(DefaultAccountAdapter):
    """The operator creates accounts; residents need none, and theirs are no users (``appeals.intake.sign_in``)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The person of these credentials; every password of every page is checked here.

        A wrong one is counted against the address for this account, and against the address: never against the account
        alone, or anybody could lock its owner out. Raises ``ValidationError`` when there have been too many.
        """
        tries = _tries(request, str(credentials.get("email") or credentials.get("username") or ""))
        taken: list[tuple[Limit, str]] = []
        try:
            # Before the password is checked: of those that are sent at once, no more are tried.
            for limit, sender in tries:
                take(limit, sender)
                taken.append((limit, sender))
        except TooMany as refusal:
            _undo(taken)
            raise too_many_error(refusal) from refusal
        person: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if person is not None:
            _undo(taken)
        return person

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        super().send_mail(template_prefix, email, {**context, "public_url": settings.PUBLIC_URL})

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Not of the host that the request named, which anybody may choose.
        return settings.PUBLIC_URL + urlsplit(super().get_reset_password_from_key_url(key)).path


def _tries(request: HttpRequest, account: str) -> list[tuple[Limit, str]]:
    address = address_of(request)
    return [(LOG_IN, f"{address} {account_key(account)}"), (LOG_IN_ADDRESS, address)]


def _undo(taken: list[tuple[Limit, str]]) -> None:
    for limit, sender in taken:
        give_back(limit, sender)
