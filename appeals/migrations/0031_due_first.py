from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0030_cells_of_the_map'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['due_on', 'number'], name='appeal_due'),
        ),
    ]
