"""API keys: who may make one, on which page, what is kept of it, and when it is over."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts import keys, people
from accounts.models import ApiKey, Membership, Scope, User
from accounts.posts import Post
from bootstrap.variables import SecondFactor
from geo.refusals import Refused
from history.models import RowChange
from tests.factories import PASSWORD, MembershipFactory
from tests.grid import GridCity

ALL = list(Scope.values)


def changes_of(key: ApiKey) -> list[tuple[str, int | None, set[str]]]:
    rows = RowChange.objects.of(ApiKey, key.pk).order_by("pk")
    return [(row.operation, row.by, set(row.changes)) for row in rows]


def test_the_page_makes_a_key_after_the_password_and_shows_it_once(client: Client, light_user: User) -> None:
    client.force_login(light_user)
    page, new = reverse("account_keys"), reverse("account_keys_new")
    assert "You have no key." in client.get(page).content.decode()
    asked = client.get(new)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == new
    form = {"name": " QGIS ", "scopes": ["features"], "days": "30"}
    assert client.post(new, {**form, "scopes": []}).status_code == 400
    assert client.post(new, {**form, "days": "36500"}).status_code == 400
    answer = client.post(new, form)
    (text,) = re.findall(rf"{keys.PREFIX}[\w-]{{43}}", answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    key = keys.holder_of(text)
    assert (key.user, key.name, key.scopes) == (light_user, "QGIS", ["features"])
    assert key.expires_at - key.created_at == pytest.approx(
        dt.timedelta(days=30), abs=dt.timedelta(minutes=1)
    )
    assert "name already" in client.post(new, form).content.decode()
    listed = client.get(page).content.decode()
    assert "QGIS" in listed
    assert text not in listed
    assert text not in str(ApiKey.objects.values().get())
    assert changes_of(key)[0][:2] == ("insert", light_user.pk)
    assert text not in str([row.changes for row in RowChange.objects.all()])

    client.post(page, {"key": key.pk})
    with pytest.raises(keys.KeyRefused, match="revoked"):
        keys.holder_of(text)
    assert changes_of(key)[1:] == [("update", light_user.pk, {"revoked_at"})], "its use is no change"
    # The name is free again, and a second press finds nothing.
    assert client.post(new, form).status_code == 200
    assert "not there any more" in client.post(page, {"key": key.pk}, follow=True).content.decode()


def test_nobody_revokes_what_is_not_theirs(
    client: Client, light_user: User, head: User, office_user: User, administrator: User
) -> None:
    of_light, text = keys.make(light_user, "one", ALL, 30)
    of_head, _text = keys.make(head, "one", ALL, 30)
    client.force_login(light_user)
    client.post(reverse("account_keys"), {"key": of_head.pk})
    assert keys.kept_of(head).count() == 1
    with pytest.raises(PermissionDenied):
        keys.revoke(office_user, of_light)
    assert keys.holder_of(text)
    for by, key in ((head, of_light), (administrator, of_head)):
        client.force_login(by)
        page = reverse("desk:person", args=[key.user.pk])
        assert key.begins in client.get(page).content.decode()
        assert client.post(page, {"do": "key", "key": key.pk}).status_code == 302
        assert not keys.kept_of(key.user).exists()
        assert key.begins not in client.get(page).content.decode()
    assert client.post(page, {"do": "key", "key": of_light.pk}).status_code == 404


def test_who_works_here_may_make_one(
    city: GridCity, client: Client, outsider: User, settings: Settings
) -> None:
    planner = MembershipFactory(service=city.services["office"], post=Post.PLANNER).user
    assert keys.make(planner, "a script", ["map"], 30)
    with pytest.raises(PermissionDenied):
        keys.make(outsider, "mine", ALL, 30)
    client.force_login(outsider)
    assert client.get(reverse("account_keys")).status_code == 403
    assert reverse("account_keys") not in client.get("/en/").content.decode()
    client.force_login(planner)
    assert reverse("account_keys") in client.get("/en/").content.decode()
    settings.SECOND_FACTOR = SecondFactor.OFFICE
    with pytest.raises(PermissionDenied):
        keys.make(planner, "another", ALL, 30)
    for name in ("account_keys", "account_keys_new"):
        assert client.get(reverse(name))["Location"] == reverse("mfa_index")


def test_there_are_not_any_number_of_them(light_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST", 2)
    first, _text = keys.make(light_user, "0", ALL, 30)
    keys.make(light_user, "1", ALL, 30)
    with pytest.raises(Refused):
        keys.make(light_user, "2", ALL, 30)
    keys.revoke(light_user, first)
    keys.make(light_user, "2", ALL, 30)
    with pytest.raises(Refused):
        keys.make(light_user, "3", ["everything"], 30)


def test_when_a_key_is_over(
    city: GridCity, light_user: User, administrator: User, settings: Settings
) -> None:
    key, text = keys.make(light_user, "one", ALL, 90)

    def refused(words: str) -> None:
        with pytest.raises(keys.KeyRefused, match=words):
            keys.holder_of(text)

    assert keys.holder_of(text).last_used_at is None
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    keys.holder_of(text)
    assert ApiKey.objects.get().last_used_at == noted, "written once a minute"
    settings.SECOND_FACTOR = SecondFactor.STAFF
    refused("second step")
    settings.SECOND_FACTOR = SecondFactor.OFF
    people.deactivate(administrator, light_user)
    refused("does not work here")
    people.activate(administrator, light_user)
    assert keys.holder_of(text)
    Membership.objects.all().filter(user=light_user).delete()
    refused("does not work here")
    MembershipFactory(user=light_user, service=city.services["light"])
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - dt.timedelta(days=1))
    refused("valid until")
    with pytest.raises(keys.KeyRefused, match="no such key"):
        keys.holder_of(text[:-1])
