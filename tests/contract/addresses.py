"""Every address of the API that can be read, found in the URL configuration itself, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

#: Machinery of the API page; not the city's data.
_OF_THE_DOCUMENT = {"/api/schema/", "/api/docs/"}


def templates() -> set[str]:
    """Paths below ``/api/`` as they stand in the URL configuration, parameters in angle brackets."""
    return {
        path for path in _walk(get_resolver().url_patterns, "/") if path.startswith("/api/")
    } - _OF_THE_DOCUMENT


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if str(pattern.pattern).startswith("^") or not hasattr(pattern.pattern, "_route"):
                continue
            yield from _walk(pattern.url_patterns, path)
        else:
            yield path


def concrete(**values: object) -> set[str]:
    """The same paths with the values put in by the parameters' names; a path that asks for another one fails."""
    found = set()
    for template in templates():
        path = template
        for name, value in values.items():
            for converter in ("uuid", "int", "str", "slug"):
                path = path.replace(f"<{converter}:{name}>", str(value))
        assert "<" not in path, f"{template}: tell this test what stands for its parameters"
        found.add(path)
    return found
