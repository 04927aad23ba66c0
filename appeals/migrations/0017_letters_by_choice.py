
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_letters'),
        ('appeals', '0016_dropped_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='appealcontact',
            name='unsubscribed',
            field=models.BooleanField(db_default=False, default=False, help_text='Said with the link that stands in each letter.', verbose_name='wants no letters'),
        ),
        migrations.AddField(
            model_name='message',
            name='contact',
            field=models.ForeignKey(blank=True, help_text='Whose address it goes to, of an author.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='appeals.appealcontact'),
        ),
        migrations.AddField(
            model_name='message',
            name='daily',
            field=models.BooleanField(db_default=False, default=False, help_text='Goes out with the others of its person in one letter a day.', verbose_name='of the day'),
        ),
        migrations.AddField(
            model_name='message',
            name='invitation',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.personchange'),
        ),
        migrations.AddField(
            model_name='message',
            name='person',
            field=models.ForeignKey(blank=True, help_text='Whose own letter it is, of those who work for the service: they have chosen to get it.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='message',
            name='audience',
            field=models.CharField(choices=[('author', 'author'), ('service', 'service'), ('office', "Mayor's Office"), ('follower', 'author of a repetition'), ('invited', 'somebody who was invited')], max_length=10),
        ),
        migrations.AlterField(
            model_name='message',
            name='event',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='appeals.event'),
        ),
        migrations.AlterField(
            model_name='message',
            name='state',
            field=models.CharField(choices=[('queued', 'queued'), ('sent', 'sent'), ('parked', 'could not be sent'), ('dropped', 'could not be sent, and is not tried again'), ('unwanted', 'not wanted any more')], default='queued', max_length=10, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('daily', True), ('state', 'queued')), fields=['person'], name='message_of_the_day'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'parked')), fields=['id'], name='message_parked'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('invitation', 'channel', 'recipient'), name='one_message_an_invitation'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('event__isnull', False), ('invitation__isnull', True)), models.Q(('audience', 'invited'), ('event__isnull', True), ('invitation__isnull', False)), _connector='OR'), name='message_is_about_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('daily', False), ('person__isnull', False), _connector='OR'), name='letter_of_the_day_is_a_persons'),
        ),
    ]
