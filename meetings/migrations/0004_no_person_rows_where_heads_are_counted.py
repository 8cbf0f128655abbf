from django.db import migrations

from meetings.schema import postgresql_off, postgresql_on


def on(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        postgresql_on(schema_editor)


def off(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        postgresql_off(schema_editor)


class Migration(migrations.Migration):
    """On SQLite the same triggers are put on after every migrate: see meetings.schema."""

    dependencies = [
        ("groups", "0002_when_the_keeping_changed"),
        ("meetings", "0003_own_entries_have_a_title"),
    ]

    operations = [migrations.RunPython(on, off)]
