"""The letter with which somebody who was invited chooses a password."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from rates.taking import PASSWORD_RESET, take


def send_invitation(person: User) -> None:
    """Sends the link, in the language of whoever asks for it; it holds for ``PASSWORD_RESET_TIMEOUT`` and once.

    Raises ``TooMany``, and what the mail server's connection raises.
    """
    take(PASSWORD_RESET, person.email)
    # Not of the host that the request named, which anybody may choose.
    url = settings.PUBLIC_URL + reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)},
    )
    get_adapter().send_mail(
        "account/email/invitation", person.email, {"person": person, "invitation_url": url}
    )
