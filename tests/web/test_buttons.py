"""Buttons whose press a script hears: nobody can press one before that."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted(
    path
    for path in Path(settings.BASE_DIR).glob("*/templates/**/*.html")
    if 'type="button"' in path.read_text() or "data-scripts-only" in path.read_text()
)
#: Elements without an end tag.
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Held(HTMLParser):
    """Finds the controls of scripts that could be pressed as soon as the page is drawn, or as the first script runs."""

    def __init__(self) -> None:
        super().__init__()
        self.loose: list[str] = []
        self._open: list[tuple[str, bool, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # What is not shown, or is a dialog that is not open, is shown by whoever hears its buttons.
        shown = all(shown for _, shown, _ in self._open) and "hidden" not in given and tag != "dialog"
        scripts = "data-scripts-only" in given or any(scripts for _, _, scripts in self._open)
        of_scripts = (
            given.get("type") == "button" if tag == "button" else given.get("type") == "checkbox" and scripts
        )
        if tag in {"button", "input"} and of_scripts and shown and "disabled" not in given:
            self.loose.append(self.get_starttag_text() or tag)
        if tag not in VOID:
            self._open.append((tag, "hidden" not in given and tag != "dialog", "data-scripts-only" in given))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_button_of_a_script_is_held_or_hidden_until_its_press_is_heard(path: Path) -> None:
    """``handOver`` of ``site/dom.js`` lets go of it; a press before that would be lost without a word."""
    held = Held()
    held.feed(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", path.read_text(), flags=re.DOTALL))
    assert held.loose == []


def test_there_are_such_buttons() -> None:
    assert len(TEMPLATES) > 5
