"""What readers choose among: categories in groups, services, territories; names in the page's language."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

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

    @property
    def options(self) -> list[Choice]:
        """What a filter offers of the group: all of it, and each of its leaves."""
        if self.leaves == [self.choice]:
            return self.leaves
        whole = _("%(group)s: all") % {"group": self.choice.name}
        return [Choice(self.choice.code, whole, whole), *self.leaves]


def flat(choices: list[Choice | Group]) -> list[Choice]:
    """The single choices, those within groups too."""
    return [
        option for choice in choices for option in (choice.options if isinstance(choice, Group) else [choice])
    ]


def category_groups(*, retired: bool = False) -> list[Group]:
    """Every active category in its group, in the city's order, with ``retired`` the others too; one query."""
    known = Category.objects.all() if retired else Category.objects.filter(active=True)
    categories = list(known.order_by("position", "code"))
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


def services(*, retired: bool = False) -> list[Choice]:
    """Active services by name, the Mayor's Office first, with ``retired`` the others too; one query."""
    known = Service.objects.all() if retired else Service.objects.filter(active=True)
    ordered = sorted(known, key=lambda one: (not one.is_office, one.short))
    return [Choice(one.code, one.name, one.short) for one in ordered]


def districts() -> list[Choice]:
    """Territories by name; one query."""
    territories = District.objects.filter(kind=District.Kind.TERRITORY)
    return [Choice(one.code, one.name, one.name) for one in sorted(territories, key=lambda one: one.name)]
