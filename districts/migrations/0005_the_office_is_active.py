from django.db import migrations, models


def switch_on(apps, schema_editor):
    """An inactive Mayor's Office received appeals all the same."""
    apps.get_model("districts", "Service").objects.filter(is_office=True, active=False).update(active=True)


class Migration(migrations.Migration):
    """A district has no parent outside of borders, and the Mayor's Office cannot be switched off."""

    dependencies = [
        ('districts', '0004_names_belong_to_borders'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='district',
            name='parent',
        ),
        migrations.RunPython(switch_on, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(('is_office', False), ('active', True), _connector='OR'), name='mayors_office_is_active'),
        ),
    ]
