"""A browser's address and keys for notices, as whoever asks for them sends them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from appeals.limits import ENDPOINT_MAX
from appeals.models import Alert, Follower
from appeals.notify.web_push import AUTH_BYTES, bytes_of, device_of, is_known, key_of
from geo.refusals import Refused
from rates.taking import ALERT_LETTER_SENDER, take


@dataclass(frozen=True)
class Given:
    """The browser's columns of a row that asks for notices."""

    endpoint: str
    p256dh: str
    auth: str
    device: str

    def put_into(self, row: Alert | Follower) -> None:
        """The row is of this browser."""
        for name, value in asdict(self).items():
            setattr(row, name, value)

    def renew(self) -> None:
        """Whatever the browser has asked for has its present keys: one that was asked anew has others."""
        for model in (Alert, Follower):
            model.objects.filter(device=self.device).update(p256dh=self.p256dh, auth=self.auth)


def given_browser(endpoint: str, p256dh: str, auth: str, *, sender: str) -> Given:
    """The browser, counted for the sender (``rates.senders``).

    Raises ``Refused`` for what is no address of a push service that is known or no key, ``TooMany``.
    """
    wrong = Refused({"push": [_("This browser's address for notices cannot be used.")]})
    if len(endpoint) > ENDPOINT_MAX or not is_known(endpoint):
        raise wrong
    try:
        key_of(p256dh)
        if len(bytes_of(auth)) != AUTH_BYTES:
            raise wrong
    except ValueError:
        raise wrong from None
    take(ALERT_LETTER_SENDER, sender)
    return Given(endpoint, p256dh, auth, device_of(endpoint))
