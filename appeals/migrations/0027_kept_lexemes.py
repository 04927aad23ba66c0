from django.db import migrations

#: As ``appeals.search.Lexemes`` says it of address and text.
_KEEP = """
    ALTER TABLE appeals_appeal ADD COLUMN lexemes tsvector GENERATED ALWAYS AS (
        strip(to_tsvector('simple'::regconfig, translate(
            lower(address || ' ' || text), 'ёөүңўқғ<&-+~/.@_:', 'еоунукг          '
        )))
    ) STORED
"""


class Migration(migrations.Migration):

    dependencies = [("appeals", "0026_answers_that_are_not_known")]

    operations = [
        migrations.RemoveIndex(model_name="appeal", name="appeal_words"),
        migrations.RunSQL(_KEEP, "ALTER TABLE appeals_appeal DROP COLUMN lexemes"),
        migrations.RunSQL(
            "CREATE INDEX appeal_words ON appeals_appeal USING gin (lexemes)", "DROP INDEX appeal_words"
        ),
    ]
