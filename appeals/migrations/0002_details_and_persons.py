import appeals.workflow
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0001_initial'),
        ('districts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='details',
            field=models.JSONField(blank=True, default=dict, help_text='What else the verb asked for.', verbose_name='details'),
        ),
        migrations.AlterField(
            model_name='event',
            name='verb',
            field=models.CharField(choices=appeals.workflow.verb_choices, max_length=20, verbose_name='what'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('actor_role__in', ['service', 'office']), _negated=True), ('actor__isnull', False), _connector='OR'), name='what_staff_do_names_a_person'),
        ),
    ]
