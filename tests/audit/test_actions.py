"""The audit only grows, is chained after the commit, and tells of each way to tamper with it."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.audit import actions, queries
from apps.audit.models import AuditEntry, Seal

pytestmark = pytest.mark.django_db


def write(number: int) -> None:
    actions.write_entry(
        action="test.done", actor_id=number, object_type="test.thing", object_id=str(number), detail={"n": number}
    )


@pytest.fixture
def sealed() -> list[AuditEntry]:
    for start in (1, 4):
        for number in range(start, start + 3):
            write(number)
        assert actions.seal_entries() == 3
    return list(AuditEntry.objects.order_by("id"))


def tamper(statement: str, *values: object) -> None:
    """Change rows as somebody would who owns the database and has taken the triggers away."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = origin")


def rows_found() -> list[str]:
    return [finding.row for finding in queries.verify_chain().findings]


def test_a_whole_chain_has_no_finding(sealed):
    result = queries.verify_chain(expected_head=queries.head_of_chain())
    assert (result.seals, result.entries, result.findings) == (2, 6, ())


def test_a_changed_entry_is_named(sealed):
    tamper("UPDATE audit_entry SET actor_id = 99 WHERE id = %s", sealed[4].pk)
    assert rows_found() == [f"entry {sealed[4].pk}"]


def test_a_deleted_entry_is_found(sealed):
    tamper("DELETE FROM audit_sealed_entry WHERE entry_id = %s", sealed[1].pk)
    tamper("DELETE FROM audit_entry WHERE id = %s", sealed[1].pk)
    assert rows_found() == [f"seal {Seal.objects.order_by('id')[0].pk}"]


def test_an_entry_that_was_slipped_in_is_found(sealed):
    seal = Seal.objects.order_by("id")[0]
    write(7)
    extra = AuditEntry.objects.order_by("-id")[0]
    tamper(
        "INSERT INTO audit_sealed_entry (entry_id, seal_id, position, hash) VALUES (%s, %s, 9, 'x')", extra.pk, seal.pk
    )
    assert f"seal {seal.pk}" in rows_found()


def test_reordered_entries_are_found(sealed):
    first, second = sealed[0].pk, sealed[1].pk
    tamper("UPDATE audit_sealed_entry SET position = 100 WHERE entry_id = %s", first)
    tamper("UPDATE audit_sealed_entry SET position = 0 WHERE entry_id = %s", second)
    assert rows_found() == [f"seal {Seal.objects.order_by('id')[0].pk}"]


def test_a_cut_tail_is_found_by_the_noted_head(sealed):
    head = queries.head_of_chain()
    last = Seal.objects.order_by("-id")[0].pk
    tamper("DELETE FROM audit_sealed_entry WHERE seal_id = %s", last)
    tamper("DELETE FROM audit_seal WHERE id = %s", last)
    tamper("DELETE FROM audit_entry WHERE id = ANY(%s)", [entry.pk for entry in sealed[3:]])
    assert queries.verify_chain().findings == ()
    assert [finding.row for finding in queries.verify_chain(expected_head=head).findings] == ["seal at the end"]


def test_what_lies_unsealed_for_over_a_minute_is_a_finding(sealed, clock):
    write(7)
    assert rows_found() == []
    clock.shift(timedelta(seconds=61))
    assert rows_found() == [f"entry {AuditEntry.objects.order_by('-id')[0].pk}"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor_id = 1", "DELETE FROM audit_entry", "TRUNCATE audit_entry CASCADE"]
)
def test_the_app_role_can_only_add(sealed, statement):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_even_the_owner_is_stopped_by_triggers(sealed):
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET actor_id = 1")


def test_an_entry_commits_with_its_deed_or_not_at_all():
    def fail_after_writing() -> None:
        with transaction.atomic():
            write(1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    assert not AuditEntry.objects.exists()
