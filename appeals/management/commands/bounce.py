"""``./manage.py bounce < message``: takes a letter that came back from the mail server."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from appeals.notify.bounces import BYTES_MAX, take_bounce


class Command(BaseCommand):
    help = (
        "Reads a message from its standard input, as a mail server pipes it. Of a delivery status notification (RFC 3464) it "
        "parks the letter that came back, and its address if that takes no mail; all else is said and ignored. Exit code 75 "
        "asks the mail server to come again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if sys.stdin.isatty():
            raise CommandError("Give it the message: ./manage.py bounce < message")
        raw = sys.stdin.buffer.read(BYTES_MAX)
        # Whoever writes into the pipe must not find it closed.
        while sys.stdin.buffer.read(BYTES_MAX):
            pass
        try:
            self.stdout.write(take_bounce(raw))
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is away: {error}", returncode=os.EX_TEMPFAIL) from error
