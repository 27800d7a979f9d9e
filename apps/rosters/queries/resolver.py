"""Who is on duty: the one answer to "who has this duty, in which tier, at an instant, as known at an instant".

Everything that is read says from when to when it was known (`known_during`), so yesterday can be asked as it was known
yesterday. Nothing is kept between two questions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext

from apps.core.registries import OnShift
from apps.rosters.models import ABSENT_KINDS, PRESENT_KINDS, Duty, Shift, ShiftKind
from apps.sites.models import Unit

DAY = timedelta(days=1)

NO_TIER = "no_tier"
ALL_ON_LEAVE = "all_on_leave"
NOBODY_ROSTERED = "nobody_rostered"
NOT_PUBLISHED = "not_published"
ROTATION_NOT_BEGUN = "rotation_not_begun"
ROTATION_OVER = "rotation_over"
ROTATION_EMPTY = "rotation_empty"
ROTATION_WITHDRAWN = "rotation_withdrawn"
# Where a tier is filled from several sources, the first of these that holds is said.
REASONS = (
    ALL_ON_LEAVE,
    NOBODY_ROSTERED,
    NOT_PUBLISHED,
    ROTATION_NOT_BEGUN,
    ROTATION_OVER,
    ROTATION_EMPTY,
    ROTATION_WITHDRAWN,
)


def word_reason(reason: str) -> str:
    """Return why nobody is on, as a sentence; empty for an empty reason."""
    return {
        NO_TIER: gettext("This duty has no tiers yet, so nobody can be called."),
        ALL_ON_LEAVE: gettext("Everybody who would be on is on leave."),
        NOBODY_ROSTERED: gettext("The published roster has nobody in this shift."),
        NOT_PUBLISHED: gettext("No roster is published for this time."),
        ROTATION_NOT_BEGUN: gettext("The rotation has not begun yet."),
        ROTATION_OVER: gettext("The rotation is over."),
        ROTATION_EMPTY: gettext("The rotation has nobody in it."),
        ROTATION_WITHDRAWN: gettext("The rotation was withdrawn."),
    }.get(reason, "")


@dataclass(frozen=True, slots=True)
class PersonOn:
    """Somebody who is on, until when by what is known, and what put them there: "override", "shift" or "rotation"."""

    user_id: int
    until: datetime
    via: str
    shift_code: str = ""


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """Who is on in a tier; nobody has a reason."""

    number: int
    people: tuple[PersonOn, ...]
    reason: str = ""

    @property
    def sentence(self) -> str:
        return word_reason(self.reason)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who has a duty at an instant, by tiers in the order in which they are called; no tiers has a reason, too."""

    duty_id: int
    at: datetime
    tiers: tuple[TierAnswer, ...]
    reason: str = ""

    @property
    def sentence(self) -> str:
        return word_reason(self.reason)

    @property
    def people(self) -> tuple[PersonOn, ...]:
        return tuple(person for tier in self.tiers for person in tier.people)


@dataclass(frozen=True, slots=True)
class PersonIn:
    """Somebody in a shift of a unit at an instant."""

    user_id: int
    code: str
    kind: str
    until: datetime


class _Row(NamedTuple):
    """A line of the statement: `kind` says what it is, the rest what that kind needs."""

    duty_id: int
    kind: str
    number: int | None = None
    user_id: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    word: str | None = None  # of a shift its code, of a turn the zone of its site
    rotation_id: int | None = None
    position: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    hand_over_at: time | None = None
    turn_days: int | None = None


# Each `…_known` is the condition that a row was known; nothing else differs between now and then. A unit without any
# published shift within a day of an instant has no published roster there.
_ROWS = (("tier", "t"), ("override", "o"), ("shift", "s"), ("rotation", "r"))
_STATEMENT = """
WITH asked AS MATERIALIZED (
    SELECT d.id AS duty_id, d.unit_id, a.at
    FROM {asked} AS a(duty_id, at)
    JOIN rosters_duty d ON d.id = a.duty_id
), held AS MATERIALIZED (
    SELECT a.duty_id, a.unit_id, a.at, t.number, t.shift_type_id, t.rotation_id
    FROM asked a JOIN rosters_tier t ON t.duty_id = a.duty_id AND {tier_known}
), overrides AS MATERIALIZED (  -- those of now, and those to come, which end what holds now
    SELECT a.duty_id, a.at, o.number, o.user_id, lower(o.period) AS starts_at, upper(o.period) AS ends_at
    FROM asked a
    JOIN rosters_override o
        ON o.duty_id = a.duty_id AND o.period && tstzrange(a.at, a.at + interval '40 days') AND {override_known}
), present AS MATERIALIZED (
    SELECT a.duty_id, a.at, s.user_id, s.shift_type_id, upper(s.period) AS ends_at
    FROM asked a
    JOIN rosters_shift s ON s.unit_id = a.unit_id AND s.is_live AND s.period @> a.at AND {shift_known}
    WHERE EXISTS (SELECT FROM held h WHERE h.duty_id = a.duty_id AND h.shift_type_id IS NOT NULL)
), shifts AS MATERIALIZED (
    SELECT h.duty_id, h.at, h.number, s.user_id, s.ends_at, y.code
    FROM held h
    JOIN rosters_shifttype w ON w.id = h.shift_type_id
    JOIN present s ON s.duty_id = h.duty_id AND (s.shift_type_id = w.id OR s.shift_type_id = w.in_ramadan_id)
    JOIN rosters_shifttype y ON y.id = s.shift_type_id
), turns AS MATERIALIZED (
    SELECT h.duty_id, h.at, h.number, n.user_id, i.time_zone, r.id, n.position, r.first_on, r.last_on, r.hand_over_at,
        r.turn_days, row_number() OVER each - 1 AS place, count(*) OVER each_row AS length
    FROM held h
    JOIN rosters_rotation r ON r.id = h.rotation_id AND {rotation_known}
    JOIN sites_unit u ON u.id = h.unit_id
    JOIN sites_department p ON p.id = u.department_id
    JOIN sites_site i ON i.id = p.site_id
    LEFT JOIN rosters_rotationturn n ON n.rotation_id = r.id
    WINDOW each_row AS (PARTITION BY h.duty_id, h.number, r.id),
        each AS (PARTITION BY h.duty_id, h.number, r.id ORDER BY n.position)
), near AS MATERIALIZED (  -- whose turn it is, and the turns beside, for an hour at which the clock changes
    SELECT duty_id, at, user_id, turn_days
    FROM turns
    WHERE user_id IS NOT NULL AND ((
        place - floor(((at AT TIME ZONE time_zone - hand_over_at::interval)::date - first_on)::numeric / turn_days)
    ) % length + length) % length IN (0, 1, length - 1)
), people AS MATERIALIZED (  -- whoever may be on, and until when at the latest
    SELECT duty_id, at, user_id, ends_at FROM shifts
    UNION SELECT duty_id, at, user_id, ends_at FROM overrides WHERE starts_at <= at
    UNION SELECT duty_id, at, user_id, at + (turn_days + 1) * interval '1 day' FROM near
)
SELECT duty_id, CASE WHEN rotation_id IS NULL THEN 'shift tier' ELSE 'rotation tier' END, number, NULL::bigint,
    NULL::timestamptz, NULL::timestamptz, NULL::text, rotation_id, NULL::smallint, NULL::date, NULL::date, NULL::time,
    NULL::smallint
    FROM held
UNION ALL SELECT duty_id, 'override', number, user_id, starts_at, ends_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM overrides
UNION ALL SELECT duty_id, 'shift', number, user_id, at, ends_at, code, NULL, NULL, NULL, NULL, NULL, NULL
    FROM shifts
UNION ALL SELECT duty_id, 'turn', number, user_id, NULL, NULL, time_zone, id, position, first_on, last_on, hand_over_at,
    turn_days
    FROM turns
UNION ALL SELECT p.duty_id, 'leave', NULL, p.user_id, lower(s.period), upper(s.period),
    NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM people p
    JOIN rosters_shift s
        ON s.user_id = p.user_id AND s.is_live AND s.period && tstzrange(p.at, p.ends_at) AND {shift_known}
    JOIN rosters_shifttype y ON y.id = s.shift_type_id AND y.kind = 'leave'
UNION ALL SELECT a.duty_id, 'published', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM asked a
    WHERE EXISTS (SELECT FROM held h WHERE h.duty_id = a.duty_id AND h.shift_type_id IS NOT NULL)
        AND NOT EXISTS (SELECT FROM present g WHERE g.duty_id = a.duty_id)
        AND EXISTS (
            SELECT FROM rosters_shift s
            WHERE s.unit_id = a.unit_id AND s.is_live AND {shift_known}
                AND s.period && tstzrange(a.at - interval '1 day', a.at + interval '1 day')
        )
"""


def _declare(*, is_one: bool, is_then: bool) -> tuple[str, str]:
    """Return the name of a statement and how it is prepared: for one duty or for many, as known now or as known then.

    Planning takes the database longer than answering, so each connection prepares what it asks. One duty has a statement of
    its own, since of arrays, whose length it does not know, the database makes a new plan each time.
    """
    known = {
        f"{name}_known": f"{row}.known_during @> $3" if is_then else f"upper_inf({row}.known_during)"
        for name, row in _ROWS
    }
    types = ["bigint", "timestamptz"] if is_one else ["bigint[]", "timestamptz[]"]
    statement = _STATEMENT.format(asked="(VALUES ($1, $2))" if is_one else "unnest($1, $2)", **known)
    name = f"who_{'is' if is_one else 'are'}_on_{'then' if is_then else 'now'}"
    return name, f"PREPARE {name} ({', '.join([*types, *(['timestamptz'] if is_then else [])])}) AS {statement}"


_DECLARED = {
    (is_one, is_then): _declare(is_one=is_one, is_then=is_then) for is_one in (True, False) for is_then in (True, False)
}
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # what each of the driver's connections has prepared


def _execute(cursor: Any, asked: Mapping[int, datetime], known_at: datetime | None, *, first: str = "") -> list[Any]:
    """Ask the database; `first` stands before the statement."""
    is_one = len(asked) == 1
    name, declaration = _DECLARED[is_one, known_at is not None]
    done = _prepared.setdefault(connection.connection, set())
    if name not in done:
        cursor.execute(declaration)
        done.add(name)
    duties, instants = list(asked), list(asked.values())
    words = [duties[0], instants[0]] if is_one else [duties, instants]
    words += [] if known_at is None else [known_at]
    cursor.execute(f"{first}EXECUTE {name} ({', '.join(['%s'] * len(words))})", words)
    rows: list[Any] = cursor.fetchall()
    return rows


def who_is_on(duty: Duty | int, at: datetime, known_at: datetime | None = None) -> OnDuty:
    """Return who has a duty at an instant, as known at `known_at`, or as known now; one query.

    A tier is filled by its overrides; where there is none, by everybody in a shift of its types and whoever has the turn
    of its rotations. Who is on leave is taken out, also of an override: then what it stood before holds again.
    """
    duty_id = duty if isinstance(duty, int) else duty.pk
    return who_are_on({duty_id: at}, known_at)[duty_id]


def who_are_on(asked: Mapping[int, datetime], known_at: datetime | None = None) -> dict[int, OnDuty]:
    """Return the same for many duties, each at an instant of its own; one query."""
    with connection.cursor() as cursor:
        rows = [_Row(*row) for row in _execute(cursor, asked, known_at)]
    found: dict[int, list[_Row]] = {duty_id: [] for duty_id in asked}
    for row in rows:
        found[row.duty_id].append(row)
    return {duty_id: _answer(duty_id, asked[duty_id], found[duty_id]) for duty_id in asked}


def explain_who_is_on(duty_id: int, at: datetime) -> list[str]:
    """Return the plan by which the database answers `who_is_on`, with its times."""
    with connection.cursor() as cursor:
        lines = _execute(cursor, {duty_id: at}, None, first="EXPLAIN (ANALYZE, BUFFERS) ")
        return [str(line) for (line,) in lines]


def _answer(duty_id: int, at: datetime, rows: Sequence[_Row]) -> OnDuty:
    absences: dict[int, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        if row.kind == "leave" and row.user_id and row.starts_at and row.ends_at:
            absences.setdefault(row.user_id, []).append((row.starts_at, row.ends_at))
    is_published = any(row.kind in ("published", "shift") for row in rows)
    numbers = sorted({row.number for row in rows if row.number is not None})
    tiers = []
    for number in numbers:
        of_tier = [row for row in rows if row.number == number]
        tier = _fill_tier(number, at, of_tier, absences, is_published=is_published)
        tiers += [tier] if tier is not None else []
    return OnDuty(duty_id, at, tuple(tiers), "" if tiers else NO_TIER)


def _fill_tier(
    number: int,
    at: datetime,
    rows: Sequence[_Row],
    absences: Mapping[int, Sequence[tuple[datetime, datetime]]],
    *,
    is_published: bool,
) -> TierAnswer | None:
    """Return the answer of a tier; None for one that an override to come alone would make."""
    reasons: set[str] = set()
    changes = []  # when an override takes the tier from whoever is on else
    stepped_in = []
    for row in rows:
        if row.kind == "override" and row.user_id and row.starts_at and row.ends_at:
            if row.starts_at > at:
                changes.append(row.starts_at)
            else:
                stepped_in.append(PersonOn(row.user_id, row.ends_at, "override"))
    people = _without_leave(stepped_in, at, absences)
    if people:
        return TierAnswer(number, people)
    for person in stepped_in:  # on leave now: theirs again afterwards
        reasons.add(ALL_ON_LEAVE)
        changes += [end for start, end in absences[person.user_id] if start <= at < end < person.until]
    candidates = [
        PersonOn(row.user_id, row.ends_at, "shift", row.word or "")
        for row in rows
        if row.kind == "shift" and row.user_id and row.ends_at
    ]
    for row in rows:
        if row.kind == "shift tier" and not candidates:
            reasons.add(NOBODY_ROSTERED if is_published else NOT_PUBLISHED)
    for row in rows:
        if row.kind == "rotation tier":
            turns = [turn for turn in rows if turn.kind == "turn" and turn.rotation_id == row.rotation_id]
            on_turn = _whose_turn(at, turns)
            if isinstance(on_turn, str):
                reasons.add(on_turn)
            else:
                candidates.append(on_turn)
    if candidates:
        reasons.add(ALL_ON_LEAVE)
    people = _without_leave(candidates, at, absences)
    if people:
        return TierAnswer(number, tuple(replace(person, until=min([person.until, *changes])) for person in people))
    reason = next((reason for reason in REASONS if reason in reasons), "")
    return TierAnswer(number, (), reason) if reason else None


def _whose_turn(at: datetime, turns: Sequence[_Row]) -> PersonOn | str:
    """Return who has the turn of a rotation, or the reason why nobody has; by the wall clock of the site."""
    if not turns:
        return ROTATION_WITHDRAWN
    zone, clock = ZoneInfo(turns[0].word or "UTC"), turns[0].hand_over_at or time()
    first_on, last_on, length = turns[0].first_on, turns[0].last_on, turns[0].turn_days or 1
    people = [turn.user_id for turn in sorted(turns, key=lambda turn: turn.position or 0) if turn.user_id]
    if first_on is None or not people:
        return ROTATION_EMPTY
    over_at = _hand_over(last_on + DAY, clock, zone) if last_on else None
    if at < _hand_over(first_on, clock, zone):
        return ROTATION_NOT_BEGUN
    if over_at is not None and at >= over_at:
        return ROTATION_OVER
    day = at.astimezone(zone).date()
    if at < _hand_over(day, clock, zone):
        day -= DAY
    number = (day - first_on).days // length
    until = _hand_over(first_on + (number + 1) * length * DAY, clock, zone)
    return PersonOn(people[number % len(people)], min(until, over_at) if over_at else until, "rotation")


def _hand_over(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a hand-over; where the clock shows it twice, the first, and where never, an hour on."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _without_leave(
    people: Iterable[PersonOn], at: datetime, absences: Mapping[int, Sequence[tuple[datetime, datetime]]]
) -> tuple[PersonOn, ...]:
    """Return those who are not on leave, each once, until their leave begins at the latest."""
    found: dict[int, PersonOn] = {}
    for person in people:
        known = found.get(person.user_id)
        if known is not None and known.until >= person.until:
            continue
        absent = absences.get(person.user_id, ())
        if not any(start <= at < end for start, end in absent):
            found[person.user_id] = replace(
                person, until=min([person.until, *(start for start, _end in absent if start > at)])
            )
    return tuple(found[user_id] for user_id in sorted(found))


def known(known_at: datetime | None) -> Q:
    """Return the condition that a row was known at an instant; now, where there is none."""
    return Q(known_during__upper_inf=True) if known_at is None else Q(known_during__contains=known_at)


def shifts_in(unit: Unit | int, at: datetime, known_at: datetime | None = None) -> list[Shift]:
    """Return the published shifts of a unit that hold at an instant, with types and people; two queries at most.

    By the order of the types. Days off and leave are none, and who is on leave is left out.
    """
    live = Shift.objects.filter(known(known_at), is_live=True, period__contains=at)
    rows = live.filter(unit=unit).exclude(shift_type__kind__in=ABSENT_KINDS).select_related("shift_type", "user")
    shifts = list(rows.order_by("shift_type__place", "shift_type__code", "user"))
    # Leave fills its time, so only what does not can stand beside it.
    doubtful = {shift.user_id for shift in shifts if not shift.is_exclusive}
    away: set[int] = set()
    if doubtful:
        leave = live.filter(user__in=doubtful, shift_type__kind=ShiftKind.LEAVE)
        away = set(leave.values_list("user_id", flat=True))
    return [shift for shift in shifts if shift.user_id not in away]


def who_is_in(unit: Unit | int, at: datetime, known_at: datetime | None = None) -> list[PersonIn]:
    """Return who is in a shift of a unit at an instant, by the order of the shift types; two queries at most."""
    return [
        PersonIn(shift.user_id, shift.shift_type.code, shift.shift_type.kind, shift.period.upper)
        for shift in shifts_in(unit, at, known_at)
    ]


def duties_at(users: Collection[int], at: datetime) -> Mapping[int, Sequence[OnShift]]:
    """Return the shifts in the house that people are in at an instant; those in none are left out. One query."""
    rows = Shift.objects.live().filter(user__in=users, period__contains=at).exclude(shift_type__kind=ShiftKind.OFF)
    shifts = list(rows.select_related("shift_type", "unit").order_by("period"))
    away = {shift.user_id for shift in shifts if shift.shift_type.kind == ShiftKind.LEAVE}
    found: dict[int, list[OnShift]] = {}
    for shift in shifts:
        if shift.shift_type.kind in PRESENT_KINDS and shift.user_id not in away:
            names = {code: getattr(shift.unit, f"name_{code}") for code in ("ko", "en", "ar")}
            on = OnShift(shift.unit_id, names, shift.shift_type.code, shift.period.upper)
            found.setdefault(shift.user_id, []).append(on)
    return found
