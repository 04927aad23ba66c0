"""The Mayor's Office says on which kinds of appeals residents may comment."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from appeals.actions.thresholds import ChangedMeanwhile, mark_of
from appeals.models import CommentRule
from appeals.vocabulary import Kind


def commented_kinds() -> list[str]:
    """The kinds of appeals that residents may comment on now."""
    return list(CommentRule.objects.filter(allowed=True).order_by("kind").values_list("kind", flat=True))


def mark_of_kinds(kinds: Collection[str]) -> str:
    """What tells whether they are still the same."""
    return mark_of(dict.fromkeys(kinds, ("", "")))


def allow_comments(kinds: Collection[str], *, seen: str) -> int:
    """Residents may comment on appeals of these kinds and of no others; how many rules have changed.

    A kind that is none is passed over. ``seen`` is the mark of those that were allowed as the form was shown; raises
    ``ChangedMeanwhile``, and then nothing is stored.
    """
    with transaction.atomic():
        CommentRule.objects.bulk_create([CommentRule(kind=kind) for kind in Kind], ignore_conflicts=True)
        # Whoever sets them at the same time waits here.
        rules = list(CommentRule.objects.order_by("pk").select_for_update())
        if seen != mark_of_kinds(commented_kinds()):
            raise ChangedMeanwhile
        changed = [rule for rule in rules if rule.allowed is not (rule.kind in kinds)]
        for rule in changed:
            rule.allowed = not rule.allowed
            rule.save(update_fields=["allowed"])
    return len(changed)
