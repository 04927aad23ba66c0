"""allauth's forms for passwords, whose tries are counted; the log-in's are counted by the adapter."""

from __future__ import annotations

from allauth.account import forms
from allauth.core import context

from accounts.adapter import account_key, too_many_error
from rates.senders import address_of, sender_of
from rates.taking import (
    PASSWORD_CHANGE,
    PASSWORD_RESET,
    PASSWORD_RESET_ACCOUNT,
    PASSWORD_RESET_ADDRESS,
    TooMany,
    give_back,
    take,
)


class ResetPasswordForm(forms.ResetPasswordForm):
    """So many letters from one address, to one person from one address, and to one person from all of them.

    What others ask for in a person's name leaves the person's own tries: only a great many of them do not.
    """

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        address, account = address_of(context.request), account_key(email)
        try:
            take(PASSWORD_RESET_ADDRESS, address)
            take(PASSWORD_RESET, f"{address} {account}")
            take(PASSWORD_RESET_ACCOUNT, account)
        except TooMany as refusal:
            raise too_many_error(refusal) from refusal
        return str(super().clean_email())


class ChangePasswordForm(forms.ChangePasswordForm):
    """So many wrong old passwords of one person."""

    def clean_oldpassword(self) -> str:
        sender = sender_of(context.request)
        try:
            take(PASSWORD_CHANGE, sender)
        except TooMany as refusal:
            raise too_many_error(refusal) from refusal
        password = str(super().clean_oldpassword())
        give_back(PASSWORD_CHANGE, sender)
        return password
