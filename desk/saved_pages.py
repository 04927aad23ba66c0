"""The page of saved filters: saved under a name, renamed, shared with the service, removed and put back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.roles import standing_of
from appeals.filters import FILTERS, filter_fields, keys_of
from desk.doors import for_whom
from desk.models import FILTER_NAME_MAX, FILTER_QUERY_MAX, SavedFilter
from desk.queue import Place
from desk.saved import nothing_left, read_saved, shares_with
from districts.models import Service
from geo.numbers import key_or_0
from geo.paging import AFTER, BEFORE
from geo.words import trimmed

#: Of one person, and shared with one service: each is counted whenever the queue is shown.
OWN_MAX: Final = 10
SHARED_MAX: Final = 5
#: For so long what was removed can be put back.
KEPT_FOR: Final = dt.timedelta(days=7)


class _NotDone(Exception):
    """Nothing was changed; the text says why to the reader."""


@dataclass(frozen=True)
class _Tried:
    """What was typed and refused: ``pk`` is the filter's, 0 for a new one."""

    pk: int = -1
    given: str = ""
    error: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_whom(lambda standing: standing.works_on_appeals)
def filters_page(request: HttpRequest) -> HttpResponse:
    """The person's saved filters; its address names the part of the queue that can be saved. POST does one thing."""
    user = cast("User", request.user)
    if request.method != "POST":
        given = {name: request.GET[name] for name in request.GET if name not in {AFTER, BEFORE}}
        return _shown(request, user, _query(given), _Tried())
    do, name = request.POST.get("do", ""), trimmed(request.POST.get("name", "").replace("\x00", ""))
    query = request.POST.get("query", "")
    if do == "save":
        try:
            _save(user, name, query)
        except _NotDone as refusal:
            return _shown(request, user, query, _Tried(0, name, str(refusal)), status=400)
        messages.success(request, _("“%(name)s” is saved.") % {"name": name})
        return redirect(f"{reverse('desk:queue')}?{query}")
    row = _rows(user).filter(pk=key_or_0(request.POST.get("filter", ""))).first()
    if row is None:
        messages.error(request, _("This filter is not there any more."))
        return redirect("desk:filters")
    try:
        messages.success(request, _done(user, row, do, name, key_or_0(request.POST.get("version", ""))))
    except _NotDone as refusal:
        # Where there is no form for the sentence to stand in.
        if row.removed_at is not None or not _may_change(user, row):
            messages.error(request, str(refusal))
        return _shown(request, user, query, _Tried(row.pk, name or row.name, str(refusal)), status=409)
    return redirect("desk:filters")


def _query(given: Mapping[str, str]) -> str:
    """The address of the part of the queue, as it is kept; that of the beginning for what cannot be read."""
    place, _problem = read_saved(urlencode(given))
    return (place or Place()).as_query()


def _rows(user: User) -> QuerySet[SavedFilter]:
    """What the person sees here: the own ones, removed ones too, and those shared with their services."""
    rows = SavedFilter.objects.seen_by(user, standing_of(user).service_ids)
    return rows.select_related("service", "owner")


def _may_change(user: User, row: SavedFilter) -> bool:
    """The owner may, and of a shared one whoever may share with the service."""
    return row.owner_id == user.pk or row.service_id in {one.pk for one in shares_with(standing_of(user))}


def _named(name: str) -> str:
    if not name:
        raise _NotDone(_("Give it a name."))
    if len(name) > FILTER_NAME_MAX:
        words = ngettext(
            "A name has at most %(n)d letter.", "A name has at most %(n)d letters.", FILTER_NAME_MAX
        )
        raise _NotDone(words % {"n": FILTER_NAME_MAX})
    return name


def _save(user: User, name: str, query: str) -> None:
    """Keeps the part of the queue under the name. Raises ``_NotDone``."""
    _named(name)
    place, problem = read_saved(query)
    if place is None or len(query) > FILTER_QUERY_MAX:
        raise _NotDone(problem or _("This filter is too long to be saved."))
    with transaction.atomic():
        # One person's two pages do not pass the limit together.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _check_room(user)
        with _unique():
            SavedFilter.objects.create(owner=user, name=name, query=place.as_query())


def _check_room(user: User) -> None:
    if SavedFilter.objects.kept().filter(owner=user).count() >= OWN_MAX:
        words = ngettext(
            "You have %(n)d saved filter, and no more fit. Remove one first.",
            "You have %(n)d saved filters, and no more fit. Remove one first.",
            OWN_MAX,
        )
        raise _NotDone(words % {"n": OWN_MAX})


@contextmanager
def _unique() -> Iterator[None]:
    """A transaction in which a second filter of a name is refused in words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise _NotDone(_("You have a filter of this name already.")) from None


def _done(user: User, row: SavedFilter, do: str, name: str, version: int) -> str:
    """Does it, and says what happened. Raises ``_NotDone`` where nothing was changed."""
    if not _may_change(user, row):
        raise _NotDone(_("This filter is shared with you; whoever shares it changes it."))
    match do.partition(":"):
        case ["rename", "", ""]:
            _change(row, version, name=_named(name))
            return _("It is called “%(name)s” now.") % {"name": name}
        case ["share", ":", service]:
            return _share(user, row, version, key_or_0(service))
        case ["unshare", "", ""]:
            _change(row, version, service=None)
            return _("“%(name)s” is shared no more; its owner keeps it.") % {"name": row.name}
        case ["remove", "", ""]:
            now = timezone.now()
            _change(row, version, removed_at=now, service=None)
            SavedFilter.objects.filter(owner=row.owner_id, removed_at__lt=now - KEPT_FOR).delete()
            return _("“%(name)s” is removed. It can be put back below.") % {"name": row.name}
        case ["restore", "", ""]:
            with transaction.atomic():
                User.objects.select_for_update(no_key=True).get(pk=user.pk)
                _check_room(user)
                _change(row, version, removed_at=None)
            return _("“%(name)s” is back.") % {"name": row.name}
    raise _NotDone(_("Nothing was done: there is no such step."))


def _share(user: User, row: SavedFilter, version: int, service_id: int) -> str:
    service = next((one for one in shares_with(standing_of(user)) if one.pk == service_id), None)
    if service is None or row.owner_id != user.pk:
        raise _NotDone(_("You cannot share with this service."))
    with transaction.atomic():
        Service.objects.select_for_update(no_key=True).get(pk=service.pk)
        if SavedFilter.objects.kept().filter(service=service).count() >= SHARED_MAX:
            words = ngettext(
                "%(n)d filter is shared with the service, and no more fit.",
                "%(n)d filters are shared with the service, and no more fit.",
                SHARED_MAX,
            )
            raise _NotDone(words % {"n": SHARED_MAX})
        _change(row, version, service=service)
    return _("“%(name)s” is shared with %(service)s.") % {"name": row.name, "service": service.short}


def _change(row: SavedFilter, version: int, **values: Any) -> None:
    """Writes the values, unless the filter is not as it was on the screen any more."""
    with _unique():
        same = SavedFilter.objects.filter(pk=row.pk, version=version)
        if not same.update(version=F("version") + 1, **values):
            raise _NotDone(_("Somebody has changed this filter meanwhile. Look at it, and do it again."))


def _shown(request: HttpRequest, user: User, query: str, tried: _Tried, *, status: int = 200) -> HttpResponse:
    standing = standing_of(user)
    rows = list(_rows(user).order_by("name", "pk"))
    kept = [(row, *read_saved(row.query)) for row in rows if row.removed_at is None]
    keys = keys_of(place.wanted for _row, place, _problem in kept if place is not None)
    checked = [(row, place, nothing_left(place, keys) if place else problem) for row, place, problem in kept]
    place, _problem = read_saved(query)
    context = {
        "query": query,
        "said": _in_words(place or Place()),
        "given": tried.given if tried.pk == 0 else "",
        "error": tried.error if tried.pk == 0 else "",
        "name_max": FILTER_NAME_MAX,
        "rows": [
            {
                "row": row,
                "said": _in_words(place) if place else "",
                "problem": problem,
                "url": f"{reverse('desk:queue')}?{place.as_query()}" if place and not problem else "",
                "may_change": _may_change(user, row),
                "services": shares_with(standing) if row.owner_id == user.pk else [],
                "given": tried.given if tried.pk == row.pk else row.name,
                "error": tried.error if tried.pk == row.pk else "",
            }
            for row, place, problem in checked
        ],
        "may_share": bool(shares_with(standing)),
        "removed": [
            row
            for row in rows
            if row.owner_id == user.pk
            and row.removed_at is not None
            and row.removed_at > timezone.now() - KEPT_FOR
        ],
    }
    return render(request, "desk/filters.html", context, status=status)


def _in_words(place: Place) -> str:
    """The part of the queue as a reader says it: tab, filter, order; one query for each of the city's own codes."""
    used = [declared.name for declared in FILTERS if declared.written(place.wanted)]
    fields = filter_fields(place.wanted, {}, {}, names=used).values()
    words = [str(place.tab.label), *(f"{field.declared.label}: {field.words}" for field in fields)]
    if place.sort is not place.tab.sort:
        words.append(_("Sorted by: %(column)s") % {"column": place.sort.words})
    return " · ".join(words)
