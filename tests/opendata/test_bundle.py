"""The bundle of all that is open: what is in it, its checksums, when it is made, and what catalogues read of it."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import subprocess
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from appeals import querysets
from appeals.actions.perform import perform
from appeals.actors import Person
from appeals.models import Appeal
from appeals.workflow import ACCEPT, REDACT
from news.models import NewsItem
from opendata import bundle as bundles
from opendata import whole_sets
from opendata.bundle import ENDINGS, NIGHT_HOUR, bundle_of_the_night, make_bundle, newest_bundle
from opendata.files import FileKind
from opendata.layers import LAYERS
from tests.factories import AppealFactory, HotCellFactory, NewsItemFactory
from tests.grid import EAST, IN_EAST, GridCity, at, box

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = [f"{layer.name}.{ending}" for layer in LAYERS for ending in ENDINGS]


@pytest.fixture(autouse=True)
def _own_place(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the second in which the database may not tell of a transaction yet: what the tests hide beforehand was hidden before."""
    settings.BUNDLE_ROOT = tmp_path / "bundle"
    monkeypatch.setattr(querysets, "_SEEN_UNTIL", querysets._SEEN_UNTIL.replace("- interval '1 second'", ""))


@pytest.fixture
def texts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the formats that a process of their own writes."""
    monkeypatch.setattr(bundles, "ENDINGS", ENDINGS[:2])


@pytest.fixture
def two(city: GridCity) -> tuple[Appeal, Appeal]:
    """A public appeal and a hidden one."""
    lamp = city.categories["lamp"]
    shown = AppealFactory(category=lamp, point=at(IN_EAST), text="zanthoxylum in the open")
    hidden = AppealFactory(category=lamp, point=at(IN_EAST), text="behind the curtain", hidden=True)
    return shown, hidden


def at_hour(hour: int, *, days: int = 0) -> dt.datetime:
    day = timezone.localtime().replace(hour=hour, minute=0, second=0, microsecond=0)
    return day + dt.timedelta(days=days)


def test_everything_that_is_open_is_in_it_and_nothing_else(
    two: tuple[Appeal, Appeal], client: Client, tmp_path: Path
) -> None:
    make_bundle(timezone.now())
    answer = client.get("/data/bundle.zip")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    content = answer.getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [*NAMES, "README.txt", "SHA256SUMS"]
        texts = {name: archive.read(name) for name in archive.namelist()}
        archive.extractall(tmp_path / "unpacked")
    assert [one["properties"]["text"] for one in json.loads(texts["appeals.geojson"])["features"]] == [
        two[0].text
    ]
    assert len(json.loads(texts["districts.geojson"])["features"]) == 2
    assert not any(two[1].text.encode() in text for text in texts.values())
    assert b"CC0-1.0" in texts["README.txt"]
    # The list in it is of all others; the one beside it is of the whole too.
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path / "unpacked",
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout.count(b": OK")) == (0, len(NAMES))
    first, rest = client.get("/data/SHA256SUMS").content.decode().split("\n", 1)
    assert first == f"{hashlib.sha256(content).hexdigest()}  bundle.zip"
    assert rest == texts["SHA256SUMS"].decode()


@pytest.mark.usefixtures("texts_alone")
def test_what_is_hidden_is_gone_at_once(two: tuple[Appeal, Appeal], client: Client) -> None:
    first = make_bundle(timezone.now())
    assert make_bundle(timezone.now()).whole == first.whole, "the same data make the same bytes"
    reading = first.opened()
    Appeal.objects.filter(pk=two[0].pk).update(hidden=True)
    assert newest_bundle() is None, "it is not served any more"
    assert client.get("/data/bundle.zip").status_code == 404
    second = make_bundle(timezone.now())
    assert second.whole.sha256 != first.whole.sha256
    assert newest_bundle() == second
    assert {path.name for path in bundles._root().iterdir()} == {second.whole.sha256, "bundle.json"}
    with reading.file, zipfile.ZipFile(reading.file) as archive:
        assert archive.testzip() is None, "who is reading the one before reads on"
    with zipfile.ZipFile(io.BytesIO(client.get("/data/bundle.zip").getvalue())) as archive:
        assert json.loads(archive.read("appeals.geojson"))["features"] == []


@pytest.mark.usefixtures("texts_alone")
def test_news_that_are_taken_back_are_gone_at_once(city: GridCity) -> None:
    shown, _draft = (NewsItemFactory(area=box(EAST), published_at=at) for at in (timezone.now(), None))
    HotCellFactory()
    with make_bundle(timezone.now()).opened().file as file, zipfile.ZipFile(file) as archive:
        news, cells = (
            list(csv.DictReader(archive.read(name).decode().splitlines()))
            for name in ("news-areas.csv", "hotspot-cells.csv")
        )
    assert [row["title"] for row in news] == [shown.title_ky]
    assert [(row["count"], row["observed"]) for row in cells] == [("", "60")]
    NewsItem.objects.update(archived_at=timezone.now())
    assert newest_bundle() is None


@pytest.mark.usefixtures("texts_alone")
def test_what_is_being_hidden_while_it_is_made_is_gone_too(two: tuple[Appeal, Appeal]) -> None:
    """Hidden before, and committed after the data were read."""
    elsewhere = connection.copy()
    try:
        elsewhere.set_autocommit(False)
        with elsewhere.cursor() as cursor:
            cursor.execute("UPDATE appeals_appeal SET hidden = true WHERE id = %s", [two[0].pk])
        make_bundle(timezone.now())
        assert newest_bundle() is not None
        elsewhere.commit()
    finally:
        elsewhere.close()
    assert newest_bundle() is None
    assert bundle_of_the_night() == newest_bundle() is not None, "the next one is served at once"


@pytest.mark.usefixtures("texts_alone")
def test_words_that_are_taken_out_are_gone_at_once(two: tuple[Appeal, Appeal], office_user: User) -> None:
    make_bundle(timezone.now())
    perform(two[0].pk, ACCEPT, Person(office_user), version=1)
    assert newest_bundle() is not None, "another step takes nothing from anybody"
    perform(two[0].pk, REDACT, Person(office_user), version=2, pieces="zanthoxylum", text="A name")
    assert newest_bundle() is None
    assert bundle_of_the_night(at_hour(NIGHT_HOUR - 1)) is not None, "it does not wait for the night"


@pytest.mark.usefixtures("texts_alone")
def test_it_is_read_in_parts_and_not_again(two: tuple[Appeal, Appeal], client: Client) -> None:
    made = make_bundle(timezone.now())
    part = client.get("/data/bundle.zip", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.getvalue()) == (206, b"PK")
    assert part["ETag"] == f'"{made.whole.sha256}"'
    assert client.get("/data/bundle.zip", headers={"If-None-Match": part["ETag"]}).status_code == 304


@pytest.mark.usefixtures("texts_alone")
def test_one_state_of_the_database_though_people_go_on_writing(
    two: tuple[Appeal, Appeal], city: GridCity, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection publishes an appeal after the first file has been written; of a large city, whose rows another process copies."""
    monkeypatch.setattr(whole_sets, "LARGE", 0)
    add = bundles._add

    def and_then_one_comes_in(archive: zipfile.ZipFile, kind: FileKind, *rest: Any) -> Any:
        made = add(archive, kind, *rest)
        if kind.ending == ENDINGS[0]:
            other = threading.Thread(target=_elsewhere, args=[lambda: _shown(two[1])])
            other.start()
            other.join()
        return made

    monkeypatch.setattr(bundles, "_add", and_then_one_comes_in)
    make_bundle(timezone.now())
    with zipfile.ZipFile(io.BytesIO(client.get("/data/bundle.zip").getvalue())) as archive:
        assert len(json.loads(archive.read("appeals.geojson"))["features"]) == 1
        assert archive.read("appeals.csv").count(b"\r\n") == 2, "the heading and the same appeal"
    assert Appeal.objects.filter(hidden=False).count() == 2


def _shown(appeal: Appeal) -> None:
    Appeal.objects.filter(pk=appeal.pk).update(hidden=False)


def _elsewhere(run: Callable[[], None]) -> None:
    try:
        run()
    finally:
        connection.close()


@pytest.mark.usefixtures("texts_alone")
def test_a_night_has_one(city: GridCity) -> None:
    assert bundle_of_the_night(at_hour(12)) is not None, "the very first does not wait"
    assert bundle_of_the_night(at_hour(23)) is None
    assert bundle_of_the_night(at_hour(NIGHT_HOUR - 1, days=1)) is None
    assert bundle_of_the_night(at_hour(NIGHT_HOUR, days=1)) is not None
    assert bundle_of_the_night(at_hour(NIGHT_HOUR + 1, days=1)) is None
    made = newest_bundle()
    assert made is not None
    (bundles._root() / made.whole.sha256).unlink()
    assert newest_bundle() is None, "somebody has removed the file"
    assert bundle_of_the_night(at_hour(NIGHT_HOUR + 2, days=1)) is not None


@pytest.mark.usefixtures("texts_alone")
def test_what_fails_leaves_the_one_before(
    two: tuple[Appeal, Appeal], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_bundle(timezone.now())

    def full(*_any: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(bundles, "_add", full)
    with pytest.raises(OSError, match="no space"):
        make_bundle(timezone.now())
    assert newest_bundle() == made
    assert {path.name for path in bundles._root().iterdir()} == {made.whole.sha256, "bundle.json"}


def test_before_the_first_night_it_is_said(city: GridCity, client: Client) -> None:
    for path in ("/data/bundle.zip", "/data/SHA256SUMS"):
        answer = client.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        assert answer.json()["title"] == "There is no bundle at the moment: one is being prepared."
    assert (
        "There is no bundle at the moment: one is being prepared." in client.get("/en/data/").content.decode()
    )
    assert [one["dct:identifier"] for one in client.get("/data/catalog.jsonld").json()["dcat:dataset"]] == [
        layer.name for layer in LAYERS
    ]


@pytest.mark.usefixtures("texts_alone")
def test_the_catalogue_names_every_file_and_each_can_be_had(
    two: tuple[Appeal, Appeal], client: Client, settings: Settings
) -> None:
    made = make_bundle(timezone.now())
    answer = client.get("/data/catalog.jsonld")
    assert answer["Content-Type"] == "application/ld+json"
    catalogue = answer.json()
    assert {one["@language"]: one["@value"] for one in catalogue["dct:title"]}["ru"] == "Открытые данные"
    for dataset in catalogue["dcat:dataset"]:
        place, _mark, name = dataset["@id"].partition("#")
        assert (place, name) == (catalogue["@id"], dataset["dct:identifier"]), "it leads somewhere"
        for file in dataset["dcat:distribution"]:
            path = file["dcat:downloadURL"]["@id"].removeprefix(settings.PUBLIC_URL)
            assert resolve(path)
            if path.endswith(("json", "csv", "zip")) and "shp" not in path:
                got = client.get(path)
                assert got.status_code == 200, path
                assert file["dcat:mediaType"]["@id"].endswith(got["Content-Type"].partition(";")[0]), path
    whole = catalogue["dcat:dataset"][-1]["dcat:distribution"][0]
    assert whole["spdx:checksum"]["spdx:checksumValue"]["@value"] == made.whole.sha256
    assert whole["dcat:byteSize"]["@value"] == str(made.whole.size)
    page = client.get("/ky/data/").content.decode()
    assert made.whole.sha256 in page
    settings.DATA_LICENCE = {"name": "", "url": ""}
    assert "dct:license" not in client.get("/data/catalog.jsonld").json()
