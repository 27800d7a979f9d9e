"""The database is empty again after a test that committed.

Django truncates every table, which gives each of them and each index a new file, and writes all permissions anew: half a
second. A test leaves a few rows in a few tables. Those are deleted here, past triggers and foreign keys as a TRUNCATE goes,
and what migrations derive from the models (content types, permissions) stays.
"""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import TransactionTestCase

LARGE = 4 << 20  # bytes of all tables; deleted rows keep their place, and only a TRUNCATE gives it back
KEPT = {ContentType._meta.db_table, Permission._meta.db_table}


def empty_tables() -> bool:
    """Delete all rows as the owner of the tables; return False where a TRUNCATE has to do it."""
    names = [name for name in connection.introspection.django_table_names(only_existing=True) if name not in KEPT]
    tables = [connection.ops.quote_name(name) for name in names]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() != ("on",):  # somebody else's server: triggers and foreign keys stay in force
            return False
        # Waits for writers in other processes, so that none of them commits a row afterwards.
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
        cursor.execute(
            " UNION ALL ".join(f"SELECT pg_relation_size('{table}'), EXISTS (SELECT FROM {table})" for table in tables)
        )
        states = cursor.fetchall()
        if sum(size for size, _ in states) > LARGE:
            return False
        filled = [table for table, (_, has_rows) in zip(tables, states, strict=True) if has_rows]
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in filled:
            cursor.execute(f"DELETE FROM {table}")
    return True


def empty_or_truncate(truncate: Any) -> Any:
    """What a TransactionTestCase does at its end, where TRUNCATE is what Django would do."""

    def _fixture_teardown(test: TransactionTestCase) -> None:
        is_plain = test.available_apps is None and not test.serialized_rollback
        if not (is_plain and empty_tables()):
            truncate(test)

    return _fixture_teardown
