"""A contact may ask for a rest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("circle", "0001_initial")]

    operations = [
        migrations.AddField(model_name="supporter", name="rests_until", field=models.DateTimeField(null=True)),
    ]
