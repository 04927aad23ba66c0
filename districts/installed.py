"""Which city the database holds: one city a database, and a profile of another one is refused."""

from __future__ import annotations

from config.city import CITY
from districts.models import InstalledCity


class AnotherCity(Exception):
    """The database holds a city that is not the profile's; ``held`` says which."""

    def __init__(self, held: str) -> None:
        super().__init__(another_city(held))


def another_city(held: str) -> str:
    """What is wrong when the database holds another city than the profile's, and what would be right."""
    return (
        f"This database holds another city ({held}) than the profile {CITY.folder} ({CITY.code}). "
        "One city a database: set CITY_PROFILE to the folder of the city that is there, "
        f"or give {CITY.code} a database of its own (another clone, or another DATABASE_URL)"
    )


def installed_city() -> str | None:
    """Code of the city that the database holds, or None while it holds none.

    Raises ``AnotherCity`` unless it is the profile's.
    """
    held = InstalledCity.objects.values_list("code", flat=True).first()
    if held is not None and held != CITY.code:
        raise AnotherCity(held)
    return held


def install_city() -> None:
    """Records that the database holds the profile's city."""
    InstalledCity.objects.create(pk=InstalledCity.ONLY, code=CITY.code)
