import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0003_translated_terms'),
        ('districts', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='appeal',
            name='appeal_text_trgm',
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('text'), name='gin_trgm_ops'), name='appeal_text_search'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('address'), name='gin_trgm_ops'), name='appeal_address_search'),
        ),
    ]
