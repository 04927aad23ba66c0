"""Explains a routing decision, or why there is none, to residents in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.routing import OutsideCity, RoutingError, Rule, UnknownCategory
from geo.refusals import Errors


def rule_in_words(rule: Rule, *, service: str, area: str) -> str:
    """One or two sentences: why this service answers. Names are inserted unchanged."""
    names = {"service": service, "area": area}
    match rule:
        case Rule.ONLY_AREA:
            return (
                _("The place lies in the area “%(area)s”, where %(service)s answers for this category.")
                % names
            )
        case Rule.PRIORITY:
            return (
                _("Several areas cover the place. “%(area)s” has priority there: %(service)s answers.")
                % names
            )
        case Rule.SMALLEST_AREA:
            return (
                _("Several areas cover the place. The smallest decides, “%(area)s”: %(service)s answers.")
                % names
            )
        case Rule.TIE_BY_CODE:
            return (
                _(
                    "Several areas of the same size cover the place. "
                    "By its code, “%(area)s” comes first: %(service)s answers."
                )
                % names
            )
        case Rule.CITY_WIDE:
            return _("For this category, %(service)s answers in the whole city.") % names
        case Rule.OFFICE:
            return (
                _("No service answers for this category at this place, so the appeal went to: %(service)s.")
                % names
            )


def border_in_words(border_m: float) -> str:
    """How near the border of the chosen area is; ``border_m`` in metres."""
    metres = round(border_m)
    if metres < 1:
        return _("The place lies on the border of the area.")
    if metres >= 1000:
        return _("The nearest border of the area is %(km).1f km away.") % {"km": border_m / 1000}
    return ngettext(
        "The nearest border of the area is %(n)d metre away.",
        "The nearest border of the area is %(n)d metres away.",
        metres,
    ) % {"n": metres}


def refusal_in_words(refusal: RoutingError) -> Errors:
    """Why nobody can be asked to answer, under the field whose change would help."""
    match refusal:
        case OutsideCity():
            return {"point": [_("This place is outside the city. Move the pin inside its border.")]}
        case UnknownCategory():
            return {"category": [_("This category no longer exists. Choose another one.")]}
        case _:
            return {"point": [_("The city has no borders in force yet, so that no appeal can be taken.")]}
