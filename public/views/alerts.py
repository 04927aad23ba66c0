"""Being told of new appeals at a place: what is asked, by which ways one hears of it, and the page of an alert's letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appeals.alerts.links import alert_of, path_of
from appeals.alerts.question import PARAMETERS, Question, parse_question, question_in
from appeals.intake.alerts import ask, ask_by_push, confirm
from appeals.limits import ADDRESS_MAX, ALERT_CONFIRM_DAYS, EMAIL_MAX
from appeals.notify.web_push import public_key
from districts import choices
from districts.choices import Choice
from districts.models import Place
from districts.streets import Street, all_streets, find_streets
from geo.drawn import REACH_MAX_M, REACH_MIN_M, TEXT_MAX, Shape, place_from_text
from geo.refusals import Refusals, Refused
from public.key_addresses import guarded
from public.views.confirmed import pressed
from rates.senders import sender_of
from rates.taking import TooMany
from web.limits import refused
from web.links import public_link
from web.parameters import left_out
from web.place_field import SeveralPlaces, degrees_of

#: Metres around a place that are offered.
_RADII_M: Final = (250, 500, 1_000, 2_000)
#: Days of which it is counted how many such appeals there were.
_COUNTED_DAYS: Final = 30
#: What the form sends, beside the categories.
_FIELDS: Final = (
    "where",
    "district",
    "along",
    "side_m",
    "place",
    "address",
    "coordinates",
    "lon",
    "lat",
    "radius_m",
    "shape",
    "reach_m",
    "corners",
)


@dataclass
class _Form:
    """What the form shows: what was given so far, what is wrong with it, the places to choose among."""

    values: Mapping[str, str]
    chosen: Sequence[str]
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    places: Sequence[Place] = ()
    streets: Sequence[Street] = ()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def alerts_page(request: HttpRequest) -> HttpResponse:
    """The form of a question; or, of a question in the address, how many such appeals there were, and the ways to hear of them.

    What the form sends leads to the address of its question. POST has an e-mail address asked whether it wants them.
    """
    given = request.GET
    if given.get("where"):
        return _from_form(request)
    if not any(name in given for name in PARAMETERS):
        return _page(request, _Form({"where": "district"}, []))
    try:
        question = parse_question(given, on_page=True)
    except Refused as refusal:
        return _page(request, _Form({"where": "district"}, [], refusal.errors), status=HTTPStatus.BAD_REQUEST)
    if request.method != "POST":
        return _page(request, _form_of(question), question=question)
    return _by_push(request, question) if request.POST.get("endpoint") else _asked(request, question)


def _from_form(request: HttpRequest) -> HttpResponse:
    """Leads to the address of the question that the form asks, or shows what is wrong with it."""
    values = {name: request.GET.get(name, "").strip() for name in _FIELDS}
    form = _Form(values, request.GET.getlist("category"))
    try:
        question = _read(form)
    except SeveralPlaces as refusal:
        form.errors, form.places = {"point": [str(refusal)]}, refusal.places
    except Refused as refusal:
        form.errors = refusal.errors
    else:
        return redirect(f"{reverse('public:alerts')}?{question.as_query()}")
    return _page(request, form, status=HTTPStatus.BAD_REQUEST)


def _read(form: _Form) -> Question:
    """The question of the form. Raises ``Refused`` with sentences by its fields; ``SeveralPlaces``."""
    values, refusals = form.values, Refusals()
    query = {"category": ",".join(form.chosen)}
    match values["where"]:
        case "district":
            if not values["district"]:
                refusals.add({"district": [_("Choose a district")]})
            query["district"] = values["district"]
        case "street":
            query |= {"street": _street(form, refusals), "radius_m": values["side_m"]}
        case "near":
            query |= {"near": ",".join(_point(values, refusals)), "radius_m": values["radius_m"]}
        case "drawn":
            query |= _drawn(values, refusals)
        case _:
            query["area"] = "city"
    refusals.check()
    return parse_question(query, on_page=True)


def _street(form: _Form, refusals: Refusals) -> str:
    """The code of the street that is named; of several that are called so, one is to be chosen."""
    found = find_streets(form.values["along"])
    if len(found) == 1:
        return found[0].code
    form.streets = found
    refusals.add(
        {
            "along": [
                _("Several streets are called so: choose one of them.")
                if found
                else _("There is no such street on the city's map. Write its name, or draw it.")
            ]
        }
    )
    return ""


def _point(values: Mapping[str, str], refusals: Refusals) -> tuple[str, ...]:
    try:
        return degrees_of(values)
    except SeveralPlaces:
        raise
    except ValueError as refusal:
        refusals.add({"point": [str(refusal)]})
        return ()


def _drawn(values: Mapping[str, str], refusals: Refusals) -> dict[str, str]:
    """The line or area of the form, as a question writes it."""
    shape = Shape.AREA if values["shape"] != Shape.LINE else Shape.LINE
    given = (shape, values["corners"], values["reach_m"])
    place = refusals.read(lambda written: place_from_text(*written), given, None)
    if place is None:
        return {}
    degrees = ",".join(f"{degree:.6f}" for corner in place.positions for degree in corner)
    return {shape.value: degrees, "radius_m": str(place.reach_m or "")}


def _form_of(question: Question) -> _Form:
    """The form that asks the question."""
    values = {
        "where": "city",
        "radius_m": str(question.radius_m or ""),
        "reach_m": str(question.radius_m or ""),
    }
    corners = "\n".join(f"{lat:.5f}, {lon:.5f}" for lon, lat in question.corners)
    if question.district:
        values |= {"where": "district", "district": question.district}
    elif question.street:
        along = all_streets()[question.street].name
        values |= {"where": "street", "along": along, "side_m": str(question.radius_m)}
    elif question.shape == Shape.POINT:
        values |= {"where": "near", "coordinates": corners}
    elif question.shape != Shape.NONE:
        values |= {"where": "drawn", "shape": question.shape.value, "corners": corners}
    return _Form(values, question.categories)


def _asked(request: HttpRequest, question: Question) -> HttpResponse:
    email, daily = request.POST.get("email", "").strip(), request.POST.get("often") == "daily"
    form = _form_of(question)
    given: dict[str, Any] = {"email": email, "daily": daily}
    try:
        ask(question, email, daily=daily, sender=sender_of(request))
    except Refused as refusal:
        errors = refusal.errors["email"]
        status = HTTPStatus.BAD_REQUEST
        return _page(request, form, question=question, status=status, email_errors=errors, **given)
    except TooMany as refusal:
        page = _page(request, form, question=question, email_errors=[str(refusal)], **given)
        return refused(page, refusal)
    return _page(request, form, question=question, sent_to=email)


def _by_push(request: HttpRequest, question: Question) -> HttpResponse:
    """Leads to the page of the browser's alert, where it is ended too."""
    keys = [request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")]
    form = _form_of(question)
    try:
        alert = ask_by_push(question, *keys, sender=sender_of(request))
    except Refused as refusal:
        errors = refusal.errors["push"]
        return _page(request, form, question=question, status=HTTPStatus.BAD_REQUEST, push_errors=errors)
    except TooMany as refusal:
        page = _page(request, form, question=question, push_errors=[str(refusal)])
        return refused(page, refusal)
    return redirect(path_of(alert))


def _page(
    request: HttpRequest,
    form: _Form,
    *,
    question: Question | None = None,
    status: int = HTTPStatus.OK,
    **context: object,
) -> HttpResponse:
    known = {*PARAMETERS, *_FIELDS}
    context |= {
        "values": form.values,
        "errors": form.errors,
        "places": form.places,
        "streets": form.streets,
        "street_names": [street.name for street in all_streets().values()],
        "question": question,
        "districts": choices.districts(),
        "categories": _offered(form.chosen),
        "radii_m": _RADII_M,
        "reach": {"min": REACH_MIN_M, "max": REACH_MAX_M},
        "corners_max": TEXT_MAX,
        "address_max": ADDRESS_MAX,
        "email_max": EMAIL_MAX,
        "confirm_days": ALERT_CONFIRM_DAYS,
        "left_out": left_out(request.GET, known),
    }
    if question is not None:
        since = timezone.now() - dt.timedelta(days=_COUNTED_DAYS)
        context |= {
            "count": question.appeals().filter(submitted_at__gte=since).count(),
            "counted_days": _COUNTED_DAYS,
            "push_key": public_key(),
            "feed": public_link(f"{reverse('public:alert-feed')}?{question.as_query()}"),
        }
    return render(request, "public/alerts.html", context, status=status)


def _offered(chosen: Sequence[str]) -> list[tuple[Choice, bool]]:
    """The groups, and what an address names among their categories; each with whether it is chosen."""
    groups = choices.category_groups()
    leaves = [
        leaf for group in groups for leaf in group.leaves if leaf != group.choice and leaf.code in chosen
    ]
    return [(choice, choice.code in chosen) for choice in (*leaves, *(group.choice for group in groups))]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def alert_page(request: HttpRequest, token: str) -> HttpResponse:
    """What an alert asks for, and the buttons that confirm it and end it, which deletes the address; where the letter that asks leads.

    404 for a link that is not ours.
    """
    try:
        alert = alert_of(token)
    except signing.BadSignature:
        raise Http404 from None
    done = pressed(request, alert, confirm)
    question = question_in(done.row.query) if done.row is not None else None
    context = {"alert": done.row, "question": question, "errors": done.errors}
    return guarded(render(request, "public/alert.html", context, status=done.status))
