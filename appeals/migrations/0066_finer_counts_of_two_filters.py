from django.db import migrations

#: What is counted by two things is counted in finer cells too, from the appeals; what is not folded yet comes with its folding.
#: The lock is the folding's.
_COUNTED = """
    SELECT pg_advisory_xact_lock(hashtext('appeals_pyramidcell'));
    SET LOCAL work_mem = '128MB';
    INSERT INTO appeals_pyramidcell (
        key, zoom, tile_x, tile_y, lon_sum, lat_sum,
        n_new, n_accepted, n_planned, n_waiting, n_answered, n_closed, n_late
    )
    WITH counted AS (
        SELECT 1 AS sign, point, status, kind, category_id, service_id, district_id, due_on
        FROM appeals_appeal
        WHERE NOT hidden
        UNION ALL
        SELECT -sign, point, status, kind, category_id, service_id, district_id, due_on
        FROM appeals_pyramidchange
    ), placed AS MATERIALIZED (
        SELECT sign, status,
            CASE WHEN status IN ('new', 'accepted', 'planned', 'waiting') AND due_on < late_before THEN sign ELSE 0 END AS late,
            'kind:' || kind AS kind, 'category:' || category_id AS category, 'service:' || service_id AS service,
            'district:' || district_id AS district,
            round(ST_X(point) * 1000000) AS lon, round(ST_Y(point) * 1000000) AS lat,
            floor((ST_X(point) + 180) / 360 * 524288)::integer AS tile_x,
            floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer AS tile_y
        FROM counted
        CROSS JOIN (SELECT coalesce(max(late_before), '-infinity') AS late_before FROM appeals_pyramidstate) AS state
    )
    SELECT key, 17, tile_x >> 2, tile_y >> 2, sum(sign * lon)::bigint, sum(sign * lat)::bigint,
        coalesce(sum(sign) FILTER (WHERE status = 'new'), 0), coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0),
        coalesce(sum(sign) FILTER (WHERE status = 'planned'), 0), coalesce(sum(sign) FILTER (WHERE status = 'waiting'), 0),
        coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0), coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0),
        sum(late)
    FROM placed CROSS JOIN LATERAL (VALUES
        (kind || '+' || category), (kind || '+' || service), (kind || '+' || district),
        (category || '+' || service), (category || '+' || district), (service || '+' || district)
    ) AS kept(key)
    WHERE key IS NOT NULL
    GROUP BY 1, 2, 3, 4
    HAVING sum(sign) <> 0;
"""
_BEFORE = "DELETE FROM appeals_pyramidcell WHERE zoom = 17 AND key LIKE '%+%'"


class Migration(migrations.Migration):
    dependencies = [
        ("appeals", "0065_reports_of_comments"),
    ]

    operations = [migrations.RunSQL(_COUNTED, _BEFORE)]
