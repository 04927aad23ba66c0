import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CellCount',
            fields=[
                ('pk', models.CompositePrimaryKey('cell_x', 'cell_y', blank=True, editable=False, primary_key=True, serialize=False)),
                ('cell_x', models.IntegerField()),
                ('cell_y', models.IntegerField()),
                ('lon_sum', models.BigIntegerField(help_text='Millionths of a degree, EPSG:4326.')),
                ('lat_sum', models.BigIntegerField(help_text='Millionths of a degree, EPSG:4326.')),
                ('n_new', models.IntegerField()),
                ('n_accepted', models.IntegerField()),
                ('n_answered', models.IntegerField()),
                ('n_closed', models.IntegerField()),
            ],
        ),
        # What is there before the triggers count.
        migrations.RunSQL(
            """
            INSERT INTO appeals_cellcount
                (cell_x, cell_y, lon_sum, lat_sum, n_new, n_accepted, n_answered, n_closed)
            SELECT cell_x, cell_y, sum(round(ST_X(point) * 1000000))::bigint, sum(round(ST_Y(point) * 1000000))::bigint,
                count(*) FILTER (WHERE status = 'new'), count(*) FILTER (WHERE status = 'accepted'),
                count(*) FILTER (WHERE status = 'answered'), count(*) FILTER (WHERE status = 'closed')
            FROM appeals_appeal
            WHERE NOT hidden
            GROUP BY cell_x, cell_y
            """,
            migrations.RunSQL.noop,
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='count_cells_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO appeals_cellcount AS cell (cell_x, cell_y, lon_sum, lat_sum, n_new, n_accepted, n_answered, n_closed)\n        SELECT * FROM (\n            SELECT cell_x, cell_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,\n                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, coalesce(sum(sign) FILTER (WHERE status = 'new'), 0) AS n_new, coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0) AS n_accepted, coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0) AS n_answered, coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0) AS n_closed\n            FROM (SELECT 1 AS sign, cell_x, cell_y, point, status, hidden FROM added) AS changed\n            WHERE NOT hidden\n            GROUP BY cell_x, cell_y\n        ) AS delta\n        WHERE lon_sum <> 0 OR lat_sum <> 0 OR n_new <> 0 OR n_accepted <> 0 OR n_answered <> 0 OR n_closed <> 0\n        ORDER BY cell_x, cell_y\n        ON CONFLICT (cell_x, cell_y) DO UPDATE SET lon_sum = cell.lon_sum + EXCLUDED.lon_sum, lat_sum = cell.lat_sum + EXCLUDED.lat_sum, n_new = cell.n_new + EXCLUDED.n_new, n_accepted = cell.n_accepted + EXCLUDED.n_accepted, n_answered = cell.n_answered + EXCLUDED.n_answered, n_closed = cell.n_closed + EXCLUDED.n_closed;\n        RETURN NULL;\n    ", hash='b17be0a4f47a10410ef7d77cce5d542de1b2c881', level='STATEMENT', operation='INSERT', pgid='pgtrigger_count_cells_insert_18d4d', referencing='REFERENCING NEW TABLE AS added ', table='appeals_appeal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='count_cells_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO appeals_cellcount AS cell (cell_x, cell_y, lon_sum, lat_sum, n_new, n_accepted, n_answered, n_closed)\n        SELECT * FROM (\n            SELECT cell_x, cell_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,\n                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, coalesce(sum(sign) FILTER (WHERE status = 'new'), 0) AS n_new, coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0) AS n_accepted, coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0) AS n_answered, coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0) AS n_closed\n            FROM (SELECT 1 AS sign, cell_x, cell_y, point, status, hidden FROM added UNION ALL SELECT -1 AS sign, cell_x, cell_y, point, status, hidden FROM taken) AS changed\n            WHERE NOT hidden\n            GROUP BY cell_x, cell_y\n        ) AS delta\n        WHERE lon_sum <> 0 OR lat_sum <> 0 OR n_new <> 0 OR n_accepted <> 0 OR n_answered <> 0 OR n_closed <> 0\n        ORDER BY cell_x, cell_y\n        ON CONFLICT (cell_x, cell_y) DO UPDATE SET lon_sum = cell.lon_sum + EXCLUDED.lon_sum, lat_sum = cell.lat_sum + EXCLUDED.lat_sum, n_new = cell.n_new + EXCLUDED.n_new, n_accepted = cell.n_accepted + EXCLUDED.n_accepted, n_answered = cell.n_answered + EXCLUDED.n_answered, n_closed = cell.n_closed + EXCLUDED.n_closed;\n        RETURN NULL;\n    ", hash='11bbbeef55ff0368df957fc3f15b82728e17f680', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_count_cells_update_7fe0c', referencing='REFERENCING OLD TABLE AS taken  NEW TABLE AS added ', table='appeals_appeal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='count_cells_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO appeals_cellcount AS cell (cell_x, cell_y, lon_sum, lat_sum, n_new, n_accepted, n_answered, n_closed)\n        SELECT * FROM (\n            SELECT cell_x, cell_y, sum(sign * round(ST_X(point) * 1000000))::bigint AS lon_sum,\n                sum(sign * round(ST_Y(point) * 1000000))::bigint AS lat_sum, coalesce(sum(sign) FILTER (WHERE status = 'new'), 0) AS n_new, coalesce(sum(sign) FILTER (WHERE status = 'accepted'), 0) AS n_accepted, coalesce(sum(sign) FILTER (WHERE status = 'answered'), 0) AS n_answered, coalesce(sum(sign) FILTER (WHERE status = 'closed'), 0) AS n_closed\n            FROM (SELECT -1 AS sign, cell_x, cell_y, point, status, hidden FROM taken) AS changed\n            WHERE NOT hidden\n            GROUP BY cell_x, cell_y\n        ) AS delta\n        WHERE lon_sum <> 0 OR lat_sum <> 0 OR n_new <> 0 OR n_accepted <> 0 OR n_answered <> 0 OR n_closed <> 0\n        ORDER BY cell_x, cell_y\n        ON CONFLICT (cell_x, cell_y) DO UPDATE SET lon_sum = cell.lon_sum + EXCLUDED.lon_sum, lat_sum = cell.lat_sum + EXCLUDED.lat_sum, n_new = cell.n_new + EXCLUDED.n_new, n_accepted = cell.n_accepted + EXCLUDED.n_accepted, n_answered = cell.n_answered + EXCLUDED.n_answered, n_closed = cell.n_closed + EXCLUDED.n_closed;\n        RETURN NULL;\n    ", hash='3aeec6d8431d80b34dd6e3f0f3e41502525e25fc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_count_cells_delete_a6dfa', referencing='REFERENCING OLD TABLE AS taken ', table='appeals_appeal', when='AFTER')),
        ),
    ]
