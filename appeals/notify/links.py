"""A letter with the links to the author's own pages, for whoever has lost them and asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from appeals.models import AppealContact
from appeals.notify.proof import own_page


def links_letter(contacts: Sequence[AppealContact], language: str) -> EmailMessage:
    """The letter to the address that all of them name, in the language; none of the sender's words is in it.

    Of a contact: its appeal with the category.
    """
    with translation.override(language):
        body = render_to_string(
            "appeals/notify/links.txt",
            {
                "pages": [
                    (contact.appeal, f"{settings.PUBLIC_URL}{own_page(contact)}") for contact in contacts
                ],
                "city": settings.CITY_NAME.get(language, ""),
            },
        )
        return EmailMessage(
            subject=_("The links to your appeals"),
            body=body.strip() + "\n",
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[contacts[0].email],
            headers={"Auto-Submitted": "auto-replied"},
        )
