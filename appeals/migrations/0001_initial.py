import appeals.models.attachment
import django.contrib.gis.db.models.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('districts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE appeals_number AS bigint", "DROP SEQUENCE appeals_number"),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.UUIDField(help_text='UUIDv7 made by the client.', primary_key=True, serialize=False)),
                ('number', models.BigIntegerField(db_default=models.Func(models.Value('appeals_number'), function='nextval'), editable=False, unique=True, verbose_name='number')),
                ('kind', models.CharField(choices=[('complaint', 'Complaint'), ('request', 'Request'), ('recommendation', 'Recommendation')], max_length=20, verbose_name='kind')),
                ('text', models.TextField(max_length=4000, verbose_name='text')),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('point', django.contrib.gis.db.models.fields.PointField(srid=4326, verbose_name='place')),
                ('cell_x', models.GeneratedField(db_persist=True, expression=models.Func(models.Func(models.F('point'), settings.METRIC_SRID, function='ST_Transform', output_field=django.contrib.gis.db.models.fields.PointField(srid=4326)), 50, arg_joiner=') / ', output_field=models.IntegerField(), template='floor(ST_X(%(expressions)s)::integer'), output_field=models.IntegerField())),
                ('cell_y', models.GeneratedField(db_persist=True, expression=models.Func(models.Func(models.F('point'), settings.METRIC_SRID, function='ST_Transform', output_field=django.contrib.gis.db.models.fields.PointField(srid=4326)), 50, arg_joiner=') / ', output_field=models.IntegerField(), template='floor(ST_Y(%(expressions)s)::integer'), output_field=models.IntegerField())),
                ('status', models.CharField(choices=[('new', 'New'), ('accepted', 'In progress'), ('answered', 'Answered'), ('closed', 'Closed')], default='new', max_length=10, verbose_name='status')),
                ('hidden', models.BooleanField(default=False, verbose_name='hidden from the public')),
                ('submitted_at', models.DateTimeField(verbose_name='submitted at')),
                ('due_on', models.DateField(verbose_name='due')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='version')),
                ('source', models.CharField(default='web', max_length=20, verbose_name='source')),
                ('external_id', models.CharField(blank=True, help_text='Makes an import repeatable.', max_length=100, verbose_name='number in the source')),
                ('fingerprint', models.BinaryField(help_text='SHA-256 of what was submitted.', max_length=32)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='districts.category', verbose_name='category')),
                ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='districts.district', verbose_name='district')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='districts.service', verbose_name='service')),
            ],
            options={
                'verbose_name': 'appeal',
                'verbose_name_plural': 'appeals',
                'ordering': ['-submitted_at', '-number'],
            },
        ),
        migrations.CreateModel(
            name='CalendarDay',
            fields=[
                ('date', models.DateField(primary_key=True, serialize=False, verbose_name='date')),
                ('working', models.BooleanField(verbose_name='working day')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('name_ky', models.CharField(max_length=200, null=True, verbose_name='name')),
                ('name_ru', models.CharField(max_length=200, null=True, verbose_name='name')),
                ('name_en', models.CharField(max_length=200, null=True, verbose_name='name')),
            ],
            options={
                'verbose_name': 'calendar day',
                'verbose_name_plural': 'calendar days',
                'ordering': ['date'],
            },
        ),
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
        migrations.CreateModel(
            name='AppealContact',
            fields=[
                ('appeal', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='contact', serialize=False, to='appeals.appeal')),
                ('secret', models.CharField(max_length=64, unique=True)),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, help_text='E.164.', max_length=20, verbose_name='phone')),
            ],
            options={
                'verbose_name': 'contact',
                'verbose_name_plural': 'contacts',
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('verb', models.CharField(choices=[('submit', 'SUBMIT'), ('accept', 'ACCEPT'), ('answer', 'ANSWER'), ('close', 'CLOSE'), ('reopen', 'REOPEN'), ('forward', 'FORWARD'), ('hide', 'HIDE'), ('show', 'SHOW')], max_length=20, verbose_name='what')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('actor_role', models.CharField(choices=[('public', 'PUBLIC'), ('resident', 'RESIDENT'), ('service', 'SERVICE'), ('office', 'OFFICE'), ('system', 'SYSTEM')], max_length=10, verbose_name='as')),
                ('from_status', models.CharField(blank=True, choices=[('new', 'New'), ('accepted', 'In progress'), ('answered', 'Answered'), ('closed', 'Closed')], max_length=10)),
                ('to_status', models.CharField(choices=[('new', 'New'), ('accepted', 'In progress'), ('answered', 'Answered'), ('closed', 'Closed')], max_length=10)),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('public', models.BooleanField(default=True, verbose_name='public')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('appeal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='appeals.appeal')),
                ('service', models.ForeignKey(help_text='Whom the appeal was with when the event began.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
                ('to_service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'ordering': ['appeal', 'version'],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(help_text='Made by the client.', primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('photo', 'photo'), ('video', 'video')], max_length=5)),
                ('state', models.CharField(choices=[('processing', 'being prepared'), ('ready', 'ready'), ('failed', 'could not be read')], max_length=10)),
                ('original', models.FileField(blank=True, storage=appeals.models.attachment.uploads_storage, upload_to='originals')),
                ('large', models.ImageField(blank=True, upload_to='photos')),
                ('thumb', models.ImageField(blank=True, upload_to='thumbs')),
                ('playable', models.FileField(blank=True, upload_to='videos')),
                ('width', models.PositiveIntegerField(blank=True, null=True)),
                ('height', models.PositiveIntegerField(blank=True, null=True)),
                ('duration_s', models.FloatField(blank=True, null=True)),
                ('error', models.CharField(blank=True, help_text='A code of media.refusal, and :limit.', max_length=40)),
                ('digest', models.BinaryField(help_text='SHA-256 of the original: a repeated upload is recognised.', max_length=32)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('appeal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='appeals.appeal')),
                ('event', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='appeals.event')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ['created_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='LegalTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(blank=True, choices=[('complaint', 'Complaint'), ('request', 'Request'), ('recommendation', 'Recommendation')], help_text='Empty: every kind.', max_length=20, verbose_name='kind')),
                ('working_days', models.PositiveSmallIntegerField(verbose_name='working days')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('law', models.CharField(max_length=300, verbose_name='law')),
                ('law_ky', models.CharField(max_length=300, null=True, verbose_name='law')),
                ('law_ru', models.CharField(max_length=300, null=True, verbose_name='law')),
                ('law_en', models.CharField(max_length=300, null=True, verbose_name='law')),
            ],
            options={
                'verbose_name': 'legal term',
                'verbose_name_plural': 'legal terms',
                'ordering': ['-valid_from', 'kind'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'valid_from'), name='one_term_a_kind_and_date')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'e-mail')], default='email', max_length=10, verbose_name='channel')),
                ('recipient', models.CharField(max_length=254, verbose_name='recipient')),
                ('audience', models.CharField(choices=[('author', 'author'), ('service', 'service')], max_length=10)),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sent', 'sent'), ('parked', 'could not be sent')], default='queued', max_length=10, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_attempt_at', models.DateTimeField(verbose_name='next attempt at')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='error')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='appeals.event')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
            },
        ),
        migrations.CreateModel(
            name='RoutingDecision',
            fields=[
                ('appeal', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='routing', serialize=False, to='appeals.appeal')),
                ('rule', models.CharField(choices=[('only_area', 'ONLY_AREA'), ('priority', 'PRIORITY'), ('smallest_area', 'SMALLEST_AREA'), ('tie_by_code', 'TIE_BY_CODE'), ('city_wide', 'CITY_WIDE'), ('office', 'OFFICE')], max_length=20)),
                ('border_m', models.FloatField(help_text='Metres to the nearest border of the area (of the city, without an area).')),
                ('rivals', models.JSONField(default=list, help_text='Areas that lost: area, service, priority, area_m2.')),
                ('decided_at', models.DateTimeField()),
                ('area', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.servicearea')),
                ('district', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.boundaryrevision')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
            ],
            options={
                'verbose_name': 'routing decision',
                'verbose_name_plural': 'routing decisions',
            },
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(models.OrderBy(models.F('submitted_at'), descending=True), models.OrderBy(models.F('number'), descending=True), name='appeal_newest'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['service', 'status', 'due_on'], name='appeal_queue'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['status', 'due_on'], name='appeal_office_queue'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['category', 'submitted_at'], name='appeal_category'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('text'), name='gin_trgm_ops'), name='appeal_text_search'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('address'), name='gin_trgm_ops'), name='appeal_address_search'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('source', 'external_id'), name='imported_once'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['new', 'accepted', 'answered', 'closed'])), name='appeal_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='appeal_has_text'),
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
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(fields=('appeal', 'version'), name='one_event_a_version'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='event',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e1d9a7eabb393b9256eb43f6d680b2f977fb2726', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_a103e', table='appeals_event', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(condition=models.Q(('appeal__isnull', True)), fields=['created_at'], name='attachment_orphan'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['next_attempt_at'], name='message_due'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('event', 'channel', 'recipient'), name='one_message_a_recipient'),
        ),
    ]
