-- Counts appeals in the districts of a boundary revision, as districts.routing.choose does: in the smallest territory
-- that covers the pin, of equally large ones in the first by code, in none where there is none.
--
-- Parameters: ids (uuid array of appeals), revision (id), metric_srid (a CRS in metres).
-- Index relied on: the primary key; a city has few territories.
WITH ranked AS MATERIALIZED (
    SELECT b.geom, b.district_id,
           row_number() OVER (
               ORDER BY ST_Area(ST_Transform(ST_Segmentize(b.geom, 0.002), %(metric_srid)s::int)), d.code
           ) AS rank
    FROM districts_districtboundary b
    JOIN districts_district d ON d.id = b.district_id AND d.kind <> 'city'
    WHERE b.revision_id = %(revision)s::bigint
),
chosen AS (
    SELECT DISTINCT ON (a.id) a.id, ranked.district_id
    FROM appeals_appeal a
    LEFT JOIN ranked ON ST_Covers(ranked.geom, a.point)
    WHERE a.id = ANY (%(ids)s::uuid[])
    ORDER BY a.id, ranked.rank
)
UPDATE appeals_appeal a
SET district_id = chosen.district_id
FROM chosen
WHERE a.id = chosen.id AND a.district_id IS DISTINCT FROM chosen.district_id
