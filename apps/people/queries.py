"""Reads of people: the directory, sessions for the live gateway, who belongs to a site."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Case, F, IntegerField, Q, QuerySet, TextField, Value, When, prefetch_related_objects
from django.db.models.functions import Concat
from django.utils.crypto import constant_time_compare

from apps.core import clock
from apps.core.hangul import typed_patterns
from apps.core.names import order_of_languages
from apps.core.registries import AuthenticatedSession
from apps.core.text import clean_text
from apps.sites.models import Site, Unit

from .models import Assignment, PersonStatus, Presence, StaffType, User

SESSION_USER, SESSION_HASH = "_auth_user_id", "_auth_user_hash"


def name_order() -> tuple[Any, ...]:
    """Return the order of a list of people for its reader: by the name that they are shown, those without it last."""
    own = f"name_{order_of_languages()[0]}"
    if own == "name_ar":
        own = "name_en"  # most names have no Arabic form, so that a list would be in two orders
    return Case(When(**{own: ""}, then=1), default=0), own, "id"


def nearness_order(viewer: User, known: QuerySet[Any, Any] | None = None) -> Case:
    """Return the order of how near people are to somebody: the same unit, the same site, known ones, the rest."""
    steps: list[When] = []
    if viewer.home is not None:
        steps.append(When(home_unit=viewer.home.unit.pk, then=0))
        steps.append(When(home_unit__department__site=viewer.home.site.pk, then=1))
    if known is not None:
        steps.append(When(pk__in=known, then=2))
    return Case(*steps, default=3, output_field=IntegerField())


def search_people(
    viewer: User,
    *,
    text: str = "",
    site: Site | None = None,
    job: str = "",
    nearest_first: bool = False,
    known: QuerySet[Any, Any] | None = None,
) -> QuerySet[User]:
    """Return people of the directory, each with their home, ordered by name.

    Each word, as far as it is typed, must occur in a name (Hangul, Latin, Arabic), the initial consonants of a Hangul name,
    the staff number, the specialty or the e-mail. With a text, those come first in whom a word begins with it, then those
    who are near to the viewer; with `nearest_first` they do without a text too. `known`: a subquery of ids of people whom
    the viewer writes with.
    """
    people: QuerySet[User] = User.objects.visible_to(viewer).with_home()
    words = typed_patterns(clean_text(text))
    for word in words:
        people = people.filter(search__regex=word)
    order: list[Any] = [nearness_order(viewer, known)] if words or nearest_first else []
    if words:
        people = people.alias(words=Concat(Value(" "), F("search"), output_field=TextField()))
        begins = Q(*(Q(words__regex=f" {word}") for word in words))
        order.insert(0, Case(When(begins, then=0), default=1, output_field=IntegerField()))
    people = people.order_by(*order, *name_order())
    if site is not None:
        people = people.filter(home_unit__department__site=site)
    if job:
        people = people.filter(job=job)
    return people


def active_person(user_id: int) -> User | None:
    """Return somebody whose account is open, for frames that come in by a socket; one query."""
    person: User | None = User.objects.active().filter(pk=user_id).first()
    return person


def people_at_site(site_id: int) -> QuerySet[User]:
    """Return active people with an assignment to a unit of the site today, each once."""
    assigned = Assignment.objects.today().filter(unit__department__site=site_id)
    people: QuerySet[User] = User.objects.active().filter(pk__in=assigned.values("user"))
    return people


def sites_of(users: Collection[int]) -> Mapping[int, Mapping[int, datetime | None]]:
    """Return the ids of the sites where each user has an assignment today, and when that ends by the clock; one query."""
    rows = (
        Assignment.objects.today()
        .filter(user__in=users)
        .values_list("user_id", "unit__department__site_id", "unit__department__site__time_zone", "during")
    )
    found: dict[int, dict[int, datetime | None]] = {}
    for user_id, site_id, zone, during in rows:
        ends_at = datetime.combine(during.upper, time.min, ZoneInfo(zone)) if during.upper else None
        sites = found.setdefault(user_id, {})
        known = sites.get(site_id, ends_at)
        sites[site_id] = None if known is None or ends_at is None else max(known, ends_at)
    return found


def own_sites(user: User) -> QuerySet[Any, Any]:
    """Return, as a subquery, the ids of the sites where somebody has an assignment today."""
    return Assignment.objects.today().filter(user=user).values("unit__department__site")


def authenticate_sessions(keys: Collection[str]) -> Mapping[str, AuthenticatedSession]:
    """Return whose sessions the keys are; ended, expired and deactivated ones are left out. Two queries."""
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=clock.now())
    contents: dict[str, tuple[dict[str, Any], Any]] = {
        session.session_key: (session.get_decoded(), session.expire_date) for session in sessions
    }
    ids = {int(data[SESSION_USER]) for data, _ in contents.values() if str(data.get(SESSION_USER, "")).isdigit()}
    users = {
        user.pk: user
        for user in User.objects.active().filter(pk__in=ids).only("pk", "password", "authz_epoch", "sessions_ended")
    }
    held: dict[str, AuthenticatedSession] = {}
    for key, (data, until) in contents.items():
        user = users.get(int(data.get(SESSION_USER) or 0))
        if user is not None and constant_time_compare(data.get(SESSION_HASH, ""), user.get_session_auth_hash()):
            held[key] = AuthenticatedSession(user_id=user.pk, authz_epoch=user.authz_epoch, until=until)
    return held


def newest_epochs(users: Collection[int]) -> Mapping[int, int]:
    """Return the newest authority epoch of each user; one query."""
    with connection.cursor() as cursor:  # once a second for thousands: an array, not a thousand parameters
        cursor.execute("SELECT id, authz_epoch FROM people_user WHERE id = ANY(%s)", [list(users)])
        return dict(cursor.fetchall())


def assignments_of(person: User) -> QuerySet[Assignment]:
    """Return where a person works today, the home unit first."""
    return (
        Assignment.objects.today()
        .filter(user=person)
        .select_related("unit__department__site")
        .order_by("-is_home", "id")
    )


def is_assigned(user: User, unit: Unit, on: date, until: date | None) -> bool:
    """Whether somebody has an assignment to a unit in any of the half-open days [on, until)."""
    return Assignment.objects.filter(user=user, unit=unit, during__overlap=DateRange(on, until)).exists()


def has_later_home(user: User, on: date, until: date | None) -> bool:
    """Whether a home assignment begins in the half-open days [on, until)."""
    homes = Assignment.objects.filter(user=user, is_home=True, during__overlap=DateRange(on, until))
    return any(row.during.lower >= on for row in homes)


def people_of_units(unit_ids: Collection[int]) -> list[int]:
    """Return the ids of those with an assignment to one of the units today, each once."""
    return list(Assignment.objects.today().filter(unit__in=unit_ids).values_list("user_id", flat=True).distinct())


def homes_that_differ() -> dict[int, int | None]:
    """Return, for people whose home unit is not that of today's home assignment, which unit it should be; one query.

    Somebody without any home assignment today keeps the last one until they get another.
    """
    rows = Assignment.objects.today().filter(is_home=True).exclude(unit=F("user__home_unit"))
    return dict(rows.values_list("user_id", "unit_id"))


def begun_just_now() -> dict[int, int]:
    """Return user and unit of the assignments whose first day began within the last half hour at their site."""
    found: dict[int, int] = {}
    for site in Site.objects.all():
        local = clock.now().astimezone(site.zone)
        if local.time() < time(0, 30):
            begun = Assignment.objects.filter(unit__department__site=site, during__startswith=local.date())
            found.update(begun.values_list("user_id", "unit_id"))
    return found


def own_topics(users: Collection[int]) -> Mapping[int, Mapping[int, None]]:
    """Return each user's own topic; no query."""
    return {user_id: {user_id: None} for user_id in users}


def allowed_own_topics(users: Collection[int], topics: Collection[int]) -> Mapping[tuple[int, int], None]:
    """Return the pairs in which the topic is the user's own; no query."""
    return {(user_id, user_id): None for user_id in users if user_id in topics}


def statuses_of(users: Iterable[User]) -> dict[int, PersonStatus]:
    """Return the present status of those who have one, by the person's id; one query.

    Afterwards `current_status` of these people costs none, so that a template may ask each of them.
    """
    people = list(users)
    prefetch_related_objects(people, "status")
    found = ((person.pk, person.current_status) for person in people)
    return {user_id: status for user_id, status in found if status is not None}


def visible_people(watchers: Collection[int], people: Collection[int]) -> Mapping[int, Collection[int]]:
    """Return whom of `people` each watcher sees in the directory, by `User.visible_to`; two queries, one more for each guest."""
    found: dict[int, Collection[int]] = {}
    for_staff: frozenset[int] | None = None
    for watcher in User.objects.active().filter(pk__in=watchers).only("pk", "job", "is_active"):
        visible = User.objects.visible_to(watcher).filter(pk__in=people)
        if watcher.job == StaffType.GUEST:
            found[watcher.pk] = frozenset(visible.values_list("pk", flat=True))
            continue
        # What one member of staff sees in it, all of them see.
        if for_staff is None:
            for_staff = frozenset(visible.values_list("pk", flat=True))
        found[watcher.pk] = for_staff
    return found


def presence_by_hand(users: Collection[int]) -> Mapping[int, tuple[str, datetime | None]]:
    """Return what these people chose by hand, and until when; those who chose nothing are left out. One query."""
    chosen = PersonStatus.objects.current().filter(user__in=users, user__is_active=True).exclude(presence=Presence.AUTO)
    return {user_id: (presence, until) for user_id, presence, until in chosen.values_list("user", "presence", "until")}
