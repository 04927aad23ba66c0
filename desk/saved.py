"""Saved filters as a person's queue shows them: read again from their address each time, and said when that fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Standing
from appeals.deadlines import WorkingCalendar, calendar_of
from appeals.filters import FILTERS, Keys, written_filter
from appeals.models import CalendarDay
from appeals.querysets import InLanguage
from desk.models import SavedFilter
from desk.queue import Place, Sort, Tab, parse_place
from districts.models import Service


@dataclass(frozen=True)
class Saved:
    """A saved filter; ``place`` is what it says, None when that cannot be read, and then ``problem`` says why."""

    pk: int
    name: str
    shared: bool
    place: Place | None
    problem: str = ""


def read_saved(query: str) -> tuple[Place | None, str]:
    """The place that a saved address says, and what is wrong with it: nothing of it is passed over in silence."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    known = {"tab", "sort", *(declared.name for declared in FILTERS)}
    place, errors = parse_place(given, read=written_filter)
    wrong = [
        *sorted(set(given) - known),
        *(
            name
            for name, names in (("tab", Tab), ("sort", Sort))
            if name in given and given[name] not in set(names)
        ),
    ]
    if wrong:
        return None, _("It names what there is not any more: %(names)s.") % {"names": ", ".join(wrong)}
    if errors:
        return None, " ".join(sentence for sentences in errors.values() for sentence in sentences)
    return place, ""


def nothing_left(place: Place, keys: Keys) -> str:
    """Why a place can find nothing for ever: a code in it that the city has not any more; empty when there is none."""
    gone = [
        f"{declared.label}: {code}"
        for declared in FILTERS
        if declared.rows
        and (code := getattr(place.wanted, declared.member))
        and not keys[declared.name, code]
    ]
    return _("It names what there is not any more: %(names)s.") % {"names": ", ".join(gone)} if gone else ""


def calendar_and_saved(user: User, standing: Standing) -> tuple[WorkingCalendar, list[Saved]]:
    """What a list is read with: the city's calendar, and the person's saved filters by name; one statement for both."""
    with connection.cursor() as cursor:
        cursor.execute(*_calendar_and_saved(user.pk, standing.service_ids, get_language() or ""))
        rows = [orjson.loads(text) for (text,) in cursor.fetchall()]
    calendar = calendar_of(
        (dt.date.fromisoformat(row["day"]), row["working"], row["name"]) for row in rows if "day" in row
    )
    found = [
        Saved(row["pk"], row["name"], row["service"] is not None, *read_saved(row["query"]))
        for row in rows
        if "pk" in row
    ]
    return calendar, sorted(found, key=lambda each: (each.name.casefold(), each.pk))


@lru_cache(maxsize=256)
def _calendar_and_saved(person: int, services: frozenset[int], _language: str) -> tuple[str, tuple[Any, ...]]:
    """The statement, compiled once, since every page of the list asks it."""
    day = JSONObject(day=Cast("date", TextField()), name=InLanguage("name"), working="working")
    days = CalendarDay.objects.order_by().values_list(day, flat=True)
    mine = SavedFilter.objects.kept().seen_by(User(pk=person), services).order_by()
    saved = mine.values_list(JSONObject(pk="pk", query="query", name="name", service="service"), flat=True)
    sql, params = days.union(saved, all=True).query.sql_with_params()
    return sql, params


def places_of(saved: Iterable[Saved]) -> list[Place]:
    """The places of those that can be read."""
    return [each.place for each in saved if each.place is not None]


def shares_with(standing: Standing) -> list[Service]:
    """The services with which the person may share a filter: those whose people they look after and belong to."""
    return [
        service
        for service in standing.services
        if service.pk in standing.heads or (service.is_office and standing.looks_after_people)
    ]
