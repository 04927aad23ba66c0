"""What the preparation of a start says."""

from __future__ import annotations

import pytest
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks.registry import registry

from bootstrap import prepare


@pytest.fixture
def found() -> list[CheckMessage]:
    """What a check of the test's own finds, besides those of the project."""
    messages: list[CheckMessage] = []

    def roof_is_sound(**_: object) -> list[CheckMessage]:
        return messages

    register(roof_is_sound, Tags.models)
    yield messages
    registry.registered_checks.discard(roof_is_sound)


@pytest.mark.django_db
def test_serious_findings_end_the_start_in_words(
    found: list[CheckMessage], capsys: pytest.CaptureFixture[str]
):
    prepare.examine()
    assert "roof" not in capsys.readouterr().out
    found.append(checks.Warning("The roof is old.", hint="Look at it.", id="roof.W1"))
    prepare.examine()
    assert "  --  The roof is old. (roof.W1)\n      Look at it." in capsys.readouterr().out
    found.append(Error("The roof is gone " + "far away " * 20, id="roof.E1"))
    with pytest.raises(prepare.Unfit):
        prepare.examine()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  !!  The roof is gone") for line in lines)
    assert max(map(len, lines)) <= 79
