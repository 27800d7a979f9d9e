"""What fills the tiers of a duty, rotations, and taking a duty over: each change closes a row and inserts another."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import transaction

from apps.audit.models import AuditEntry
from apps.rosters import actions
from apps.rosters.models import Override, Rotation, ShiftType, Tier
from tests.factories import make_duty, make_person, make_rotation, make_tier, make_unit
from tests.rosters.wards import make_ward

pytestmark = pytest.mark.django_db

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ward():
    return make_ward()


@pytest.fixture
def duty(ward):
    return make_duty(ward.unit)


def code(ward, text):
    return ShiftType.objects.get(site=ward.site, code=text)


def open_rows(model, **more):
    return list(model.objects.filter(known_during__upper_inf=True, **more).order_by("pk"))


# -- Tiers ----------------------------------------------------------------------------------------------------------------
def test_a_tier_is_filled_changed_and_ended(ward, duty):
    day, night = code(ward, "D"), code(ward, "N")
    actions.set_tier(by=ward.manager, duty=duty, number=1, shift_types=[day, night])
    assert {row.shift_type for row in open_rows(Tier)} == {day, night}
    kept = Tier.objects.get(shift_type=night)
    rotation = make_rotation(ward.unit, *ward.nurses)
    actions.set_tier(by=ward.manager, duty=duty, number=1, shift_types=[night], rotations=[rotation])
    assert open_rows(Tier)[0] == kept
    assert [row.rotation for row in open_rows(Tier)] == [None, rotation]
    closed, new = Tier.objects.get(shift_type=day), Tier.objects.get(rotation=rotation)
    assert closed.known_during.upper == new.known_during.lower
    actions.set_tier(by=ward.manager, duty=duty, number=1)
    assert open_rows(Tier) == []
    assert AuditEntry.objects.filter(action="rosters.tier_set").count() == 3


def test_a_tier_that_stays_writes_nothing(ward, duty):
    for _ in range(2):
        actions.set_tier(by=ward.manager, duty=duty, number=1, shift_types=[code(ward, "D")])
    assert (Tier.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_a_tier_is_filled_from_its_own_unit_by_its_manager(ward, duty):
    other = make_ward(1)
    with pytest.raises(actions.RostersError):
        actions.set_tier(by=ward.manager, duty=duty, number=1, shift_types=[code(other, "D")])
    with pytest.raises(actions.RostersError):
        actions.set_tier(by=ward.manager, duty=duty, number=1, rotations=[make_rotation(other.unit, *other.nurses)])
    with pytest.raises(actions.NoSuchTier):
        actions.set_tier(by=ward.manager, duty=duty, number=0, shift_types=[code(ward, "D")])
    for person in (other.manager, ward.nurses[0]):
        with pytest.raises(actions.NotYours):
            actions.set_tier(by=person, duty=duty, number=1, shift_types=[code(ward, "D")])
    assert not Tier.objects.exists()


def test_what_fills_a_tier_is_known_once_although_the_clock_stands_still(ward, duty, monkeypatch):
    """Set, ended and set again within a microsecond: at no instant two rows say the same."""
    monkeypatch.setattr("apps.core.clock.now", lambda: NOON)
    for types in ([code(ward, "D")], [], [code(ward, "D")], [code(ward, "E")]):
        actions.set_tier(by=ward.manager, duty=duty, number=1, shift_types=types)
    rows = sorted(Tier.objects.values_list("known_during", flat=True), key=lambda span: span.lower)
    assert len(rows) == 3
    assert all(one.upper <= other.lower for one, other in pairwise(rows))


# -- Rotations ------------------------------------------------------------------------------------------------------------
def rotate(ward, **more):
    values = {"name": "주간 당직", "first_on": date(2027, 3, 1), "hand_over_at": time(8), "turn_days": 7}
    people = more.pop("users", ward.nurses)
    return actions.replace_rotation(by=more.pop("by", ward.manager), unit=ward.unit, users=people, **{**values, **more})


def test_people_take_turns_in_the_order_that_was_given(ward):
    one, two, three = ward.nurses
    rotation = rotate(ward, users=[three, one, two])
    assert [turn.user for turn in rotation.turns.order_by("position")] == [three, one, two]


def test_a_new_rotation_takes_the_place_of_the_old_one_in_its_tiers(ward, duty):
    old = rotate(ward)
    actions.set_tier(by=ward.manager, duty=duty, number=2, rotations=[old])
    new = rotate(ward, rotation=old, users=ward.nurses[:2])
    assert [row.rotation for row in open_rows(Tier)] == [new]
    old.refresh_from_db()
    assert old.known_during.upper == new.known_during.lower
    with pytest.raises(actions.RostersError):
        rotate(ward, rotation=old)


def test_a_rotation_ends_and_what_it_fills_with_it(ward, duty):
    rotation = rotate(ward)
    actions.set_tier(by=ward.manager, duty=duty, number=1, rotations=[rotation])
    for _ in range(2):
        actions.end_rotation(by=ward.manager, rotation=rotation)
    assert open_rows(Tier) == open_rows(Rotation) == []
    assert AuditEntry.objects.filter(action="rosters.rotation_ended").count() == 1


def test_a_rotation_that_cannot_be_is_refused(ward):
    gone = make_person(unit=ward.unit, is_active=False)
    for wrong in ({"users": []}, {"users": [gone]}, {"name": " "}):
        with pytest.raises(actions.RostersError):
            rotate(ward, **wrong)
    for wrong in ({"turn_days": 0}, {"last_on": date(2027, 2, 1)}):
        with pytest.raises(actions.WrongDays):
            rotate(ward, **wrong)
    rotation = make_rotation(ward.unit, *ward.nurses)
    with pytest.raises(actions.NotYours):
        rotate(ward, by=ward.nurses[0])
    with pytest.raises(actions.NotYours):
        actions.end_rotation(by=ward.nurses[0], rotation=rotation)
    assert open_rows(Rotation) == [rotation]


# -- Taking over ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def filled(ward, duty):
    make_tier(duty, code(ward, "D"))
    return duty


def take(ward, duty, user, begin=0, hours=8, **more):
    values = {"number": 1, "reason": "수술이 길어집니다.", "by": ward.manager}
    period = {"starts_at": NOON + begin * HOUR, "ends_at": NOON + (begin + hours) * HOUR}
    return actions.take_over(duty=duty, user=user, **{**values, **period, **more})


def times(rows):
    return [
        (row.user, (row.period.lower - NOON) // HOUR, (row.period.upper - NOON) // HOUR)
        for row in sorted(rows, key=lambda row: row.period.lower)
    ]


def test_somebody_of_the_unit_takes_a_duty_over(ward, filled):
    nurse = ward.nurses[0]
    take(ward, filled, nurse, by=nurse)
    (row,) = open_rows(Override)
    assert (row.user, row.by, row.number, row.reason) == (nurse, nurse, 1, "수술이 길어집니다.")
    assert AuditEntry.objects.get(action="rosters.duty_taken_over").detail["user"] == nurse.pk


def test_an_earlier_override_keeps_what_is_left_of_its_time(ward, filled):
    one, other = ward.nurses[:2]
    first = take(ward, filled, one)
    second = take(ward, filled, other, begin=2, hours=3)
    assert times(open_rows(Override)) == [(one, 0, 2), (other, 2, 5), (one, 5, 8)]
    first.refresh_from_db()
    assert first.known_during.upper == second.known_during.lower
    take(ward, filled, ward.nurses[2], begin=-1, hours=20)
    assert times(open_rows(Override)) == [(ward.nurses[2], -1, 19)]


def test_an_override_that_has_begun_ends_now_and_what_was_stays_true(ward, filled, clock):
    nurse = ward.nurses[0]
    override = take(ward, filled, nurse, by=nurse)
    clock.shift(NOON + 3 * HOUR - datetime.now(UTC))
    actions.end_override(by=nurse, override=override)
    (row,) = open_rows(Override)
    assert row.period.lower == NOON
    assert abs(row.period.upper - NOON - 3 * HOUR) < timedelta(minutes=5)
    actions.end_override(by=nurse, override=override)
    assert len(open_rows(Override)) == 1


def test_who_took_over_is_known_once_although_the_clock_stands_still(ward, filled, monkeypatch):
    monkeypatch.setattr("apps.core.clock.now", lambda: NOON - HOUR)
    actions.end_override(by=ward.manager, override=take(ward, filled, ward.nurses[0]))
    actions.end_override(by=ward.manager, override=take(ward, filled, ward.nurses[1]))
    take(ward, filled, ward.nurses[2])
    rows = sorted(Override.objects.values_list("known_during", flat=True), key=lambda span: span.lower)
    assert len(rows) == 3
    assert all(one.upper <= other.lower for one, other in pairwise(rows))


def test_an_override_that_lies_ahead_is_taken_back_whole(ward, filled):
    override = take(ward, filled, ward.nurses[0])
    actions.end_override(by=ward.manager, override=override)
    assert open_rows(Override) == []


def test_what_cannot_be_taken_over_is_refused(ward, filled):
    nurse, stranger = ward.nurses[0], make_person(unit=make_unit(site=ward.site))
    gone = make_person(unit=ward.unit, is_active=False)
    with pytest.raises(actions.NotYours):
        take(ward, filled, ward.nurses[1], by=nurse)
    with pytest.raises(actions.NotYours):
        take(ward, filled, stranger, by=stranger)
    with pytest.raises(actions.NotYours):
        take(ward, filled, gone)
    with pytest.raises(actions.ReasonMissing):
        take(ward, filled, nurse, reason=" ")
    with pytest.raises(actions.WrongDays):
        take(ward, filled, nurse, hours=0)
    with pytest.raises(actions.NoSuchTier):
        take(ward, filled, nurse, number=2)
    assert not Override.objects.exists()


def test_only_who_fills_it_or_a_manager_ends_it(ward, filled):
    override = take(ward, filled, ward.nurses[0])
    with pytest.raises(actions.NotYours):
        actions.end_override(by=ward.nurses[1], override=override)
    assert len(open_rows(Override)) == 1


@pytest.mark.parametrize("verb", ["tier", "rotation", "override"])
def test_each_is_taken_back_whole_when_the_audit_cannot_be_written(ward, filled, monkeypatch, verb):
    def fail(**detail):
        raise RuntimeError("the audit is full")

    monkeypatch.setattr("apps.rosters.actions.locking.write_entry", fail)
    act = {
        "tier": lambda: actions.set_tier(by=ward.manager, duty=filled, number=1, shift_types=[code(ward, "E")]),
        "rotation": lambda: rotate(ward),
        "override": lambda: take(ward, filled, ward.nurses[0]),
    }[verb]
    before = open_rows(Tier)
    with pytest.raises(RuntimeError), transaction.atomic():
        act()
    assert open_rows(Tier) == before
    assert not Rotation.objects.exists()
    assert not Override.objects.exists()
