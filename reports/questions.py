"""What one report alone is asked, as a value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from geo.drawn import DrawnPlace


@dataclass(frozen=True)
class Days:
    """From one day to another, both included, by the city's calendar."""

    since: dt.date
    until: dt.date

    def meet(self, since: dt.date, until: dt.date) -> bool:
        """True where the days from one to another have one of these among them."""
        return self.since <= until and since <= self.until

    @property
    def as_texts(self) -> tuple[str, str]:
        """Both as in an address."""
        return self.since.isoformat(), self.until.isoformat()


@dataclass(frozen=True)
class Intervention:
    """What was done: on which day, and where: ``drawn``, else in the district of the filter. None where it is not said."""

    on: dt.date | None = None
    drawn: DrawnPlace = field(default_factory=DrawnPlace)

    def as_query(self) -> dict[str, str]:
        """Its parameters in an address."""
        return {"on": self.on.isoformat() if self.on else "", **self.drawn.as_query()}
