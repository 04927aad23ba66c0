"""What a planner asks for, read from the address: the same form for the page, its map and its downloads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appeals.filters import FILTERS, AppealFilter, FilterField, day_in, in_order
from appeals.periods import NAMED, Period, ready_periods, with_days
from districts.choices import Group, districts, flat
from geo.drawn import REACH_MAX_M, REACH_MIN_M, DrawnPlace, Shape, place_from_text
from geo.refusals import Refused, ValueRefused
from reports.questions import Days, Intervention
from reports.sizes import offered_sizes
from reports.tallies import Borders

_DECLARED = {declared.name: declared for declared in FILTERS}

#: Filters that the form offers, in its order.
REPORTED = ("from", "to", "category", "kind", "district", "service", "status")

#: The days of a second period, with which those of the first are compared.
AGAINST = ("against_from", "against_to")

#: Beside them, on the way through reports that compare with no second period: the days of the first that it was chosen for.
FIRST = ("first_from", "first_to")

#: Everything that a report can be asked; that by district has no size of cells and no district.
QUESTIONS = (*REPORTED, "cell", "borders", *AGAINST, "period", "on", "shape", "corners", "reach_m")

#: Says how old a kept report may be.
COUNTED_AFTER: Final = "counted_after"
_UNSEEN: Final = ("period", COUNTED_AFTER)
#: Of before and after: what says where, drawn on a map that is theirs.
_DRAWN: Final = ("shape", "district", "reach_m", "corners")

#: On both sides of a street, where nothing is said.
_USUAL_REACH_M: Final = 50

_NOT_AMONG = gettext_lazy("“%(value)s” is not among the choices.")


@dataclass(frozen=True)
class Carried:
    """A second period that goes along through a report that compares with none, and the ``first`` it was chosen for, if that is known."""

    against: Days
    first: Days | None = None

    @property
    def named(self) -> dict[str, str]:
        """As in an address."""
        named = dict(zip(AGAINST, self.against.as_texts, strict=True))
        return named | (dict(zip(FIRST, self.first.as_texts, strict=True)) if self.first else {})


@dataclass(frozen=True)
class ReportQuery:
    """The question: which appeals, in cells of which size (None: the rule decides), in districts of which borders; held against which other days (None: a year before), and what one report alone is asked."""

    wanted: AppealFilter
    cell_m: int | None
    borders: Borders = Borders.TODAY
    done: Intervention | None = None
    against: Days | None = None

    def as_query(self, **changes: str) -> str:
        """The question as a URL query without ``?``; periods are written out as days."""
        done = self.done.as_query() if self.done else {}
        against = self.against
        days = (against.since.isoformat(), against.until.isoformat()) if against else ("", "")
        return self.rows_query(
            cell=str(self.cell_m or ""), **dict(zip(AGAINST, days, strict=True)), **done, **changes
        )

    def against_of(self, wanted: AppealFilter) -> Days | None:
        """The second period, if the appeals of another question can be held against it."""
        if self.against is None or wanted.since is None or wanted.until is None:
            return None
        return None if self.against.meet(wanted.since, wanted.until) else self.against

    def without(self, names: Collection[str]) -> ReportQuery:
        """The question as if what has one of these names had not been asked."""
        wanted = self.wanted
        for name in names:
            wanted = wanted.without(_DECLARED[name]) if name in _DECLARED else wanted
        return replace(
            self,
            wanted=wanted,
            cell_m=None if "cell" in names else self.cell_m,
            borders=Borders.TODAY if "borders" in names else self.borders,
            against=None if AGAINST[0] in names else self.against,
        )

    def rows_query(self, **changes: str) -> str:
        """The question as a URL query without ``?`` and without the size of cells."""
        borders = self.borders if self.borders is not Borders.TODAY else ""
        return self.wanted.as_query(borders=borders, **changes)


def with_carried(asked: ReportQuery, carried: Carried | None) -> str:
    """The question as a URL query without ``?``, and beside it what goes along."""
    parts = [asked.as_query(), urlencode(carried.named) if carried else ""]
    return "&".join(filter(None, parts))


class ReportForm(forms.Form):
    """Filters of the heat report. ``from`` and ``to`` are days of the city's clock, both included.

    ``period`` names one of ``NAMED`` and holds where neither day is given.
    """

    def __init__(self, data: Mapping[str, Any], without: Collection[str] = (), least_days: int = 0) -> None:
        """``without`` names fields that this report does not have: it does not take them from the address.

        A ready period of fewer than ``least_days`` is not offered.
        """
        self._least_days = least_days
        #: What the page or file was given of a second period that this report does not take.
        self.carried: Carried | None = None
        super().__init__(
            with_days({name: data[name] for name in data if name not in without}), label_suffix=""
        )
        declared = dict(_DECLARED)
        if self.data.get("borders") == Borders.TIME:
            # Districts that are no more can be asked for too.
            declared["district"] = replace(declared["district"], choices=lambda: [*districts(past=True)])
        self._shown = {
            name: declared[name].field(str(self.data.get(name, "")).strip())
            for name in REPORTED
            if name not in without
        }
        for name, shown in self._shown.items():
            self.fields[name] = _FilterField(shown)
        if "cell" not in without:
            sizes = [(str(cell_m), _("%(n)s m") % {"n": cell_m}) for cell_m in offered_sizes()]
            self.fields["cell"] = _choice([("", _("Automatic")), *sizes], _("Cell size"))
        if "borders" not in without:
            self.fields["borders"] = _choice(
                [("", _("As they are today")), (Borders.TIME.value, _("As they were on the day"))],
                _("Borders"),
            )
        if AGAINST[0] not in without:
            labels = (_("Second period from"), str(_DECLARED["to"].label))
            for name, label in zip(AGAINST, labels, strict=True):
                self.fields[name] = _DayField(label)
        if "period" not in without:
            self.fields["period"] = _choice([(name, name) for name in NAMED])
        self.fields[COUNTED_AFTER] = forms.DateTimeField(
            label=_("Counted after"),
            required=False,
            error_messages={"invalid": _("Write the moment as in 2026-01-31T14:05:00Z.")},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        members = {
            shown.declared.member: cleaned[name]
            for name, shown in self._shown.items()
            if cleaned.get(name) is not None
        }
        cleaned["wanted"] = AppealFilter(**members)
        try:
            in_order(cleaned["wanted"])
            cleaned["against"] = self._against(cleaned["wanted"], *map(cleaned.get, AGAINST))
        except Refused as refusal:
            self._refuse(refusal)
        return cleaned

    def _against(self, wanted: AppealFilter, since: dt.date | None, until: dt.date | None) -> Days | None:
        """The second period. Raises ``Refused`` for one that cannot be held against the first."""
        first, last = AGAINST
        if any(name in self.errors for name in (*AGAINST, "from", "to")) or (since is None and until is None):
            return None
        if since is None or until is None:
            raise Refused(
                {
                    first if since is None else last: [
                        _("A second period needs both its first and its last day.")
                    ]
                }
            )
        if since > until:
            raise Refused({first: [_("The period ends before it begins.")]})
        if wanted.since is None or wanted.until is None:
            raise Refused(
                {first: [_("Give the first period both of its days too: it is compared with this one.")]}
            )
        against = Days(since, until)
        if against.meet(wanted.since, wanted.until):
            raise Refused(
                {first: [_("The two periods have days in common: their appeals would stand on both sides.")]}
            )
        return against

    def _refuse(self, refusal: Refused) -> None:
        for name, sentences in refusal.errors.items():
            self.add_error(name, sentences)

    def refusal(self) -> Refused:
        """All that is wrong, as one refusal of the whole question."""
        return Refused({"": [str(one) for sentences in self.errors.values() for one in sentences]})

    @property
    def seen(self) -> list[BoundField]:
        """The fields on the page; what stands in addresses alone is among them where it is wrong."""
        return [field for field in self if field.name not in _UNSEEN or field.errors]

    @property
    def counted_after(self) -> dt.datetime | None:
        """A kept report that had counted by this moment is too old; only of a valid form."""
        moment: dt.datetime | None = self.cleaned_data[COUNTED_AFTER]
        return moment

    @property
    def query(self) -> ReportQuery:
        """The question; only of a valid form."""
        cell = self.cleaned_data.get("cell")
        borders = self.cleaned_data.get("borders")
        return ReportQuery(
            self.cleaned_data["wanted"],
            int(cell) if cell else None,
            Borders(borders) if borders else Borders.TODAY,
            against=self.cleaned_data["against"],
        )

    def filters_in_words(self) -> list[tuple[str, str]]:
        """Label and value of each filter that narrows, without the period."""
        return [
            (str(shown.declared.label), shown.words)
            for shown in self._shown.values()
            if shown.given and not shown.is_day
        ]

    @property
    def narrows(self) -> bool:
        """True when anything but the period is chosen; only of a valid form."""
        asked = self.query
        return bool(
            self.filters_in_words()
            or asked.cell_m is not None
            or asked.borders is not Borders.TODAY
            or asked.against
        )

    def periods(self) -> list[Period]:
        """Links to the same question about each ready period that this report can answer; none where it has no period."""
        if "period" not in self.fields:
            return []
        asked = self.query
        return ready_periods(
            asked.wanted,
            lambda wanted: with_carried(
                replace(asked, wanted=wanted, against=asked.against_of(wanted)), self.carried
            ),
            least_days=self._least_days,
        )

    @property
    def periods_part(self) -> bool:
        """True where a link of ``periods`` leaves the second period out."""
        return self.query.against is not None and any(AGAINST[0] not in one.query for one in self.periods())


class InterventionForm(ReportForm):
    """The question of before and after: ``on`` is the day on which something was done, and where it was is drawn or a district."""

    def __init__(self, data: Mapping[str, Any], without: Collection[str] = ()) -> None:
        super().__init__(data, without)
        self.fields["on"] = _DayField(_("Done on"))
        self.fields["shape"] = _choice(
            [
                ("", _("In the district")),
                (Shape.AREA.value, _("In an area that I draw")),
                (Shape.LINE.value, str(Shape.LINE.label)),
            ],
            _("Where"),
        )
        self.fields["reach_m"] = forms.CharField(
            label=_("Metres on both sides"),
            required=False,
            widget=forms.NumberInput(attrs={"min": REACH_MIN_M, "max": REACH_MAX_M}),
        )
        self.fields["corners"] = forms.CharField(
            label=_("Corners, latitude and longitude, one a line"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 4}),
        )
        self.order_fields(
            ["on", "category", "kind", "service", "status", "shape", "district", "reach_m", "corners"]
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["drawn"] = DrawnPlace()
        if shape := cleaned.get("shape", ""):
            try:
                cleaned["drawn"] = place_from_text(
                    shape, cleaned.get("corners", ""), cleaned.get("reach_m", "") or str(_USUAL_REACH_M)
                )
            except Refused as refusal:
                self._refuse(refusal)
        return cleaned

    @property
    def seen(self) -> list[BoundField]:
        return [field for field in super().seen if field.name not in _DRAWN]

    @property
    def drawn(self) -> list[BoundField]:
        """The fields that say where, beside their map."""
        return [field for field in self if field.name in _DRAWN]

    @property
    def query(self) -> ReportQuery:
        cleaned = self.cleaned_data
        return replace(super().query, done=Intervention(cleaned.get("on"), cleaned["drawn"]))


def _choice(choices: list[tuple[str, str]], label: str | None = None) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=choices, error_messages={"invalid_choice": _NOT_AMONG}
    )


class _DayField(forms.Field):
    """A day, read as every day in an address is; None where it is not given."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self, value: Any) -> dt.date | None:
        text = str(value or "").strip()
        try:
            return day_in(text) if text else None
        except ValueRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None


class _FilterField(forms.Field):
    """A filter, read as every list of appeals reads it; a code must be among the choices too."""

    def __init__(self, shown: FilterField) -> None:
        self._shown = shown
        super().__init__(label=str(shown.declared.label), required=False, widget=_widget(shown))

    def clean(self, value: Any) -> Any:
        """The filter's value; None where nothing is given. Raises ``ValidationError``."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            read = self._shown.declared.read(text)
        except ValueRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None
        codes = {part for option in flat(self._shown.choices) for part in option.code.split(",")}
        if codes and not codes.issuperset(text.split(",")):
            raise forms.ValidationError(_NOT_AMONG, params={"value": text})
        return read


def _widget(shown: FilterField) -> forms.Widget:
    if shown.is_day:
        return forms.DateInput(attrs={"type": "date"})
    if not shown.choices:
        return forms.TextInput()
    options = [
        (choice.choice.name, [(option.code, option.short) for option in choice.options])
        if isinstance(choice, Group)
        else (choice.code, choice.short)
        for choice in shown.offered
    ]
    return forms.Select(choices=[("", shown.declared.everything), *options])
