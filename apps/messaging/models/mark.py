"""How far somebody has come in a channel. Watermarks: one row, overwritten; unread is a subtraction, never a COUNT."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Greatest

from apps.core import clock
from apps.teams.models import Channel


class ReadMark(models.Model):
    """A missing row is 0: a channel younger than the member. `base` is where they came in, `unread_from` is set by hand."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="marks")
    base = models.PositiveBigIntegerField(default=0)
    up_to = models.PositiveBigIntegerField(default=0)
    delivered = models.PositiveBigIntegerField(default=0)
    unread_from = models.PositiveBigIntegerField(null=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "channel"], name="one_mark_a_person_and_channel")
        ]
        indexes: ClassVar = [models.Index(fields=["channel"], name="marks_of_a_channel")]  # queries.marks_of

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}: {self.up_to}"


def read_place() -> models.Expression:
    """Return, on a query over marks, the number up to which all is read."""
    return Greatest("base", "up_to")
