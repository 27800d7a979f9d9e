"""Writing the audit and sealing it."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction

from .models import GENESIS, AuditEntry, Seal, SealedEntry, entry_hash, seal_hash

SEALER_LOCK = 0x5EA1E5
BATCH = 2000

current_address: ContextVar[str | None] = ContextVar("audit_address", default=None)
"""The address that the request of this context came from."""


def write_entry(
    *,
    action: str,
    actor_id: int | None,
    object_type: str,
    object_id: str,
    detail: Mapping[str, Any] | None = None,
    site_code: str = "",
) -> None:
    """Record a deed in the transaction of the deed: both commit, or neither."""
    AuditEntry.objects.create(
        action=action,
        actor_id=actor_id,
        object_type=object_type,
        object_id=object_id,
        detail=dict(detail or {}),
        site_code=site_code,
        address=current_address.get(),
    )


def seal_entries() -> int:
    """Chain committed entries that are in no seal yet; return how many. Nobody who writes an entry waits for it.

    One sealer at a time holds an advisory lock. Entries are taken as they have committed, not by "id greater than", since a
    smaller id may commit later.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        entries = list(AuditEntry.objects.unsealed().order_by("id")[:BATCH])
        if not entries:
            return 0
        last = Seal.objects.order_by("-id").first()
        previous_hash = last.hash if last else GENESIS
        hashes = [entry_hash(entry) for entry in entries]
        seal = Seal.objects.create(
            previous_hash=previous_hash, hash=seal_hash(previous_hash, hashes), entries=len(entries)
        )
        SealedEntry.objects.bulk_create(
            SealedEntry(entry=entry, seal=seal, position=position, hash=own_hash)
            for position, (entry, own_hash) in enumerate(zip(entries, hashes, strict=True))
        )
        return len(entries)
