"""Sentences and figures of the report of answers: the same on the page, on paper and in its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from reports.answers import ENOUGH, Answers, AnswersReport
from reports.figures import direction_mark, rounded
from reports.sentences import borders_words, created_words, names_words, question_words
from reports.tallies import showable

#: How a level is called in the legend and in a district's card, and its colour; None is for what is not compared.
LEVEL_COLOURS = {-1: "hot-3", 0: "even", 1: "cold-3", None: "blank"}

#: Columns whose names stand beside each other on a page.
_MOST_LEVEL_HEADS: Final = 6


@dataclass(frozen=True)
class Figures:
    """What a group's answers come to, as it is written; a dash for what is not told. ``level`` is that of its difference, if any."""

    n: str
    waiting: str
    half: str
    most: str
    kept: str
    interval: str
    difference: str
    difference_interval: str
    level: int | None

    @property
    def mark(self) -> str:
        """Fewer or more, for who sees no colours."""
        return direction_mark(self.level or 0)


def figures_of(one: Answers) -> Figures:
    """The figures, of too few appeals their number alone."""
    dash = "—"
    shown = showable(one.n)
    n = dash if shown is None else rounded(shown)
    if not one.enough:
        return Figures(n, dash, dash, dash, dash, "", dash, "", None)
    waiting = showable(one.waiting)
    compared, share, interval = one.compared, one.share, one.interval
    return Figures(
        n=n,
        waiting=dash if waiting is None else rounded(waiting),
        half=_within(one.half_days, one.watched_days),
        most=_within(one.most_days, one.watched_days),
        kept=dash if share is None else percent(share),
        interval=_between(*(rounded(100 * bound) for bound in interval)) if interval else "",
        difference=points(compared.value) if compared else dash,
        difference_interval=_between(points(compared.low), points(compared.high)) if compared else "",
        level=compared.level if compared else None,
    )


@dataclass(frozen=True)
class ServiceTable:
    """Services and districts: what there is more of stands in the rows, so that it is rather long than wide (``turned``: the districts).

    ``heads`` are the columns, before whose cells each of the ``rows`` has its name and its figures of all of them together. A cell
    without appeals is None.
    """

    turned: bool
    heads: tuple[str, ...]
    rows: tuple[tuple[str, Figures, tuple[Figures | None, ...]], ...]

    @property
    def rising(self) -> bool:
        """True for so many columns that their heads rise, since a page is wide enough for their figures alone."""
        return len(self.heads) > _MOST_LEVEL_HEADS


def service_table(found: AnswersReport) -> ServiceTable:
    """Every service in every district."""
    services, districts = found.services, found.districts
    turned = len(districts) > len(services)
    rows = (
        [
            (district.name, whole, [service.districts[n] for service in services])
            for n, (district, whole) in enumerate(zip(districts, found.answers, strict=True))
        ]
        if turned
        else [(service.name, service.whole, [*service.districts]) for service in services]
    )
    return ServiceTable(
        turned,
        tuple(one.name for one in (services if turned else districts)),
        tuple(
            (name, figures_of(whole), tuple(None if one is None else figures_of(one) for one in cells))
            for name, whole, cells in rows
        ),
    )


def service_table_words() -> str:
    """How it is read."""
    return _(
        "Days within which half was answered, and below them the terms kept. ▼ is clearly fewer than the same service keeps elsewhere, ▲ clearly more; without figures, the number of appeals, which are too few."
    )


def _within(days: int | None, watched: int) -> str:
    return rounded(days) if days is not None else f"> {rounded(watched)}"


def _between(low: str, high: str) -> str:
    return pgettext("an interval", "%(low)s to %(high)s") % {"low": low, "high": high}


def percent(share: float) -> str:
    """The share of a hundred."""
    return f"{rounded(100 * share)} %"


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    number = rounded(100 * abs(value))
    return number if number == "0" else f"{'−' if value < 0 else '+'}{number}"


def answers_summary_words(found: AnswersReport) -> str:
    """How long it takes, how many terms are kept, and whether that differs between districts."""
    whole = found.whole
    if not whole.enough:
        return ngettext(
            "Too few for figures: %(n)s appeal, at least %(least)d are needed.",
            "Too few for figures: %(n)s appeals, at least %(least)d are needed.",
            whole.n,
        ) % {"n": rounded(whole.n), "least": ENOUGH}
    parts = [
        _("Half of the appeals are answered within %(half)s, nine of ten within %(most)s.")
        % {
            "half": _days(whole.half_days, whole.watched_days),
            "most": _days(whole.most_days, whole.watched_days),
        }
    ]
    if whole.share is not None and whole.interval:
        parts.append(_("Of the terms that are over, %(share)s were kept.") % {"share": percent(whole.share)})
        parts.append(_districts_words(found))
        parts.append(_differing_words(found))
    return " ".join(filter(None, parts))


def _districts_words(found: AnswersReport) -> str:
    """Which districts are clearly served worse, those that differ most first; empty where none can be compared."""
    fewer = [
        (one.compared.value, district.name)
        for district, one in zip(found.districts, found.answers, strict=True)
        if one.compared and one.compared.level < 0
    ]
    if not any(one.compared for one in found.answers):
        return ""
    if not fewer:
        return _("In no district are clearly fewer terms kept than in the rest of the city.")
    return _("Clearly fewer terms than in the rest of the city are kept in: %(districts)s.") % {
        "districts": names_words([name for _value, name in sorted(fewer)])
    }


def _differing_words(found: AnswersReport) -> str:
    levels = [row[2].compared.level for row in found.differing if row[2].compared]
    fewer, more = levels.count(-1), levels.count(1)
    if not levels:
        return _(
            "No service keeps clearly fewer or more terms in one district than elsewhere, with appeals of the same category."
        )
    return _(
        "Than elsewhere, with the same service and category, clearly fewer terms are kept in %(fewer)s and clearly more in %(more)s."
    ) % {
        "fewer": ngettext("%(n)s pair of service and district", "%(n)s pairs of service and district", fewer)
        % {"n": rounded(fewer)},
        "more": rounded(more),
    }


def _days(days: int | None, watched: int) -> str:
    if days is None:
        return ngettext("more than %(n)s day", "more than %(n)s days", watched) % {"n": rounded(watched)}
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": rounded(days)}


def answers_method_words() -> tuple[str, ...]:
    """How the figures came about."""
    return (
        _(
            "Days of the calendar from the one on which an appeal came in to that of the answer that stands. What is not answered yet counts "
            "with the time that it has waited so far (Kaplan and Meier 1958); “>” means that so many have not been answered yet, though some "
            "have waited this long."
        ),
        _(
            "Terms are judged once their last day is over, whether the answer came earlier or not: of terms that still run, only the fast ones have "
            "an answer. What was closed without an answer has no term. Where a share has an interval, it would lie in it 95 times of 100 (Wilson)."
        ),
        _(
            "A district is compared with what the same services keep elsewhere in the city, in appeals of the same category (Mantel and Haenszel 1959); "
            "the difference is in percentage points, with the interval in which it lies 95 times of 100 (Klingenberg 2014). “Clearly” is said where no more than one in twenty of those that are called "
            "so is chance, over all that were compared (Benjamini and Hochberg)."
        ),
        _(
            "Fewer than %(n)d appeals have no figures, and fewer than %(n)d terms no share: one appeal more or less would change them."
        )
        % {"n": ENOUGH},
    )


def answers_caution_words() -> str:
    """What the figures do not say."""
    return _(
        "A difference is no fault by itself: appeals of one category may be harder in one district, and an interval that holds 0 says that chance would do."
    )


def answers_notes(found: AnswersReport, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, the method."""
    return (
        question_words(found, filters),
        answers_summary_words(found),
        *answers_method_words(),
        answers_caution_words(),
        f"{borders_words(found.borders)} {created_words()}",
    )


def kept_level_words(level: int | None) -> str:
    """A level as in the legend."""
    return {
        -1: _("clearly fewer terms kept than elsewhere"),
        0: _("no clear difference"),
        1: _("clearly more terms kept than elsewhere"),
        None: _("too few to compare"),
    }[level]


def district_answer_words(one: Answers) -> tuple[str, ...]:
    """What a district's card says."""
    if not one.enough:
        return (_("Too few appeals for figures"),)
    told = figures_of(one)
    lines = [
        _("half answered within %(half)s, nine of ten within %(most)s")
        % {"half": _days(one.half_days, one.watched_days), "most": _days(one.most_days, one.watched_days)}
    ]
    if one.share is not None:
        lines.append(
            _("%(share)s of the terms kept (%(interval)s)") % {"share": told.kept, "interval": told.interval}
        )
    if one.compared:
        lines.append(
            _("than elsewhere: %(points)s percentage points (%(interval)s)")
            % {"points": told.difference, "interval": told.difference_interval}
        )
    return tuple(lines)
