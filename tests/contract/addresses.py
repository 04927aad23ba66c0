"""Every address of the site, found in the URL configuration itself, so that none is forgotten."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import quote

from django.forms.forms import BaseForm
from django.http import QueryDict
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django.utils.regex_helper import normalize

from web.api.problems import API_PATHS

#: Machinery of the API page; not the city's data.
_OF_THE_DOCUMENT = {"/api/schema/", "/api/docs/"}


@dataclass(frozen=True)
class Address:
    """One address: its path with parameters in braces, and where it stands among the names of the URL configuration.

    A path with a language in it is that of the English page: the languages differ in words alone.
    """

    path: str
    name: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return self.path

    @property
    def of_the_admin(self) -> bool:
        return self.path.startswith("/en/admin/")

    @property
    def of_the_api(self) -> bool:
        return self.path.startswith(API_PATHS)

    def filled(self, values: Mapping[str, object]) -> str:
        """The path with the parameters' values; one that is missing is a failure, so that nobody forgets it."""
        missing = [name for name in self.parameters if name not in values]
        assert not missing, f"{self.path}: tell tests/contract what stands for {missing}"
        return self.path.format(**{name: quote(str(values[name])) for name in self.parameters})


@cache
def all_addresses() -> tuple[Address, ...]:
    """Pages, files, machinery, API and admin."""
    return tuple(sorted(set(_walk(get_resolver().url_patterns, "/", "")), key=str))


def templates() -> set[str]:
    """Paths of the API, parameters in braces."""
    return {address.path for address in all_addresses() if address.of_the_api} - _OF_THE_DOCUMENT


def _walk(patterns: list[URLPattern | URLResolver], before: str, namespace: str) -> Iterator[Address]:
    for pattern in patterns:
        for path in _paths(pattern):
            if isinstance(pattern, URLResolver):
                below = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from _walk(pattern.url_patterns, before + path, below)
            else:
                names = tuple(dict.fromkeys(re.findall(r"{(\w+)}", before + path)))
                yield Address(before + path, f"{namespace}{pattern.name or ''}", names)


def _paths(pattern: URLPattern | URLResolver) -> Iterator[str]:
    if isinstance(pattern.pattern, LocalePrefixPattern):
        yield "en/"
        return
    for form, _names in normalize(pattern.pattern.regex.pattern):
        yield re.sub(r"%\((\w+)\)s", r"{\1}", form)


class Asked:
    """Which parameters a request was asked for while it was answered; ``everything`` when all were taken at once."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.everything = False

    def known(self, otherwise: Iterable[str]) -> set[str]:
        """The names that were asked for, and the others when the view took all that came."""
        return self.names | (set(otherwise) if self.everything else set())


@contextlib.contextmanager
def asking(member: str) -> Iterator[Asked]:
    """Listens which names the views read of ``request.GET`` ("GET") or of the form that was sent ("POST")."""
    asked = Asked()
    # Where Django makes them: of the address; of a form, and of one with files.
    made = {
        "GET": ["django.core.handlers.wsgi.QueryDict"],
        "POST": ["django.http.request.QueryDict", "django.http.QueryDict"],
    }[member]

    class Listening(QueryDict):
        def __getitem__(self, key: Any) -> Any:
            asked.names.add(str(key))
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            asked.names.add(str(key))
            return super().__contains__(key)

        def get(self, key: Any, default: Any = None) -> Any:
            asked.names.add(str(key))
            return super().get(key, default)

        def getlist(self, key: Any, default: Any = None) -> Any:
            asked.names.add(str(key))
            return super().getlist(key, default)

        def dict(self) -> Any:
            asked.everything = True
            return super().dict()

        def items(self) -> Any:
            asked.everything = True
            return super().items()

        def __iter__(self) -> Any:
            asked.everything = True
            return super().__iter__()

        def keys(self) -> Any:
            asked.everything = True
            return super().keys()

    clean = BaseForm.full_clean

    def full_clean(form: BaseForm) -> None:
        if form.is_bound:
            asked.names |= {form.add_prefix(name) for name in form.fields}
        clean(form)

    with contextlib.ExitStack() as stack:
        # A form may be given a copy of what came, so that the fields tell better than the copying.
        stack.enter_context(mock.patch.object(BaseForm, "full_clean", full_clean))
        for place in made:
            stack.enter_context(mock.patch(place, Listening))
        yield asked
