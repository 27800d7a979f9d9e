"""Give replies their place in their thread, and let those who took part in a thread follow it. May be run again."""

from django.db import migrations

ORDINALS = """
UPDATE messaging_message AS m SET ordinal = placed.ordinal
FROM (SELECT id, row_number() OVER (PARTITION BY root_id ORDER BY number) AS ordinal
      FROM messaging_message WHERE root_id IS NOT NULL) AS placed
WHERE placed.id = m.id AND m.ordinal = 0
"""

# Whoever wrote in a thread follows it from now on; what their mark in the channel covers is read in the thread too.
FOLLOWERS = """
INSERT INTO messaging_threadmark (root_id, user_id, up_to, is_following, at)
SELECT part.root_id, part.user_id,
  (SELECT count(*) FROM messaging_message AS reply WHERE reply.root_id = part.root_id AND reply.number <=
    coalesce((SELECT greatest(mark.base, mark.up_to) FROM messaging_readmark AS mark
              WHERE mark.user_id = part.user_id AND mark.channel_id = part.channel_id), 0)),
  true, part.at
FROM (SELECT root_id, user_id, channel_id, max(at) AS at FROM (
        SELECT root_id, author_id AS user_id, channel_id, created_at AS at
        FROM messaging_message WHERE root_id IS NOT NULL
        UNION ALL
        SELECT id, author_id, channel_id, created_at FROM messaging_message WHERE root_id IS NULL AND reply_count > 0
      ) AS written GROUP BY root_id, user_id, channel_id) AS part
ON CONFLICT (root_id, user_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_roots_and_pins")]

    operations = [
        migrations.RunSQL(ORDINALS, migrations.RunSQL.noop, elidable=True),
        migrations.RunSQL(FOLLOWERS, migrations.RunSQL.noop, elidable=True),
    ]
