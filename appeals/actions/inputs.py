"""What a verb asks for, checked: one rule for each kind of input, whichever door it comes through."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from appeals.actions.submit import appeal_text, place_of, route_or_refuse
from appeals.deadlines import city_day
from appeals.errors import Busy, Invalid
from appeals.filters import YEARS, beyond_years
from appeals.guards import Before, before_the_merge, parts_of, split_off_from
from appeals.identity import READERS, address_line, missing_identity
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, Attachment, Comment, Redaction, RefusalGround
from appeals.querysets import AppealQuerySet
from appeals.redactions import GAP, Replacement, as_written, without
from appeals.vocabulary import LEGAL_KINDS, Guard, Input, Kind, Status, Verb
from appeals.workflow import VERDICTS
from districts.models import Category, Service
from districts.routing import Route
from geo.refusals import ValueRefused
from geo.words import trimmed

#: Areas that are covered in one photo.
AREAS_MAX: Final = 50
#: Left, top, width and height in percent of a picture.
Area = tuple[float, float, float, float]

#: What stands in the appeal already: what is left out stays, and what is empty is taken as it is.
_STANDS: Final = frozenset({Input.OWN_TEXT, Input.ADDRESS})

#: Pieces that are taken out of an appeal's texts at once.
PIECES_MAX: Final = 20


@dataclass
class Given:
    """The checked inputs of one verb, by where they are kept. ``details`` holds JSON values by the names asked for."""

    text: str = ""
    to_service: Service | None = None
    category: Category | None = None  #: in the place of a wrong one
    point: Point | None = None  #: in the place of a wrong one, EPSG:4326
    route: Route | None = None  #: who answers for what was put right
    original: Appeal | None = None  #: which the appeal repeats
    other: Appeal | None = None  #: which belongs together with it, or does not any more
    second_category: Category | None = None  #: of the matter that becomes an appeal of its own
    assignee: User | None = None
    kind: str = ""  #: in the place of what it was
    identity: dict[str, str] = field(default_factory=dict)  #: who the author is, and how to reach them
    uploads: tuple[UUID, ...] = ()
    file: Attachment | None = None  #: which is hidden from now on, or shown
    comment: Comment | None = None  #: which is hidden from now on, or shown
    photo: Attachment | None = None  #: whose covered areas change
    areas: tuple[Area, ...] = ()  #: which are covered besides; without one, none is any more
    replaced: list[Replacement] = field(
        default_factory=list
    )  #: texts that words are taken out of, or put back
    before: Before | None = None  #: how the appeal stood before what is undone
    details: dict[str, Any] = field(default_factory=dict)


def checked(verb: Verb, appeal: Appeal, values: Mapping[str, object], at: dt.datetime) -> Given:
    """What the verb asks for, out of ``values``.

    Raises ``Invalid`` with the sentences of every wrong input, and ``TypeError`` for a value that the verb does not
    ask for, which is a fault of the caller.
    """
    if unknown := set(values) - {ask.name for ask in verb.asks}:
        raise TypeError(f"{verb} does not ask for {', '.join(sorted(unknown))}")
    given, errors = Given(), dict[str, list[str]]()
    for ask in verb.asks:
        value = values.get(ask.name)
        if not ask.required and (value is None if ask.input in _STANDS else not value):
            continue
        try:
            _CHECKS[ask.input](given, ask.name, value, appeal, at)
        except _InputRefused as refusal:
            errors[ask.name] = [str(refusal)]
    if errors:
        raise Invalid(errors)
    if given.kind:
        _require_identity(given, appeal, verb)
    if verb.redacts:
        _refuse_repeating(given, values)
    elif verb.redacts is False:
        given.replaced = as_written(appeal)
    if verb.returns:
        given.before = before_the_merge(appeal, at)
    if verb.guard is Guard.SPLIT_OFF:
        _join_again(given, appeal)
    if any(ask.input is Input.CATEGORY for ask in verb.asks):
        _route_again(given, appeal, at, by_author=verb.amends)
    if verb.adds:
        _require_addition(given, appeal)
    return given


def _require_addition(given: Given, appeal: Appeal) -> None:
    """Leaves out the files that the appeal has already. Raises ``Invalid`` where nothing at all was given."""
    if not given.text and not given.uploads:
        raise Invalid({"text": [_("Write a few words, or choose a photo or video.")]})
    theirs = set(Attachment.objects.filter(appeal=appeal, pk__in=given.uploads).values_list("pk", flat=True))
    given.uploads = tuple(upload for upload in given.uploads if upload not in theirs)


def _require_identity(given: Given, appeal: Appeal, verb: Verb) -> None:
    """Completes what is given with what is known of the author, for a verb that asks for it.

    Raises ``Invalid`` where the law wants more, and where an appeal whose author is known to it would be a report.
    """
    contact = getattr(appeal, "contact", None)
    known = {name: getattr(contact, name, "") for name in READERS}
    if verb.names_author:
        given.identity = known | {name: value for name, value in given.identity.items() if value}
        if missing := missing_identity(given.kind, given.identity):
            raise Invalid(missing)
    elif given.kind == Kind.REPORT and not missing_identity(appeal.kind, known):
        words = _(
            "The author is named as the law wants it, and may rely on its term: it stays such an appeal."
        )
        raise Invalid({"kind": [words]})


def _join_again(given: Given, appeal: Appeal) -> None:
    """What it was split off is where it is considered again. Raises ``Busy`` while somebody works on that one."""
    first = split_off_from(appeal)
    if first is None:
        return
    try:
        given.other = given.original = _other_appeal(first.number, Appeal.objects.open(), appeal)
    except _InputRefused as refusal:
        raise Busy(str(refusal)) from None
    given.details["original"] = first.number


def _refuse_repeating(given: Given, values: Mapping[str, object]) -> None:
    """Raises ``Invalid`` when the reason, which everybody reads, holds what is taken out."""
    reason = " ".join(given.text.casefold().split())
    if any(" ".join(piece.casefold().split()) in reason for piece in _pieces_of(values.get("pieces"))):
        raise Invalid({"text": [_("Everyone reads the reason: do not repeat what is taken out.")]})


def _pieces_of(value: object) -> list[str]:
    return [piece for line in value.splitlines() if (piece := line.strip())] if isinstance(value, str) else []


def _words(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    pieces = _pieces_of(value)
    if not pieces:
        raise _InputRefused(_("Write a few words."))
    if len(pieces) > PIECES_MAX or sum(map(len, pieces)) > TEXT_MAX:
        raise _InputRefused(_("These are too many words at once."))
    if any(len(piece) < len(GAP) for piece in pieces):
        raise _InputRefused(
            _("A piece has three characters at least: a shorter one stands in other words too.")
        )
    given.replaced, nowhere = without(appeal, pieces)
    if nowhere:
        words = _("This stands in no public text of the appeal: %(words)s")
        raise _InputRefused(words % {"words": "; ".join(nowhere)})


def _route_again(given: Given, appeal: Appeal, at: dt.datetime, *, by_author: bool) -> None:
    """Routes what was put right by the borders of today, and keeps what was wrong. Raises ``Invalid``.

    An author may leave category and place as they are: then nothing is routed.
    """
    category, point = given.category or appeal.category, given.point or appeal.point
    if category == appeal.category and point.equals_exact(appeal.point):
        if by_author:
            return
        raise Invalid({"category": [_("Choose another category or another place.")]})
    given.route = route_or_refuse(point, category, at)
    given.category, given.point = category, point
    answers = Service.objects.get(pk=given.route.service_id)
    if answers.pk != appeal.service_id:
        given.to_service = answers
    given.details |= {
        "category": {"code": category.code, **in_every_language(category, "name")},
        "answers": {"code": answers.code, **in_every_language(answers, "short")},
        "was": {"category": appeal.category.code, "service": appeal.service.code},
    }
    if not by_author:
        # An author has perhaps taken a home off the map, for those who work here too.
        given.details["was"] |= {"lon": appeal.point.x, "lat": appeal.point.y}


def in_every_language(row: Category | Service | RefusalGround, field_name: str) -> dict[str, str]:
    """The translated field by language; where a language has none, in that of the reader."""
    return {
        code: getattr(row, f"{field_name}_{code}") or getattr(row, field_name)
        for code in settings.MODELTRANSLATION_LANGUAGES
    }


class _InputRefused(ValueError):
    """One input's sentence in the reader's language."""


def _text(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    given.text = required_text(value)


def required_text(value: object) -> str:
    """The text without surrounding space. Raises ``ValueError`` when nothing of it shows, it is too long or holds NUL."""
    cleaned = trimmed(value) if isinstance(value, str) else ""
    if not cleaned:
        raise _InputRefused(_("Write a few words."))
    if len(cleaned) > TEXT_MAX:
        raise _InputRefused(
            _("At most %(n)d characters; there are %(m)d.") % {"n": TEXT_MAX, "m": len(cleaned)}
        )
    if "\x00" in cleaned:
        raise _InputRefused(_("The text holds a character that cannot be kept."))
    return cleaned


def _own(
    given: Given,
    name: str,
    value: object,
    appeal: Appeal,
    at: dt.datetime,
    *,
    field: Redaction.Field,
    read: Callable[[object], str],
) -> None:
    """A text of the appeal itself, read as one that is sent; what it was is kept as what a moderation takes out is."""
    try:
        after = read(value)
    except ValueRefused as refusal:
        raise _InputRefused(str(refusal)) from None
    if after != (before := getattr(appeal, field)):
        given.replaced.append(Replacement(None, field, before, after))


def _service(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, Service):
        raise _InputRefused(_("Choose a service."))
    if not value.active:
        raise _InputRefused(_("This service takes no appeals any more."))
    if value.pk == appeal.service_id:
        raise _InputRefused(_("The appeal is with this service already."))
    given.to_service = value


def _colleague(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, User):
        raise _InputRefused(_("Choose a person."))
    works_there = Membership.objects.filter(user=value, service=appeal.service_id).exists()
    if not (value.is_active and works_there):
        raise _InputRefused(_("This person does not work for the service that the appeal is with."))
    given.assignee = value


def _files(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    given.uploads = tuple(cast("Sequence[UUID]", value))


def _file(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime, *, hidden: bool) -> None:
    if not isinstance(value, UUID):
        raise _InputRefused(_("Choose a photo or video."))
    file = Attachment.objects.filter(appeal=appeal, pk=value).first()
    if file is None:
        raise _InputRefused(_("The appeal has no such photo or video."))
    _refuse_as_it_is(file.hidden, hidden)
    given.file = file
    given.details[name] = str(file.pk)


def _comment(
    given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime, *, hidden: bool
) -> None:
    if not isinstance(value, int):
        raise _InputRefused(_("Choose a comment."))
    comment = Comment.objects.filter(appeal=appeal, pk=value).first()
    if comment is None:
        raise _InputRefused(_("There is no such comment on the appeal (any more)."))
    _refuse_as_it_is(comment.hidden, hidden)
    given.comment = comment
    given.details[name] = comment.pk


def _refuse_as_it_is(is_hidden: bool, expected: bool) -> None:
    """Raises where what is to be hidden is hidden already, or is seen that is to be shown."""
    if is_hidden is not expected:
        raise _InputRefused(_("It is hidden already.") if is_hidden else _("The public sees it already."))


def _photo(
    given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime, *, covered: bool = False
) -> None:
    if not isinstance(value, UUID):
        raise _InputRefused(_("Choose a photo."))
    photo = Attachment.objects.filter(appeal=appeal, pk=value, kind=Attachment.Kind.PHOTO).first()
    if photo is None:
        raise _InputRefused(_("The appeal has no such photo."))
    if covered and not photo.covered:
        raise _InputRefused(_("The public sees it whole already."))
    given.photo = photo
    given.details[name] = str(photo.pk)


def _areas(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    lines = _pieces_of(value)
    if not lines:
        raise _InputRefused(_("Mark one area at least."))
    given.areas = tuple(map(_area, lines))
    if len(given.areas) + (len(given.photo.covered) if given.photo else 0) > AREAS_MAX:
        raise _InputRefused(_("At most %(n)d areas of a photo.") % {"n": AREAS_MAX})
    given.details[name] = given.areas


def _area(line: str) -> Area:
    wrong = _InputRefused(
        _("This is no area of a photo: %(words)s. Write four numbers from 0 to 100, such as 10 20 15 8.")
        % {"words": line[:60]}
    )
    parts = re.split(r"[\s,;]+", line)
    if len(parts) != 4 or not all(re.fullmatch(r"\d{1,3}(\.\d{1,4})?", part, re.ASCII) for part in parts):
        raise wrong
    left, top, width, height = map(float, parts)
    # As rounded by whoever draws it.
    if not (width > 0 and height > 0 and left + width <= 100.01 and top + height <= 100.01):
        raise wrong
    return left, top, width, height


def _ground(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, RefusalGround) or not value.active:
        raise _InputRefused(_("Choose a ground."))
    given.details[name] = {"code": value.code, **in_every_language(value, "name")}


def _other_appeal(value: object, among: AppealQuerySet, appeal: Appeal) -> Appeal:
    """Another appeal of those by its number, its row locked."""
    if not isinstance(value, int):
        raise _InputRefused(_("Write the number of an appeal."))
    try:
        # Its own row is locked for this step. Two that are named by each other must not wait for each other.
        with transaction.atomic():
            other = among.select_for_update(nowait=True).filter(number=value).first()
    except OperationalError:
        raise _InputRefused(_("Somebody is working on that appeal just now. Please try again.")) from None
    if other is None:
        raise _InputRefused(_("There is no public appeal of this number."))
    if other.pk == appeal.pk:
        raise _InputRefused(_("This is the same appeal."))
    return other


def _related(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if appeal.hidden:
        # The public history of the other one would name it.
        raise _InputRefused(_("This appeal is not public, so that no other one can name it."))
    given.other = _other_appeal(value, Appeal.objects.public(), appeal)
    if appeal.linked.filter(pk=given.other.pk).exists():
        raise _InputRefused(_("They refer to each other already."))


def _linked(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, int) or not appeal.linked.filter(number=value).exists():
        raise _InputRefused(_("Choose an appeal that belongs together with this one."))
    given.other = _other_appeal(value, Appeal.objects.all(), appeal)


def _part(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    wrong = _InputRefused(_("Choose an appeal that was split off this one and that nobody has begun with."))
    if not isinstance(value, int) or not parts_of(appeal).filter(number=value).exists():
        raise wrong
    given.other = _other_appeal(value, Appeal.objects.all(), appeal)
    if given.other.status != Status.NEW:
        raise wrong


def _second_category(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    _category(given, name, value, appeal, at)
    given.second_category, given.category = given.category, None


def _appeal(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    original = _other_appeal(value, Appeal.objects.public(), appeal)
    if original.duplicate_of is not None:
        words = _("That appeal itself repeats № %(number)d: name that one.")
        raise _InputRefused(words % {"number": original.duplicate_of.number})
    given.original = original
    given.details[name] = original.number


def _category(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, Category):
        raise _InputRefused(_("Choose a category."))
    given.category = value


def _place(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, tuple) or len(value) != 2:
        raise _InputRefused(_("Write latitude and longitude, such as 40.5283, 72.7985."))
    try:
        given.point = place_of(*value)
    except ValueRefused as refusal:
        raise _InputRefused(str(refusal)) from None


def _day(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if not isinstance(value, dt.date):
        raise _InputRefused(_("A date must be written as 2026-05-31."))
    if value.year not in YEARS:
        raise _InputRefused(beyond_years())
    if value < city_day(at):
        raise _InputRefused(_("This day has passed."))
    given.details[name] = value.isoformat()


def _kind(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if value not in Kind.values:
        raise _InputRefused(_("Choose a kind."))
    if value == appeal.kind:
        raise _InputRefused(_("It is of this kind already."))
    given.kind = given.details[name] = Kind(value).value


def _legal_kind(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if value not in LEGAL_KINDS:
        raise _InputRefused(_("Choose a kind."))
    _kind(given, name, value, appeal, at)


def _identity(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    try:
        given.identity[name] = READERS[name](value)
    except ValueRefused as refusal:
        raise _InputRefused(str(refusal)) from None


def _verdict(given: Given, name: str, value: object, appeal: Appeal, at: dt.datetime) -> None:
    if value not in VERDICTS:
        raise _InputRefused(_("Say whether you are satisfied."))
    given.details[name] = value


_CHECKS: dict[Input, Callable[[Given, str, object, Appeal, dt.datetime], None]] = {
    Input.TEXT: _text,
    Input.OWN_TEXT: partial(_own, field=Redaction.Field.TEXT, read=appeal_text),
    Input.ADDRESS: partial(_own, field=Redaction.Field.ADDRESS, read=address_line),
    Input.WORDS: _words,
    Input.SERVICE: _service,
    Input.COLLEAGUE: _colleague,
    Input.FILES: _files,
    Input.SHOWN_FILE: partial(_file, hidden=False),
    Input.HIDDEN_FILE: partial(_file, hidden=True),
    Input.SHOWN_COMMENT: partial(_comment, hidden=False),
    Input.HIDDEN_COMMENT: partial(_comment, hidden=True),
    Input.PHOTO: _photo,
    Input.COVERED_PHOTO: partial(_photo, covered=True),
    Input.AREAS: _areas,
    Input.GROUND: _ground,
    Input.APPEAL: _appeal,
    Input.CATEGORY: _category,
    Input.PLACE: _place,
    Input.RELATED: _related,
    Input.LINKED: _linked,
    Input.PART: _part,
    Input.SECOND_CATEGORY: _second_category,
    Input.DAY: _day,
    Input.KIND: _kind,
    Input.LEGAL_KIND: _legal_kind,
    Input.IDENTITY: _identity,
    Input.VERDICT: _verdict,
}
