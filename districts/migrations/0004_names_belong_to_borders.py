import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


def hand_down(apps, schema_editor):
    """Every boundary takes over the name and the parent that its district had; saving turns the rings."""
    boundaries = apps.get_model("districts", "DistrictBoundary")
    columns = ["name", "name_en", "name_ky", "name_ru"]
    for boundary in boundaries.objects.select_related("district"):
        for column in columns:
            setattr(boundary, column, getattr(boundary.district, column))
        boundary.parent_id = boundary.district.parent_id
        boundary.save()
    for area in apps.get_model("districts", "ServiceArea").objects.all():
        area.save(update_fields=["geom"])


class Migration(migrations.Migration):
    """Names and hierarchy of districts belong to a revision, codes of areas to their service; rings are oriented."""

    dependencies = [
        ('districts', '0003_installed_city'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='servicearea',
            name='service_area_code_is_unique_in_a_revision',
        ),
        migrations.AddField(
            model_name='boundaryrevision',
            name='applied',
            field=models.BooleanField(default=False, editable=False, help_text='The names of districts are those of this revision, and appeals are counted in its districts.'),
        ),
        migrations.AddField(
            model_name='districtboundary',
            name='name',
            field=models.CharField(default='', max_length=200, verbose_name='name'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='districtboundary',
            name='name_en',
            field=models.CharField(max_length=200, null=True, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='districtboundary',
            name='name_ky',
            field=models.CharField(max_length=200, null=True, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='districtboundary',
            name='name_ru',
            field=models.CharField(max_length=200, null=True, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='districtboundary',
            name='parent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district', verbose_name='part of'),
        ),
        migrations.AlterField(
            model_name='boundaryrevision',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='state'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='districtboundary',
            trigger=pgtrigger.compiler.Trigger(name='rings_are_oriented', sql=pgtrigger.compiler.UpsertTriggerSql(func='NEW.geom := ST_ForcePolygonCCW(NEW.geom); RETURN NEW;', hash='338ef6b9f5c3b29aa3244c39642b4d23affafde2', operation='INSERT OR UPDATE', pgid='pgtrigger_rings_are_oriented_adb83', table='districts_districtboundary', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='servicearea',
            trigger=pgtrigger.compiler.Trigger(name='rings_are_oriented', sql=pgtrigger.compiler.UpsertTriggerSql(func='NEW.geom := ST_ForcePolygonCCW(NEW.geom); RETURN NEW;', hash='64359eb3aafd762a25b1aaf68603c9b2f247ddd4', operation='INSERT OR UPDATE', pgid='pgtrigger_rings_are_oriented_f0079', table='districts_servicearea', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='boundaryrevision',
            constraint=models.UniqueConstraint(condition=models.Q(('applied', True)), fields=('applied',), name='one_revision_is_applied'),
        ),
        migrations.AddConstraint(
            model_name='servicearea',
            constraint=models.UniqueConstraint(fields=('revision', 'service', 'code'), name='code_of_an_area_is_its_services_own'),
        ),
        migrations.RunPython(hand_down, migrations.RunPython.noop),
    ]
