"""A small hospital for the gauntlet: people with sessions, all in one conversation."""

from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from apps.core import clock
from apps.people import actions as people
from apps.people.models import StaffType, User
from apps.sites.models import Department, Network, Site, Unit, UnitKind
from apps.teams import actions as teams


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    user_id: int
    session_key: str


@dataclass(frozen=True)
class World:
    """Who talks where."""

    people: tuple[Person, ...]
    channel_id: int


def build_world(size: int) -> World:
    """Create SIZE nurses of one ward, their sessions and a group conversation of them all."""
    with transaction.atomic():
        network = Network.objects.create(code="gauntlet", name_ko="시험의료원", name_en="Gauntlet Hospitals")
        site = Site.objects.create(
            network=network,
            code="gauntlet",
            name_ko="시험병원",
            name_en="Gauntlet Hospital",
            time_zone="Asia/Seoul",
            language="ko",
            country="KR",
            place=1,
        )
        department = Department.objects.create(site=site, code="medicine", name_ko="내과", name_en="Medicine")
        ward = Unit.objects.create(
            department=department, code="ward", kind=UnitKind.WARD, name_ko="1병동", name_en="Ward 1"
        )
        users = [make_nurse(number, ward) for number in range(1, size + 1)]
        channel = teams.open_group(by=users[0], others=users[1:], name="Gauntlet")
        return World(tuple(Person(user.pk, open_session(user)) for user in users), channel.pk)


def make_nurse(number: int, ward: Unit) -> User:
    user = User(
        staff_number=f"N{90_000 + number}",
        name_ko=f"김시험{number}",
        name_en=f"Nurse {number}",
        job=StaffType.NURSE,
        home_unit=ward,
    )
    user.set_unusable_password()
    user.save()
    people.assign(user=user, unit=ward, on=clock.now().date(), is_home=True, by=None)
    return user


def open_session(user: User) -> str:
    """A session like the one that signing in leaves; its key."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    key = str(store.session_key)
    UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1", user_agent="gauntlet")
    return key
