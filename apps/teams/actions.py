"""Verbs on teams and channels. Locks: people by id (their epoch), then the team, then channels by id, then the rest."""

from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.audit.actions import write_entry
from apps.core import clock
from apps.core.events import publish
from apps.people.actions import raise_epochs
from apps.people.models import User
from apps.realtime.publish import publish_change, publish_everybodys_rights, publish_rights
from apps.sites.models import Site

from . import permissions, queries
from .events import ChannelJoined, InvitationsClosed, PeopleInvited, TeamJoined
from .models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership

GROUP_LIMIT = 50


class TeamsError(Exception):
    """Something in a team or channel cannot be done; the text says why, in the reader's language."""


class NotAllowed(TeamsError):
    """The verb is not this person's."""


def _audit(action: str, by: User | None, thing: Team | Channel, **detail: object) -> None:
    write_entry(
        action=action,
        actor_id=by.pk if by else None,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        detail=detail,
        site_code=_site_code(thing),
    )


def _site_code(thing: Team | Channel) -> str:
    if isinstance(thing, Team):
        return thing.site.code
    if thing.site is not None:
        return thing.site.code
    return thing.team.site.code if thing.team is not None else ""


def _lock_team(team: Team) -> Team:
    """Lock a team's row until the end of the transaction. Raises TeamsError where it was archived."""
    locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if locked.is_archived:
        raise TeamsError(_("The team is archived."))
    return locked


def lock_channel(channel_id: int) -> Channel:
    """Lock a channel's row until the end of the transaction and return its newest state."""
    return Channel.objects.select_for_update(no_key=True).get(pk=channel_id)


def take_change(channel: Channel) -> int:
    """Raise the change counter of a locked channel and return the change that was taken."""
    channel.last_change += 1
    Channel.objects.filter(pk=channel.pk).update(last_change=channel.last_change)
    return channel.last_change


# -- Teams -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def create_team(
    *,
    by: User,
    site: Site,
    name_ko: str = "",
    name_en: str = "",
    name_ar: str = "",
    is_open: bool = False,
    description: str = "",
) -> Team:
    """Open a team with its maker as owner and one standard channel of the same name, "General"."""
    if not permissions.can_create_team(by):
        raise NotAllowed(_("Teams are opened by staff with a home unit."))
    team = Team(
        site=site,
        name_ko=name_ko,
        name_en=name_en,
        name_ar=name_ar,
        is_open=is_open,
        description=description,
        created_by=by,
    )
    team.full_clean()
    team.save()
    _join_team(team, by, is_owner=True)
    _open_channel(
        Channel(kind=ChannelKind.STANDARD, team=team, name_ko="일반", name_en="General", name_ar="عام", created_by=by)
    )
    _audit("teams.team_created", by, team, is_open=is_open)
    return team


def _join_team(team: Team, user: User, *, is_owner: bool = False) -> None:
    """Write the one row of a membership; the epoch lets the gateways find the channels that come with it."""
    raise_epochs([user.pk])
    team = _lock_team(team)
    if permissions.is_team_member(user, team):
        return  # they came in meanwhile, in another tab
    TeamMembership.objects.create(team=team, user=user, is_owner=is_owner)
    publish(TeamJoined(team_id=team.pk, user_id=user.pk, happened_at=clock.now().isoformat()))
    transaction.on_commit(lambda: publish_rights([user.pk]))


@transaction.atomic
def join_team(*, team: Team, by: User) -> None:
    """Come into an open team of one's site, or into one that one is invited to. Joining twice changes nothing."""
    if permissions.is_team_member(by, team):
        return
    if not permissions.can_join_team(by, team):
        raise NotAllowed(_("This team is closed. Ask one of its owners for an invitation."))
    _join_team(team, by)
    _close_invitations(team.pk, Q(team=team, user=by), is_accepted=True)


@transaction.atomic
def leave_team(*, team: Team, by: User) -> None:
    """Leave a team; the last owner hands it over first, and with its last active member the team is archived."""
    _leave_team(team, by)


@transaction.atomic
def remove_from_team(*, team: Team, user: User, by: User) -> None:
    """Take somebody out of a team: within two seconds no byte of its channels reaches them."""
    if not permissions.can_manage_team(by, team):
        raise NotAllowed(_("Only an owner of the team may do that."))
    _leave_team(team, user)
    _audit("teams.team_member_removed", by, team, user=user.pk)


def _leave_team(team: Team, user: User) -> None:
    raise_epochs([user.pk])
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    members = TeamMembership.objects.open().filter(team=team)
    own = members.filter(user=user)
    if not own.exists():
        raise TeamsError(_("This person is not in the team."))
    others = members.exclude(user=user).filter(user__is_active=True)
    if own.filter(is_owner=True).exists() and others.exists() and not others.filter(is_owner=True).exists():
        raise TeamsError(_("You are the last owner. Make somebody else an owner before you leave."))
    now = clock.now()
    is_last = not others.exists()
    own.update(left_at=now)
    _close_invitations(team.pk, Q(team=team, user=user) | Q(channel__team=team, user=user))
    channels = Channel.objects.filter(team=team)
    if not is_last:
        channels = channels.filter(kind=ChannelKind.PRIVATE, memberships__user=user, memberships__left_at=None)
    for channel_id in sorted(channels.values_list("pk", flat=True)):
        channel = lock_channel(channel_id)
        if channel.kind == ChannelKind.PRIVATE:
            _close_membership(channel, user)
        if is_last:
            _archive(channel)
    if is_last and Team.objects.filter(pk=team.pk, archived_at=None).update(archived_at=now):
        # Nobody is left who could let anybody in: what was offered is taken back.
        _close_invitations(team.pk, Q(team=team))
        _audit("teams.team_archived", user, team, why="the last member left")


@transaction.atomic
def appoint_owner(*, team: Team, by: User) -> User:
    """Make the longest-standing active member the owner of a team that has lost its owners; IT's verb."""
    if not by.has_role("it"):
        raise NotAllowed(_("Only IT may do that."))
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    active = TeamMembership.objects.open().filter(team=team, user__is_active=True).select_related("user")
    first = active.order_by("joined_at", "pk").first()
    if first is None:
        raise TeamsError(_("The team has no active member."))
    if not active.filter(is_owner=True).exists():
        TeamMembership.objects.filter(pk=first.pk).update(is_owner=True)
        _audit("teams.owner_made", by, team, user=first.user_id)
    owner: User = first.user
    return owner


@transaction.atomic
def make_owner(*, team: Team, user: User, by: User) -> None:
    """Make a member an owner of the team."""
    if not permissions.can_manage_team(by, team):
        raise NotAllowed(_("Only an owner of the team may do that."))
    if not TeamMembership.objects.open().filter(team=team, user=user).update(is_owner=True):
        raise TeamsError(_("This person is not in the team."))
    _audit("teams.owner_made", by, team, user=user.pk)


@transaction.atomic
def invite_to_team(*, team: Team, users: Collection[User], by: User) -> int:
    """Invite people into a team and return how many new invitations that made; members and invited ones are skipped."""
    if not permissions.can_manage_team(by, team):
        raise NotAllowed(_("Only an owner of the team may do that."))
    _lock_team(team)
    inside = set(TeamMembership.objects.open().filter(team=team, user__in=users).values_list("user_id", flat=True))
    wanted = [user for user in users if user.pk not in inside and user.is_active]
    return _invite(wanted, by=by, team=team, channel=None)


def _invite(users: Sequence[User], *, by: User, team: Team | None, channel: Channel | None) -> int:
    rows = Invitation.objects.open().filter(team=team, channel=channel)
    before = set(rows.values_list("pk", flat=True))
    # Two owners may invite the same person at the same moment: one invitation is enough.
    Invitation.objects.bulk_create(
        [Invitation(team=team, channel=channel, user=user, by=by) for user in users], ignore_conflicts=True
    )
    made = sorted(rows.exclude(pk__in=before).values_list("pk", flat=True))
    team_id = team.pk if team else channel.team_id if channel else None
    if made and team_id is not None:
        publish(PeopleInvited(team_id=team_id, invitation_ids=made))
    return len(made)


def _close_invitations(team_id: int, which: Q, *, is_accepted: bool = False) -> None:
    """Answer or take back the open invitations of a team or its channels that a condition names."""
    rows = Invitation.objects.open().filter(which)
    closed = sorted(rows.values_list("pk", flat=True))
    if closed:
        rows.filter(pk__in=closed).update(answered_at=clock.now(), is_accepted=is_accepted)
        publish(InvitationsClosed(team_id=team_id, invitation_ids=closed))


@transaction.atomic
def answer_invitation(*, invitation: Invitation, by: User, accept: bool) -> None:
    """Accept or decline one's own open invitation; an answered one is left as it is."""
    raise_epochs([by.pk])  # people before anything else is locked
    row = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(pk=invitation.pk)
    if row.answered_at is not None or row.user_id != by.pk:
        return
    row.answered_at, row.is_accepted = clock.now(), accept
    row.save(update_fields=["answered_at", "is_accepted"])
    team_id = row.team_id or (row.channel.team_id if row.channel else None)
    if team_id is not None:
        publish(InvitationsClosed(team_id=team_id, invitation_ids=[row.pk]))
    if not accept:
        return
    if row.place.is_archived:
        raise TeamsError(_("It was archived in the meantime."))
    if row.team is not None and not permissions.is_team_member(by, row.team):
        _join_team(row.team, by)
    elif row.channel is not None:
        if row.channel.team is not None and not permissions.is_team_member(by, row.channel.team):
            raise NotAllowed(_("This channel belongs to a team that you are not in."))
        _open_membership(lock_channel(row.channel.pk), by)


@transaction.atomic
def archive_team(*, team: Team, by: User) -> None:
    """Make a team and all of its channels read-only; they stay readable by its members."""
    if not permissions.can_manage_team(by, team):
        raise NotAllowed(_("Only an owner of the team may do that."))
    now = clock.now()
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    Team.objects.filter(pk=team.pk, archived_at=None).update(archived_at=now)
    for channel_id in team.channels.filter(archived_at=None).order_by("pk").values_list("pk", flat=True):
        _archive(lock_channel(channel_id))
    _close_invitations(team.pk, Q(team=team))
    _audit("teams.team_archived", by, team)


@transaction.atomic
def restore_team(*, team: Team, by: User) -> None:
    """Open an archived team again, with the channels that were archived together with it."""
    if not permissions.can_manage_team(by, team):
        raise NotAllowed(_("Only an owner of the team may do that."))
    locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if locked.archived_at is None:
        return
    together = team.channels.filter(archived_at__gte=locked.archived_at)
    for channel_id in together.order_by("pk").values_list("pk", flat=True):
        _restore(lock_channel(channel_id))
    Team.objects.filter(pk=team.pk).update(archived_at=None)
    _audit("teams.team_restored", by, team)


# -- Channels ----------------------------------------------------------------------------------------------------------
def _open_channel(channel: Channel) -> Channel:
    # The key of a direct channel is left to the database: two who ask at once are told apart there.
    channel.full_clean(exclude=["team", "site", "created_by", "direct_key"])
    channel.save()
    return channel


@transaction.atomic
def create_channel(
    *,
    team: Team,
    by: User,
    name_ko: str = "",
    name_en: str = "",
    name_ar: str = "",
    topic: str = "",
    is_private: bool = False,
) -> Channel:
    """Open a channel in a team: standard ones have the team's members, a private one its maker and whom they invite."""
    if not permissions.can_create_channel(by, team):
        raise NotAllowed(_("Only members of the team open channels in it."))
    if is_private:
        raise_epochs([by.pk])
    team = _lock_team(team)
    members = (
        [] if is_private else list(TeamMembership.objects.open().filter(team=team).values_list("user_id", flat=True))
    )
    transaction.on_commit(lambda: publish_rights(members))
    channel = _open_channel(
        Channel(
            kind=ChannelKind.PRIVATE if is_private else ChannelKind.STANDARD,
            team=team,
            name_ko=name_ko,
            name_en=name_en,
            name_ar=name_ar,
            topic=topic,
            created_by=by,
        )
    )
    if is_private:
        _open_membership(lock_channel(channel.pk), by, is_owner=True)
    _audit("teams.channel_created", by, channel, kind=channel.kind)
    return channel


@transaction.atomic
def open_wide_channel(
    *, by: User | None, site: Site | None, name_ko: str = "", name_en: str = "", name_ar: str = "", topic: str = ""
) -> Channel:
    """Open a channel for all staff of a site, or without a site of the network; IT's verb."""
    if by is not None and not by.has_role("it"):
        raise NotAllowed(_("Channels for a whole site are opened by IT."))
    channel = _open_channel(
        Channel(
            kind=ChannelKind.SITE if site else ChannelKind.NETWORK,
            site=site,
            name_ko=name_ko,
            name_en=name_en,
            name_ar=name_ar,
            topic=topic,
            created_by=by,
        )
    )
    _audit("teams.channel_created", by, channel, kind=channel.kind)
    transaction.on_commit(publish_everybodys_rights)
    return channel


def open_direct(*, by: User, other: User) -> Channel:
    """Return the direct channel of two people; it is made once, whoever asks first, even when both ask at once."""
    if not other.is_active or by.pk == other.pk:
        raise TeamsError(_("Choose a colleague who is active."))
    key = ":".join(str(pk) for pk in sorted((by.pk, other.pk)))
    existing = Channel.objects.filter(direct_key=key).first()
    if existing is not None:
        return existing
    try:
        with transaction.atomic():
            raise_epochs([by.pk, other.pk])
            channel = _open_channel(Channel(kind=ChannelKind.DIRECT, direct_key=key, created_by=by))
            locked = lock_channel(channel.pk)
            for user in (by, other):
                _open_membership(locked, user)
            return locked
    except IntegrityError:
        return Channel.objects.get(direct_key=key)


@transaction.atomic
def open_group(*, by: User, others: Collection[User], name: str = "") -> Channel:
    """Open a group of named people; at most fifty, else a team is the better place."""
    people = {user.pk: user for user in [by, *others] if user.is_active}
    if len(people) < 3:
        raise TeamsError(_("A group has at least three people; for two there is a direct chat."))
    if len(people) > GROUP_LIMIT:
        raise TeamsError(_("A group has at most %(limit)d people; open a team for more.") % {"limit": GROUP_LIMIT})
    raise_epochs(list(people))
    channel = _open_channel(Channel(kind=ChannelKind.GROUP, name_ko=name, created_by=by))
    locked = lock_channel(channel.pk)
    for user in people.values():
        _open_membership(locked, user, is_owner=user.pk == by.pk)
    return locked


def _open_membership(channel: Channel, user: User, *, is_owner: bool = False) -> ChannelMembership | None:
    """Write an own row in a locked channel, as a change of it; a member stays as they are."""
    if ChannelMembership.objects.open().filter(channel=channel, user=user).exists():
        return None
    change = take_change(channel)
    row = ChannelMembership.objects.create(channel=channel, user=user, is_owner=is_owner, change=change)
    publish(ChannelJoined(channel_id=channel.pk, user_id=user.pk, happened_at=clock.now().isoformat()))
    transaction.on_commit(lambda: _tell_membership(channel.pk, change, user.pk, joined=True))
    return row


def _close_membership(channel: Channel, user: User) -> bool:
    """Close an own row in a locked channel and return whether there was one.

    The change stands in its place among the messages and revokes the topic there. Where the last owner goes, the
    longest-standing member becomes one.
    """
    members = ChannelMembership.objects.open().filter(channel=channel)
    own = members.filter(user=user).first()
    if own is None:
        return False
    change = take_change(channel)
    ChannelMembership.objects.filter(pk=own.pk).update(left_at=clock.now(), change=change)
    left = members.filter(user__is_active=True).order_by("joined_at", "pk")
    if own.is_owner and channel.kind == ChannelKind.PRIVATE and not left.filter(is_owner=True).exists():
        heir = left.first()
        if heir is not None:
            ChannelMembership.objects.filter(pk=heir.pk).update(is_owner=True)
    transaction.on_commit(lambda: _tell_membership(channel.pk, change, user.pk, joined=False))
    return True


def _tell_membership(channel_id: int, change: int, user_id: int, *, joined: bool) -> None:
    if joined:
        publish_rights([user_id])
    body = queries.membership_body(user_id, joined=joined)
    publish_change("channel", channel_id, change, body, revokes=() if joined else (user_id,))


@transaction.atomic
def invite_to_channel(*, channel: Channel, users: Collection[User], by: User) -> int:
    """Invite people into a private channel and return how many new invitations that made."""
    if not permissions.can_manage_channel(by, channel) or channel.kind != ChannelKind.PRIVATE:
        raise NotAllowed(_("Only an owner of the channel may do that."))
    if not Channel.objects.filter(pk=channel.pk, archived_at=None).exists():
        raise TeamsError(_("The channel is archived."))
    inside = set(
        ChannelMembership.objects.open().filter(channel=channel, user__in=users).values_list("user_id", flat=True)
    )
    team = TeamMembership.objects.open().filter(team=channel.team_id, user__in=users)
    members = set(team.values_list("user_id", flat=True))
    wanted = [u for u in users if u.pk in members and u.pk not in inside and u.is_active]
    if not wanted:
        raise TeamsError(_("Only members of the team can be invited into its private channels."))
    return _invite(wanted, by=by, team=None, channel=channel)


@transaction.atomic
def leave_channel(*, channel: Channel, by: User) -> None:
    """Leave a private or group channel."""
    if not permissions.can_leave_channel(by, channel):
        raise NotAllowed(_("This channel cannot be left: it follows a team, a site or two people."))
    raise_epochs([by.pk])
    _close_membership(lock_channel(channel.pk), by)


@transaction.atomic
def remove_from_channel(*, channel: Channel, user: User, by: User) -> None:
    """Take somebody out of a private channel: nothing after this place reaches them."""
    if not permissions.can_manage_channel(by, channel) or not channel.has_own_rows:
        raise NotAllowed(_("Only an owner of the channel may do that."))
    raise_epochs([user.pk])
    if not _close_membership(lock_channel(channel.pk), user):
        raise TeamsError(_("This person is not in the channel."))
    _audit("teams.channel_member_removed", by, channel, user=user.pk)


@transaction.atomic
def archive_channel(*, channel: Channel, by: User) -> None:
    """Make a channel read-only; it stays readable and its text stays searchable."""
    if not permissions.can_manage_channel(by, channel):
        raise NotAllowed(_("Only an owner of the channel may do that."))
    _archive(lock_channel(channel.pk))
    _audit("teams.channel_archived", by, channel)


def _archive(channel: Channel) -> None:
    if channel.is_archived:
        return
    channel.archived_at = clock.now()
    Channel.objects.filter(pk=channel.pk).update(archived_at=channel.archived_at, last_change=F("last_change") + 1)
    change = channel.last_change + 1
    if channel.team_id is not None:
        _close_invitations(channel.team_id, Q(channel=channel))
    transaction.on_commit(lambda: publish_change("channel", channel.pk, change, {"kind": "archived"}))


@transaction.atomic
def restore_channel(*, channel: Channel, by: User) -> None:
    """Open an archived channel again. Raises TeamsError while its team is archived."""
    if not permissions.can_manage_channel(by, channel):
        raise NotAllowed(_("Only an owner of the channel may do that."))
    if channel.team is not None and Team.objects.select_for_update(no_key=True).get(pk=channel.team.pk).is_archived:
        raise TeamsError(_("Its team is archived. Restore the team first."))
    if _restore(lock_channel(channel.pk)):
        _audit("teams.channel_restored", by, channel)


def _restore(channel: Channel) -> bool:
    """Open a locked channel again, as a change of it, and let its people hear it; False where it is open."""
    if not channel.is_archived:
        return False
    Channel.objects.filter(pk=channel.pk).update(archived_at=None)
    change = take_change(channel)
    transaction.on_commit(lambda: _tell_restored(channel, change))
    return True


def _tell_restored(channel: Channel, change: int) -> None:
    if channel.kind in {ChannelKind.SITE, ChannelKind.NETWORK}:
        publish_everybodys_rights()
    else:
        publish_rights(list(queries.people_of(channel).values_list("pk", flat=True)))
    publish_change("channel", channel.pk, change, {"kind": "restored"})
