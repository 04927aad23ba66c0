"""The text templates, read from texts/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.demo.model import Kind

_FOLDER = Path(__file__).resolve().parent / "texts"
_KINDS: Mapping[str, Kind] = {"c": "complaint", "r": "request", "s": "recommendation"}


@dataclass(frozen=True)
class Template:
    """One wording, with the kind of appeal it is."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Texts:
    """All texts of one language. ``answers`` is keyed by leaf and by group; ``life`` by verb."""

    appeals: Mapping[str, tuple[Template, ...]]
    greetings: tuple[str, ...]
    endings: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]
    life: Mapping[str, tuple[str, ...]]
    comments: tuple[str, ...]


@cache
def texts(language: str) -> Texts:
    """The templates of a language."""
    written = tomllib.loads((_FOLDER / f"appeals_{language}.toml").read_text(encoding="utf-8"))
    answers = tomllib.loads((_FOLDER / f"answers_{language}.toml").read_text(encoding="utf-8"))
    extra = written.pop("extra")
    return Texts(
        appeals={
            key: tuple(Template(_KINDS[row[0]], row[2:].strip()) for row in _lines(block))
            for key, block in written.items()
        },
        greetings=_lines(extra["greetings"]),
        endings=_lines(extra["endings"]),
        answers={key: _lines(block) for part in ("groups", "leaves") for key, block in answers[part].items()},
        comments=_lines(extra["comments"]),
        life={key: _lines(block) for key, block in answers["life"].items()},
    )


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in block.splitlines() if line.strip())
