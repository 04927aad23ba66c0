import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appeals", "0028_support"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="appealcontact",
            index=models.Index(
                django.db.models.functions.text.Upper("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="contact_email",
            ),
        ),
    ]
