"""The command line as a whole."""

from __future__ import annotations

import pytest

from bootstrap import commands, environment


@pytest.mark.parametrize("asked", [["--help"], ["-h"]])
def test_help_installs_nothing(
    asked: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(environment, "ensure")
    assert commands.run(asked) == 0
    assert "installs what is missing" in capsys.readouterr().out
