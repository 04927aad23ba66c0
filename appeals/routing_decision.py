"""Why this service? Explains the stored routing decision to residents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    return tuple(
        Rival(areas[rival["area"]], _reason(decision, rival))
        for rival in decision.rivals
        if rival["area"] in areas
    )


def _reason(decision: RoutingDecision, rival: dict[str, Any]) -> str:
    if decision.area and rival["priority"] < decision.area.priority:
        return _("lower priority")
    # Of a tie, the runner-up has the size of the area that decided.
    if decision.rule == Rule.TIE_BY_CODE and rival["area_m2"] == decision.rivals[0]["area_m2"]:
        return _("same size, but its code comes later")
    return _("larger area")
