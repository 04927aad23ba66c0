"""A room's messages: those its code and templates use, and their translations in its catalogues.

GNU gettext is not needed: Babel's extractor reads Python, and Django's own ``templatize`` reads templates, so
that the identifiers are exactly those Django looks up at run time.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

#: Functions that take messages, and in which of their arguments ("c" marks the context).
_LAZY = ("", "_lazy")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext_noop": None,
    **{f"gettext{end}": None for end in _LAZY},
    **{f"ngettext{end}": (1, 2) for end in _LAZY},
    **{f"pgettext{end}": ((1, "c"), 2) for end in _LAZY},
    **{f"npgettext{end}": ((1, "c"), 2, 3) for end in _LAZY},
}

#: Exceptions to Babel's rules from CLDR: Kyrgyz nouns keep one form after a number, as in Django's own Kyrgyz
#: catalogue.
PLURALS = {"ky": "nplurals=1; plural=0;"}

_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"(?<![\w.])(_|n?p?gettext)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)")


class Key(NamedTuple):
    """What gettext looks a message up by, with the plural given in the source."""

    context: str | None
    singular: str
    plural: str | None


@dataclass(frozen=True)
class Problem:
    """A message that readers would not see in their language, or that is no longer used."""

    catalogue: Path
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.catalogue}: {self.kind}: {self.message!r}"


def messages_used(room: Path, root: Path) -> dict[Key, list[str]]:
    """Every message in the room's code and templates, with the files (relative to ``root``) that use it."""
    found: dict[Key, list[str]] = {}
    for path in sorted(room.rglob("*")):
        relative = path.relative_to(root)
        if "migrations" in relative.parts or "static" in relative.parts or "locale" in relative.parts:
            continue
        for key in messages_of(path):
            files = found.setdefault(key, [])
            if relative.as_posix() not in files:
                files.append(relative.as_posix())
    return found


def messages_of(path: Path) -> Iterator[Key]:
    """Messages of one Python file or template; nothing for any other file."""
    if path.suffix == ".py":
        yield from messages_of_python(path.read_bytes())
    elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
        yield from messages_of_template(path.read_text(encoding="utf-8"), str(path))


def messages_of_python(source: bytes) -> Iterator[Key]:
    """Messages of Python source, in order."""
    for _, ids, _, context in extract("python", io.BytesIO(source), KEYWORDS, options={"encoding": "utf-8"}):
        singular, plural = (ids[0], ids[1]) if isinstance(ids, tuple) else (ids, None)
        if singular:
            yield Key(context, singular, plural)


def messages_of_template(source: str, origin: str) -> Iterator[Key]:
    """Messages of a Django template, in order: translate, blocktranslate (plural, context, trimmed) and ``_()``."""
    for function, arguments in _CALL.findall(templatize(source, origin)):
        texts = [ast.literal_eval(literal) for literal in re.findall(_LITERAL, arguments)]
        context = texts.pop(0) if function.endswith("pgettext") else None
        if texts and texts[0]:
            yield Key(context, texts[0], texts[1] if function.startswith("n") else None)


def read_catalogue(path: Path, language: str) -> Catalog:
    """The file's catalogue, or an empty one for the language if there is no file."""
    if not path.exists():
        catalogue = Catalog(locale=language)
        if language in PLURALS:
            catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
        return catalogue
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def problems(path: Path, catalogue: Catalog, used: dict[Key, list[str]]) -> Iterator[Problem]:
    """What keeps pages from being entirely in the catalogue's language.

    Missing: used but not translated, or not in every plural form. Fuzzy: translated by a guess. Wrong:
    placeholders do not match. Obsolete: translated but not used.
    """
    for key in used:
        message = catalogue.get(key.singular, key.context)
        if message is None or not _translated(message, catalogue, key):
            yield Problem(path, "missing", key.singular)
        elif message.fuzzy:
            yield Problem(path, "fuzzy", key.singular)
        else:
            for error in message.check(catalogue):
                yield Problem(path, f"wrong ({error})", key.singular)
    known = {(key.context, key.singular) for key in used}
    for message in catalogue:
        if message.id and (message.context, _singular(message)) not in known:
            yield Problem(path, "obsolete", _singular(message))
    for message in catalogue.obsolete.values():
        yield Problem(path, "obsolete", _singular(message))


def updated(catalogue: Catalog, language: str, used: dict[Key, list[str]], *, prune: bool) -> Catalog:
    """A catalogue of exactly the used messages, sorted by file and text, with the old one's translations.

    Translations that are no longer used are kept as obsolete, unless ``prune``.
    """
    fresh = Catalog(locale=language)
    fresh.mime_headers = [("Plural-Forms", catalogue.plural_forms)]
    kept = set()
    for key, files in sorted(
        used.items(), key=lambda item: (item[1][0], item[0].singular, item[0].context or "")
    ):
        old = catalogue.get(key.singular, key.context) or catalogue.obsolete.get(
            _obsolete_key(catalogue, key)
        )
        identifier = (key.singular, key.plural) if key.plural else key.singular
        comments, flags = (
            (old.user_comments, old.flags - {"python-format", "python-brace-format"}) if old else ((), ())
        )
        fresh.add(
            identifier,
            _string(old, key, fresh.num_plurals),
            locations=[(file, 0) for file in files],
            flags=flags,
            user_comments=comments,
            context=key.context,
        )
        kept.add((key.context, key.singular))
    if not prune:
        for old in [*catalogue, *catalogue.obsolete.values()]:
            if old.id and old.string and (old.context, _singular(old)) not in kept:
                old.locations = []
                fresh.obsolete[fresh._key_for(old.id, old.context)] = old
    return fresh


def text_of(catalogue: Catalog, language: str) -> str:
    """The catalogue as a .po file: only the headers gettext reads, no dates, no line numbers."""
    header = (
        f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, include_lineno=False)
    return header + body.getvalue().decode("utf-8").strip("\n") + "\n"


def plural_forms(language: str) -> str:
    """The Plural-Forms header for a new catalogue of the language."""
    return PLURALS.get(language) or str(get_plural(language))


def _translated(message: Message, catalogue: Catalog, key: Key) -> bool:
    if key.plural is None:
        return isinstance(message.string, str) and bool(message.string)
    return (
        isinstance(message.string, Sequence)
        and len(message.string) == catalogue.num_plurals
        and all(message.string)
    )


def _string(old: Message | None, key: Key, forms: int) -> str | tuple[str, ...]:
    if key.plural is None:
        return old.string if old and isinstance(old.string, str) else ""
    if old and isinstance(old.string, (tuple, list)):
        return tuple(old.string)
    return ("",) * forms


def _singular(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def _obsolete_key(catalogue: Catalog, key: Key) -> str | tuple[str, str]:
    return catalogue._key_for(key.singular, key.context)
