"""What people keep at the desk for their own work; nothing of it is public."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar, Final
from uuid import UUID

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appeals.limits import TEXT_MAX
from appeals.models import Appeal, AppealContact
from districts.models import Service
from history.recording import recorded

TITLE_MAX: Final = 100
FILTER_NAME_MAX: Final = 40
FILTER_QUERY_MAX: Final = 2_000


class AnswerTemplate(models.Model):
    """Words that a service begins many answers with, in one language; ``{number}`` and others stand for the appeal's.

    ``version`` counts the changes; a form that names an outdated one is refused.
    """

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="answer_templates", verbose_name=_("service")
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    title = models.CharField(_("title"), max_length=TITLE_MAX)
    text = models.TextField(_("text"), max_length=TEXT_MAX)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("answer template")
        verbose_name_plural = _("answer templates")
        ordering = ["service", "language", "title"]
        constraints = [
            models.UniqueConstraint(fields=["service", "language", "title"], name="one_template_of_a_title")
        ]
        triggers = [recorded(leave_out=("version",))]

    def __str__(self) -> str:
        return self.title


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def kept(self) -> SavedFilterQuerySet:
        """Those that have not been removed."""
        return self.filter(removed_at__isnull=True)

    def seen_by(self, user: AbstractBaseUser, service_ids: Collection[int]) -> SavedFilterQuerySet:
        """The person's own, and those that are shared with the services."""
        return self.filter(models.Q(owner_id=user.pk) | models.Q(service__in=service_ids))


class SavedFilter(models.Model):
    """A part of the queue under a name: the tab, filter and sort that ``query`` says, read again each time it is used.

    Its owner sees it, and with a ``service`` everybody of that service, each on their own desk. What is removed can be
    put back for a while. ``version`` counts the changes; a form that names an outdated one is refused.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    service = models.ForeignKey(
        Service,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("shared with"),
    )
    name = models.CharField(_("name"), max_length=FILTER_NAME_MAX)
    query = models.CharField(max_length=FILTER_QUERY_MAX, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[SavedFilterQuerySet] = SavedFilterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=models.Q(removed_at__isnull=True),
                name="one_saved_filter_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class FormDraftQuerySet(models.QuerySet["FormDraft"]):
    def keep(self, user: AbstractBaseUser, page: str, values: Mapping[str, str]) -> None:
        """Keeps what stands in the form now, in the place of what stood there before."""
        self.update_or_create(user_id=user.pk, page=page, defaults={"values": dict(values)})

    def drop(self, user: AbstractBaseUser, page: str) -> None:
        """Forgets it: it was sent, or thrown away."""
        self.filter(user_id=user.pk, page=page).delete()

    def of(self, user: AbstractBaseUser, page: str) -> FormDraft | None:
        """The person's unfinished form of that page."""
        return self.filter(user_id=user.pk, page=page).first()


class FormDraft(models.Model):
    """What one person is writing in a form of the desk that is of no appeal, and has not sent: its values by name.

    ``page`` says which form: ``news/new``, ``news/12``. Unfinished words for an appeal are ``appeals.models.Draft``.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[FormDraftQuerySet] = FormDraftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("unfinished form")
        verbose_name_plural = _("unfinished forms")
        ordering = ["-updated_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "page"], name="one_form_draft_a_page")]

    def __str__(self) -> str:
        return f"{self.user}: {self.page}"


class PresenceQuerySet(models.QuerySet["Presence"]):
    def here(self, user: AbstractBaseUser, appeal: Appeal, *, writing: bool, at: dt.datetime) -> None:
        """Keeps that the person has the appeal open now; where they were before is forgotten after an hour."""
        self.bulk_create(
            [Presence(user_id=user.pk, appeal=appeal, writing=writing, seen_at=at)],
            update_conflicts=True,
            unique_fields=["user", "appeal"],
            update_fields=["writing", "seen_at"],
        )
        self.filter(user_id=user.pk, seen_at__lt=at - dt.timedelta(hours=1)).delete()


class Presence(models.Model):
    """Somebody has an appeal open at the desk; ``writing`` when there are words in one of its forms."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="+")
    writing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    objects: ClassVar[PresenceQuerySet] = PresenceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["user", "appeal"], name="one_presence_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user}: {self.appeal}"


class FileTaken(models.Model):
    """Somebody took an appeal's whole file. Append-only: a database trigger refuses UPDATE and DELETE."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="files_taken")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    form = models.CharField(max_length=4, help_text="The kind of file: pdf or json.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")

    class Meta:
        verbose_name = _("file taken")
        verbose_name_plural = _("files taken")
        ordering = ["-at", "-pk"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.by}: {self.appeal}"


class ContactSeenQuerySet(models.QuerySet["ContactSeen"]):
    def keep(
        self,
        user: AbstractBaseUser,
        appeals: Iterable[UUID],
        how: ContactSeen.How,
        *,
        at: dt.datetime | None = None,
    ) -> None:
        """Keeps that the person is shown who sent these appeals, once on each of the city's days for each way."""
        now = at or timezone.now()
        day = timezone.localdate(now)
        rows = (ContactSeen(appeal_id=key, by_id=user.pk, at=now, day=day, how=how) for key in appeals)
        self.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)

    def contact_for(
        self, user: AbstractBaseUser, appeal: Appeal, how: ContactSeen.How
    ) -> AppealContact | None:
        """Who sent the appeal, for the person; that they are shown it is kept, where there is anything to show."""
        contact: AppealContact | None = getattr(appeal, "contact", None)
        if contact is not None and contact.says_who:
            self.keep(user, [appeal.pk], how)
        return contact


class ContactSeen(models.Model):
    """Somebody was shown who sent an appeal: on its page, on paper, in a table. Append-only, as what is taken is."""

    class How(models.TextChoices):
        PAGE = "page", _("on the page")
        PRINT = "print", _("on paper")
        TABLE = "table", _("in a table")

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="contact_seen")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(help_text="The first time of that day.")
    day = models.DateField(help_text="Of the city's clock.")
    how = models.CharField(max_length=5, choices=How)

    objects: ClassVar[ContactSeenQuerySet] = ContactSeenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("contact data seen")
        verbose_name_plural = _("contact data seen")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "by", "day", "how"], name="contact_seen_once_a_day")
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.by}: {self.appeal}"
