-- What the pyramid has of a frame's cells, to be added in cells.sql.
--
-- count and every: the sums of the drawn statuses and of all; with all of them drawn the mean is exact, else within the summed
-- cells' size. keys, zoom and the frame's first and last tiles of it are numbers and texts of ours.
SELECT tile_x >> {doublings} AS "column", tile_y >> {doublings} AS "row", sum({count}) AS "count", {of_statuses},
    sum(lon_sum * (({count})::float8 / ({every}))) * {unit} AS lon,
    sum(lat_sum * (({count})::float8 / ({every}))) * {unit} AS lat,
    {overdue} AS overdue
FROM appeals_pyramidcell
WHERE key IN {keys} AND zoom = {zoom} AND tile_x BETWEEN {west} AND {east} AND tile_y BETWEEN {north} AND {south}
    AND {count} > 0
GROUP BY 1, 2
