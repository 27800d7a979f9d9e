"""Conversations, as places to jump to."""

from typing import Any

from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.hangul import typed_patterns
from apps.core.names import named_like
from apps.core.registries import JumpTarget
from apps.people.models import User
from apps.teams import queries as teams_queries
from apps.teams.models import Channel, ChannelKind, ChannelMembership

from . import queries

PERSONAL = (ChannelKind.DIRECT, ChannelKind.GROUP)


def find_conversations(user: Any, text: str, limit: int) -> list[JumpTarget]:
    """Return what somebody reads and the text means, the newest first, archived ones last; without a text the newest.

    Each word must occur in the name of the channel, of its team, or of somebody in a direct or group chat. Two queries.
    """
    channels = Channel.objects.visible_to(user).select_related("team", "site")
    if not text:
        channels = channels.filter(archived_at=None, last_message_at__isnull=False)
    for pattern in typed_patterns(text):
        companion = User.objects.filter(search__regex=pattern, pk=OuterRef("user")).exclude(pk=user.pk)
        inside = ChannelMembership.objects.open().filter(Exists(companion), channel=OuterRef("pk"))
        by_person = Exists(inside.filter(channel__kind__in=PERSONAL))
        channels = channels.filter(named_like(pattern, "", "team__") | by_person)
    archived_last = F("archived_at").desc(nulls_first=True)
    found = list(channels.order_by(archived_last, F("last_message_at").desc(nulls_last=True), "pk")[:limit])
    people = teams_queries.companions(found, user)
    return [_target(channel, people.get(channel.pk, [])) for channel in found]


def _place_of(channel: Channel) -> str:
    if channel.team is not None:
        return channel.team.name
    if channel.site is not None:
        return channel.site.name
    kinds = dict(ChannelKind.choices)
    return str(kinds.get(channel.kind, ""))  # a kind that another app registered says nothing here


def _target(channel: Channel, companions: list[User]) -> JumpTarget:
    is_direct = channel.kind == ChannelKind.DIRECT
    return JumpTarget(
        label=queries.title_of(channel, companions),
        detail=" · ".join(filter(None, [_place_of(channel), _("Archived") if channel.archived_at else ""])),
        url=reverse("chat-channel", args=[channel.pk]),
        icon="teams" if channel.kind == ChannelKind.GROUP else channel.icon,
        person=companions[0] if is_direct and companions else None,
    )
