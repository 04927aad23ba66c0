-- A vector tile of appeals: a cell with what is counted in it or, where they are few, its appeals one by one. How a cell
-- is drawn depends on the cell and the zoom alone: neighbours that show it in their buffers draw it alike.
--
-- counted: statements of "column", "row", "count", of_<status>, lon, lat, joined by UNION ALL; those of a cell are added.
-- singles: the statement of the appeals that may be drawn, with their point; each is read through the index of the points.
-- Places are units of the tile, rounded down, so that whatever belongs to the tile has 0 to extent - 1.
WITH cell AS MATERIALIZED (
    SELECT "column", "row", sum("count")::bigint AS "count", {sums},
        sum(lon * "count") / sum("count") AS lon, sum(lat * "count") / sum("count") AS lat
    FROM ({counted}) AS counted
    WHERE "column" BETWEEN {first_x} - 1 AND {first_x} + {side} AND "row" BETWEEN {first_y} - 1 AND {first_y} + {side}
    GROUP BY "column", "row"
), drawn AS (
    -- The mean of coordinates that were rounded may lie a hair beside its cell.
    SELECT greatest(("column" - {first_x}) * {size}, least(("column" - {first_x}) * {size} + {size} - 1, {cell_x})) AS x,
        greatest(("row" - {first_y}) * {size}, least(("row" - {first_y}) * {size} + {size} - 1, {cell_y})) AS y,
        NULL::bigint AS feature_id, {of_cell}
    FROM cell
    WHERE "count" > {singles_max}
    UNION ALL
    SELECT {appeal_x}, {appeal_y}, value_feature_id, {of_appeal}
    FROM cell CROSS JOIN LATERAL (
        SELECT * FROM ({singles}) AS appeal
        WHERE value_point && ST_MakeEnvelope(
                "column" * 360.0 / {cells} - 180 - 1e-7,
                degrees(atan(sinh(pi() * (1 - 2.0 * ("row" + 1) / {cells})))) - 1e-7,
                ("column" + 1) * 360.0 / {cells} - 180 + 1e-7,
                degrees(atan(sinh(pi() * (1 - 2.0 * "row" / {cells})))) + 1e-7,
                4326
            )
            AND {column_of_point} = "column" AND {row_of_point} = "row"
        -- Cell by cell, whatever the planner makes of the equations.
        OFFSET 0
    ) AS appeal
    WHERE cell."count" <= {singles_max}
)
SELECT ST_AsMVT(tile, 'appeals', {extent}, 'geom', 'feature_id')
FROM (
    SELECT ST_MakePoint(x, y) AS geom, feature_id, {names}
    FROM drawn
    WHERE x BETWEEN -{buffer} AND {extent} + {buffer} - 1 AND y BETWEEN -{buffer} AND {extent} + {buffer} - 1
) AS tile
