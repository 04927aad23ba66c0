from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets, get_fields_from_path, label_for_field
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.translation import override
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.posts import Post
from appeals.models import CommentRule, Event, RefusalGround, Support, SupportReply, SupportThreshold
from appeals.tasks import prepare_video
from districts.models import BoundaryRevision
from tests import factories
from tests.grid import GridCity


@pytest.fixture
def operator(city: GridCity, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@city.example"))
    return client


#: What only the city's own work makes, or an import.
NEVER_ADDED = {
    "appeal",
    "attachment",
    "boundaryrevision",
    "dbtaskresult",
    "district",
    "districtboundary",
    "event",
    "message",
    "personchange",
    "place",
    "servicearea",
    "supportreply",
}


def pages(model: type[Any]) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def make_rows(city: GridCity) -> None:
    """A row of each model that the admin shows."""
    appeal = factories.AppealFactory(category=city.categories["lamp"])
    factories.MessageFactory(event=Event.objects.get(appeal=appeal))
    factories.AttachmentFactory(appeal=appeal)
    factories.PlaceFactory()
    factories.MembershipFactory(service=city.services["light"])
    factories.CalendarDayFactory()
    factories.PersonChangeFactory()
    RefusalGround.objects.create(code="other", name="Not of the city", law="Art. 1")
    SupportThreshold.objects.create()
    CommentRule.objects.create()
    value = factories.AttributeValueFactory()
    SupportReply.objects.create(support=Support.objects.create(appeal=appeal, person="a" * 64), value=value)
    Group.objects.create(name="readers")
    EmailAddress.objects.create(user=User.objects.all()[0], email="somebody@city.example")
    prepare_video.enqueue("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_every_list_and_form_opens(city: GridCity, operator: Client, model: type[Any]) -> None:
    make_rows(city)
    assert operator.get(reverse(f"{pages(model)}_changelist")).status_code == 200
    added = operator.get(reverse(f"{pages(model)}_add")).status_code
    assert added == (403 if model._meta.model_name in NEVER_ADDED else 200)
    row = model._default_manager.first()
    assert row is not None, "add how such a row is made"
    assert operator.get(reverse(f"{pages(model)}_change", args=[row.pk])).status_code == 200


def heads(model_admin: ModelAdmin[Any], request: HttpRequest) -> Iterator[tuple[str, str]]:
    """What a list and a form of the admin call what they show, by where it stands."""
    model = model_admin.model
    yield "one", str(model._meta.verbose_name)
    yield "many", str(model._meta.verbose_name_plural)
    for one in (model_admin, *model_admin.get_inline_instances(request)):
        forms = flatten_fieldsets(one.get_fieldsets(request))
        shown = [*one.get_list_display(request), *one.get_list_filter(request)] if one is model_admin else []
        for name in {*forms, *shown} - {"__str__", "id", "usable_password", "password1", "password2"}:
            field = get_fields_from_path(one.model, name)[-1] if "__" in name else None
            yield name, str(field.verbose_name if field else label_for_field(name, one.model, one))


def test_every_head_is_translated() -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    for model, model_admin in admin.site._registry.items():
        if model is DBTaskResult:  # a package's, for operators
            continue
        for language in ("ky", "ru"):
            with override(language):
                found = dict(heads(model_admin, request))
            latin = {
                name: words for name, words in found.items() if re.search("[a-z]{3}", words, re.IGNORECASE)
            }
            assert latin.keys() <= {"has_api_key", "email"}, (model, language)


def lookups() -> Iterator[tuple[ModelAdmin[Any], str, str]]:
    """A list, a lookup for it and a value: once for each kind of column and each lookup and transform that it has."""
    seen = set()
    for model, model_admin in admin.site._registry.items():
        for field in model._meta.concrete_fields:
            for name in field.get_lookups():
                kind = field.get_internal_type()
                if (kind, name) not in seen:
                    seen.add((kind, name))
                    yield model_admin, f"{field.name}__{name}", "99999" if "Date" in kind else "("


def test_a_lookup_that_the_database_cannot_answer_is_told_so(city: GridCity, operator: Client) -> None:
    make_rows(city)
    refused = set()
    somebody = User.objects.get(is_superuser=True)
    for model_admin, lookup, value in lookups():
        request = RequestFactory().get("/", {lookup: value})
        request.user = somebody
        try:
            list(model_admin.get_changelist_instance(request).result_list)
        except (IncorrectLookupParameters, DisallowedModelAdminLookup):
            refused.add(lookup)
    assert len(refused) > 50
    for lookup in ("text__regex", "text__unaccent"):
        answer = operator.get("/en/admin/appeals/appeal/", {lookup: "("})
        assert answer.status_code == 302, lookup
        assert operator.get(answer["Location"]).status_code == 200
    assert operator.get("/en/admin/appeals/appeal/", {"text__contains": "a"}).status_code == 200


@pytest.mark.parametrize("model", ["appeal", "event", "message"])
def test_history_is_read_only(city: GridCity, operator: Client, model: str) -> None:
    appeal = factories.AppealFactory(category=city.categories["lamp"])
    event = Event.objects.get(appeal=appeal)
    row: Any = {"appeal": appeal, "event": event}.get(model) or factories.MessageFactory(event=event)
    change = reverse(f"admin:appeals_{model}_change", args=[row.pk])
    assert 'name="_save"' not in operator.get(change).content.decode()
    assert operator.post(change, {"text": "changed"}).status_code == 403
    assert (
        operator.post(reverse(f"admin:appeals_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert operator.get(reverse(f"admin:appeals_{model}_add")).status_code == 403


def test_published_borders_are_read_only_and_drafts_are_not(city: GridCity, operator: Client) -> None:
    draft = factories.BoundaryRevisionFactory(number=2, state=BoundaryRevision.State.DRAFT, published_at=None)
    for revision, editable in ((city.revision, False), (draft, True)):
        page = operator.get(reverse("admin:districts_boundaryrevision_change", args=[revision.pk]))
        assert ('name="_save"' in page.content.decode()) is editable
    area = city.areas["park"]
    change = reverse("admin:districts_servicearea_change", args=[area.pk])
    assert operator.post(change, {"priority": 99}).status_code == 403
    assert (
        operator.post(reverse("admin:districts_boundaryrevision_delete", args=[city.revision.pk])).status_code
        == 403
    )


def test_an_account_is_created_with_its_service(city: GridCity, operator: Client) -> None:
    form = {
        "email": "new@city.example",
        "usable_password": "true",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-service": str(city.services["light"].pk),
        "memberships-0-post": Post.REPRESENTATIVE,
    }
    response = operator.post(reverse("admin:accounts_user_add"), form)
    assert response.status_code == 302
    user = User.objects.get(email="new@city.example")
    assert user.check_password(factories.PASSWORD)
