"""What readers choose among: categories in groups, services, territories; names in the page's language."""

from __future__ import annotations

from dataclasses import dataclass

from districts.models import Category, District, Service


@dataclass(frozen=True)
class Choice:
    """One thing to choose. ``short`` is its name where room is scarce."""

    code: str
    name: str
    short: str
    icon: str = ""


@dataclass(frozen=True)
class Group:
    """A group of categories and its leaves; a category without children is a group of its own, with itself as leaf."""

    choice: Choice
    leaves: list[Choice]


def category_groups() -> list[Group]:
    """Every active category in its group, in the city's order; one query."""
    categories = list(Category.objects.filter(active=True).order_by("position", "code"))
    children: dict[int, list[Category]] = {}
    for category in categories:
        if category.parent_id is not None:
            children.setdefault(category.parent_id, []).append(category)
    return [
        Group(_category(top), [_category(leaf) for leaf in children.get(top.pk, [top])])
        for top in categories
        if top.parent_id is None
    ]


def _category(category: Category) -> Choice:
    return Choice(category.code, category.name, category.name, category.icon or "other")


def services() -> list[Choice]:
    """Active services by name, the Mayor's Office first; one query."""
    active = sorted(Service.objects.filter(active=True), key=lambda one: (not one.is_office, one.short))
    return [Choice(one.code, one.name, one.short) for one in active]


def districts() -> list[Choice]:
    """Territories by name; one query."""
    territories = District.objects.filter(kind=District.Kind.TERRITORY)
    return [Choice(one.code, one.name, one.name) for one in sorted(territories, key=lambda one: one.name)]
