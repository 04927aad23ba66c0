from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_letters"),
        ("appeals", "0022_updated_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="dead_since",
            field=models.DateTimeField(
                blank=True,
                help_text="When a letter to its address came back for good: nothing goes there until one is tried again.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("dead_since__isnull", False)),
                fields=["recipient"],
                name="message_dead_address",
            ),
        ),
    ]
