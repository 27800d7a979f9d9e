"""`manage.py make_sessions`: sign people in without a browser, for load generators."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError
from django.utils.crypto import get_random_string

from apps.core import clock
from apps.people.models import User

KEY_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_sessions(users: list[User]) -> dict[int, str]:
    """Store a session for each user, valid as long as a signed-in one; return the keys by user id."""
    store = SessionStore()
    expires = clock.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    keys: dict[int, str] = {}
    rows = []
    for user in users:
        keys[user.pk] = get_random_string(32, KEY_CHARACTERS)
        content = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        rows.append(Session(session_key=keys[user.pk], session_data=store.encode(content), expire_date=expires))
    Session.objects.bulk_create(rows, batch_size=1000)
    return keys


class Command(BaseCommand):
    help = "Make sessions of the first active people and print their keys, for load generators. Demo and tests only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, required=True, help="how many people are signed in, one session each")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Sessions are made for the demo and for tests only; here people sign in themselves.")
        count: int = options["count"]
        if count < 1:
            raise CommandError("--count must be at least 1.")
        users = list(User.objects.active().order_by("pk")[:count])
        if len(users) < count:
            raise CommandError(f"There are {len(users)} active people, fewer than {count}.")
        keys = make_sessions(users)
        made = [{"user": user.pk, "staff_number": user.staff_number, "key": keys[user.pk]} for user in users]
        if options["json"]:
            self.stdout.write(json.dumps({"cookie": settings.SESSION_COOKIE_NAME, "sessions": made}))
            return
        for session in made:
            self.stdout.write(f"{session['user']}\t{session['staff_number']}\t{session['key']}")
