"""Every delivery has a public id: what mail programs, push services and providers' reports know it by."""

import uuid

from django.db import migrations, models


def fill(apps, schema_editor):
    for delivery in apps.get_model("delivery", "Delivery").objects.filter(pid=None).only("pk").iterator():
        delivery.pid = uuid.uuid4()
        delivery.save(update_fields=["pid"])


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]

    operations = [
        migrations.AddField("delivery", "pid", models.UUIDField(default=None, editable=False, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("delivery", "pid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
    ]
