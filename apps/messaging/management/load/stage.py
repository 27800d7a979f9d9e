"""What a load generator needs in its scratch database: a site, people with sessions, private channels of given sizes."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import connection, transaction

from apps.core import clock
from apps.people.management.commands.make_sessions import make_sessions
from apps.people.models import Assignment, StaffType, User
from apps.sites.models import Department, Network, Site, Unit, UnitKind
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Team, TeamMembership

NAME_PREFIX = "scratch_"


@transaction.atomic
def prepare_stage(*, people: int, sizes: Collection[int]) -> dict[str, Any]:
    """Make people and channels, refuse a database that is none of a load generator's own.

    The members of a channel of size N are the first N people; `sessions` has the people's keys in that order.
    """
    name = str(connection.settings_dict["NAME"])
    if not name.startswith(NAME_PREFIX) or User.objects.exists():
        raise CommandError(f"{name} is no empty scratch database.")
    network = Network.objects.create(code="scratch", name_en="Scratch")
    site = Site.objects.create(
        network=network, code="scratch", name_en="Scratch", time_zone="Asia/Seoul", language="ko", country="KR"
    )
    department = Department.objects.create(site=site, code="scratch", name_en="Scratch")
    unit = Unit.objects.create(department=department, code="scratch", name_en="Scratch", kind=UnitKind.WARD)
    users = User.objects.bulk_create(
        User(
            staff_number=f"S{number:05d}",
            name_ko=f"간호사{number}",
            name_en=f"Nurse {number}",
            job=StaffType.NURSE,
            home_unit=unit,
            password="!",  # noqa: S106 — an unusable one
            search=f"s{number:05d}",
        )
        for number in range(people)
    )
    since = clock.now().date() - timedelta(days=30)
    Assignment.objects.bulk_create(
        Assignment(user=user, unit=unit, is_home=True, during=(since, None)) for user in users
    )
    team = Team.objects.create(site=site, name_en="Scratch")
    TeamMembership.objects.bulk_create(TeamMembership(team=team, user=user) for user in users)
    Channel.objects.create(kind=ChannelKind.STANDARD, team=team, name_en="General")
    Channel.objects.create(kind=ChannelKind.SITE, site=site, name_en="All at the site")
    rooms = {}
    for size in sizes:
        channel = Channel.objects.create(kind=ChannelKind.PRIVATE, team=team, name_en=f"Room of {size}")
        ChannelMembership.objects.bulk_create(ChannelMembership(channel=channel, user=user) for user in users[:size])
        rooms[str(size)] = channel.pk
    keys = make_sessions(users)
    return {"rooms": rooms, "sessions": [keys[user.pk] for user in users]}
