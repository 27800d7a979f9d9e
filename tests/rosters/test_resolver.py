"""Who is on: by shifts, rotations and overrides, without whoever is on leave, as known at an instant; never nobody without a reason."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from apps.core.registries import registries
from apps.rosters import queries
from apps.rosters.models import Duty, Override, Rotation, RotationTurn, Shift, ShiftKind, ShiftType, Tier
from tests import factories

from .ward import BERLIN, DUBAI, LONG_AGO, NEW_YORK, SEOUL, Ward

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", [SEOUL, DUBAI, BERLIN, NEW_YORK], ids=str)
def test_a_night_belongs_to_its_first_day_and_ends_where_the_day_begins(zone: ZoneInfo) -> None:
    ward = Ward(zone)
    ward.tier("N")
    ward.roster(
        ward.people[0], "2026-10-31", "N"
    )  # over the end of a month, and in New York over the change of the clock
    ward.roster(ward.people[1], "2026-11-01", "N")
    assert ward.names("2026-10-31T22:59") == [[]]
    assert ward.names("2026-10-31T23:00") == [[0]]
    assert ward.names("2026-11-01T00:00") == [[0]]
    assert ward.names("2026-11-01T06:59:59") == [[0]]
    assert ward.names("2026-11-01T07:00") == [[]]
    assert ward.names("2026-11-01T23:00") == [[1]]
    assert ward.on("2026-11-01T03:00").tiers[0].people[0].until == ward.local("2026-11-01T07:00")


def test_two_sites_at_one_instant() -> None:
    seoul, dubai = Ward(SEOUL), Ward(DUBAI)
    for ward in (seoul, dubai):
        ward.tier("N")
        ward.roster(ward.people[0], "2026-11-23", "N")
    instant = datetime(2026, 11, 23, 15, tzinfo=UTC)  # midnight in Seoul, 19:00 in Abu Dhabi
    answers = queries.who_are_on({seoul.duty.pk: instant, dubai.duty.pk: instant})
    assert [person.user_id for person in answers[seoul.duty.pk].people] == [seoul.people[0].pk]
    assert answers[dubai.duty.pk].people == ()


def test_split_and_double_shifts() -> None:
    ward = Ward()
    ward.tier("D")
    ward.tier("E")
    ward.roster(ward.people[0], "2026-11-23", "D")
    ward.roster(ward.people[0], "2026-11-23", "E")
    ward.roster(ward.people[1], "2026-11-23", "HC")
    assert ward.names("2026-11-23T14:59") == [[0]]
    assert ward.names("2026-11-23T15:00") == [[0]]
    assert ward.on("2026-11-23T15:00").people[0].shift_code == "E"
    assert ward.names("2026-11-23T23:00") == [[]]


def test_only_the_units_own_published_shifts_of_the_tiers_type_count() -> None:
    ward, other = Ward(), Ward()
    ward.tier("D")
    factories.make_shift(ward.plan, ward.people[0], date(2026, 11, 23), ward.types["D"], since=LONG_AGO)  # a draft
    factories.make_shift(
        other.plan, ward.people[1], date(2026, 11, 23), ward.types["D"], live=True, since=LONG_AGO
    )  # elsewhere
    ward.roster(ward.people[2], "2026-11-23", "D12")
    assert ward.names("2026-11-23T10:00") == [[]]


def test_ramadan_hours_stand_for_the_type() -> None:
    ward = Ward(DUBAI)
    short = factories.make_shift_type(site=ward.site, starts_at=time(7), ends_at=time(13), break_minutes=0)
    ShiftType.objects.filter(pk=ward.types["D"].pk).update(in_ramadan=short)
    ward.tier("D")
    factories.make_shift(ward.plan, ward.people[0], date(2026, 11, 23), short, live=True, since=LONG_AGO)
    assert ward.names("2026-11-23T12:59") == [[0]]
    assert ward.names("2026-11-23T13:00") == [[]]


def test_several_types_fill_one_tier_and_tiers_come_in_order() -> None:
    ward = Ward()
    ward.tier("HC", 2)
    ward.tier("D")
    ward.tier("D12")
    ward.roster(ward.people[1], "2026-11-23", "D")
    ward.roster(ward.people[0], "2026-11-23", "D12")
    ward.roster(ward.people[2], "2026-11-23", "HC")
    assert ward.names("2026-11-23T10:00") == [[0, 1], []]
    assert ward.names("2026-11-23T18:30") == [[0], [2]]


# -- Rotations ---------------------------------------------------------------------------------------------------------------
def test_a_rotation_hands_over_by_the_clock() -> None:
    ward = Ward(people=3)
    ward.tier(ward.rotation(*ward.people, first="2026-11-02", turn_days=7))
    assert ward.on("2026-11-02T07:59").tiers[0].reason == "rotation_not_begun"
    assert ward.names("2026-11-02T08:00") == [[0]]
    assert ward.names("2026-11-09T07:59") == [[0]]
    assert ward.names("2026-11-09T08:00") == [[1]]
    assert ward.names("2026-11-23T08:00") == [[0]]
    assert ward.on("2026-11-10T12:00").people[0].until == ward.local("2026-11-16T08:00")


def test_a_rotation_ends_with_its_last_day() -> None:
    ward = Ward(people=2)
    ward.tier(ward.rotation(*ward.people, first="2026-11-02", turn_days=7, last_on=date(2026, 11, 10)))
    assert ward.on("2026-11-10T12:00").people[0].until == ward.local("2026-11-11T08:00")
    assert ward.on("2026-11-11T08:00").tiers[0].reason == "rotation_over"


@pytest.mark.parametrize(
    ("zone", "day"),
    [(BERLIN, "2026-10-25"), (NEW_YORK, "2026-11-01"), (BERLIN, "2027-03-28"), (NEW_YORK, "2027-03-14")],
    ids=str,
)
def test_a_rotation_over_a_change_of_the_clock(zone: ZoneInfo, day: str) -> None:
    first = date.fromisoformat(day) - timedelta(days=1)
    ward = Ward(zone, first=first, people=2)
    ward.tier(ward.rotation(*ward.people, first=first.isoformat()))
    assert ward.names(f"{day}T07:59") == [[0]]
    assert ward.names(f"{day}T08:00") == [[1]]
    length = ward.on(f"{day}T07:59").people[0].until - ward.local(f"{first}T08:00")
    assert length == timedelta(hours=25 if day.startswith("2026") else 23)


def test_an_hour_that_comes_twice_is_handed_over_once() -> None:
    ward = Ward(BERLIN, people=2)
    ward.tier(ward.rotation(*ward.people, first="2026-10-24", at="02:30"))
    assert ward.names("2026-10-25T02:29") == [[0]]
    assert ward.names("2026-10-25T02:30") == [[1]]
    assert ward.names("2026-10-25T02:29", fold=1) == [[1]]
    assert ward.names("2026-10-26T02:29") == [[1]]


def test_an_hour_that_never_comes_is_handed_over_an_hour_on() -> None:
    ward = Ward(BERLIN, first=date(2027, 3, 1), people=2)
    ward.tier(ward.rotation(*ward.people, first="2027-03-27", at="02:30"))
    assert ward.names("2027-03-28T01:59") == [[0]]
    assert ward.names("2027-03-28T03:29") == [[0]]
    assert ward.names("2027-03-28T03:30") == [[1]]


def test_an_empty_rotation_and_a_withdrawn_one() -> None:
    ward = Ward()
    ward.tier(ward.rotation(first="2026-11-01"))
    ward.tier(ward.rotation(*ward.people, first="2026-11-01", until=datetime(2026, 11, 2, tzinfo=UTC)), 2)
    answer = ward.on("2026-11-23T10:00")
    assert [tier.reason for tier in answer.tiers] == ["rotation_empty", "rotation_withdrawn"]


# -- Overrides and leave -----------------------------------------------------------------------------------------------------
def test_an_override_beats_shifts_and_rotations_for_its_time() -> None:
    ward = Ward()
    ward.tier("D")
    ward.tier(ward.rotation(ward.people[1], first="2026-11-01"))
    ward.roster(ward.people[0], "2026-11-23", "D")
    ward.override(ward.people[2], "2026-11-23T10:00", "2026-11-23T12:00")
    assert ward.names("2026-11-23T09:59") == [[0, 1]]
    assert ward.names("2026-11-23T10:00") == [[2]]
    assert ward.names("2026-11-23T12:00") == [[0, 1]]
    assert ward.on("2026-11-23T10:00").people[0].via == "override"
    assert {person.until for person in ward.on("2026-11-23T09:00").people} == {ward.local("2026-11-23T10:00")}


def test_an_override_fills_one_tier_alone_even_one_that_nothing_else_fills() -> None:
    ward = Ward()
    ward.tier("D")
    ward.roster(ward.people[0], "2026-11-23", "D")
    ward.override(ward.people[2], "2026-11-23T10:00", "2026-11-23T12:00", number=2)
    assert ward.names("2026-11-23T09:00") == [[0]]
    assert ward.names("2026-11-23T11:00") == [[0], [2]]


def test_who_is_on_leave_is_out_of_every_source() -> None:
    ward = Ward()
    ward.tier(ward.rotation(ward.people[0], first="2026-11-01"))
    ward.tier("HC", 2)
    ward.roster(ward.people[1], "2026-11-23", "HC")
    assert ward.names("2026-11-23T20:00") == [[0], [1]]
    ward.roster(ward.people[0], "2026-11-23", "AL")
    ward.roster(ward.people[1], "2026-11-23", "SL")
    answer = ward.on("2026-11-23T20:00")
    assert [tier.reason for tier in answer.tiers] == ["all_on_leave", "all_on_leave"]
    assert ward.names("2026-11-24T00:00") == [[0], [1]]  # leave is of the whole local day, and of no more
    assert ward.on("2026-11-22T20:00").people[0].until == ward.local("2026-11-23T00:00")


def test_an_override_by_somebody_on_leave_gives_the_tier_back_while_the_leave_lasts() -> None:
    ward = Ward()
    ward.tier("N")
    ward.roster(ward.people[0], "2026-11-23", "N")
    ward.roster(ward.people[1], "2026-11-23", "AL")
    ward.override(ward.people[1], "2026-11-23T23:00", "2026-11-24T03:00")
    assert ward.names("2026-11-23T23:30") == [[0]]
    assert ward.on("2026-11-23T23:30").people[0].until == ward.local("2026-11-24T00:00")
    assert ward.names("2026-11-24T00:00") == [[1]]
    assert ward.names("2026-11-24T03:00") == [[0]]


# -- Nobody has a reason -----------------------------------------------------------------------------------------------------
def test_nobody_has_a_reason_and_a_sentence() -> None:
    ward = Ward()
    empty = ward.on("2026-11-23T10:00")
    assert (empty.tiers, empty.reason) == ((), "no_tier")
    ward.tier("D")
    assert ward.on("2026-11-23T10:00").tiers[0].reason == "not_published"
    ward.roster(ward.people[0], "2026-11-23", "N")
    nobody = ward.on("2026-11-23T10:00").tiers[0]
    assert (nobody.people, nobody.reason) == ((), "nobody_rostered")
    for answer in (empty, nobody, *(queries.TierAnswer(1, (), reason) for reason in queries.REASONS)):
        assert answer.sentence


# -- As it was known ---------------------------------------------------------------------------------------------------------
def test_yesterday_as_it_was_known_then() -> None:
    ward = Ward()
    swap = datetime(2026, 11, 20, 12, tzinfo=UTC)
    ward.tier("D", until=swap)
    ward.tier("E", since=swap)
    ward.roster(ward.people[0], "2026-11-23", "D", until=swap)
    ward.roster(ward.people[1], "2026-11-23", "D", since=swap)
    ward.roster(ward.people[2], "2026-11-23", "E")
    before, after = swap - timedelta(microseconds=1), swap
    assert ward.names("2026-11-23T10:00", before) == [[0]]
    assert ward.names("2026-11-23T10:00", after) == [[]]
    assert ward.names("2026-11-23T16:00", after) == [[2]]
    assert ward.names("2026-11-23T16:00") == [[2]]
    assert ward.on("2026-11-23T10:00", LONG_AGO - timedelta(days=1)).reason == "no_tier"


def test_leave_overrides_and_rotations_as_they_were_known_then() -> None:
    ward = Ward()
    change = datetime(2026, 11, 20, 12, tzinfo=UTC)
    first = ward.rotation(ward.people[0], first="2026-11-01", until=change)
    second = ward.rotation(ward.people[1], first="2026-11-01", since=change)
    ward.tier(first, until=change)
    ward.tier(second, since=change)
    ward.roster(ward.people[0], "2026-11-24", "AL", until=change)
    ward.roster(ward.people[1], "2026-11-24", "AL", since=change)
    ward.override(ward.people[2], "2026-11-25T08:00", "2026-11-25T12:00", until=change)
    ward.override(ward.people[3], "2026-11-25T08:00", "2026-11-25T12:00", since=change)
    before = change - timedelta(seconds=1)
    assert [ward.names("2026-11-23T10:00", at) for at in (before, change, None)] == [[[0]], [[1]], [[1]]]
    assert [ward.on("2026-11-24T10:00", at).tiers[0].reason for at in (before, change)] == ["all_on_leave"] * 2
    assert [ward.names("2026-11-25T10:00", at) for at in (before, change)] == [[[2]], [[3]]]


# -- One query ---------------------------------------------------------------------------------------------------------------
def test_it_costs_one_query_however_many_tiers_and_duties(django_assert_num_queries: Any) -> None:
    ward = Ward()
    for number in range(1, 4):
        ward.tier("D", number)
        ward.tier(ward.rotation(*ward.people, first="2026-11-01"), number)
    others = [factories.make_duty(ward.unit) for _ in range(5)]
    at = ward.local("2026-11-23T10:00")
    ward.on("2026-11-23T10:00")  # a connection prepares the statement once
    with django_assert_num_queries(1):
        ward.on("2026-11-23T10:00")
    with django_assert_num_queries(1):
        queries.who_are_on({duty.pk: at for duty in [ward.duty, *others]})


# -- A slow, obvious second opinion ------------------------------------------------------------------------------------------
def known_rows(rows: QuerySet[Any], known_at: datetime | None) -> list[Any]:
    def is_known(row: Any) -> bool:
        begin, end = row.known_during.lower, row.known_during.upper
        return end is None if known_at is None else begin <= known_at and (end is None or known_at < end)

    return [row for row in rows if is_known(row)]


@cache
def handed_over_at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first minute at which the clock of the site shows the day and at least the time."""
    minute = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while True:
        local = minute.astimezone(zone)
        if local.date() == day and local.time() >= clock:
            return minute
        minute += timedelta(minutes=1)


def turn_of(rotation: Rotation, at: datetime, zone: ZoneInfo) -> int | None:
    people = list(RotationTurn.objects.filter(rotation=rotation).order_by("position").values_list("user", flat=True))
    if not people:
        return None
    day, turn = rotation.first_on, 0
    while True:
        begin = handed_over_at(day, rotation.hand_over_at, zone)
        end = handed_over_at(day + timedelta(days=rotation.turn_days), rotation.hand_over_at, zone)
        if at < begin:
            return None
        if rotation.last_on and at >= handed_over_at(rotation.last_on + timedelta(days=1), rotation.hand_over_at, zone):
            return None
        if at < end:
            return people[turn % len(people)]
        day, turn = day + timedelta(days=rotation.turn_days), turn + 1


def second_opinion(duty: Duty, at: datetime, known_at: datetime | None) -> dict[int, set[int]]:
    zone = duty.unit.department.site.zone
    shifts = [
        shift
        for shift in known_rows(Shift.objects.filter(is_live=True).select_related("shift_type"), known_at)
        if shift.period.lower <= at < shift.period.upper
    ]
    away = {shift.user_id for shift in shifts if shift.shift_type.kind == ShiftKind.LEAVE}
    found: dict[int, set[int]] = {}
    overrides = known_rows(Override.objects.filter(duty=duty), known_at)
    for tier in known_rows(Tier.objects.filter(duty=duty), known_at):
        people = found.setdefault(tier.number, set())
        if tier.rotation_id is None:
            people |= {
                shift.user_id
                for shift in shifts
                if shift.unit_id == duty.unit_id and shift.shift_type_id == tier.shift_type_id
            }
        elif known_rows(Rotation.objects.filter(pk=tier.rotation_id), known_at):
            people |= {turn_of(tier.rotation, at, zone)} - {None}
    for override in overrides:
        if override.period.lower <= at < override.period.upper:
            found.setdefault(override.number, set())
            if override.user_id not in away:
                found[override.number] = {override.user_id}
    return {number: people - away for number, people in found.items()}


CLOCKS = [time(0), time(7), time(8), time(15, 30), time(20)]
PLACES = [
    (SEOUL, date(2026, 10, 29)),
    (DUBAI, date(2026, 12, 29)),
    (BERLIN, date(2026, 10, 23)),
    (BERLIN, date(2027, 3, 26)),
    (NEW_YORK, date(2026, 10, 30)),
    (NEW_YORK, date(2027, 3, 12)),
]


class Scene:
    """A random week of two units: shifts of which some were changed, tiers, rotations, overrides, all of them at random."""

    def __init__(self, dice: random.Random) -> None:
        zone, self.first = dice.choice(PLACES)
        self.ward = Ward(zone, first=self.first, people=5)
        self.changed_at = datetime.combine(self.first, time(3), UTC)
        self.dice = dice
        self.draw_shifts()
        self.draw_duties()

    def times(self) -> dict[str, Any]:
        """When a row was known: from the beginning until now or the change, or since the change."""
        return self.dice.choice(
            [{"since": LONG_AGO}] * 3 + [{"since": LONG_AGO, "until": self.changed_at}, {"since": self.changed_at}]
        )

    def draw_shifts(self) -> None:
        elsewhere = Ward(self.ward.zone, first=self.first, people=0)
        for person in self.ward.people:
            busy_until = {}
            for offset in range(7):
                day = self.first + timedelta(days=offset)
                for code in self.dice.choice(
                    [[], ["D"], ["E"], ["N"], ["D", "HC"], ["D", "E"], ["AL"], ["24"], ["HC"]]
                ):
                    times, place = self.times(), self.dice.choice([self.ward] * 4 + [elsewhere])
                    kind = self.ward.types[code]
                    period = kind.period_on(day, self.ward.zone)
                    if kind.is_exclusive and period.lower < busy_until.get(code != "HC", LONG_AGO):
                        continue
                    if kind.is_exclusive:
                        busy_until[True] = period.upper
                    factories.make_shift(place.plan, person, day, kind, live=True, **times)

    def draw_duties(self) -> None:
        dice, ward = self.dice, self.ward
        for number in dice.choice([[1], [1, 2], [1, 2, 3]]):
            for _ in range(dice.choice([1, 1, 2])):
                if dice.random() < 0.5:
                    ward.tier(dice.choice(["D", "E", "N", "24", "HC"]), number, **self.times())
                    continue
                rotation = factories.make_rotation(
                    ward.unit,
                    *dice.sample(ward.people, dice.randint(0, 4)),
                    first_on=self.first + timedelta(days=dice.randint(-3, 3)),
                    last_on=dice.choice([None, None, self.first + timedelta(days=dice.randint(3, 6))]),
                    hand_over_at=dice.choice(CLOCKS),
                    turn_days=dice.choice([1, 1, 2, 3]),
                    **self.times(),
                )
                ward.tier(rotation, number, **self.times())
        for number in (1, 2, 3):
            begin = datetime.combine(self.first, time(), UTC)
            while dice.random() < 0.7:
                begin += timedelta(minutes=15 * dice.randint(0, 150))
                end = begin + timedelta(minutes=15 * dice.randint(1, 120))
                factories.make_override(ward.duty, dice.choice(ward.people), begin, end, number=number, **self.times())
                begin = end

    def instants(self, count: int) -> Iterator[datetime]:
        """Random quarters of an hour, and the edges of what there is."""
        edges = [edge for shift in Shift.objects.all() for edge in (shift.period.lower, shift.period.upper)]
        for _ in range(count):
            if self.dice.random() < 0.4 and edges:
                yield self.dice.choice(edges) - self.dice.choice([timedelta(), timedelta(seconds=1)])
            else:
                yield datetime.combine(self.first, time(), UTC) + timedelta(minutes=15 * self.dice.randint(-96, 800))


@pytest.mark.parametrize("seed", range(10))
def test_it_answers_as_the_slow_second_opinion_does(seed: int) -> None:
    scene = Scene(random.Random(seed))
    duty = Duty.objects.select_related("unit__department__site").get(pk=scene.ward.duty.pk)
    for at in scene.instants(12):
        for known_at in (None, scene.changed_at, scene.changed_at - timedelta(seconds=1)):
            answer = queries.who_is_on(duty, at, known_at)
            told = {tier.number: {person.user_id for person in tier.people} for tier in answer.tiers}
            assert told == second_opinion(duty, at, known_at), (at, known_at)
            for tier in answer.tiers:
                assert bool(tier.people) != bool(tier.reason)
                for person in tier.people:
                    last = person.until - timedelta(microseconds=1)
                    assert person.until > at
                    assert person.user_id in second_opinion(duty, last, known_at)[tier.number], (at, person)


# -- Who is in a unit, and on shift at all -----------------------------------------------------------------------------------
def test_who_is_in_a_unit() -> None:
    ward = Ward()
    ward.roster(ward.people[0], "2026-11-23", "D")
    ward.roster(ward.people[1], "2026-11-23", "O")
    ward.roster(ward.people[2], "2026-11-23", "AL")
    found = queries.who_is_in(ward.unit, ward.local("2026-11-23T10:00"))
    assert [(person.user_id, person.code, person.until) for person in found] == [
        (ward.people[0].pk, "D", ward.local("2026-11-23T15:00"))
    ]


def test_the_duty_lookup_names_the_unit_and_leaves_out_who_is_at_home(django_assert_num_queries: Any) -> None:
    ward = Ward()
    ward.roster(ward.people[0], "2026-11-23", "D")
    ward.roster(ward.people[1], "2026-11-23", "HC")
    ward.roster(ward.people[2], "2026-11-23", "AL")
    assert registries.duty is not None
    with django_assert_num_queries(1):
        found = registries.duty([person.pk for person in ward.people], ward.local("2026-11-23T10:00"))
    assert list(found) == [ward.people[0].pk]
    (shift,) = found[ward.people[0].pk]
    assert (shift.unit_id, shift.code, shift.until) == (ward.unit.pk, "D", ward.local("2026-11-23T15:00"))
    assert shift.unit_name == ward.unit.name
    at_night = registries.duty([person.pk for person in ward.people], ward.local("2026-11-23T19:00"))
    assert at_night == {}


# -- The command -------------------------------------------------------------------------------------------------------------
def ask(*words: str) -> Any:
    out = StringIO()
    call_command("who_is_on", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def path_of(ward: Ward, duty: Duty | None = None) -> str:
    place = f"{ward.site.code}/{ward.unit.department.code}/{ward.unit.code}"
    return f"{place}/{duty.code}" if duty else place


def test_the_command_reads_the_clock_of_the_site() -> None:
    ward = Ward(DUBAI)
    ward.tier("N")
    ward.roster(ward.people[0], "2026-11-22", "N")
    (duty,) = ask(path_of(ward, ward.duty), "--at", "2026-11-23T03:00")["duties"]
    assert duty["at"] == "2026-11-23T03:00:00+04:00"
    (person,) = duty["tiers"][0]["people"]
    assert person["staff_number"] == ward.people[0].staff_number
    assert person["until"] == "2026-11-23T07:00:00+04:00"
    (duty,) = ask(path_of(ward, ward.duty), "--at", "2026-11-22T23:00Z")["duties"]
    assert duty["tiers"][0]["people"] == [person]


def test_the_command_answers_for_a_whole_unit_as_known_then() -> None:
    ward = Ward()
    change = datetime(2026, 11, 20, tzinfo=UTC)
    ward.tier("D")
    ward.roster(ward.people[0], "2026-11-23", "D", until=change)
    ward.roster(ward.people[1], "2026-11-23", "D", since=change)
    then = ask(path_of(ward), "--at", "2026-11-23T10:00", "--known-at", "2026-11-19T10:00")
    now = ask(path_of(ward), "--at", "2026-11-23T10:00")
    assert then["duties"][0]["tiers"][0]["people"][0]["staff_number"] == ward.people[0].staff_number
    assert now["duties"][0]["tiers"][0]["people"][0]["staff_number"] == ward.people[1].staff_number
    assert [person["staff_number"] for person in now["in_shift"]] == [ward.people[1].staff_number]


def test_the_command_says_why_nobody_is_on(capsys: Any) -> None:
    ward = Ward()
    ward.tier("D")
    call_command("who_is_on", path_of(ward, ward.duty), "--at", "2026-11-23T10:00")
    assert "not_published" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["nowhere", "a/b/c", "a/b/c/d"])
def test_the_command_refuses_what_is_not_there(path: str) -> None:
    with pytest.raises(CommandError):
        call_command("who_is_on", path)


def test_the_command_refuses_a_time_that_is_none() -> None:
    ward = Ward()
    with pytest.raises(CommandError):
        call_command("who_is_on", path_of(ward), "--at", "yesterday")
