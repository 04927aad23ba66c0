from typing import Any

from django.db import migrations, models


def those_that_were_written_to(apps: Any, schema_editor: Any) -> None:
    """Their letters go on as they were promised."""
    apps.get_model("appeals", "AppealContact").objects.exclude(email="").update(email_proven=True)


class Migration(migrations.Migration):
    dependencies = [("appeals", "0014_open_in_order")]

    operations = [
        migrations.AddField(
            model_name="appealcontact",
            name="email_proven",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whoever reads it has opened the link in the first letter. Until then there is no other.",
                verbose_name="e-mail proven",
            ),
        ),
        migrations.RunPython(those_that_were_written_to, migrations.RunPython.noop),
    ]
