import django.contrib.postgres.indexes
from django.db import migrations

import appeals.search


class Migration(migrations.Migration):

    dependencies = [("appeals", "0023_addresses_that_take_no_mail")]

    operations = [
        migrations.RemoveIndex(model_name="appeal", name="appeal_words"),
        migrations.RemoveIndex(model_name="appealcontact", name="contact_name"),
        migrations.AddIndex(
            model_name="appeal",
            index=django.contrib.postgres.indexes.GinIndex(
                appeals.search.Lexemes("address", "text"), name="appeal_words"
            ),
        ),
        migrations.AddIndex(
            model_name="appealcontact",
            index=django.contrib.postgres.indexes.GinIndex(
                appeals.search.Lexemes("name"), name="contact_name"
            ),
        ),
    ]
