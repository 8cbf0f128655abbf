"""Corrections that anybody proposes, the question whether a meeting is still right, meetings several times a day."""

from datetime import timedelta

import django.db.models.deletion
from django.db import migrations, models


def ask_later(apps, schema_editor):
    """Meetings that groups have already: asked half a year after the last word, as new ones are."""
    meeting = apps.get_model("meetings", "Meeting")
    confirming = apps.get_model("meetings", "Confirming")
    kept = meeting.objects.filter(group__isnull=False, closed_at=None)
    since = kept.values_list("pk", "created_at", "group__created_at")
    rows = [confirming(meeting_id=pk, due_at=max(made, founded) + timedelta(days=180)) for pk, made, founded in since]
    confirming.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('groups', '0002_when_the_keeping_changed'),
        ('meetings', '0009_marks_by_person_and_moment'),
        ('people', '0002_numbers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirming',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(default='open', max_length=8)),
                ('wanted', models.JSONField(default=dict)),
                ('was', models.JSONField(default=dict)),
                ('words', models.TextField(blank=True, default='')),
                ('digest', models.CharField(max_length=32)),
                ('sent_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('taken', models.JSONField(default=list)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='meeting',
            name='meeting_join_known',
        ),
        migrations.RemoveConstraint(
            model_name='meeting',
            name='meeting_lasts',
        ),
        migrations.AddField(
            model_name='meeting',
            name='series',
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(condition=models.Q(('series__isnull', False)), fields=['series'], name='meeting_series'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.CheckConstraint(condition=models.Q(('join_shown__in', ['members', 'soon', 'all'])), name='meeting_join_known'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.CheckConstraint(condition=models.Q(('series', None), models.Q(('starts_local', None), _negated=True), _connector='OR'), name='only_dated_meetings_make_a_series'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__gt', 0), ('minutes__lte', 10080)), name='meeting_lasts'),
        ),
        migrations.AddField(
            model_name='confirming',
            name='meeting',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='confirming', to='meetings.meeting'),
        ),
        migrations.AddField(
            model_name='correction',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='people.person'),
        ),
        migrations.AddField(
            model_name='correction',
            name='meeting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='meetings.meeting'),
        ),
        migrations.AddField(
            model_name='correction',
            name='settled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='people.person'),
        ),
        migrations.AddIndex(
            model_name='confirming',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='confirming_due'),
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['meeting'], name='correction_open'),
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['settled_at'], name='correction_settled'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'accepted', 'declined'])), name='correction_state_known'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='a_settled_correction_says_when'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('meeting', 'digest'), name='one_open_correction_of_a_kind'),
        ),
        migrations.RunPython(ask_later, migrations.RunPython.noop),
    ]
