"""Administration of people and of the services they represent."""

from __future__ import annotations

from typing import Any

import allauth.mfa.admin  # noqa: F401  (registers before it is taken back)
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import people
from accounts.models import Membership, PersonChange, User

# Their secrets are nobody's to read; whoever looks after people removes a lost one at the desk, which is recorded.
admin.site.unregister(Authenticator)


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email"]
        field_classes: dict[str, type] = {}


class MembershipInline(admin.TabularInline[Membership, User]):
    model = Membership
    extra = 1


class _Recorded:
    """What the operator changes here has its line in the history of people's rights too."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)  # type: ignore[misc]
        if formset.model is Membership:
            for held in [*formset.new_objects, *(held for held, _fields in formset.changed_objects)]:
                _record_post(request, held, PersonChange.What.GIVEN)
            for held in formset.deleted_objects:
                _taken(request, held)


def _record_post(request: HttpRequest, held: Membership, what: PersonChange.What) -> None:
    people.record(request.user, held.user, what, service=held.service, post=held.post)  # type: ignore[arg-type]


def _taken(request: HttpRequest, held: Membership) -> None:
    by: Any = request.user
    handed_over = people.hand_over(by, held.user, frozenset({held.service_id}))
    people.record(
        by,
        held.user,
        PersonChange.What.TAKEN,
        service=held.service,
        post=held.post,
        handed_over=handed_over,
    )


@admin.register(User)
class UserAdmin(_Recorded, DjangoUserAdmin):
    add_form = NewUserForm
    list_display = ["email", "first_name", "last_name", "services", "is_active", "last_login"]
    list_filter = ["is_active", "is_staff", "memberships__service"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    inlines = [MembershipInline]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        by: Any = request.user
        if not change:
            people.record(by, obj, PersonChange.What.INVITED)
        elif "is_active" in form.changed_data:
            what = PersonChange.What.ACTIVATED if obj.is_active else PersonChange.What.DEACTIVATED
            handed_over = 0 if obj.is_active else people.hand_over(by, obj, None)
            people.record(by, obj, what, handed_over=handed_over)
        if {*form.changed_data} - {"is_active"} and change:
            people.record(by, obj, PersonChange.What.CHANGED)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("memberships__service")

    @admin.display(description=_("services"))
    def services(self, user: User) -> str:
        return ", ".join(membership.service.short for membership in user.memberships.all())


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    list_display = ["user", "service", "post"]
    list_filter = ["post", "service"]
    list_select_related = ["user", "service"]
    search_fields = ["user__email", "user__last_name"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _record_post(request, obj, PersonChange.What.GIVEN)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _taken(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for held in queryset.select_related("user", "service"):
            _taken(request, held)
        super().delete_queryset(request, queryset)


@admin.register(PersonChange)
class PersonChangeAdmin(admin.ModelAdmin[PersonChange]):
    """Read only: the database refuses any change of the history."""

    list_display = ["at", "person", "what", "service", "post", "by"]
    list_filter = ["what", "service"]
    list_select_related = ["person", "by", "service"]
    search_fields = ["person__email", "person__last_name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
