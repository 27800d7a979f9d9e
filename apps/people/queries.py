"""Reads of people: the directory, sessions for the live gateway, who belongs to a site."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Concat
from django.utils.crypto import constant_time_compare

from apps.core import clock
from apps.core.hangul import typed_patterns
from apps.core.names import order_of_languages
from apps.core.registries import AuthenticatedSession, registries
from apps.core.text import clean_text
from apps.sites.models import Site, Unit

from .models import Assignment, PersonStatus, Presence, Qualification, QualificationKind, StaffType, User

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


def is_assigned(user: User, unit: Unit, on: date, until: date | None, *, as_home: bool = False) -> bool:
    """Whether somebody has an assignment to a unit in any of the half-open days [on, until).

    `as_home`: without the home assignment that another one from that day on would end.
    """
    rows = Assignment.objects.filter(user=user, unit=unit, during__overlap=DateRange(on, until))
    return (rows.exclude(is_home=True, during__startswith__lt=on) if as_home else rows).exists()


def has_later_home(user: User, on: date, until: date | None) -> bool:
    """Whether a home assignment begins in the half-open days [on, until)."""
    homes = Assignment.objects.filter(user=user, is_home=True, during__overlap=DateRange(on, until))
    return any(row.during.lower >= on for row in homes)


# -- What people are qualified for -------------------------------------------------------------------------------------------
SOON = timedelta(days=60)  # how long before its end a qualification is worth a word


def qualified_on(users: Collection[int], day: date) -> dict[int, frozenset[str]]:
    """Return the codes of what each of these people is qualified for on a day; those with nothing are left out. One query."""
    found: dict[int, set[str]] = {}
    rows = Qualification.objects.on(day).filter(user__in=users).values_list("user_id", "kind__code")
    for user_id, code in rows:
        found.setdefault(user_id, set()).add(code)
    return {user_id: frozenset(codes) for user_id, codes in found.items()}


def has_qualification_from(user: User, kind: QualificationKind, on: date) -> bool:
    """Whether a qualification of this kind begins on this day and was not revoked."""
    return Qualification.objects.filter(user=user, kind=kind, valid_from=on, revoked_at=None).exists()


def expiring(unit_ids: Collection[int], until: date) -> QuerySet[Qualification]:
    """Return what runs out, or has run out, by a day among today's people of the units and is not renewed, soonest first.

    Each with its person and kind; one query.
    """
    renewed = Qualification.objects.filter(user=OuterRef("user"), kind=OuterRef("kind"), revoked_at=None).filter(
        Q(valid_until=None) | Q(valid_until__gt=OuterRef("valid_until"))
    )
    people = Assignment.objects.today().filter(unit__in=unit_ids, user__is_active=True)
    return (
        Qualification.objects.filter(user__in=people.values("user"), revoked_at=None, valid_until__lte=until)
        .exclude(Exists(renewed))
        .select_related("user", "kind")
        .order_by("valid_until", "user_id", "id")
    )


@dataclass(frozen=True, slots=True)
class HeldQualification:
    """A qualification as its holder sees it: how many days are left, `None` for one that does not run out."""

    name: str
    number: str
    last_on: date | None
    days_left: int | None

    @property
    def has_lapsed(self) -> bool:
        return self.days_left is not None and self.days_left <= 0

    @property
    def ends_soon(self) -> bool:
        return self.days_left is not None and 0 < self.days_left <= SOON.days


def qualifications_of(person: User, *, viewer: User) -> list[HeldQualification]:
    """Return what somebody is or was qualified for, as far as the viewer may see it: one row a kind, soonest end first.

    Of a kind that was renewed the newest row stands for all. One query.
    """
    today = clock.today(person.time_zone)
    rows = Qualification.objects.visible_to(viewer).filter(user=person, revoked_at=None, valid_from__lte=today)
    newest: dict[int, Qualification] = {}
    for row in rows.select_related("kind").order_by(F("valid_until").asc(nulls_last=True), "id"):
        newest[row.kind_id] = row
    held = [
        HeldQualification(
            name=row.kind.name,
            number=row.number,
            last_on=row.valid_until - timedelta(days=1) if row.valid_until else None,
            days_left=(row.valid_until - today).days if row.valid_until else None,
        )
        for row in newest.values()
    ]
    return sorted(held, key=lambda row: (row.days_left is None, row.days_left or 0, row.name))


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


def mark_on_shifts(users: Iterable[User]) -> None:
    """Put on each of these people the shifts that they are in now, for the ring of their avatar; one query."""
    people = list(users)
    found = registries.duty([person.pk for person in people], clock.now()) if registries.duty and people else {}
    for person in people:
        person.on_shifts = found.get(person.pk, ())


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
