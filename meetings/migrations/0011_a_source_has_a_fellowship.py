"""A coordinator may say to which fellowship the meetings of a list belong that do not say it themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0009_marks_by_person_and_moment")]

    operations = [
        migrations.AddField("source", "fellowship", models.CharField(blank=True, default="", max_length=16)),
    ]
