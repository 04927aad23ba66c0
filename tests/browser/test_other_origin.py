"""A page of another origin builds on the open data: it reads features, their version and errors, and no more."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.factories import AppealFactory
from tests.grid import GridCity

_SCRIPT = """
async (root) => {
    const whole = await fetch(root + "/data/appeals.geojson");
    const features = (await whole.json()).features.length;
    const tag = whole.headers.get("ETag");
    // A header that the browser must ask for first.
    const again = await fetch(root + "/data/appeals.geojson", {headers: {"If-None-Match": tag}, cache: "no-store"});
    const part = await fetch(root + "/data/appeals.geojson", {headers: {Range: "bytes=0-9"}, cache: "no-store"});
    const wrong = await fetch(root + "/api/appeals.geojson?bbox=1");
    const refused = async (ask) => { try { await ask(); return false; } catch { return true; } };
    return {
        features, tag, again: again.status, part: part.headers.get("Content-Range"), length: (await part.text()).length,
        wrong: Object.keys((await wrong.json()).errors),
        credentials: await refused(() => fetch(root + "/api/appeals.geojson", {credentials: "include"})),
        sending: await refused(() => fetch(root + "/api/appeals/", {
            method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"})),
        page: await refused(() => fetch(root + "/en/")),
    };
}
"""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another city's page</title><link rel=icon href=data:,>")

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Address of a page on another port, which is another origin."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_page_of_another_origin(city: GridCity, visit: Open, elsewhere: str) -> None:
    for _n in range(3):
        AppealFactory()
    window = visit()
    window.page.goto(elsewhere)
    read = window.page.evaluate(_SCRIPT, window.root)
    assert read.pop("tag").startswith('"')
    assert read.pop("part").startswith("bytes 0-9/")
    assert read == {
        "features": 3, "again": 304, "length": 10, "wrong": ["bbox"],
        "credentials": True, "sending": True, "page": True,
    }  # fmt: skip
