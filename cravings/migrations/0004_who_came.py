"""Who has a press at this moment has a row that says so, like those who come from now on."""

from django.db import migrations


def note(apps, schema_editor):
    press, claim = apps.get_model("cravings", "Press"), apps.get_model("cravings", "Claim")
    seen = set()
    for one in press.objects.filter(state="claimed").exclude(claimed_by=None).order_by("-claimed_at"):
        if one.claimed_by_id not in seen:  # one at a time from now on
            claim.objects.create(
                press=one,
                person_id=one.claimed_by_id,
                at=one.claimed_at,
                seen_at=one.claimed_at,
                first_word_at=one.claimed_at,
            )
        seen.add(one.claimed_by_id)


class Migration(migrations.Migration):
    dependencies = [("cravings", "0003_people_on_call_and_aftercare")]
    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
