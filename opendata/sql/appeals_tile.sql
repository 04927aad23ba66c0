-- A vector tile of appeals: a cell with what is counted in it or, where they are few, its appeals one by one. How a cell
-- is drawn depends on the cell and the zoom alone: neighbours that show it in their buffers draw it alike.
--
-- cells: cells.sql of the tile and one cell around it.
-- near: appeals_one_by_one.sql, or nothing where no cell is drawn so: the planner would look at it in vain.
-- Places are units of the tile, rounded down, so that whatever belongs to the tile has 0 to extent - 1.
WITH cell AS MATERIALIZED (
    {cells}
), drawn AS (
    -- The mean of coordinates that were rounded may lie a hair beside its cell.
    SELECT greatest(("column" - {first_x}) * {size}, least(("column" - {first_x}) * {size} + {size} - 1, {cell_x})) AS x,
        greatest(("row" - {first_y}) * {size}, least(("row" - {first_y}) * {size} + {size} - 1, {cell_y})) AS y,
        NULL::bigint AS feature_id, {of_cell}
    FROM cell
    WHERE "count" > {singles_max}
    {near}
)
SELECT ST_AsMVT(tile, 'appeals', {extent}, 'geom', 'feature_id')
FROM (
    SELECT ST_MakePoint(x, y) AS geom, feature_id, {names}
    FROM drawn
    WHERE x BETWEEN -{buffer} AND {extent} + {buffer} - 1 AND y BETWEEN -{buffer} AND {extent} + {buffer} - 1
) AS tile
