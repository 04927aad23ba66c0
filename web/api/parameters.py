"""What may stand after the ``?`` of an address of the API: what its document describes, each once and filled in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import activate
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from geo.refusals import Errors
from web.api.problems import bad_parameters
from web.parameters import unknown

Method = TypeVar("Method", bound=Callable[..., Any])


def takes(*parameters: OpenApiParameter) -> Callable[[Method], Method]:
    """Decorator of a method of the API: in its address stand these parameters and no others behind the ``?``."""

    def declare(method: Method) -> Method:
        asked = {one.name: one for one in parameters if one.location == OpenApiParameter.QUERY}
        method.takes = asked  # type: ignore[attr-defined]
        return method

    return declare


class KnownParameters:
    """Middleware: 400 for a request to the API whose parameters are not those of its document, or are empty, or repeated.

    All is said in the language that ``lang`` asks for, where an address takes it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The refusal; None where there is nothing to refuse."""
        method = "get" if request.method == "HEAD" else str(request.method).lower()
        declared = getattr(getattr(getattr(view, "cls", None), method, None), "takes", None)
        if declared and "lang" in declared and request.GET.get("lang") in dict(settings.LANGUAGES):
            # Whatever else is wrong is said in it.
            activate(request.GET["lang"])
        errors = _errors(request.GET, declared) if declared is not None else {}
        return bad_parameters(errors) if errors else None


def _errors(query: QueryDict, declared: dict[str, OpenApiParameter]) -> Errors:
    errors = unknown(query, declared)
    for name, parameter in declared.items():
        if parameter.required and name not in dict(query.lists()):
            errors[name] = [_("This must be given.")]
    for name, values in query.lists():
        if name not in declared:
            continue
        if len(values) > 1:
            errors[name] = [_("This is given more than once.")]
        elif not values[0].strip() and "" not in (declared[name].enum or ()):
            errors[name] = [_("This is empty. Leave it out, or give it a value.")]
    return errors
