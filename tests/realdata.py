"""Where the real civic data are, which are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def real_file(name: str) -> Path:
    """Path of the file in the folder that ``REALDATA`` names, or beside the checkout; the test is skipped without."""
    folder = Path(os.environ.get("REALDATA") or ROOT.parent / "shared" / "realdata")
    if not (folder / name).exists():
        pytest.skip(f"{folder / name} is not there; REALDATA names the folder of the real data")
    return folder / name
