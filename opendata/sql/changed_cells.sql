-- What the pyramid does not hold yet, in a frame's cells, to be added in cells.sql.
--
-- changes: a statement of "column" and "row" of the finest cells, sign, status, lon, lat, and whether it is late.
SELECT "column" >> {doublings} AS "column", "row" >> {doublings} AS "row", sum(sign) AS "count", {of_statuses},
    sum(sign * lon) AS lon, sum(sign * lat) AS lat, {overdue} AS overdue
FROM ({changes}) AS change
GROUP BY 1, 2
