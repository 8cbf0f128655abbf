from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('circle', '0005_look'),
    ]

    operations = [
        migrations.AddField(
            model_name='supporter',
            name='unread_until',
            field=models.DateTimeField(null=True),
        ),
    ]
