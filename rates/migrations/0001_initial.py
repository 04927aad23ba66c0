from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("code", models.CharField(help_text="Of the limit.", max_length=40)),
                ("full_at", models.DateTimeField(help_text="When all of it has been refilled.")),
            ],
        ),
        # A count is worth less than the wait for the disk: a crash of the server may empty the table.
        migrations.RunSQL("ALTER TABLE rates_bucket SET UNLOGGED", "ALTER TABLE rates_bucket SET LOGGED"),
    ]
