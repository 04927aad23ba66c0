"""Errors of the API as RFC 9457 problem documents, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.views import exception_handler as drf_handler

from rates.taking import TooMany
from web.limits import refused

PROBLEM_TYPE = "application/problem+json"

Errors = Mapping[str, Sequence[str]]

#: Beginnings of the addresses that programs read.
API_PATHS = ("/api/", "/data/", "/ogc/", "/tiles/")

#: Headers that speak of the answer that a problem replaces; all others hold for the problem too.
_OF_THE_PAGE = {"content-type", "content-length", "content-disposition", "etag", "last-modified"}


def problem_document(
    status: int, title: str, *, detail: str = "", errors: Errors | None = None
) -> dict[str, Any]:
    """Members of a problem document (RFC 9457, 3.1); ``errors`` maps parameters or fields to sentences."""
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(status)}
    if detail:
        document["detail"] = detail
    if errors:
        document["errors"] = {name: list(sentences) for name, sentences in errors.items()}
    return document


def problem(status: int, title: str, *, detail: str = "", errors: Errors | None = None) -> HttpResponse:
    """A problem as the answer of a plain Django view."""
    body = orjson.dumps(problem_document(status, title, detail=detail, errors=errors))
    return HttpResponse(body, status=status, content_type=PROBLEM_TYPE)


def bad_parameters(errors: Errors) -> HttpResponse:
    """400 for query parameters that mean nothing."""
    refused = parameters_refused(errors)
    return HttpResponse(orjson.dumps(refused.document), status=refused.status_code, content_type=PROBLEM_TYPE)


def busy(retry_after_s: int) -> HttpResponse:
    """503 for what cannot be made just now, and when to come again."""
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, _title_of(HTTPStatus.SERVICE_UNAVAILABLE))
    answer["Retry-After"] = str(retry_after_s)
    return answer


class Problem(exceptions.APIException):
    """Raised in a djangorestframework view; becomes a problem document."""

    def __init__(
        self,
        status: int,
        title: str,
        *,
        detail: str = "",
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status_code = int(status)
        self.document = problem_document(status, title, detail=detail, errors=errors)
        self.headers = dict(headers or {})


def parameters_refused(errors: Errors) -> Problem:
    """400 for query parameters that mean nothing, to be raised in a djangorestframework view."""
    return Problem(HTTPStatus.BAD_REQUEST, _("Some parameters cannot be understood."), errors=errors)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """djangorestframework's exception handler: every error that it knows, as a problem document.

    Written here and not by the view's renderer, which may know YAML or HTML alone.
    """
    if isinstance(error, TooMany):
        document = problem_document(HTTPStatus.TOO_MANY_REQUESTS, str(error))
        if error.challenge is not None:
            document["challenge"] = error.challenge
        answer = HttpResponse(orjson.dumps(document), content_type=PROBLEM_TYPE)
        return refused(answer, error)
    if isinstance(error, Problem):
        body, status, headers = error.document, error.status_code, error.headers
    else:
        known = drf_handler(error, context)
        if known is None:
            return None
        if isinstance(error, exceptions.ValidationError):
            title, errors = _("Some fields need correction."), _flat(error.detail)
        else:
            title, errors = _title(error), None
        body, status = problem_document(known.status_code, title, errors=errors), known.status_code
        headers = dict(known.headers)
    return HttpResponse(
        orjson.dumps(body),
        status=status,
        content_type=PROBLEM_TYPE,
        headers={name: value for name, value in headers.items() if name.lower() not in _OF_THE_PAGE},
    )


class ApiProblems:
    """Middleware: an error below one of ``API_PATHS`` that Django answered with a page becomes a problem document.

    So it is with an unknown address, a wrong method, a broken view: whatever djangorestframework never saw. While
    debugging, the page of a broken view stays: it is what the developer needs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        status = answer.status_code
        if (
            status < HTTPStatus.BAD_REQUEST
            or not request.path_info.startswith(API_PATHS)
            or answer.headers.get("Content-Type", "").startswith(PROBLEM_TYPE)
            or (settings.DEBUG and status == HTTPStatus.INTERNAL_SERVER_ERROR)
        ):
            return answer
        answer_as_problem = problem(status, _title_of(status))
        for name, value in answer.headers.items():
            if name.lower() not in _OF_THE_PAGE:
                answer_as_problem[name] = value
        # It was logged where it happened.
        answer_as_problem._has_been_logged = True  # type: ignore[attr-defined]
        return answer_as_problem


def _title_of(status: int) -> str:
    match status:
        case HTTPStatus.FORBIDDEN:
            return _("You may not see or do this.")
        case HTTPStatus.NOT_FOUND:
            return _("There is nothing at this address.")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return _("This address does not take that method.")
        case HTTPStatus.LENGTH_REQUIRED:
            return _("The length of what is sent must be told first.")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return _("What was sent is too large.")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return _("This cannot be answered just now. Please try again in half a minute.")
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _("Something broke here. Please try again a little later.")
        case _:
            return _("This request cannot be understood.")


def _title(error: Exception) -> str:
    if isinstance(error, Http404 | exceptions.NotFound):
        return _title_of(HTTPStatus.NOT_FOUND)
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return _title_of(HTTPStatus.FORBIDDEN)
    if isinstance(error, exceptions.MethodNotAllowed):
        return _title_of(HTTPStatus.METHOD_NOT_ALLOWED)
    return str(error)


def _flat(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, dict):
        return {
            str(name): [str(part) for part in (value if isinstance(value, list) else [value])]
            for name, value in detail.items()
        }
    return {"": [str(part) for part in (detail if isinstance(detail, list) else [detail])]}
