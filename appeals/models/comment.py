from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appeals.limits import COMMENT_MAX
from appeals.models.appeal import Appeal
from appeals.models.resident import Resident
from appeals.querysets import CommentQuerySet
from appeals.vocabulary import Kind
from history.recording import recorded


class Comment(models.Model):
    """What a resident who has signed in says of a public appeal; nobody is shown whose words they are.

    ``key`` is the client's, and the resident's own: the same comment sent again is that one. ``by_author`` when the appeal was the resident's own as
    they wrote. With the account it is no more.
    """

    key = models.UUIDField()
    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="comments", db_index=False)
    resident = models.ForeignKey(Resident, models.CASCADE, related_name="comments", db_index=False)
    by_author = models.BooleanField(default=False)
    text = models.TextField(max_length=COMMENT_MAX)
    language = models.CharField(max_length=2)
    at = models.DateTimeField(default=timezone.now)
    hidden = models.BooleanField(default=False, help_text="By a moderation, whose step says why.")

    objects: ClassVar[CommentQuerySet] = CommentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resident", "key"], name="one_comment_of_a_key")]
        indexes = [
            # The pages of an appeal, the oldest first.
            models.Index(fields=["appeal", "id"], name="comments_of_an_appeal"),
            # Those of the day, of which a letter tells.
            models.Index(fields=["at"], name="comments_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.text[:40]}"


class CommentRule(models.Model):
    """Whether residents may comment on appeals of a kind; on those of a kind without a rule they may not.

    What has been said before stays when it is allowed no more.
    """

    kind = models.CharField(_("kind of appeal"), max_length=20, choices=Kind, unique=True)
    allowed = models.BooleanField(_("residents may comment"), default=False)

    class Meta:
        verbose_name = _("rule for comments")
        verbose_name_plural = _("rules for comments")
        triggers = [recorded()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {'+' if self.allowed else '-'}"
