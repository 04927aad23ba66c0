from __future__ import annotations

from typing import ClassVar

from django.db import models

from appeals.models.appeal import Appeal
from appeals.querysets import SupportQuerySet

#: Hexadecimal digits of SHA-256.
PERSON_MAX = 64


class Support(models.Model):
    """Somebody says that the appeal concerns them too; once a person.

    ``person`` is the digest of a secret that the browser alone keeps: nothing else is known of who it is. Of whoever phoned it
    is that of the number, and ``also`` that of the address which is known to be the same person's.
    """

    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="supports")
    person = models.CharField(max_length=PERSON_MAX)
    also = models.CharField(max_length=PERSON_MAX, blank=True, default="", db_default="")
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[SupportQuerySet] = SupportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appeal", "person"], name="one_support_a_person"),
        ]
        indexes = [
            models.Index(fields=["person"], name="support_person"),
            models.Index(fields=["also"], condition=~models.Q(also=""), name="support_also"),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id}: {self.person[:8]}"
