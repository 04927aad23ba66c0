from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from appeals.limits import EMAIL_MAX
from appeals.models.appeal import Appeal
from appeals.models.browser import Browser
from appeals.models.resident import Resident


class Follower(Browser):
    """Somebody is told of an appeal's steps, by e-mail or in a browser. Whoever wants it no longer has it deleted, with all that was sent.

    ``own``: asked on the author's own page, which its notices lead to. ``resident``: whoever was signed in there then.
    ``confirmed_at``: when whoever reads the e-mail address said yes; nothing but the question is sent there before.
    """

    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="+")
    email = models.EmailField(max_length=EMAIL_MAX, blank=True, default="", db_default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    own = models.BooleanField(default=False)
    resident = models.ForeignKey(Resident, models.SET_NULL, null=True, blank=True, related_name="followed")
    language = models.CharField(max_length=2)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("appeal", Upper("email"), "device", name="one_follower_an_appeal"),
            models.CheckConstraint(
                condition=(Q(email="") & ~Q(device="")) | (~Q(email="") & Q(device="")),
                name="follower_is_told_one_way",
            ),
        ]
        indexes = [
            models.Index(fields=["device"], condition=~Q(device=""), name="follower_device"),
            models.Index(Upper("email"), condition=~Q(email=""), name="follower_email"),
            models.Index(
                fields=["created_at"],
                condition=~Q(email="") & Q(confirmed_at__isnull=True),
                name="follower_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id} → {self.email or self.device[:8]}"

    @property
    def recipient(self) -> str:
        """Whom its messages go to, as the outbox names them."""
        return self.email or self.device
