"""The notebooks run from the first cell to the last against a live server, and are kept without outputs."""

from __future__ import annotations

import datetime as dt
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from django.conf import settings
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from pytest_django.live_server_helper import LiveServer

from appeals.metric_counts import kept_tally
from geo.grid import Tally
from tests.reports.planting import NOON, Plant
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
    NotebookClient(read, timeout=900, kernel_name="python3").execute()
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
    plant(scatter(30), kind="request")
    done = run(
        FOLDER / "heatmap.ipynb", live_server, monkeypatch, FILTERS="{'kind': 'complaint'}", CELL_M="100"
    )
    assert "1200 appeals\n" in printed(done)
    assert "cells of 100 m in EPSG:32643, 1200 appeals" in printed(done)
    outputs = [
        output.get("data", {}) for cell in done.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert any("image/png" in data for data in outputs)
    assert "folium-map" in outputs[-1]["text/html"]


@pytest.mark.slow
def test_a_difference_stops_the_notebook(
    live_server: LiveServer, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook's check is one: a page that counted in the neighbouring cells would not pass it."""

    def shifted(*args: Any) -> Tally:
        found = kept_tally(*args)
        return replace(found, i=found.i + 2)

    monkeypatch.setattr("reports.tallies.kept_tally", shifted)
    plant(scatter(60))
    with pytest.raises(CellExecutionError, match="counted in other cells"):
        run(FOLDER / "heatmap.ipynb", live_server, monkeypatch)


@pytest.mark.slow
def test_the_figures_of_hotspots_are_found_again_and_answers_compared(
    live_server: LiveServer, plant: Plant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One city for all of them: the notebooks check the page's figures themselves, and stop where one differs."""
    west, south, east, north = CITY
    chance = random.Random(3)
    even = [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(200)]
    plant(scatter(200) + even[:100], status="answered", answered_at=NOON + dt.timedelta(days=4))
    plant(even[100:])
    steps = printed(run(FOLDER / "hotspots.ipynb", live_server, monkeypatch, CELL_M="500"))
    assert "z is the page's to nine decimals" in steps
    (tested,) = re.findall(r"^(\d+) cells of 500 m", steps, re.MULTILINE)
    (hot,) = re.findall(r"(\d+) of them hot together", steps)
    assert 0 < int(hot) < int(tested)
    assert "largest difference of z" in printed(
        run(FOLDER / "pysal.ipynb", live_server, monkeypatch, CELL_M="500")
    )
    answers = printed(run(FOLDER / "equity.ipynb", live_server, monkeypatch))
    assert "400 appeals, 300 of them answered" in answers
    assert re.search(r"the city +400.0? +100.0? +4.0", answers), answers
    sheet = tmp_path / "map.pdf"
    run(FOLDER / "paper_map.ipynb", live_server, monkeypatch, CELL_M="500", FILE=repr(str(sheet)))
    assert sheet.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(notebook: Path) -> None:
    code = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert cell.outputs == []
        assert cell.execution_count is None
