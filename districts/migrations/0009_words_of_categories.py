import django.contrib.postgres.indexes
import geo.word_forms
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('districts', '0008_row_is_recorded'),
    ]

    operations = [
        migrations.AddField(
            model_name='category',
            name='words',
            field=models.TextField(blank=True, db_default='', help_text='In any language, with commas between them. Whoever looks for one of them finds the category.', verbose_name='other words for it'),
        ),
        migrations.RemoveIndex(
            model_name='place',
            name='place_search_trgm',
        ),
        migrations.AlterField(
            model_name='place',
            name='search',
            field=models.TextField(default='', editable=False, help_text='Every name in lower case, for the search.'),
        ),
        migrations.AddIndex(
            model_name='place',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(geo.word_forms.Folded('search'), name='gin_trgm_ops'), name='place_words'),
        ),
    ]
