"""Administration of appeals. Only actions change an appeal; here it is read-only, with its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.messages.storage import default_storage
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from modeltranslation.admin import TranslationAdmin

from appeals.actions.count_again import Move, foresee_moves
from appeals.actions.upload import prepare_again
from appeals.calendar_year import year_of
from appeals.deadlines import NoLegalTerm, city_calendar
from appeals.filters import YEARS
from appeals.importing.calendar_file import BYTES_MAX, columns, load_calendar
from appeals.models import (
    Appeal,
    Attachment,
    CalendarDay,
    Event,
    LegalTerm,
    Message,
    RefusalGround,
    changing_the_clock,
    trying_the_clock,
)
from appeals.notify.outbox import send_again
from appeals.querysets import AttachmentQuerySet
from geo.numbers import whole_number
from geo.refusals import Refused


class _ReadOnly:
    """View only."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class EventInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Event
    fields = ["version", "at", "verb", "actor", "actor_role", "service", "to_service", "text", "public"]
    ordering = ["version"]
    extra = 0


class AttachmentInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Attachment
    fields = ["kind", "state", "hidden", "large", "playable", "error", "created_at"]
    readonly_fields = ["kind", "state", "hidden", "large", "playable", "error", "created_at"]
    extra = 0


@admin.register(Appeal)
class AppealAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = [
        "number",
        "status",
        "hidden",
        "category",
        "service",
        "district",
        "excerpt",
        "submitted_at",
        "due_on",
    ]
    list_filter = ["status", "hidden", "kind", "service", "district", "source"]
    list_select_related = ["category", "service", "district"]
    search_fields = ["number", "text", "address", "=external_id"]
    date_hierarchy = "submitted_at"
    # The cost of an exact count grows with the number of appeals.
    show_full_result_count = False
    exclude = ["fingerprint"]
    inlines = [AttachmentInline, EventInline]

    @admin.display(description=_("text"))
    def excerpt(self, appeal: Appeal) -> str:
        return Truncator(appeal.text).chars(60)

    def get_readonly_fields(self, request: HttpRequest, obj: Appeal | None = None) -> list[str]:
        return ["at_the_desk"]

    @admin.display(description=_("desk"))
    def at_the_desk(self, appeal: Appeal) -> SafeString:
        return format_html(
            '<a href="{}">№ {}</a>', reverse("desk:appeal", args=[appeal.number]), appeal.number
        )


@admin.register(Event)
class EventAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "appeal", "verb", "actor", "actor_role", "service", "to_service", "public"]
    list_filter = ["verb", "actor_role", "service"]
    list_select_related = ["appeal", "actor", "service", "to_service"]
    search_fields = ["=appeal__number"]
    show_full_result_count = False
    ordering = ["-at", "-pk"]


@admin.register(Message)
class MessageAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = [
        "recipient",
        "channel",
        "audience",
        "kind",
        "state",
        "attempts",
        "next_attempt_at",
        "sent_at",
        "error",
    ]
    list_filter = ["state", "channel", "audience", "kind"]
    search_fields = ["recipient", "=event__appeal__number"]
    show_full_result_count = False
    ordering = ["-pk"]
    actions = ["send_again"]

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appeals.change_message")

    @admin.action(description=_("Retry sending failed messages"), permissions=["send"])
    def send_again(self, request: HttpRequest, chosen: object) -> None:
        send_again(Message.objects.filter(pk__in=chosen))  # type: ignore[misc]


@admin.register(Attachment)
class AttachmentAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["created_at", "kind", "state", "hidden", "reason", "appeal"]
    list_filter = ["state", "hidden", "kind"]
    list_select_related = ["appeal"]
    search_fields = ["=appeal__number"]
    show_full_result_count = False
    exclude = ["digest", "original"]
    ordering = ["-created_at"]
    actions = ["prepare_again"]

    def has_prepare_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appeals.change_attachment")

    @admin.display(description=_("reason"))
    def reason(self, attachment: Attachment) -> str:
        return attachment.error_text

    @admin.action(
        description=_("Prepare again the videos that we failed to prepare"), permissions=["prepare"]
    )
    def prepare_again(self, request: HttpRequest, chosen: AttachmentQuerySet) -> None:
        again = prepare_again(chosen)
        left = chosen.count() - again
        messages.success(request, _("Videos that will be prepared again: %(n)d.") % {"n": again})
        if left:
            messages.warning(
                request,
                _("Left as they are, since nothing was kept that could be tried again: %(n)d.") % {"n": left},
            )


def _no_term(refusal: NoLegalTerm) -> str:
    words = _(
        "Nothing was changed. No legal term would be in force on %(day)s, when the term of an open appeal began."
    )
    return words % {"day": date_format(refusal.day)}


#: Names the field of a form whose sender has seen which due dates move.
_SEEN: Final = "moves_seen"
#: Appeals that are named.
_EXAMPLES: Final = 20


def _moves_shown(
    of: Any, request: HttpRequest, moves: Sequence[Move], values: Iterable[tuple[str, str]] | None = None
) -> HttpResponse:
    """The page that asks whether a change is meant; sent from it, the same form is taken. ``values`` are the form's own."""
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    context = {
        **of.admin_site.each_context(request),
        "opts": of.model._meta,
        "title": _("Due dates that would move"),
        "count": len(moves),
        "moves": moves[:_EXAMPLES],
        "sent": [(name, value) for name, value in values or sent if name != "csrfmiddlewaretoken"],
        "seen": _SEEN,
        "back_url": request.get_full_path(),
    }
    return TemplateResponse(request, "appeals/admin/due_dates_move.html", context)


class _MovesDueDates:
    """What is changed here moves the due dates of open appeals: it says how many, or why it cannot be."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._counting(request, super().changeform_view, *args, **kwargs)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._counting(request, super().delete_view, *args, **kwargs)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._counting(request, super().changelist_view, *args, **kwargs)  # type: ignore[misc]

    def _counting(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        if _SEEN not in request.POST and (shown := self._foreseen(request, view, *args, **kwargs)):
            return shown
        try:
            with changing_the_clock() as change:
                response = view(request, *args, **kwargs)
        except NoLegalTerm as refusal:
            messages.error(request, _no_term(refusal))
            return HttpResponseRedirect(request.get_full_path())
        self._say_moved(request, change.moved)
        return response

    def _foreseen(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """What the change would do to the due dates, before it is made; the page itself where nothing would be changed.

        None where no due date would move.
        """
        kept = request._messages  # type: ignore[attr-defined]
        request._messages = default_storage(request)  # type: ignore[attr-defined]
        try:
            with trying_the_clock():
                response = view(request, *args, **kwargs)
                if response.status_code != HTTPStatus.FOUND:
                    return response
                moves = foresee_moves()
        except NoLegalTerm as refusal:
            messages.error(request, _no_term(refusal))
            return HttpResponseRedirect(request.get_full_path())
        # What the page says to have done is undone.
        request._messages = kept  # type: ignore[attr-defined]
        return _moves_shown(self, request, moves) if moves else None

    def _say_moved(self, request: HttpRequest, moved: int) -> None:
        if moved:
            said = ngettext(
                "The due date of %(n)d open appeal has moved; its history says why.",
                "The due dates of %(n)d open appeals have moved; their histories say why.",
                moved,
            )
            messages.warning(request, said % {"n": moved})


@admin.register(LegalTerm)
class LegalTermAdmin(_MovesDueDates, TranslationAdmin[LegalTerm]):
    list_display = ["valid_from", "kind", "category", "working_days", "extension_days", "reply_days", "law"]


@admin.register(RefusalGround)
class RefusalGroundAdmin(TranslationAdmin[RefusalGround]):
    list_display = ["code", "name", "law", "active"]

    def get_readonly_fields(self, request: HttpRequest, obj: RefusalGround | None = None) -> list[str]:
        # Histories name it.
        return ["code"] if obj else []


@admin.register(CalendarDay)
class CalendarDayAdmin(_MovesDueDates, TranslationAdmin[CalendarDay]):
    list_display = ["date", "working", "name"]
    list_filter = ["working"]
    date_hierarchy = "date"
    change_list_template = "appeals/admin/calendar_days.html"

    def get_urls(self) -> list[Any]:
        year = self.admin_site.admin_view(self.year_page)
        return [path("year/", year, name="appeals_calendarday_year"), *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def year_page(self, request: HttpRequest) -> HttpResponse:
        """Where the city's calendar differs from the country's in a year; POST takes the days of a file over."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sentences: list[str] = []
        if request.method == "POST":
            if not (self.has_change_permission(request) and self.has_add_permission(request)):
                raise PermissionDenied
            file = request.FILES.get("file")
            content = file.read(BYTES_MAX + 1) if file else request.POST.get("content", "").encode()
            try:
                if _SEEN not in request.POST:
                    with trying_the_clock():
                        load_calendar(content)
                        moves = foresee_moves()
                    if moves:
                        return _moves_shown(self, request, moves, [("content", content.decode("utf-8-sig"))])
                loaded = load_calendar(content)
            except Refused as refusal:
                sentences = [sentence for said in refusal.errors.values() for sentence in said]
            except NoLegalTerm as refusal:
                sentences = [_no_term(refusal)]
            else:
                words = _(
                    "Days in the file: %(rows)d. New: %(new)d; changed: %(changed)d; as they were: %(same)d. Due dates moved: %(moved)d."
                )
                messages.success(request, words % vars(loaded))
                return HttpResponseRedirect(request.get_full_path())
        number = _year_of(request.GET.get("year", ""))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Year and file"),
            "year_number": str(number),
            "before": str(number - 1),
            "after": str(number + 1),
            "year": year_of(city_calendar(), number),
            "columns": columns(),
            "sentences": sentences,
            "may_change": self.has_change_permission(request) and self.has_add_permission(request),
        }
        return TemplateResponse(
            request, "appeals/admin/calendar_year.html", context, status=400 if sentences else 200
        )


def _year_of(text: str) -> int:
    """The year that was asked for; this one for anything else."""
    years = range(YEARS.start + 1, YEARS.stop - 1)
    year = whole_number(text)
    return year if year is not None and year in years else timezone.localdate().year
