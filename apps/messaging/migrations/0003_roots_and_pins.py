from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the table is large, and people write while its indexes are built

    dependencies = [("messaging", "0002_states_of_a_message")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("root__isnull", True)), fields=["channel", "number"], name="roots_in_order"
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("pinned_at__isnull", False)), fields=["channel"], name="pins_of_a_channel"
            ),
        ),
    ]
