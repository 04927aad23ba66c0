"""Following an appeal: notices of its steps in a browser, and letters, confirmed and ended by whoever reads the address."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appeals.errors import Invalid, NotAllowed
from appeals.identity import mailbox_of
from appeals.intake.browsers import given_browser
from appeals.intake.letters_asked import asked_address
from appeals.limits import FOLLOWED_MAX
from appeals.models import Appeal, Follower, Resident
from appeals.notify.endings import end
from appeals.notify.followers import FOLLOW_CONFIRMATION
from appeals.notify.occasions import queue_question
from appeals.notify.web_push import device_of
from appeals.search import mailbox
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


def ask_by_letter(
    appeal: Appeal, email: object, *, sender: str, resident: Resident | None = None
) -> Follower:
    """The address follows the appeal, in the language that is active: at once where it is the ``resident``'s, else unconfirmed.

    Then the letter with the link that confirms it is queued; where it is confirmed already no second one goes out. Raises
    ``NotAllowed`` for an appeal that is hidden, ``Refused`` for what is no address, ``TooMany`` when the sender
    (``rates.senders``) has asked for many letters, or many have gone to the address.
    """
    if appeal.hidden:
        raise NotAllowed
    address = asked_address(email, sender=sender)
    language = get_language() or settings.LANGUAGE_CODE
    with transaction.atomic():
        same = Follower.objects.filter(mailbox(address, "email"), appeal=appeal)
        # One that is ended meanwhile is asked anew.
        while (follower := same.select_for_update().first()) is None:
            Follower.objects.bulk_create(
                [Follower(appeal=appeal, email=address, language=language)], ignore_conflicts=True
            )
        if (
            follower.confirmed_at is None
            and resident is not None
            and mailbox_of(resident.email) == mailbox_of(address)
        ):
            confirm(follower)
            follower.refresh_from_db()
        elif follower.confirmed_at is None:
            queue_question(FOLLOW_CONFIRMATION, follower, language)
        return follower


def confirm(follower: Follower) -> None:
    """Letters come from now on. Raises ``Invalid`` when the address follows as many appeals as one may."""
    with transaction.atomic():
        others = Follower.objects.filter(mailbox(follower.email, "email"), confirmed_at__isnull=False)
        if others.exclude(pk=follower.pk).count() >= FOLLOWED_MAX:
            words = _(
                "This address follows %(n)d appeals already: end one of them first, with the link in its letters."
            )
            raise Invalid({"confirm": [words % {"n": FOLLOWED_MAX}]})
        Follower.objects.filter(pk=follower.pk, confirmed_at__isnull=True).update(confirmed_at=timezone.now())


def unfollow(appeal: Appeal, endpoint: str) -> None:
    """The browser is told no more, and nothing of it is kept for this appeal."""
    end(Follower.objects.filter(appeal=appeal, device=device_of(endpoint)))
