"""Bring in the shipped crisis lines, so that a fresh site has numbers to call. Later lists: manage.py crisislines --load"""

from dataclasses import asdict

from django.db import migrations

from cravings.lines import shipped


def load(apps, schema_editor):
    table = apps.get_model("cravings", "CrisisLine")
    table.objects.bulk_create([table(**asdict(line)) for line in shipped()], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("cravings", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
