-- Cells of a map, each with all that is counted in it.
--
-- counted: statements of "column", "row", "count", of_<status>, lon, lat and overdue, joined by UNION ALL; those of a cell are
-- added. lon and lat are the sums of what a statement counts.
SELECT "column", "row", sum("count")::bigint AS "count", {sums},
    sum(lon) / sum("count") AS lon, sum(lat) / sum("count") AS lat, sum(overdue)::bigint AS overdue
FROM ({counted}) AS counted
WHERE "column" BETWEEN {west} AND {east} AND "row" BETWEEN {north} AND {south}
GROUP BY "column", "row"
HAVING sum("count") > 0
