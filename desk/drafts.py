"""Unfinished words and files of the staff: kept while they are written, listed, moved to another appeal, thrown away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.actions.drafts import keep_draft, move_draft
from appeals.actions.upload import DRAFT_AGE
from appeals.filters import number_in
from appeals.limits import DRAFT_MAX
from appeals.models import Appeal, Draft
from appeals.workflow import VERBS
from desk.doors import for_scripts, for_staff
from desk.models import FormDraft
from geo.numbers import key_or_0, whole_number
from web.form_files import read_uuids
from web.uploads import browser_of
from web.verb_forms import TAKES, Kept


def drafts_here(user: User | AnonymousUser, appeal: Appeal) -> dict[str, Kept]:
    """What the person has written for the appeal and not sent, by verb; two queries."""
    drafts = Draft.objects.filter(user=user, appeal=appeal).prefetch_related("uploads")  # type: ignore[misc]
    return {draft.verb: Kept(draft.text, list(draft.uploads.all())) for draft in drafts}


@require_safe
@for_scripts
def session(request: HttpRequest) -> JsonResponse:
    """Who is logged in, and the token of their forms. For scripts that ask before they send."""
    return JsonResponse({"user": str(request.user.pk), "token": get_token(request)})


@require_POST
@for_scripts
def keep(request: HttpRequest, number: int) -> JsonResponse:
    """Keeps what is being written for the appeal, and says whether there was anything to keep, when, and whether it was cut."""
    appeal = Appeal.objects.visible_to(request.user).filter(number=number).first()
    row = VERBS.get(request.POST.get("verb", ""))
    if appeal is None or row is None or not row.asks:
        raise Http404
    kept = keep_draft(
        request.user,  # type: ignore[arg-type]
        appeal,
        row.code,
        text=request.POST.get("text", ""),
        uploads=read_uuids(request.POST.getlist("uploads")),
        takes=request.POST.getlist(TAKES),
        browser=browser_of(request),
    )
    return _said(kept is not None, cut=len(request.POST.get("text", "")) > DRAFT_MAX)


def kept_form(
    request: HttpRequest, page: str, values: Mapping[str, str] | None, **more: object
) -> JsonResponse:
    """Keeps what stands in the form of that page, nothing for None, and says whether there was anything, and when."""
    user = cast("User", request.user)
    if values is None:
        FormDraft.objects.drop(user, page)
    else:
        FormDraft.objects.keep(user, page, values)
    return _said(values is not None, **more)


def _said(kept: bool, **more: object) -> JsonResponse:
    return JsonResponse({"kept": kept, "at": timezone.localtime().strftime("%H:%M"), **more})


def forget_old_forms(now: dt.datetime | None = None) -> int:
    """Number of unfinished forms forgotten: those that nobody has touched for as long as words for an appeal are kept."""
    old = FormDraft.objects.filter(updated_at__lt=(now or timezone.now()) - DRAFT_AGE)
    return old.delete()[0]


def pictures_held(names: Collection[str]) -> set[str]:
    """Those of the pictures that unfinished news hold: they are there as long as the words are."""
    held = FormDraft.objects.filter(values__picture_name__in=list(names))
    return {draft.values["picture_name"] for draft in held}


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def drafts_page(request: HttpRequest) -> HttpResponse:
    """The person's drafts; POST moves one to another appeal of theirs, or throws it away."""
    user = cast("User", request.user)
    mine, forms = Draft.objects.filter(user=user), FormDraft.objects.filter(user=user)
    if request.method == "POST" and "form" in request.POST:
        forms.filter(page=request.POST["form"].replace("\x00", "")).delete()
        messages.success(request, _("The draft is thrown away."))
        return redirect("desk:drafts")
    if request.method == "POST":
        key = whole_number(request.POST.get("draft", ""), digits=11)
        draft = mine.filter(pk=key).first() if key is not None else None
        if draft is None:
            messages.error(request, _("This draft is not there any more."))
            return redirect("desk:drafts")
        if "drop" in request.POST:
            draft.delete()
            messages.success(request, _("The draft is thrown away."))
            return redirect("desk:drafts")
        to = _appeal_of(request, request.POST.get("to", ""))
        if to is None:
            messages.error(request, _("There is no such appeal on your desk."))
            return redirect("desk:drafts")
        move_draft(draft, to)
        return redirect("desk:appeal", to.number)
    standing = standing_of(request.user)
    drafts = list(mine.select_related("appeal__category", "appeal__service").prefetch_related("uploads"))
    context = {
        "forms": [_form_shown(draft) for draft in forms],
        "drafts": [
            {
                "draft": draft,
                "words": VERBS[draft.verb].words if draft.verb in VERBS else None,
                "on_my_desk": standing.role_towards(draft.appeal.service_id) is not Role.PUBLIC,
            }
            for draft in drafts
        ],
    }
    return render(request, "desk/drafts.html", context)


def _form_shown(draft: FormDraft) -> dict[str, object]:
    """What the list shows of an unfinished news item: its first words, and where to go on."""
    key = key_or_0(draft.page.rpartition("/")[2])
    languages = [get_language() or "", *dict(settings.LANGUAGES)]
    named = (draft.values.get(f"{part}_{code}", "") for part in ("title", "body") for code in languages)
    return {
        "page": draft.page,
        "words": next((words for words in named if words.strip()), ""),
        "url": reverse("desk:news-item", args=[key]) if key else reverse("desk:news-new"),
        "updated_at": draft.updated_at,
    }


def _appeal_of(request: HttpRequest, given: str) -> Appeal | None:
    number = number_in(given)
    if number is None:
        return None
    appeal = Appeal.objects.visible_to(request.user).filter(number=number).first()
    if appeal is None or standing_of(request.user).role_towards(appeal.service_id) is Role.PUBLIC:
        return None
    return appeal
