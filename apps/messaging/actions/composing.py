"""What becomes of a text before it is stored: cleaned, rendered, and whom it mentions."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.markup import is_plain, render
from apps.core.mentions import MentionSpan, candidates, find_mentions
from apps.core.text import clean_text
from apps.messaging import queries
from apps.messaging.models import BODY_LIMIT
from apps.people.models import User
from apps.teams.models import Channel

from .errors import EmptyMessage, MentionNeedsConfirmation, MessageTooLong

CONFIRM_ABOVE = 50  # people whom a mention reaches


@dataclass(frozen=True, slots=True)
class Composed:
    """A text as it is stored. `not_here` names those who were mentioned and do not belong to the conversation."""

    body: str
    rendered: str = ""
    spans: tuple[MentionSpan, ...] = ()
    not_here: tuple[str, ...] = ()

    @property
    def mentions(self) -> list[list[object]] | None:
        """The spans as the row keeps them."""
        return [[span.start, span.end, span.key] for span in self.spans] or None

    @property
    def keys(self) -> list[str]:
        return list(dict.fromkeys(key for span in self.spans for key in span.key.split()))


def check_text(text: str, *, may_be_empty: bool = False) -> str:
    """Return the text as it is stored. Raises EmptyMessage or MessageTooLong (over 10,000 characters)."""
    if len(text) <= 4 * BODY_LIMIT:  # what is far too long is not normalised first
        text = clean_text(text)
    if not text.strip() and not may_be_empty:
        raise EmptyMessage(_("There is nothing to send yet: write a message first."))
    if len(text) > BODY_LIMIT:
        raise MessageTooLong(
            _("The message has %(length)d characters; %(limit)d are allowed. Split it or attach it as a file.")
            % {"length": len(text), "limit": BODY_LIMIT}
        )
    return text


def compose(text: str, channel: Channel, *, may_be_empty: bool = False) -> Composed:
    """Return a text ready to store: no query without an "@", three at most with one.

    Raises EmptyMessage or MessageTooLong.
    """
    body = check_text(text, may_be_empty=may_be_empty)
    spans: tuple[MentionSpan, ...] = ()
    not_here: tuple[str, ...] = ()
    if "@" in body:
        known = queries.known_names(channel, candidates(body))
        here = set(known.here.values())
        # Looked for together: the longest name wins, also where it is that of somebody who does not belong here.
        found = find_mentions(body, {**known.elsewhere, **known.here})
        spans = tuple(span for span in found if span.key in here)
        not_here = tuple(dict.fromkeys(body[span.start + 1 : span.end] for span in found if span.key not in here))
    if not spans and is_plain(body):
        return Composed(body, not_here=not_here)
    rendered = render(body, spans)  # a mention inside code tells nobody
    return Composed(body, rendered.html, rendered.mentions, not_here)


def check_reach(keys: Collection[str], channel: Channel, *, by: User, is_confirmed: bool) -> None:
    """Ask before a text tells more than fifty people. Raises MentionNeedsConfirmation."""
    if is_confirmed or not any(key.startswith(("unit:", "channel:")) for key in keys):
        return
    people = queries.mentioned_people(channel, keys).exclude(pk=by.pk).count()
    if people > CONFIRM_ABOVE:
        raise MentionNeedsConfirmation(
            ngettext(
                "This message tells %(people)d person. Send it all the same?",
                "This message tells %(people)d people. Send it all the same?",
                people,
            )
            % {"people": people},
            people=people,
        )
