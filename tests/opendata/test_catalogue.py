"""The page of the open data, for people."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import nbformat
import pytest
from django.test import Client
from django.urls import resolve, reverse
from pytest_django import Settings

from appeals.vocabulary import Status
from opendata.files import kinds_of
from opendata.layers import LAYERS
from opendata.properties import APPEAL
from opendata.views.notebooks import NOTEBOOKS
from tests.grid import GridCity


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_every_file_of_every_layer_and_every_field(city: GridCity, client: Client, language: str) -> None:
    page = client.get(f"/{language}/data/").content.decode()
    links = set(re.findall(r'href="(/data/[^"]+)" download', page))
    files = {f"/data/{layer.name}.{ending}" for layer in LAYERS for ending in kinds_of(layer)}
    assert links == files | {f"/data/notebooks/{name}.ipynb" for name in NOTEBOOKS}
    for link in links:
        assert resolve(link).url_name.startswith("data-")
    for link in re.findall(r'href="(/data/[^"]+-metadata.json)"', page):
        assert client.get(link).status_code == 200
    for declared in APPEAL:
        assert f"<code>{declared.name}</code>" in page
    for status in Status:
        assert f"<code>{status.value}</code>" in page
    assert ("In progress" in page) is (language == "en")
    assert "CC0-1.0" in page
    assert reverse("api-docs") in page


def test_what_the_city_has_not_said_is_not_made_up(
    city: GridCity, client: Client, settings: Settings
) -> None:
    settings.DATA_LICENCE = {"name": "", "url": ""}
    assert "has not said under which licence" in client.get("/en/data/").content.decode()
    assert "dc:license" not in client.get("/data/appeals.csv-metadata.json").json()


def test_each_notebook_asks_this_city(city: GridCity, client: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://city.example"
    assert {path.stem for path in (settings.BASE_DIR / "notebooks").glob("*.ipynb")} == {*NOTEBOOKS}
    page = client.get("/en/data/").content.decode()
    for name in NOTEBOOKS:
        assert f'href="/data/notebooks/{name}.ipynb" download' in page
        answer = client.get(f"/data/notebooks/{name}.ipynb")
        told = nbformat.reads(answer.content.decode(), as_version=4)
        nbformat.validate(told)
        (first, *_rest) = (cell.source for cell in told.cells if cell.cell_type == "code")
        assert 'os.environ.get("CITY_URL", "https://city.example")' in first
        assert answer["Content-Disposition"] == f'attachment; filename="{name}.ipynb"'


def test_every_page_leads_there(city: GridCity, client: Client) -> None:
    links = re.findall(r'href="([^"]+)"', client.get("/en/news/").content.decode())
    assert "/en/data/" in [urlsplit(link).path for link in links]
