"""Sentences that explain the report by district: the same on the page and in its file."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from reports.by_district import LEAST_APPEALS, ByDistrict, DistrictRate, Measure
from reports.figures import rounded
from reports.ratios import clear_level_words, interval_words, ratio_words
from reports.sentences import appeals_words, borders_words, created_words, names_words, question_words
from reports.year_sentences import districts_column_words, year_words


def measure_words(found: ByDistrict) -> str:
    """What the districts are compared by."""
    if found.measure is Measure.ALL:
        return _(
            "Each district is compared with its share of all appeals of the same time (%(others)s): "
            "“2 ×” means twice as many of these appeals as that share would give."
        ) % {"others": appeals_words(found.others or 0)}
    if found.measure is Measure.RESIDENTS:
        return _(
            "Each district is compared with its share of the residents (%(residents)s in all): “2 ×” means twice as many appeals per resident "
            "as in all districts together. Residents are not all who report: where many work, trade or pass through, more is reported."
        ) % {"residents": number_format(found.residents or 0, force_grouping=True)}
    return _(
        "Each district is compared with its share of the ground: “2 ×” means twice as many appeals per km² as in all districts together. "
        "It is not a rate per resident: how many people live in each district is not known here, and where more live, more is "
        "reported. Choose a category, and its appeals are compared with all appeals."
    )


def district_summary_words(found: ByDistrict) -> str:
    """Which districts clearly have more or fewer, or why that cannot be told."""
    if not found.tested:
        return _("Too few to compare: %(appeals)s in the districts, at least %(least)d are needed.") % {
            "appeals": appeals_words(found.placed),
            "least": LEAST_APPEALS,
        }
    parts = [
        words % {"districts": names_words([row.district.name for row in rows])}
        for words, rows in (
            (_("Clearly more than expected: %(districts)s."), found.clear(1)),
            (_("Clearly fewer than expected: %(districts)s."), found.clear(-1)),
        )
        if rows
    ]
    if not parts:
        return _("No district clearly has more or fewer than expected. That is a result too.")
    return " ".join(parts)


def clear_words() -> str:
    """When a district is called clear."""
    return _(
        "The interval is where the ratio would lie 95 times of 100 (exact for Poisson's law, Garwood 1936). “Clearly” is said, and a colour given, where no more than "
        "one in twenty of the districts that are called so is chance, over all districts (Benjamini and Hochberg): of many, one interval or another leaves out 1 by chance."
    )


def comparison_words(found: ByDistrict) -> str:
    """What came of it and what the districts are compared by; that there are none, where the borders have none."""
    if not found.comparable:
        return _("The borders in force have no districts to compare.")
    return f"{district_summary_words(found)} {measure_words(found)}"


def smoothing_words(*, tabled: bool = False) -> str:
    """What smoothing does, and to what end; ``tabled`` where a table stands beside the map."""
    words = _(
        "The map shows smoothed ratios: where few appeals are expected, a ratio is drawn towards that of all districts, "
        "since a few appeals more or fewer are often chance (empirical Bayes, Marshall 1991)."
    )
    both = _("The table has both.")
    return f"{words} {both}" if tabled else words


def district_notes(found: ByDistrict, filters: list[tuple[str, str]]) -> tuple[str, ...]:
    """The question, then how it was answered."""
    return (
        question_words(found, filters),
        *_answers(found),
        measure_words(found),
        *([clear_words()] if found.tested else []),
        *filter(None, [districts_column_words(found.year_before)]),
        borders_words(found.borders),
        f"{smoothing_words()} {created_words()}",
    )


def _answers(found: ByDistrict) -> list[str]:
    summary = district_summary_words(found) if found.comparable else ""
    return [words] if (words := f"{summary} {year_words(found.year_before)}".strip()) else []


def legend_words(found: ByDistrict) -> str:
    """Heading of the legend."""
    if found.measure is Measure.ALL:
        return _("Compared with the share of all appeals")
    if found.measure is Measure.RESIDENTS:
        return _("Compared with the share of the residents")
    return _("Compared with the share of the ground")


def district_level_words(level: int | None) -> str:
    """How a class is called in the legend; 0 is no clear difference, None what is not compared."""
    if level is None:
        return _("not compared")
    return clear_level_words(level) if level else _("no clear difference")


def district_words(found: ByDistrict, row: DistrictRate) -> tuple[str, ...]:
    """What a district's card says."""
    if row.count is None:
        return (_("Too few appeals to be shown by themselves"),)
    lines = [appeals_words(row.count)]
    if row.per_km2 is not None:
        lines.append(_("%(n)s per km²") % {"n": rounded(row.per_km2, 1)})
    if row.per_1000 is not None:
        lines.append(_("%(n)s per 1,000 residents") % {"n": rounded(row.per_1000, 1)})
    if row.ratio is not None and row.smoothed is not None:
        lines.append(
            _("%(ratio)s × as expected, smoothed %(smoothed)s ×")
            % {"ratio": ratio_words(row.ratio), "smoothed": ratio_words(row.smoothed)}
        )
    if row.q is not None:
        lines.append(
            _("95 times of 100 within %(interval)s") % {"interval": interval_words(row.low, row.high)}
        )
        if not row.direction:
            lines.append(_("no clear difference"))
    return tuple(lines)
