"""What makes the site installable: manifest, icons, service worker, import map."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from PIL import Image

from web.js_messages import js_messages
from web.management.commands.draw_icons import ICONS_DIR, draw, svg
from web.modules import MODULES_PREFIX, module_paths


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_manifest_speaks_the_language(client: Client, language: str) -> None:
    response = client.get(reverse("manifest") + f"?lang={language}")
    assert response.headers["Content-Type"].startswith("application/manifest+json")
    manifest = response.json()
    assert (manifest["lang"], manifest["start_url"]) == (language, f"/{language}/")
    assert {icon["type"] for icon in manifest["icons"]} == {"image/png", "image/svg+xml"}
    for icon in manifest["icons"]:
        path = finders.find(icon["src"].removeprefix("/static/"))
        assert isinstance(path, str)
        if icon["type"] == "image/png":
            with Image.open(path) as image:
                assert f"{image.width}x{image.height}" == icon["sizes"]


def test_the_icons_are_drawn_from_their_description() -> None:
    assert (ICONS_DIR / "icon.svg").read_text(encoding="utf-8") == svg()
    with Image.open(ICONS_DIR / "icon-192.png") as image:
        assert image.convert("RGBA").tobytes() == draw(192).tobytes()


@pytest.mark.django_db
def test_the_service_worker_knows_every_file_of_the_shell(client: Client) -> None:
    response = client.get(reverse("service-worker"))
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert "no-cache" in response.headers["Cache-Control"]
    match = re.match(r"self\.RELEASE = (\{.*\});\n", response.content.decode())
    assert match is not None
    release = json.loads(match[1])
    for url in release["shell"]:
        assert finders.find(url.removeprefix("/static/")), url
    assert f"/static/{MODULES_PREFIX}main.js" in release["shell"]
    assert set(release["offline"]) == {"ky", "ru", "en"}
    assert len(release["forms"]) == 3
    for url in (*release["offline"].values(), *release["forms"]):
        assert client.get(url).status_code == 200


@pytest.mark.django_db
def test_the_import_map_names_every_module_and_carries_the_page_s_nonce(client: Client) -> None:
    response = client.get(reverse("web:about"))
    match = re.search(r'<script type="importmap" nonce="([^"]+)">(.*?)</script>', response.content.decode())
    assert match is not None
    assert f"'nonce-{match[1]}'" in response.headers["Content-Security-Policy"]
    imports = json.loads(match[2])["imports"]
    assert {f"city/{path}" for path in module_paths()} | {"maplibre-gl"} == set(imports)


def test_modules_import_only_what_the_map_names_and_say_only_what_is_translated() -> None:
    known = {f"city/{path}" for path in module_paths()} | {"maplibre-gl"}
    texts = js_messages()
    imported, said = set(), set()
    for path in module_paths():
        found = finders.find(MODULES_PREFIX + path)
        assert isinstance(found, str)
        # Comments name types of packages, which no browser loads.
        source = re.sub(r"(?s:/\*.*?\*/)|(?<!:)//.*", "", Path(found).read_text(encoding="utf-8"))
        for name in re.findall(r'(?:from|import\() ?"([^"]+)"', source):
            assert name in known, (path, name)
            imported.add(name)
        for key in re.findall(r'\bt\("([^"]+)"', source):
            assert key in texts, (path, key)
            said.add(key)
        # The one place with Cyrillic letters is the search that takes ө for о.
        words = re.findall(r"[А-Яа-яҢңӨөҮүЁё]{2,}", source)
        assert words in ([], ["өүңё"]), path
    assert len(imported) > len(known) / 2, "the imports are not found as they are written"
    assert len(said) > len(texts) / 2, "the words are not found as they are written"
