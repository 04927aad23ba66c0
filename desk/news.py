"""The Mayor's Office's news and planned works: what is drafted, planned, published, ended and archived, and the editor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import get_language, get_language_info, gettext_lazy, override, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.roles import standing_of
from appeals.limits import DRAFT_MAX
from desk.doors import for_scripts, for_whom, held_form, hold_form, was_here
from desk.drafts import kept_form
from desk.models import FormDraft
from geo.drawn import REACH_MAX_M, REACH_MIN_M, TEXT_MAX, DrawnPlace, Shape, place_from_text
from geo.numbers import key_or_0
from geo.paging import AFTER, Order, PageRequest, parse_page
from geo.refusals import Refusals, Refused
from geo.words import trimming
from news import actions
from news.models import TITLE_MAX, NewsItem, Stage
from news.pictures import picture_as_text, stored_picture
from web.parameters import left_out

#: What comes with the form and is none of its words.
_NOT_WRITTEN: Final = frozenset({"csrfmiddlewaretoken", "writer", "preview", "form_id"})

#: What was written last is first, drafts too.
_ORDER: Final = Order({"id": int}, descending=True)
_PAGE_SIZE: Final = 30
_STAGE: Final = "stage"
_KEPT_SALT: Final = "desk.news.picture"
_MINUTES: Final = "%Y-%m-%dT%H:%M"

STAGES: Final[Mapping[Stage, str | Promise]] = {
    Stage.PUBLISHED: gettext_lazy("Published"),
    Stage.PLANNED: gettext_lazy("Appear later"),
    Stage.DRAFT: gettext_lazy("Drafts"),
    Stage.ENDED: gettext_lazy("Ended"),
    Stage.ARCHIVED: gettext_lazy("Archive"),
}


#: How one item is called at its stage.
_OF_ONE: Final[Mapping[Stage, str | Promise]] = {
    Stage.PUBLISHED: pgettext_lazy("one news item", "Published"),
    Stage.PLANNED: pgettext_lazy("one news item", "Appears later"),
    Stage.DRAFT: pgettext_lazy("one news item", "Draft"),
    Stage.ENDED: pgettext_lazy("one news item", "Ended"),
    Stage.ARCHIVED: pgettext_lazy("one news item", "In the archive"),
}


class When(forms.ChoiceField):
    """When the public sees it."""

    DRAFT, NOW, LATER = "draft", "now", "later"

    def __init__(self) -> None:
        choices = [
            (self.DRAFT, gettext_lazy("Nobody sees it yet: a draft")),
            (self.NOW, gettext_lazy("Now")),
            (self.LATER, gettext_lazy("From a moment on")),
        ]
        super().__init__(
            label=gettext_lazy("When it is seen"),
            choices=choices,
            widget=forms.RadioSelect,
            initial=self.DRAFT,
        )


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=_MINUTES)
    return forms.DateTimeField(label=label, required=False, widget=widget)


class NewsForm(forms.Form):
    """An item as it is written: ``draft`` is what was read of it, once ``is_valid``."""

    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=NewsItem.Kind.choices)
    starts_at = _moment(gettext_lazy("The works begin"))
    ends_at = _moment(gettext_lazy("The works end"))
    picture = forms.FileField(label=gettext_lazy("Picture"), required=False)
    no_picture = forms.BooleanField(label=gettext_lazy("Without the picture"), required=False)
    shape = forms.ChoiceField(label=gettext_lazy("Place on the map"), choices=Shape.choices, required=False)
    reach_m = forms.CharField(
        label=gettext_lazy("Metres on both sides"),
        required=False,
        max_length=9,
        initial="30",
        widget=forms.NumberInput({"min": REACH_MIN_M, "max": REACH_MAX_M}),
    )
    corners = forms.CharField(
        label=gettext_lazy("Corners: latitude, longitude, one a line"),
        required=False,
        max_length=TEXT_MAX,
        strip=False,
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
    )
    when = When()
    published_at = _moment(gettext_lazy("The moment"))

    def __init__(
        self,
        item: NewsItem | None,
        by: User,
        data: Any = None,
        files: Any = None,
        kept: Mapping[str, str] | None = None,
    ) -> None:
        """``kept`` is what was written and not sent, by the names of the fields."""
        initial = {} if item is None else _initial(item)
        if kept is not None:
            initial = {name: kept.get(name, "") for name in self.base_fields} | dict(kept)
        super().__init__(data, files, initial=initial, label_suffix="")
        self.item, self._by = item, by
        #: Name of the picture's file as things stand.
        self.picture_name = str(item.picture.name or "") if item is not None else ""
        for code, _name in settings.LANGUAGES:
            attrs = {"lang": code, "dir": "auto"}
            title = forms.CharField(
                label=gettext_lazy("Title"),
                required=False,
                widget=forms.TextInput(attrs | {"maxlength": TITLE_MAX}),
            )
            body = forms.CharField(
                label=gettext_lazy("Text"),
                required=False,
                widget=forms.Textarea(attrs | {"rows": 9, "data-most": actions.BODY_MAX}),
            )
            self.fields[f"title_{code}"], self.fields[f"body_{code}"] = trimming(title), trimming(body)
        self.place = DrawnPlace()
        if kept is not None:
            self._take_kept(kept)

    def languages(self) -> list[dict[str, Any]]:
        """Title and text of each language, the city's own first."""
        own = settings.MODELTRANSLATION_DEFAULT_LANGUAGE
        return [
            {
                "code": code,
                "name": get_language_info(code)["name_local"].capitalize(),
                "own": code == own,
                "title": self[f"title_{code}"],
                "body": self[f"body_{code}"],
            }
            for code, _name in sorted(settings.LANGUAGES, key=lambda language: language[0] != own)
        ]

    @property
    def picture_token(self) -> str:
        """What brings a picture back that came with a form which was not kept; empty where it is the item's own."""
        if not self.picture_name or (self.item and self.picture_name == self.item.picture.name):
            return ""
        return signing.dumps([self._by.pk, self.picture_name], salt=_KEPT_SALT)

    @property
    def picture_url(self) -> str:
        """The address of the picture as it would be; empty for none."""
        if not self.picture_name:
            return ""
        if self.item is not None and self.picture_name == self.item.picture.name:
            return self.item.picture.url
        return picture_as_text(self.picture_name)

    def clean(self) -> dict[str, Any]:
        """Reads what belongs together: the place, and the picture with those that came before."""
        cleaned = super().clean() or {}
        self._take_picture(cleaned)
        try:
            self.place = place_from_text(*(cleaned.get(name, "") for name in ("shape", "corners", "reach_m")))
        except Refused as refusal:
            self.refuse(refusal)
        if (
            cleaned.get("when") == When.LATER
            and not cleaned.get("published_at")
            and "published_at" in cleaned
        ):
            self.add_error("published_at", _("Say from which moment on."))
        return cleaned

    def _take_picture(self, cleaned: Mapping[str, Any]) -> None:
        file = cleaned.get("picture")
        if isinstance(file, UploadedFile):
            try:
                self.picture_name = stored_picture(file)
            except forms.ValidationError as refusal:
                self.add_error("picture", refusal)
            return
        self._take_kept(self.data)

    def _take_kept(self, data: Mapping[str, Any]) -> None:
        """The picture that came with this form before, and whether it is to be without any."""
        try:
            by, name = signing.loads(data.get("picture_kept", ""), salt=_KEPT_SALT)
        except (signing.BadSignature, ValueError):
            by, name = None, ""
        if by == self._by.pk and NewsItem.picture.field.storage.exists(name):
            self.picture_name = name
        if data.get("no_picture"):
            self.picture_name = ""

    def unsent(self) -> dict[str, str] | None:
        """What stands in the form, as it is kept until it is sent; None where it says nothing but what is there."""
        own = str(self.item.picture.name or "") if self.item is not None else ""
        if not self.has_changed() and self.picture_name == own:
            return None
        values = {name: self.data.get(name, "") for name in (*self.fields, "version") if name != "picture"}
        values = {name: value.replace("\x00", "")[:DRAFT_MAX] for name, value in values.items()}
        return values | {"picture_kept": self.picture_token, "picture_name": self.picture_name}

    def draft(self) -> actions.Draft:
        """What the form says."""
        cleaned = self.cleaned_data
        return actions.Draft(
            kind=cleaned["kind"],
            words={
                code: actions.Wording(cleaned[f"title_{code}"], cleaned[f"body_{code}"].replace("\r\n", "\n"))
                for code, _name in settings.LANGUAGES
            },
            place=self.place,
            picture=self.picture_name,
            published_at=self._published_at(),
            starts_at=cleaned["starts_at"],
            ends_at=cleaned["ends_at"],
        )

    def _published_at(self) -> Any:
        now = timezone.now()
        match self.cleaned_data["when"]:
            case When.DRAFT:
                return None
            case When.LATER:
                return self.cleaned_data["published_at"]
        before = self.item.published_at if self.item is not None else None
        # What is out already keeps its day.
        return before if before is not None and before <= now else now

    def refuse(self, refusal: Refused) -> None:
        """Puts the sentences at their fields."""
        for name, sentences in refusal.errors.items():
            self.add_error(name if name in self.fields else None, sentences)


def _initial(item: NewsItem) -> dict[str, Any]:
    place, stage = item.place, item.stage()
    when = When.DRAFT if item.published_at is None else When.NOW
    if item.published_at is not None and item.published_at > timezone.now():
        when = When.LATER
    words = {
        f"{name}_{code}": getattr(item, f"{name}_{code}") or ""
        for name in ("title", "body")
        for code, _name in settings.LANGUAGES
    }
    return {
        **words,
        "kind": item.kind,
        "starts_at": item.starts_at,
        "ends_at": item.ends_at,
        "shape": place.shape.value,
        "corners": place.corners,
        **({"reach_m": place.reach_m} if place.reach_m else {}),
        "when": when,
        "published_at": item.published_at if stage is Stage.PLANNED else None,
    }


_for_writers = for_whom(lambda standing: standing.writes_news)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_writers
def news_page(request: HttpRequest) -> HttpResponse:
    """The items at one stage, the newest first; POST archives one or puts it back."""
    if request.method == "POST":
        return _moved(request)
    refusals = Refusals()
    stage = refusals.read(_stage_in, request.GET.get(_STAGE, ""), Stage.PUBLISHED, name=_STAGE)
    asked = refusals.read(
        lambda query: parse_page(query, _ORDER, size=_PAGE_SIZE), request.GET, PageRequest(_PAGE_SIZE)
    )
    now = timezone.now()
    page = _ORDER.page(NewsItem.objects.at_stage(stage, now).order_by(*_ORDER.names), asked)
    address = f"{reverse('desk:news')}?{urlencode({_STAGE: stage})}"
    context = {
        "unfinished": FormDraft.objects.filter(user=cast(User, request.user)).exists(),
        "tabs": [
            {
                "label": label,
                "count": NewsItem.objects.at_stage(one, now).order_by().count(),
                "url": f"?{urlencode({_STAGE: one})}",
                "current": one is stage,
            }
            for one, label in STAGES.items()
        ],
        "stage": stage,
        "rows": [{"item": item, "lacks": _lacks(item)} for item in page.rows],
        "errors": refusals.errors,
        "left_out": left_out(request.GET, {_STAGE, AFTER}),
        "next_url": f"{address}&{urlencode({AFTER: str(page.next)})}" if page.next else "",
        "first_url": address if asked.after else "",
    }
    return render(request, "desk/news.html", context, status=400 if refusals.errors else 200)


def _stage_in(text: str) -> Stage:
    """Raises ``Refused``."""
    if text and text not in set(Stage):
        raise Refused({_STAGE: [_("There is no such list.")]})
    return Stage(text) if text else Stage.PUBLISHED


def _lacks(item: NewsItem) -> list[str]:
    """The languages whose readers get another one."""
    return [
        get_language_info(code)["name_local"].capitalize()
        for code, _name in settings.LANGUAGES
        if not (getattr(item, f"title_{code}") and getattr(item, f"body_{code}"))
    ]


def _moved(request: HttpRequest) -> HttpResponse:
    key = key_or_0(request.POST.get("item", ""))
    item = get_object_or_404(NewsItem, pk=key)
    version = key_or_0(request.POST.get("version", ""))
    do = request.POST.get("do", "")
    try:
        if do == "archive":
            actions.archive(cast(User, request.user), item, version)
            messages.success(
                request, _("It is in the archive, and nobody else sees it. It can be put back there.")
            )
        elif do == "put-back":
            actions.put_back(cast(User, request.user), item, version)
            messages.success(request, _("It is back as it was."))
        else:
            messages.error(request, _("Nothing was done: there is no such step."))
    except actions.Outdated:
        messages.error(request, _("Somebody has changed this item meanwhile. Look at it, and do it again."))
        return redirect("desk:news-item", item.pk)
    return redirect("desk:news")


@require_http_methods(["GET", "HEAD", "POST"])
def new_page(request: HttpRequest) -> HttpResponseBase:
    """The editor of an item that is not there yet; POST keeps or previews it."""
    _hold(request)
    return _editor(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def item_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The editor of one item; POST keeps or previews it. What somebody else changed meanwhile is not overwritten."""
    _hold(request)
    return _editor(request, pk)


def _hold(request: HttpRequest) -> None:
    """What is sent after the session has ended is in the form again after the log-in, its picture too."""
    if request.method != "POST" or request.user.is_authenticated:
        return
    values = {name: request.POST.get(name, "") for name in request.POST if name not in _NOT_WRITTEN}
    writer = key_or_0(request.POST.get("writer", ""))
    if (file := request.FILES.get("picture")) is not None and was_here(request, str(writer)):
        try:
            values["picture_kept"] = signing.dumps([writer, stored_picture(file)], salt=_KEPT_SALT)
        except forms.ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
    hold_form(request, values)


@require_POST
@for_scripts
def keep_page(request: HttpRequest, pk: int | None = None) -> JsonResponse:
    """Keeps what is being written, and says so; 400 with the reason for a picture that cannot be taken."""
    if not standing_of(request.user).writes_news:
        raise PermissionDenied
    item = None if pk is None else get_object_or_404(NewsItem, pk=pk)
    form = NewsForm(item, cast(User, request.user), request.POST, request.FILES)
    form.is_valid()
    if "picture" in form.errors:
        return JsonResponse(
            {"errors": {"picture": list(form.errors["picture"])}}, status=HTTPStatus.BAD_REQUEST
        )
    return kept_form(
        request, _page_of(item), None if "drop" in request.POST else form.unsent(), token=form.picture_token
    )


def _page_of(item: NewsItem | None) -> str:
    return f"news/{item.pk}" if item is not None else "news/new"


@_for_writers
def _editor(request: HttpRequest, pk: int | None) -> HttpResponse:
    item = None if pk is None else get_object_or_404(NewsItem, pk=pk)
    by = cast(User, request.user)
    if request.method != "POST":
        if held := held_form(request).values:
            picture = NewsForm(item, by, kept=held).picture_name
            FormDraft.objects.keep(by, _page_of(item), {**held, "picture_name": picture})
        draft = FormDraft.objects.of(by, _page_of(item))
        form = NewsForm(item, by, kept=draft.values if draft else None)
        return _shown(request, form, item, draft=draft)
    form = NewsForm(item, by, request.POST, request.FILES)
    previewed = request.POST.get("preview", "")
    if form.is_valid():
        try:
            if previewed:
                return _preview(request, form, previewed)
            version = key_or_0(request.POST.get("version", ""))
            kept = actions.save(by, form.draft(), item, version, _form_id(request.POST))
            FormDraft.objects.drop(by, _page_of(item))
        except Refused as refusal:
            form.refuse(refusal)
        except actions.Outdated as outdated:
            return _lost(request, form, outdated.current)
        except actions.Known as known:
            return _made_before(request, form, known.item)
        else:
            messages.success(request, _said(kept))
            return redirect("desk:news-item", kept.pk)
    if previewed:
        return render(
            request, "desk/news_preview.html", {"form": form, "item": None}, status=HTTPStatus.BAD_REQUEST
        )
    return _shown(request, form, item, status=HTTPStatus.BAD_REQUEST)


def _form_id(sent: Mapping[str, str]) -> UUID | None:
    """What names the form of a new item; None for a form that is not ours, from which each send is an item."""
    try:
        return UUID(sent.get("form_id", ""))
    except ValueError:
        return None


def _made_before(request: HttpRequest, form: NewsForm, made: NewsItem) -> HttpResponse:
    """The form under a new name, with all that was written: kept once more, it is another item."""
    form.add_error(
        None,
        format_html(
            _(
                'From this form <a href="{}">{}</a> was made already, and nothing was kept now. To change that one, open it. '
                "If this is to be another item, keep it again."
            ),
            reverse("desk:news-item", args=[made.pk]),
            made.title,
        ),
    )
    return _shown(request, form, None, renamed=True, status=HTTPStatus.CONFLICT)


def _said(item: NewsItem) -> str:
    match item.stage():
        case Stage.DRAFT:
            return _("The draft is kept. Nobody else sees it.")
        case Stage.PLANNED:
            moment = date_format(timezone.localtime(item.published_at), "SHORT_DATETIME_FORMAT")
            return _("It is kept, and appears by itself: %(moment)s.") % {"moment": moment}
        case Stage.ARCHIVED:
            return _("It is kept, and is in the archive: nobody else sees it.")
        case Stage.ENDED:
            return _("It is kept. The works have ended: it is on its own page alone.")
    return _("It is published.")


def _preview(request: HttpRequest, form: NewsForm, language: str) -> HttpResponse:
    """The public page as it would be, in the language. Raises ``Refused`` as keeping it would."""
    if language not in dict(settings.LANGUAGES):
        language = get_language() or settings.LANGUAGE_CODE
    now = timezone.now()
    draft = form.draft()
    # What is a draft yet is to be seen as it will be published.
    draft = replace(draft, published_at=draft.published_at or now)
    draft.check(now)
    item = NewsItem(pk=form.item.pk if form.item else None)
    actions.fill(item, draft)
    with override(language):
        context = {"item": item, "picture_url": form.picture_url, "language": language}
        return render(request, "desk/news_preview.html", context)


@dataclass(frozen=True)
class _Meanwhile:
    """What stands there now, where the form says something else."""

    label: str
    value: str


def _lost(request: HttpRequest, form: NewsForm, current: NewsItem) -> HttpResponse:
    """The form with all that was written, beside what stands there now; keeping it once more is meant to overwrite."""
    mine, theirs = form.data, _initial(current)
    words = [
        _Meanwhile(f"{language['name']}: {language[part].label}", str(theirs[language[part].name]))
        for language in form.languages()
        for part in ("title", "body")
        if mine.get(language[part].name, "").replace("\r\n", "\n").strip() != theirs[language[part].name]
    ]
    others = [
        _Meanwhile(str(form.fields[name].label), _in_words(form, name, theirs.get(name)))
        for name in ("kind", "starts_at", "ends_at", "shape", "reach_m", "corners", "when", "published_at")
        if _typed(theirs.get(name)) != mine.get(name, "").replace("\r\n", "\n").strip()
        and not (name == "reach_m" and not theirs.get(name))
    ]
    if current.archived_at is not None:
        others.append(_Meanwhile(_("Archive"), _("It has been put into the archive.")))
    form.add_error(
        None,
        _(
            "Somebody has changed it meanwhile, and nothing was overwritten. Below is what stands there now; what you wrote is "
            "in the form. Compare, and keep it again."
        ),
    )
    return _shown(request, form, current, meanwhile=words + others, status=HTTPStatus.CONFLICT)


def _sent_as(form: NewsForm, version: int) -> dict[str, str]:
    """The values that the form would send if nothing were changed in it."""
    values = {name: form[name].value() for name in form.fields if name not in {"picture", "no_picture"}}
    sent = {
        # A moment is as the field shows it: of the city's clock, without a zone.
        name: value.strftime(_MINUTES) if isinstance(value, dt.datetime) else str(value or "")
        for name, value in values.items()
    }
    return {**sent, "version": str(version), "picture_kept": ""}


def _typed(value: Any) -> str:
    """The value as the form sends it."""
    if value is None:
        return ""
    return timezone.localtime(value).strftime(_MINUTES) if hasattr(value, "astimezone") else str(value)


def _in_words(form: NewsForm, name: str, value: Any) -> str:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    if hasattr(value, "astimezone"):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    return "" if value is None else str(value)


def _shown(
    request: HttpRequest,
    form: NewsForm,
    item: NewsItem | None,
    *,
    meanwhile: list[_Meanwhile] | None = None,
    draft: FormDraft | None = None,
    renamed: bool = False,
    status: int = 200,
) -> HttpResponse:
    sent_as = None if renamed or not form.is_bound else _form_id(form.data)
    # The version is that of the page that is shown now, or the one that the refused form was written on.
    version = item.version if item is not None else 0
    if form.is_bound and meanwhile is None:
        version = key_or_0(form.data.get("version", ""))
    if draft is not None:
        # So that what somebody else has changed since it was begun is shown, and not overwritten.
        version = key_or_0(draft.values.get("version", ""))
    stage = item.stage() if item is not None else None
    context = {
        "form": form,
        "draft": draft,
        # What throwing it away leads back to.
        "own": _sent_as(NewsForm(item, cast(User, request.user)), item.version if item is not None else 0),
        "page": _page_of(item),
        "draft_url": reverse("desk:news-item-draft", args=[item.pk])
        if item is not None
        else reverse("desk:news-new-draft"),
        "item": item,
        "version": version,
        "form_id": sent_as or uuid4(),
        "stage": _OF_ONE[stage] if stage else "",
        "is_public": stage in {Stage.PUBLISHED, Stage.ENDED},
        "meanwhile": meanwhile or [],
    }
    return render(request, "desk/news_item.html", context, status=status)
