import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0009_marks_by_person_and_moment'),
        ('own', '0002_what_helps'),
        ('people', '0002_numbers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Favourite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='meetings.meeting')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='favourites', to='people.person')),
            ],
            options={
                'indexes': [models.Index(fields=['person', 'at'], name='favourite_by_person')],
                'constraints': [models.UniqueConstraint(fields=('person', 'meeting'), name='one_favourite_per_meeting')],
            },
        ),
    ]
