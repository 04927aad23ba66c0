"""Writing the Mayor's Office's news: every door passes here, and none overwrites what somebody else has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.posts import Right
from accounts.roles import standing_of
from geo.drawn import DrawnPlace
from geo.refusals import Refusals
from geo.words import shows
from news.models import TITLE_MAX, NewsItem
from news.pictures import same_picture

#: Characters of a text in one language.
BODY_MAX = 20_000
#: Nothing is planned further away; what is was mistyped.
FURTHEST = dt.timedelta(days=2 * 365)


class Outdated(Exception):
    """Nothing was changed: ``current`` is what somebody else has made of the item meanwhile."""

    def __init__(self, current: NewsItem) -> None:
        super().__init__(current)
        self.current = current


class Known(Exception):
    """Nothing was made: something else was sent from the same form before, and is ``item``."""

    def __init__(self, item: NewsItem) -> None:
        super().__init__(item)
        self.item = item


@dataclass(frozen=True)
class Wording:
    """Title and text in one language, both empty where there is none."""

    title: str
    body: str


@dataclass(frozen=True)
class Draft:
    """All that an item says. ``published_at`` is None for what nobody is to see yet; ``picture`` is a stored file's name."""

    kind: str
    words: Mapping[str, Wording]
    place: DrawnPlace
    picture: str
    published_at: dt.datetime | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None

    def check(self, now: dt.datetime) -> None:
        """Raises ``Refused`` with what does not hold, by ``title_ky``, ``body_ky`` and their like, and the other names."""
        refusals = Refusals()
        if self.kind not in NewsItem.Kind.values:
            refusals.add({"kind": [_("Choose what it is.")]})
        for language, words in self.words.items():
            refusals.add(self._wrong_words(language, words))
        refusals.add(self._wrong_times(now))
        refusals.check()

    def _wrong_words(self, language: str, words: Wording) -> dict[str, list[str]]:
        wrong: dict[str, list[str]] = {}
        needed = language == settings.MODELTRANSLATION_DEFAULT_LANGUAGE
        title, body = f"title_{language}", f"body_{language}"
        name = get_language_info(language)["name_local"].capitalize()
        if len(words.title) > TITLE_MAX:
            wrong[title] = [_("At most %(n)d characters.") % {"n": TITLE_MAX}]
        elif not shows(words.title) and (needed or words.title or words.body):
            wrong[title] = [_("%(language)s: write a title that can be seen.") % {"language": name}]
        if len(words.body) > BODY_MAX:
            wrong[body] = [_("At most %(n)d characters.") % {"n": BODY_MAX}]
        elif not shows(words.body) and (
            words.body or (self.published_at is not None and (needed or words.title))
        ):
            wrong[body] = [_("%(language)s: write a text that can be seen.") % {"language": name}]
        return wrong

    def _wrong_times(self, now: dt.datetime) -> dict[str, list[str]]:
        wrong: dict[str, list[str]] = {}
        if self.kind == NewsItem.Kind.NEWS and (self.starts_at or self.ends_at):
            wrong["starts_at"] = [_("Only works have a beginning and an end.")]
        elif (self.starts_at is None) != (self.ends_at is None):
            wrong["ends_at" if self.starts_at else "starts_at"] = [
                _("Works have both a beginning and an end.")
            ]
        elif self.kind == NewsItem.Kind.WORKS and self.published_at is not None and self.ends_at is None:
            wrong["starts_at"] = [
                _("Say when the works begin and end: then they leave the map by themselves.")
            ]
        elif self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            wrong["ends_at"] = [_("The end must be after the beginning.")]
        for name in ("starts_at", "ends_at", "published_at"):
            moment = getattr(self, name)
            if moment is not None and moment > now + FURTHEST:
                wrong.setdefault(name, []).append(_("This is more than two years away: check the year."))
        return wrong


def save(
    by: User, draft: Draft, item: NewsItem | None, version: int, form_id: UUID | None = None
) -> NewsItem:
    """The item as the draft says, a new one where there is none; ``version`` is the one that was on the screen.

    The same draft sent again from the form of a new item, after a lost answer or a second press, is the same item.
    Raises ``PermissionDenied``, ``Refused`` and ``Outdated``; ``Known`` for another draft from such a form.
    """
    _check(by)
    draft.check(timezone.now())
    try:
        with transaction.atomic():
            kept = NewsItem(form_id=form_id) if item is None else _locked(item.pk, version)
            fill(kept, draft)
            kept.save()
    except IntegrityError:
        known = None if form_id is None else NewsItem.objects.filter(form_id=form_id).first()
        if item is not None or known is None:
            raise
        if not _says(known, draft):
            raise Known(known) from None
        return known
    return kept


def _says(item: NewsItem, draft: Draft) -> bool:
    """True when the item is what the draft would make; "now" is any moment up to this one."""
    made, now = NewsItem(), timezone.now()
    fill(made, draft)
    names = ["kind", "starts_at", "ends_at", "point", "line", "reach_m", "area"]
    names += [f"{part}_{code}" for part in ("title", "body") for code in draft.words]
    if any(getattr(made, name) != getattr(item, name) for name in names):
        return False
    out = [moment is not None and moment <= now for moment in (item.published_at, made.published_at)]
    when_is_same = item.published_at == made.published_at or all(out)
    return when_is_same and same_picture(str(item.picture.name or ""), draft.picture)


def fill(item: NewsItem, draft: Draft) -> None:
    """Gives the item what the draft says, without keeping it."""
    item.kind, item.picture = draft.kind, draft.picture
    item.starts_at, item.ends_at, item.published_at = draft.starts_at, draft.ends_at, draft.published_at
    item.place = draft.place
    for language, words in draft.words.items():
        setattr(item, f"title_{language}", words.title)
        setattr(item, f"body_{language}", words.body)


def archive(by: User, item: NewsItem, version: int) -> None:
    """Takes the item from everywhere; it can be put back. Raises ``PermissionDenied`` and ``Outdated``."""
    _set_archived(by, item, version, timezone.now())


def put_back(by: User, item: NewsItem, version: int) -> None:
    """Shows the item again as it was. Raises ``PermissionDenied`` and ``Outdated``."""
    _set_archived(by, item, version, None)


def _set_archived(by: User, item: NewsItem, version: int, moment: dt.datetime | None) -> None:
    _check(by)
    with transaction.atomic():
        kept = _locked(item.pk, version)
        kept.archived_at = moment
        kept.save(update_fields=["archived_at", "version"])


def _locked(pk: int, version: int) -> NewsItem:
    """The item, for this transaction alone and of the next version. Raises ``Outdated``."""
    kept = NewsItem.objects.select_for_update().get(pk=pk)
    if kept.version != version:
        raise Outdated(kept)
    kept.version += 1
    return kept


def _check(by: User) -> None:
    if not standing_of(by).may(Right.NEWS):
        raise PermissionDenied
