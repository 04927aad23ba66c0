import pgtrigger
from django.db import migrations


def tell_what_is_not_known(apps, schema_editor):
    """What was imported as answered, without a word, was shown as an empty answer that was given in time."""
    events = apps.get_model('appeals', 'Event').objects
    empty = events.filter(verb='answer', text='', actor_role='system', attachments__isnull=True)
    appeals = list(empty.values_list('appeal_id', flat=True))
    with pgtrigger.ignore('appeals.Event:only_redacted'):
        events.filter(pk__in=empty.values('pk')).update(verb='answered_elsewhere')
    answered = events.filter(verb='answer').values('appeal_id')
    apps.get_model('appeals', 'Appeal').objects.filter(pk__in=appeals).exclude(pk__in=answered).update(answered_at=None)


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0025_row_is_recorded'),
    ]

    operations = [
        migrations.RunPython(tell_what_is_not_known, migrations.RunPython.noop),
    ]
