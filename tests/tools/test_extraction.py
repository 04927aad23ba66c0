"""Extraction of messages and the catalogues that translate them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from bootstrap import catalogues
from tools import extraction
from tools.extraction import Key

TEMPLATE = """\
{% load i18n %}{# Translators: a comment #}
<p title="{% translate "Map of the city" %}">{{ _("It's here") }} {{ value|default:_("none") }}</p>
{% translate "May" context "month name" %}
{% blocktranslate trimmed with name=city.name %}
  Appeals of
  {{ name }}: 100%
{% endblocktranslate %}
{% blocktranslate count days=left context "term" %}One day{% plural %}{{ days }} days{% endblocktranslate %}
{% url 'public:map' as map %}{% if x == _("other") %}Plain 'text' with _("no call"?{% endif %}
{% comment %} {% translate "Never shown" %} {% endcomment %}
"""

SOURCE = b"""\
from django.utils.translation import gettext as _, gettext_lazy, ngettext, npgettext_lazy, pgettext
first = _("First")
second = gettext_lazy(
    "Second, "
    "in two parts"
)
third = ngettext("%(n)d photo", "%(n)d photos", n)
fourth = pgettext("verb", "Open")
fifth = npgettext_lazy("term", "One day", "%(days)d days", "days")
dynamic = _(name)
"""


def test_messages_of_a_template():
    assert list(extraction.messages_of_template(TEMPLATE, "page.html")) == [
        Key(None, "Map of the city", None),
        Key(None, "It's here", None),
        Key(None, "none", None),
        Key("month name", "May", None),
        Key(None, "Appeals of %(name)s: 100%%", None),
        Key("term", "One day", "%(days)s days"),
        Key(None, "other", None),
    ]


def test_messages_of_python():
    assert list(extraction.messages_of_python(SOURCE)) == [
        Key(None, "First", None),
        Key(None, "Second, in two parts", None),
        Key(None, "%(n)d photo", "%(n)d photos"),
        Key("verb", "Open", None),
        Key("term", "One day", "%(days)d days"),
    ]


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "parks"
    (folder / "templates" / "parks").mkdir(parents=True)
    (folder / "templates" / "parks" / "page.html").write_text('{% translate "Bench" %}{% translate "Tree" %}')
    (folder / "models.py").write_text('a = _("Tree")\nb = ngettext("%(n)d tree", "%(n)d trees", n)\n')
    (folder / "static").mkdir()
    (folder / "static" / "ignored.py").write_text('_("Not shown")')
    return folder


def update(room: Path, language: str, *, prune: bool = False) -> tuple[str, list[str]]:
    """Text of the room's catalogue after an update, and the kinds and messages of its problems."""
    path = room / "locale" / language / "LC_MESSAGES" / "django.po"
    used = extraction.messages_used(room, room.parent)
    catalogue = extraction.updated(extraction.read_catalogue(path, language), language, used, prune=prune)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(extraction.text_of(catalogue, language))
    found = extraction.problems(path, extraction.read_catalogue(path, language), used)
    return path.read_text(), [f"{problem.kind}: {problem.message}" for problem in found]


def translate(room: Path, language: str, **words: str) -> None:
    path = room / "locale" / language / "LC_MESSAGES" / "django.po"
    text = path.read_text()
    for message, translation in words.items():
        text = text.replace(f'msgid "{message}"\nmsgstr ""', f'msgid "{message}"\nmsgstr "{translation}"')
    path.write_text(text)


def test_new_catalogue_is_plain_and_everything_is_missing(room: Path):
    text, found = update(room, "ky")
    assert found == ["missing: Tree", "missing: %(n)d tree", "missing: Bench"]
    assert "POT-Creation-Date" not in text
    assert '"Plural-Forms: nplurals=1; plural=0;\\n"' in text
    assert "#: parks/models.py parks/templates/parks/page.html\n" in text


def test_translations_stay_and_a_second_update_changes_nothing(room: Path):
    update(room, "ru")
    translate(room, "ru", Bench="Скамейка", Tree="Дерево")
    once, found = update(room, "ru")
    assert found == ["missing: %(n)d tree"]
    assert 'msgid "Bench"\nmsgstr "Скамейка"' in once
    assert update(room, "ru")[0] == once


def test_plural_needs_every_form(room: Path):
    text, _ = update(room, "ru")
    path = room / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    forms = ("%(n)d дерево", "%(n)d дерева", "")
    for number, form in enumerate(forms):
        text = text.replace(f'msgstr[{number}] ""', f'msgstr[{number}] "{form}"')
    path.write_text(text)
    assert "missing: %(n)d tree" in update(room, "ru")[1]
    path.write_text(path.read_text().replace('msgstr[2] ""', 'msgstr[2] "%(n)d деревьев"'))
    assert "missing: %(n)d tree" not in update(room, "ru")[1]


def test_obsolete_is_kept_until_pruned_and_can_come_back(room: Path):
    update(room, "ky")
    translate(room, "ky", Bench="Отургуч")
    page = room / "templates" / "parks" / "page.html"
    with_bench = page.read_text()
    page.write_text('{% translate "Tree" %}')
    text, found = update(room, "ky")
    assert "obsolete: Bench" in found
    assert '#~ msgid "Bench"' in text
    page.write_text(with_bench)
    text, found = update(room, "ky")
    assert 'msgid "Bench"\nmsgstr "Отургуч"' in text
    assert "obsolete: Bench" not in found
    page.write_text('{% translate "Tree" %}')
    text, found = update(room, "ky", prune=True)
    assert "Bench" not in text
    assert "obsolete: Bench" not in found


def test_fuzzy_and_disagreeing_placeholders_are_problems(room: Path):
    (room / "models.py").write_text('a = _("Hello %(name)s")')
    update(room, "ky")
    translate(room, "ky", **{"Hello %(name)s": "Салам %(nam)s", "Bench": "Отургуч", "Tree": "Дарак"})
    path = room / "locale" / "ky" / "LC_MESSAGES" / "django.po"
    path.write_text(path.read_text().replace('msgid "Tree"', '#, fuzzy\nmsgid "Tree"'))
    used = extraction.messages_used(room, room.parent)
    found = list(extraction.problems(path, extraction.read_catalogue(path, "ky"), used))
    kinds = {problem.message: problem.kind for problem in found}
    assert kinds["Tree"] == "fuzzy"
    assert kinds["Hello %(name)s"].startswith("wrong")
    assert "Bench" not in kinds


def test_compiled_only_when_stale(room: Path):
    update(room, "ky")
    root = room.parent
    assert catalogues.stale(root) == catalogues.sources(root)
    assert len(catalogues.compile_stale(root)) == 1
    assert catalogues.compile_stale(root) == []


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_what_two_rooms_say_they_say_alike(language: str) -> None:
    """All catalogues are one when a page is read: of two translations one is shown in both places, by the order of rooms."""
    said: dict[tuple[object, object], set[object]] = defaultdict(set)
    for source in catalogues.sources(settings.BASE_DIR):
        if source.parent.parent.name == language:
            with source.open("rb") as file:
                for message in read_po(file, locale=language):
                    if message.id and message.string:
                        said[message.context, message.id].add(message.string)
    assert {key: words for key, words in said.items() if len(words) > 1} == {}
