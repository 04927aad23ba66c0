"""A program that brings an API key: how, to which addresses, and what caches are told of the answer."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import keys
from accounts.models import Scope, User
from accounts.posts import Post
from appeals.models import Appeal
from bootstrap.rates import Rate
from geo.tiles import tile_at
from tests.factories import AppealFactory, AttachmentFactory, MembershipFactory
from tests.grid import IN_EAST, GridCity, at

#: An address of each scope that shows a hidden appeal to whoever may see it.
SHOWING = {
    Scope.FEATURES: "/ogc/collections/appeals/items?f=json",
    Scope.MAP: "/tiles/appeals/16/{x}/{y}.mvt",
    Scope.PHOTOS: "/media/{photo}/large",
}


def bearer(text: str) -> str:
    return f"Bearer {text}"


def basic(text: str, name: str = "whoever") -> str:
    return "Basic " + base64.b64encode(f"{name}:{text}".encode()).decode()


@pytest.fixture
def hidden(city: GridCity, media_root: Path) -> Appeal:
    """A hidden appeal of the lighting service, with a photo."""
    appeal: Appeal = AppealFactory(
        category=city.categories["lamp"],
        service=city.services["light"],
        district=city.districts["east"],
        point=at(IN_EAST),
        text="zanthoxylum",
        hidden=True,
    )
    photo = AttachmentFactory(appeal=appeal)
    file = media_root / photo.large.name
    file.parent.mkdir()
    file.write_bytes(b"\xff\xd8\xff")
    return appeal


@pytest.fixture
def paths(hidden: Appeal) -> dict[Scope, str]:
    tile = tile_at(hidden.point.x, hidden.point.y, 16)
    photo = hidden.attachments.get().pk
    return {scope: path.format(x=tile.x, y=tile.y, photo=photo) for scope, path in SHOWING.items()}


def shown(client: Client, path: str, header: str) -> bool:
    answer = client.get(path, headers={"Authorization": header})
    assert answer.status_code in {200, 404}, answer.content
    assert answer["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer["Vary"]
    body = answer.getvalue() if answer.streaming else answer.content
    return answer.status_code == 200 and b'"numberReturned":0' not in body and body != b""


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_what_its_scope_says_as_its_person_sees_it(
    city: GridCity, client: Client, light_user: User, paths: dict[Scope, str], scope: Scope
) -> None:
    roads = MembershipFactory(service=city.services["roads"]).user
    _key, own = keys.make(light_user, "own", [scope], 30)
    _key, others = keys.make(roads, "of others", list(Scope), 30)
    # Schemes are not told apart by the case of their letters.
    for header in (bearer(own), basic(own), basic(own, ""), f"bearer  {own} "):
        assert shown(client, paths[scope], header), header
    assert not shown(client, paths[scope], bearer(others))
    for other in set(Scope) - {scope}:
        refused = client.get(paths[other], headers={"Authorization": bearer(own)})
        assert refused.status_code == 403
        assert f'error="insufficient_scope", scope="{other}"' in refused["WWW-Authenticate"]
        assert str(other.label) in refused.json()["title"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer oshcity_nobody", "Bearer", "Bearer ", "oshcity_nobody", "Basic !", "Basic Og==", "Basic /w==", "Digest x",
        "Bearer " + "x" * 5_000, basic("oshcity_nobody"), basic("a\x00b"), "Bearer ключ",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_not_taken_for_nobody(
    client: Client, paths: dict[Scope, str], header: str
) -> None:
    for path in (*paths.values(), "/api/districts.geojson", "/data/appeals.csv", "/tiles/style.json"):
        answer = client.get(path, headers={"Authorization": header})
        assert answer.status_code == 401, path
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["Cache-Control"] == "private, no-store"
        assert "Bearer" in answer["WWW-Authenticate"]
        assert "Basic" in answer["WWW-Authenticate"]


def test_a_key_reads_and_does_nothing_else(
    client: Client, hidden: Appeal, office_user: User, administrator: User
) -> None:
    _key, text = keys.make(administrator, "mine", list(Scope), 30)
    brought = {"Authorization": bearer(text)}
    assert client.post("/api/appeals/", {}, headers=brought).status_code == 403
    for page in (
        "/en/desk/",
        "/en/desk/people/",
        "/en/admin/",
        "/en/accounts/keys/",
        "/en/accounts/keys/new/",
    ):
        assert "login/?next=" in client.get(page, headers=brought)["Location"], page
    assert client.get(f"/en/appeals/{hidden.number}/", headers=brought).status_code == 410
    # The key is what counts where there is a session too.
    client.force_login(office_user)
    planner = MembershipFactory(service=administrator.memberships.get().service, post=Post.PLANNER).user
    _key, of_planner = keys.make(planner, "mine", list(Scope), 30)
    path = f"/api/appeals/{hidden.pk}/"
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"Authorization": bearer(of_planner)}).status_code == 404


def test_each_key_has_its_own_limit(client: Client, light_user: User, settings: Settings) -> None:
    settings.LIMITS = {"api-key": Rate(2, 1, 86_400)}
    one, other = (bearer(keys.make(light_user, name, ["map"], 30)[1]) for name in ("one", "other"))
    path = "/tiles/style.json"
    assert [client.get(path, headers={"Authorization": one}).status_code for _n in range(3)] == [
        200,
        200,
        429,
    ]
    refused = client.get(path, headers={"Authorization": one})
    assert int(refused["Retry-After"]) > 0
    assert refused["Cache-Control"] == "private, no-store"
    assert client.get(path, headers={"Authorization": other}).status_code == 200
    assert client.get(path).status_code == 200


def test_no_cache_gives_a_key_what_it_keeps_for_the_public(client: Client, paths: dict[Scope, str]) -> None:
    for path in (*paths.values(), "/data/appeals.geojson", "/api/districts.geojson", "/tiles/style.json"):
        assert "Authorization" in client.get(path)["Vary"], path
    assert "Authorization" not in client.get("/en/").get("Vary", "")


def test_a_page_of_another_origin_may_bring_one(client: Client, city: GridCity) -> None:
    asked = client.options("/tiles/style.json", headers={"Authorization": "Bearer x"})
    assert "Authorization" in asked["Access-Control-Allow-Headers"]
    assert asked.status_code == 204
    refused = client.get("/tiles/style.json", headers={"Authorization": "Bearer x"})
    assert refused["Access-Control-Allow-Origin"] == "*", "the script reads why"


def test_a_planner_reads_the_text_that_the_public_reads(
    city: GridCity, client: Client, hidden: Appeal
) -> None:
    planner = MembershipFactory(service=city.services["office"], post=Post.PLANNER).user
    _key, text = keys.make(planner, "mine", list(Scope), 30)
    brought = {"Authorization": bearer(text)}
    public = client.get("/data/appeals.geojsonl")
    own = client.get("/data/appeals.geojsonl", headers=brought)
    assert (own["ETag"], own.getvalue()) == (public["ETag"], public.getvalue())
    assert own["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("how", ["GDAL_HTTP_USERPWD", "GDAL_HTTP_HEADERS"])
def test_gdal_brings_it(committed: GridCity, live_server: Any, how: str) -> None:
    light = committed.services["light"]
    for is_hidden in (True, False):
        AppealFactory(category=committed.categories["lamp"], service=light, hidden=is_hidden)
    _key, text = keys.make(MembershipFactory(service=light).user, "GDAL", [Scope.FEATURES], 30)
    brought = f"whoever:{text}" if how.endswith("USERPWD") else f"Authorization: {bearer(text)}"
    read = "import sys, pyogrio; print(len(pyogrio.read_dataframe(sys.argv[1])))"
    for more, count in (({how: brought}, "2"), ({}, "1")):
        # A process of its own: GDAL holds the interpreter while the server of this process must answer.
        done = subprocess.run(
            [sys.executable, "-c", read, f"{live_server.url}/data/appeals.geojson"],
            capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **more},
        )  # fmt: skip
        assert done.stdout.split() == [count], done.stderr
