from __future__ import annotations

from django.db import models
from django.db.models import Q

from appeals.models.appeal import Appeal
from appeals.models.browser import Browser
from appeals.models.resident import Resident


class Follower(Browser):
    """A browser is told of an appeal's steps. Whoever wants it no longer has it deleted, with all that was sent.

    ``own``: asked on the author's own page, which its notices lead to. ``resident``: whoever was signed in there then.
    """

    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="+")
    own = models.BooleanField(default=False)
    resident = models.ForeignKey(Resident, models.SET_NULL, null=True, blank=True, related_name="followed")
    language = models.CharField(max_length=2)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appeal", "device"], name="one_follower_a_browser"),
            models.CheckConstraint(condition=~Q(device=""), name="follower_has_a_browser"),
        ]
        indexes = [models.Index(fields=["device"], name="follower_device")]

    def __str__(self) -> str:
        return f"{self.appeal_id} → {self.device[:8]}"
