"""From how many voices on the city answers a proposal, of the city and its districts, and what residents may comment on."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from appeals.actions.comment_rules import allow_comments, commented_kinds, mark_of_kinds
from appeals.actions.thresholds import ChangedMeanwhile, Written, mark_of, set_thresholds, stored
from appeals.deadlines import city_day
from appeals.due import rows_of
from appeals.gathering import leading, voices_of
from appeals.limits import COMMENT_DAYS, SUPPORT_DAYS_MAX, SUPPORT_VOICES_MAX
from appeals.vocabulary import Kind
from desk.doors import for_whom
from districts import choices
from geo.refusals import Errors, Refused

#: Proposals whose voices the page shows.
_LEADING: Final = 10
_NONE: Final[Written] = ("", "")


@dataclass(frozen=True)
class _Row:
    """The fields of a district, of the city for the empty code, with what stands in them."""

    code: str
    name: str
    written: Written
    errors: Errors

    @property
    def fields(self) -> list[tuple[str, str, str, int, int, list[str]]]:
        """Name, label, value, least and greatest value, and errors of each."""
        bounds = (
            ("voices", _("Voices"), 1, SUPPORT_VOICES_MAX),
            ("days", pgettext("how long voices are gathered", "Days"), 0, SUPPORT_DAYS_MAX),
        )
        return [
            (f"{name}-{self.code}", label, value, least, most, self.errors.get(f"{name}-{self.code}", []))
            for (name, label, least, most), value in zip(bounds, self.written, strict=True)
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@for_whom(lambda standing: standing.sets_thresholds)
def thresholds_page(request: HttpRequest) -> HttpResponse:
    """The thresholds, and the kinds that are commented on; POST stores all of the one or of the other (``do=comments``).

    Or says what is wrong with which, or that they were changed meanwhile.
    """
    if request.method == "POST" and request.POST.get("do") == "comments":
        return _allow_comments(request)
    return _page(request)


def _allow_comments(request: HttpRequest) -> HttpResponse:
    kinds = request.POST.getlist("kind")
    try:
        changed = allow_comments(kinds, seen=request.POST.get("seen", ""))
    except ChangedMeanwhile:
        return _page(request, kinds=kinds)
    words = _("Kinds of appeals that were changed: %(n)d.") if changed else _("Nothing was changed.")
    messages.success(request, words % {"n": changed})
    return redirect("desk:thresholds")


def _page(request: HttpRequest, *, kinds: list[str] | None = None) -> HttpResponse:
    """``kinds`` are those that somebody has ticked while another one stored others."""
    districts = choices.districts()
    written, errors, changed_meanwhile = stored(), Errors(), False
    mark = mark_of(written)
    if request.method == "POST" and kinds is None:
        codes = ["", *(district.code for district in districts)]
        written = {
            code: (
                request.POST.get(f"voices-{code}", "").strip(),
                request.POST.get(f"days-{code}", "").strip(),
            )
            for code in codes
        }
        try:
            changed = set_thresholds(written, seen=request.POST.get("seen", ""))
        except ChangedMeanwhile:
            changed_meanwhile = True
        except Refused as refusal:
            errors = refusal.errors
        else:
            words = _("Thresholds that were changed: %(n)d.") if changed else _("Nothing was changed.")
            messages.success(request, words % {"n": changed})
            return redirect("desk:thresholds")
    named = [("", _("Whole city")), *((district.code, district.name) for district in districts)]
    rows = [_Row(code, name, written.get(code, _NONE), errors) for code, name in named]
    status = HTTPStatus.OK
    if errors or changed_meanwhile or kinds is not None:
        status = HTTPStatus.BAD_REQUEST if errors else HTTPStatus.CONFLICT
    allowed = commented_kinds()
    proposals = rows_of(leading(_LEADING, city_day(timezone.now())))
    context = {
        "leading": [(row, voices_of(row.appeal)) for row in proposals],
        "rows": rows,
        "errors": errors,
        "changed_meanwhile": changed_meanwhile,
        "mark": mark,
        "kinds": [(kind, kind.label, kind in (allowed if kinds is None else kinds)) for kind in Kind],
        "kinds_mark": mark_of_kinds(allowed),
        "kinds_changed_meanwhile": kinds is not None,
        "comment_days": COMMENT_DAYS,
    }
    return render(request, "desk/thresholds.html", context, status=status)
