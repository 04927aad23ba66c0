from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from bootstrap.rates import Rate
from tests.grid import GridCity
from web.security import HEADER, policy


def test_every_page_has_a_strict_policy(city: GridCity, client: Client) -> None:
    directives = dict(part.split(" ", 1) for part in client.get("/ru/about/")[HEADER].split("; "))
    assert directives["default-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert "unsafe" not in directives["script-src"]
    assert directives["frame-ancestors"] == "'none'"
    assert "blob:" in directives["worker-src"]


def test_the_nonce_is_per_response_and_used_in_its_import_map(city: GridCity, client: Client) -> None:
    nonces = set()
    for _ in range(2):
        response = client.get("/ru/about/")
        (nonce,) = re.findall(r"'nonce-([^']+)'", response[HEADER])
        assert f'<script type="importmap" nonce="{nonce}">' in response.content.decode()
        nonces.add(nonce)
    assert len(nonces) == 2


@pytest.mark.parametrize("page", ["/ru/about/", "/ru/news/", "/ru/accounts/login/", "/ru/no-such-page/"])
def test_pages_contain_nothing_the_policy_would_block(city: GridCity, client: Client, page: str) -> None:
    html = client.get(page).content.decode()
    assert not re.findall(r"<[^>]+\son[a-z]+=", html)
    assert not re.findall(r"<[^>]+\sstyle=", html)
    assert "<style" not in html
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", html)
    assert inline, "the import map at least"
    assert all(re.search(r'type="(application/json|(importmap|module)" nonce=".+)"', tag) for tag in inline)


def test_the_base_maps_host_is_allowed_only_when_it_is_set(settings: Settings) -> None:
    settings.BASE_MAP_STYLE = ""
    assert "connect-src 'self';" in policy("n")
    settings.BASE_MAP_STYLE = "https://tiles.example.org/styles/bright.json"
    assert "connect-src 'self' https://tiles.example.org;" in policy("n")
    assert "img-src 'self' data: blob: https://tiles.example.org;" in policy("n")


def test_a_forged_cookie_breaks_nothing(city: GridCity, client: Client) -> None:
    forged = 'sessionid="abcdefghijkl\\000"'
    assert client.get("/en/", headers={"cookie": forged}).status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"), [("/en/accounts/login/", "text/html"), ("/api/appeals/", "application/problem+json")]
)
@pytest.mark.parametrize("length", [str(10**10), "9" * 5000])
def test_a_body_too_large_for_any_form_is_refused_unread(
    city: GridCity, client: Client, path: str, kind: str, length: str
) -> None:
    response = client.generic("POST", path, b"", CONTENT_LENGTH=length)
    assert response.status_code == 413
    assert response["Content-Type"].startswith(kind)


def test_many_files_are_refused_in_words(city: GridCity, client: Client) -> None:
    def sent(count: int) -> HttpResponse:
        files = [SimpleUploadedFile(f"{n}.txt", b"no photo") for n in range(count)]
        return client.post("/en/appeals/new/", {"text": "The lamp is dark", "files": files})

    more_than_fit = sent(13)
    assert more_than_fit.status_code == 400
    assert "The lamp is dark</textarea>" in more_than_fit.content.decode()
    assert "12.txt: " in more_than_fit.content.decode()
    more_than_read = sent(61)
    assert more_than_read.status_code == 413
    assert "At most 10 photos and 2 videos." in more_than_read.content.decode()


def test_a_limit_is_not_escaped_by_naming_other_addresses(
    city: GridCity, client: Client, settings: Settings
) -> None:
    settings.LIMITS = {"submit": Rate(30, 1, 86_400)}
    answers = {
        client.post(
            "/api/appeals/", "{}", content_type="application/json", headers={"x-forwarded-for": f"10.0.0.{n}"}
        ).status_code
        for n in range(31)
    }
    assert answers == {400, 429}
