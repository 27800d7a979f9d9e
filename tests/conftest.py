"""What every test gets: the app role's rights on the database, an empty bus, and a clock that it may move."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import NO_DB_ALIAS, BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from django.utils import timezone, translation

from . import emptying
from .clock import Clock

EMPTYING_ATTEMPTS = 5


def has_two_roles() -> bool:
    """Whether the tests were given an app role beside the owner that they log in as."""
    return bool(settings.DATABASE_APP_ROLE) and settings.DATABASE_APP_ROLE != settings.DATABASES["default"]["USER"]


def take_app_role(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.alias != NO_DB_ALIAS:  # that one makes and drops the test database
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {connection.ops.quote_name(settings.DATABASE_APP_ROLE)}")


def empty_as_owner(empty: Any) -> Any:
    """Neither TRUNCATE nor deleting the audit is among the app role's rights; and a server may not have finished yet.

    A closed browser's last requests and the server's own sweeps take their locks in another order than emptying all
    tables does. PostgreSQL then ends one of the two; it is tried again.
    """

    def _fixture_teardown(test: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        try:
            for _ in range(EMPTYING_ATTEMPTS - 1):
                with suppress(CommandError, OperationalError):
                    return empty(test)
            return empty(test)
        finally:
            take_app_role(connection)

    return _fixture_teardown


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
    truncate = TransactionTestCase._fixture_teardown
    connection_created.connect(take_app_role, dispatch_uid="tests.take_app_role")
    TransactionTestCase._fixture_teardown = empty_as_owner(emptying.empty_or_truncate(truncate))
    with django_db_blocker.unblock():
        take_app_role(connection)
    yield
    TransactionTestCase._fixture_teardown = truncate
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
