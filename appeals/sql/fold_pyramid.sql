-- Adds the oldest changes to the cells of the pyramid and to the metric ones, and what has become late since the last time; tells how many changes.
--
-- All parts see one state of the tables: the appeals of now, which hold every change that is seen. So what was due from the
-- last day that is known until today, and is open, is late in the pyramid now, but for what the changes add when they are
-- folded, whose day is today's from now on.
WITH state AS (
    SELECT coalesce((SELECT late_before FROM appeals_pyramidstate), '-infinity'::date) AS late_before
), taken AS (
    DELETE FROM appeals_pyramidchange
    WHERE id IN (SELECT id FROM appeals_pyramidchange ORDER BY id LIMIT %(most)s)
    RETURNING *
), known AS (
    INSERT INTO appeals_pyramidstate (id, late_before)
    SELECT 1, %(today)s::date FROM state WHERE late_before < %(today)s::date
    ON CONFLICT (id) DO UPDATE SET late_before = EXCLUDED.late_before
), counted AS (
    SELECT sign, CASE WHEN status = ANY(%(open)s) AND due_on < greatest(late_before, %(today)s::date) THEN sign ELSE 0 END AS late,
        point, status, kind, category_id, service_id, district_id, submitted_at
    FROM taken, state
    UNION ALL
    SELECT 0, 1, point, status, kind, category_id, service_id, district_id, submitted_at
    FROM appeals_appeal, state
    WHERE status = ANY(%(open)s) AND NOT hidden AND due_on >= late_before AND due_on < %(today)s::date
    UNION ALL
    SELECT 0, -sign, point, status, kind, category_id, service_id, district_id, submitted_at
    FROM appeals_pyramidchange, state
    WHERE status = ANY(%(open)s) AND due_on >= late_before AND due_on < %(today)s::date
), placed AS MATERIALIZED (
    SELECT *, {tile_x} AS tile_x, {tile_y} AS tile_y,
        round(ST_X(point) * 1000000) AS lon, round(ST_Y(point) * 1000000) AS lat,
        (submitted_at AT TIME ZONE %(zone)s)::date - DATE '0001-01-01' + 1 AS day
    FROM counted
), finest AS (
    SELECT key, zooms, tile_x >> {finest} - zooms[cardinality(zooms)] AS tile_x,
        tile_y >> {finest} - zooms[cardinality(zooms)] AS tile_y,
        sum(sign * lon) AS lon_sum, sum(sign * lat) AS lat_sum, {counts}, sum(late)::integer AS n_late
    FROM placed CROSS JOIN LATERAL (VALUES {keys}) AS kept(key, zooms)
    WHERE key IS NOT NULL
    GROUP BY 1, 2, 3, 4
), added AS (
    INSERT INTO appeals_pyramidcell AS cell (key, zoom, tile_x, tile_y, {columns})
    SELECT key, zoom, tile_x >> zooms[cardinality(zooms)] - zoom, tile_y >> zooms[cardinality(zooms)] - zoom, {sums}
    FROM finest CROSS JOIN LATERAL unnest(zooms) AS zoom
    GROUP BY 1, 2, 3, 4
    HAVING {changes}
    ON CONFLICT (key, zoom, tile_x, tile_y) DO UPDATE SET {additions}
), monthly AS (
    SELECT cell_x, cell_y, coalesce(district_id, 0) AS district, {month} AS month, {counts}
    FROM taken
    GROUP BY 1, 2, 3, 4
), added_in_metres AS (
    INSERT INTO appeals_metriccell AS cell (months, nth, cell_x, cell_y, district, {status_columns})
    SELECT months, month / months, cell_x, cell_y, district, {status_sums}
    FROM monthly CROSS JOIN (VALUES {blocks}) AS blocks(months)
    GROUP BY 1, 2, 3, 4, 5
    HAVING {status_changes}
    -- What is read together lies together.
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (months, nth, cell_x, cell_y, district) DO UPDATE SET {status_additions}
)
SELECT count(*) FROM taken
