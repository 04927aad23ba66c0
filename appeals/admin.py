"""Administration of appeals. Only actions change an appeal; here it is read-only, with its history."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.contrib.messages.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TranslationAdmin

from appeals.actions.count_again import (
    SEEN,
    Question,
    foresee_moves,
    moved_in_words,
    no_term_in_words,
    question_of,
)
from appeals.actions.upload import prepare_again
from appeals.deadlines import NoLegalTerm
from appeals.models import (
    Appeal,
    Attachment,
    CalendarDay,
    CommentRule,
    Event,
    LegalTerm,
    Message,
    RefusalGround,
    SupportReply,
    SupportThreshold,
    changing_the_clock,
    trying_the_clock,
)
from appeals.notify.outbox import send_again
from appeals.querysets import AttachmentQuerySet


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


@admin.register(SupportReply)
class SupportReplyAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Where one place that was marked is taken off the map: somebody's home, an insult by where it is."""

    list_display = ["at", "appeal", "value", "latitude", "longitude"]
    list_display_links = None
    list_select_related = ["support__appeal", "value"]
    search_fields = ["=support__appeal__number"]
    show_full_result_count = False
    fields = ("at", "appeal", "value", "latitude", "longitude")
    readonly_fields = fields
    ordering = ["-at", "-pk"]
    actions = ["take_out_places"]

    @admin.display(description=_("appeal"))
    def appeal(self, reply: SupportReply) -> str:
        return f"№ {reply.support.appeal.number}"

    @admin.display(description=_("latitude"))
    def latitude(self, reply: SupportReply) -> str:
        return f"{reply.point.y:.6f}" if reply.point else ""

    @admin.display(description=_("longitude"))
    def longitude(self, reply: SupportReply) -> str:
        return f"{reply.point.x:.6f}" if reply.point else ""

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appeals.change_supportreply")

    @admin.action(description=_("Take the marked places off the map"), permissions=["moderate"])
    def take_out_places(self, request: HttpRequest, chosen: QuerySet[SupportReply]) -> None:
        with transaction.atomic():
            marked = list(chosen.filter(point__isnull=False).select_related(None).select_for_update())
            # The answer stands, and counts; so does when it was given.
            SupportReply.objects.filter(pk__in=[reply.pk for reply in marked]).update(point=None)
            for reply in marked:
                # Where it was is not kept: it may be somebody's home.
                self.log_change(request, reply, gettext("The marked place was taken off the map."))
        messages.success(request, _("Places taken off the map: %(n)d.") % {"n": len(marked)})


def _asked(of: Any, request: HttpRequest, question: Question) -> HttpResponse:
    """The page that asks whether a change is meant; sent from it, the same form is taken."""
    sent = [
        (name, values) for name, values in request.POST.lists() if name not in {SEEN, "csrfmiddlewaretoken"}
    ]
    context = {
        **of.admin_site.each_context(request),
        "opts": of.model._meta,
        "title": _("Due dates that would move"),
        "question": question,
        "sent": [(name, value) for name, values in sent for value in values],
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
        if shown := self._foreseen(request, view, *args, **kwargs):
            return shown
        try:
            with changing_the_clock() as change:
                response = view(request, *args, **kwargs)
        except NoLegalTerm as refusal:
            messages.error(request, no_term_in_words(refusal))
            return HttpResponseRedirect(request.get_full_path())
        if change.moved:
            messages.warning(request, moved_in_words(change.moved))
        return response

    def _foreseen(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """What the change would do to the due dates, before it is made; the page itself where nothing would be changed.

        None where no due date would move, or those that the sender has seen.
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
            messages.error(request, no_term_in_words(refusal))
            return HttpResponseRedirect(request.get_full_path())
        # What the page says to have done is undone.
        request._messages = kept  # type: ignore[attr-defined]
        question = question_of(moves, request.POST.get(SEEN))
        return _asked(self, request, question) if question else None


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


@admin.register(SupportThreshold)
class SupportThresholdAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["__str__", "district", "voices", "days"]
    list_select_related = ["district"]


@admin.register(CommentRule)
class CommentRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["kind", "allowed"]
