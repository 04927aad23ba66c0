"""Sentences that explain the report of before and after: the same on the page, on paper and in its files."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geo.hotspots import BeforeAfter, Unanswerable
from geo.hotspots.before_after import LEAST_AFTER, LEAST_APPEALS, LEAST_BEFORE, LEAST_PLACES
from reports.figures import about, odds, rounded
from reports.intervention import LEVEL, MOST_MONTHS, RING_M, BeforeAfterReport
from reports.ratios import interval_words
from reports.sentences import appeals_words, asked_words, created_words

#: Colours of the cells by what they are, in the order of the legend.
ROLE_COLOURS: Final = {"area": "colour-4", "ring": "colour-1", "control": "cold-2"}


def change_question_words(found: BeforeAfterReport, filters: list[tuple[str, str]]) -> str:
    """Which appeals, where, and before and after which day."""
    done, told = found.done, [*filters]
    if done.drawn.area is not None and found.area_km2:
        told.append((_("Area"), _("%(n)s km²") % {"n": about(found.area_km2)}))
    elif found.wanted.district and found.found:
        told.append((_("Area"), _("the cells of %(n)d m that cover it") % {"n": found.cell_m}))
    if done.on:
        told.insert(0, (_("Done on"), day_words(done.on)))
    first = found.months[0].first if found.months else None
    last = found.months[-1].last if found.months else None
    return asked_words(first, last, told, count=sum(found.sums) if found.found else None)


def day_words(day: dt.date) -> str:
    return date_format(day, "DATE_FORMAT")


def change_asks_words(found: BeforeAfterReport) -> str:
    """What the question lacks; empty where it is whole."""
    if not found.asks:
        return ""
    if "days" in found.asks:
        return _("There are no whole months on both sides of this day yet: nothing can be compared.")
    if "larger" in found.asks:
        return _("The area is smaller than a cell of %(n)d m. Draw it larger.") % {"n": found.cell_m}
    if found.asks == ("on",):
        return _("Say on which day something was done.")
    if found.asks == ("area",):
        return _("Say where it was done: choose a district, or draw the area.")
    return _(
        "Say what was done where and when: a street lit, a bin put up, a road repaired. Choose the day, a category, and a district or an area that you draw."
    )


def change_summary_words(found: BeforeAfterReport) -> str:
    """What changed, how surely, and what became of the surroundings."""
    if found.asks or found.found is None:
        return change_asks_words(found)
    area = found.found
    if area.ratio is None:
        return _refusal_words(found, area)
    _before, after = found.sums
    parts = [
        _(
            "After that day %(after)s came in; from what became of the control, %(expected)s were to be expected: %(ratio)s × as many."
        )
        % {
            "after": appeals_words(after),
            "expected": about(found.expected),
            "ratio": rounded(area.ratio, 2),
        },
        _surely_words(area),
        _ring_words(found.ring),
    ]
    return " ".join(filter(None, parts))


def _refusal_words(found: BeforeAfterReport, area: BeforeAfter) -> str:
    match area.refusal:
        case Unanswerable.FEW_BEFORE | Unanswerable.FEW_AFTER:
            return _(
                "Too short: %(before)s before that day and %(after)s after it; at least %(least)d and %(least_after)d are needed."
            ) % {
                "before": _months_words(area.before),
                "after": _months_words(len(area.area) - area.before),
                "least": LEAST_BEFORE,
                "least_after": LEAST_AFTER,
            }
        case Unanswerable.FEW_APPEALS:
            return _(
                "Too few appeals in the area for an answer: at least %(least)d are needed in the %(months)s before that day (%(days)s); the report looks back %(most)d months at most. Draw a larger area, or choose a wider category."
            ) % {
                "least": LEAST_APPEALS,
                "months": _months_words(area.before),
                "days": month_days_words(found.months[0].first, found.months[area.before - 1].last),
                "most": MOST_MONTHS,
            }
        case _:
            return _(
                "Nothing to compare with: nowhere else in the city are there as many cells with about as many appeals. Draw a smaller area."
            )


def _months_words(count: int) -> str:
    return ngettext("%(n)d whole month", "%(n)d whole months", count) % {"n": count}


def _surely_words(area: BeforeAfter) -> str:
    if area.p is None or area.low is None or area.high is None:
        return _(
            "Whether that is chance cannot be told: only %(n)d comparable places lie beside each other, at least %(least)d are needed. Draw a smaller area."
        ) % {"n": area.apart, "least": LEAST_PLACES}
    told = {"interval": interval_words(area.low, area.high), "odds": odds(area.p)}
    if area.p > LEVEL:
        return (
            _(
                "That is no clear change: it may lie at %(interval)s (as large by chance in comparable places: %(odds)s)."
            )
            % told
        )
    if area.ratio is not None and area.ratio < 1:
        return (
            _("That is clearly fewer (%(interval)s; as large by chance in comparable places: %(odds)s).")
            % told
        )
    return _("That is clearly more (%(interval)s; as large by chance in comparable places: %(odds)s).") % told


def _ring_words(ring: BeforeAfter | None) -> str:
    told: dict[str, object] = {"m": RING_M}
    if ring is None or ring.ratio is None or ring.p is None:
        return (
            _(
                "Of the surroundings up to %(m)d m nothing can be told: too few appeals, or nothing to compare with."
            )
            % told
        )
    told |= {"ratio": rounded(ring.ratio, 2), "interval": interval_words(ring.low, ring.high)}
    if ring.p > LEVEL:
        return (
            _(
                "In the surroundings up to %(m)d m no clear change is seen (%(ratio)s ×, %(interval)s): no sign that it moved there, nor a proof that it did not."
            )
            % told
        )
    if ring.ratio > 1:
        return (
            _(
                "In the surroundings up to %(m)d m clearly more came in (%(ratio)s ×, %(interval)s): it may have moved there."
            )
            % told
        )
    return (
        _(
            "In the surroundings up to %(m)d m clearly fewer came in too (%(ratio)s ×, %(interval)s): it may have reached that far."
        )
        % told
    )


def change_method_words(found: BeforeAfterReport) -> tuple[str, ...]:
    """How it was judged."""
    area = found.found
    words = [
        _(
            "The area's change is divided by that of its control: places of as many cells elsewhere in the city whose number of appeals and trend before "
            "that day were nearest to the area's. What happens everywhere, such as the season, is so left out (difference in differences of the logarithms)."
        ),
        _(
            "How far such a ratio strays by chance is seen on the map itself: as many comparable places as there are, with a third to three times as many "
            "appeals before, are judged as if it had been done there (placebo test, Abadie and others 2010)."
        ),
        *(
            [_("The interval holds the true ratio 95 times of 100.")]
            if any(one and one.low is not None for one in (area, found.ring))
            else []
        ),
        _(
            "The surroundings are neither area nor control; they are judged in the same way by themselves. Months run from the day on which it was done; cells have sides of %(n)d m and belong to the area "
            "if their centre does."
        )
        % {"n": found.cell_m},
    ]
    if area and area.placebos:
        words.append(
            ngettext(
                "%(n)s comparable place was tried; %(apart)s lie beside each other, and no chance is called smaller than one of these.",
                "%(n)s comparable places were tried; %(apart)s lie beside each other, and no chance is called smaller than one of these.",
                area.placebos,
            )
            % {"n": rounded(area.placebos), "apart": rounded(area.apart)}
        )
    return tuple(words)


def change_caution_words() -> str:
    """What it does not say."""
    return _(
        "That it changed then does not prove that this was the cause: something else may have been done or broken there at the same time. An area that was chosen for its worst months would "
        "have had fewer anyway, of which the control takes out a part. Fewer reports are not always fewer problems."
    )


def change_notes(found: BeforeAfterReport, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, the method."""
    return (
        change_question_words(found, filters),
        change_summary_words(found),
        *([] if found.asks else change_method_words(found)),
        f"{change_caution_words()} {created_words()}",
    )


def role_words(role: str) -> str:
    """What a cell is, as in the legend."""
    return {
        "area": _("the area"),
        "ring": _("its surroundings, up to %(m)d m") % {"m": RING_M},
        "control": _("the control"),
    }[role]


def month_days_words(first: dt.date, last: dt.date) -> str:
    """The days of a month that was counted."""
    return f"{date_format(first, 'SHORT_DATE_FORMAT')} – {date_format(last, 'SHORT_DATE_FORMAT')}"
