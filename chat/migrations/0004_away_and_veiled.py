"""Who is away is told; what an erased person wrote stays unseen where a block had parted them."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F


def nothing_old(apps, schema_editor):
    """Nobody is told of what was said before there were notifications."""
    apps.get_model("chat", "Room").objects.update(noticed=F("last_seq"))


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_silence_and_reports"),
        ("people", "0002_numbers"),
    ]

    operations = [
        migrations.AddField("room", "noticed", models.BigIntegerField(default=0)),
        migrations.AddField("readmark", "told", models.BigIntegerField(default=0)),
        migrations.CreateModel(
            name="Mute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.person"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mutes",
                        to="chat.room",
                    ),
                ),
                ("named", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("room", "person"), name="one_mute_per_room")],
            },
        ),
        migrations.CreateModel(
            name="Veil",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="veils",
                        to="chat.message",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.person"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("message", "reader"), name="one_veil")],
            },
        ),
        migrations.RunPython(nothing_old, migrations.RunPython.noop),
    ]
