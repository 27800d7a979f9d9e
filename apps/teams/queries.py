"""Who belongs where, as pages and the live gateway need it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.people.models import Assignment, StaffType, User
from apps.people.queries import people_at_site, sites_of
from apps.realtime.registry import Right, Until

from .models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership, registered_rules


def channels_of(users: Collection[int], *, among: Collection[int] | None = None) -> dict[int, dict[int, Until]]:
    """Return, for each user, the open channels that they may read, with the end of the right where a clock ends it.

    Six queries for any number of users, and those of registered kinds; archived channels carry no news and are left out.
    With `among` only these channels are asked about, archived ones too.
    """

    def asked(path: str = "") -> Q:
        return Q(**{f"{path}archived_at": None}) if among is None else Q(**{f"{path}pk__in": among})

    found: dict[int, dict[int, Until]] = {user: {} for user in users}
    # whoever was deactivated keeps their rows, and reads nothing
    jobs = dict(User.objects.active().filter(pk__in=users).values_list("pk", "job"))
    own = ChannelMembership.objects.open().filter(asked("channel__"), user__in=jobs)
    for user_id, channel_id, first in own.values_list("user_id", "channel_id", "visible_from"):
        found[user_id][channel_id] = Right(first_place=first) if first > 1 else None
    standard = TeamMembership.objects.open().filter(
        asked("team__channels__"), user__in=jobs, team__channels__kind=ChannelKind.STANDARD
    )
    for user_id, channel_id in standard.values_list("user_id", "team__channels__id"):
        found[user_id][channel_id] = None
    staff = {user_id for user_id, job in jobs.items() if job != StaffType.GUEST}
    wide: dict[int | None, list[int]] = defaultdict(list)
    for channel_id, site_id in Channel.objects.filter(
        asked(), kind__in=[ChannelKind.SITE, ChannelKind.NETWORK]
    ).values_list("id", "site_id"):
        wide[site_id].append(channel_id)
    places = sites_of(staff)
    for user_id in staff:
        found[user_id].update(dict.fromkeys(wide[None]))
        for site_id, ends_at in places.get(user_id, {}).items():
            found[user_id].update(dict.fromkeys(wide[site_id], ends_at))
    for rule in registered_rules.values():
        for user_id, channels in rule.channels_of(jobs).items():
            found[user_id].update(channels)
    return found


def allowed_channels(users: Collection[int], channels: Collection[int]) -> Mapping[tuple[int, int], Until]:
    """Return which of the (user, channel) pairs hold, with their end."""
    wanted = set(channels)
    return {
        (user_id, channel_id): until
        for user_id, held in channels_of(users).items()
        for channel_id, until in held.items()
        if channel_id in wanted
    }


def readable_pairs(users: Collection[int], channels: Collection[int]) -> set[tuple[int, int]]:
    """Return which of the (user, channel) pairs are readable, archived channels included; no query for none."""
    if not users or not channels:
        return set()
    wanted = set(channels)
    held = channels_of(users, among=wanted)
    return {(user_id, channel_id) for user_id, own in held.items() for channel_id in own if channel_id in wanted}


def newest_changes(channels: Collection[int]) -> Mapping[int, int]:
    """Return the newest change of each channel; one query."""
    return dict(Channel.objects.filter(pk__in=channels).values_list("pk", "last_change"))


def readable_channel(user: User, channel_id: int) -> Channel | None:
    """Return a channel that the user reads, or None; two small queries, for requests that show no page."""
    return Channel.objects.readable(user, channel_id)


def people_of(channel: Channel) -> QuerySet[User]:
    """Return the active people who belong to a channel, each once, in no order."""
    people: QuerySet[User] = User.objects.active()
    if channel.has_own_rows:
        return people.filter(Exists(ChannelMembership.objects.open().filter(channel=channel, user=OuterRef("pk"))))
    if channel.kind == ChannelKind.STANDARD:
        return people.filter(Exists(TeamMembership.objects.open().filter(team=channel.team_id, user=OuterRef("pk"))))
    if channel.kind == ChannelKind.SITE:
        assert channel.site_id is not None
        return people_at_site(channel.site_id).exclude(job=StaffType.GUEST)
    if channel.kind == ChannelKind.NETWORK:
        return people.exclude(job=StaffType.GUEST)
    return registered_rules[channel.kind].people_of(channel)


def membership_changes(channel_id: int, after: int) -> QuerySet[ChannelMembership]:
    """Return own membership rows with a higher change, ordered by change."""
    return ChannelMembership.objects.filter(channel=channel_id, change__gt=after).order_by("change")


def companions(channels: Iterable[Channel], viewer: User) -> dict[int, list[User]]:
    """Return, for direct and group channels, the other people in them; one query for any number of channels."""
    ids = [channel.pk for channel in channels if channel.kind in {ChannelKind.DIRECT, ChannelKind.GROUP}]
    found: dict[int, list[User]] = {channel_id: [] for channel_id in ids}
    if not ids:
        return found
    rows = (
        ChannelMembership.objects.open()
        .filter(channel__in=ids)
        .exclude(user=viewer)
        .select_related("user__home_unit")
        .order_by("channel_id", "user__name_ko", "user_id")
    )
    for row in rows:
        found[row.channel_id].append(row.user)
    return found


def companion_ids(user: User, *, since: datetime) -> QuerySet[ChannelMembership, Any]:
    """Return, as a subquery, the ids of those in direct and group channels of somebody that were written in since then."""
    mine = ChannelMembership.objects.open().filter(
        user=user, channel__kind__in=[ChannelKind.DIRECT, ChannelKind.GROUP], channel__last_message_at__gte=since
    )
    return ChannelMembership.objects.open().filter(channel__in=mine.values("channel")).values("user")


def teams_of(user: User, *, archived: bool = False) -> QuerySet[Team]:
    """Return the teams that somebody is in, by name: the open ones, or those that were archived."""
    mine = TeamMembership.objects.open().filter(user=user)
    return (
        Team.objects.filter(pk__in=mine.values("team"), archived_at__isnull=not archived)
        .select_related("site")
        .order_by("name_ko", "name_en", "id")
    )


def joinable_teams(user: User) -> QuerySet[Team]:
    """Return the open teams of the user's sites that they are not in, by name."""
    mine = TeamMembership.objects.open().filter(user=user)
    return (
        Team.objects.visible_to(user)
        .filter(is_open=True, archived_at=None)
        .exclude(pk__in=mine.values("team"))
        .select_related("site")
        .order_by("name_ko", "name_en", "id")
    )


def open_invitations(user: User) -> QuerySet[Invitation]:
    """Return what somebody is invited to, newest first."""
    return Invitation.objects.visible_to(user).select_related("team__site", "channel", "by").order_by("-id")


def channels_in_team(team: Team, viewer: User) -> QuerySet[Channel]:
    """Return the channels of a team that the viewer may read, by name."""
    return Channel.objects.visible_to(viewer).filter(team=team).order_by("kind", "name_ko", "name_en", "id")


def team_member_ids(team_id: int | None) -> QuerySet[TeamMembership, Any]:
    """Return, as a subquery, the ids of the people who are in a team."""
    return TeamMembership.objects.open().filter(team=team_id).values("user")


def members_of_team(team: Team) -> QuerySet[TeamMembership]:
    """Return open memberships with their people, owners first."""
    return (
        TeamMembership.objects.open()
        .filter(team=team, user__is_active=True)
        .select_related("user__home_unit__department__site")
        .order_by("-is_owner", "user__name_ko", "user_id")
    )


def membership_body(user_id: int, *, joined: bool) -> dict[str, object]:
    """Return the body of the change that a membership row is, as docs/realtime-protocol.md describes it."""
    return {"kind": "member", "user": user_id, "joined": joined}


def channels_in_team_ids(team_id: int) -> list[int]:
    """Return the ids of the standard channels that come with a team."""
    return list(Channel.objects.filter(team=team_id, kind=ChannelKind.STANDARD).values_list("pk", flat=True))


def wide_channel_ids(*, new_for_user: int, unit_id: int) -> list[int]:
    """Return the site- and network-wide channels that an assignment opens, empty when the person was at that site before."""
    at_site = Assignment.objects.filter(
        user=new_for_user, unit__department__site__departments__units=unit_id
    ).distinct()
    if at_site.count() > 1:
        return []
    wide = Q(kind=ChannelKind.NETWORK) | Q(kind=ChannelKind.SITE, site__departments__units=unit_id)
    return list(Channel.objects.filter(wide, archived_at=None).distinct().values_list("pk", flat=True))


def teams_with_channels(user: User, *, archived: bool = False) -> list[tuple[Team, list[Channel]]]:
    """Return somebody's open or archived teams by name, each with the channels that they may read; constant queries."""
    teams = list(teams_of(user, archived=archived))
    by_team: dict[int, list[Channel]] = {team.pk: [] for team in teams}
    channels = Channel.objects.visible_to(user).filter(team__in=teams)
    if not archived:
        channels = channels.filter(archived_at=None)
    for channel in channels.order_by("-kind", "name_ko", "name_en", "id"):
        if channel.team_id is not None:
            by_team[channel.team_id].append(channel)
    return [(team, by_team[team.pk]) for team in teams]
