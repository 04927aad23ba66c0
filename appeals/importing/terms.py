"""Legal terms and the city's own calendar days from its profile folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from appeals.limits import REPLY_DAYS, TERM_DAYS_MAX
from appeals.models import CalendarDay, LegalTerm, RefusalGround, changing_the_clock
from appeals.workflow import Kind
from districts.importing.entries import Entry, EntryRefused, toml_entries


def load_terms(folder: Path) -> tuple[int, int]:
    """Loads terms.toml; returns the numbers of legal terms and calendar days. Raises ``EntryRefused``."""
    file = folder / "terms.toml"
    terms = [_term(entry) for entry in toml_entries(file, "term")]
    if not terms:
        raise EntryRefused("terms.toml: at least one [[term]] is required, or no appeal has a due date")
    days: dict[dt.date, CalendarDay] = {}
    for entry in toml_entries(file, "day"):
        date = entry.day("date")
        if date in days:
            raise entry.refuse(f"{date} occurs twice")
        days[date] = CalendarDay(date=date, working=entry.flag("working"), **entry.translated("name"))
    load_grounds(folder)
    with changing_the_clock():
        LegalTerm.objects.bulk_create(terms)
        CalendarDay.objects.bulk_create(days.values())
    return len(terms), len(days)


def load_grounds(folder: Path) -> int:
    """Loads the grounds for a refusal of terms.toml where there are none yet; returns their number. Raises ``EntryRefused``."""
    if RefusalGround.objects.exists():
        return 0
    entries = toml_entries(folder / "terms.toml", "refusal")
    grounds = {entry.text("code"): _ground(entry) for entry in entries}
    return len(RefusalGround.objects.bulk_create(grounds.values()))


def _ground(entry: Entry) -> RefusalGround:
    return RefusalGround(code=entry.text("code"), **entry.translated("name"), **entry.translated("law"))


def _term(entry: Entry) -> LegalTerm:
    kind = entry.text("kind", "")
    if kind and kind not in Kind.values:
        raise entry.refuse(f"kind must be one of {', '.join(Kind.values)}")
    working_days = entry.whole("working_days")
    if not 0 < working_days <= TERM_DAYS_MAX:
        raise entry.refuse(f"working_days must be between 1 and {TERM_DAYS_MAX}")
    extension_days = entry.whole("extension_days", 0)
    if not 0 <= extension_days <= TERM_DAYS_MAX:
        raise entry.refuse(f"extension_days must be between 0 and {TERM_DAYS_MAX}")
    reply_days = entry.whole("reply_days", REPLY_DAYS)
    if not 0 <= reply_days <= TERM_DAYS_MAX:
        raise entry.refuse(f"reply_days must be between 0 and {TERM_DAYS_MAX}")
    return LegalTerm(
        kind=kind,
        working_days=working_days,
        extension_days=extension_days,
        reply_days=reply_days,
        valid_from=entry.day("valid_from"),
        **entry.translated("law"),
    )
