"""What becomes of a message after it was sent. Each verb locks the channel, takes one change and publishes the newest state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.audit.actions import write_entry
from apps.core import clock, emoji
from apps.messaging import permissions, queries
from apps.messaging.models import Acknowledgement, Message, Reaction, Revision
from apps.notifications import actions as notices
from apps.people.models import User
from apps.realtime.publish import publish_change
from apps.teams.actions import take_change
from apps.teams.models import Channel

from .composing import check_reach, compose
from .errors import (
    ChannelArchived,
    EditedMeanwhile,
    MessageDeleted,
    NotAMember,
    NothingToAcknowledge,
    NotYours,
    TooLate,
    TooManyReactions,
    UnknownEmoji,
)
from .telling import tell_again, tell_of_mentions, tell_of_new_text

REACTIONS_A_MESSAGE = 20  # different ones


@dataclass(frozen=True, slots=True)
class Changed:
    """A message after a change, with its viewer-neutral row; `change` is where the channel stands.

    `not_here` names those whom a new text mentions and who do not belong to the conversation.
    """

    message: Message
    body: dict[str, Any]
    change: int
    not_here: tuple[str, ...] = ()


class _Open:
    """A message whose channel is locked, until its change is published."""

    def __init__(self, message: Message, by: User) -> None:
        self.message = message
        self.by = by
        self.result: Changed | None = None

    def save(self, *fields: str) -> Changed:
        """Store the fields with a new change, and publish the newest state after the commit."""
        message = self.message
        message.change = take_change(message.channel)
        message.save(update_fields=["change", *fields])
        return self.show()

    def show(self) -> Changed:
        """Publish the newest state that is stored."""
        message = self.message
        body = queries.bodies_of([message])[message.pk]
        frame = queries.message_change(body)
        channel_id, change, number = message.channel_id, message.change, message.number
        transaction.on_commit(lambda: publish_change("channel", channel_id, change, frame, place=number))
        return Changed(message, body, change)

    def unchanged(self) -> Changed:
        """Answer a request that changes nothing."""
        body = queries.bodies_of([self.message])[self.message.pk]
        return Changed(self.message, body, self.message.change)


@contextmanager
def _opened(
    message: Message, by: User, *, may_be_deleted: bool = False, may_be_archived: bool = False
) -> Iterator[_Open]:
    """Lock the message's channel, look again at who reads it, and read the message anew.

    Raises NotAMember, ChannelArchived, MessageDeleted.
    """
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=message.channel_id)
        # The person was loaded before the lock; whether they are still somebody here is asked now.
        if Channel.objects.readable(by, channel.pk) is None or not User.objects.active().filter(pk=by.pk).exists():
            raise NotAMember(_("There is no such page, or it is not yours to see."))
        if not may_be_archived and not permissions.can_send(by, channel):
            raise ChannelArchived(_("This channel is archived: it can be read, not written to."))
        newest = Message.objects.select_related("author", "root").get(pk=message.pk)
        newest.channel = channel
        if newest.deleted_at is not None and not may_be_deleted:
            raise MessageDeleted(_("This message was deleted."))
        yield _Open(newest, by)


def _audit(action: str, by: User, message: Message, **detail: object) -> None:
    write_entry(
        action=action,
        actor_id=by.pk,
        object_type="messaging.Message",
        object_id=str(message.pk),
        detail={"channel": message.channel_id, "number": message.number, **detail},
    )


# -- The text -----------------------------------------------------------------------------------------------------------
def edit_message(
    *, by: User, message: Message, text: str, base: str | None = None, is_confirmed: bool = False
) -> Changed:
    """Replace the text of one's own message; the earlier one is kept, and those who are newly mentioned are told.

    Who has acknowledged the earlier text is asked to acknowledge this one. `base` is the `edited_at` (ISO 8601, empty for never)
    that the editor began from: a text that another device changed since is not overwritten. Raises EmptyMessage, MessageTooLong,
    NotYours, TooLate, EditedMeanwhile, MessageDeleted, ChannelArchived, NotAMember, MentionNeedsConfirmation.
    """
    composed = compose(text, message.channel, may_be_empty=message.is_forward)
    fresh = [key for key in composed.keys if key not in message.mention_keys]
    check_reach(fresh, message.channel, by=by, is_confirmed=is_confirmed)
    with _opened(message, by) as opened:
        message = opened.message
        if message.author_id != by.pk:
            raise NotYours(_("Only who wrote a message may change its text."))
        if not message.is_within_edit_time:
            raise TooLate(_("This message can no longer be changed. Write a new one that corrects it."))
        if base is not None and base != (message.edited_at.isoformat() if message.edited_at else ""):
            raise EditedMeanwhile(
                _("This message was changed on another device meanwhile. Compare the two texts."), text=message.body
            )
        if composed.body == message.body:
            return opened.unchanged()
        Revision.objects.create(message=message, body=message.body, written_at=message.edited_at or message.created_at)
        fresh = [key for key in composed.keys if key not in message.mention_keys]
        message.body, message.rendered, message.mentions = composed.body, composed.rendered, composed.mentions
        message.edited_at = clock.now()
        before = _ask_again(message)
        _audit("messaging.message_edited", by, message, **({"acknowledged_before": before} if before else {}))
        changed = opened.save("body", "rendered", "mentions", "edited_at", "acknowledged_count")
        if before:
            tell_of_new_text(message, [user_id for user_id, _at in before])
        tell_of_mentions(message, fresh)
        return replace(changed, not_here=composed.not_here)


def _ask_again(message: Message) -> list[tuple[int, str]]:
    """Take the acknowledgements of another text off a message; return whose they were and when, for the audit."""
    rows = Acknowledgement.objects.filter(message=message)
    before = [(user_id, at.isoformat()) for user_id, at in rows.order_by("id").values_list("user_id", "at")]
    if before:
        rows.delete()
        message.acknowledged_count = 0
    return before


def delete_message(*, by: User, message: Message) -> Changed:
    """Leave a tombstone in a message's place; its text stays for auditors. Notices of it go.

    Authors delete their own, those who manage the channel any. Raises NotYours, ChannelArchived, NotAMember.
    """
    with _opened(message, by, may_be_deleted=True) as opened:
        message = opened.message
        if not permissions.can_delete(by, message):
            raise NotYours(_("Only who wrote a message, or who manages the channel, may delete it."))
        if message.deleted_at is not None:
            return opened.unchanged()
        message.deleted_at, message.deleted_by = clock.now(), by
        _audit("messaging.message_deleted", by, message, author=message.author_id)
        notices.withdraw(channel=message.channel, numbers=[message.number])
        return opened.save("deleted_at", "deleted_by")


def restore_message(*, by: User, message: Message) -> Changed:
    """Take a deletion back, within a minute of it, by who did it. Raises NotYours, TooLate, ChannelArchived, NotAMember."""
    with _opened(message, by, may_be_deleted=True) as opened:
        message = opened.message
        if message.deleted_at is None:
            return opened.unchanged()
        if message.deleted_by_id != by.pk:
            raise NotYours(_("Only who deleted a message may bring it back."))
        if clock.now() - message.deleted_at > timedelta(seconds=permissions.UNDO_SECONDS):
            raise TooLate(_("It is too late to bring this message back. Write it anew."))
        message.deleted_at = message.deleted_by = None
        _audit("messaging.message_restored", by, message)
        changed = opened.save("deleted_at", "deleted_by")
        tell_again(message)
        return changed


# -- Reactions, pins, acknowledgements ---------------------------------------------------------------------------------
def add_reaction(*, by: User, message: Message, emoji_name: str) -> Changed:
    """React to a message; the second time changes nothing. Its author is told, once a message until they look.

    Raises UnknownEmoji, TooManyReactions (more than twenty different ones), MessageDeleted, ChannelArchived, NotAMember.
    """
    if not emoji.is_known(emoji_name):
        raise UnknownEmoji(_("There is no emoji of this name: %(name)s.") % {"name": emoji_name[:64]})
    with _opened(message, by) as opened:
        message = opened.message
        there = set(Reaction.objects.filter(message=message).values_list("emoji", flat=True).distinct())
        if emoji_name not in there and len(there) >= REACTIONS_A_MESSAGE:
            raise TooManyReactions(_("This message has twenty different reactions already. Use one of them."))
        _reaction, is_new = Reaction.objects.get_or_create(message=message, user=by, emoji=emoji_name)
        if not is_new:
            return opened.unchanged()
        changed = opened.save()
        if message.author_id != by.pk:
            notices.notify(
                kind="reaction",
                recipients=queries.those_who_read(message.channel, [message.author_id]),
                actor=by,
                channel=message.channel,
                number=message.number,
                root_number=message.root.number if message.root else None,
                ordinal=message.ordinal,
                key=f"reaction:{message.channel_id}:{message.number}",
            )
        return changed


def remove_reaction(*, by: User, message: Message, emoji_name: str) -> Changed:
    """Take a reaction back; where there is none nothing changes. Raises MessageDeleted, ChannelArchived, NotAMember."""
    with _opened(message, by) as opened:
        if not emoji.is_known(emoji_name):
            return opened.unchanged()
        message = opened.message
        gone, _rows = Reaction.objects.filter(message=message, user=by, emoji=emoji_name).delete()
        if not gone:
            return opened.unchanged()
        if not Reaction.objects.filter(message=message).exclude(user=message.author_id).exists():
            key = f"reaction:{message.channel_id}:{message.number}"
            notices.withdraw_key(user_id=message.author_id, key=key)
        return opened.save()


def pin_message(*, by: User, message: Message) -> Changed:
    """Keep a message at hand for everybody in the channel. Raises MessageDeleted, ChannelArchived, NotAMember."""
    return _set_pin(by, message, lambda found: found.pinned_at is None, on=True)


def unpin_message(*, by: User, message: Message) -> Changed:
    """Take a message from the pins. Raises MessageDeleted, ChannelArchived, NotAMember."""
    return _set_pin(by, message, lambda found: found.pinned_at is not None, on=False)


def _set_pin(by: User, message: Message, is_due: Callable[[Message], bool], *, on: bool) -> Changed:
    with _opened(message, by) as opened:
        message = opened.message
        if not is_due(message):
            return opened.unchanged()
        message.pinned_at, message.pinned_by = (clock.now(), by) if on else (None, None)
        return opened.save("pinned_at", "pinned_by")


def acknowledge(*, by: User, message: Message) -> Changed:
    """Take note of a message that asked for it; the second time changes nothing, and its time stays the first.

    It can be done in an archived channel too: what was asked stays asked. Raises NothingToAcknowledge (it was not asked for, or
    it is one's own), MessageDeleted, NotAMember.
    """
    with _opened(message, by, may_be_archived=True) as opened:
        message = opened.message
        if not message.asks_acknowledgement or message.author_id == by.pk:
            raise NothingToAcknowledge(_("This message asks nothing of you."))
        _row, is_new = Acknowledgement.objects.get_or_create(message=message, user=by)
        if not is_new:
            return opened.unchanged()
        message.acknowledged_count = F("acknowledged_count") + 1
        Message.objects.filter(pk=message.pk).update(acknowledged_count=message.acknowledged_count)
        message.refresh_from_db(fields=["acknowledged_count"])
        notices.read_message(user_id=by.pk, channel_id=message.channel_id, number=message.number)
        return opened.save()
