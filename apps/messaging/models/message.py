"""Messages and the reactions to them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.text import render_plain
from apps.teams.models import Channel

BODY_LIMIT = 10_000  # characters


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> "MessageQuerySet":
        """Return the messages of the channels that this user reads, from where their history begins."""
        from apps.teams.models import ChannelMembership

        hidden = ChannelMembership.objects.open().filter(
            channel=models.OuterRef("channel"), user=user, visible_from__gt=models.OuterRef("number")
        )
        return self.filter(channel__in=Channel.objects.visible_to(user)).exclude(models.Exists(hidden))


class Message(models.Model):
    """One message. Its row with its `change` is its own outbox; `number` is its place, for replies too."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="messages")
    number = models.PositiveBigIntegerField()
    change = models.PositiveBigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages")
    client_id = models.UUIDField()  # made by the client: a retry finds the first result
    root = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="replies")
    body = models.TextField(_("text"))
    created_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    reply_count = models.PositiveIntegerField(default=0)
    last_reply_at = models.DateTimeField(null=True)
    # Null, not empty: only imported messages have a key, and it is unique among them.
    import_key = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "number"], name="one_message_a_place"),  # also: queries.page_of
            models.UniqueConstraint(fields=["author", "client_id"], name="one_message_a_client_id"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("body"), BODY_LIMIT), name="message_is_not_too_long"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["channel", "change"], name="messages_after_a_change"),  # queries.frames_after
            # queries.thread_of
            models.Index(fields=["root", "number"], name="replies_in_order", condition=models.Q(root__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}/{self.number}"

    @property
    def html(self) -> str:
        return "" if self.deleted_at else render_plain(self.body)


class Reaction(models.Model):
    """One person's reaction to a message, by the short name of an emoji; a change of the channel like any other."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user", "emoji"], name="one_reaction_a_person_and_emoji")
        ]

    def __str__(self) -> str:
        return f":{self.emoji}: {self.message_id}"
