"""The letter with which somebody who was invited chooses a password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User


def password_link(person: User) -> str:
    """Absolute address at which the person chooses a password; it holds for ``PASSWORD_RESET_TIMEOUT`` and once."""
    # Not of the host that a request named, which anybody may choose.
    return settings.PUBLIC_URL + reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)},
    )


def invitation_letter(person: User) -> tuple[str, str]:
    """Subject and text in the language that is active, with ``password_link``."""
    context = {"person": person, "invitation_url": password_link(person), "public_url": settings.PUBLIC_URL}
    subject = render_to_string("account/email/invitation_subject.txt", context)
    return " ".join(subject.split()), render_to_string("account/email/invitation_message.txt", context)
