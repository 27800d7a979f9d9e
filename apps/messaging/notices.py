"""The kinds of notices that messaging gives, and how they read: always by what the message is now, never by what it was."""

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.markup import plain_excerpt
from apps.notifications.models import Notice
from apps.notifications.registry import NoticeKind, NoticeView, add_kind
from apps.people.models import User
from apps.teams import queries as teams_queries

from . import queries

EXCERPT_LENGTH = 140


def _say(notice: Notice, people: int) -> str:
    name = notice.actor.display_name if notice.actor else ""
    others = people - 1
    if notice.kind == "reaction" and others > 0:
        words = ngettext(
            "%(name)s and %(others)d other reacted to your message",
            "%(name)s and %(others)d others reacted to your message",
            others,
        )
        return words % {"name": name, "others": others}
    sentences = {
        "mention": _("%(name)s mentioned you"),
        "reply": _("%(name)s replied in a thread that you follow"),
        "reaction": _("%(name)s reacted to your message"),
        "acknowledgement": _("%(name)s asks you to acknowledge a message"),
    }
    return sentences[notice.kind] % {"name": name}


def describe(viewer: User, notices: Iterable[Notice]) -> Mapping[int, NoticeView]:
    """Return how notices of messages read for somebody, by notice id; three queries. Those whose message is gone are left out."""
    notices = list(notices)
    places = {(notice.channel_id, notice.number) for notice in notices if notice.channel_id and notice.number}
    messages = queries.messages_at(places, viewer)
    channels = {message.channel for message in messages.values()}
    people = teams_queries.companions(channels, viewer)
    reacted = {notice.number for notice in notices if notice.kind == "reaction"}
    counts = queries.people_reacting([message.pk for message in messages.values() if message.number in reacted], viewer)
    found = {}
    for notice in notices:
        message = messages.get((notice.channel_id, notice.number))  # type: ignore[arg-type]
        if message is None or message.deleted_at is not None:
            continue
        found[notice.pk] = NoticeView(
            sentence=_say(notice, counts.get(message.pk, 1)),
            excerpt=plain_excerpt(message.body, EXCERPT_LENGTH),
            url=reverse("chat-message", args=[message.channel_id, message.number]),
            place=queries.title_of(message.channel, people.get(message.channel_id, ())),
        )
    return found


KINDS: tuple[tuple[str, str | Promise, str], ...] = (
    ("acknowledgement", gettext_lazy("To acknowledge"), "check"),
    ("mention", gettext_lazy("Mentions"), "at"),
    ("reply", gettext_lazy("Replies"), "reply"),
    ("reaction", gettext_lazy("Reactions"), "smile"),
)


def register_kinds() -> None:
    """Register what messaging tells people of."""
    for order, (code, label, icon) in enumerate(KINDS):
        add_kind(NoticeKind(code=code, label=label, icon=icon, order=order, describe=describe))
