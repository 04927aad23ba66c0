"""The form of a verb, made from its row of the workflow table, and what becomes of it when it is sent.

The desk and the author's own page read it; ``web/appeal/_verb_fields.html`` and ``web/appeal/_refused.html`` draw it.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from appeals.actions.attachments import sent_by_author
from appeals.actions.perform import perform
from appeals.actors import Actor
from appeals.deadlines import LegalClock, city_day
from appeals.errors import ActionRefused, Invalid, Stale
from appeals.filters import number_in
from appeals.guards import barred, goes_to_office, parts_of
from appeals.identifiers import new_uuid7
from appeals.identity import LENGTHS
from appeals.limits import (
    ADDRESS_MAX,
    ATTACHMENTS_MAX,
    COMMENTS_OFFERED,
    DRAFT_MAX,
    PHOTOS_MAX,
    TEXT_MAX,
    VIDEOS_MAX,
)
from appeals.models import Appeal, Attachment, Comment, RefusalGround
from appeals.timeline import Step, steps_of
from appeals.vocabulary import LEGAL_KINDS, Ask, Input, Kind, Tone, Verb, Words
from appeals.workflow import VERBS, verbs_for
from districts.choices import category_groups
from districts.models import Category, Service
from geo.points import lon_lat_from_text
from geo.refusals import ValueRefused
from rates.senders import sender_of
from rates.taking import TooMany
from web.form_files import store_files
from web.limits import refused
from web.place_field import degrees_of
from web.uploads import holders_of

#: Name of the fields with the codes of ``Kept.takes``.
TAKES: Final = "takes"
_REPORT_KEY: Final = re.compile("[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """Words and files that were written for a form and are not published."""

    text: str
    uploads: Sequence[Attachment] = ()
    #: Codes of the other verbs that they were written for, whose drafts are done with when this is sent or kept anew.
    takes: tuple[str, ...] = ()

    def with_more(self, other: Kept) -> Kept:
        """Both, one after the other."""
        text = f"{self.text}\n\n{other.text}".strip()[:DRAFT_MAX]
        return Kept(text, [*self.uploads, *other.uploads], (*self.takes, *other.takes))


class VerbForm(forms.Form):
    """The verb, the version of the appeal that was on the screen, and what the verb asks for.

    Texts are checked by the action, so that one rule holds whichever door they come through.
    """

    verb = forms.CharField(widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self,
        row: Verb,
        role: Role,
        appeal: Appeal,
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        kept: Kept | None = None,
        holders: Collection[str] = (),
        said_before: Mapping[str, str] | None = None,
        reports: Sequence[int] = (),
        comments: Sequence[Comment] | None = None,
    ) -> None:
        """``holders`` are whose uploads may stand in the form; ``said_before`` is what it starts from, by field.

        ``reports`` are the keys of the reports of abuse that the page shows; ``comments`` those that may be hidden there, None: what
        is reported and the latest.
        """
        initial = dict(said_before or {}) | ({"text": kept.text} if kept else {})
        super().__init__(data, files, initial=initial, auto_id=f"{row.code}-%s", label_suffix="")
        self.row, self.words, self.kept, self._holders = row, row.words_for(role), kept, holders
        self.appeal = appeal
        #: Those that the verb closes, of those that are open then.
        self.reports = reports if row.settles else ()
        for ask in row.asks:
            if ask.input is Input.SHOWN_COMMENT and comments is not None:
                self.fields |= _comment_among(ask, comments)
            else:
                self.fields |= _FIELDS[ask.input](ask, appeal)
            if ask.input is Input.FILES and row.adds:
                _leave_room(self.fields["files"], ask, self._beside)
            if ask.input is Input.SERVICE and goes_to_office(appeal, row, role):
                self.fields[ask.name].help_text = _(
                    "Services have passed it on %(n)d times. Whichever you choose, the Mayor's Office gets it now and "
                    "decides who answers; it sees your choice."
                ) % {"n": row.passes_max}

    @cached_property
    def _beside(self) -> list[Attachment]:
        """Files of the appeal that count with those of the form."""
        return list(sent_by_author(self.appeal)) if self.row.adds else []

    @property
    def code(self) -> str:
        """Code of the verb."""
        return self.row.code

    @property
    def asks(self) -> bool:
        """True when there is something to fill in."""
        return bool(self.row.asks)

    @property
    def stands_open(self) -> bool:
        """True when the form is shown without being asked for: what is usually done next, and what was refused."""
        return self.is_bound or self.kept is not None or self.row.tone is Tone.PRIMARY

    @property
    def text(self) -> str:
        """The words as they were typed, whatever became of the form."""
        return str(self.data.get("text", ""))

    @property
    def to_be_kept(self) -> str:
        """What was typed, in words, for when the form itself is gone: of a correction all that it was to change."""
        if not self.row.amends:
            return self.text
        fields = [self[ask.name] for ask in self.row.asks]
        return "\n".join(
            _in_words(field) for field in fields if field.data and _lines(field.data) != _lines(field.initial)
        )

    @property
    def takes(self) -> Sequence[str]:
        """Codes of other verbs whose unsent words stand in this form."""
        if self.is_bound and isinstance(self.data, MultiValueDict):
            return self.data.getlist(TAKES)
        return self.kept.takes if self.kept else ()

    @property
    def all_errors(self) -> str:
        """Every sentence of the refusal in one."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)

    @cached_property
    def received(self) -> list[Attachment]:
        """Files that came with an earlier try, or with words that are kept, and wait for this one."""
        if self.is_bound:
            ids = self.cleaned_data.get("uploads") if hasattr(self, "cleaned_data") else None
            return list(Attachment.objects.held_by(self._holders).filter(pk__in=ids)) if ids else []
        return list(self.kept.uploads) if self.kept else []

    def take_files(self, request: HttpRequest) -> None:
        """Stores the files that came with the form, so that they need not be chosen again whatever else is wrong in it.

        Each that is refused is an error of the form, the others wait for the next try. Raises ``TooMany``.
        """
        if "files" not in self.fields:
            return
        earlier, stored = self.cleaned_data.get("uploads", []), list[Attachment]()
        beside = {*self._beside, *Attachment.objects.held_by(self._holders).filter(pk__in=earlier)}
        try:
            # What is added to an appeal is there once, however often it is sent.
            named_by = self.appeal.pk if self.row.adds else new_uuid7()
            most = ATTACHMENTS_MAX - len(earlier)
            refused = store_files(request, named_by, stored, most=most, beside=beside)
        finally:
            self.cleaned_data["uploads"] = [*earlier, *(one.pk for one in stored)]
        if refused:
            self.add_error("files", refused)

    def given(self) -> dict[str, Any]:
        """What the verb asks for, by name, for ``perform``."""
        return {ask.name: self.cleaned_data.get(ask.name) for ask in self.row.asks}

    def refuse(self, errors: Mapping[str, Iterable[str]]) -> None:
        """Puts the sentences of a refused action at their fields."""
        for name, sentences in errors.items():
            shown = "files" if name in {"file", "uploads"} and "files" in self.fields else name
            self.add_error(shown if shown in self.fields else None, list(sentences))


@dataclass(frozen=True)
class Attempt:
    """What became of a form that was sent: ``done`` says what was done, else ``message`` or the form's errors why not.

    ``since`` are the steps that the person had not seen and may see; ``too_many`` is the limit that was used up.
    """

    done: str = ""
    status: int = 200
    message: str = ""
    form: VerbForm | None = None
    since: tuple[Step, ...] = ()
    too_many: TooMany | None = None

    def shown_in(self, page: HttpResponse) -> HttpResponse:
        """The page that shows it, with its status, and when to come again after too many tries."""
        page.status_code = self.status
        return refused(page, self.too_many) if self.too_many else page


def attempt(
    request: HttpRequest,
    appeal: Appeal,
    role: Role,
    actor: Actor,
    comments: Sequence[Comment] | None = None,
) -> Attempt:
    """Does what the form in the request asks for, in the name of ``actor``, who has that role here.

    ``comments`` are those that the page offers, as for ``VerbForm``.
    """
    row = VERBS.get(request.POST.get("verb", ""))
    if row is None or not row.sources:
        return Attempt(status=400, message=_("This form is not one of ours. Please use the buttons below."))
    form = VerbForm(
        row, role, appeal, request.POST, request.FILES, holders=holders_of(request), comments=comments
    )
    form.full_clean()
    try:
        form.take_files(request)
        if form.errors:
            return Attempt(status=400, form=form)
        changed = perform(
            appeal.pk,
            row,
            actor,
            version=form.cleaned_data["version"],
            sender=sender_of(request),
            reports=[int(key) for key in request.POST.getlist("reports") if _REPORT_KEY.fullmatch(key)],
            **form.given(),
        )
    except Invalid as invalid:
        form.refuse(invalid.errors)
        return Attempt(status=400, form=form)
    except Stale as stale:
        seen = [event for event in stale.since if event.public or role is not Role.RESIDENT]
        return Attempt(status=409, message=str(stale), form=form, since=tuple(steps_of(seen)))
    except ActionRefused as refusal:
        return Attempt(status=409, message=str(refusal), form=form)
    except TooMany as refusal:
        return Attempt(message=str(refusal), form=form, too_many=refusal)
    return Attempt(done=_done_words(form.words, appeal, changed))


def verb_context(
    appeal: Appeal,
    role: Role,
    tried: Attempt,
    clock: LegalClock,
    drafts: Mapping[str, Kept] | None = None,
    said_before: Mapping[str, Mapping[str, str]] | None = None,
    reports: Sequence[int] = (),
) -> dict[str, Any]:
    """What the templates need: a form for each verb that may be done now, in the table's order.

    A form that was refused stands in its own place with all that was given. Where its verb may not be done any more,
    the words and files stand in the form that takes their place: an addition for an answer, for the rest a note; where
    there is no such form, they are given back beside the message. So do ``drafts``, by the code of their verb. A form
    whose verb was done before starts from what was ``said_before``, by the verb's code and the field. ``reports`` are the keys
    of the reports of abuse that the page shows.
    """
    sent, waiting = tried.form, dict(drafts or {})
    possible = [verb for verb in VERBS.values() if role in verb.roles]
    not_met = barred(appeal, possible, timezone.now(), clock)
    rows = list(verbs_for(appeal.status, role, hidden=appeal.hidden, held=appeal.is_held, barred=not_met))
    lost = sent if sent is not None and sent.row not in rows else None
    if sent is not None:
        # What was sent is newer than what was kept while it was written.
        waiting.pop(sent.code, None)
    if lost is not None and (typed := lost.to_be_kept):
        waiting = {lost.code: Kept(typed, lost.received)} | waiting
    kept: dict[str, Kept] = {}
    for code, words in waiting.items():
        heir = _heir(VERBS[code], rows) if code in VERBS else None
        if heir is not None and (sent is None or heir is not sent.row):
            moved = words if heir.code == code else replace(words, takes=(code, *words.takes))
            kept[heir.code] = kept[heir.code].with_more(moved) if heir.code in kept else moved
    if sent is not None and sent.row.settles:
        # It is sent again from a page that shows these.
        sent.reports = reports
    offered = [
        sent
        if sent is not None and sent.row is row
        else VerbForm(
            row,
            role,
            appeal,
            kept=kept.get(row.code),
            said_before=said_before.get(row.code) if said_before else None,
            reports=reports,
        )
        for row in rows
    ]
    found_place = lost is not None and _heir(lost.row, rows) is not None
    to_correct = sent if sent is not None and lost is None else None
    return {
        "forms": offered,
        "attempt": tried,
        "refusal": tried.message or (lost.all_errors if lost else ""),
        "kept_text": lost.to_be_kept if lost and not found_place else "",
        "found_place": found_place,
        # The sentences at the fields, with the anchors at which they stand: the form may be far down on the page.
        "to_correct": [
            (f"{field.auto_id}_error", sentence)
            for field in (to_correct.visible_fields() if to_correct else ())
            for sentence in field.errors
        ],
    }


def _heir(verb: Verb, rows: Sequence[Verb]) -> Verb | None:
    """The verb whose form takes what was written for this one: itself, else what is read as an answer, else a note.

    What corrects an appeal too late is added to it.

    What was written for the staff alone never gets into a form whose words are public.
    """
    if verb in rows:
        return verb
    note = next((row for row in rows if not row.public and _has_room_for_words(row)), None)
    if verb.amends:
        return next((row for row in rows if row.adds), note)
    return next((row for row in rows if row.speaks), note) if verb.speaks else note


def _has_room_for_words(verb: Verb) -> bool:
    # What may be left out is a remark on something else, such as on a rating.
    return any(ask.input is Input.TEXT and ask.required for ask in verb.asks)


def _lines(value: object) -> str:
    """What is in a field; browsers end lines in their own way."""
    return "" if value is None else str(value).replace("\r\n", "\n")


def _in_words(field: forms.BoundField) -> str:
    """What was typed or chosen, with what it was asked for where it does not say so itself."""
    if isinstance(field.field, _AsItStandsField) and isinstance(field.field.widget, forms.Textarea):
        return str(field.data)
    chosen = field.form.cleaned_data.get(field.name) if isinstance(field.field, _CategoryField) else None
    asked = field.label if field.label.endswith("?") else f"{field.label}:"
    return f"{asked} {chosen or field.data}"


def _done_words(words: Words, before: Appeal, after: Appeal) -> str:
    """What is said to whoever did it."""
    moved = words.moved if after.service_id != before.service_id else ""
    return " ".join(map(str, filter(None, [words.done, moved]))) % {
        "number": f"№ {after.number}",
        "service": after.service.short,
        "to_service": after.service.short,
        "due": date_format(after.due_on),
    }


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files, which ``VerbForm.take_files`` looks at one by one."""

    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> None:
        return None


class _UploadIds(forms.Field):
    """Ids of files that came with an earlier try of the same form."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[uuid.UUID]:
        one = forms.UUIDField()
        return [one.clean(item) for item in value or []][:ATTACHMENTS_MAX]


class _FileField(forms.ChoiceField):
    """Key of one of the appeal's photos and videos; the action says whether it may be this one."""

    widget = forms.RadioSelect

    def clean(self, value: Any) -> uuid.UUID | None:
        try:
            return uuid.UUID(str(value))
        except ValueError:
            return None


def _said(ask: Ask) -> dict[str, Any]:
    """What stands above the field."""
    return {"label": str(ask.label), "help_text": str(ask.hint)}


def _text(ask: Ask, appeal: Appeal, *, rows: int) -> dict[str, forms.Field]:
    widget = forms.Textarea(
        attrs={"rows": rows, "dir": "auto", "data-most": TEXT_MAX, "required": ask.required}
    )
    return {ask.name: forms.CharField(required=False, strip=False, widget=widget, **_said(ask))}


class _AsItStandsField(forms.CharField):
    """What stands in the appeal, to be changed; None where the form has not come with it."""

    def to_python(self, value: Any) -> Any:
        return None if value is None else str(value)


def _own_text(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    widget = _text(ask, appeal, rows=6)[ask.name].widget
    initial = appeal.text
    return {
        ask.name: _AsItStandsField(required=False, strip=False, widget=widget, initial=initial, **_said(ask))
    }


def _address(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    widget = forms.TextInput(attrs={"maxlength": ADDRESS_MAX, "autocomplete": "off"})
    initial = appeal.address
    return {ask.name: _AsItStandsField(required=False, widget=widget, initial=initial, **_said(ask))}


def _by_code(ask: Ask, rows: QuerySet[Any], nothing: str) -> dict[str, forms.Field]:
    """One of the city's own rows; ``nothing`` stands where none is chosen."""
    return {
        ask.name: forms.ModelChoiceField(
            rows, required=ask.required, to_field_name="code", empty_label=nothing, **_said(ask)
        )
    }


def _service(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    return _by_code(ask, Service.objects.filter(active=True).order_by("short"), _("Choose…"))


def _ground(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    return _by_code(ask, RefusalGround.objects.filter(active=True), _("Choose…"))


class _InGroups(ModelChoiceIterator):
    """Categories in their groups, as the form of a new appeal has them."""

    def __iter__(self) -> Iterator[Any]:
        yield "", self.field.empty_label
        for group in category_groups():
            leaves = [(leaf.code, leaf.name) for leaf in group.leaves]
            yield (group.choice.name, leaves) if group.leaves != (group.choice,) else leaves[0]


class _CategoryField(forms.ModelChoiceField):
    iterator = _InGroups


def _category_in_groups(ask: Ask, nothing: str) -> dict[str, forms.Field]:
    leaves = Category.objects.leaves()
    return {
        ask.name: _CategoryField(
            leaves, required=ask.required, to_field_name="code", empty_label=nothing, **_said(ask)
        )
    }


def _category(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    return _category_in_groups(ask, _("As it is: %(category)s") % {"category": appeal.category.name})


def _second_category(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    fields = _category_in_groups(ask, _("Choose…"))
    said = _("Its answer is due by %(date)s too, whichever service gets it.")
    if appeal.due_on < city_day(timezone.now()):
        said = _(
            "The term was over on %(date)s: the second appeal is overdue at once, whichever service gets it."
        )
    fields[ask.name].help_text = said % {"date": date_format(appeal.due_on)}
    return fields


def _colleague(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    """The people of the service that the appeal is with."""
    people = User.objects.filter(is_active=True, memberships__service=appeal.service_id)
    return {
        ask.name: forms.ModelChoiceField(
            people.order_by("last_name", "first_name", "pk"),
            required=ask.required,
            empty_label=_("Nobody"),
            initial=appeal.assignee_id,
            **_said(ask),
        )
    }


def _files(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    chosen = _FilesField(
        label=str(ask.label),
        help_text=str(ask.hint) % {"photos": PHOTOS_MAX, "videos": VIDEOS_MAX},
        required=False,
        widget=_Files(attrs={"accept": "image/*,video/*"}),
    )
    return {ask.name: _UploadIds(required=False), "files": chosen}


def _leave_room(field: forms.Field, ask: Ask, beside: Iterable[Attachment]) -> None:
    """Says how many more there may be beside those; the scripts read how many there are."""
    kinds = Counter(file.kind for file in beside)
    had = {"photos": kinds[Attachment.Kind.PHOTO], "videos": kinds[Attachment.Kind.VIDEO]}
    field.widget.attrs |= {f"data-{name}": n for name, n in had.items()}
    room = {"photos": max(PHOTOS_MAX - had["photos"], 0), "videos": max(VIDEOS_MAX - had["videos"], 0)}
    field.help_text = str(ask.hint) % room


def _file(ask: Ask, appeal: Appeal, *, offered: Callable[[Attachment], bool]) -> dict[str, forms.Field]:
    files = enumerate(appeal.attachments.all(), 1)
    choices = [(str(file.pk), _picture(file, n)) for n, file in files if offered(file)]
    only = choices[0][0] if len(choices) == 1 else None
    return {ask.name: _FileField(required=False, choices=choices, initial=only, **_said(ask))}


class _CommentField(forms.ChoiceField):
    """Key of one of the comments; the action says whether it may be this one."""

    widget = forms.RadioSelect

    def clean(self, value: Any) -> int | None:
        return number_in(str(value or ""))


def _comment(ask: Ask, appeal: Appeal, *, hidden: bool) -> dict[str, forms.Field]:
    # What somebody has reported is offered however old it is.
    found = list(Comment.objects.filter(appeal=appeal, hidden=hidden).reported_first()[:COMMENTS_OFFERED])
    fields = _comment_among(ask, found)
    if len(found) == COMMENTS_OFFERED:
        fields[ask.name].help_text = _("The latest %(n)d.") % {"n": COMMENTS_OFFERED}
    return fields


def _comment_among(ask: Ask, comments: Sequence[Comment]) -> dict[str, forms.Field]:
    choices = [(str(one.pk), _quoted(one)) for one in comments]
    only = choices[0][0] if len(choices) == 1 else None
    return {ask.name: _CommentField(required=False, choices=choices, initial=only, **_said(ask))}


def _quoted(comment: Comment) -> SafeString:
    """The label of a choice: when it was written, and its words."""
    day = date_format(timezone.localtime(comment.at))
    return format_html('<span dir="auto"><span class="faint">{}</span> {}</span>', day, comment.text)


class _Areas(forms.Textarea):
    """Numbers to type; where scripts run, rectangles to draw on the photo that is chosen."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html("<photo-areas>{}</photo-areas>", super().render(*args, **kwargs))


def _areas(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    widget = _Areas(attrs={"rows": 3, "required": ask.required, "inputmode": "text", "autocomplete": "off"})
    return {ask.name: forms.CharField(required=False, widget=widget, **_said(ask))}


def _picture(file: Attachment, n: int) -> SafeString:
    """The label of a choice: the picture, and its number among those of the appeal."""
    name = (_("Photo %(n)d") if file.kind == Attachment.Kind.PHOTO else _("Video %(n)d")) % {"n": n}
    if not file.thumb:
        return format_html("<span>{}</span>", name)
    return format_html(
        '<img src="{}" alt="" width="160" height="120" loading="lazy"><span>{}</span>', file.thumb.url, name
    )


class _LatLonField(forms.CharField):
    """A place as maps show it, latitude first, or by its name, turned into (longitude, latitude); the action says whether it
    may be.
    """

    def clean(self, value: Any) -> tuple[str, ...] | None:
        text = str(value or "").strip()
        # What is no place at all is the action's to refuse; None would be a place left out.
        return (lon_lat_from_text(text) or self._named(text) or (text,)) if text else None

    @staticmethod
    def _named(text: str) -> tuple[str, str] | None:
        """The only place of that name."""
        try:
            return degrees_of({"address": text})
        except ValueRefused:
            return None


class _PlaceOnMap(forms.TextInput):
    """Latitude and longitude to type; where scripts run, the appeal's pin on a map, and who would answer there."""

    def __init__(self, appeal: Appeal, **options: Any) -> None:
        super().__init__(**options)
        self.appeal = appeal

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html(
            '<appeal-pin data-lon="{}" data-lat="{}" data-category="{}">{}</appeal-pin>',
            f"{self.appeal.point.x:.6f}",
            f"{self.appeal.point.y:.6f}",
            self.appeal.category.code,
            super().render(*args, **kwargs),
        )


def _place(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    attrs = {"required": ask.required, "size": 24, "autocomplete": "off"}
    widget = _PlaceOnMap(appeal, attrs=attrs)
    return {ask.name: _LatLonField(required=False, widget=widget, **_said(ask))}


class _NumberField(forms.CharField):
    """Number of an appeal as people write it; the action says what is wrong with any other."""

    def clean(self, value: Any) -> int | None:
        return number_in(str(value or ""))


def _appeal(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "required": ask.required, "size": 12})
    return {ask.name: _NumberField(required=False, widget=widget, **_said(ask))}


def _linked(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    numbers = appeal.linked.order_by("number").values_list("number", flat=True)
    choices = [(number, f"№ {number}") for number in numbers]
    return {
        ask.name: forms.TypedChoiceField(
            coerce=int, required=False, empty_value=None, choices=choices, **_said(ask)
        )
    }


def _part(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    parts = parts_of(appeal).select_related("category", "service")
    choices = [
        (part.number, f"№ {part.number}: {part.category.name} ({part.service.short})") for part in parts
    ]
    return {
        ask.name: forms.TypedChoiceField(
            coerce=int, required=False, empty_value=None, choices=choices, **_said(ask)
        )
    }


def _day(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return {
        ask.name: forms.DateField(
            required=ask.required,
            input_formats=["%Y-%m-%d"],
            widget=widget,
            error_messages={"invalid": _("A date must be written as 2026-05-31.")},
            **_said(ask),
        )
    }


def _kinds(ask: Ask, appeal: Appeal, *, offered: Sequence[Kind]) -> dict[str, forms.Field]:
    choices = [(kind.value, kind.label) for kind in offered if kind != appeal.kind]
    return {
        ask.name: forms.ChoiceField(
            required=False, choices=choices, widget=forms.RadioSelect, initial=choices[0][0], **_said(ask)
        )
    }


def _identity(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    """Never filled in with what is known: whoever has the link may not be who gave it."""
    attrs = {
        "type": _TYPED_AS.get(ask.name, "text"),
        "autocomplete": _AUTOCOMPLETE[ask.name],
        "maxlength": LENGTHS[ask.name],
    }
    return {ask.name: forms.CharField(required=False, widget=forms.TextInput(attrs=attrs), **_said(ask))}


_TYPED_AS: Final = {"phone": "tel", "email": "email"}
_AUTOCOMPLETE: Final = {"name": "name", "postal_address": "street-address", "phone": "tel", "email": "email"}


def _verdict(ask: Ask, appeal: Appeal) -> dict[str, forms.Field]:
    choices = [("yes", _("Yes")), ("no", _("No"))]
    return {
        ask.name: forms.ChoiceField(required=False, choices=choices, widget=forms.RadioSelect, **_said(ask))
    }


_FIELDS: dict[Input, Callable[[Ask, Appeal], dict[str, forms.Field]]] = {
    Input.TEXT: partial(_text, rows=6),
    Input.OWN_TEXT: _own_text,
    Input.ADDRESS: _address,
    Input.WORDS: partial(_text, rows=3),
    Input.SERVICE: _service,
    Input.COLLEAGUE: _colleague,
    Input.FILES: _files,
    Input.SHOWN_FILE: partial(_file, offered=lambda file: not file.hidden),
    Input.HIDDEN_FILE: partial(_file, offered=lambda file: file.hidden),
    Input.SHOWN_COMMENT: partial(_comment, hidden=False),
    Input.HIDDEN_COMMENT: partial(_comment, hidden=True),
    Input.PHOTO: partial(_file, offered=lambda file: file.kind == Attachment.Kind.PHOTO),
    Input.COVERED_PHOTO: partial(_file, offered=lambda file: bool(file.covered)),
    Input.AREAS: _areas,
    Input.GROUND: _ground,
    Input.APPEAL: _appeal,
    Input.CATEGORY: _category,
    Input.PLACE: _place,
    Input.RELATED: _appeal,
    Input.LINKED: _linked,
    Input.PART: _part,
    Input.SECOND_CATEGORY: _second_category,
    Input.DAY: _day,
    Input.KIND: partial(_kinds, offered=tuple(Kind)),
    Input.LEGAL_KIND: partial(_kinds, offered=LEGAL_KINDS),
    Input.IDENTITY: _identity,
    Input.VERDICT: _verdict,
}
