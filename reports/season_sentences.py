"""Sentences that explain the report of seasons: the same on the page, on paper and in its files."""

from __future__ import annotations

from typing import Final

from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geo.hotspots.seasons import LEAST_COUNT, LEAST_MONTHS
from reports.figures import about, odds, rounded
from reports.seasons import CategorySeason, Seasons
from reports.sentences import created_words, in_sentence, question_words

#: Categories that the summary names.
_NAMED: Final = 5


def season_summary_words(found: Seasons) -> str:
    """Which categories follow the season, and when each is at its height."""
    heights = "; ".join(height_sentences(found))
    return season_count_words(found) + (f" {heights}." if heights else "")


def height_sentences(found: Seasons) -> list[str]:
    """When the surest of the categories that follow the season are at their height."""
    return [height_words(row) for row in found.clear[:_NAMED]] if found.enough else []


def season_count_words(found: Seasons) -> str:
    """How many categories follow the season, or why that cannot be told."""
    if not found.enough:
        return ngettext(
            "Too short for a season: %(n)d whole month, at least %(least)d are needed. The table shows the numbers alone.",
            "Too short for a season: %(n)d whole months, at least %(least)d are needed. The table shows the numbers alone.",
            len(found.months),
        ) % {"n": len(found.months), "least": LEAST_MONTHS}
    if not found.tested:
        return _("No category has enough appeals to be tested: at least %(least)d are needed.") % {
            "least": LEAST_COUNT
        }
    tested = ngettext("Of %(n)d category tested", "Of %(n)d categories tested", found.tested) % {
        "n": found.tested
    }
    clear = found.clear
    if not clear:
        return _("%(tested)s, none clearly follows the season.") % {"tested": tested}
    return ngettext(
        "%(tested)s, %(n)d clearly follows the season.",
        "%(tested)s, %(n)d clearly follow the season.",
        len(clear),
    ) % {"tested": tested, "n": len(clear)}


def height_words(row: CategorySeason) -> str:
    """The category with its highest and lowest month, and how many times the year's mean they have."""
    told = {"name": row.name}
    for name, month in (("peak", row.peak or 1), ("trough", row.trough or 1)):
        told[name] = in_sentence(str(MONTHS[month]))
        index = row.months[month - 1].index
        told[f"{name}_index"] = "—" if index is None else about(index)
    words = _("%(name)s – most: %(peak)s (%(peak_index)s ×), fewest: %(trough)s (%(trough_index)s ×)") % told
    # The sign stays with its number.
    return words.replace(" ×", "\u00a0×")


def sure_words(row: CategorySeason) -> str:
    """How sure the season is; empty for what was not tested."""
    if row.q is None:
        return ""
    told = {"odds": odds(row.q)}
    if row.clear:
        return _("clear season; by chance: %(odds)s") % told
    return _("no clear season; by chance: %(odds)s") % told


def month_heads() -> list[tuple[str, str]]:
    """The months of the year, short and whole."""
    return [(str(MONTHS_3[n]), str(MONTHS[n])) for n in range(1, 13)]


def season_method_words(found: Seasons) -> tuple[str, ...]:
    """How it was judged."""
    words = [
        _(
            "1 × is what the category's own trend lets expect in a month of so many days without a season. A category is tested for waves of a year and of half a year "
            "beyond that trend (regression with sine and cosine, Stolwijk and others 1999), by an F test in which months may vary more than Poisson's law allows. “Clearly” is said where no more than "
            "one in twenty of those that are called so is chance, over all that were tested (Benjamini and Hochberg); the chance given is that false discovery rate, q."
        ),
        _(
            "It needs at least %(months)d whole months, and %(count)d appeals of a category; categories with fewer have their numbers alone."
        )
        % {"months": LEAST_MONTHS, "count": LEAST_COUNT},
    ]
    if found.unfinished:
        words.append(
            ngettext(
                "%(n)s appeal of other days is left out.",
                "%(n)s appeals of other days are left out.",
                found.unfinished,
            )
            % {"n": rounded(found.unfinished)}
        )
    return tuple(words)


def season_caution_words(found: Seasons) -> str:
    """What it does not say."""
    if found.months and min(found.years) < 3:
        return _(
            "Some months were seen in fewer than three years: what happened once, such as a burst main or a call to report, looks like a season there."
        )
    return _(
        "A season of reports is not always one of problems: people report what they meet, and go out less in winter."
    )


def season_notes(found: Seasons, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, the answer, the method."""
    return (
        question_words(found, filters),
        season_summary_words(found),
        *season_method_words(found),
        f"{season_caution_words(found)} {created_words()}",
    )
