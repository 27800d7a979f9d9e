"""People, where they work, what they were given, and their sessions."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from apps.core import clock
from apps.people.models import Assignment, Grant, StaffType, User
from apps.sites.models import Site, Unit

from .places import make_unit

_numbers = count(10_001)
BEGAN = date(2020, 3, 1)
PASSWORD = "the-password-of-a-test"
BACKEND = "apps.people.adapters.PortalBackend"


def make_person(*, site: Site | None = None, unit: Unit | None = None, assigned: bool = True, **fields: Any) -> User:
    """A nurse with a home unit (a new one at `site` unless `unit` is given) and an assignment to it since 2020."""
    number = next(_numbers)
    unit = unit or make_unit(site=site)
    password = fields.pop("password", None)
    defaults = {"name_ko": f"김간호{number}", "name_en": f"Nurse {number}", "job": StaffType.NURSE, "home_unit": unit}
    person = User(**{"staff_number": f"N{number}", **defaults, **fields})
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()
    person.save()
    if assigned:
        assign_to(person, unit, is_home=True)
    return person


def assign_to(
    person: User, unit: Unit, *, on: date = BEGAN, until: date | None = None, is_home: bool = False
) -> Assignment:
    return Assignment.objects.create(user=person, unit=unit, is_home=is_home, during=DateRange(on, until))


def grant(person: User, role: str, **scope: Any) -> Grant:
    """Give a role; scope by `unit=`, `department=` or `site=`, else the whole network."""
    given = Grant.objects.create(
        user=person, role=role, why="A test needs it.", starts_at=clock.now() - timedelta(days=30), **scope
    )
    person.__dict__.pop("current_grants", None)
    return given


def make_session(person: User) -> str:
    """A session as sign-in makes it; returns its key."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = BACKEND
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    UserSession.objects.create(user=person, session_key=store.session_key, ip="127.0.0.1", user_agent="test")
    return str(store.session_key)


def sign_in_as(client: Client, person: User) -> Client:
    """Put a fresh session of the person into a client."""
    from django.conf import settings

    client.cookies[settings.SESSION_COOKIE_NAME] = make_session(person)
    return client
