"""People who work on appeals, and the services they belong to. Residents need no account."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from districts.models import Service


class EmailUserManager(UserManager["User"]):
    """Creates users who log in by e-mail; there is no user name, unlike in Django's own manager."""

    def _create(self, email: str, password: str | None, **extra: Any) -> User:
        if not email:
            raise ValueError("an e-mail address is required")
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self._create(email, password, **extra)

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self._create(email, password, **{"is_staff": True, "is_superuser": True, **extra})


class User(AbstractUser):
    """A person with a password: representative of a service, the Mayor's Office, or operator (superuser)."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[EmailUserManager] = EmailUserManager()

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Membership(models.Model):
    """A person represents a service; membership of the Mayor's Office opens every service's queue."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    service = models.ForeignKey(Service, models.PROTECT, related_name="memberships")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "service"], name="one_membership_of_a_service")
        ]

    def __str__(self) -> str:
        return f"{self.user} — {self.service}"
