"""Sentences that compare a period with the same days a year before: the same on the page and in its files."""

from __future__ import annotations

from typing import Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from reports.figures import about, direction_mark, times
from reports.sentences import appeals_words, period_words
from reports.year_before import OwnChange, Uncompared, YearBefore

#: Below this the interval of 95 of 100 lies on one side of “as many”.
_CLEAR_P: Final = 0.05


def year_words(year: YearBefore | Uncompared | None) -> str:
    """How many more or fewer than a year before, how surely, and what that does not say; why it is not compared; empty where nobody asked for it."""
    if isinstance(year, YearBefore):
        return f"{_counts_words(year)}: {_change_words(year)} {_caution_words(year)}"
    if year is Uncompared.BEGAN_LATER:
        return _(
            "There is nothing to compare with a year before: the city's appeals do not reach back to the first of the same days."
        )
    if year is Uncompared.STATUS:
        return _(
            "Appeals of a status are not compared with those of another time, which had another time to be answered."
        )
    if year is Uncompared.CHOSEN_BEGINS_EARLIER:
        return _(
            "The two periods are not compared: the city's appeals do not reach back to the first day of both."
        )
    if year is Uncompared.CHOSEN_TO_COME:
        return _("The two periods are not compared: the days of one of them are yet to come.")
    return ""


def year_hint(year: YearBefore | Uncompared | None) -> str:
    """What to ask for a comparison; empty where that would not help."""
    if year not in {Uncompared.OPEN, Uncompared.LONG}:
        return ""
    return _(
        "Choose a period of at most a year: its appeals are then compared with those of the same days a year before, or with a second period of your choice."
    )


def no_second_words() -> str:
    """What a report says whose address has a second period that it does not take."""
    return _(
        "This report compares with no second period: it is left out here, and goes along to the reports that do."
    )


def before_words(part: OwnChange) -> str:
    """How many there were a year before, and how many times as many there are now where that clearly differs; a dash where that is not told."""
    if part.before is None:
        return "—"
    counted = number_format(part.before, force_grouping=True)
    if not part.change_direction or part.change is None:
        return counted
    return f"{counted} {direction_mark(part.change_direction)}\N{NO-BREAK SPACE}{times(part.change, 2)}"


def year_column_title(year: YearBefore | Uncompared | None) -> str:
    """The head of the column with the year before, or with the second period; empty where nothing is compared."""
    if not isinstance(year, YearBefore):
        return ""
    if year.chosen:
        return pgettext("number of appeals, head of a column", "Second period")
    return pgettext("number of appeals, head of a column", "Year before")


def districts_column_words(year: YearBefore | Uncompared | None) -> str:
    """What that column tells in a table of districts; empty where there is none."""
    if not isinstance(year, YearBefore):
        return ""
    if year.chosen:
        return _(
            "“Second period” has its appeals, ▲ where the first clearly has more per day and ▼ where clearly fewer, with how many times as many: exact, corrected for the "
            "number of districts (Benjamini–Hochberg)."
        )
    return _(
        "“Year before” has the same days a year before, ▲ where there are clearly more now and ▼ where clearly fewer, with how many times as many: exact, corrected for the "
        "number of districts (Benjamini–Hochberg)."
    )


def cells_alone_words(year: YearBefore | Uncompared | None) -> str:
    """What the cells do not tell of a second period; empty where none was chosen."""
    if not isinstance(year, YearBefore) or not year.chosen:
        return ""
    return _(
        "The cells of the map and of its files are those of the first period alone; the second one is in the sums and in the tables of districts or places."
    )


def _counts_words(year: YearBefore) -> str:
    facts = {
        "count": appeals_words(year.count),
        "before": number_format(year.before, force_grouping=True)
        if year.before
        else pgettext("appeals a year before", "none"),
        "day": date_format(year.until, "DATE_FORMAT"),
    }
    if year.chosen:
        facts |= {
            "period": period_words(year.since, year.until),
            "chosen": period_words(year.before_since, year.before_until),
        }
        if year.uneven and year.before:
            this, before = year.days
            facts |= {
                "days": _days_words(this),
                "rate": about(year.count / this),
                "days_before": _days_words(before),
                "rate_before": about(year.before / before),
            }
            # Else more would be read to be fewer.
            return (
                _(
                    "%(period)s: %(count)s in %(days)s, %(rate)s a day; %(chosen)s: %(before)s in %(days_before)s, %(rate_before)s a day"
                )
                % facts
            )
        return _("%(period)s: %(count)s; %(chosen)s: %(before)s") % facts
    if year.over:
        return _("%(count)s; %(before)s in the same days a year before") % facts
    return _("Up to %(day)s: %(count)s; %(before)s in the same days a year before") % facts


def _change_words(year: YearBefore) -> str:
    told = _ratio_words(year)
    return _("per day %(change)s") % {"change": told} if year.uneven and year.before else told


def _ratio_words(year: YearBefore) -> str:
    ratio = year.ratio
    clear = float(ratio.p) < _CLEAR_P
    if not year.before:
        return _("clearly more.") if clear else _("too few to tell from chance.")
    change = float(ratio.value) - 1
    facts = {
        "percent": _percent(abs(change)),
        "low": _signed(float(ratio.low) - 1),
        "high": _signed(float(ratio.high) - 1),
    }
    if not clear:
        if round(change, 9) == 0:
            return _("as many (95 of 100 times between %(low)s and %(high)s).") % facts
        if change > 0:
            return (
                _("%(percent)s more, which may be chance (95 of 100 times between %(low)s and %(high)s).")
                % facts
            )
        return (
            _("%(percent)s fewer, which may be chance (95 of 100 times between %(low)s and %(high)s).")
            % facts
        )
    if change > 0:
        return _("clearly more, by %(percent)s (95 of 100 times between %(low)s and %(high)s).") % facts
    return _("clearly fewer, by %(percent)s (95 of 100 times between %(low)s and %(high)s).") % facts


def _caution_words(year: YearBefore) -> str:
    words = _(
        "More appeals need not be more problems: the service may be used more, and weather or a campaign moves counts more than such chance does."
    )
    told = [words]
    if year.uneven and not year.chosen:
        told.insert(0, _("Compared per day, since one of the years has a 29 February."))
    if year.chosen and not year.over:
        told.insert(0, _("Days that are not over count in neither."))
    return " ".join(told)


def _days_words(days: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": number_format(days, force_grouping=True)}


def _percent(share: float) -> str:
    return f"{about(share * 100)}\N{NO-BREAK SPACE}%"


def _signed(share: float) -> str:
    sign = "\N{MINUS SIGN}" if share < 0 else "+"
    return f"{sign}{_percent(abs(share))}"
