"""Who did what. Entries are inserted in the actor's transaction and never changed; a sealer chains them afterwards."""

import hashlib
import json
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock

GENESIS = "0" * 64
"""The hash before the first seal."""


class EntryQuerySet(models.QuerySet["AuditEntry"]):
    def managed_by(self, user: Any) -> "EntryQuerySet":
        """Return what a privacy officer reads: all, or the sites of their grants."""
        if not user.is_authenticated or not user.is_active or not user.has_role("privacy_officer"):
            return self.none()
        grants = [grant for grant in user.current_grants if grant.role == "privacy_officer"]
        if any(grant.site_id is None and grant.department_id is None and grant.unit_id is None for grant in grants):
            return self
        return self.filter(site_code__in=[grant.site.code for grant in grants if grant.site_id])

    def unsealed(self) -> "EntryQuerySet":
        """Return entries in no seal yet."""
        return self.filter(~models.Exists(SealedEntry.objects.filter(entry_id=models.OuterRef("pk"))))


class AuditEntry(models.Model):
    """One deed: who (an id, no foreign key, so that entries outlive people), what, on which object, from where."""

    action = models.CharField(_("action"), max_length=80)
    actor_id = models.BigIntegerField(_("actor"), null=True)
    object_type = models.CharField(_("kind of object"), max_length=80)
    object_id = models.CharField(_("object"), max_length=80)
    site_code = models.CharField(_("site"), max_length=20, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    detail = models.JSONField(_("detail"), default=dict)
    at = models.DateTimeField(_("at"), default=clock.now)

    objects = EntryQuerySet.as_manager()

    class Meta:
        db_table = "audit_entry"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes: ClassVar = [
            models.Index(fields=["object_type", "object_id", "at"], name="audit_by_object"),  # who saw this object
            models.Index(fields=["actor_id", "at"], name="audit_by_actor"),  # what did this person do
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.object_type} {self.object_id}"


class Seal(models.Model):
    """A link of the chain: the hash over the seal before it and over the entries that it covers."""

    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
    entries = models.PositiveIntegerField()
    sealed_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "audit_seal"

    def __str__(self) -> str:
        return f"{self.pk}: {self.hash[:12]}"


class SealedEntry(models.Model):
    """That an entry lies in a seal, at which place, and with which hash of its own."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, primary_key=True, related_name="sealed")
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="places")
    position = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_sealed_entry"
        constraints: ClassVar = [models.UniqueConstraint(fields=["seal", "position"], name="one_entry_a_place")]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position}"


def entry_hash(entry: AuditEntry) -> str:
    """Return SHA-256 over the entry's fields as JSON with sorted keys and no blanks (after RFC 8785)."""
    fields = {
        "id": entry.pk,
        "action": entry.action,
        "actor_id": entry.actor_id,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "site_code": entry.site_code,
        "address": entry.address,
        "detail": entry.detail,
        "at": entry.at.isoformat(timespec="microseconds"),
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def seal_hash(previous_hash: str, entry_hashes: list[str]) -> str:
    """Return SHA-256 over the seal before and the hashes of the entries in their order."""
    return hashlib.sha256("\n".join([previous_hash, *entry_hashes]).encode()).hexdigest()
