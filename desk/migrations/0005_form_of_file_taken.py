from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0004_files_taken")]

    operations = [
        migrations.AddField(
            model_name="filetaken",
            name="form",
            field=models.CharField(
                default="json", help_text="The kind of file: pdf or json.", max_length=4
            ),
            preserve_default=False,
        ),
    ]
