"""The notebooks run from the first cell to the last against a live server, and are kept without outputs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from django.conf import settings
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from pytest_django.live_server_helper import LiveServer

from appeals.models import Appeal
from tests.appeals.reports.conftest import Plant, plant  # noqa: F401  (a fixture)
from tests.appeals.conftest import city  # noqa: F401  (a fixture)
from tests.grid import CITY

FOLDER = Path(settings.BASE_DIR) / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def run(notebook: Path, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, **changes: str) -> Any:
    """The executed notebook; ``changes`` replace the value of a name set in its first cell of code."""
    monkeypatch.setenv("CITY_URL", live_server.url)
    read = nbformat.read(notebook, as_version=4)
    for name, value in changes.items():
        question = next(cell for cell in read.cells if cell.cell_type == "code")
        lines = question.source.splitlines()
        place = next(number for number, line in enumerate(lines) if line.startswith(f"{name} ="))
        lines[place] = f"{name} = {value}"
        question.source = "\n".join(lines)
    NotebookClient(read, timeout=120, kernel_name="python3").execute()
    return read


def printed(notebook: Any) -> str:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.get("text", "") for output in outputs)


def scatter(count: int) -> list[tuple[float, float]]:
    chance = random.Random(2)
    west, south, east, north = CITY
    crowd = ((west + east) / 2, (south + north) / 2)
    near = [(chance.gauss(crowd[0], 0.004), chance.gauss(crowd[1], 0.003)) for _ in range(count)]
    return [(min(max(lon, west), east), min(max(lat, south), north)) for lon, lat in near]


@pytest.mark.slow
def test_the_heatmap_comes_out_the_same(
    live_server: LiveServer, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(scatter(1200))  # two pages of the API
    plant(scatter(40), hidden=True)
    done = run(FOLDER / "heatmap.ipynb", live_server, monkeypatch)
    assert "1200 appeals\n" in printed(done)
    kinds = [
        kind
        for cell in done.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for kind in output.get("data", {})
    ]
    assert "image/png" in kinds
    assert any("folium-map" in output["data"].get("text/html", "") for output in done.cells[-1].outputs)


@pytest.mark.slow
def test_a_question_narrows_both_tables(
    live_server: LiveServer, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(scatter(60))
    plant(scatter(30), kind="request")
    done = run(
        FOLDER / "heatmap.ipynb", live_server, monkeypatch, FILTERS="{'kind': 'request'}", CELL_M="100"
    )
    assert "30 appeals\n" in printed(done)
    assert "cells of 100 m in EPSG:32643, 30 appeals" in printed(done)


@pytest.mark.slow
def test_a_difference_stops_the_notebook(
    live_server: LiveServer, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of the notebook is one: cells that are not those of the points fail it."""
    plant(scatter(60))
    real = Appeal.objects.none().__class__.public
    monkeypatch.setattr(
        Appeal.objects.none().__class__, "public", lambda self: real(self).exclude(pk=self.first().pk)
    )
    with pytest.raises(CellExecutionError, match="run it again"):
        run(FOLDER / "heatmap.ipynb", live_server, monkeypatch)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(notebook: Path) -> None:
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
