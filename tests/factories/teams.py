"""Teams, channels of every kind, and who is in them. Rows as the actions write them, without their rules."""

from itertools import count
from typing import Any

from django.db.models import F

from apps.core import clock
from apps.people.models import User
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership

from .places import make_site

_numbers = count(1)


def make_team(*members: User, owner: User | None = None, **fields: Any) -> Team:
    """A closed team with a standard channel."""
    number = next(_numbers)
    defaults = {"name_ko": f"제{number}팀", "name_en": f"Team {number}"}
    site = fields.pop("site", None) or (owner.home.site if owner and owner.home else make_site())
    team = Team.objects.create(**{"site": site, "created_by": owner, **defaults, **fields})
    make_channel(team=team, name_ko="일반", name_en="General")
    if owner is not None:
        join_team(team, owner, is_owner=True)
    for member in members:
        join_team(team, member)
    return team


def join_team(team: Team, person: User, *, is_owner: bool = False, left: bool = False) -> TeamMembership:
    """A row of the team; with `left`, one that is closed."""
    return TeamMembership.objects.create(
        team=team, user=person, is_owner=is_owner, left_at=clock.now() if left else None
    )


def make_channel(*members: User, owner: User | None = None, **fields: Any) -> Channel:
    """A standard channel of a (new) team, or with `kind=` another; members get own rows where the kind has them."""
    number = next(_numbers)
    kind = fields.pop("kind", ChannelKind.STANDARD)
    fields.setdefault("name_ko", f"제{number}채널")
    fields.setdefault("name_en", f"Channel {number}")
    if kind == ChannelKind.STANDARD and "team" not in fields:
        fields["team"] = make_team(*members, owner=owner)
    if kind == ChannelKind.SITE:
        fields.setdefault("site", make_site())
    channel = Channel.objects.create(kind=kind, created_by=owner, **fields)
    if channel.has_own_rows:
        for person in [owner, *members] if owner else members:
            join_channel(channel, person, is_owner=person is owner)
    return channel


def make_direct(one: User, other: User) -> Channel:
    """The direct channel of two people."""
    first, second = sorted([one.pk, other.pk])
    return make_channel(one, other, kind=ChannelKind.DIRECT, name_ko="", name_en="", direct_key=f"{first}:{second}")


def join_channel(
    channel: Channel, person: User, *, is_owner: bool = False, left: bool = False, visible_from: int = 1
) -> ChannelMembership:
    """An own row of a private, direct or group channel, as a change of it; with `left`, one that is closed."""
    Channel.objects.filter(pk=channel.pk).update(last_change=F("last_change") + 1)
    channel.refresh_from_db(fields=["last_change"])
    return ChannelMembership.objects.create(
        channel=channel,
        user=person,
        is_owner=is_owner,
        change=channel.last_change,
        visible_from=visible_from,
        left_at=clock.now() if left else None,
    )


def invite(person: User, *, by: User, team: Team | None = None, channel: Channel | None = None) -> Invitation:
    return Invitation.objects.create(user=person, by=by, team=team, channel=channel)
