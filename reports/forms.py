"""What a planner asks for, read from the address: the same form for the page, its map and its downloads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from appeals.filters import AppealFilter
from appeals.workflow import Kind, Status
from districts.models import Category, District, Service
from reports.sizes import CELL_SIZES_M

#: Ready periods that end today, in days; None is all time.
PERIODS: Mapping[str, tuple[int | None, Promise]] = {
    "month": (30, gettext_lazy("30 days")),
    "quarter": (91, gettext_lazy("Quarter")),
    "year": (365, pgettext_lazy("period", "Year")),
    "all": (None, gettext_lazy("All time")),
}

_EARLIEST, _LATEST = dt.date(1900, 1, 1), dt.date(2200, 12, 31)

Choices = list[tuple[str, Any]]


@dataclass(frozen=True)
class HeatmapQuery:
    """The question: which appeals, and in cells of which size (None: the rule decides)."""

    wanted: AppealFilter
    cell_m: int | None

    def as_query(self, **changes: str) -> str:
        """The question as a URL query without ``?``; periods are written out as days."""
        return self.wanted.as_query(cell=str(self.cell_m or ""), **changes)


@dataclass(frozen=True)
class Period:
    """A ready period as a link: ``query`` is the same question about it."""

    name: str
    query: str
    current: bool


class HeatmapForm(forms.Form):
    """Filters of the heat report. ``from`` and ``to`` are days of the city's clock, both included.

    ``period`` names one of ``PERIODS`` and holds where neither day is given.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(_with_days(data), label_suffix="")
        self.fields["from"] = _day(pgettext("period", "From"))
        self.fields["to"] = _day(pgettext("period", "To"))
        self._words: dict[str, dict[str, str]] = {}
        self._offer("category", _("Category"), _("All categories"), _categories())
        self._offer("kind", _("Type"), _("All types"), list(Kind.choices))
        self._offer("district", _("District"), _("Whole city"), _districts())
        self._offer("service", _("Service"), _("All services"), _services())
        self._offer("status", _("Status"), _("All statuses"), list(Status.choices))
        sizes: Choices = [(str(cell_m), _("%(n)s m") % {"n": cell_m}) for cell_m in CELL_SIZES_M]
        self._offer("cell", _("Cell size"), _("Automatic"), sizes)
        self.fields["period"] = forms.ChoiceField(required=False, choices=[(name, name) for name in PERIODS])

    def _offer(self, name: str, label: str, all_of_them: str, choices: Choices) -> None:
        self._words[name] = _words(choices)
        self.fields[name] = forms.ChoiceField(
            label=label,
            required=False,
            choices=[("", all_of_them), *choices],
            error_messages={"invalid_choice": _("“%(value)s” is not among the choices.")},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        since, until = cleaned.get("from"), cleaned.get("to")
        if since and until and since > until:
            self.add_error("from", _("The period ends before it begins."))
        return cleaned

    @property
    def query(self) -> HeatmapQuery:
        """The question; only of a valid form."""
        values = self.cleaned_data
        status = values["status"]
        return HeatmapQuery(
            AppealFilter(
                kind=values["kind"],
                category=values["category"],
                service=values["service"],
                district=values["district"],
                status=(status,) if status else (),
                since=values["from"],
                until=values["to"],
            ),
            int(values["cell"]) if values["cell"] else None,
        )

    def filters_in_words(self) -> list[tuple[str, str]]:
        """Label and value of each filter that narrows, without the period."""
        return [
            (str(self.fields[name].label), self._words[name][value])
            for name in ("category", "kind", "district", "service", "status")
            if (value := self.cleaned_data[name])
        ]

    def periods(self) -> list[Period]:
        """Links to the same question about each ready period."""
        asked = self.query
        links = []
        for code, (_days, name) in PERIODS.items():
            since, until = _period(code)
            same = replace(asked, wanted=replace(asked.wanted, since=since, until=until))
            links.append(Period(str(name), same.as_query(), same == asked))
        return links


def _with_days(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with a ready period written out as its two days, so that the form shows what was understood."""
    filled = {name: data[name] for name in data}
    if filled.get("period") in PERIODS and not (filled.get("from") or filled.get("to")):
        since, until = _period(filled["period"])
        filled |= {"from": since.isoformat() if since else "", "to": until.isoformat() if until else ""}
    return filled


def _period(code: str) -> tuple[dt.date | None, dt.date | None]:
    days = PERIODS[code][0]
    if days is None:
        return None, None
    today = timezone.localdate()
    return today - dt.timedelta(days=days - 1), today


def _day(label: str) -> forms.DateField:
    field = forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("A date must be written as 2026-05-31.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def in_reach(value: dt.date) -> None:
        if not _EARLIEST <= value <= _LATEST:
            raise forms.ValidationError(_("This date is out of reach."))

    field.validators.append(in_reach)
    return field


def _words(choices: Choices) -> dict[str, str]:
    """Label of each code, those within groups too."""
    words: dict[str, str] = {}
    for code, label in choices:
        words |= _words(label) if isinstance(label, list) else {code: str(label)}
    return words


def _categories() -> Choices:
    """Groups with their leaves; a group can be chosen as a whole. Inactive ones too: old appeals have them."""
    everything = list(Category.objects.all())
    leaves: dict[int, Choices] = {}
    for category in everything:
        if category.parent_id is not None:
            leaves.setdefault(category.parent_id, []).append((category.code, category.name))
    choices: Choices = []
    for group in everything:
        if group.parent_id is None:
            whole = (group.code, _("%(category)s: all") % {"category": group.name})
            inner = leaves.get(group.pk)
            choices.append((group.name, [whole, *inner]) if inner else (group.code, group.name))
    return choices


def _services() -> Choices:
    return sorted(
        ((service.code, service.short) for service in Service.objects.all()), key=lambda choice: choice[1]
    )


def _districts() -> Choices:
    territories = District.objects.exclude(kind=District.Kind.CITY)
    return sorted(((district.code, district.name) for district in territories), key=lambda choice: choice[1])
