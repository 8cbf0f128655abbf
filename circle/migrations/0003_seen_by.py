"""A contact with an account may see on Today who chose them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("circle", "0002_rest"), ("people", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="supporter",
            name="seen_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="sees", to="people.person"
            ),
        ),
        migrations.AddConstraint(
            model_name="supporter",
            constraint=models.CheckConstraint(
                name="nobody_sees_themselves_as_a_contact",
                condition=models.Q(("member", models.F("seen_by")), _negated=True),
            ),
        ),
    ]
