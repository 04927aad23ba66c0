"""The command line as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import commands, environment


@pytest.mark.parametrize("asked", [["--help"], ["-h"]])
def test_help_installs_nothing(
    asked: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(environment, "ensure")
    assert commands.run(asked) == 0
    assert "installs what is missing" in capsys.readouterr().out


@pytest.mark.parametrize("asked", [[], ["doctor"]])
def test_a_reader_who_has_seen_enough_gets_no_traceback(asked: list[str]) -> None:
    """As in ``./manage.py doctor | head -1``."""
    reads, writes = os.pipe()
    os.close(reads)
    manage = Path(__file__).parents[2] / "manage.py"
    with os.fdopen(writes, "wb") as out:
        done = subprocess.run(
            [sys.executable, manage, *asked], stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == ""
    assert done.returncode == 128 + signal.SIGPIPE
