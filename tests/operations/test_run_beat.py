"""Of several beats one sends; the next takes over when its session is gone."""

import psycopg
import pytest
from django.db import connection

from apps.operations.management.commands.run_beat import BEAT_LOCK, Command

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_beat_at_a_time():
    words = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in {"host", "port", "user", "dbname", "password"}
    }
    with psycopg.connect(**words, autocommit=True) as other:
        assert other.execute("SELECT pg_try_advisory_lock(%s)", [BEAT_LOCK]).fetchone() == (True,)
        assert not Command()._take_lock()
        other.execute("SELECT pg_advisory_unlock(%s)", [BEAT_LOCK])
    assert Command()._take_lock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [BEAT_LOCK])
