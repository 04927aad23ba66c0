"""The Mayor's Office says from how many voices on the city answers a proposal: for the city, and where it differs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appeals.gathering import Threshold, Thresholds
from appeals.models import SupportThreshold
from districts.models import District
from geo.numbers import whole_number
from geo.refusals import Errors, Refused

#: A threshold as somebody has written it: voices and days, both empty for none.
Written = tuple[str, str]


class ChangedMeanwhile(Exception):
    """Somebody else has set thresholds since they were shown."""


def stored() -> dict[str, Written]:
    """The thresholds as they would be written: that of the city under the empty code, the others by their districts' codes."""
    city = Thresholds.read().of(None)
    rows = SupportThreshold.objects.exclude(district=None).values_list("district__code", "voices", "days")
    of_districts = {code: (str(voices), str(days)) for code, voices, days in rows}
    return {"": (str(city.voices), str(city.days))} | of_districts


def mark_of(written: Mapping[str, Written]) -> str:
    """What tells whether they are still the same."""
    return hashlib.sha256(repr(sorted(written.items())).encode()).hexdigest()[:16]


def set_thresholds(written: Mapping[str, Written], *, seen: str) -> int:
    """Stores the thresholds, written as ``stored`` has them; how many rows have changed.

    A district without one follows the city, which needs its own. ``seen`` is the mark of those that their writer saw.
    All or nothing: raises ``ChangedMeanwhile``, and ``Refused`` with the errors by ``voices-`` or ``days-`` and the code.
    """
    errors: Errors = {}
    with transaction.atomic():
        # Whoever sets thresholds at the same time waits here, before the first row is there too.
        districts = {row.code: row for row in District.objects.order_by("pk").select_for_update(no_key=True)}
        rows = {row.district_id: row for row in SupportThreshold.objects.order_by("pk")}
        changed = 0
        if seen != mark_of(stored()):
            raise ChangedMeanwhile
        for code, (voices, days) in written.items():
            if code and code not in districts:
                errors[f"voices-{code}"] = [_("There is no such district.")]
                continue
            district = districts.get(code)
            row = rows.get(district.pk if district else None)
            if code and not voices and not days:
                if row is not None:
                    row.delete()
                    changed += 1
                continue
            before = None if row is None else Threshold(row.voices, row.days)
            row = row or SupportThreshold(district=district)
            if wrong := _take_over(row, voices, days):
                errors |= {f"{name}-{code}": sentences for name, sentences in wrong.items()}
            elif before != Threshold(row.voices, row.days):
                row.save()
                changed += 1
        if errors:
            raise Refused(errors)
    return changed


def _take_over(row: SupportThreshold, voices: str, days: str) -> Errors:
    """Sets the written numbers, and says what is wrong with which."""
    numbers = {"voices": whole_number(voices), "days": whole_number(days)}
    errors = {name: [_("Write a whole number.")] for name, number in numbers.items() if number is None}
    for name, number in numbers.items():
        setattr(row, name, number)
    try:
        row.clean_fields(exclude=["district", *errors])
    except ValidationError as refusal:
        errors |= refusal.message_dict
    return errors
