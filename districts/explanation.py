"""Why this service: the routing decision told to a resident."""

from __future__ import annotations

from django.utils.translation import gettext as _

from districts.routing import Rule


def explain(rule: str, *, service: str, area: str = "", border_m: float | None = None) -> str:
    """One or two sentences in the reader's language; names are taken as they are.

    ``area`` is the name of the deciding service area where there is one. A pin within 30 m of the border is told so:
    there a small move of the pin may change who answers.
    """
    names = {"service": service, "area": area}
    match Rule(rule):
        case Rule.ONLY_AREA:
            words = _("The place lies in the area “%(area)s”, where %(service)s answers for this.") % names
        case Rule.PRIORITY:
            words = _("The place lies in the area “%(area)s”, which goes before others; there %(service)s answers.") % names
        case Rule.SMALLEST_AREA:
            words = _("Several areas cover the place; the smallest of them, “%(area)s”, decides: %(service)s.") % names
        case Rule.TIE_BY_CODE:
            words = _("Areas of equal rank meet here; by the fixed order “%(area)s” decides: %(service)s.") % names
        case Rule.CITY_WIDE:
            words = _("No special area covers the place; in the whole city %(service)s answers for this.") % names
        case Rule.OFFICE:
            words = _("No service is named for this, so that %(service)s takes it.") % names
    if area and border_m is not None and border_m < 30:
        words += " " + _("The border of the area is only %(metres)d m away.") % {"metres": round(border_m)}
    return words
