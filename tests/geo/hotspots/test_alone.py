"""The statistics can be taken out of this project as they are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

IMPORTED = "import sys, geo.hotspots; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def test_they_import_neither_django_nor_a_database() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", IMPORTED], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert {"numpy", "scipy", "geo"} <= set(loaded)
    assert not {"django", "psycopg2", "shapely", "pyproj", "pandas", "config"} & set(loaded)


def test_the_example_of_the_docs_holds() -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "hotspots.md").read_text(), re.DOTALL)
    assert example
    exec(compile(example[1], "docs/hotspots.md", "exec"), {})
