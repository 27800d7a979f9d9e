from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_places_in_threads")]

    operations = [
        migrations.AddField(model_name="readmark", name="by_hand_at", field=models.DateTimeField(null=True)),
    ]
