from django.db import migrations, models

ICONS = [
    'road', 'light', 'water', 'heat', 'power', 'gas', 'waste', 'tree', 'transport', 'building', 'market', 'animal',
    'sport', 'culture', 'social', 'land', 'other',
]


def name_the_city(apps, schema_editor):
    """A city that is there already is known by the code of its outline."""
    outlines = list(apps.get_model('districts', 'District').objects.filter(kind='city').values_list('code', flat=True))
    if len(outlines) == 1:
        apps.get_model('districts', 'InstalledCity').objects.create(pk=1, code=outlines[0])


def draw_what_exists(apps, schema_editor):
    """An icon without a drawing was an empty square."""
    categories = apps.get_model('districts', 'Category').objects.exclude(icon='')
    categories.filter(icon='bin').update(icon='waste')
    categories.exclude(icon__in=ICONS).update(icon='')


class Migration(migrations.Migration):
    """The database says which city it holds; a category's icon is one that is drawn."""

    dependencies = [
        ('districts', '0002_districts_have_no_validity'),
    ]

    operations = [
        migrations.CreateModel(
            name='InstalledCity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=60, verbose_name='code')),
            ],
            options={
                'verbose_name': 'city',
                'verbose_name_plural': 'city',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_city_a_database')],
            },
        ),
        migrations.AlterField(
            model_name='category',
            name='icon',
            field=models.CharField(blank=True, choices=[(name, name) for name in ICONS], max_length=30, verbose_name='icon'),
        ),
        migrations.RunPython(name_the_city, migrations.RunPython.noop),
        migrations.RunPython(draw_what_exists, migrations.RunPython.noop),
    ]
