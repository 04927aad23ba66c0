"""Carries letters by e-mail."""

from __future__ import annotations

from smtplib import (
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from appeals.notify.carriers import Outcome
from appeals.notify.letters import Letter
from appeals.notify.subscriptions import ONE_CLICK

#: "Service not available, closing transmission channel" (RFC 5321, 4.2.3).
_CLOSING = 421


class Mail:
    """One connection to the mail server."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def open(self) -> None:
        self._connection.open()

    def close(self) -> None:
        self._connection.close()

    def send(self, letter: Letter, recipient: str) -> None:
        # The Message-ID depends on the message alone, so that a mailbox shows a repeated delivery once.
        headers = {
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": letter.message_id,
            "Auto-Submitted": "auto-generated",
        }
        if letter.unsubscribe:
            # RFC 2369 and, for one press without opening the page, RFC 8058.
            headers |= {
                "List-Unsubscribe": f"<{letter.unsubscribe}>",
                "List-Unsubscribe-Post": ONE_CLICK,
            }
        EmailMessage(
            subject=letter.subject,
            body=letter.body,
            # The sender of the envelope, to whom it comes back; people see and answer the other.
            from_email=settings.BOUNCES_TO or settings.DEFAULT_FROM_EMAIL,
            to=[recipient],
            headers=headers,
            attachments=[(file.name, file.content, file.mimetype) for file in letter.files],
            connection=self._connection,
        ).send()

    def outcome(self, failure: Exception) -> Outcome:
        match failure:
            case SMTPRecipientsRefused():
                codes = [code for code, _said in failure.recipients.values()]
                return Outcome.NEVER if codes and min(codes) >= 500 else Outcome.LATER
            case SMTPSenderRefused():
                # It is us who are refused, whoever the letter is for.
                return Outcome.AWAY
            case SMTPResponseException() if failure.smtp_code == _CLOSING:
                return Outcome.AWAY
            case SMTPResponseException():
                return Outcome.NEVER if failure.smtp_code >= 500 else Outcome.LATER
            case SMTPServerDisconnected():
                return Outcome.AWAY
            case SMTPException():
                return Outcome.LATER
            case OSError():
                return Outcome.AWAY
            case _:
                return Outcome.LATER
