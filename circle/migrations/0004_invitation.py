"""What became of an invitation is read once, so that the member hears of an address that does not work."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("circle", "0003_seen_by"), ("delivery", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="supporter",
            name="invitation",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="delivery.delivery",
            ),
        ),
        migrations.AddIndex(
            model_name="supporter",
            index=models.Index(
                fields=["invitation"],
                name="invitation_to_read",
                condition=models.Q(("invitation", None), _negated=True),
            ),
        ),
    ]
