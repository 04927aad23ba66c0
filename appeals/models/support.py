from __future__ import annotations

from typing import ClassVar

from django.contrib.gis.db.models import PointField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from appeals.limits import SUPPORT_DAYS, SUPPORT_DAYS_MAX, SUPPORT_VOICES, SUPPORT_VOICES_MAX
from appeals.models.appeal import Appeal
from appeals.querysets import SupportQuerySet
from districts.models import AttributeValue, District
from districts.versions import noting
from geo.points import WGS84_SRID
from history.recording import recorded

#: Hexadecimal digits of SHA-256.
PERSON_MAX = 64


class Support(models.Model):
    """Somebody says that the appeal concerns them too; once a person.

    ``person`` is the digest of a secret that the browser alone keeps: nothing else is known of who it is. Of whoever phoned it
    is that of the number, and ``also`` that of the address which is known to be the same person's. It is ``confirmed`` where
    there is such an address or number: a browser alone is whoever clears its cookies.
    """

    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="supports")
    person = models.CharField(max_length=PERSON_MAX)
    also = models.CharField(max_length=PERSON_MAX, blank=True, default="", db_default="")
    confirmed = models.BooleanField(default=False, db_default=False)
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


class SupportReply(models.Model):
    """What somebody who supports a proposal answers to the question of its category, and the place that they mark.

    It goes with the voice. ``point`` is in EPSG:4326, lon/lat, within the city; null where none was marked.
    """

    support = models.OneToOneField(Support, models.CASCADE, primary_key=True, related_name="reply")
    value = models.ForeignKey(AttributeValue, models.PROTECT, related_name="+", verbose_name=_("answer"))
    point = PointField(srid=WGS84_SRID, null=True, spatial_index=False)
    at = models.DateTimeField(_("when"), auto_now=True)

    class Meta:
        verbose_name = _("answer of a supporter")
        verbose_name_plural = _("answers of supporters")

    def __str__(self) -> str:
        return f"№ {self.support.appeal.number}: {self.value}"


class SupportThreshold(models.Model):
    """From how many voices on the city answers a proposal in public, and how long they are gathered: of a district, or of all.

    What has come to a threshold stays so, whatever becomes of the row.
    """

    district = models.ForeignKey(
        District,
        models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("district"),
        help_text=_("Empty: every district that has no threshold of its own."),
    )
    voices = models.PositiveIntegerField(
        _("voices"),
        default=SUPPORT_VOICES,
        validators=[MinValueValidator(1), MaxValueValidator(SUPPORT_VOICES_MAX)],
        help_text=_("From so many people on the city must answer a proposal."),
    )
    days = models.PositiveSmallIntegerField(
        _("days for gathering them"),
        default=SUPPORT_DAYS,
        validators=[MaxValueValidator(SUPPORT_DAYS_MAX)],
        help_text=_("From the day of submission; 0: without end."),
    )

    class Meta:
        verbose_name = _("threshold of support")
        verbose_name_plural = _("thresholds of support")
        ordering = ["district__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["district"],
                name="one_threshold_a_district",
                nulls_distinct=False,
                violation_error_message=_("There is a threshold for this district already."),
            ),
            models.CheckConstraint(condition=models.Q(voices__gte=1), name="threshold_is_not_nothing"),
        ]
        # The public reads it beside each proposal.
        triggers = [recorded(), noting()]

    def __str__(self) -> str:
        return f"{self.district or '*'}: {self.voices}"
