from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0008_finder_search_columns'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='mark',
            index=models.Index(fields=['person', 'at'], name='mark_by_person_and_moment'),
        ),
        migrations.RemoveIndex(
            model_name='mark',
            name='mark_by_person',
        ),
    ]
