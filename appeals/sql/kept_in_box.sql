-- How many appeals the kept cells have that lie in a box, as the parts name them: tiles of a zoom, the last ones included.
--
-- A column of tiles is a look into the primary key: as many as the box is wide, however many cells it holds.
SELECT coalesce(sum(cell.n), 0)
FROM (VALUES {parts}) AS part(zoom, west, east, north, south)
CROSS JOIN LATERAL generate_series(west, east) AS nth
CROSS JOIN LATERAL (
    SELECT sum({count}) AS n
    FROM appeals_pyramidcell
    WHERE key IN {keys} AND zoom = part.zoom AND tile_x = nth AND tile_y BETWEEN north AND south
) AS cell
