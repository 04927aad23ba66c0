"""What makes the site installable: manifest, icons, service worker, import map."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.test import Client
from django.urls import resolve, reverse
from django.utils import translation
from PIL import Image
from pytest_django import Settings

from tools.management.commands.draw_icons import ICONS_DIR, draw, svg
from web import bundles
from web.bundles import BUNDLES, BUNDLES_PREFIX, WORKER, made, modules_of
from web.modules import MODULES_PREFIX, module_paths
from web.script_texts import script_texts


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
    assert set(release["offline"]) == {"ky", "ru", "en"}
    assert {path.split("/", 2)[2] for path in release["forms"]} == {"appeals/new/", "mine/"}
    assert len(release["forms"]) == 6
    for url in (*release["offline"].values(), *release["forms"], *release["baseLayers"]):
        assert client.get(url).status_code == 200


@pytest.mark.django_db
def test_the_service_worker_keeps_no_page_of_one_person_or_of_staff(client: Client) -> None:
    match = re.match(r"self\.RELEASE = (\{.*\});\n", client.get(reverse("service-worker")).content.decode())
    assert match is not None
    private = tuple(json.loads(match[1])["private"])
    for language in ("ky", "ru", "en"):
        with translation.override(language):
            for name, args in [
                ("desk:queue", []),
                ("desk:appeal", [7]),
                ("admin:login", []),
                ("account_login", []),
                ("account_reset_password", []),
                ("public:follow", ["a" * 22]),
            ]:
                assert reverse(name, args=args).startswith(private), name
            assert not reverse("public:map").startswith(private)
            assert not reverse("public:appeal", args=[7]).startswith(private)


@pytest.mark.django_db
def test_where_scripts_are_bundled_a_device_keeps_the_bundles_of_the_residents(
    client: Client, settings: Settings
) -> None:
    settings.SCRIPTS_ARE_BUNDLED = True
    match = re.match(r"self\.RELEASE = (\{.*\});\n", client.get(reverse("service-worker")).content.decode())
    assert match is not None
    kept = {Path(url).stem for url in json.loads(match[1])["shell"] if url.endswith(".js")}
    # The browser keeps what the service worker loads by itself.
    assert kept == BUNDLES.keys() - {"desk", WORKER}
    assert (
        f'"{static(f"{BUNDLES_PREFIX}{WORKER}.js")}"'
        in client.get(reverse("service-worker")).content.decode()
    )
    page = client.get(reverse("public:about")).content.decode()
    found = re.search(r'<script type="importmap"[^>]*>(.*?)</script>', page)
    assert found is not None
    files = set(json.loads(found[1])["imports"].values())
    assert files == {static(f"{BUNDLES_PREFIX}{name}.js") for name in BUNDLES} | {
        static("vendor/maplibre-gl/maplibre-gl.mjs")
    }
    assert f'<link rel="modulepreload" href="{static(BUNDLES_PREFIX + "site.js")}">' in page


def test_a_bundle_has_what_its_modules_export_and_leaves_the_rest_to_the_others() -> None:
    assert sorted(path for name in BUNDLES for path in modules_of(name)) == sorted(module_paths())
    for name in BUNDLES:
        text = made(name).decode()
        own = set(modules_of(name))
        needed = set(re.findall(r'(?:from|import)\s*\(?"city/([^"]+)"', text))
        assert needed <= set(module_paths()) - own, name
        assert "@typedef" not in text
    # Those that every page loads need no other at once.
    assert not re.findall(r'from"city/', made("site").decode())


def test_two_modules_of_a_bundle_do_not_export_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "module_source", lambda path: "export const twice = 1;\n")
    with pytest.raises(ImproperlyConfigured, match="both export twice"):
        made("form")


def test_without_esbuild_it_is_said_where_to_get_it(settings: Settings, tmp_path: Path) -> None:
    settings.NODE_MODULES = tmp_path
    with pytest.raises(ImproperlyConfigured, match="npm ci"):
        made("form")


@pytest.mark.django_db
def test_a_device_keeps_the_scripts_of_the_residents_and_none_of_the_desk(client: Client) -> None:
    match = re.match(r"self\.RELEASE = (\{.*\});\n", client.get(reverse("service-worker")).content.decode())
    assert match is not None
    kept = {url for url in json.loads(match[1])["shell"] if url.endswith(".js")}
    assert {static(MODULES_PREFIX + name) for name in ("main.js", "elements/appeal-form.js")} <= kept
    assert not any("/desk" in url for url in kept)
    for path in module_paths():
        if static(MODULES_PREFIX + path) not in kept:
            continue
        found = finders.find(MODULES_PREFIX + path)
        assert isinstance(found, str)
        # What is imported at once must be kept too; what is loaded on demand need not.
        for name in re.findall(r'from "city/([^"]+)"', Path(found).read_text(encoding="utf-8")):
            assert static(MODULES_PREFIX + name) in kept, (path, name)


def test_the_still_picture_shows_the_city_s_own_layers_and_is_light(
    client: Client, settings: Settings
) -> None:
    answer = client.get(reverse("still-map"))
    assert answer["Content-Type"] == "image/svg+xml"
    drawing = answer.content.decode()
    ElementTree.fromstring(drawing)
    assert {"water", "park", "streetMain"} <= set(re.findall(r'<path class="(\w+)', drawing))
    assert "prefers-color-scheme:dark" in drawing
    assert "None" not in drawing
    assert len(gzip.compress(answer.content)) < 12_000
    again = client.get(reverse("still-map"), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # A city without layers of its own has the ground alone.
    settings.CITY_FOLDER = settings.BASE_DIR / "data" / "chicago"
    assert "<path" not in client.get(reverse("still-map")).content.decode()


def test_robots_are_asked_to_leave_alone_what_is_not_everybody_s(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    for closed in ("/ky/desk/", "/ru/admin/", "/en/accounts/", "/api/"):
        assert f"Disallow: {closed}" in lines
    assert not any(reverse("public:map").startswith(line.removeprefix("Disallow: ")) for line in lines[1:])


def test_the_old_name_of_the_icon_leads_to_it(client: Client) -> None:
    response = client.get("/favicon.ico")
    assert response.status_code == 301
    assert finders.find(response["Location"].removeprefix(f"/{settings.STATIC_URL.strip('/')}/")) is not None


@pytest.mark.django_db
def test_scripts_know_every_address_from_the_page(client: Client) -> None:
    page = client.get(reverse("public:about")).content.decode()
    match = re.search(r'<script id="site-settings" type="application/json">(.*?)</script>', page)
    assert match is not None
    for url in json.loads(match[1])["urls"].values():
        resolve(url)
    paths = [MODULES_PREFIX + path for path in module_paths()] + ["web/worker/service-worker.js"]
    for path in paths:
        found = finders.find(path)
        assert isinstance(found, str)
        source = re.sub(r"/\*.*?\*/|(?<!:)//.*", "", Path(found).read_text(encoding="utf-8"), flags=re.DOTALL)
        # "/" alone is the scope of the service worker, "/0/" a place to be filled in.
        assert not re.findall(r"""["'`](/\w{2,}[^"'`]*)""", source), path
        assert "api" not in re.findall(r"\w+", source), path


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
    texts = script_texts()
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
        # The one place with Cyrillic letters is the search for a category, which takes some for others: ө for о.
        words = re.findall(r"[А-Яа-яҢңӨөҮүЁё]{2,}", source)
        assert not words or path == "appeal/category.js", (path, words)
    assert len(imported) > len(known) / 2, "the imports are not found as they are written"
    assert len(said) > len(texts) / 2, "the words are not found as they are written"
