"""Sentences that explain the report by district: the same on the page and in its file."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from reports.by_district import ByDistrict, DistrictRate, Measure
from reports.figures import rounded
from reports.sentences import appeals_words, borders_words, created_words, question_words


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


def comparison_words(found: ByDistrict) -> str:
    """What the districts are compared by; that there are none, where the borders have none."""
    return (
        measure_words(found) if found.comparable else _("The borders in force have no districts to compare.")
    )


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
        measure_words(found),
        borders_words(found.borders),
        f"{smoothing_words()} {created_words()}",
    )


def legend_words(found: ByDistrict) -> str:
    """Heading of the legend."""
    if found.measure is Measure.ALL:
        return _("Compared with the share of all appeals")
    if found.measure is Measure.RESIDENTS:
        return _("Compared with the share of the residents")
    return _("Compared with the share of the ground")


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
            % {"ratio": rounded(row.ratio, 2), "smoothed": rounded(row.smoothed, 2)}
        )
    return tuple(lines)
