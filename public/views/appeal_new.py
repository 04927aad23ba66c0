"""The form of a new appeal. The page's script sends it through the API; without one it is sent here, whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appeals.errors import Conflict, Invalid
from appeals.identifiers import new_secret, new_uuid7
from appeals.intake.parse import SENT, submission_schema, uuid7
from appeals.intake.receive import receive
from appeals.learned_words import learned_words
from appeals.models import AppealContact, Attachment
from appeals.oddities import BAIT
from appeals.vocabulary import Kind
from districts.choices import category_groups
from districts.models import Place
from districts.places import WORDS_MIN
from geo.refusals import Refused, ValueRefused
from rates.senders import sender_of
from rates.taking import TooMany
from web.caching import kept_for_offline
from web.form_files import take_files
from web.limits import refused
from web.place_field import SeveralPlaces, degrees_of
from web.preview import Preview, preview_of
from web.uploads import holders_of

#: What is typed or chosen, as the form names it; ``lon`` and ``lat`` are filled in by the map. Files come by themselves,
#: and the language is the page's.
FIELDS = (*(name for name in SENT if name not in {"uploads", "language"}), "coordinates")
#: Those that a draft keeps: all but what names the appeal.
KEPT = tuple(name for name in FIELDS if name not in {"id", "secret"})


@dataclass
class Draft:
    """What the form shows: the values typed so far, what is wrong with them, the places to choose among."""

    values: dict[str, str]
    errors: dict[str, list[str]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    uploads: list[Attachment] = field(default_factory=list)
    preview: Preview | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def appeal_new(request: HttpRequest) -> HttpResponse:
    """The form; a POST is an appeal, answered with the author's own page or with the form and what is wrong in it."""
    if request.method == "POST":
        response = _asked(request) if "ask" in request.POST else _received(request)
        add_never_cache_headers(response)
        return response
    # A link may name the place and the category: "report this here"; and the kind: "make a proposal".
    given = {name: request.GET.get(name, "") for name in ("lon", "lat", "category")}
    if request.GET.get("kind") in Kind.values:
        given["kind"] = request.GET["kind"]
    if given["lon"] and given["lat"]:
        given["coordinates"] = f"{given['lat']}, {given['lon']}"
    # Every form has identifiers of its own; where the service worker shows an old one, the script makes new ones.
    return kept_for_offline(_form(request, Draft(_fresh() | given), status=200), request)


def _fresh() -> dict[str, str]:
    blank = dict.fromkeys(FIELDS, "") | {"kind": Kind.REPORT.value}
    return blank | {"id": str(new_uuid7()), "secret": new_secret()}


def _asked(request: HttpRequest) -> HttpResponse:
    """The form as it is, with who would answer and by when: what the script says while it is filled in."""
    draft, appeal_id = _sent(request)
    given = {name: draft.values[name] for name in ("lon", "lat")}
    try:
        draft.errors |= take_files(request, appeal_id, draft.uploads)
        _find_place(request, draft)
        # A file that cannot be taken says nothing about who answers.
        if "point" not in draft.errors:
            draft.preview = preview_of(draft.values, draft.uploads, holders_of(request))
    except TooMany as refusal:
        return _too_many(request, draft, refusal)
    except Refused as refusal:
        draft.errors |= {name: list(sentences) for name, sentences in refusal.errors.items()}
    if not request.POST.get("place"):
        # The address may be another one when it is sent.
        draft.values |= given
    return _form(request, draft, status=HTTPStatus.BAD_REQUEST if draft.errors else HTTPStatus.OK)


def _sent(request: HttpRequest) -> tuple[Draft, UUID]:
    """What was typed, and the identifier of the appeal that it is to become."""
    draft = Draft({name: request.POST.get(name, "") for name in FIELDS})
    try:
        appeal_id = uuid7(draft.values["id"])
    except ValueError:
        # Never our own form: it may keep its words, under identifiers of ours.
        draft.values |= {name: _fresh()[name] for name in ("id", "secret")}
        appeal_id = UUID(draft.values["id"])
    return draft, appeal_id


def _received(request: HttpRequest) -> HttpResponse:
    draft, appeal_id = _sent(request)
    # The answer leads to the author's own page, so that there must be a key to it.
    draft.values["secret"] = draft.values["secret"] or new_secret()
    try:
        uploads = take_files(request, appeal_id, draft.uploads)
        _find_place(request, draft)
    except TooMany as refusal:
        return _too_many(request, draft, refusal)
    data: dict[str, Any] = {
        **draft.values,
        "uploads": [str(upload.pk) for upload in draft.uploads],
        "language": "",
        BAIT: request.POST.get(BAIT, ""),
    }
    try:
        submission, _result = receive(
            data,
            language=get_language() or "",
            source="web",
            sender=sender_of(request),
            holders=holders_of(request),
            refused=draft.errors | uploads,
        )
    except TooMany as refusal:
        return _too_many(request, draft, refusal)
    except Invalid as refusal:
        # What was found out about the place says more than that its coordinates are missing.
        draft.errors = {**refusal.errors, **draft.errors, **uploads}
        return _form(request, draft, status=400)
    except Conflict as refusal:
        return _known_already(request, appeal_id, draft, refusal)
    return redirect(reverse("public:follow", args=[submission.secret]) + "?new=1")


def _too_many(request: HttpRequest, draft: Draft, refusal: TooMany) -> HttpResponse:
    """The form with all that was typed, and when to send it again."""
    draft.errors = {"id": [str(refusal)]}
    return refused(_form(request, draft, status=HTTPStatus.TOO_MANY_REQUESTS), refusal)


def _known_already(request: HttpRequest, appeal_id: UUID, draft: Draft, refusal: Conflict) -> HttpResponse:
    """After the back button: what was sent before, and the form with what is typed now, which would be another appeal."""
    sent = AppealContact.objects.filter(appeal=appeal_id, secret=draft.values["secret"]).first()
    draft.errors = {} if sent else {"id": [str(refusal)]}
    if sent is not None:
        draft.values |= {name: _fresh()[name] for name in ("id", "secret")}
        # The files of the first are the first's.
        draft.uploads = [upload for upload in draft.uploads if upload.appeal_id is None]
    return _form(request, draft, status=HTTPStatus.CONFLICT, sent=sent)


def _form(
    request: HttpRequest, draft: Draft, *, status: int, sent: AppealContact | None = None
) -> HttpResponse:
    groups = category_groups()
    chosen = draft.values["category"]
    return render(
        request,
        "public/appeal_new.html",
        {
            "draft": draft,
            "sent": sent,
            "values": draft.values,
            "errors": draft.errors,
            # Nothing is wrong with it: it need only be sent again later.
            "later": status == HTTPStatus.TOO_MANY_REQUESTS,
            "error_links": _error_links(draft.errors),
            "groups": groups,
            "learned_words": learned_words(),
            "open_group": next(
                (g.choice.code for g in groups if any(leaf.code == chosen for leaf in g.leaves)), ""
            ),
            "kinds": _kinds(),
            "legal": any(kind.is_legal and kind == draft.values["kind"] for kind in Kind),
            "fields": submission_schema()["properties"],
            "kept": " ".join(KEPT),
            "words_min": WORDS_MIN,
        },
        status=status,
    )


@dataclass(frozen=True)
class KindChoice:
    """A kind of appeal with what it is for, so that nobody must know the law's words."""

    value: str
    label: str
    hint: str
    is_legal: bool


def _kinds() -> list[KindChoice]:
    hints = {
        Kind.REPORT: _(
            "The short way: no name is needed. It is answered in public within the time that the city has set itself."
        ),
        Kind.COMPLAINT: _("Something is broken, missing or done badly."),
        Kind.REQUEST: _("You ask for something to be done or explained."),
        Kind.RECOMMENDATION: _("You know how the city could be better."),
    }
    return [KindChoice(kind.value, str(kind.label), hints[kind], kind.is_legal) for kind in Kind]


#: Where the field of an error is on the page.
_ANCHORS = {"point": "step-place", "address": "field-address", "kind": "step-kind", "category": "step-what",
            "text": "field-text", "uploads": "step-files", "files": "step-files", "name": "field-name",
            "email": "field-email", "postal_address": "field-postal_address", "phone": "field-phone"}  # fmt: skip


def _error_links(errors: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [
        (_ANCHORS.get(name, "step-send"), sentence)
        for name, sentences in errors.items()
        for sentence in sentences
    ]


def _find_place(request: HttpRequest, draft: Draft) -> None:
    """Fills in lon and lat from what is there, or says what is wrong with it."""
    try:
        draft.values["lon"], draft.values["lat"] = degrees_of(
            {**draft.values, "place": request.POST.get("place", "")}
        )
    except ValueRefused as refusal:
        draft.errors["point"] = [str(refusal)]
        if isinstance(refusal, SeveralPlaces):
            draft.places = refusal.places
