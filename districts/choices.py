"""What readers choose among: categories in groups, services, territories; names in the page's language."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from districts.models import BoundaryRevision, Category, DistrictBoundary, Service
from geo.word_forms import beginnings


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
    """Every open category in its group, in the city's order, with ``retired`` the others too; one query.

    A group all of whose categories are retired is no category itself, and left out.
    """
    categories = list(Category.objects.order_by("position", "code"))
    children: dict[int, list[Category]] = {}
    for category in categories:
        if category.parent_id is not None:
            children.setdefault(category.parent_id, []).append(category)
    groups = []
    for top in categories:
        leaves = [leaf for leaf in children.get(top.pk, [top]) if leaf.active or retired]
        if top.parent_id is None and leaves and (top.active or retired):
            groups.append(Group(_category(top), [_category(leaf) for leaf in leaves]))
    return groups


def _category(category: Category) -> Choice:
    names = [getattr(category, f"name_{language}") or "" for language in settings.MODELTRANSLATION_LANGUAGES]
    means = " ".join(beginnings(" ".join([*names, category.words])))
    return Choice(category.code, category.name, category.name, category.icon or "other", means)


def services(*, retired: bool = False) -> list[Choice]:
    """Active services by name, the Mayor's Office first, with ``retired`` the others too; one query."""
    known = Service.objects.all() if retired else Service.objects.filter(active=True)
    ordered = sorted(known, key=lambda one: (not one.is_office, one.short))
    return [Choice(one.code, one.name, one.short) for one in ordered]


def districts(*, past: bool = False) -> list[Choice]:
    """Territories of the borders in force by name, with ``past`` those of all that were ever published; one query.

    What only drafts have is nobody's business yet.
    """
    rows = DistrictBoundary.objects.territories().select_related("district")
    if past:
        rows = rows.exclude(revision__state=BoundaryRevision.State.DRAFT)
    else:
        rows = rows.filter(revision__in=BoundaryRevision.objects.in_force(timezone.localdate())[:1])
    # The latest name of each.
    names = {
        row.district.code: row.name
        for row in rows.order_by("revision__effective_from", "revision__number").defer("geom")
    }
    return [Choice(code, name, name) for code, name in sorted(names.items(), key=lambda item: item[1])]
