"""How far somebody has come in a channel. Watermarks: one row, overwritten; unread is a subtraction, never a COUNT."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Greatest

from apps.core import clock
from apps.teams.models import Channel

from .message import Message


class ReadMark(models.Model):
    """A missing row is 0: a channel younger than the member. `base` is where they came in, `unread_from` is set by hand."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="marks")
    base = models.PositiveBigIntegerField(default=0)
    up_to = models.PositiveBigIntegerField(default=0)
    delivered = models.PositiveBigIntegerField(default=0)
    unread_from = models.PositiveBigIntegerField(null=True)
    by_hand_at = models.DateTimeField(null=True)  # when it was set: what was seen before does not take it back
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


class ThreadMark(models.Model):
    """How far somebody has come in a thread, by the ordinal of its replies, and whether they follow it.

    Unread is `root.reply_count - up_to`. Who writes in a thread follows it, and the author of its root; who only looks into it
    has a row too, so that the author of a reply knows who has seen it.
    """

    root = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="thread_marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="thread_marks")
    up_to = models.PositiveIntegerField(default=0)
    is_following = models.BooleanField(default=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["root", "user"], name="one_mark_a_person_and_thread")]
        indexes: ClassVar = [
            # queries.followed_threads
            models.Index(fields=["user"], name="threads_of_a_follower", condition=models.Q(is_following=True))
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in thread {self.root_id}: {self.up_to}"
