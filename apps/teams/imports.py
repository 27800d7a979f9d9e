"""Teams, channels and memberships that come from elsewhere, as changes like any others."""

from collections.abc import Collection

from django.db import transaction

from apps.audit.actions import write_entry
from apps.core import clock
from apps.core.events import publish
from apps.people.actions import raise_epochs
from apps.people.imports import fields_in_language
from apps.people.models import User
from apps.realtime.publish import publish_rights
from apps.sites.models import Site

from .actions import lock_channel
from .events import ChannelJoined, TeamJoined
from .models import Channel, ChannelKind, ChannelMembership, Team, TeamMembership
from .models.team import MembershipQuerySet

NAME_LIMIT, TEXT_LIMIT = 120, 300


def find_team(import_key: str) -> Team | None:
    """Return the team that an earlier run made."""
    return Team.objects.filter(import_key=import_key).first()


def find_channel(import_key: str) -> Channel | None:
    """Return the channel that an earlier run made."""
    return Channel.objects.filter(import_key=import_key).first()


def find_direct(people: Collection[User]) -> Channel | None:
    """Return the direct channel of two people, whoever opened it."""
    return Channel.objects.filter(direct_key=_direct_key(people)).first() if len(people) == 2 else None


@transaction.atomic
def store_team(*, import_key: str, site: Site, name: str, description: str) -> Team:
    """Return the team of a key, opened as a closed one if it is new."""
    team, is_new = Team.objects.get_or_create(
        import_key=import_key,
        defaults={"site": site, "description": description[:TEXT_LIMIT], **fields_in_language(name[:NAME_LIMIT])},
    )
    if is_new:
        _audit("teams.team_created", team, is_open=False)
    return team


@transaction.atomic
def store_private_channel(*, import_key: str, team: Team, name: str, topic: str) -> Channel:
    """Return the channel of a key, opened as a private one if it is new."""
    channel, is_new = Channel.objects.get_or_create(
        import_key=import_key,
        defaults={
            "kind": ChannelKind.PRIVATE,
            "team": team,
            "topic": topic[:TEXT_LIMIT],
            **fields_in_language(name[:NAME_LIMIT]),
        },
    )
    if is_new:
        _audit("teams.channel_created", channel, kind=channel.kind)
    return channel


@transaction.atomic
def store_chat(*, import_key: str, people: Collection[User]) -> Channel:
    """Return the direct channel of two people, be it one that they have already, or the group of a key.

    Somebody's notes to themself are a group of one, with their name.
    """
    if len(people) == 2:
        return Channel.objects.get_or_create(direct_key=_direct_key(people), defaults={"kind": ChannelKind.DIRECT})[0]
    name = "" if len(people) > 1 else next(person.display_name for person in people)
    return Channel.objects.get_or_create(
        import_key=import_key,
        defaults={"kind": ChannelKind.GROUP, **(fields_in_language(name) if name else {})},
    )[0]


def _direct_key(people: Collection[User]) -> str:
    return ":".join(str(pk) for pk in sorted(person.pk for person in people))


@transaction.atomic
def admit_to_team(*, team: Team, people: Collection[User], owners: Collection[User] = ()) -> int:
    """Give people a row in a team and return how many are new; who has left stays away, unless named as an owner."""
    rows = TeamMembership.objects.filter(team=team)
    coming = _newcomers(rows, people, owners)
    active = [person.pk for person in coming if person.is_active]
    raise_epochs(active)
    TeamMembership.objects.bulk_create([TeamMembership(team=team, user=person) for person in coming], batch_size=500)
    rows.open().filter(user__in=owners, is_owner=False).update(is_owner=True)
    happened_at = clock.now().isoformat()
    for pk in active:
        publish(TeamJoined(team_id=team.pk, user_id=pk, happened_at=happened_at))
        _audit("teams.team_member_added", team, user=pk)
    transaction.on_commit(lambda: publish_rights(active))
    return len(coming)


@transaction.atomic
def admit_to_channel(*, channel: Channel, people: Collection[User], owners: Collection[User] = ()) -> int:
    """Give people an own row in a channel, each a change of it, and return how many are new.

    Who has left stays away, unless named as an owner. What stands in the channel is not unread for those who come in.
    """
    rows = ChannelMembership.objects.filter(channel=channel)
    raise_epochs([person.pk for person in _newcomers(rows, people, owners) if person.is_active])
    locked = lock_channel(channel.pk)
    coming = _newcomers(rows, people, owners)
    ChannelMembership.objects.bulk_create(
        [
            ChannelMembership(channel=locked, user=person, change=change)
            for change, person in enumerate(coming, locked.last_change + 1)
        ],
        batch_size=500,
    )
    if locked.kind != ChannelKind.DIRECT:
        rows.open().filter(user__in=owners, is_owner=False).update(is_owner=True)
    Channel.objects.filter(pk=locked.pk).update(last_change=locked.last_change + len(coming))
    active = [person.pk for person in coming if person.is_active]
    happened_at = clock.now().isoformat()
    for pk in active:
        publish(ChannelJoined(channel_id=locked.pk, user_id=pk, happened_at=happened_at))
        _audit("teams.channel_member_added", locked, user=pk)
    transaction.on_commit(lambda: publish_rights(active))
    return len(coming)


def _newcomers(rows: MembershipQuerySet, people: Collection[User], owners: Collection[User]) -> list[User]:
    """Return who gets a row, each once: people who never had one, and owners who have none that is open."""
    ever = set(rows.filter(user__in=people).values_list("user_id", flat=True))
    inside = set(rows.open().filter(user__in=owners).values_list("user_id", flat=True))
    coming = {person.pk: person for person in owners if person.pk not in inside}
    coming |= {person.pk: person for person in people if person.pk not in ever}
    return list(coming.values())


def _audit(action: str, thing: Team | Channel, **detail: object) -> None:
    write_entry(
        action=action,
        actor_id=None,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        detail={**detail, "imported": True},
    )
