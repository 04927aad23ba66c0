
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0018_linked_appeals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('text', 'text'), ('address', 'place')], max_length=10)),
                ('before', models.TextField(verbose_name='before')),
                ('after', models.TextField(verbose_name='after')),
            ],
            options={
                'verbose_name': 'redaction',
                'verbose_name_plural': 'redactions',
                'ordering': ['pk'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='event',
            name='append_only',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='event',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='35d974f8eaa173bca82189ed9db4210ec042d39a', operation='DELETE', pgid='pgtrigger_append_only_a103e', table='appeals_event', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='event',
            trigger=pgtrigger.compiler.Trigger(name='only_redacted', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF to_jsonb(NEW) - 'text' = to_jsonb(OLD) - 'text' AND EXISTS (\n                        SELECT FROM appeals_redaction r JOIN appeals_event e ON e.id = r.event_id\n                        WHERE r.of_event_id = OLD.id AND r.before = OLD.text AND r.after = NEW.text\n                        AND e.appeal_id = OLD.appeal_id AND e.version = (\n                            SELECT max(version) FROM appeals_event WHERE appeal_id = OLD.appeal_id\n                        )\n                    ) THEN\n                        RETURN NEW;\n                    END IF;\n                    RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;\n                ", hash='a9966d757a7c18ea1dce4768b4f0bfa8f9e1f0d5', operation='UPDATE', pgid='pgtrigger_only_redacted_8af5d', table='appeals_event', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='redaction',
            name='event',
            field=models.ForeignKey(help_text='Of the moderation: who, when, why.', on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='appeals.event'),
        ),
        migrations.AddField(
            model_name='redaction',
            name='of_event',
            field=models.ForeignKey(blank=True, help_text='Whose words they are; of the appeal itself without one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='appeals.event'),
        ),
        migrations.AddConstraint(
            model_name='redaction',
            constraint=models.UniqueConstraint(fields=('event', 'of_event', 'field'), name='one_redaction_of_a_text', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='redaction',
            constraint=models.CheckConstraint(condition=models.Q(('of_event__isnull', True), ('field', 'text'), _connector='OR'), name='events_have_text_alone'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redaction',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e953ae738b9cebc89572c55b4da69e2ef4afe110', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8ec4d', table='appeals_redaction', when='BEFORE')),
        ),
    ]
