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

from tools.management.commands.draw_icons import ICONS_DIR, draw, svg
from web.modules import MODULES_PREFIX, module_paths
from web.script_texts import js_messages


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_manifest_speaks_the_language(client: Client, language: str) -> None:
    response = client.get(reverse("manifest") + f"?lang={language}")
    assert response.headers["Content-Type"].startswith("application/manifest+json")
    manifest = response.json()
    assert (manifest["lang"], manifest["start_url"]) == (language, f"/{language}/")
    for icon in manifest["icons"]:
        path = finders.find(icon["src"].removeprefix("/static/"))
        assert isinstance(path, str)
        if icon["type"] == "image/png":
            with Image.open(path) as image:
                assert f"{image.width}x{image.height}" == icon["sizes"]


def test_the_icons_match_their_description() -> None:
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
    for url in (*release["offline"].values(), *release["forms"]):
        assert client.get(url).status_code == 200


@pytest.mark.django_db
def test_the_import_map_names_every_module_and_carries_the_page_s_nonce(client: Client) -> None:
    response = client.get(reverse("public:about"))
    match = re.search(r'<script type="importmap" nonce="([^"]+)">(.*?)</script>', response.content.decode())
    assert match is not None
    assert f"'nonce-{match[1]}'" in response.headers["Content-Security-Policy"]
    imports = json.loads(match[2])["imports"]
    assert {f"city/{path}" for path in module_paths()} | {"maplibre-gl"} == set(imports)


def test_modules_import_only_mapped_names_and_show_only_translated_texts() -> None:
    known = {f"city/{path}" for path in module_paths()} | {"maplibre-gl"}
    texts = js_messages()
    for path in module_paths():
        found = finders.find(MODULES_PREFIX + path)
        assert isinstance(found, str)
        # Comments mention types of packages, which no browser loads.
        source = re.sub(r"/\*.*?\*/|(?<!:)//.*", "", Path(found).read_text(encoding="utf-8"), flags=re.DOTALL)
        for name in re.findall(r'(?:from|import\() ?"([^"]+)"', source):
            assert name in known, (path, name)
        for key in re.findall(r'\bt\("([^"]+)"', source):
            assert key in texts, (path, key)
        # The only place with Cyrillic letters is the search that treats ө as о.
        words = re.findall(r"[А-Яа-яҢңӨөҮүЁё]{2,}", source)
        assert words in ([], ["өүңё"]), path
