import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

_COUNT = """
    INSERT INTO appeals_cellcount (
        {cell}, lon_sum, lat_sum, n_new, n_accepted, n_planned, n_waiting, n_answered, n_closed
    )
    SELECT {columns}, sum(round(ST_X(point) * 1000000))::bigint, sum(round(ST_Y(point) * 1000000))::bigint,
        count(*) FILTER (WHERE status = 'new'), count(*) FILTER (WHERE status = 'accepted'),
        count(*) FILTER (WHERE status = 'planned'), count(*) FILTER (WHERE status = 'waiting'),
        count(*) FILTER (WHERE status = 'answered'), count(*) FILTER (WHERE status = 'closed')
    FROM appeals_appeal
    WHERE NOT hidden
    GROUP BY 1, 2
"""
#: Tiles of zoom 19, as ``geo.tiles`` says them.
_BY_TILES = _COUNT.format(
    cell="tile_x, tile_y",
    columns="""floor((ST_X(point) + 180) / 360 * 524288)::integer,
        floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer""",
)
_BY_METRES = _COUNT.format(cell="cell_x, cell_y", columns="cell_x, cell_y")


class Migration(migrations.Migration):

    dependencies = [("appeals", "0029_contact_email")]

    operations = [
        # The last of all on the way back.
        migrations.RunSQL(migrations.RunSQL.noop, _BY_METRES),
        pgtrigger.migrations.RemoveTrigger(
            model_name='appeal',
            name='count_cells_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='appeal',
            name='count_cells_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='appeal',
            name='count_cells_delete',
        ),
        migrations.DeleteModel(name="CellCount"),
        migrations.CreateModel(
            name="CellCount",
            fields=[
                ("pk", models.CompositePrimaryKey("tile_x", "tile_y", blank=True, editable=False, primary_key=True, serialize=False)),
                ("tile_x", models.IntegerField()),
                ("tile_y", models.IntegerField()),
                ("lon_sum", models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")),
                ("lat_sum", models.BigIntegerField(help_text="Millionths of a degree, EPSG:4326.")),
                ("n_new", models.IntegerField()),
                ("n_accepted", models.IntegerField()),
                ("n_planned", models.IntegerField(default=0)),
                ("n_waiting", models.IntegerField(default=0)),
                ("n_answered", models.IntegerField()),
                ("n_closed", models.IntegerField()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='count_cells_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO appeals_cellcount AS cell (tile_x, tile_y, lon_sum, lat_sum, n_new, n_accepted, n_planned, n_waiting, n_answered, n_closed)\n        SELECT * FROM (\n            SELECT tile_x, tile_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,\n                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, coalesce(sum(sign) FILTER (WHERE status = 'new'), 0) AS n_new, coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0) AS n_accepted, coalesce(sum(sign) FILTER (WHERE status = 'planned'), 0) AS n_planned, coalesce(sum(sign) FILTER (WHERE status = 'waiting'), 0) AS n_waiting, coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0) AS n_answered, coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0) AS n_closed\n            FROM (SELECT 1 AS sign, floor((ST_X(point) + 180) / 360 * 524288)::integer AS tile_x, floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer AS tile_y, point, status, hidden FROM added) AS changed\n            WHERE NOT hidden\n            GROUP BY tile_x, tile_y\n        ) AS delta\n        WHERE lon_sum <> 0 OR lat_sum <> 0 OR n_new <> 0 OR n_accepted <> 0 OR n_planned <> 0 OR n_waiting <> 0 OR n_answered <> 0 OR n_closed <> 0\n        ORDER BY tile_x, tile_y\n        ON CONFLICT (tile_x, tile_y) DO UPDATE SET lon_sum = cell.lon_sum + EXCLUDED.lon_sum, lat_sum = cell.lat_sum + EXCLUDED.lat_sum, n_new = cell.n_new + EXCLUDED.n_new, n_accepted = cell.n_accepted + EXCLUDED.n_accepted, n_planned = cell.n_planned + EXCLUDED.n_planned, n_waiting = cell.n_waiting + EXCLUDED.n_waiting, n_answered = cell.n_answered + EXCLUDED.n_answered, n_closed = cell.n_closed + EXCLUDED.n_closed;\n        RETURN NULL;\n    ", hash='d1a4bc661ae07bad39ba2f504ba9ca08df4ab488', level='STATEMENT', operation='INSERT', pgid='pgtrigger_count_cells_insert_18d4d', referencing='REFERENCING NEW TABLE AS added ', table='appeals_appeal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='count_cells_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO appeals_cellcount AS cell (tile_x, tile_y, lon_sum, lat_sum, n_new, n_accepted, n_planned, n_waiting, n_answered, n_closed)\n        SELECT * FROM (\n            SELECT tile_x, tile_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,\n                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, coalesce(sum(sign) FILTER (WHERE status = 'new'), 0) AS n_new, coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0) AS n_accepted, coalesce(sum(sign) FILTER (WHERE status = 'planned'), 0) AS n_planned, coalesce(sum(sign) FILTER (WHERE status = 'waiting'), 0) AS n_waiting, coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0) AS n_answered, coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0) AS n_closed\n            FROM (SELECT 1 AS sign, floor((ST_X(point) + 180) / 360 * 524288)::integer AS tile_x, floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer AS tile_y, point, status, hidden FROM added UNION ALL SELECT -1 AS sign, floor((ST_X(point) + 180) / 360 * 524288)::integer AS tile_x, floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer AS tile_y, point, status, hidden FROM taken) AS changed\n            WHERE NOT hidden\n            GROUP BY tile_x, tile_y\n        ) AS delta\n        WHERE lon_sum <> 0 OR lat_sum <> 0 OR n_new <> 0 OR n_accepted <> 0 OR n_planned <> 0 OR n_waiting <> 0 OR n_answered <> 0 OR n_closed <> 0\n        ORDER BY tile_x, tile_y\n        ON CONFLICT (tile_x, tile_y) DO UPDATE SET lon_sum = cell.lon_sum + EXCLUDED.lon_sum, lat_sum = cell.lat_sum + EXCLUDED.lat_sum, n_new = cell.n_new + EXCLUDED.n_new, n_accepted = cell.n_accepted + EXCLUDED.n_accepted, n_planned = cell.n_planned + EXCLUDED.n_planned, n_waiting = cell.n_waiting + EXCLUDED.n_waiting, n_answered = cell.n_answered + EXCLUDED.n_answered, n_closed = cell.n_closed + EXCLUDED.n_closed;\n        RETURN NULL;\n    ", hash='01a89cf84f86c78b59afffd5218389366f2e287f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_count_cells_update_7fe0c', referencing='REFERENCING OLD TABLE AS taken  NEW TABLE AS added ', table='appeals_appeal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='count_cells_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO appeals_cellcount AS cell (tile_x, tile_y, lon_sum, lat_sum, n_new, n_accepted, n_planned, n_waiting, n_answered, n_closed)\n        SELECT * FROM (\n            SELECT tile_x, tile_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,\n                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, coalesce(sum(sign) FILTER (WHERE status = 'new'), 0) AS n_new, coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0) AS n_accepted, coalesce(sum(sign) FILTER (WHERE status = 'planned'), 0) AS n_planned, coalesce(sum(sign) FILTER (WHERE status = 'waiting'), 0) AS n_waiting, coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0) AS n_answered, coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0) AS n_closed\n            FROM (SELECT -1 AS sign, floor((ST_X(point) + 180) / 360 * 524288)::integer AS tile_x, floor((1 - asinh(tan(radians(ST_Y(point)))) / pi()) / 2 * 524288)::integer AS tile_y, point, status, hidden FROM taken) AS changed\n            WHERE NOT hidden\n            GROUP BY tile_x, tile_y\n        ) AS delta\n        WHERE lon_sum <> 0 OR lat_sum <> 0 OR n_new <> 0 OR n_accepted <> 0 OR n_planned <> 0 OR n_waiting <> 0 OR n_answered <> 0 OR n_closed <> 0\n        ORDER BY tile_x, tile_y\n        ON CONFLICT (tile_x, tile_y) DO UPDATE SET lon_sum = cell.lon_sum + EXCLUDED.lon_sum, lat_sum = cell.lat_sum + EXCLUDED.lat_sum, n_new = cell.n_new + EXCLUDED.n_new, n_accepted = cell.n_accepted + EXCLUDED.n_accepted, n_planned = cell.n_planned + EXCLUDED.n_planned, n_waiting = cell.n_waiting + EXCLUDED.n_waiting, n_answered = cell.n_answered + EXCLUDED.n_answered, n_closed = cell.n_closed + EXCLUDED.n_closed;\n        RETURN NULL;\n    ", hash='808c277ed0e0e1a4642a722d8d6bf8d2785d2e09', level='STATEMENT', operation='DELETE', pgid='pgtrigger_count_cells_delete_a6dfa', referencing='REFERENCING OLD TABLE AS taken ', table='appeals_appeal', when='AFTER')),
        ),
        migrations.RunSQL(_BY_TILES, migrations.RunSQL.noop),
    ]
