"""What the tests rely on: after one that committed there is nothing left of it."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, transaction

from apps.audit.models import AuditEntry
from apps.people.models import User
from apps.sites.models import Network
from tests import emptying, factories
from tests.conftest import take_app_role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_owner(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() != ("on",):
            pytest.skip("the server is somebody else's, where a TRUNCATE does it")
    yield
    take_app_role(connection)


def test_rows_go_past_triggers_and_foreign_keys(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "LARGE", 1 << 40)  # whatever the tests before it left behind in deleted rows
    person = factories.make_person()
    factories.grant(person, "it")
    AuditEntry.objects.create(actor_id=person.pk, action="probe")
    types = ContentType.objects.count()
    assert emptying.empty_tables()
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()
    assert ContentType.objects.count() == types > 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


def test_it_waits_for_who_is_still_writing(as_owner: None) -> None:
    has_written, may_commit = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            Network.objects.create(name_ko="늦은 망", name_en="Late", name_ar="متأخر")
            has_written.set()
            may_commit.wait(10)
        connections.close_all()

    writer = Thread(target=write)
    writer.start()
    assert has_written.wait(10)
    Thread(target=lambda: (may_commit.wait(0.3), may_commit.set())).start()
    assert emptying.empty_tables()
    writer.join(10)
    assert not Network.objects.exists()


def test_much_is_left_to_a_truncate(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.make_person()
    monkeypatch.setattr(emptying, "LARGE", 0)
    assert not emptying.empty_tables()
    assert User.objects.exists()
