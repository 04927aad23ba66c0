"""A page of another origin builds on the open data: features, their version, errors, a map of tiles, and no more."""

from __future__ import annotations

import datetime as dt
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from appeals.models import Appeal
from tests.browser.conftest import Open
from tests.factories import AppealFactory
from tests.grid import IN_EAST, GridCity, at

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


#: A map by the style alone, and what of the tiles is drawn on it at a place.
_MAP = """
async ([root, center, zoom, query]) => {
    const maplibre = await import("/maplibre-gl.mjs");
    maplibre.setWorkerUrl(new URL("/maplibre-gl-worker.mjs", location.href).href);
    document.body.innerHTML = "<div style='width: 380px; height: 600px'></div>";
    const style = root + "/tiles/style.json" + query;
    const map = new maplibre.Map({container: document.body.firstChild, style, center, zoom, fadeDuration: 0});
    const errors = [];
    map.on("error", (event) => errors.push(String(event.error)));
    await map.once("idle");
    const of = (layer) => map.queryRenderedFeatures({layers: [layer]});
    const drawn = {
        errors,
        cells: of("cells").reduce((sum, {properties}) => sum + properties.count, 0),
        counts: of("counts").length > 0,
        overdue: of("overdue").reduce((sum, {properties}) => sum + properties.overdue, 0),
        districts: [...new Set(of("districts").map(({properties}) => properties.code))].sort(),
        appeals: of("appeals").map(({id}) => id).sort(),
    };
    map.remove();
    return drawn;
}
"""
_MAPLIBRE = Path(__file__).parents[2] / "node_modules" / "maplibre-gl" / "dist"


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        script = self.path.endswith(".mjs")
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        self.end_headers()
        page = b"<!doctype html><title>Another city's page</title><link rel=icon href=data:,>"
        self.wfile.write((_MAPLIBRE / self.path[1:]).read_bytes() if script else page)

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


def test_a_map_of_another_origin_draws_the_tiles(city: GridCity, visit: Open, elsewhere: str) -> None:
    """Counts when far, each appeal when near; what is hidden is not there when it is asked for next."""
    made = [
        AppealFactory(
            category=city.categories["lamp" if n else "tree"],
            service=city.services["light"],
            point=at((IN_EAST[0] + n / 5_000, IN_EAST[1])),
            due_on=timezone.localdate() - dt.timedelta(days=n % 2),
        )
        for n in range(4)
    ]
    for appeal in made:
        appeal.refresh_from_db(fields=["number"])
    window = visit()
    window.page.goto(elsewhere)

    def drawn(zoom: int, query: str = "") -> dict[str, Any]:
        found: dict[str, Any] = window.page.evaluate(_MAP, [window.root, IN_EAST, zoom, query])
        assert found.pop("errors") == []
        return found

    assert drawn(11) == {
        "cells": 4, "counts": True, "overdue": 2, "districts": ["east", "west"], "appeals": [],
    }  # fmt: skip
    numbers = sorted(appeal.number for appeal in made)
    assert (near := drawn(16))["appeals"] == numbers
    assert near["cells"] == 0
    assert drawn(16, "?category=lamp")["appeals"] == numbers[1:]
    Appeal.objects.filter(pk=made[3].pk).update(hidden=True)
    assert drawn(11, "?kind=complaint")["cells"] == 3
