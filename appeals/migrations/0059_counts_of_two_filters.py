from django.conf import settings
from django.db import migrations, models

#: What is counted by two things, and the finest cells of one thing, are counted from the appeals; what is not folded yet comes
#: with its folding. The lock is the folding's.
_COUNTED = """
    SELECT pg_advisory_xact_lock(hashtext('appeals_pyramidcell'));
    SET LOCAL work_mem = '128MB';
    INSERT INTO appeals_pyramidcell (
        key, zoom, tile_x, tile_y, lon_sum, lat_sum,
        n_new, n_accepted, n_planned, n_waiting, n_answered, n_closed, n_late
    )
    WITH counted AS (
        SELECT 1 AS sign, point, status, kind, category_id, service_id, district_id, submitted_at, due_on
        FROM appeals_appeal
        WHERE NOT hidden
        UNION ALL
        SELECT -sign, point, status, kind, category_id, service_id, district_id, submitted_at, due_on
        FROM appeals_pyramidchange
    ), placed AS MATERIALIZED (
        SELECT sign, status,
            CASE WHEN status IN ('new', 'accepted', 'planned', 'waiting') AND due_on < late_before THEN sign ELSE 0 END AS late,
            'kind:' || kind AS kind, 'category:' || category_id AS category, 'service:' || service_id AS service,
            'district:' || district_id AS district, '16:' || day / 16 AS days_16, '256:' || day / 256 AS days_256,
            round(ST_X(point) * 1000000) AS lon, round(ST_Y(point) * 1000000) AS lat,
            floor((ST_X(point) + 180) / 360 * 524288)::integer AS tile_x,
            floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer AS tile_y
        FROM counted
        CROSS JOIN LATERAL (SELECT (submitted_at AT TIME ZONE %s)::date - DATE '0001-01-01' + 1 AS day) AS submitted
        CROSS JOIN (SELECT coalesce(max(late_before), '-infinity') AS late_before FROM appeals_pyramidstate) AS state
    )
    SELECT key, zoom, tile_x >> 19 - zoom, tile_y >> 19 - zoom, sum(sign * lon)::bigint, sum(sign * lat)::bigint,
        coalesce(sum(sign) FILTER (WHERE status = 'new'), 0), coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0),
        coalesce(sum(sign) FILTER (WHERE status = 'planned'), 0), coalesce(sum(sign) FILTER (WHERE status = 'waiting'), 0),
        coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0), coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0),
        sum(late)
    FROM placed CROSS JOIN LATERAL (VALUES
        (kind, 19::smallint), (category, 19), (service, 19), (district, 19),
        (kind || '+' || category, 15), (kind || '+' || service, 15), (kind || '+' || district, 15),
        (category || '+' || service, 15), (category || '+' || district, 15), (service || '+' || district, 15),
        (kind || '+' || days_256, 15), (kind || '+' || days_16, 15),
        (category || '+' || days_256, 15), (category || '+' || days_16, 15),
        (service || '+' || days_256, 15), (service || '+' || days_16, 15),
        (district || '+' || days_256, 15), (district || '+' || days_16, 15)
    ) AS kept(key, zoom)
    WHERE key IS NOT NULL
    GROUP BY 1, 2, 3, 4
    HAVING sum(sign) <> 0;
"""
_BEFORE = "DELETE FROM appeals_pyramidcell WHERE key LIKE '%%+%%' OR (zoom = 19 AND key NOT LIKE 'status:%%')"


class Migration(migrations.Migration):
    dependencies = [
        ("appeals", "0058_replies_of_supporters"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pyramidcell",
            name="key",
            field=models.CharField(max_length=60),
        ),
        migrations.RunSQL([(_COUNTED, [settings.TIME_ZONE])], [(_BEFORE, [])]),
    ]
