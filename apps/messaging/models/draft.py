"""Text that is not sent yet, the same on all devices of its author."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.core import clock
from apps.teams.models import Channel

from .listing import OwnQuerySet


class Draft(models.Model):
    """What stands in one composer. `version` rises with each save: a device that has not seen the newest overwrites nothing.

    An emptied draft keeps its row for a while, so that a device that was away does not bring the old text back.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    root_number = models.PositiveBigIntegerField(default=0)  # of the thread that is answered; 0: the channel itself
    body = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(default=clock.now)

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "channel", "root_number"], name="one_draft_a_composer")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}/{self.root_number}"
