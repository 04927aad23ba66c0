"""A city's decade in two minutes: many appeals by SQL, spread as appeals are in time, over the city and its services.

Straight inserts, no action is run: the rows have no events, contacts or routing decisions. They are for measuring what
reads many appeals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pgtrigger
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from appeals.folding import fold_pyramid

#: Rows that are drawn and inserted at once, later ones after earlier ones.
SLICE = 1_000_000

_MIX = """
CREATE TEMP TABLE mix ON COMMIT DROP AS
SELECT
  n,
  -- Newer years have more appeals: the square root leans towards today.
  now() - interval '730 days' * (1 - sqrt((%(slice)s + random()) / %(slices)s)) AS submitted_at,
  floor(leaf.n_of * random() ^ 2)::int + 1 AS leaf,
  floor(place.n_of * random() ^ 1.5)::int + 1 AS place,
  -- Box and Muller: a cloud around each place, a street wide or a quarter wide.
  sqrt(-2 * ln(1 - random())) * CASE WHEN random() < 0.7 THEN 0.002 ELSE 0.012 END AS distance_deg,
  2 * pi() * random() AS bearing,
  random() AS chance,
  random() AS delay,
  md5(random()::text) AS noise
FROM generate_series(1, %(count)s * 2) AS n,
  (SELECT count(*) AS n_of FROM leaves) AS leaf,
  (SELECT count(*) AS n_of FROM places) AS place
"""

_LEAVES = """
CREATE TEMP TABLE leaves ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY md5(c.code)) AS n, c.id AS category_id, c.name,
  coalesce(c.service_id, (SELECT id FROM districts_service WHERE is_office)) AS service_id
FROM districts_category AS c
WHERE c.active AND NOT EXISTS (SELECT FROM districts_category AS child WHERE child.parent_id = c.id)
"""

_PLACES = """
CREATE TEMP TABLE places ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY md5(name)) AS n, name, ST_X(point) AS lon, ST_Y(point) AS lat
FROM (
  SELECT name, point FROM districts_place
  UNION ALL
  SELECT d.name, ST_PointOnSurface(b.geom)
  FROM districts_districtboundary AS b JOIN districts_district AS d ON d.id = b.district_id
) AS named
"""

# A territory where there is one, else the city itself: a point outside of both is dropped, as routing refuses it.
_GROUND = """
CREATE TEMP TABLE ground ON COMMIT DROP AS
SELECT b.district_id, b.geom
FROM districts_districtboundary AS b
JOIN districts_district AS d ON d.id = b.district_id
JOIN (SELECT id FROM districts_boundaryrevision WHERE state = 'published'
      ORDER BY effective_from DESC, number DESC LIMIT 1) AS revision ON revision.id = b.revision_id
WHERE d.kind = 'territory'
"""

_INSERT = """
INSERT INTO appeals_appeal (id, kind, category_id, service_id, district_id, text, language, address, point, status,
  hidden, submitted_at, due_on, answered_at, closed_at, updated_at, version, source, external_id, fingerprint)
SELECT
  id, kind, category_id, service_id, district_id, text, language, address, point, status, hidden, submitted_at, due_on,
  CASE WHEN status IN ('answered', 'closed') THEN submitted_at + answer_after END,
  CASE WHEN status = 'closed' THEN submitted_at + answer_after + close_after END,
  submitted_at + CASE status WHEN 'new' THEN interval '0' WHEN 'accepted' THEN answer_after / 10
    WHEN 'answered' THEN answer_after ELSE answer_after + close_after END,
  CASE status WHEN 'new' THEN 1 WHEN 'accepted' THEN 2 WHEN 'answered' THEN 3 ELSE 4 END,
  'bench', id::text, sha256(uuid_send(id))
FROM (
  SELECT
    (lpad(to_hex((extract(epoch FROM submitted_at) * 1000)::bigint), 12, '0') || '7' || substr(noise, 1, 3)
      || '8' || substr(noise, 4, 15))::uuid AS id,
    CASE WHEN noise < 'a' THEN 'complaint' WHEN noise < 'e' THEN 'request' ELSE 'recommendation' END AS kind,
    category_id, service_id, district_id, point, submitted_at,
    CASE WHEN n %% 3 = 0
      THEN 'Саламатсызбы! ' || place_name || ' тарабында, №' || n %% 400 || ' үйдүн жанында көйгөй бар: ' || leaf_name
        || '. Мурда да кайрылганбыз, бирок эч ким келген жок. Чара көрүп берүүңүздөрдү суранабыз. ' || n
      ELSE 'Здравствуйте! Район ' || place_name || ', возле дома ' || n %% 400 || ': ' || leaf_name
        || '. Обращались уже несколько раз, но никто не приехал. Просим принять меры и ответить нам. ' || n
    END AS text,
    CASE WHEN n %% 3 = 0 THEN 'ky' ELSE 'ru' END AS language,
    place_name || ', ' || n %% 400 AS address,
    CASE
      WHEN submitted_at > now() - interval '20 days' THEN
        CASE WHEN chance < 0.35 THEN 'new' WHEN chance < 0.75 THEN 'accepted' WHEN chance < 0.9 THEN 'answered'
          ELSE 'closed' END
      ELSE CASE WHEN chance < 0.01 THEN 'new' WHEN chance < 0.04 THEN 'accepted' WHEN chance < 0.3 THEN 'answered'
          ELSE 'closed' END
    END AS status,
    n %% 200 = 0 AS hidden,
    (submitted_at + interval '20 days')::date AS due_on,
    answer_after,
    least(interval '2 days', now() - submitted_at - answer_after) AS close_after
  FROM (
    SELECT mix.n, mix.submitted_at, mix.chance, mix.noise, ground.district_id, spot.point,
      least(interval '1 hour' + interval '25 days' * mix.delay ^ 2, now() - mix.submitted_at) AS answer_after,
      leaves.category_id, leaves.service_id, leaves.name AS leaf_name, places.name AS place_name
    FROM mix
    JOIN leaves ON leaves.n = mix.leaf
    JOIN places ON places.n = mix.place
    CROSS JOIN LATERAL (
      SELECT ST_SetSRID(ST_MakePoint(
        lon + distance_deg * cos(bearing) / cos(radians(lat)), lat + distance_deg * sin(bearing)), 4326) AS point
    ) AS spot
    JOIN ground ON ST_Covers(ground.geom, spot.point)
    ORDER BY mix.n
    LIMIT %s
  ) AS placed
) AS drawn
-- As they came in over the years: numbers and places on disk follow the time.
ORDER BY submitted_at
"""


def make_million(count: int = 1_000_000) -> int:
    """Number of appeals added to the seeded city that the default connection leads to: ``count``, unless the city's
    places are so far out that half of all points around them miss it.

    The same calls make the same mix. Statistics and the visibility map are fresh afterwards. Of more than ``SLICE`` the words
    are not indexed, which would take longer than all else.
    """
    slices = -(-count // SLICE)
    added = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '128MB'; SELECT setseed(0.5)"
        )
        for statement in (_LEAVES, _PLACES, _GROUND):
            cursor.execute(statement)
        with _indexes_rebuilt(cursor, without={"appeal_words"} if slices > 1 else set()):
            for nth in range(slices):
                wanted = count // slices
                cursor.execute(_MIX, {"count": wanted, "slice": nth, "slices": slices})
                cursor.execute("ANALYZE mix, leaves, places, ground")
                # Each row says itself when it last changed.
                with pgtrigger.ignore("appeals.Appeal:updated_at_is_kept"):
                    cursor.execute(_INSERT, [wanted])
                added += int(cursor.rowcount)
                # Foreign keys are checked now: no index can be made while checks are pending.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; DROP TABLE mix")
    fold_pyramid()
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM (ANALYZE) appeals_appeal, appeals_metriccell, appeals_pyramidcell, appeals_pyramidchange, appeals_pyramidstate"
        )
    return added


@contextmanager
def _indexes_rebuilt(cursor: CursorWrapper, without: Collection[str]) -> Iterator[None]:
    """Drops the table's plain indexes for the block: filling them row by row takes many times longer. Some stay away."""
    cursor.execute(
        """
        SELECT format('%I', c.relname), pg_get_indexdef(i.indexrelid)
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'appeals_appeal'::regclass AND NOT i.indisunique
        """
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for name, definition in indexes:
        if name not in without:
            cursor.execute(definition)
