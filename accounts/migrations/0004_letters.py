
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_second_factor'),
    ]

    operations = [
        migrations.AlterField(
            model_name='personchange',
            name='what',
            field=models.CharField(choices=[('invited', 'Invited'), ('given', 'Post given'), ('taken', 'Post taken'), ('deactivated', 'Deactivated'), ('activated', 'Activated again'), ('invited_again', 'Invited again'), ('factor', 'Second step of the log-in removed'), ('changed', 'Changed in the admin')], max_length=20, verbose_name='what'),
        ),
        migrations.CreateModel(
            name='LetterChoice',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='letter_choice', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('how', models.CharField(choices=[('none', 'No letters of my own'), ('at_once', 'Each letter at once'), ('daily', 'One letter a day')], default='none', max_length=10, verbose_name='letters of the desk')),
                ('stopped', models.BooleanField(db_default=False, default=False, verbose_name='stopped by the link in a letter')),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
            ],
            options={
                'verbose_name': 'choice of letters',
                'verbose_name_plural': 'choices of letters',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='quiet_hours_begin_and_end')],
            },
        ),
    ]
