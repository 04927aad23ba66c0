"""Legal terms and the city's own calendar days from its profile folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.db.models import Model
from django.utils import translation

from appeals.limits import REPLY_DAYS, SUPPORT_DAYS, TERM_DAYS_MAX
from appeals.models import (
    CalendarDay,
    CommentRule,
    LegalTerm,
    RefusalGround,
    SupportThreshold,
    changing_the_clock,
)
from appeals.vocabulary import Kind
from districts.importing.entries import Entry, EntryRefused, toml_entries
from districts.models import Category, District


@translation.override(None)
def load_terms(folder: Path) -> tuple[int, int]:
    """Loads terms.toml; returns the numbers of legal terms and calendar days. Raises ``EntryRefused``."""
    terms: dict[tuple[str, int | None, dt.date], LegalTerm] = {}
    for entry in _entries(folder, "term"):
        term = _term(entry)
        key = (term.kind, term.category_id, term.valid_from)
        if key in terms:
            raise entry.refuse(f"another one of its kind and category is valid from {term.valid_from}")
        terms[key] = term
    if not terms:
        raise EntryRefused("terms.toml: at least one [[term]] is required, or no appeal has a due date")
    days: dict[dt.date, CalendarDay] = {}
    for entry in _entries(folder, "day"):
        date = entry.day("date")
        if date in days:
            raise entry.refuse(f"{date} occurs twice")
        days[date] = CalendarDay(date=date, working=entry.flag("working"), **entry.translated("name"))
        _check(entry, days[date])
    load_grounds(folder)
    load_thresholds(folder)
    load_comment_rules(folder)
    with changing_the_clock():
        LegalTerm.objects.bulk_create(terms.values())
        CalendarDay.objects.bulk_create(days.values())
    return len(terms), len(days)


@translation.override(None)
def load_grounds(folder: Path) -> int:
    """Loads the grounds for a refusal of terms.toml where there are none yet; returns their number. Raises ``EntryRefused``."""
    if RefusalGround.objects.exists():
        return 0
    grounds = {entry.text("code"): _ground(entry) for entry in _entries(folder, "refusal")}
    return len(RefusalGround.objects.bulk_create(grounds.values()))


def load_thresholds(folder: Path) -> int:
    """Loads the thresholds of support of terms.toml where there are none yet; returns their number. Raises ``EntryRefused``."""
    if SupportThreshold.objects.exists():
        return 0
    thresholds: dict[str, SupportThreshold] = {}
    for entry in _entries(folder, "support"):
        code = entry.text("district", "")
        district = District.objects.filter(code=code).first()
        if code in thresholds or (code and district is None):
            raise entry.refuse(f"district {code!r} must exist, and occur once")
        thresholds[code] = SupportThreshold(
            district=district, voices=entry.whole("voices"), days=entry.whole("days", SUPPORT_DAYS)
        )
        _check(entry, thresholds[code])
    return len(SupportThreshold.objects.bulk_create(thresholds.values()))


def load_comment_rules(folder: Path) -> int:
    """Loads the rules for comments of terms.toml where there are none yet; returns their number. Raises ``EntryRefused``."""
    if CommentRule.objects.exists():
        return 0
    rules: dict[str, CommentRule] = {}
    for entry in _entries(folder, "comments"):
        kind = entry.text("kind")
        if kind in rules:
            raise entry.refuse(f"kind {kind!r} occurs twice")
        rules[kind] = CommentRule(kind=kind, allowed=entry.flag("allowed"))
        _check(entry, rules[kind])
    return len(CommentRule.objects.bulk_create(rules.values()))


def _entries(folder: Path, table: str) -> list[Entry]:
    """The entries of one of the tables of terms.toml."""
    others = [other for other in ("term", "day", "refusal", "support", "comments") if other != table]
    return toml_entries(folder / "terms.toml", table, beside=others)


def _ground(entry: Entry) -> RefusalGround:
    ground = RefusalGround(code=entry.text("code"), **entry.translated("name"), **entry.translated("law"))
    _check(entry, ground)
    return ground


def _check(entry: Entry, row: Model) -> None:
    entry.check_fields(row)
    entry.check_all_read()


def _term(entry: Entry) -> LegalTerm:
    kind = entry.text("kind", "")
    if kind and kind not in Kind.values:
        raise entry.refuse(f"kind must be one of {', '.join(Kind.values)}")
    category = None
    if code := entry.text("category", ""):
        category = Category.objects.filter(code=code).first()
        if category is None or kind != Kind.REPORT:
            raise entry.refuse(f"category {code!r}: only a term of kind report has one, and it must exist")
    working_days = entry.whole("working_days")
    if not 0 < working_days <= TERM_DAYS_MAX:
        raise entry.refuse(f"working_days must be between 1 and {TERM_DAYS_MAX}")
    extension_days = entry.whole("extension_days", 0)
    if not 0 <= extension_days <= TERM_DAYS_MAX:
        raise entry.refuse(f"extension_days must be between 0 and {TERM_DAYS_MAX}")
    reply_days = entry.whole("reply_days", REPLY_DAYS)
    if not 0 <= reply_days <= TERM_DAYS_MAX:
        raise entry.refuse(f"reply_days must be between 0 and {TERM_DAYS_MAX}")
    term = LegalTerm(
        kind=kind,
        category=category,
        working_days=working_days,
        extension_days=extension_days,
        reply_days=reply_days,
        valid_from=entry.day("valid_from"),
        **entry.translated("law"),
    )
    _check(entry, term)
    return term
