from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models.functions import Upper

from appeals.limits import EMAIL_MAX


class Resident(models.Model):
    """A resident's account: an e-mail address whose reader has signed in.

    It has no rights of its own, and is no user of the desk: it finds what contacts that name the address have.
    """

    email = models.EmailField(max_length=EMAIL_MAX)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(Upper("email"), name="one_account_an_address")]

    def __str__(self) -> str:
        return self.email


class ResidentDevice(models.Model):
    """A browser in which a resident is signed in; ``secret`` is the SHA-256 of what its cookie holds."""

    resident = models.ForeignKey(Resident, models.CASCADE, related_name="devices")
    secret = models.CharField(max_length=64, unique=True)
    signed_in_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.resident_id}: {self.secret[:8]}"


class SignInCode(models.Model):
    """Somebody asked for a code for an address, which its letter alone tells: it is derived from ``id``, and kept nowhere.

    ``id`` is known to the browser that asked. ``tries`` counts the codes that were typed.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    email = models.EmailField(max_length=EMAIL_MAX)
    asked_at = models.DateTimeField(auto_now_add=True)
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.id} → {self.email}"
