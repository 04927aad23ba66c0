"""Taking from a limit, at the action that it limits: whatever the door, what is refused is refused there.

Outside of the action's transaction: what it refuses afterwards is counted all the same, and nobody waits for its end.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from bootstrap.rates import DEFAULTS, Rate
from rates.models import Bucket
from rates.querysets import Wanted


@dataclass(frozen=True)
class Limit:
    """One of the limits of ``bootstrap.rates``; ``words`` say why something was refused and name the ``%(wait)s``."""

    code: str
    words: Promise


_SENT: Final = gettext_lazy(
    "Too much has come from your internet connection in a short time. Nothing you typed is lost: send it again %(wait)s."
)
_TRIED: Final = gettext_lazy(
    "Too many wrong passwords. Try again %(wait)s, or have a link to a new password sent to you."
)
_ASKED: Final = gettext_lazy(
    "Too many reports have been asked for from your internet connection in a short time. Open this one again %(wait)s."
)
_DATA: Final = gettext_lazy(
    "Too much data has been made for your internet connection in a short time. Ask again %(wait)s."
)
_SUPPORTED: Final = gettext_lazy(
    "Too many appeals have been supported from your internet connection in a short time. Press the button again %(wait)s."
)
_SUPPORTED_HERE: Final = gettext_lazy(
    "Many people have supported this from your internet connection already. Press the button again %(wait)s, or sign in with your e-mail address under “My appeals” and press it then."
)
_COMMENTED: Final = gettext_lazy(
    "You have written many comments in a short time. Nothing you typed is lost: send it again %(wait)s."
)
_REPORTED: Final = gettext_lazy(
    "Too much has been reported from your internet connection in a short time. Send it again %(wait)s."
)
_WRONG_CODES: Final = gettext_lazy("Too many wrong codes. Try again %(wait)s.")
_LETTERS: Final = gettext_lazy("Several letters are on their way already. Ask for another one %(wait)s.")

SUBMIT: Final = Limit("submit", _SENT)
SUBMIT_PROVEN: Final = Limit("submit-proven", _SENT)
SAME_TEXT_PLACE: Final = Limit("same-text-place", _SENT)
SAME_TEXT: Final = Limit("same-text", _SENT)
UPLOAD: Final = Limit("upload", _SENT)
UPLOAD_MEGABYTES: Final = Limit("upload-megabytes", _SENT)
UPLOAD_WORK: Final = Limit("upload-work", _SENT)
FILM_WORK: Final = Limit("film-work", _SENT)
REPORT_WORK: Final = Limit("report-work", _ASKED)
DATA_WORK: Final = Limit("data-work", _DATA)
API_KEY: Final = Limit(
    "api-key", gettext_lazy("Too much has been asked for with this key in a short time. Ask again %(wait)s.")
)
SUPPORT: Final = Limit("support", _SUPPORTED)
SUPPORT_PLACE: Final = Limit("support-place", _SUPPORTED_HERE)
COMMENT: Final = Limit("comment", _COMMENTED)
COMMENT_PLACE: Final = Limit("comment-place", _SENT)
ABUSE_REPORT: Final = Limit("abuse-report", _REPORTED)
FIRST_LETTER: Final = Limit("first-letter", _LETTERS)
LINK_LETTER: Final = Limit("link-letter", _LETTERS)
LINK_LETTER_SENDER: Final = Limit("link-letter-sender", _LETTERS)
SIGN_IN_LETTER: Final = Limit("sign-in-letter", _LETTERS)
SIGN_IN_LETTER_MAILBOX: Final = Limit("sign-in-letter-mailbox", _LETTERS)
SIGN_IN_LETTER_SENDER: Final = Limit("sign-in-letter-sender", _LETTERS)
SIGN_IN_CODE: Final = Limit("sign-in-code", _WRONG_CODES)
ALERT_LETTER: Final = Limit("alert-letter", _LETTERS)
ALERT_LETTER_MAILBOX: Final = Limit("alert-letter-mailbox", _LETTERS)
ALERT_LETTER_SENDER: Final = Limit("alert-letter-sender", _LETTERS)
LOG_IN: Final = Limit("log-in", _TRIED)
LOG_IN_ADDRESS: Final = Limit("log-in-address", _TRIED)
PASSWORD_RESET: Final = Limit("password-reset", _LETTERS)
PASSWORD_RESET_ACCOUNT: Final = Limit("password-reset-account", _LETTERS)
PASSWORD_RESET_ADDRESS: Final = Limit("password-reset-address", _LETTERS)
SECOND_FACTOR: Final = Limit("second-factor", _WRONG_CODES)
PASSWORD_CHANGE: Final = Limit("password-change", _TRIED)

LIMITS: Final = (
    SUBMIT,
    SUBMIT_PROVEN,
    SAME_TEXT_PLACE,
    SAME_TEXT,
    UPLOAD,
    UPLOAD_MEGABYTES,
    UPLOAD_WORK,
    FILM_WORK,
    REPORT_WORK,
    DATA_WORK,
    API_KEY,
    SUPPORT,
    SUPPORT_PLACE,
    COMMENT,
    COMMENT_PLACE,
    ABUSE_REPORT,
    LOG_IN,
    LOG_IN_ADDRESS,
    FIRST_LETTER,
    LINK_LETTER,
    LINK_LETTER_SENDER,
    SIGN_IN_LETTER,
    SIGN_IN_LETTER_MAILBOX,
    SIGN_IN_LETTER_SENDER,
    SIGN_IN_CODE,
    ALERT_LETTER,
    ALERT_LETTER_MAILBOX,
    ALERT_LETTER_SENDER,
    PASSWORD_RESET,
    PASSWORD_RESET_ACCOUNT,
    PASSWORD_RESET_ADDRESS,
    PASSWORD_CHANGE,
    SECOND_FACTOR,
)


class TooMany(Exception):
    """A limit is used up; ``str()`` is a sentence in the reader's language, ``retry_after_s`` whole seconds.

    ``challenge`` is what the sender may solve instead of waiting (``rates.proofs``), where there is such a thing.
    """

    challenge: Mapping[str, Any] | None = None

    def __init__(self, limit: Limit, wait_s: float) -> None:
        self.retry_after_s = max(1, math.ceil(wait_s))
        super().__init__(str(limit.words) % {"wait": wait_in_words(self.retry_after_s)})


def take(limit: Limit, sender: str, *, cost: int = 1) -> float:
    """Counts the sender's try: the share of the limit that is used with it, 0 to 1; 0 of one that is off.

    Raises ``TooMany``, and counts nothing, when the limit is used up. One statement. What costs more than the limit ever
    holds takes all of it.
    """
    rate = rate_of(limit)
    if rate is None:
        return 0.0
    cost_s, capacity_s = _seconds(rate, cost)
    key = key_of(limit, sender)
    used_s = Bucket.objects.take(key, limit.code, cost_s=cost_s, capacity_s=capacity_s)
    if used_s is None:
        raise TooMany(limit, Bucket.objects.wait_s(key, cost_s=cost_s, capacity_s=capacity_s))
    return used_s / capacity_s


def take_each(senders: Mapping[Limit, str]) -> frozenset[Limit]:
    """Counts a try of each sender, and gives the limits that were used up before. One statement; nothing is refused."""
    wanted = {
        limit: Wanted(key_of(limit, sender), limit.code, *_seconds(rate, 1))
        for limit, sender in senders.items()
        if (rate := rate_of(limit))
    }
    taken = Bucket.objects.take_each([*wanted.values()]) if wanted else set()
    return frozenset(limit for limit, each in wanted.items() if each.key not in taken)


def check(limit: Limit, sender: str, *, cost: int = 1) -> None:
    """Raises ``TooMany`` where ``take`` would now; counts nothing. For what is refused before it is read."""
    if rate := rate_of(limit):
        cost_s, capacity_s = _seconds(rate, cost)
        wait_s = Bucket.objects.wait_s(key_of(limit, sender), cost_s=cost_s, capacity_s=capacity_s)
        if wait_s > 0:
            raise TooMany(limit, wait_s)


def charge(limit: Limit, sender: str, *, cost: float) -> None:
    """Counts a cost that is known only afterwards, even where less is left; what is missing is not owed."""
    if rate := rate_of(limit):
        Bucket.objects.charge(
            key_of(limit, sender),
            limit.code,
            cost_s=cost * rate.unit_s,
            capacity_s=rate.at_once * rate.unit_s,
        )


@contextmanager
def charged(limit: Limit, sender: str) -> Iterator[None]:
    """Charges the seconds that the block takes, also when it fails. Raises ``TooMany`` before it where none are left."""
    check(limit, sender)
    begun = time.monotonic()
    try:
        yield
    finally:
        charge(limit, sender, cost=time.monotonic() - begun)


def give_back(limit: Limit, sender: str, *, cost: int = 1) -> None:
    """Undoes one ``take``: what was tried was no misuse."""
    if rate := rate_of(limit):
        Bucket.objects.give_back(key_of(limit, sender), cost_s=_seconds(rate, cost)[0])


def sweep() -> int:
    """Forgets senders whose limits are full again; the number of rows."""
    return Bucket.objects.sweep()


def rate_of(limit: Limit) -> Rate | None:
    """The limit's figures, as the operator set them; None when it is off."""
    rate: Rate | None = settings.LIMITS.get(limit.code, DEFAULTS[limit.code])
    return rate


def wait_in_words(seconds: int) -> str:
    """When to come again ("in 5 minutes"), rounded up, in the reader's language."""
    if seconds < 90:
        return ngettext("in %(n)d second", "in %(n)d seconds", seconds) % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}
    hours = math.ceil(minutes / 60)
    return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}


def _seconds(rate: Rate, cost: int) -> tuple[float, float]:
    return min(cost, rate.at_once) * rate.unit_s, rate.at_once * rate.unit_s


def key_of(limit: Limit, sender: str) -> UUID:
    """What a sender is called in the database: nobody can tell who it is without the server's secret."""
    said = f"{limit.code}\x00{sender}".encode("utf-8", "surrogatepass")
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return UUID(bytes=hashlib.blake2b(said, digest_size=16, key=secret).digest())
