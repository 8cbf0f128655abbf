from typing import Any

from django.db import migrations


def bounces_go(apps: Any, schema_editor: Any) -> None:
    """None was ever written; what bounced stands with the contact way."""
    apps.get_model("delivery", "Stop").objects.filter(why="bounce").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0003_inbound_reference'),
    ]

    operations = [
        migrations.RunPython(bounces_go, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='stop',
            name='stop_reason_known',
        ),
        migrations.RemoveField(
            model_name='stop',
            name='why',
        ),
    ]
