"""The kinds of notices that messaging gives, and how they read: always by what the message is now, never by what it was."""

from collections.abc import Iterable, Mapping, Sequence

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import emoji
from apps.notifications.models import Notice
from apps.notifications.registry import NoticeKind, NoticeView, add_kind, set_levels
from apps.people.models import User
from apps.teams import queries as teams_queries

from . import queries

EXCERPT_LENGTH = 140
FACES_SHOWN = 5


def _say(notice: Notice, people: int, faces: str) -> str:
    name = notice.actor.display_name if notice.actor else ""
    others = people - 1
    words: str
    if notice.kind == "reaction" and others > 0:
        words = ngettext(
            "%(name)s and %(others)d other reacted with %(faces)s to your message",
            "%(name)s and %(others)d others reacted with %(faces)s to your message",
            others,
        )
        return words % {"name": name, "others": others, "faces": faces}
    sentences = {
        "mention": _("%(name)s mentioned you"),
        "reply": _("%(name)s replied in a thread that you follow"),
        "reaction": _("%(name)s reacted with %(faces)s to your message")
        if faces
        else _("%(name)s reacted to your message"),
        "acknowledgement": _("%(name)s asks you to acknowledge a message"),
    }
    return sentences[notice.kind] % {"name": name, "faces": faces}


def _faces(names: Sequence[str]) -> str:
    shown = [emoji.char_of(name) or f":{name}:" for name in names[:FACES_SHOWN]]
    return " ".join([*shown, "…"] if len(names) > FACES_SHOWN else shown)


def describe(viewer: User, notices: Iterable[Notice]) -> Mapping[int, NoticeView]:
    """Return how notices of messages read for somebody, by notice id; four queries. Those whose message is gone are left out."""
    notices = list(notices)
    places = {(notice.channel_id, notice.number) for notice in notices if notice.channel_id and notice.number}
    messages = queries.messages_at(places, viewer)
    channels = {message.channel for message in messages.values()}
    people = teams_queries.companions(channels, viewer)
    reacted = {notice.number for notice in notices if notice.kind == "reaction"}
    given = queries.people_reacting([message.pk for message in messages.values() if message.number in reacted], viewer)
    asked = {notice.number for notice in notices if notice.kind == "acknowledgement"}
    done = queries.acknowledged_by(viewer, [message.pk for message in messages.values() if message.number in asked])
    found = {}
    for notice in notices:
        message = messages.get((notice.channel_id, notice.number))  # type: ignore[arg-type]
        if message is None or message.deleted_at is not None:
            continue
        number, faces = given.get(message.pk, (1, []))
        place = [message.channel_id, message.number]
        is_asked = notice.kind == "acknowledgement" and message.asks_acknowledgement
        is_open = is_asked and message.pk not in done
        found[notice.pk] = NoticeView(
            sentence=_say(notice, number, _faces(faces)),
            excerpt=queries.excerpt_of(message.body, EXCERPT_LENGTH),
            url=reverse("chat-message", args=place),
            place=queries.title_of(message.channel, people.get(message.channel_id, ())),
            act=(_("I have taken note"), reverse("chat-message-acknowledge", args=place)) if is_open else None,
            done=_("Acknowledged") if is_asked and not is_open else "",
        )
    return found


KINDS: tuple[tuple[str, str | Promise, str], ...] = (
    ("acknowledgement", gettext_lazy("To acknowledge"), "check"),
    ("mention", gettext_lazy("Mentions"), "at"),
    ("reply", gettext_lazy("Replies"), "reply"),
    ("reaction", gettext_lazy("Reactions"), "smile"),
)


def register_kinds() -> None:
    """Register what messaging tells people of, and who wants to hear how much of it."""
    set_levels(queries.notice_levels)
    for order, (code, label, icon) in enumerate(KINDS):
        open_only = queries.still_to_acknowledge if code == "acknowledgement" else None
        add_kind(NoticeKind(code=code, label=label, icon=icon, order=order, describe=describe, open_only=open_only))
