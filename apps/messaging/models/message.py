"""Messages and the reactions to them."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.text import render_plain, safe_html
from apps.teams.models import Channel

BODY_LIMIT = 10_000  # characters


class Priority(models.TextChoices):
    """How soon somebody must act; only routine messages are sent yet."""

    ROUTINE = "routine", _("Routine")


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
    ordinal = models.PositiveIntegerField(
        default=0, db_default=0
    )  # a reply's place in its thread, from 1; 0 for a root
    body = models.TextField(_("text"), blank=True)  # Markdown as it was written; a forwarded message may have none
    rendered = models.TextField(
        default="", db_default="", blank=True
    )  # safe HTML of the body; empty where it is plain text
    mentions = models.JSONField(null=True)  # [[start, end, "user:17"], …]: spans of the body
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority, default=Priority.ROUTINE, db_default=Priority.ROUTINE
    )
    asks_acknowledgement = models.BooleanField(default=False, db_default=False)
    acknowledged_count = models.PositiveIntegerField(default=0, db_default=0)
    is_forward = models.BooleanField(default=False, db_default=False)  # it has a `Forward`
    created_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # a tombstone: the text stays for auditors alone
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
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
            # queries.page_of: a page of a channel in which most messages are replies
            models.Index(fields=["channel", "number"], name="roots_in_order", condition=models.Q(root__isnull=True)),
            # queries.pins_of
            models.Index(fields=["channel"], name="pins_of_a_channel", condition=models.Q(pinned_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}/{self.number}"

    @property
    def html(self) -> str:
        if self.deleted_at:
            return ""
        return safe_html(self.rendered) if self.rendered else render_plain(self.body)

    @property
    def is_within_edit_time(self) -> bool:
        """Whether the policy (MESSAGE_EDIT_HOURS; 0 sets no limit) still lets the text be changed."""
        hours = settings.MESSAGE_EDIT_HOURS
        return not hours or clock.now() - self.created_at < timedelta(hours=hours)

    @property
    def mention_keys(self) -> list[str]:
        """Whom the text mentions: "user:17", "unit:5", "channel:", each once; nobody once it is deleted."""
        return (
            []
            if self.deleted_at
            else list(dict.fromkeys(key for *_, keys in self.mentions or () for key in keys.split()))
        )


class Revision(models.Model):
    """A text that an edit replaced. The author's colleagues may compare; nothing is ever rewritten here."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="revisions")
    body = models.TextField()
    written_at = models.DateTimeField()
    replaced_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["message", "id"], name="revisions_in_order")]  # queries.versions_of

    def __str__(self) -> str:
        return f"{self.message_id} until {self.replaced_at}"


class Forward(models.Model):
    """What a message passes on: a copy of another one as it was then, with its author and time."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="forward")
    source = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    body = models.TextField()
    rendered = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"{self.source_id} in {self.message_id}"

    @property
    def html(self) -> str:
        return safe_html(self.rendered) if self.rendered else render_plain(self.body)


class Acknowledgement(models.Model):
    """Somebody has taken note of a message that asked for it. Reading it, or reacting to it, is not this."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="acknowledgements")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user"], name="one_acknowledgement_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.message_id}"


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
