-- Everything routing needs to know about a batch of pins, in one statement.
--
-- Parameters: lon, lat (float8 arrays, EPSG:4326), category (bigint array, same length), revision (id or NULL for the
-- one in force), "on" (date), metric_srid (a CRS in metres).
-- Rows: (n, kind, id, code, service_id, priority, area_m2, border_m); n numbers the pins from 1; 0 means all.
--   revision   id of the revision used                              (n = 0)
--   office     service_id of the Mayor's Office, which is active    (n = 0)
--   category   the pin's category exists; service_id that answers for it if no area decides, or NULL
--   city, territory   id of a district that covers the pin, its area_m2; border_m for the city if no area covers
--   area       id of a service area that covers the pin and handles its category
-- ST_Covers counts the border as inside, so a pin on a shared border has several candidates; districts.routing.choose
-- chooses among them. Indexes relied on: GiST on both geom columns, btree on revision_id.
-- A side that is straight in degrees, where ST_Covers decides, is a curve in metres: 18 cm off the chord in the middle of
-- 4 km. Distances are measured to sides cut into pieces of 0.002 degrees, which bend by less than a millimetre.
WITH revision AS MATERIALIZED (
    SELECT r.id
    FROM districts_boundaryrevision r
    WHERE CASE WHEN %(revision)s::bigint IS NULL
               THEN r.state = 'published' AND r.effective_from <= %(on)s::date
               ELSE r.id = %(revision)s::bigint END
    ORDER BY r.effective_from DESC, r.number DESC
    LIMIT 1
),
pins AS MATERIALIZED (
    SELECT pin.n, ST_SetSRID(ST_MakePoint(pin.lon, pin.lat), 4326) AS point, pin.category_id
    FROM unnest(%(lon)s::float8[], %(lat)s::float8[], %(category)s::bigint[])
         WITH ORDINALITY AS pin(lon, lat, category_id, n)
),
subject AS MATERIALIZED (
    SELECT c.id, c.parent_id, COALESCE(c.service_id, p.service_id) AS service_id
    FROM districts_category c
    LEFT JOIN districts_category p ON p.id = c.parent_id
    WHERE c.id = ANY (%(category)s::bigint[])
),
scope AS MATERIALIZED (
    SELECT a.id AS area_id, s.id AS category_id
    FROM districts_servicearea a
    JOIN revision r ON r.id = a.revision_id
    JOIN districts_service owner ON owner.id = a.service_id AND owner.active
    CROSS JOIN subject s
    WHERE (a.valid_from IS NULL OR a.valid_from <= %(on)s::date)
      AND (a.valid_to IS NULL OR a.valid_to > %(on)s::date)
      AND CASE WHEN EXISTS (SELECT FROM districts_servicearea_categories m WHERE m.servicearea_id = a.id)
               THEN EXISTS (SELECT FROM districts_servicearea_categories m
                            WHERE m.servicearea_id = a.id AND m.category_id IN (s.id, s.parent_id))
               ELSE s.service_id = a.service_id END
),
covering AS MATERIALIZED (
    SELECT p.n, p.point, a.id, a.code, a.service_id, a.priority
    FROM pins p
    JOIN scope ON scope.category_id = p.category_id
    JOIN districts_servicearea a ON a.id = scope.area_id AND ST_Covers(a.geom, p.point)
),
measured AS MATERIALIZED (
    -- Each polygon is transformed to metres once per statement, however many pins it covers.
    SELECT flat.id, ST_Area(flat.geom) AS area_m2, ST_Boundary(flat.geom) AS border
    FROM (SELECT a.id, ST_Transform(ST_Segmentize(a.geom, 0.002), %(metric_srid)s::int) AS geom
          FROM districts_servicearea a
          WHERE a.id IN (SELECT covering.id FROM covering)) flat
),
bounds AS MATERIALIZED (
    SELECT b.geom, d.id, d.code, d.kind, flat.area_m2, flat.border
    FROM districts_districtboundary b
    JOIN revision r ON r.id = b.revision_id
    JOIN districts_district d ON d.id = b.district_id
    CROSS JOIN LATERAL (
        SELECT ST_Area(m.geom) AS area_m2,
               CASE WHEN d.kind = 'city' THEN ST_Boundary(m.geom) END AS border
        FROM (SELECT ST_Transform(ST_Segmentize(b.geom, 0.002), %(metric_srid)s::int) AS geom) m
    ) flat
    WHERE b.geom && (SELECT ST_Extent(p.point)::geometry FROM pins p)
)
SELECT 0::bigint AS n, 'revision' AS kind, r.id, NULL::text AS code, NULL::bigint AS service_id,
       NULL::int AS priority, NULL::float8 AS area_m2, NULL::float8 AS border_m
FROM revision r
UNION ALL
SELECT 0, 'office', NULL, NULL, s.id, NULL, NULL, NULL
FROM districts_service s WHERE s.is_office
UNION ALL
SELECT p.n, 'category', NULL, NULL, s.id, NULL, NULL, NULL
FROM pins p
JOIN subject ON subject.id = p.category_id
LEFT JOIN districts_service s ON s.id = subject.service_id AND s.active
UNION ALL
SELECT p.n, b.kind, b.id, b.code, NULL, NULL, b.area_m2,
       CASE WHEN b.border IS NOT NULL AND NOT EXISTS (SELECT FROM covering c WHERE c.n = p.n)
            THEN ST_Distance(b.border, ST_Transform(p.point, %(metric_srid)s::int)) END
FROM pins p
JOIN bounds b ON ST_Covers(b.geom, p.point)
UNION ALL
SELECT c.n, 'area', c.id, c.code, c.service_id, c.priority, m.area_m2,
       ST_Distance(m.border, ST_Transform(c.point, %(metric_srid)s::int))
FROM covering c
JOIN measured m ON m.id = c.id
