"""People who work on appeals, and the services they belong to. Residents are none of them (``appeals.models.resident``)."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.posts import Post, posts_at
from districts.models import Service
from history.recording import recorded


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

    # Django's own names of these two say nothing to whoever reads them on the page of changes.
    is_staff = models.BooleanField(
        _("enters the administration"),
        default=False,
        help_text=_("As the operator's staff, whatever post they have."),
    )
    is_superuser = models.BooleanField(
        _("operator"), default=False, help_text=_("May do everything, in the administration too.")
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[EmailUserManager] = EmailUserManager()

    class Meta(AbstractUser.Meta):
        # Each log-in writes it.
        triggers = [recorded(leave_out=("last_login",))]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The names on one line each, whoever enters them: they stand in letters and their subjects."""
        self.first_name, self.last_name = (
            " ".join(name.split()) for name in (self.first_name, self.last_name)
        )
        super().save(*args, **kwargs)


class PersonGroup(User.groups.through):  # type: ignore[name-defined]
    """A person is in a group of Django's, which the admin can give; here for its trigger."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("group of a person")
        triggers = [recorded()]

    def __str__(self) -> str:
        return f"{self.user} — {self.group}"


class PersonPermission(User.user_permissions.through):  # type: ignore[name-defined]
    """A person has a permission of Django's, which the admin can give; here for its trigger."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("permission of a person")
        triggers = [recorded()]

    def __str__(self) -> str:
        return f"{self.user} — {self.permission}"


class Membership(models.Model):
    """A person has a post at a service, or at the Mayor's Office; ``accounts.roles`` says what it is for."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("person"))
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="memberships", verbose_name=_("service")
    )
    post = models.CharField(_("post"), max_length=20, choices=Post, default=Post.REPRESENTATIVE)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "service"], name="one_membership_of_a_service"),
            models.CheckConstraint(condition=models.Q(post__in=Post.values), name="post_is_known"),
        ]
        triggers = [recorded()]

    def __str__(self) -> str:
        return f"{self.user} — {self.service}"

    def clean(self) -> None:
        if self.service_id and self.post not in posts_at(self.service):
            raise ValidationError({"post": _("There is no such post at this service.")})


class PersonChange(models.Model):
    """Somebody's rights became others. Append-only: a database trigger refuses UPDATE and DELETE."""

    class What(models.TextChoices):
        INVITED = "invited", _("Invited")
        GIVEN = "given", _("Post given")
        TAKEN = "taken", _("Post taken")
        DEACTIVATED = "deactivated", _("Deactivated")
        ACTIVATED = "activated", _("Activated again")
        INVITED_AGAIN = "invited_again", _("Invited again")
        FACTOR = "factor", _("Second step of the log-in removed")
        CHANGED = "changed", _("Changed in the admin")

    person = models.ForeignKey(User, models.PROTECT, related_name="changes", verbose_name=_("person"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by whom"))
    at = models.DateTimeField(_("when"), auto_now_add=True)
    what = models.CharField(_("what"), max_length=20, choices=What)
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    post = models.CharField(_("post"), max_length=20, choices=Post, blank=True)
    handed_over = models.PositiveIntegerField(
        _("appeals handed over"), default=0, help_text=_("Open appeals that had been given to the person.")
    )

    class Meta:
        verbose_name = _("change of a person's rights")
        verbose_name_plural = _("changes of people's rights")
        ordering = ["-at", "-pk"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.what}"


class LetterChoice(models.Model):
    """How a member of staff wants the letters of the own service's desk; without a row they get none of their own.

    ``stopped`` is what the link in a letter does: the rest of the choice is kept for another time. Quiet hours are of the
    city's clock, may go over midnight, and end before they begin again.
    """

    class How(models.TextChoices):
        NONE = "none", _("No letters of my own")
        AT_ONCE = "at_once", _("Each letter at once")
        DAILY = "daily", _("One letter a day")

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="letter_choice")
    how = models.CharField(_("letters of the desk"), max_length=10, choices=How, default=How.NONE)
    stopped = models.BooleanField(_("stopped by the link in a letter"), default=False, db_default=False)
    language = models.CharField(_("language"), max_length=2)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    class Meta:
        verbose_name = _("choice of letters")
        verbose_name_plural = _("choices of letters")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~models.Q(quiet_from=models.F("quiet_until")),
                name="quiet_hours_begin_and_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.how}"

    @property
    def wanted(self) -> bool:
        """True when there are letters to be sent."""
        return self.how != self.How.NONE and not self.stopped


class Scope(models.TextChoices):
    """A part of the open data that a key opens as its person sees it."""

    FEATURES = "features", _("Appeals one by one: lists, OGC API, files")
    MAP = "map", _("The map: tiles and clusters")
    PHOTOS = "photos", _("Photos and films")


class ApiKey(models.Model):
    """A program reads the open data as a person: what the person may see then, of the key's scopes.

    The key itself is kept nowhere: ``token_hash`` is its SHA-256. It has 256 random bits, so that nobody can try all keys
    against a stolen table, and no slower hash is needed. ``begins`` are its first characters, by which its owner knows it.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name=_("person"))
    name = models.CharField(_("name of the key"), max_length=60)
    token_hash = models.CharField(_("hash of the key"), max_length=64, unique=True)
    begins = models.CharField(_("first characters"), max_length=20)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("what it opens"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            # Sending the form twice makes one key, and a list tells its keys apart.
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_api_key_of_a_name",
            ),
        ]
        triggers = [recorded(leave_out=("last_used_at",))]

    def __str__(self) -> str:
        return f"{self.name} ({self.begins}…)"

    @property
    def scope_labels(self) -> list[str]:
        """What it opens, in words."""
        return [str(Scope(scope).label) for scope in self.scopes]
