"""Who acts in the gauntlet: people of the demo hospital with sessions, and one conversation of many of them."""

from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command

from apps.operations import demo
from apps.people.management.commands.make_sessions import make_sessions
from apps.people.models import User
from apps.teams import actions as teams


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    user_id: int
    session_key: str
    is_staff: bool
    """Whether the admin lets them in."""


@dataclass(frozen=True)
class World:
    """Who talks where."""

    senders: tuple[Person, ...]
    channel_id: int
    """Of a conversation that only the senders read."""
    sign_ins: tuple[Person, ...]
    """One of each role."""


def build_world(senders: int) -> World:
    """Fill the empty database with the demo hospital and sign people in."""
    call_command("seed_demo", stdout=StringIO())
    people = User._default_manager.filter(is_active=True)
    roles = list(people.filter(staff_number__in=[person.staff_number for person in demo.SIGN_INS]).order_by("pk"))
    talkers = list(people.exclude(pk__in=[user.pk for user in roles]).order_by("pk")[:senders])
    channel = teams.open_group(by=talkers[0], others=talkers[1:], name="Gauntlet")
    keys = make_sessions([*talkers, *roles])
    return World(
        senders=tuple(Person(user.pk, keys[user.pk], user.is_staff) for user in talkers),
        channel_id=channel.pk,
        sign_ins=tuple(Person(user.pk, keys[user.pk], user.is_staff) for user in roles),
    )
