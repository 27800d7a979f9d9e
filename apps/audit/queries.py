"""Reading the chain of seals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from apps.core import clock

from .models import GENESIS, AuditEntry, Seal, SealedEntry, entry_hash, seal_hash

UNSEALED_FOR_TOO_LONG = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where the audit does not hold: which row and what is wrong with it."""

    row: str
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    seals: int
    entries: int
    findings: tuple[Finding, ...]


def verify_chain(*, expected_head: str = "") -> Verification:
    """Recompute every seal and entry from the first on.

    Finds a changed, deleted, inserted or reordered entry, and with `expected_head` (a hash noted elsewhere) a cut tail.
    Entries that no seal covers for over a minute are findings too.
    """
    findings: list[Finding] = []
    seals = entries = 0
    previous_hash = GENESIS
    heads: set[str] = set()
    for seal in Seal.objects.order_by("id").iterator(chunk_size=500):
        seals += 1
        if seal.previous_hash != previous_hash:
            findings.append(Finding(f"seal {seal.pk}", "does not follow the seal before it"))
        hashes: list[str] = []
        for place, entry in _entries_of(seal):
            entries += 1
            own_hash = entry_hash(entry)
            if own_hash != place.hash:
                findings.append(Finding(f"entry {entry.pk}", "was changed after it was sealed"))
            hashes.append(place.hash)
        if len(hashes) != seal.entries:
            findings.append(Finding(f"seal {seal.pk}", f"covers {seal.entries} entries, {len(hashes)} are there"))
        elif seal_hash(seal.previous_hash, hashes) != seal.hash:
            findings.append(Finding(f"seal {seal.pk}", "its hash does not fit its entries"))
        previous_hash = seal.hash
        heads.add(seal.hash)
    if expected_head and expected_head not in heads:
        findings.append(Finding("seal at the end", "the noted head is not in the chain: its tail was cut"))
    late = AuditEntry.objects.unsealed().filter(at__lt=clock.now() - UNSEALED_FOR_TOO_LONG).order_by("id")[:20]
    findings += [Finding(f"entry {entry.pk}", "lies unsealed for over a minute") for entry in late]
    return Verification(seals=seals, entries=entries, findings=tuple(findings))


def _entries_of(seal: Seal) -> Iterator[tuple[SealedEntry, AuditEntry]]:
    for place in SealedEntry.objects.filter(seal=seal).select_related("entry").order_by("position"):
        yield place, place.entry


def head_of_chain() -> str:
    """Return the hash of the newest seal, to be noted elsewhere."""
    return Seal.objects.order_by("-id").values_list("hash", flat=True).first() or GENESIS
