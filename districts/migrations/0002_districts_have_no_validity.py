from django.db import migrations


class Migration(migrations.Migration):
    """Borders have dates by their revision; nothing ever read those of a district."""

    dependencies = [
        ('districts', '0001_initial'),
    ]

    operations = [
        migrations.RemoveField(model_name='district', name='valid_from'),
        migrations.RemoveField(model_name='district', name='valid_to'),
    ]
