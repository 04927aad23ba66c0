"""The place in the form of a new appeal: typed coordinates, the map's pin, a place that was chosen, or an address."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from districts.models import Place
from districts.places import WORDS_MIN, cleaned, find_places
from geo.numbers import whole_number
from geo.points import lon_lat_from_text
from geo.refusals import ValueRefused


class SeveralPlaces(ValueRefused):
    """Several places have the name that was typed; ``places`` are they."""

    def __init__(self, places: list[Place]) -> None:
        super().__init__(_("Several places are called so: choose one of them."))
        self.places = places


def degrees_of(given: Mapping[str, str]) -> tuple[str, str]:
    """Longitude and latitude, as texts of degrees that nobody has checked yet, by ``coordinates``, ``lon`` and ``lat``,
    ``place`` (the key of one) or ``address``, the first that is there.

    Raises ``ValueRefused`` with what is wrong with them; ``SeveralPlaces`` when one is to be chosen.
    """
    # Scripts keep the two alike; without them what is seen in the form is meant, not an earlier pin.
    if given.get("coordinates", "").strip():
        found = lon_lat_from_text(given["coordinates"])
        if found is None:
            raise ValueRefused(_("Coordinates are two numbers of degrees, such as 40.5172, 72.8037."))
        return found
    if given.get("lon") and given.get("lat"):
        return given["lon"], given["lat"]
    chosen = whole_number(given.get("place", ""))
    if chosen is not None and (place := Place.objects.filter(pk=chosen).first()) is not None:
        return _written(place.point)
    address = given.get("address", "")
    places = find_places(address)
    if len(places) == 1:
        return _written(places[0].point)
    if places:
        raise SeveralPlaces(places)
    if len(cleaned(address)) < WORDS_MIN:
        raise ValueRefused(_("Say where it is: an address, a landmark or coordinates."))
    raise ValueRefused(_("No such street or place is known. Try another name, or give coordinates."))


def _written(point: Point) -> tuple[str, str]:
    return f"{point.x:.6f}", f"{point.y:.6f}"
