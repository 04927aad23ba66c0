"""What readers choose among: categories in groups, services, territories; names in the page's language.

Nearly every page offers them, and they change a few times a year. The rows are read each time, by a statement that is
compiled once; what is made of them is kept with the rows that it is made of, and made again of others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from modeltranslation.utils import resolution_order

from districts.models import BoundaryRevision, Category, DistrictBoundary, Service
from geo.word_forms import beginnings

#: Lists that are kept as they were made: of a few kinds, in each language, before and after a change.
_KEPT: Final = 64

#: A statement with its parameters, and the rows that one has: hashable.
_Select = tuple[str, tuple[Any, ...]]
_Rows = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Choice:
    """One thing to choose. ``short`` is its name where room is scarce.

    ``means`` are beginnings of the words, in all languages, by which a script finds it without a network.
    """

    code: str
    name: str
    short: str
    icon: str = ""
    means: str = ""


@dataclass(frozen=True)
class Group:
    """A group of categories and its leaves; a category without children is a group of its own, with itself as leaf."""

    choice: Choice
    leaves: tuple[Choice, ...]

    @property
    def options(self) -> Sequence[Choice]:
        """What a filter offers of the group: all of it, and each of its leaves."""
        if self.leaves == (self.choice,):
            return self.leaves
        whole = _("%(group)s: all") % {"group": self.choice.name}
        return [Choice(self.choice.code, whole, whole), *self.leaves]


def flat(choices: Sequence[Choice | Group]) -> list[Choice]:
    """The single choices, those within groups too."""
    return [
        option for choice in choices for option in (choice.options if isinstance(choice, Group) else [choice])
    ]


def category_groups(*, retired: bool = False) -> list[Group]:
    """Every open category in its group, in the city's order, with ``retired`` the others too; one query.

    A group all of whose categories are retired is no category itself, and left out.
    """
    return [*_groups(_read(_categories()), _language(), retired)]


@lru_cache
def _categories() -> _Select:
    return _select(
        Category.objects.order_by("position", "code"),
        "pk", "parent_id", "code", "icon", "active", "words", *_in_all_languages("name"),
    )  # fmt: skip


@lru_cache(maxsize=_KEPT)
def _groups(categories: _Rows, language: str, retired: bool) -> tuple[Group, ...]:
    children: dict[int, list[tuple[Any, ...]]] = {}
    for category in categories:
        children.setdefault(category[1], []).append(category)
    groups = []
    for top in children.get(None, []):  # type: ignore[call-overload]
        key, active = top[0], top[4]
        leaves = [leaf for leaf in children.get(key, [top]) if leaf[4] or retired]
        if leaves and (active or retired):
            groups.append(
                Group(_category(top, language), tuple(_category(leaf, language) for leaf in leaves))
            )
    return tuple(groups)


def _category(row: tuple[Any, ...], language: str) -> Choice:
    _key, _parent, code, icon, _active, words, *names = row
    name = _named(names, language)
    means = " ".join(beginnings(" ".join([*(each or "" for each in names), words])))
    return Choice(code, name, name, icon or "other", means)


def services(*, retired: bool = False) -> list[Choice]:
    """Active services by name, the Mayor's Office first, with ``retired`` the others too; one query."""
    return [*_services_of(_read(_services()), _language(), retired)]


@lru_cache
def _services() -> _Select:
    columns = (*_in_all_languages("name"), *_in_all_languages("short"))
    return _select(Service.objects.order_by(), "code", "is_office", "active", *columns)


@lru_cache(maxsize=_KEPT)
def _services_of(rows: _Rows, language: str, retired: bool) -> tuple[Choice, ...]:
    found = []
    for code, is_office, active, *names in rows:
        if active or retired:
            half = len(names) // 2
            choice = Choice(code, _named(names[:half], language), _named(names[half:], language))
            found.append((not is_office, choice.short, choice))
    return tuple(choice for *_order, choice in sorted(found, key=lambda one: one[:2]))


def districts(*, past: bool = False) -> list[Choice]:
    """Territories of the borders in force by name, with ``past`` those of all that were ever published; one query.

    What only drafts have is nobody's business yet.
    """
    return [*_districts_of(_read(_districts(past, timezone.localdate())), _language())]


@lru_cache(maxsize=4)
def _districts(past: bool, today: dt.date) -> _Select:
    rows = DistrictBoundary.objects.territories()
    if past:
        rows = rows.exclude(revision__state=BoundaryRevision.State.DRAFT)
    else:
        rows = rows.filter(revision__in=BoundaryRevision.objects.in_force(today)[:1])
    ordered = rows.order_by("revision__effective_from", "revision__number")
    return _select(ordered, "district__code", *_in_all_languages("name"))


@lru_cache(maxsize=_KEPT)
def _districts_of(rows: _Rows, language: str) -> tuple[Choice, ...]:
    # The latest name of each.
    names = {code: _named(each, language) for code, *each in rows}
    return tuple(Choice(code, name, name) for code, name in sorted(names.items(), key=lambda item: item[1]))


def _select(rows: Any, *columns: str) -> _Select:
    # Each language by its own column, and not that of the language in which the statement is compiled.
    sql, params = rows.rewrite(False).values_list(*columns).query.sql_with_params()
    return sql, params


def _read(select: _Select) -> _Rows:
    with connection.cursor() as cursor:
        cursor.execute(*select)
        return tuple(cursor.fetchall())


def _in_all_languages(column: str) -> list[str]:
    return [f"{column}_{language}" for language in settings.MODELTRANSLATION_LANGUAGES]


def _language() -> str:
    return get_language() or ""


def _named(names: Sequence[str | None], language: str) -> str:
    """The name in the language, else in the first that has one, as of the model's own attribute."""
    of_language = dict(zip(settings.MODELTRANSLATION_LANGUAGES, names, strict=True))
    return next((name for code in resolution_order(language) if (name := of_language.get(code))), "")
