"""What the reports keep: the weekly search of all categories for what is new, and the reports that planners save."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from districts.models import Category

NAME_MAX: Final = 60
QUERY_MAX: Final = 2_000


class CategoryAlert(models.Model):
    """What the search of one category found, in the weeks up to the one that begins on ``week``.

    ``p`` is the chance of its strongest rise, None where it could not be searched; ``q`` is that of all categories of the week together
    (Benjamini and Hochberg). The counts are of that rise, in its last ``weeks`` weeks; ``place`` is the known one near to it.
    """

    week = models.DateField()
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    total = models.PositiveIntegerField()
    p = models.FloatField(null=True)
    q = models.FloatField(null=True)
    weeks = models.PositiveSmallIntegerField(null=True)
    count = models.PositiveIntegerField(null=True)
    expected = models.FloatField(null=True)
    west = models.FloatField(null=True)
    south = models.FloatField(null=True)
    east = models.FloatField(null=True)
    north = models.FloatField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["week", "category"], name="one_search_of_a_category_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.week:%G-W%V}"


class SavedReportQuerySet(models.QuerySet["SavedReport"]):
    def kept(self) -> SavedReportQuerySet:
        """Those that have not been removed."""
        return self.filter(removed_at__isnull=True)

    def seen_by(self, user: User) -> SavedReportQuerySet:
        """The person's own, and those that are shared with all planners."""
        return self.filter(models.Q(owner=user) | models.Q(shared=True))


class SavedReport(models.Model):
    """A question of a planner under a name: the ``report`` and what it is asked, read again each time.

    With a ``period`` it moves with time; without one ``query`` has the days that it is always about. By its ``rhythm`` it is
    sent to its readers, the next time for the day ``next_on``. What is removed can be put back for a while. ``version`` counts
    the changes; a form that names an outdated one is refused.
    """

    class Rhythm(models.TextChoices):
        NEVER = "", _("Not by e-mail")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("On the 1st of each month")

    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=NAME_MAX)
    report = models.CharField(_("report"), max_length=20)
    query = models.CharField(max_length=QUERY_MAX, blank=True)
    period = models.CharField(_("period"), max_length=20, blank=True)
    shared = models.BooleanField(_("shared with all planners"), default=False)
    rhythm = models.CharField(_("schedule"), max_length=10, choices=Rhythm, default=Rhythm.NEVER, blank=True)
    #: As of ``datetime.date.weekday``: Monday is 0.
    weekday = models.PositiveSmallIntegerField(_("weekday"), default=0)
    next_on = models.DateField(null=True, blank=True)
    issued_on = models.DateField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="Why it could not be made the last time.")
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[SavedReportQuerySet] = SavedReportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved report")
        verbose_name_plural = _("saved reports")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=models.Q(removed_at__isnull=True),
                name="one_saved_report_of_a_name",
            ),
            models.CheckConstraint(
                condition=models.Q(rhythm="", next_on__isnull=True)
                | (~models.Q(rhythm="") & models.Q(next_on__isnull=False)),
                name="saved_report_is_sent_on_a_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_on"],
                condition=models.Q(next_on__isnull=False, removed_at__isnull=True),
                name="saved_report_due",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReportReader(models.Model):
    """Somebody to whom a saved report is sent: whom its owner has ``chosen``, and who has not ``stopped`` it.

    The row stays, so that nobody gets again what they stopped.
    """

    saved = models.ForeignKey(SavedReport, models.CASCADE, related_name="readers")
    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    language = models.CharField(max_length=2)
    chosen = models.BooleanField(default=True)
    stopped = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["saved", "person"], name="one_reader_of_a_saved_report")
        ]

    def __str__(self) -> str:
        return f"{self.saved} → {self.person}"


class ReportIssue(models.Model):
    """A saved report as it was made for the day ``on``, in one language: what the letters of that day are made of.

    ``pdf`` is empty where it is too large for a letter.
    """

    saved = models.ForeignKey(SavedReport, models.CASCADE, related_name="issues")
    on = models.DateField()
    language = models.CharField(max_length=2)
    sentences = models.JSONField()
    address = models.TextField()
    pdf = models.BinaryField()
    pdf_name = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["saved", "on", "language"], name="one_issue_of_a_day_and_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.saved}, {self.on}, {self.language}"
