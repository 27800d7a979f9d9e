"""Who has caused a notice, so that nobody renews it twice; and whether it is told without a toast."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_notices")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="people",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveBigIntegerField(), null=True, size=None
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="is_quiet",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
