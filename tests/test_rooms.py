"""The rooms of the house: what import-linter cannot see.

Templates extend and include across rooms as modules import, so the same directions hold for them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

_USES = re.compile(r"""\{%-?\s*(?:extends|include|same_everywhere)\s+["']([^"']+)["']""")
#: Folders of templates that ``web`` keeps for other packages' pages.
_OF_WEB = {"web", "account", "admin", "429.html"}


def _templates() -> list[Path]:
    root = Path(settings.BASE_DIR)
    return sorted(path for path in root.glob("*/templates/**/*") if path.suffix in {".html", ".txt"})


def _room(path: Path) -> str:
    return path.relative_to(settings.BASE_DIR).parts[0]


@pytest.mark.parametrize("path", _templates(), ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_uses_its_own_room_and_web_alone(path: Path):
    used = {name.split("/")[0] for name in _USES.findall(path.read_text(encoding="utf-8"))}
    assert used <= {_room(path)} | _OF_WEB


def test_templates_lie_under_the_name_of_their_room():
    strangers = [
        str(path.relative_to(settings.BASE_DIR))
        for path in _templates()
        if _room(path) != "web" and path.relative_to(settings.BASE_DIR).parts[2] != _room(path)
    ]
    assert strangers == []


def test_the_walk_finds_what_templates_use():
    uses = [name for path in _templates() for name in _USES.findall(path.read_text(encoding="utf-8"))]
    assert len(uses) > 50
    assert "web/base.html" in uses
