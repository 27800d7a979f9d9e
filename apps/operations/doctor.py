"""What `manage.py doctor` looks at. Each check answers in a sentence; none changes anything."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import redis
from celery import current_app
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from apps.core import clock
from apps.core.models import OutboxEvent
from apps.core.tasks import HEARTBEAT_KEY

from . import demo, translations

OLDEST_POSTGRES = 15
LEAST_FREE, ENOUGH_FREE = 1 << 30, 5 << 30  # bytes
BEAT_IS_LATE_AFTER = timedelta(seconds=45)  # it leaves its mark every 10 s
WORKER_ANSWERS_WITHIN = 2.0  # seconds
BACKLOG_IS_OLD_AFTER = timedelta(minutes=2)
A_YEAR = timedelta(days=366)
SHORTEST_SECRET_KEY = 50
CONNECTIONS_OF_BEAT_AND_COMMANDS = 4
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1"}
AUDIT_TABLES = ("audit_entry", "audit_seal", "audit_sealed_entry")

Level = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """What a check saw."""

    check: str
    level: Level
    text: str


def examine() -> Iterator[Finding]:
    """Yield the findings of all checks in order; a check that breaks is a failure with its reason."""
    for name, check in CHECKS.items():
        try:
            for level, text in check():
                yield Finding(name, level, text)
        except Exception as error:  # noqa: BLE001 — one service that is down must not hide the state of the others
            yield Finding(name, "failure", f"{type(error).__name__}: {' '.join(str(error).split())}")


Answers = Iterator[tuple[Level, str]]


def check_database() -> Answers:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int, pg_is_in_recovery()"
        )
        version, number, is_standby = cursor.fetchone()
    if number < OLDEST_POSTGRES * 10_000:
        yield "failure", f"PostgreSQL {version} is too old; the portal needs {OLDEST_POSTGRES} or newer."
    elif is_standby:
        yield "failure", "This server is a standby; name all hosts and target_session_attrs=read-write in DATABASE_URL."
    else:
        yield "ok", f"PostgreSQL {version} answers."


def check_migrations() -> Answers:
    executor = MigrationExecutor(connections["default"])
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield "failure", f"{len(waiting)} migrations are not applied: run manage.py migrate."
    else:
        yield "ok", "All migrations are applied."


def check_roles() -> Answers:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        role, is_mighty = cursor.fetchone()
        cursor.execute(
            "SELECT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = 'django_migrations'"
        )
        row = cursor.fetchone()
        excess = []
        for table in AUDIT_TABLES:
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute(
                    "SELECT CASE WHEN to_regclass(%s) IS NULL THEN false ELSE has_table_privilege(%s, %s) END",
                    [table, table, right],
                )
                if cursor.fetchone()[0]:
                    excess.append(f"{right} on {table}")
    if row and row[0] == role:
        yield (
            "failure",
            f"The portal logs in as {role}, who owns its tables: give DATABASE_URL a role of its own (docs/operations.md).",
        )
    elif is_mighty:
        yield "failure", f"The role {role} is a superuser or may make roles; the app role must be neither."
    elif excess:
        yield "failure", f"The role {role} has {', '.join(excess)}: what was audited could be changed."
    else:
        yield "ok", f"{role} is not the owner and cannot change what was audited."


def check_pools() -> Answers:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
        available = cursor.fetchone()[0]
    web = settings.WEB_PROCESSES * settings.DATABASE_POOL["max_size"]
    wanted = web + settings.WORKER_PROCESSES + CONNECTIONS_OF_BEAT_AND_COMMANDS
    text = (
        f"{settings.WEB_PROCESSES} web processes of {settings.DATABASE_POOL['max_size']} connections, "
        f"{settings.WORKER_PROCESSES} workers and {CONNECTIONS_OF_BEAT_AND_COMMANDS} for beat and commands make {wanted}; "
        f"the server has {available}"
    )
    if wanted > available:
        yield "failure", f"{text}: lower DATABASE_POOL_MAX or raise max_connections."
    else:
        yield "ok", f"{text}."


def check_bus() -> Answers:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
    try:
        began = time.perf_counter()
        client.ping()
        took = (time.perf_counter() - began) * 1000
        policy = _eviction_policy(client)
    finally:
        client.close()
    if policy not in {"", "noeviction"}:
        yield "warning", f"The bus answers, but its maxmemory-policy is {policy}; with noeviction it drops no task."
    else:
        yield "ok", f"The bus answers in {took:.1f} ms."


def check_worker() -> Answers:
    answers = current_app.control.inspect(timeout=WORKER_ANSWERS_WITHIN).ping() or {}
    if answers:
        yield "ok", f"{len(answers)} workers answer: {', '.join(sorted(answers))}."
    else:
        yield (
            "failure",
            f"No worker answered within {WORKER_ANSWERS_WITHIN:.0f} s: is it running? Its log says why not.",
        )


def check_beat() -> Answers:
    mark = cache.get(HEARTBEAT_KEY)
    if not mark:
        yield "failure", "Beat left no mark in the last two minutes: is it running, and a worker with it?"
        return
    age = clock.now() - datetime.fromisoformat(mark)
    if age > BEAT_IS_LATE_AFTER:
        yield "failure", f"Beat's last mark is {age.total_seconds():.0f} s old; one is due every 10 s."
    else:
        yield "ok", f"Beat's last mark is {age.total_seconds():.0f} s old."


def check_outbox() -> Answers:
    dead = OutboxEvent.objects.exclude(dead_at=None).count()
    waiting = OutboxEvent.objects.filter(dead_at=None).exclude(pending=[])
    late = waiting.filter(created_at__lt=clock.now() - BACKLOG_IS_OLD_AFTER).count()
    if dead:
        yield "failure", f"{dead} events were given up after all attempts; the admin shows their errors."
    if late:
        yield "failure", f"{late} events have waited for over {BACKLOG_IS_OLD_AFTER.seconds // 60} minutes."
    if not dead and not late:
        yield "ok", f"{waiting.count()} events wait, none for long; none was given up."


def check_audit() -> Answers:
    from apps.audit.models import AuditEntry
    from apps.audit.queries import UNSEALED_FOR_TOO_LONG

    late = AuditEntry.objects.unsealed().filter(at__lt=clock.now() - UNSEALED_FOR_TOO_LONG).count()
    if late:
        yield "failure", f"{late} audit entries lie unsealed for over a minute: does beat run?"
    else:
        yield "ok", "Every audit entry older than a minute is sealed."


def check_data_folder() -> Answers:
    folder = settings.VAR
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield "failure", f"The data folder {folder} is missing or cannot be written: set PORTAL_VAR."
        return
    free = shutil.disk_usage(folder).free
    text = f"{folder} has {free / (1 << 30):.1f} GiB free"
    if free < LEAST_FREE:
        yield "failure", f"{text}; the portal needs {LEAST_FREE >> 30}."
    elif free < ENOUGH_FREE:
        yield "warning", f"{text}."
    else:
        yield "ok", f"{text}."


def check_translations() -> Answers:
    stale = translations.find_stale()
    if stale:
        names = ", ".join(f"{path.parent.parent.name}/{path.stem}" for path in stale)
        yield "failure", f"Not compiled since they changed: {names}. ./run compiles them."
    else:
        yield "ok", "The translations are compiled."


def check_rosters() -> Answers:
    """Look at what rosters stand on; a site without units plans nothing."""
    from apps.rosters.models import Rule
    from apps.sites.models import CalendarEntry, CalendarKind, Site
    from apps.sites.queries import calendar_of

    rules = list(Rule.objects.filter(is_on=True))
    if not rules:
        yield "failure", "No rule is in force, so rosters could break the law unseen: switch on what holds here."
    fasting = {rule.country for rule in rules if "ramadan_max" in rule.params}
    sites = list(Site.objects.filter(departments__units__isnull=False).distinct())
    is_well = bool(rules)
    for site in sites:
        first = clock.today(site.zone)
        last = first + A_YEAR
        calendar = calendar_of(site, first, last)
        lacking = []
        if not site.rest_days:
            lacking.append("weekly rest days")
        if not any(calendar.is_holiday(first + timedelta(days=number)) for number in range(A_YEAR.days)):
            lacking.append(f"public holidays (none are known for {site.country})")
        ramadan = CalendarEntry.objects.filter(site=site, kind=CalendarKind.RAMADAN, during__overlap=(first, last))
        if site.country in fasting and not ramadan.exists():
            lacking.append("the coming Ramadan")
        if lacking:
            is_well = False
            yield "warning", f"{site.code} lacks {', '.join(lacking)} (the administration's sites and calendars)."
    if is_well:
        yield "ok", f"{len(rules)} rules are in force; the calendars of {len(sites)} sites are there."


def check_settings() -> Answers:
    problems = []
    if settings.DEBUG:
        problems.append("DEBUG is on, which shows the insides of the portal to everybody")
    if len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        problems.append(f"SECRET_KEY has fewer than {SHORTEST_SECRET_KEY} characters")
    if any(host in {"*", "."} for host in settings.ALLOWED_HOSTS):
        problems.append("ALLOWED_HOSTS lets any name pass")
    if serves_others():
        if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
            problems.append("cookies travel without TLS (use hospital_collab.settings.production)")
        if settings.DEMO:
            problems.append("the demo is open to other machines")
    for problem in problems:
        yield "failure", f"{problem[0].upper()}{problem[1:]}."
    if not problems:
        yield "ok", "Safe." if serves_others() else "Safe for this machine alone, which is all that it serves."


def check_demo_passwords() -> Answers:
    if settings.DEMO:
        yield "ok", "This is a demo; its sign-ins are meant."
        return
    numbers = [person.staff_number for person in demo.SIGN_INS]
    people = get_user_model()._default_manager.filter(staff_number__in=numbers, is_active=True)
    known = [person.staff_number for person in people if check_password(demo.PASSWORD, person.password)]
    if known:
        yield "failure", f"The demo's password still opens {', '.join(sorted(known))}: deactivate them or change it."
    else:
        yield "ok", "The demo's password opens nothing."


CHECKS: dict[str, Callable[[], Answers]] = {
    "database": check_database,
    "migrations": check_migrations,
    "roles": check_roles,
    "pools": check_pools,
    "bus": check_bus,
    "worker": check_worker,
    "beat": check_beat,
    "outbox": check_outbox,
    "audit": check_audit,
    "data folder": check_data_folder,
    "translations": check_translations,
    "rosters": check_rosters,
    "settings": check_settings,
    "demo passwords": check_demo_passwords,
}


def serves_others() -> bool:
    """Whether people at other machines are meant to reach this installation."""
    names = {host.lower() for host in settings.ALLOWED_HOSTS} - LOCAL_HOSTS
    return bool(names) or settings.PORTAL_BIND not in LOCAL_HOSTS


def _eviction_policy(client: "redis.Redis") -> str:
    try:
        return str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    except redis.ResponseError:  # hosted services forbid CONFIG
        return ""
