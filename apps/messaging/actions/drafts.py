"""Unsent text, kept for all devices of its author."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.text import clean_text
from apps.messaging import permissions, queries
from apps.messaging.models import BODY_LIMIT, Draft
from apps.people.models import User
from apps.realtime.publish import publish_hint
from apps.teams.models import Channel

from .errors import ChannelArchived, DraftConflict, MessageTooLong, NoSuchRoot

DRAFT_LIMIT = 2 * BODY_LIMIT  # characters; what is too long for a message is shortened in the composer, not lost there
EMPTIED_FOR = timedelta(days=30)  # a device that was away longer may bring an old text back

# The version that the device knows must be the newest, and nothing is written where the text is the same already.
SAVE_DRAFT = """
INSERT INTO messaging_draft AS draft (user_id, channel_id, root_number, body, version, saved_at)
VALUES (%(user)s, %(channel)s, %(root)s, %(body)s, 1, %(now)s)
ON CONFLICT (user_id, channel_id, root_number) DO UPDATE
  SET body = EXCLUDED.body, version = draft.version + 1, saved_at = EXCLUDED.saved_at
  WHERE draft.version = %(base)s AND draft.body <> EXCLUDED.body
RETURNING version
"""


def save_draft(*, by: User, channel: Channel, root_number: int = 0, text: str, base: int) -> Draft:
    """Keep what stands in a composer, and tell the author's other devices; an empty text empties the draft.

    `channel` is one that the author reads, `base` the version that their device knows (0: none). The same text again changes
    nothing, whatever the device knows. Raises DraftConflict with the newest text and version, MessageTooLong (over 20,000
    characters), NoSuchRoot, and ChannelArchived, where a draft can only be emptied.
    """
    body = clean_text(text) if text.strip() else ""
    if len(body) > DRAFT_LIMIT:
        raise MessageTooLong(
            _("The text has %(length)d characters; %(limit)d can be kept. It stays on this device.")
            % {"length": len(body), "limit": DRAFT_LIMIT}
        )
    if body:
        _check_place(by, channel, root_number)
    elif not base:
        return queries.draft_of(channel, by, root_number)
    with transaction.atomic():
        version = _write(by, channel, root_number, body, base)
        if version is not None:
            tell_of_draft(by, channel.pk, root_number, version)
    newest = queries.draft_of(channel, by, root_number)
    if version is None and newest.body != body:
        raise DraftConflict(
            _("Another device has written something else here."), text=newest.body, version=newest.version
        )
    return newest


def tell_of_draft(by: User, channel_id: int, root_number: int, version: int) -> None:
    """Tell the author's devices after the commit that a composer has another text."""
    hint = {"kind": "draft", "channel": channel_id, "root": root_number, "version": version}
    transaction.on_commit(lambda: publish_hint("user", by.pk, hint))


def _check_place(by: User, channel: Channel, root_number: int) -> None:
    if not permissions.can_send(by, channel):
        raise ChannelArchived(_("This channel is archived: it can be read, not written to."))
    if root_number and queries.root_in(channel, root_number, viewer=by) is None:
        raise NoSuchRoot(_("The message that you answer is not there any more."))


def _write(by: User, channel: Channel, root_number: int, body: str, base: int) -> int | None:
    """Return the new version; None where nothing was written: another text is newer, or it is the same."""
    words: dict[str, Any] = {
        "user": by.pk,
        "channel": channel.pk,
        "root": root_number,
        "body": body,
        "base": base,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(SAVE_DRAFT, words)
        row = cursor.fetchone()
    return row[0] if row else None


def purge_emptied_drafts() -> int:
    """Remove the rows of drafts that were emptied over 30 days ago; returns how many."""
    removed, _rows = Draft.objects.filter(body="", saved_at__lt=clock.now() - EMPTIED_FOR).delete()
    return removed
