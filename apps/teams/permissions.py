"""Who may do what in teams and channels."""

from apps.people.models import StaffType, User
from apps.people.queries import sites_of

from .models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership, registered_rules


def can_read(user: User, channel: Channel) -> bool:
    """Members read: by own row, by team, by site or network, or by a registered rule."""
    return Channel.objects.readable(user, channel.pk) is not None


def may_write_where_readable(user: User, channel: Channel) -> bool:
    """Whether somebody who reads a channel may also write in it; no query for the kinds of this app."""
    if not user.is_active or channel.is_archived:
        return False
    rule = registered_rules.get(channel.kind)
    return rule.may_write(user, channel) if rule else True


def is_team_member(user: User, team: Team) -> bool:
    """Whether somebody is in a team now."""
    return TeamMembership.objects.open().filter(team=team, user=user).exists()


def can_manage_team(user: User, team: Team) -> bool:
    """Owners invite into, remove from, archive and restore their team."""
    return bool(user.is_active and TeamMembership.objects.open().filter(team=team, user=user, is_owner=True).exists())


def can_create_team(user: User) -> bool:
    """All staff but guests and students open teams at their own site."""
    return bool(user.is_active and user.home is not None and user.job not in {StaffType.GUEST, StaffType.STUDENT})


def can_join_team(user: User, team: Team) -> bool:
    """Anyone at the site may join an open team; anybody may accept an invitation."""
    if not user.is_active or team.is_archived:
        return False
    if Invitation.objects.open().filter(team=team, user=user).exists():
        return True
    at_site = team.site_id in sites_of([user.pk]).get(user.pk, {})
    return bool(team.is_open and at_site and user.job != StaffType.GUEST)


def can_create_channel(user: User, team: Team) -> bool:
    """Members open channels in their team; guests do not."""
    return not team.is_archived and user.job != StaffType.GUEST and is_team_member(user, team)


def can_manage_channel(user: User, channel: Channel) -> bool:
    """A private channel is managed by its owners, a standard one by the team's, a wide one by IT; direct ones by nobody."""
    if not user.is_active:
        return False
    if channel.viewer_id == user.pk and channel.kind in {ChannelKind.PRIVATE, ChannelKind.STANDARD}:
        return channel.viewer_owns
    if channel.kind == ChannelKind.PRIVATE:
        return ChannelMembership.objects.open().filter(channel=channel, user=user, is_owner=True).exists()
    if channel.kind == ChannelKind.STANDARD and channel.team is not None:
        return can_manage_team(user, channel.team)
    if channel.kind in {ChannelKind.SITE, ChannelKind.NETWORK}:
        return bool(user.has_role("it"))
    return False


def can_leave_channel(user: User, channel: Channel) -> bool:
    """Private and group channels can be left; a direct one cannot, and rules are not left."""
    return channel.kind in {ChannelKind.PRIVATE, ChannelKind.GROUP} and can_read(user, channel)
