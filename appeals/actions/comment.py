"""A resident who has signed in says something of a public appeal, and takes it back."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appeals.actions.abuse_reports import delete_comments
from appeals.actions.residents import contacts_of
from appeals.comments import is_allowed, may_be_commented_on, why_not_any_more
from appeals.errors import Invalid, NotAllowed
from appeals.identifiers import new_uuid7
from appeals.identity import clean_text
from appeals.limits import COMMENT_MAX
from appeals.models import Appeal, Comment, Resident
from appeals.notify.comments import tell_of
from geo.refusals import ValueRefused
from rates.senders import place_of
from rates.taking import COMMENT, COMMENT_PLACE, take


def comment_on(
    appeal: Appeal, resident: Resident, words: object, *, key: UUID, language: str, sender: str
) -> Comment:
    """The comment, which stands in public from now on; author and service are told of it once a day.

    The same ``key`` with the same words is the same comment, however often it is sent; a form that is sent with other
    words is another comment. Raises ``Invalid`` at "text" for words that are none, too many, or that the resident has said of
    it already; ``NotAllowed`` where comments are not taken (``may_be_commented_on``); ``TooMany``.
    """
    try:
        text = clean_text(words, COMMENT_MAX)
    except ValueRefused as refusal:
        raise Invalid({"text": [str(refusal)]}) from None
    if not text:
        raise Invalid({"text": [_("Write a few words.")]})
    if (sent := _sent(resident, appeal, key, text)) is not None:
        return sent
    take(COMMENT, f"resident {resident.pk}")
    take(COMMENT_PLACE, place_of(sender))
    with transaction.atomic():
        # One after the other: of two that come at once the second finds the first.
        if not Resident.objects.select_for_update(no_key=True).filter(pk=resident.pk).exists():
            raise NotAllowed(_("Your account was deleted meanwhile."))
        fresh, now = Appeal.objects.get(pk=appeal.pk), timezone.now()
        if (sent := _sent(resident, fresh, key, text)) is not None:
            return sent
        if not may_be_commented_on(fresh, now):
            raise NotAllowed(why_not_any_more(fresh, now) or _why_never(fresh))
        own = Comment.objects.filter(appeal=fresh, resident=resident).values_list("text", flat=True)
        if _as_heard(text) in map(_as_heard, own):
            raise Invalid({"text": [_("You have said this here already.")]})
        comment = Comment.objects.create(
            key=new_uuid7() if Comment.objects.filter(resident=resident, key=key).exists() else key,
            appeal=fresh,
            resident=resident,
            by_author=contacts_of(resident).filter(appeal=fresh).exists(),
            text=text,
            language=language,
            at=now,
        )
        tell_of(comment)
    return comment


def _sent(resident: Resident, appeal: Appeal, key: UUID, text: str) -> Comment | None:
    return Comment.objects.filter(key=key, resident=resident, appeal=appeal, text=text).first()


def _why_never(appeal: Appeal) -> str:
    if not is_allowed(appeal.kind):
        return _("The city does not take comments on appeals of this kind.")
    return _("This appeal is not public: nobody can comment on it.")


def _as_heard(text: str) -> str:
    return " ".join(text.casefold().split())


def take_back_comment(appeal: Appeal, resident: Resident, pk: int) -> bool:
    """The resident's comment on the appeal is no more, whatever has become of both; False where there was none."""
    with transaction.atomic():
        return delete_comments(Comment.objects.filter(appeal=appeal, resident=resident, pk=pk)) > 0
