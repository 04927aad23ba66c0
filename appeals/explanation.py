"""Why this service? The stored routing decision in words that a resident understands."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appeals.models import RoutingDecision
from districts.models import BoundaryRevision, Service, ServiceArea
from districts.routing import Rule


@dataclass(frozen=True)
class Rival:
    """An area that covers the place too, and why it did not decide."""

    area: ServiceArea
    reason: str


@dataclass(frozen=True)
class Explanation:
    """What decided, what else was weighed, and by which borders."""

    service: Service
    area: ServiceArea | None
    sentence: str
    rivals: tuple[Rival, ...]
    border: str
    revision: BoundaryRevision


def explain(decision: RoutingDecision) -> Explanation:
    """The decision in the reader's language; one query when there were rivals.

    The decision comes with its ``service``, ``area`` and ``revision`` selected.
    """
    return Explanation(
        service=decision.service,
        area=decision.area,
        sentence=rule_in_words(
            Rule(decision.rule), service=decision.service.name, area=decision.area.name if decision.area else ""
        ),
        rivals=_rivals(decision),
        border=_border(decision),
        revision=decision.revision,
    )


def rule_in_words(rule: Rule, *, service: str, area: str) -> str:
    """One or two sentences: what decided that the service answers."""
    names = {"service": service, "area": area}
    match rule:
        case Rule.ONLY_AREA:
            return _("The place lies in the area “%(area)s”, where %(service)s answers for this category.") % names
        case Rule.PRIORITY:
            return _("Several areas cover the place. “%(area)s” goes before the others there: %(service)s answers.") % names
        case Rule.SMALLEST_AREA:
            return _("Several areas cover the place. The smallest decides, “%(area)s”: %(service)s answers.") % names
        case Rule.TIE_BY_CODE:
            return (
                _("Several areas of the same size cover the place. By their order “%(area)s” decides: %(service)s answers.")
                % names
            )
        case Rule.CITY_WIDE:
            return _("For this category %(service)s answers in the whole city.") % names
        case Rule.OFFICE:
            return _("No service answers for this category at this place, so the appeal went to: %(service)s.") % names


def _rivals(decision: RoutingDecision) -> tuple[Rival, ...]:
    if not decision.rivals:
        return ()
    areas = ServiceArea.objects.select_related("service").in_bulk([rival["area"] for rival in decision.rivals])
    own_priority = decision.area.priority if decision.area else 0
    return tuple(
        Rival(
            areas[rival["area"]],
            _("lower priority") if rival["priority"] < own_priority else _("larger area"),
        )
        for rival in decision.rivals
        if rival["area"] in areas
    )


def _border(decision: RoutingDecision) -> str:
    metres = round(decision.border_m)
    if decision.area is None:
        return ""
    if metres < 1:
        return _("The place lies on the border of the area.")
    if metres >= 1000:
        return _("The nearest border of the area is %(km).1f km away.") % {"km": decision.border_m / 1000}
    return (
        ngettext(
            "The nearest border of the area is %(n)d metre away.",
            "The nearest border of the area is %(n)d metres away.",
            metres,
        )
        % {"n": metres}
    )
