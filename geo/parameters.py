"""Refusal of query parameters, and the parameters that every list of the API has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1_000


class ParametersRefused(ValueError):
    """Values that mean nothing; ``errors`` maps the parameter to sentences in the reader's language."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(errors)
        self.errors = {name: list(sentences) for name, sentences in errors.items()}


def known_only(query: Iterable[str], allowed: Iterable[str]) -> None:
    """Raises ``ParametersRefused`` for a parameter that is not allowed (OGC API Features Part 1, 7.6).

    A misspelt filter would otherwise give everything, and nobody would notice.
    """
    allowed = frozenset(allowed)
    unknown = [name for name in query if name not in allowed]
    if unknown:
        sentence = _("There is no such parameter. Known: %(names)s.") % {"names": ", ".join(sorted(allowed))}
        raise ParametersRefused({name: [sentence] for name in unknown})


def whole_number(query: Mapping[str, str], name: str, *, least: int, most: int, otherwise: int) -> int:
    """The parameter's value; ``otherwise`` when it is absent. Raises ``ParametersRefused``."""
    text = query.get(name, "").strip()
    if not text:
        return otherwise
    # Length first: int() of a million digits takes its time.
    if len(text) <= 9 and text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise ParametersRefused(
        {name: [_("A whole number from %(least)d to %(most)d is needed.") % {"least": least, "most": most}]}
    )


def page_size(query: Mapping[str, str]) -> int:
    """Value of ``page_size``. Raises ``ParametersRefused``."""
    return whole_number(query, "page_size", least=1, most=PAGE_SIZE_MAX, otherwise=PAGE_SIZE)
