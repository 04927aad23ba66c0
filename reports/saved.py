"""Questions that planners keep under a name: saved, shared, sent by e-mail on a weekday or on the 1st, removed and put back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import LetterChoice, User
from accounts.posts import Right
from accounts.roles import standing_of, who_may
from appeals.periods import NAMED, days_of
from geo.refusals import Refused
from geo.words import trimmed
from reports.forms import ReportForm, ReportQuery
from reports.kinds import KINDS
from reports.making import form_of
from reports.models import NAME_MAX, QUERY_MAX, ReportReader, SavedReport

#: Of one person.
OWN_MAX: Final = 30
#: For so long what was removed can be put back.
KEPT_FOR: Final = dt.timedelta(days=7)

Rhythm = SavedReport.Rhythm


def may_save(user: User) -> bool:
    """True for planners and the Mayor's Office: whoever sees the figures of all services."""
    return standing_of(user).sees_all_figures


def colleagues() -> QuerySet[User]:
    """To whom a saved report can be sent: never to an address, always to a person, who has this right now."""
    return who_may(Right.FIGURES)


def named(name: str) -> str:
    """The name as it is kept. Raises ``Refused`` for none and a longer one."""
    name = trimmed(name.replace("\x00", ""))
    if not name:
        raise Refused({"name": [_("Give it a name.")]})
    if len(name) > NAME_MAX:
        raise Refused({"name": [_("The name has at most %(n)d characters.") % {"n": NAME_MAX}]})
    return name


def question(report: str, data: Mapping[str, Any]) -> ReportForm:
    """The question as a valid form. Raises ``Refused`` for what is no question (any more), with its reasons."""
    if report not in KINDS:
        raise Refused({"": [_("There is no such report.")]})
    form = form_of(report, data)
    if not form.is_valid():
        raise form.refusal()
    return form


def question_on(saved: SavedReport, day: dt.date) -> ReportForm:
    """What the report is asked that day, its period written out as days. Raises ``Refused`` as ``question``."""
    data = dict(parse_qsl(saved.query))
    if saved.period in NAMED:
        since, until = days_of(saved.period, day)
        data |= {"from": since.isoformat() if since else "", "to": until.isoformat() if until else ""}
    return question(saved.report, data)


def path_of(saved: SavedReport) -> str:
    """Where the report is now: of a period that moves, the one of the day on which the page is opened."""
    query = "&".join(filter(None, (saved.query, f"period={saved.period}" if saved.period else "")))
    return f"{reverse(f'reports:{saved.report}')}{'?' if query else ''}{query}"


def periods_for(report: str, asked: ReportQuery) -> list[tuple[str, str]]:
    """The periods with which the question can be kept: its own days, then those that move and are long enough."""
    since, until = asked.wanted.since, asked.wanted.until
    # What begins on a day and has no end moves by itself; so does all time.
    days = [date_format(day) for day in (since, until) if day]
    fixed = _("always %(days)s") % {"days": " – ".join(days)} if until else _("as asked")
    # One that moves would run into the second period, which does not.
    if asked.against or "period" in KINDS[report].without:
        return [("", fixed)]
    least = KINDS[report].least_days
    return [("", fixed), *((code, str(words)) for code, words in NAMED.items() if _is_as_long(code, least))]


def _is_as_long(code: str, least_days: int) -> bool:
    since, until = days_of(code, timezone.localdate())
    return since is None or until is None or (until - since).days + 1 >= least_days


def period_of(asked: ReportQuery) -> str:
    """The name of the period that has just the days that are asked for; empty for none."""
    wanted = (asked.wanted.since, asked.wanted.until)
    if wanted == (None, None):
        return ""
    return next((code for code in NAMED if days_of(code, timezone.localdate()) == wanted), "")


def save(
    user: User, name: str, report: str, data: Mapping[str, Any], period: str, *, shared: bool
) -> SavedReport:
    """Keeps the question under the name, with its own days or with the ``period`` of that name. Raises ``PermissionDenied``, and ``Refused`` with what is wrong."""
    _check(user)
    name = named(name)
    asked = question(report, {key: data[key] for key in data if key != "period"}).query
    if period and period not in dict(periods_for(report, asked)):
        raise Refused({"period": [_("There is no such period for this report.")]})
    if period:
        asked = replace(asked, wanted=replace(asked.wanted, since=None, until=None))
    if len(query := asked.as_query()) > QUERY_MAX:
        raise Refused({"": [_("This question is too long to be saved.")]})
    with _room_for_one(user):
        return SavedReport.objects.create(
            owner=user, name=name, report=report, query=query, period=period, shared=shared
        )


def rename(user: User, saved: SavedReport, version: int, name: str, *, shared: bool) -> None:
    """Gives it another name, and shares it or does so no more. Raises as ``save``; ``Refused`` for an outdated version."""
    _change(user, saved, version, name=named(name), shared=shared)


def plan(
    user: User,
    saved: SavedReport,
    version: int,
    rhythm: str,
    weekday: int | None,
    readers: Collection[int],
    language: str,
) -> None:
    """Has it sent by the rhythm to the readers, who are colleagues by their keys; ``language`` is that of the owner.

    Raises as ``rename``.
    """
    if rhythm not in Rhythm.values:
        raise Refused({"rhythm": [_("There is no such schedule.")]})
    if rhythm == Rhythm.WEEKLY and weekday not in range(7):
        raise Refused({"weekday": [_("Choose a weekday.")]})
    people = list(colleagues().filter(pk__in=readers))
    if len(people) != len(set(readers)):
        raise Refused({"readers": [_("It can only be sent to colleagues who may see all figures.")]})
    if rhythm and not people:
        raise Refused({"readers": [_("Choose at least one reader.")]})
    languages = dict(LetterChoice.objects.filter(user__in=people).values_list("user", "language"))
    day = weekday if rhythm == Rhythm.WEEKLY and weekday is not None else 0
    with transaction.atomic():
        next_on = next_day(rhythm, day, timezone.localdate()) if rhythm else None
        _change(user, saved, version, rhythm=rhythm, weekday=day, next_on=next_on)
        # The owner is told of what fails, in her language, also where she is no reader.
        ReportReader.objects.filter(saved=saved).exclude(person__in=people).update(chosen=False)
        for person in {saved.owner, *people}:
            own = language if person == user else languages.get(person.pk, language)
            ReportReader.objects.update_or_create(
                saved=saved,
                person=person,
                defaults={"chosen": person in people},
                create_defaults={"chosen": person in people, "language": own},
            )
        ReportReader.objects.filter(saved=saved, person=user).update(language=language)


def next_day(rhythm: str, weekday: int, after: dt.date) -> dt.date:
    """The first day of the rhythm after that one."""
    if rhythm == Rhythm.MONTHLY:
        return (after.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
    return after + dt.timedelta(days=(weekday - after.weekday() - 1) % 7 + 1)


def remove(user: User, saved: SavedReport, version: int) -> None:
    """Removes it; nothing is sent any more. Raises as ``rename``."""
    now = timezone.now()
    _change(user, saved, version, removed_at=now)
    SavedReport.objects.filter(owner=user, removed_at__lt=now - KEPT_FOR).delete()


def restore(user: User, saved: SavedReport, version: int) -> None:
    """Puts it back, as it was sent before. Raises as ``save``."""
    today = timezone.localdate()
    next_on = next_day(saved.rhythm, saved.weekday, today) if saved.rhythm else None
    with _room_for_one(user):
        _change(user, saved, version, removed_at=None, next_on=next_on)


def removed_lately(user: User) -> QuerySet[SavedReport]:
    """What the person can put back."""
    return SavedReport.objects.filter(owner=user, removed_at__gt=timezone.now() - KEPT_FOR)


def _check(user: User) -> None:
    if not may_save(user):
        raise PermissionDenied


def _change(user: User, saved: SavedReport, version: int, **values: Any) -> None:
    """Writes the values, unless the row is not as it was on the screen any more; what is shared is its owner's still."""
    _check(user)
    if saved.owner_id != user.pk:
        raise PermissionDenied
    with _unique():
        same = SavedReport.objects.filter(pk=saved.pk, version=version)
        if not same.update(version=F("version") + 1, **values):
            raise Refused({"": [_("It has been changed meanwhile. Look at it, and do it again.")]})


@contextmanager
def _room_for_one(user: User) -> Iterator[None]:
    """A transaction in which the person has another one, if it fits."""
    with transaction.atomic():
        # One person's two pages do not pass the limit together.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if SavedReport.objects.kept().filter(owner=user).count() >= OWN_MAX:
            words = _("You have %(n)d saved reports, and no more fit. Remove one first.")
            raise Refused({"": [words % {"n": OWN_MAX}]})
        with _unique():
            yield


@contextmanager
def _unique() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Refused({"name": [_("You have a saved report of this name already.")]}) from error
