"""Core's one concrete model: the outbox of durable events."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from . import clock

ATTEMPTS_BEFORE_DEAD = 12


class OutboxEvent(models.Model):
    """A durable event until each subscriber has had it. `pending` holds the names of those that still wait."""

    name = models.CharField(max_length=120)
    aggregate = models.CharField(max_length=120)
    payload = models.JSONField()
    pending = ArrayField(models.CharField(max_length=200))
    created_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=clock.now)
    dead_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            # actions.drain_outbox: the oldest waiting aggregates
            models.Index(
                fields=["next_try_at"], name="outbox_waiting", condition=~models.Q(pending=[]) & models.Q(dead_at=None)
            ),
            # actions.drain_outbox: the waiting rows of one aggregate in order
            models.Index(fields=["aggregate", "id"], name="outbox_by_aggregate", condition=~models.Q(pending=[])),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.aggregate}"
