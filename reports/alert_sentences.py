"""Sentences that explain the weekly alerts: the same on the page and in its file. Each is made from the numbers."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from reports.alerts import MOST_PLACES, SIMULATIONS, Alert, AlertCell, Alerts
from reports.figures import about, odds, rounded
from reports.ground import nearest_places
from reports.hot_sentences import few_words, is_large, shown_words
from reports.hotspots import Refusal
from reports.models import CategoryAlert
from reports.sentences import appeals_words, created_words, question_words
from reports.sizes import WINDOW_RADIUS_CELLS
from reports.weeks import LEAST_WEEKS, RECENT_WEEKS

#: Circles end in the middle of something; nobody measures them.
_ROUND_M = 50


def alert_summary_words(found: Alerts) -> str:
    """The answer in one or two sentences, or why there is none."""
    if found.refusal:
        return _refusal_words(found, found.refusal)
    if not found.alerts:
        words = _(
            "Nowhere did clearly more come in of late than the weeks before let expect. That is a result too."
        )
        if found.strongest is None:
            return words
        # Of maps of chance, those whose strongest rise is as strong.
        by_chance = _(
            "A rise as strong as the strongest here is somewhere on the map by chance in %(percent)s of 100 cases."
        )
        return f"{words} {by_chance % {'percent': rounded(100 * found.strongest.p)}}"
    first = found.alerts[0]
    n = len(found.alerts)
    words = ngettext(
        "In %(n)s place clearly more came in of late than the weeks before let expect.",
        "In %(n)s places clearly more came in of late than the weeks before let expect.",
        n,
    ) % {"n": number_format(n)}
    strongest = ngettext(
        "Above all %(where)s: %(appeals)s in the last %(weeks)s week, where about %(expected)s would be expected "
        "(as strong by chance anywhere on the map: %(odds)s).",
        "Above all %(where)s: %(appeals)s in the last %(weeks)s weeks, where about %(expected)s would be expected "
        "(as strong by chance anywhere on the map: %(odds)s).",
        first.weeks,
    ) % {
        "where": _where_words(found, first),
        "appeals": appeals_words(first.count),
        "weeks": first.weeks,
        "expected": about(first.expected),
        "odds": odds(first.p),
    }
    return f"{words} {strongest}"


def _where_words(found: Alerts, alert: Alert) -> str:
    (place,) = nearest_places([alert.box.centre()])
    facts = {"place": place or alert.cells[0].id, "radius": _radius_words(alert.radius_m)}
    if is_large(found, alert):
        return pgettext("above all", "around “%(place)s”, within %(radius)s") % facts
    return pgettext("above all", "near “%(place)s”") % facts


def _radius_words(radius_m: float) -> str:
    """About how far a circle reaches."""
    if radius_m < 1_000:
        return _("%(n)s m") % {"n": rounded(_ROUND_M * max(round(radius_m / _ROUND_M), 1))}
    return _("%(n)s km") % {"n": about(radius_m / 1_000)}


def _refusal_words(found: Alerts, refusal: Refusal) -> str:
    if refusal is Refusal.FEW_WEEKS:
        return ngettext(
            "Too short to tell what is new: %(n)d whole week, at least %(least)d are needed. Choose a longer period.",
            "Too short to tell what is new: %(n)d whole weeks, at least %(least)d are needed. Choose a longer period.",
            len(found.weeks),
        ) % {"n": len(found.weeks), "least": LEAST_WEEKS}
    if refusal is Refusal.MANY_PLACES:
        return _(
            "These are %(cells)s cells with appeals, more than can be searched (%(most)s). Choose a district."
        ) % {
            "cells": number_format(found.tested, force_grouping=True),
            "most": number_format(MOST_PLACES, force_grouping=True),
        }
    return few_words(refusal, found.total - found.unfinished)


def alert_method_words(found: Alerts) -> str:
    """By which search a place gets its alert."""
    return _(
        "Circles of up to %(radius)s m around each of the %(cells)s cells with appeals are searched over the last 1 to %(recent)d weeks "
        "(space-time scan, Kulldorff; scores by Neill 2005). A place is expected to have, of all appeals of a week, the share that "
        "it had in the %(before)d weeks before: what the whole city has more of is no alert. The chance p is of the whole search: how often "
        "something as strong is anywhere on maps on which the appeals of each place came in at other times (up to %(maps)s maps, fewer where the answer is plain sooner); up to "
        "0.05 is an alert."
    ) % {
        "radius": rounded(WINDOW_RADIUS_CELLS * found.size.cell_m),
        "cells": number_format(found.tested, force_grouping=True),
        "recent": RECENT_WEEKS,
        "before": len(found.weeks) - RECENT_WEEKS,
        "maps": number_format(SIMULATIONS, force_grouping=True),
    }


def alert_size_words(found: Alerts) -> str:
    """The size of the cells."""
    return _("Cells of %(size)d m.") % {"size": found.size.cell_m}


def alert_weeks_words(found: Alerts) -> str:
    """Which weeks, and what they leave out."""
    words = ngettext(
        "%(n)d whole week, Monday to Sunday, up to %(day)s is counted.",
        "%(n)d whole weeks, Monday to Sunday, up to %(day)s are counted.",
        len(found.weeks),
    ) % {"n": len(found.weeks), "day": date_format(found.until, "DATE_FORMAT")}
    if found.unfinished:
        left_out = ngettext(
            "%(n)s appeal of other days is left out.",
            "%(n)s appeals of other days are left out.",
            found.unfinished,
        ) % {"n": number_format(found.unfinished, force_grouping=True)}
        words = f"{words} {left_out}"
    return words


def alert_caution_words() -> str:
    """What the map does not say."""
    return _(
        "An alert says that more is reported, not why: one broken thing that many report is an alert too. What has lasted for long is none; "
        "hotspots and trends show it. Who asks about many categories, one after the other, will find one of twenty alarmed by chance."
    )


def alert_notes(found: Alerts, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, then how it was judged."""
    judged = (
        [alert_method_words(found), f"{alert_size_words(found)} {alert_weeks_words(found)}"]
        if not found.refusal
        else []
    )
    return (
        question_words(found, filters),
        alert_summary_words(found),
        *judged,
        f"{alert_caution_words()} {created_words()}",
    )


def alert_words(alert: Alert) -> str:
    """Since when, how large, and how likely by chance."""
    weeks = ngettext("last %(n)d week", "last %(n)d weeks", alert.weeks) % {"n": alert.weeks}
    return pgettext(
        "since when, how wide and how likely", "%(weeks)s, within %(radius)s m; by chance: %(odds)s"
    ) % {
        "weeks": weeks,
        "radius": number_format(_ROUND_M * round(alert.radius_m / _ROUND_M), force_grouping=True),
        "odds": odds(alert.p),
    }


def week_words(monday: dt.date) -> str:
    """The days of a week."""
    sunday = monday + dt.timedelta(days=6)
    return f"{date_format(monday, 'SHORT_DATE_FORMAT')} – {date_format(sunday, 'SHORT_DATE_FORMAT')}"


def alert_cell_words(found: Alerts, cell: AlertCell) -> tuple[str, ...]:
    """What a cell's card says."""
    lines = [
        _("In the last %(n)d weeks:") % {"n": RECENT_WEEKS},
        shown_words(cell.count),
    ]
    if cell.expected is not None:
        lines.append(_("about %(expected)s expected") % {"expected": about(cell.expected)})
    if cell.alert:
        alert = found.alerts[cell.alert - 1]
        lines.append(
            _("Alert %(number)d: %(appeals)s, about %(expected)s expected (%(since)s)")
            % {
                "number": cell.alert,
                "appeals": appeals_words(alert.count),
                "expected": about(alert.expected),
                "since": alert_words(alert),
            }
        )
    return tuple(lines)


def category_words(row: CategoryAlert, place: str) -> str:
    """Where what is new of a category is, how many came in and were expected, and how sure that is among all categories."""
    words = ngettext(
        "Near “%(place)s”: %(appeals)s in the last %(weeks)s week, where about %(expected)s would be expected (by chance: %(odds)s)",
        "Near “%(place)s”: %(appeals)s in the last %(weeks)s weeks, where about %(expected)s would be expected (by chance: %(odds)s)",
        row.weeks or 0,
    )
    return words % {
        "place": place or "—",
        "appeals": appeals_words(row.count or 0),
        "weeks": row.weeks,
        "expected": about(row.expected or 0.0),
        "odds": odds(row.q or 0.0),
    }
