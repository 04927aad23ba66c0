"""What staff are writing, kept on the server until it is sent or thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from accounts.models import User
from appeals.actors import held_by_person
from appeals.limits import ATTACHMENTS_MAX, DRAFT_MAX
from appeals.models import Appeal, Attachment, Draft


def keep_draft(
    user: User,
    appeal: Appeal,
    verb: str,
    *,
    text: str,
    uploads: Sequence[UUID] = (),
    takes: Sequence[str] = (),
    browser: str = "",
) -> Draft | None:
    """The draft of this person, appeal and verb as it is now; None, and no draft any more, where nothing is written.

    Of a text the first ``DRAFT_MAX`` characters are kept: ``draft.text`` says what. Files that are unknown, or that an appeal
    has taken, are left out.
    So are those that neither the person nor the ``browser`` has brought; the others are the person's wherever they log in.
    Drafts for the verbs of ``takes`` are part of it now.
    """
    written = text.replace("\x00", "")[:DRAFT_MAX]
    person = held_by_person(user)
    files = list(Attachment.objects.held_by({person, browser}).filter(pk__in=uploads[:ATTACHMENTS_MAX]))
    if not written.strip() and not files:
        drop_draft(user, appeal, verb, *takes)
        return None
    with transaction.atomic():
        drop_draft(user, appeal, *(code for code in takes if code != verb))
        draft, _made = Draft.objects.update_or_create(
            user=user, appeal=appeal, verb=verb, defaults={"text": written}
        )
        draft.uploads.set(files)
        Attachment.objects.waiting().filter(drafts=draft).exclude(holder=person).update(holder=person)
    return draft


def drop_draft(user: User, appeal: Appeal, *verbs: str) -> None:
    """Forgets the drafts for these verbs: they were sent, or thrown away."""
    Draft.objects.filter(user=user, appeal=appeal, verb__in=verbs).delete()


def move_draft(draft: Draft, appeal: Appeal) -> Draft:
    """The words and files as a draft of another appeal, after those of a draft that is there already."""
    with transaction.atomic():
        there = Draft.objects.filter(user=draft.user, appeal=appeal, verb=draft.verb).exclude(pk=draft.pk)
        known = there.select_for_update().first()
        if known is None:
            draft.appeal = appeal
            draft.save(update_fields=["appeal", "updated_at"])
            return draft
        known.text = f"{known.text}\n\n{draft.text}".strip()[:DRAFT_MAX]
        known.save(update_fields=["text", "updated_at"])
        known.uploads.add(*draft.uploads.all())
        draft.delete()
        return known
