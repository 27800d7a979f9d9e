"""A hospital network of a real one's size in an empty scratch database: 15,000 people, 2,000 conversations, some readers."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.core.management import CommandError
from django.db import connection, transaction

from apps.core import clock
from apps.messaging.management.load.stage import NAME_PREFIX
from apps.people.management.commands.make_sessions import make_sessions
from apps.people.models import Assignment, StaffType, User
from apps.sites.models import Department, Network, Site, Unit, UnitKind
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Team, TeamMembership

SITES, DEPARTMENTS_A_SITE, UNITS_A_DEPARTMENT = 6, 10, 4
UNITS = SITES * DEPARTMENTS_A_SITE * UNITS_A_DEPARTMENT
READERS = 12  # who open pages
BIG_TEAM = 1_000  # people of the channel that holds most messages
PRIVATE_PEOPLE, GROUP_PEOPLE = 20, 8
DIRECTS_A_READER, GROUPS_A_READER = 25, 15
BEHIND = 60  # messages that every second reader has not read: more than a page


@transaction.atomic
def build_hospital(*, people: int, conversations: int) -> dict[str, Any]:
    """Make the people, teams and conversations; refuse a database that is none of a load generator's own.

    Returns the loud channel, all others, and the readers with their session keys.
    """
    name = str(connection.settings_dict["NAME"])
    if not name.startswith(NAME_PREFIX) or User.objects.exists():
        raise CommandError(f"{name} is no empty scratch database.")
    if people < BIG_TEAM + READERS or conversations < UNITS + SITES + 2:
        raise CommandError(f"At least {BIG_TEAM + READERS} people and {UNITS + SITES + 2} conversations are needed.")
    units = _make_places()
    users = _make_people(units, people)
    readers = users[:READERS]
    big = _make_team(units[0].department.site, "Everything", users[:BIG_TEAM])
    for place, unit in enumerate(units):
        _make_team(unit.department.site, f"Unit {place}", users[place::UNITS])
    for site in Site.objects.all():
        Channel.objects.create(kind=ChannelKind.SITE, site=site, name_en="All at the site")
    Channel.objects.create(kind=ChannelKind.NETWORK, name_en="All")
    dice = random.Random(people)  # noqa: S311 — no secret
    _make_chats(users, readers, conversations - UNITS - SITES - 2, dice)
    keys = make_sessions(readers)
    others = Channel.objects.exclude(pk=big.pk).order_by("pk").values_list("pk", flat=True)
    return {"big": big.pk, "others": list(others), "readers": {user.pk: keys[user.pk] for user in readers}}


def _make_places() -> list[Unit]:
    network = Network.objects.create(code="scratch", name_en="Scratch")
    for number in range(SITES):
        site = Site.objects.create(
            network=network,
            code=f"s{number}",
            name_en=f"Site {number}",
            time_zone="Asia/Seoul",
            language="ko",
            country="KR",
        )
        for place in range(DEPARTMENTS_A_SITE):
            department = Department.objects.create(site=site, code=f"d{place}", name_en=f"Department {place}")
            Unit.objects.bulk_create(
                Unit(department=department, code=f"u{unit}", name_en=f"Ward {place}{unit}", kind=UnitKind.WARD)
                for unit in range(UNITS_A_DEPARTMENT)
            )
    return list(Unit.objects.select_related("department__site").order_by("pk"))


def _make_people(units: Sequence[Unit], count: int) -> list[User]:
    users: list[User] = User.objects.bulk_create(
        (
            User(
                staff_number=f"S{number:05d}",
                name_ko=f"간호사{number}",
                name_en=f"Nurse {number}",
                job=StaffType.NURSE,
                home_unit=units[number % len(units)],
                password="!",  # noqa: S106 — an unusable one
                search=f"s{number:05d} 간호사{number} nurse {number}",
            )
            for number in range(count)
        ),
        batch_size=2_000,
    )
    since = clock.now().date() - timedelta(days=400)
    Assignment.objects.bulk_create(
        (Assignment(user=user, unit=user.home_unit, is_home=True, during=(since, None)) for user in users),
        batch_size=2_000,
    )
    return users


def _make_team(site: Site, name: str, members: Iterable[User]) -> Channel:
    team = Team.objects.create(site=site, name_en=name)
    TeamMembership.objects.bulk_create(
        (TeamMembership(team=team, user=user, is_owner=number == 0) for number, user in enumerate(members)),
        batch_size=2_000,
    )
    return Channel.objects.create(kind=ChannelKind.STANDARD, team=team, name_en="General")


def _make_chats(users: Sequence[User], readers: Sequence[User], count: int, dice: random.Random) -> None:
    """Half of them direct, a quarter groups, a quarter private channels; the readers are in their share of each first."""
    teams = {team.pk: team for team in Team.objects.all()}
    channels: list[Channel] = []
    members: list[list[User]] = []
    for number in range(count):
        reader = readers[number % len(readers)]
        turn = number // len(readers)
        kind = (ChannelKind.DIRECT, ChannelKind.GROUP, ChannelKind.DIRECT, ChannelKind.PRIVATE)[turn % 4]
        is_readers = turn < 4 * GROUPS_A_READER and (kind != ChannelKind.DIRECT or turn < 2 * DIRECTS_A_READER)
        size = {ChannelKind.DIRECT: 2, ChannelKind.GROUP: GROUP_PEOPLE, ChannelKind.PRIVATE: PRIVATE_PEOPLE}[kind]
        there = dice.sample(users[READERS:], size - is_readers) + ([reader] if is_readers else [])
        channel = Channel(kind=kind, last_change=size)
        if kind == ChannelKind.DIRECT:
            first, second = sorted(user.pk for user in there)
            channel.direct_key = f"{first}:{second}:{number}"
        elif kind == ChannelKind.PRIVATE:
            channel.team = teams[min(teams) + number % len(teams)]
            channel.name_en = f"Private {number}"
        channels.append(channel)
        members.append(there)
    Channel.objects.bulk_create(channels)
    ChannelMembership.objects.bulk_create(
        (
            ChannelMembership(channel=channel, user=user, is_owner=change == 1, change=change)
            for channel, there in zip(channels, members, strict=True)
            for change, user in enumerate(there, 1)
        ),
        batch_size=5_000,
    )


def place_marks(readers: Sequence[int]) -> None:
    """Let every second reader have read all, and the others lack the newest in each conversation."""
    with connection.cursor() as cursor:
        for place, user_id in enumerate(sorted(readers)):
            cursor.execute(
                "INSERT INTO messaging_readmark (channel_id, user_id, base, up_to, delivered, at)"
                " SELECT id, %s, 0, greatest(0, last_number - %s), last_number, %s FROM teams_channel ORDER BY id"
                " ON CONFLICT (user_id, channel_id) DO UPDATE SET up_to = EXCLUDED.up_to, unread_from = NULL",
                [user_id, BEHIND if place % 2 else 0, clock.now()],
            )
