"""Following an appeal in a browser: notices of its steps, asked for and ended on its page."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appeals.errors import NotAllowed
from appeals.intake.browsers import given_browser
from appeals.limits import FOLLOWED_MAX
from appeals.models import Appeal, Follower, Resident
from appeals.notify.web_push import device_of
from geo.refusals import Refused


def follow(
    appeal: Appeal,
    endpoint: str,
    p256dh: str,
    auth: str,
    *,
    own: bool,
    sender: str,
    resident: Resident | None = None,
) -> None:
    """The browser is told of the appeal's steps from now on, in the language that is active; asked again, the same.

    ``own``: its notices lead to the author's own page. A ``resident`` finds it in the account, on every device.
    Raises ``NotAllowed`` for an appeal that is hidden, ``Refused`` for what is no browser or one that follows as many as
    one may, ``TooMany``.
    """
    if appeal.hidden:
        raise NotAllowed
    browser = given_browser(endpoint, p256dh, auth, sender=sender)
    with transaction.atomic():
        followed = Follower.objects.filter(device=browser.device)
        if followed.exclude(appeal=appeal).count() >= FOLLOWED_MAX:
            raise Refused({"push": [_("This browser follows %(n)d appeals already.") % {"n": FOLLOWED_MAX}]})
        follower = Follower(appeal=appeal, own=own, language=get_language() or settings.LANGUAGE_CODE)
        browser.put_into(follower)
        Follower.objects.bulk_create([follower], ignore_conflicts=True)
        followed.filter(appeal=appeal).update(resident=resident)
        browser.renew()


def unfollow(appeal: Appeal, endpoint: str) -> None:
    """The browser is told no more, and nothing of it is kept for this appeal."""
    Follower.objects.filter(appeal=appeal, device=device_of(endpoint)).delete()
