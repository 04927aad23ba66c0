"""Style sheets: in the room whose pages they dress, in the words of tokens.css, without a rule that dresses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from web import offline
from web.bundles import made
from web.collecting import StaticFiles
from web.styles import parts, source, whole

_ROOT = Path(settings.BASE_DIR)
_ROOMS = sorted(path.parent.name for path in _ROOT.glob("*/apps.py"))
_SHEETS = [path for room in _ROOMS for path in sorted(_ROOT.glob(f"{room}/static/{room}/css/**/*.css"))]
#: Those of the admin are dressed by Django's own sheets.
_TEMPLATES = [
    path
    for room in _ROOMS
    for path in sorted(_ROOT.glob(f"{room}/templates/**/*.html"))
    if "admin" not in path.parts
]
_TOKENS = _ROOT / "web/static/web/css/tokens.css"
#: Classes that packages put on what they make.
_OF_PACKAGES = ("maplibregl-*", "errorlist")

#: Names of parts that need no rule of their own.
_NAMES_ALONE = {"appeal-page__main", "results__list"}

#: Tokens (by name) that a property of this name must use where its value is one of theirs.
_FAMILIES = {
    r"(padding|margin|inset|scroll-padding)(-.*)?|(column-|row-)?gap": r"space-.*",
    r"(min-|max-)?(inline|block)-size": r"touch.*|icon-.*|page.*|reading",
    r"border-.*radius|border-radius": r"radius-.*",
    r"border(-(block|inline)(-start|-end)?)?": r"edge|line-thick",
    r"outline.*": r"line-thick|focus-(in|out)side",
    r"font-size": r"text-.*",
    r"font-weight": r"weight-.*",
    r"line-height": r"leading.*",
    r"z-index": r"layer-.*",
    r"transition.*|animation.*": r"quick",
}
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(|\b(?:white|black|red|gr[ae]y)\b")
_NUMBER = re.compile(r"(?<![\w#.-])-?\d*\.?\d+(?:rem|px|ms|s)?(?![\w%.])")


@dataclass(frozen=True)
class Rule:
    media: tuple[str, ...]
    selector: str
    declarations: tuple[tuple[str, str], ...]

    @property
    def classes(self) -> set[str]:
        return set(re.findall(r"\.(-?[_a-zA-Z][\w-]*)", re.sub(r'"[^"]*"', "", self.selector)))


def _rules(text: str, media: tuple[str, ...] = ()) -> Iterator[Rule]:
    text = re.sub(r"/\*.*?\*/|^@import .*;$", "", text, flags=re.DOTALL | re.MULTILINE)
    at = 0
    while (opening := text.find("{", at)) >= 0:
        head = text[at:opening].strip()
        depth, end = 1, opening + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = text[opening + 1 : end - 1]
        if head.startswith("@"):
            yield from _rules(body, (*media, head))
        else:
            found = re.findall(r"([\w-]+)\s*:\s*([^;]+);", body)
            yield Rule(media, head, tuple((name, " ".join(value.split())) for name, value in found))
        at = end


@cache
def _sheet(path: Path) -> tuple[Rule, ...]:
    return tuple(_rules(path.read_text(encoding="utf-8")))


def _room(path: Path) -> str:
    return path.relative_to(_ROOT).parts[0]


def _name(path: Path) -> str:
    return path.relative_to(_ROOT / _room(path) / "static").as_posix()


def _tokens() -> dict[str, str]:
    first = next(rule for rule in _sheet(_TOKENS) if rule.selector == ":root")
    return {name.removeprefix("--"): value for name, value in first.declarations if name.startswith("--")}


def _measure(value: str) -> tuple[float, str] | None:
    """Size and unit of a plain number, rem as pixels; ``None`` for anything else. Signs do not count."""
    match = re.fullmatch(r"-?(\d*\.?\d+)(rem|px|ms|s)?", value)
    if match is None:
        return None
    number, unit = float(match[1]), match[2] or ""
    return (number * 16, "px") if unit == "rem" else (number * 1000, "ms") if unit == "s" else (number, unit)


@cache
def _used(room: str) -> dict[str, set[str]]:
    """Classes that a room's templates, scripts, tags and rows give to elements, ``*`` for what only a page knows."""
    used: dict[str, set[str]] = {}
    templates = [path for path in _TEMPLATES if _room(path) == room]
    tags = [*_ROOT.glob(f"{room}/templatetags/*.py"), *_ROOT.glob(f"{room}/rows.py")]
    for path in [*templates, *tags]:
        text = path.read_text(encoding="utf-8")
        found = re.findall(r'\bclass="((?:\{%.*?%\}|[^"])*)"', text)
        found += re.findall(r"\{% block (?:body|main)_class %\}([^{}]+)\{% endblock %\}", text)
        for value in found:
            plain = re.sub(r"\{\{.*?\}\}", "*", re.sub(r"\{%.*?%\}", " ", value)).replace("{}", " icon--*")
            used.setdefault(path.name, set()).update(plain.split())
    for path in _ROOT.glob(f"{room}/static/**/*.js"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"className(?::| =) [\"`](.*?)[\"`]", text)
        found += re.findall(r"classList\.\w+\(\"([^\"]+)\"", text)
        found += [part + "*" for part in re.findall(r"`([\w-]+--)\$\{", text)]
        for value in found:
            plain = re.sub(r"\$\{.*?\}", "*", value).split()
            used.setdefault(path.name, set()).update(name for name in plain if re.fullmatch(r"[\w*-]+", name))
    return used


def _classes(*rooms: str) -> set[str]:
    return {name for room in rooms for names in _used(room).values() for name in names} - {"*"}


def _selected_by_scripts() -> set[str]:
    texts = (
        path.read_text(encoding="utf-8") for room in _ROOMS for path in _ROOT.glob(f"{room}/static/**/*.js")
    )
    return {name for text in texts for name in re.findall(r"querySelector(?:All)?\(\"\.([\w-]+)", text)}


def _styled(*rooms: str) -> set[str]:
    return {
        name for path in _SHEETS if _room(path) in rooms for rule in _sheet(path) for name in rule.classes
    }


def _linked() -> dict[str, set[str]]:
    """Rooms by the sheet that their templates link."""
    linked: dict[str, set[str]] = {}
    for path in _TEMPLATES:
        for name in re.findall(
            r"(?:static '|get_static_prefix %\})([\w/-]+\.css)", path.read_text(encoding="utf-8")
        ):
            linked.setdefault(name, set()).add(_room(path))
    return linked


def test_the_walk_finds_the_sheets():
    assert len(_SHEETS) > 50
    assert {"web", "public", "desk", "reports"} <= {_room(path) for path in _SHEETS}
    assert sum(len(_sheet(path)) for path in _SHEETS) > 400


@pytest.mark.parametrize("path", [path for path in _SHEETS if path != _TOKENS], ids=_name)
def test_a_sheet_is_written_in_the_words_of_the_design(path: Path):
    tokens = _tokens()
    said = []
    for rule in _sheet(path):
        for name, value in rule.declarations:
            if _COLOUR.search(value):
                said.append(f"{rule.selector}: {name}: {value} names a colour")
            for properties, family in _FAMILIES.items():
                if not re.fullmatch(properties, name):
                    continue
                for raw in _NUMBER.findall(value):
                    said += [
                        f"{rule.selector}: {name}: {value} is --{token}"
                        for token, meant in tokens.items()
                        if re.fullmatch(family, token) and _measure(meant) == _measure(raw) and _measure(raw)
                    ]
    assert said == []


def test_every_word_of_the_design_is_said():
    used = {name for path in _SHEETS for name in re.findall(r"var\(--([\w-]+)", path.read_text("utf-8"))}
    assert set(_tokens()) - used == set()


def test_pages_change_at_the_widths_that_have_a_name():
    widths = set(re.findall(r"\(min-width: ([\d.]+rem)\)", _TOKENS.read_text(encoding="utf-8")))
    assert len(widths) == 4
    for path in _SHEETS:
        for rule in _sheet(path):
            for query in rule.media:
                asked = re.findall(r"\(([\w-]*(?:width|size)): ([^)]+)\)", query)
                assert all(feature == "min-width" and width in widths for feature, width in asked), (
                    _name(path),
                    query,
                )


@pytest.mark.parametrize("room", _ROOMS)
def test_what_a_room_s_pages_are_made_of_has_a_rule_there_or_in_web(room: str):
    # The scripts of web make parts of the pages of other rooms, which dress them.
    known = _styled(*_ROOMS) if room == "web" else _styled(room, "web")
    blocks = {re.split("__|--", name)[0] for name in known}
    bare = {
        name
        for name in _classes(room)
        if name not in blocks and not any(fnmatchcase(one, name) for one in known)
    }
    assert bare - _NAMES_ALONE - _selected_by_scripts() == set()


@pytest.mark.parametrize("path", _SHEETS, ids=_name)
def test_no_rule_dresses_nothing(path: Path):
    used = _classes(*_ROOMS) if _room(path) == "web" else _classes(_room(path), "web")
    dead = {
        name
        for rule in _sheet(path)
        for name in rule.classes
        if not any(fnmatchcase(name, one) for one in (*used, *_OF_PACKAGES))
    }
    assert dead == set()


@pytest.mark.parametrize("path", [path for path in _SHEETS if _room(path) == "web"], ids=_name)
def test_what_web_dresses_is_of_web_or_of_several_rooms(path: Path):
    classes = {name for rule in _sheet(path) for name in rule.classes}
    rooms = {room for room in _ROOMS if classes & _classes(room)}
    assert "web" in rooms or len(rooms) != 1


def test_every_sheet_is_linked_from_its_room_and_by_it():
    linked = _linked()
    reached = set()
    for name, rooms in linked.items():
        owner = name.split("/")[0]
        assert owner in {"web", *rooms}, name
        assert len(rooms) == 1 or owner == "web", name
        reached |= set(parts(name, source))
    assert {_name(path) for path in _SHEETS} - reached == set()
    assert reached == set(reached) & {_name(path) for path in _SHEETS}


def test_no_page_asks_for_more_than_four_sheets():
    for path in _TEMPLATES:
        assert _linked_with_what_it_extends(path) <= 4, path


def _linked_with_what_it_extends(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    extended = re.search(r'\{% extends "([^"]+)" %\}', text)
    below = next(_ROOT.glob(f"*/templates/{extended[1]}"), None) if extended else None
    return text.count('rel="stylesheet"') + (_linked_with_what_it_extends(below) if below else 0)


@pytest.mark.parametrize("name", sorted(_linked()))
def test_a_sheet_is_put_together_of_its_parts_once_each(name: str):
    text = whole(name, source)
    assert "@import" not in text
    assert "url(" not in text  # it would be sought from the sheet's folder, not from the part's
    names = list(parts(name, source))
    assert len(names) == len(set(names))
    for part in names[1:]:
        assert source(part).strip() in text


def test_collected_sheets_are_whole_under_both_their_names_and_follow_their_parts(tmp_path: Path):
    rooms, collected = tmp_path / "rooms", tmp_path / "collected"
    for name, text in {
        "web/css/site.css": '/* Every page */\n\n@import "tokens.css";\n@import "parts/card.css";\n',
        "web/css/tokens.css": ":root {\n  --a: 1px;\n}\n",
        "web/css/parts/card.css": ".card {\n  color: red;\n}\n",
    }.items():
        (rooms / name).parent.mkdir(parents=True, exist_ok=True)
        (rooms / name).write_text(text, encoding="utf-8")

    def collect() -> str:
        storage = StaticFiles(location=str(collected), base_url="/static/")
        sources = finders.FileSystemStorage(location=str(rooms))
        paths = {path.relative_to(rooms).as_posix(): sources for path in rooms.rglob("*.css")}
        for name, where in paths.items():
            if not storage.exists(name):  # as collectstatic does: what is there already is not copied again
                storage.save(name, where.open(name))
        done = {
            name: hashed for name, hashed, _ in storage.post_process({n: (s, n) for n, s in paths.items()})
        }
        assert (collected / "web/bundles/site.js").read_bytes() == made("site")
        (packed,) = (collected / "web/bundles").glob("site.*.js.br")
        assert brotli.decompress(packed.read_bytes()) == made("site")
        plain = (collected / "web/css/site.css").read_text(encoding="utf-8")
        assert (collected / done["web/css/site.css"]).read_text(encoding="utf-8") == plain
        return plain

    assert collect() == "/* Every page */\n\n:root {\n  --a: 1px;\n}\n.card {\n  color: red;\n}\n"
    (rooms / "web/css/parts/card.css").write_text(".card {\n  color: blue;\n}\n", encoding="utf-8")
    assert "blue" in collect()


@pytest.mark.django_db
def test_a_device_keeps_the_sheets_of_the_residents_pages(client: Client):
    page = client.get(reverse("public:appeal-new")).content.decode()
    linked = re.findall(r'rel="stylesheet" href="/static/([^"]+)"', page)
    assert "public/css/form.css" in linked
    assert set(linked) <= set(offline.kept())
    assert all(finders.find(name) for name in offline.kept())


@pytest.mark.django_db
def test_what_the_browser_is_told_of_colours_is_what_the_tokens_say(client: Client):
    page = client.get(reverse("public:about")).content.decode()
    named = re.findall(r'name="theme-color" content="(#\w+)" media="\(prefers-color-scheme: (\w+)\)"', page)
    dark = dict(next(r for r in _sheet(_TOKENS) if any("dark" in media for media in r.media)).declarations)
    assert {scheme: colour for colour, scheme in named} == {
        "light": _tokens()["surface"],
        "dark": dark["--surface"],
    }
    manifest = client.get(reverse("manifest")).json()
    assert (manifest["background_color"], manifest["theme_color"]) == (
        _tokens()["paper"],
        _tokens()["accent"],
    )


def test_every_drawing_that_a_page_names_is_drawn() -> None:
    """One that is not leaves a gap beside the words, and nothing says so."""
    drawn = set(
        re.findall(r'<symbol id="([\w-]+)"', (_ROOT / "web/static/web/img/icons.svg").read_text("utf-8"))
    )
    named = {
        (path.name, name)
        for path in _TEMPLATES
        for name in re.findall(r'{% icon "([\w-]+)"', path.read_text(encoding="utf-8"))
    }
    assert named
    assert {(page, name) for page, name in named if name not in drawn} == set()
