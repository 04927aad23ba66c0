-- The appeals of each cell that has few, as part of appeals_tile.sql.
--
-- singles: the statement of the appeals that may be drawn, with their point; read through the index of the points.
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
