"""Brings borders into force and takes them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from districts.actions.check import TOLERANCE_M2, Finding, check, has_accepted, misfit_m2
from districts.identity import metres2
from districts.models import BoundaryRevision, DistrictBoundary

#: Sent within the transaction, with ``revision``, when other borders than before have come into force.
borders_applied = Signal()


class BordersRefused(Exception):
    """Nothing was changed; ``str()`` says why, and ``findings`` are what must be mended first, if anything."""

    def __init__(self, why: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(why)
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Acceptance:
    """That up to ``m2`` square metres lie in several districts, in none, or beyond the city's border is meant so.

    ``by`` names whoever says it.
    """

    m2: float
    by: str


@dataclass(frozen=True)
class Published:
    """The revision that was published, those in force now, and what was found without blocking it."""

    revision: BoundaryRevision
    in_force: BoundaryRevision | None
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True)
class Withdrawn:
    """The revision that was withdrawn, and the former one that is in force again."""

    revision: BoundaryRevision
    in_force: BoundaryRevision


@transaction.atomic
def publish(
    revision: BoundaryRevision, *, effective_from: dt.date | None = None, accepted: Acceptance | None = None
) -> Published:
    """Publishes a draft, or again what was withdrawn, in force from that day on (today; again, as before).

    What was accepted is recorded in the revision. Raises ``BordersRefused`` when it is published already, with the
    findings of ``check`` that block it, and with those that must be accepted, and are not.
    """
    locked = _locked(revision)
    if locked.state == BoundaryRevision.State.PUBLISHED:
        raise BordersRefused(_("These borders are published already."))
    if effective_from is None:
        # Another day would change who answered in the past, and nobody has asked for that.
        again = locked.state == BoundaryRevision.State.WITHDRAWN
        effective_from = locked.effective_from if again else timezone.localdate()
    findings = check(locked, on=effective_from)
    if blocking := [finding for finding in findings if finding.blocks]:
        raise BordersRefused(" ".join(finding.sentence for finding in blocking), blocking)
    _accept(locked, findings, accepted)
    locked.state = BoundaryRevision.State.PUBLISHED
    locked.published_at = timezone.now()
    locked.effective_from = effective_from
    locked.save(
        update_fields=["state", "published_at", "effective_from", "accepted_misfits_m2", "accepted_by"]
    )
    return Published(locked, apply_borders(), findings)


def _accept(revision: BoundaryRevision, findings: Sequence[Finding], accepted: Acceptance | None) -> None:
    """Records what is accepted, unless it has been before. Raises ``BordersRefused``."""
    total = misfit_m2(findings)
    # As people say it: to the square metre.
    if total <= TOLERANCE_M2:
        revision.accepted_misfits_m2, revision.accepted_by = None, ""
    elif accepted and total <= accepted.m2 + 1:
        revision.accepted_misfits_m2, revision.accepted_by = total, accepted.by
    elif not has_accepted(revision, total):
        misfits = [finding for finding in findings if finding.misfit_m2]
        sentences = " ".join(finding.sentence for finding in misfits)
        why = _("%(m2)s m² do not fit and have not been accepted (up to %(tolerance)s m² need not be).") % {
            "m2": metres2(total),
            "tolerance": metres2(TOLERANCE_M2),
        }
        raise BordersRefused(f"{why} {sentences}", misfits)


@transaction.atomic
def withdraw(revision: BoundaryRevision) -> Withdrawn:
    """Takes published borders back: the former ones are in force again at once.

    Raises ``BordersRefused`` when it is not published, and when no borders that pass the checks would be in force after
    it, since every appeal would be refused then.
    """
    locked = _locked(revision)
    if locked.state != BoundaryRevision.State.PUBLISHED:
        raise BordersRefused(_("These borders are not published."))
    today = timezone.localdate()
    former = BoundaryRevision.objects.in_force(today).exclude(pk=locked.pk).first()
    if former is None:
        raise BordersRefused(
            _(
                "There are no former borders, and without any every appeal would be refused: publish others first."
            )
        )
    if blocking := [finding for finding in check(former, on=today) if finding.blocks]:
        raise BordersRefused(
            _("The former borders cannot come into force again: %(why)s")
            % {"why": " ".join(finding.sentence for finding in blocking)},
            blocking,
        )
    locked.state = BoundaryRevision.State.WITHDRAWN
    locked.save(update_fields=["state"])
    apply_borders()
    return Withdrawn(locked, former)


@transaction.atomic
def apply_borders() -> BoundaryRevision | None:
    """The borders in force today; when others were applied before, districts take their names from them.

    Called when borders are published or withdrawn, and regularly, since borders may come into force on a later day.
    """
    current = BoundaryRevision.objects.in_force(timezone.localdate()).first()
    if current is None or current.applied:
        return current
    _lock_all()
    BoundaryRevision.objects.filter(applied=True).update(applied=False)
    current.applied = True
    current.save(update_fields=["applied"])
    names = [f"name_{code}" for code in settings.MODELTRANSLATION_LANGUAGES]
    for boundary in DistrictBoundary.objects.of(current).select_related("district").defer("geom"):
        district = boundary.district
        for name in names:
            setattr(district, name, getattr(boundary, name))
        district.save(update_fields=names)
    borders_applied.send(BoundaryRevision, revision=current)
    return current


def _locked(revision: BoundaryRevision) -> BoundaryRevision:
    _lock_all()
    return BoundaryRevision.objects.get(pk=revision.pk)


def _lock_all() -> None:
    # Whoever publishes decides about all of them: which are in force, and which come before.
    list(BoundaryRevision.objects.select_for_update().order_by("pk").values_list("pk"))
