"""What every test gets: the app role's rights on the database, an empty bus, and a clock that it may move."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import NO_DB_ALIAS, BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.signals import connection_created
from django.utils import timezone, translation

from .clock import Clock

FLUSH_ATTEMPTS = 5


def has_two_roles() -> bool:
    """Whether the tests were given an app role beside the owner that they log in as."""
    return bool(settings.DATABASE_APP_ROLE) and settings.DATABASE_APP_ROLE != settings.DATABASES["default"]["USER"]


def take_app_role(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.alias != NO_DB_ALIAS:  # that one makes and drops the test database
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {connection.ops.quote_name(settings.DATABASE_APP_ROLE)}")


def flush_as_owner(flush: Any) -> Any:
    """TRUNCATE is not among the app role's rights; and it may meet what the journeys' server has not finished yet.

    A closed browser's last requests and the server's own sweeps take their locks in another order than a TRUNCATE of
    all tables does. PostgreSQL then ends one of the two; it is tried again.
    """

    def execute_sql_flush(operations: BaseDatabaseOperations, sql_list: list[str]) -> None:
        with operations.connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        try:
            for _ in range(FLUSH_ATTEMPTS - 1):
                with suppress(OperationalError):
                    return flush(operations, sql_list)
            return flush(operations, sql_list)
        finally:
            take_app_role(operations.connection)

    return execute_sql_flush


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Made, migrated and flushed as the owner; everything between as the app role, as in production."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Production refuses to truncate the audit; tests must be able to flush it.
        cursor.execute("SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgtype & 32 <> 0 AND NOT tgisinternal")
        for trigger, table in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(trigger)} ON {table}")
    if not has_two_roles():
        yield
        return
    flush = BaseDatabaseOperations.execute_sql_flush
    connection_created.connect(take_app_role, dispatch_uid="tests.take_app_role")
    BaseDatabaseOperations.execute_sql_flush = flush_as_owner(flush)  # type: ignore[method-assign]
    with django_db_blocker.unblock():
        take_app_role(connection)
    yield
    BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    connection_created.disconnect(dispatch_uid="tests.take_app_role")
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(scope="session")
def bus() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def empty_bus(request: pytest.FixtureRequest) -> None:
    """Counters, presence and rate limits of one test are not the next one's."""
    if os.environ.get("PORTAL_TEST_OWNS_BUS") == "1":
        request.getfixturevalue("bus").flushdb()
    else:
        cache.clear()


@pytest.fixture
def clock() -> Iterator[Clock]:
    moved = Clock()
    yield moved
    moved.reset()


@pytest.fixture(autouse=True)
def own_language_and_zone() -> Iterator[None]:
    """A request leaves the reader's language and zone active in its thread; no test begins with another's."""
    yield
    translation.deactivate()
    timezone.deactivate()
