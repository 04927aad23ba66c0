"""Administration of who answers where. Geometry is imported; only drafts are edited; verbs change the state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe
from modeltranslation.admin import TranslationAdmin, TranslationTabularInline

from districts.actions import (
    TOLERANCE_M2,
    Acceptance,
    BordersRefused,
    Finding,
    check,
    misfit_m2,
    publish,
    withdraw,
)
from districts.identity import metres2
from districts.models import (
    Attribute,
    AttributeValue,
    BoundaryRevision,
    Category,
    District,
    DistrictBoundary,
    Place,
    Service,
    ServiceArea,
)


class PublishForm(forms.Form):
    """The day from which borders are in force, and whether what does not fit in them is meant so."""

    effective_from = forms.DateField(
        label=_("in force from"),
        # The form in which browsers take the value of such a field, whatever the language.
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        initial=timezone.localdate,
    )
    accepted = forms.BooleanField(required=False)
    #: What is accepted is what was shown: of borders that were changed meanwhile it may be more.
    shown_m2 = forms.FloatField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None, findings: Sequence[Finding], revision: BoundaryRevision
    ) -> None:
        total = misfit_m2(findings)
        initial: dict[str, object] = {"shown_m2": math.ceil(total)}
        if revision.state == BoundaryRevision.State.WITHDRAWN:
            initial["effective_from"] = revision.effective_from
        super().__init__(data, initial=initial)
        if total > TOLERANCE_M2:
            self.fields["accepted"].label = _(
                "Overlaps, gaps and ground beyond the border of the city, %(m2)s m² in all, are meant so."
            ) % {"m2": metres2(total)}
        else:
            del self.fields["accepted"], self.fields["shown_m2"]

    def acceptance(self, user: object) -> Acceptance | None:
        """What the valid form says, in the user's name."""
        if not self.cleaned_data.get("accepted"):
            return None
        return Acceptance(self.cleaned_data.get("shown_m2") or 0.0, str(user)[:200])


@admin.register(BoundaryRevision)
class BoundaryRevisionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows the state; only the verbs of ``districts.actions`` change it, each with a page that says what it does."""

    list_display = ["number", "name", "state", "effective_from", "published_at"]
    list_filter = ["state"]
    search_fields = ["name", "note"]
    fields = [
        "number",
        "name",
        "state",
        "effective_from",
        "published_at",
        "accepted",
        "note",
    ]
    readonly_fields = [
        "number",
        "state",
        "effective_from",
        "published_at",
        "accepted",
    ]
    change_form_template = "districts/admin/revision.html"

    @admin.display(description=_("accepted overlaps and gaps"))
    def accepted(self, revision: BoundaryRevision) -> str:
        """How much was accepted, and by whom."""
        if revision.accepted_misfits_m2 is None:
            return "—"
        return f"{metres2(revision.accepted_misfits_m2)} m², {revision.accepted_by}"

    def get_urls(self) -> list[Any]:
        own = [
            path(
                f"<int:pk>/{verb}/",
                self.admin_site.admin_view(view),
                name=f"districts_boundaryrevision_{verb}",
            )
            for verb, view in (
                ("check", self.check_page),
                ("publish", self.publish_page),
                ("withdraw", self.withdraw_page),
            )
        ]
        return own + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A revision without borders is none: drafts come from ./manage.py import_areas.
        return False

    def has_change_permission(self, request: HttpRequest, obj: BoundaryRevision | None = None) -> bool:
        return super().has_change_permission(request, obj) and _draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: BoundaryRevision | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _draft(obj)

    @method_decorator(require_safe)
    def check_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is to be said of the revision."""
        revision = self._revision(request, pk)
        return self._page(
            request, revision, {"findings": check(revision), "title": _("Check of the borders")}
        )

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def publish_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The day from which the borders are in force, and what is to be said of them; POST publishes."""
        revision = self._revision(request, pk)
        findings = check(revision)
        form = PublishForm(request.POST if request.method == "POST" else None, findings, revision)
        if request.method == "POST" and form.is_valid():
            effective_from, accepted = form.cleaned_data["effective_from"], form.acceptance(request.user)
            return self._done(
                request,
                revision,
                lambda: publish(revision, effective_from=effective_from, accepted=accepted),
                str(_("published")),
            )
        return self._page(
            request,
            revision,
            {"findings": findings, "form": form, "title": _("Publish the borders"), "verb": _("Publish")},
        )

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def withdraw_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which borders come into force again; POST withdraws."""
        revision = self._revision(request, pk)
        if request.method == "POST":
            return self._done(request, revision, lambda: withdraw(revision), str(_("withdrawn")))
        former = BoundaryRevision.objects.in_force(timezone.localdate()).exclude(pk=pk).first()
        return self._page(
            request,
            revision,
            {
                "former": former,
                "form": forms.Form(),
                "title": _("Withdraw the borders"),
                "verb": _("Withdraw"),
            },
        )

    def _revision(self, request: HttpRequest, pk: int) -> BoundaryRevision:
        # Not has_change_permission: what is published is withdrawn, and never edited.
        if not super().has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(BoundaryRevision, pk=pk)

    def _done(
        self, request: HttpRequest, revision: BoundaryRevision, act: Callable[[], object], what: str
    ) -> HttpResponse:
        try:
            act()
        except BordersRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, revision, what)
            current = BoundaryRevision.objects.in_force(timezone.localdate()).first()
            messages.success(
                request,
                _("“%(revision)s” is %(what)s. In force now: “%(current)s”.")
                % {"revision": revision, "what": what, "current": current or "—"},
            )
        return redirect("admin:districts_boundaryrevision_change", revision.pk)

    def _page(
        self, request: HttpRequest, revision: BoundaryRevision, context: dict[str, Any]
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            "districts/admin/verb.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "revision": revision, **context},
        )


def _draft(revision: BoundaryRevision | None) -> bool:
    return revision is None or revision.is_draft


class _OfRevisionAdmin(TranslationAdmin[Any]):
    """Rows with geometry: shown without it, read-only once their revision is no draft."""

    exclude = ["geom"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("geom")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A row without its geometry is meaningless: borders come from ./manage.py import_areas.
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _draft(obj and obj.revision)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _draft(obj and obj.revision)


@admin.register(ServiceArea)
class ServiceAreaAdmin(_OfRevisionAdmin):
    list_display = ["name", "service", "priority", "revision", "valid_from", "valid_to"]
    list_filter = ["revision", "service"]
    list_select_related = ["service", "revision"]
    search_fields = ["code", "name"]
    readonly_fields = ["revision"]
    filter_horizontal = ["categories"]


@admin.register(DistrictBoundary)
class DistrictBoundaryAdmin(_OfRevisionAdmin):
    list_display = ["name", "district", "revision", "approximate"]
    list_filter = ["revision", "approximate"]
    list_select_related = ["district", "revision"]
    search_fields = ["name", "district__code"]
    readonly_fields = ["revision", "district", "parent"]


@admin.register(District)
class DistrictAdmin(TranslationAdmin[District]):
    """Shown only: a district exists, is called and lies as the borders say."""

    list_display = ["name", "code", "kind"]
    list_filter = ["kind"]
    search_fields = ["code", "name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: District | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: District | None = None) -> bool:
        return False


def _uses(rows: QuerySet[Any]) -> int:
    """How many rows keep these, and those that would go with them, from being deleted; the rows themselves are not read."""
    found = 0
    for relation in rows.model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        using = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows})
        if relation.on_delete is models.PROTECT:
            found += using.count()
        elif relation.on_delete is models.CASCADE:
            found += _uses(using)
    return found


def _is_used(times: int) -> str:
    words = ngettext(
        "It is used %(n)d time and cannot be deleted. Switch it off instead.",
        "It is used %(n)d times and cannot be deleted. Switch it off instead.",
        times,
    )
    return words % {"n": times}


class _UsedAdmin(TranslationAdmin[Any]):
    """What is used is not deleted: that is told by a number, not by a list of what may be a hundred thousand rows."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        used = _uses(self.model._base_manager.filter(pk__in=[row.pk for row in objs]))
        return ([], {}, set(), [_is_used(used)]) if used else super().get_deleted_objects(objs, request)


@admin.register(Service)
class ServiceAdmin(_UsedAdmin):
    list_display = ["short", "name", "phone", "email", "is_office", "active"]
    list_filter = ["active"]
    search_fields = ["code", "name", "short"]
    # Which service is the Mayor's Office is said by the city's profile: without one, nothing could be routed.
    readonly_fields = ["is_office"]

    def has_delete_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_office)


@admin.register(Category)
class CategoryAdmin(_UsedAdmin):
    list_display = ["name", "group", "service", "position", "active"]
    list_editable = ["position", "active"]
    list_filter = ["active", "service"]
    list_select_related = ["parent", "service"]
    search_fields = ["code", "name"]

    @admin.display(description=_("group"), ordering="parent")
    def group(self, category: Category) -> str:
        return str(category.parent) if category.parent else "—"


class AttributeValueInline(TranslationTabularInline[AttributeValue, Attribute]):
    model = AttributeValue
    extra = 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> type[Any]:
        formset = super().get_formset(request, obj, **options)

        class _Used(formset.form):  # type: ignore[name-defined, misc]
            def hand_clean_DELETE(self) -> None:  # noqa: N802 - Django's own name
                if self.cleaned_data.get(DELETION_FIELD_NAME) and self.instance.pk:
                    used = _uses(AttributeValue.objects.filter(pk=self.instance.pk))
                    if used:
                        raise ValidationError(f"{self.instance}: {_is_used(used)}")

        formset.form = _Used
        return formset


@admin.register(Attribute)
class AttributeAdmin(_UsedAdmin):
    list_display = ["description", "category", "places", "active"]
    list_filter = ["active"]
    list_select_related = ["category"]
    search_fields = ["code", "description"]
    inlines = [AttributeValueInline]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Attribute | None:
        attribute = super().get_object(request, object_id, from_field)
        if attribute is not None and request.method == "POST":
            # Whoever chooses one of them meanwhile has done so before it is asked what may be deleted, or finds it deleted.
            list(attribute.values.select_for_update())
        return attribute

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # One at a time, whose values are held.
        return {
            name: action for name, action in super().get_actions(request).items() if name != "delete_selected"
        }


@admin.register(Place)
class PlaceAdmin(TranslationAdmin[Place]):
    list_display = ["name", "kind", "district", "aliases"]
    list_filter = ["kind", "district"]
    list_select_related = ["district"]
    search_fields = ["search"]
    exclude = ["point"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Places come from the gazetteer in the city's profile.
        return False
