from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final
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
RETURNING 1
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


class BucketQuerySet(models.QuerySet["Bucket"]):
    """Costs and capacity are in seconds of refilling."""

    def take(self, key: UUID, code: str, *, cost_s: float, capacity_s: float) -> bool:
        """True when there was enough in the bucket, which then holds so much less."""
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"key": str(key), "code": code, "cost_s": cost_s, "capacity_s": capacity_s})
            return cursor.fetchone() is not None

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
