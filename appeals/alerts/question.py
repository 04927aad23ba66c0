"""Which new appeals somebody wants to hear of: a place of the city and categories.

The same question is an address (of the page and of its feed), a row that e-mail is sent by, and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.contrib.gis.geos import MultiPolygon
from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from appeals.limits import ALERT_QUERY_MAX
from appeals.models import Appeal
from appeals.querysets import AppealQuerySet
from districts import choices
from districts.choices import Choice
from districts.streets import all_streets
from geo.drawn import REACH_MAX_M, REACH_MIN_M, Shape, drawn, metres
from geo.lines import circle, corridor_of
from geo.points import GeometryRefused, city_point
from geo.refusals import Refusals, Refused, ValueRefused

#: Metres around a point: a yard, and what is half of a city.
RADIUS_MIN_M: Final = 50
RADIUS_MAX_M: Final = 5_000
#: Corners of a line or an area: an address has to hold them.
CORNERS_MAX: Final = 100
#: Decimals of a degree, about a metre: nobody draws finer, and the address stays short.
_DECIMALS: Final = 5
#: What ``area`` is for all of the city.
_CITY: Final = "city"
_PLACES: Final = ("district", "street", "near", "line", "area")
#: Parameters of a question, each with what it says.
PARAMETERS: Final[Mapping[str, str]] = {
    "district": "Code of a district.",
    "street": "Name of a street, as the base map has it.",
    "near": "lon,lat of a point, in degrees (EPSG:4326).",
    "line": "lon,lat,lon,lat,… of the corners of a line.",
    "area": "lon,lat,lon,lat,… of the corners of an area, or city for all of it.",
    "radius_m": "Metres around the point, or on both sides of the street or line.",
    "category": "Codes of categories or groups, with commas; all if left out.",
}

Position = tuple[float, float]


@dataclass(frozen=True)
class Question:
    """New appeals in a district, along a street of the base map (its code), in what was drawn (``shape`` with its
    ``corners``, lon, lat), or in all of the city.

    ``radius_m`` are metres around a point, or on both sides of a street or line. Without ``categories`` (codes, groups among them) of
    all.
    """

    district: str = ""
    street: str = ""
    shape: Shape = Shape.NONE
    corners: tuple[Position, ...] = ()
    radius_m: int | None = None
    categories: tuple[str, ...] = ()

    def as_query(self) -> str:
        """The question as a URL query without the leading ``?``: of one question always the same."""
        degrees = ",".join(f"{degree:.{_DECIMALS}f}" for corner in self.corners for degree in corner)
        given = {
            "district": self.district,
            "street": self.street,
            "near": degrees if self.shape == Shape.POINT else "",
            "line": degrees if self.shape == Shape.LINE else "",
            "area": degrees
            if self.shape == Shape.AREA
            else ""
            if self.district or self.street or degrees
            else _CITY,
            "radius_m": self.radius_m or "",
            "category": ",".join(self.categories),
        }
        return urlencode({name: value for name, value in given.items() if value}, safe=",")

    @cached_property
    def area(self) -> MultiPolygon | None:
        """The ground along the street or that was drawn, EPSG:4326; None for a district and for the city.

        Raises ``GeometryRefused``.
        """
        if self.street:
            return corridor_of(all_streets()[self.street].lines, self.radius_m or REACH_MIN_M).geom()
        if self.shape == Shape.NONE:
            return None
        if self.shape == Shape.POINT:
            return circle(city_point(*self.corners[0]), self.radius_m or RADIUS_MIN_M).geom()
        return drawn(self.shape, list(self.corners), self.radius_m or REACH_MIN_M).area

    def appeals(self) -> AppealQuerySet:
        """The public appeals that it asks for, of all times."""
        found = Appeal.objects.public()
        if self.district:
            found = found.filter(district__code=self.district)
        if self.area is not None:
            found = found.filter(point__coveredby=self.area)
        if self.categories:
            of_group = Q(category__parent__code__in=self.categories)
            found = found.filter(Q(category__code__in=self.categories) | of_group)
        return found

    def where(self) -> str:
        """The place in words, in the language that is active."""
        match self.shape:
            case Shape.POINT:
                lon, lat = self.corners[0]
                words = {
                    "metres": self.radius_m,
                    "lat": f"{lat:.{_DECIMALS}f}",
                    "lon": f"{lon:.{_DECIMALS}f}",
                }
                return _("within %(metres)s m of %(lat)s, %(lon)s") % words
            case Shape.LINE:
                return _("along the street that you drew, %(metres)s m to each side") % {
                    "metres": self.radius_m
                }
            case Shape.AREA:
                return _("in the area that you drew")
        if self.street:
            words = {"street": all_streets()[self.street].name, "metres": self.radius_m}
            return _("%(street)s, %(metres)s m to each side") % words
        if self.district:
            return _named(choices.districts(past=True), [self.district])
        return _("in the whole city")

    def about(self) -> str:
        """The categories in words, in the language that is active."""
        if not self.categories:
            return _("all categories")
        return _named(_categories(), self.categories)


def _named(known: Iterable[Choice], codes: Iterable[str]) -> str:
    names = {choice.code: choice.name for choice in known}
    return ", ".join(names.get(code, code) for code in codes)


def _categories() -> list[Choice]:
    """Groups and their categories, in the city's order, the retired ones too: what was asked for once goes on meaning it."""
    return [
        choice
        for group in choices.category_groups(retired=True)
        for choice in dict.fromkeys((group.choice, *group.leaves))
    ]


def parse_question(query: Mapping[str, str], *, on_page: bool = False) -> Question:
    """The question that the parameters ask, of which one names the place.

    Raises ``Refused`` with what is wrong with each: an unknown code too, for nothing would ever be heard of it. Its sentences
    are for programs, and name parameters and codes; ``on_page`` has them in the words of the page.
    """
    refusals = Refusals()
    given = {name: query.get(name, "").strip() for name in PARAMETERS}
    places = [name for name in _PLACES if given[name]]
    if len(places) != 1:
        words = (
            _("Choose one place.")
            if on_page
            else _("Name one place: %(names)s.") % {"names": ", ".join(_PLACES)}
        )
        raise Refused({(places or _PLACES)[-1]: [words]})
    (place,) = places
    known = [choice.code for choice in _categories()] if given["category"] else []
    categories: tuple[str, ...] = refusals.read(
        _among(known, _("There is no such category. Choose among those of the page.") if on_page else ""),
        given["category"],
        (),
        name="category",
    )
    district, street, shape, radius_m = "", "", Shape.NONE, None
    corners: tuple[Position, ...] = ()
    if place == "district":
        codes = [choice.code for choice in choices.districts(past=True)]
        found: tuple[str, ...] = refusals.read(
            _among(codes, _("There is no such district. Choose one of the list.") if on_page else ""),
            given[place],
            (),
            name=place,
        )
        if len(found) > 1:
            refusals.add({place: [_("Choose one.")]})
        district = "".join(found[:1])
    elif place == "street":
        street = given[place]
        if street not in all_streets():
            refusals.add({place: [_("There is no such street on the city's map.")]})
    elif given[place] != _CITY or place != "area":
        shape = {"near": Shape.POINT, "line": Shape.LINE, "area": Shape.AREA}[place]
        corners = refusals.read(_positions, given[place], corners, name=place)
    if street or shape in {Shape.POINT, Shape.LINE}:
        least, most = (RADIUS_MIN_M, RADIUS_MAX_M) if shape == Shape.POINT else (REACH_MIN_M, REACH_MAX_M)
        radius_m = refusals.read(metres(least, most), given["radius_m"], None, name="radius_m")
    elif given["radius_m"]:
        refusals.add({"radius_m": [_("Metres belong to a point, a street or a line.")]})
    refusals.check()
    question = Question(district, street, shape, corners, radius_m, categories)
    refusals.read(lambda asked: asked.area, question, None, name=place)
    refusals.check()
    return question


def question_in(query: str) -> Question | None:
    """The question that was written so; None when the city has no such district, street or category any more."""
    try:
        return parse_question(QueryDict(query).dict())
    except Refused:
        return None


def _among(known: list[str], unknown: str) -> Callable[[str], tuple[str, ...]]:
    """Reads codes with commas between them; in the order of the known ones, each once.

    Of another code it says ``unknown``, or, where that is empty, which there are.
    """

    def read(text: str) -> tuple[str, ...]:
        codes = {part.strip() for part in text.split(",")} - {""}
        if not codes.issubset(known):
            words = _("There is no such code. There are: %(codes)s.") % {"codes": ", ".join(known)}
            raise ValueRefused(unknown or words)
        return tuple(code for code in known if code in codes)

    return read


def _positions(text: str) -> tuple[Position, ...]:
    """Corners, lon, lat, to the metre. Raises ``GeometryRefused``; whether they are in the city is seen when it is drawn."""
    numbers = text[: ALERT_QUERY_MAX + 1].split(",")
    if len(numbers) > 2 * CORNERS_MAX:
        raise GeometryRefused(_("At most %(n)d corners.") % {"n": CORNERS_MAX})
    if len(numbers) % 2:
        raise GeometryRefused(_("A corner is two numbers, longitude and latitude."))
    points = [city_point(lon, lat) for lon, lat in zip(numbers[::2], numbers[1::2], strict=True)]
    return tuple((round(point.x, _DECIMALS), round(point.y, _DECIMALS)) for point in points)
