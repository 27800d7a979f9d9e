"""Notices: one row a person and thing, which is also the outbox of the hint that tells it; and batches for many people."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.sites.models import Unit
from apps.teams.models import Channel, Team

# How notices of a kind behave. What kinds are called, and what they say, is registered (registry.py).
GATHERING = frozenset({"reaction"})  # one notice for many people: counted, and unread again with each of them
READ_BY_PLACE = frozenset({"mention", "reply"})  # read as soon as the place that they point to was read
UNTIL_DONE = frozenset({"acknowledgement"})  # opening it is not doing it; takes the place of one that is read by place
KEPT_READ = frozenset({"reply", "reaction"})  # to those who want to hear nothing of the conversation they come as read
INVITATION_KEY = "invitation:"  # and the id of the invitation


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Any) -> "NoticeQuerySet":
        """Return one's own notices, without those whose channel or team one does not see any more."""
        teams = Team.objects.visible_to(user).filter(pk=OuterRef("team"))
        return self.counted_for(user).filter(Q(team=None) | Exists(teams.order_by()))

    def counted_for(self, user: Any) -> "NoticeQuerySet":
        """Return one's own notices, without those whose channel one does not read any more; what the badge counts.

        An unread notice of a team is an open invitation, which makes the team visible: the badge need not look at teams.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        channels = Channel.objects.visible_to(user).filter(pk=OuterRef("channel"))
        return self.filter(user=user).filter(Q(channel=None) | Exists(channels.order_by()))

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    """That something concerns somebody. It holds no text: what it says is looked up when it is read."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(_("kind"), max_length=24)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )  # accounts are closed, hardly ever deleted
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    number = models.PositiveBigIntegerField(null=True)  # of the message
    root_number = models.PositiveBigIntegerField(null=True)  # of the thread that the message stands in
    ordinal = models.PositiveIntegerField(default=0)  # the message's place in its thread
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=120)  # what it is about: a person has one notice of it
    count = models.PositiveIntegerField(default=1)  # of the people who caused it
    # The newest of them, where a kind gathers: who takes a reaction back and gives it again is no news. Null: only the actor.
    people = ArrayField(models.PositiveBigIntegerField(), null=True)
    is_quiet = models.BooleanField(default=False, db_default=False)  # it is told without a toast
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # when its hint went out; the sweep repeats what was not told

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="one_notice_of_a_thing")]
        indexes: ClassVar = [
            models.Index(fields=["user", "-changed_at", "-id"], name="notices_of_a_user"),  # queries.page_of
            # the badge, actions.read_up_to, queries.unread_mentions
            models.Index(fields=["user", "channel", "number"], name="unread_notices", condition=Q(read_at=None)),
            models.Index(fields=["channel", "number"], name="notices_of_a_message", condition=Q(channel__isnull=False)),
            models.Index(fields=["changed_at"], name="untold_notices", condition=Q(told_at=None)),  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class Audience(models.TextChoices):
    CHANNEL = "channel", _("Everybody in the channel")
    UNIT = "unit", _("The people of a unit in the channel")


class NoticeBatch(models.Model):
    """A notice for many people of a channel, until tasks have made a row for each of them."""

    kind = models.CharField(max_length=24)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveBigIntegerField()
    root_number = models.PositiveBigIntegerField(null=True)
    ordinal = models.PositiveIntegerField(default=0)
    audience = models.CharField(max_length=10, choices=Audience.choices)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=120)
    cursor = models.PositiveBigIntegerField(default=0)  # the last person who has been reached, in order of ids
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(audience="channel", unit=None) | Q(audience="unit", unit__isnull=False),
                name="batch_for_a_unit_names_it",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["channel", "number"], name="batches_of_a_message"),  # withdraw, early readers
            models.Index(fields=["created_at"], name="unfinished_batches", condition=Q(finished_at=None)),  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.channel_id} at {self.number}"


class EarlyReader(models.Model):
    """Somebody who read the message before the batch reached them: their notice is born read."""

    batch = models.ForeignKey(NoticeBatch, on_delete=models.CASCADE, related_name="early_readers", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "user"], name="one_early_reading")]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.batch_id}"
