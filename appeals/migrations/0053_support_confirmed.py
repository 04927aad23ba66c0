from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0052_what_residents_follow'),
    ]

    operations = [
        migrations.AddField(
            model_name='support',
            name='confirmed',
            field=models.BooleanField(db_default=False, default=False),
        ),
        # Of whoever has phoned without an address nothing says so.
        migrations.RunSQL(
            "UPDATE appeals_support SET confirmed = true WHERE also <> ''", migrations.RunSQL.noop
        ),
    ]
