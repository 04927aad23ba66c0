"""Why this service? Explains the stored routing decision to residents."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from appeals.models import RoutingDecision
from districts.explanation import border_in_words, rule_in_words
from districts.models import BoundaryRevision, Service, ServiceArea
from districts.routing import Rule


@dataclass(frozen=True)
class Rival:
    """Another area that covers the place, and why it was not chosen."""

    area: ServiceArea
    reason: str


@dataclass(frozen=True)
class Explanation:
    """What decided, what else was considered, and by which borders."""

    rule: Rule
    service: Service
    area: ServiceArea | None
    sentence: str
    rivals: tuple[Rival, ...]
    border: str
    revision: BoundaryRevision


def explain(decision: RoutingDecision) -> Explanation:
    """The decision in the reader's language; one query if there were rivals.

    Expects the decision's ``service``, ``area`` and ``revision`` to be loaded.
    """
    return Explanation(
        rule=Rule(decision.rule),
        service=decision.service,
        area=decision.area,
        sentence=rule_in_words(
            Rule(decision.rule),
            service=decision.service.name,
            area=decision.area.name if decision.area else "",
        ),
        rivals=_rivals(decision),
        border=border_in_words(decision.border_m) if decision.area else "",
        revision=decision.revision,
    )


def _rivals(decision: RoutingDecision) -> tuple[Rival, ...]:
    if not decision.rivals:
        return ()
    areas = ServiceArea.objects.select_related("service").in_bulk(
        [rival["area"] for rival in decision.rivals]
    )
    own_priority = decision.area.priority if decision.area else 0
    return tuple(
        Rival(
            areas[rival["area"]],
            _("lower priority") if rival["priority"] < own_priority else _("larger area"),
        )
        for rival in decision.rivals
        if rival["area"] in areas
    )
