from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.db.models import F
from django.db.models.functions import Now

if TYPE_CHECKING:
    from rates.models import Bucket  # noqa: F401 - named in the annotation of the class

# One statement: whoever asks at the same time waits for the row, and nobody takes what another has taken.
_TAKE: Final = """
INSERT INTO rates_bucket AS bucket (key, code, full_at)
VALUES (%(key)s, %(code)s, clock_timestamp() + make_interval(secs => %(cost_s)s))
ON CONFLICT (key) DO UPDATE
SET full_at = greatest(bucket.full_at, clock_timestamp()) + make_interval(secs => %(cost_s)s)
WHERE greatest(bucket.full_at, clock_timestamp()) + make_interval(secs => %(cost_s)s)
    <= clock_timestamp() + make_interval(secs => %(capacity_s)s)
RETURNING extract(epoch FROM full_at - clock_timestamp())
"""
# Several at once, in the order of their keys: two who have some in common do not wait for each other.
_TAKE_EACH: Final = """
WITH wanted AS (
    SELECT * FROM unnest(%(keys)s::uuid[], %(codes)s::text[], %(costs_s)s::float[], %(capacities_s)s::float[])
        AS wanted(key, code, cost_s, capacity_s)
)
INSERT INTO rates_bucket AS bucket (key, code, full_at)
SELECT key, code, clock_timestamp() + make_interval(secs => cost_s) FROM wanted ORDER BY key
ON CONFLICT (key) DO UPDATE
SET full_at = greatest(bucket.full_at, clock_timestamp()) + (excluded.full_at - clock_timestamp())
WHERE greatest(bucket.full_at, clock_timestamp()) + (excluded.full_at - clock_timestamp())
    <= clock_timestamp() + make_interval(secs => (SELECT capacity_s FROM wanted WHERE key = excluded.key))
RETURNING key
"""
_CHARGE: Final = """
INSERT INTO rates_bucket AS bucket (key, code, full_at)
VALUES (%(key)s, %(code)s, clock_timestamp() + make_interval(secs => least(%(cost_s)s, %(capacity_s)s)))
ON CONFLICT (key) DO UPDATE
SET full_at = least(
    greatest(bucket.full_at, clock_timestamp()) + make_interval(secs => %(cost_s)s),
    clock_timestamp() + make_interval(secs => %(capacity_s)s)
)
"""
_WAIT: Final = """
SELECT extract(epoch FROM full_at - clock_timestamp()) + %(cost_s)s - %(capacity_s)s FROM rates_bucket WHERE key = %(key)s
"""


class Wanted(NamedTuple):
    """What is to be taken of one bucket."""

    key: UUID
    code: str
    cost_s: float
    capacity_s: float


class BucketQuerySet(models.QuerySet["Bucket"]):
    """Costs and capacity are in seconds of refilling."""

    def take(self, key: UUID, code: str, *, cost_s: float, capacity_s: float) -> float | None:
        """How much of the bucket is used with this, which it then holds less; None where there was not enough in it."""
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"key": str(key), "code": code, "cost_s": cost_s, "capacity_s": capacity_s})
            row = cursor.fetchone()
        return float(row[0]) if row else None

    def take_each(self, wanted: Sequence[Wanted]) -> set[UUID]:
        """The keys of those buckets in which there was enough: they hold so much less. One statement."""
        keys, codes, costs_s, capacities_s = zip(*wanted, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                _TAKE_EACH,
                {
                    "keys": [str(key) for key in keys],
                    "codes": [*codes],
                    "costs_s": [*costs_s],
                    "capacities_s": [*capacities_s],
                },
            )
            return {UUID(str(key)) for (key,) in cursor.fetchall()}

    def charge(self, key: UUID, code: str, *, cost_s: float, capacity_s: float) -> None:
        """The bucket holds so much less, or nothing more."""
        with connection.cursor() as cursor:
            cursor.execute(
                _CHARGE, {"key": str(key), "code": code, "cost_s": cost_s, "capacity_s": capacity_s}
            )

    def wait_s(self, key: UUID, *, cost_s: float, capacity_s: float) -> float:
        """Seconds until there is enough; 0 or less when there is."""
        with connection.cursor() as cursor:
            cursor.execute(_WAIT, {"key": str(key), "cost_s": cost_s, "capacity_s": capacity_s})
            row = cursor.fetchone()
        return float(row[0]) if row else 0.0

    def give_back(self, key: UUID, *, cost_s: float) -> None:
        """Refills so much at once."""
        self.filter(pk=key).update(full_at=F("full_at") - dt.timedelta(seconds=cost_s))

    def sweep(self) -> int:
        """Deletes the rows of full buckets, which say nothing; their number."""
        return self.filter(full_at__lte=Now()).delete()[0]
