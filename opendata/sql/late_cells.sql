-- What is late since the pyramid was told of it, in a frame's cells, to be added in cells.sql.
--
-- late: a statement of "column" and "row" of the finest cells.
SELECT "column" >> {doublings} AS "column", "row" >> {doublings} AS "row", 0 AS "count", {of_statuses},
    0.0 AS lon, 0.0 AS lat, count(*) AS overdue
FROM ({late}) AS appeal
GROUP BY 1, 2
