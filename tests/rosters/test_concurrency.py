"""Many at once on connections of their own: nobody is booked twice, no rule is broken unseen, nobody is shown a deadlock."""

import json
from datetime import time
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections

from apps.rosters import actions
from apps.rosters.actions import locking
from apps.rosters.management.commands import hammer_roster
from apps.rosters.models import Plan, Shift, ShiftEvent, Tier
from tests.factories import assign_to, grant, make_duty, make_person, make_rotation, make_rule
from tests.rosters.wards import day, make_ward

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*verbs):
    """Run verbs in threads that begin together; return results, or the errors that they raised."""
    barrier = Barrier(len(verbs))
    results = [None] * len(verbs)

    def run(place, verb):
        try:
            barrier.wait(10)
            results[place] = verb()
        except Exception as error:  # noqa: BLE001 — the test looks at it
            results[place] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(place, verb)) for place, verb in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.parametrize("is_checked", [True, False])
def test_fifty_writers_book_nobody_twice(is_checked):
    """Two hundred gestures; the command makes as many as one likes."""
    wards = hammer_roster.build_wards()
    for params in ({"after": "night", "then": "day"}, {"after": "night", "then": "evening"}):
        make_rule("succession", params)
    make_rule("run", {"what": "work", "max": 3})
    make_rule("rest", {"min_minutes": 11 * 60})
    result = hammer_roster.run(wards, {"writers": 50, "edits": 200, "seed": 7, "no_check": not is_checked})
    assert not hammer_roster.has_failed(result), result
    assert result["gestures"] == 200
    assert result["done"]["edit"] > 50
    if is_checked:  # else a double booking alone is refused, and two hundred gestures may hold none
        assert sum(result["refused"].values()) > 0
    with connection.cursor() as cursor:
        cursor.execute(hammer_roster.DOUBLE_BOOKED)
        assert cursor.fetchone()[0] == 0


def test_what_the_hammer_counts_it_also_finds():
    """A double booking that the constraints let through, because they are gone, is counted; so is a broken rule."""
    ward = make_ward(1)
    make_rule("run", {"what": "work", "max": 1})
    from tests.factories import make_shift

    for number in (1, 2):
        make_shift(ward.plan, ward.nurses[0], day(number))
    assert hammer_roster.count_breaches(ward.plan) == 1
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("BEGIN")
        cursor.execute("ALTER TABLE rosters_shift DROP CONSTRAINT no_double_booking_draft")
        cursor.execute("SET session_replication_role = replica")
        row = Shift.objects.first()
        cursor.execute(
            "INSERT INTO rosters_shift (plan_id, unit_id, user_id, shift_type_id, day, period, is_live, is_exclusive,"
            " is_locked, source, note, known_during) SELECT plan_id, unit_id, user_id, shift_type_id, day, period,"
            " is_live, is_exclusive, is_locked, source, note, known_during FROM rosters_shift WHERE id = %s",
            [row.pk],
        )
        cursor.execute(hammer_roster.DOUBLE_BOOKED)
        assert cursor.fetchone()[0] == 1
        cursor.execute("ROLLBACK")


def test_two_managers_on_one_cell_store_one_state_and_tell_the_other():
    ward = make_ward(1)
    second = make_person(unit=ward.unit)
    grant(second, "unit_manager", unit=ward.unit)
    results = at_once(
        lambda: ward.set((ward.nurses[0], 1, "D"), base=0),
        lambda: ward.set((ward.nurses[0], 1, "E"), base=0, by=second),
    )
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == [actions.EditedMeanwhile]
    assert ShiftEvent.objects.count() == Plan.objects.get(pk=ward.plan.pk).last_change == 1


def test_two_units_that_publish_the_same_person_at_once_book_them_once():
    ward = make_ward(1)
    nurse = ward.nurses[0]
    other = make_ward(0, site=ward.site)
    assign_to(nurse, other.unit)
    ward.set((nurse, 1, "D"))
    other.set((nurse, 1, "D12"))
    results = at_once(
        lambda: actions.publish_plan(by=ward.manager, plan=ward.plan),
        lambda: actions.publish_plan(by=other.manager, plan=other.plan),
    )
    assert sorted(type(result).__name__ for result in results) == ["DoubleBooked", "Published"]
    assert Shift.objects.live().count() == 1


def test_two_who_swap_the_same_people_the_other_way_round_are_no_deadlock():
    ward = make_ward(2)
    one, other = ward.nurses
    ward.set((one, 1, "D"), (other, 1, "E"))
    results = at_once(
        *[
            lambda: ward.set((one, 1, "E"), (other, 1, "D"), base=9),
            lambda: ward.set((other, 1, "D"), (one, 1, "E"), base=9),
        ]
        * 4
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    assert (ward.codes(one, 1), ward.codes(other, 1)) == (["E"], ["D"])


@pytest.mark.parametrize("turn", range(3))
def test_a_rotation_that_is_replaced_does_not_come_back_into_a_tier_that_is_ended(turn):
    """In either order the tier is no more: who replaces a rotation moves what it fills, and who sets a tier waits for that."""
    ward = make_ward(2)
    duty = make_duty(ward.unit)
    rotation = make_rotation(ward.unit, *ward.nurses)
    actions.set_tier(by=ward.manager, duty=duty, number=1, rotations=[rotation])
    turns = {"name": "새 순번", "first_on": day(1), "hand_over_at": time(8), "turn_days": 1, "users": ward.nurses}
    results = at_once(
        lambda: actions.set_tier(by=ward.manager, duty=duty, number=1),
        lambda: actions.replace_rotation(by=ward.manager, unit=ward.unit, rotation=rotation, **turns),
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    assert not Tier.objects.filter(duty=duty, known_during__upper_inf=True).exists()


def test_the_same_month_is_opened_once():
    ward = make_ward(0)
    from datetime import date

    results = at_once(
        *[lambda: actions.create_plan(by=ward.manager, unit=ward.unit, first=date(2027, 5, 1), last=date(2027, 6, 1))]
        * 3
    )
    assert sorted(type(result).__name__ for result in results) == ["Plan", "PlanExists", "PlanExists"]


# -- Trying again ---------------------------------------------------------------------------------------------------------
class LetGo(OperationalError):
    """What the database says to whom it did not choose."""


def let_go(sqlstate):
    error = LetGo("somebody else went first")
    error.__cause__ = type("Refused", (Exception,), {"sqlstate": sqlstate})()
    return error


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_whom_the_database_let_wait_is_tried_again_three_times(sqlstate):
    tries = []

    @locking.retried
    def act(enough):
        tries.append(1)
        if len(tries) < enough:
            raise let_go(sqlstate)
        return "done"

    assert act(4) == "done"
    tries.clear()
    with pytest.raises(actions.Busy):
        act(9)
    assert len(tries) == 4


def test_another_error_of_the_database_is_not_tried_again():
    tries = []

    @locking.retried
    def act():
        tries.append(1)
        raise let_go("57014")

    with pytest.raises(LetGo):
        act()
    assert len(tries) == 1


def test_who_waited_too_long_for_a_lock_is_told_to_try_again():
    @locking.retried
    def act():
        raise let_go("55P03")

    with pytest.raises(actions.Busy):
        act()


# -- The command ----------------------------------------------------------------------------------------------------------
def test_it_fills_no_database_but_its_own():
    make_ward(0)
    with pytest.raises(CommandError, match="no empty scratch database"):
        call_command("hammer_roster", "--here")
    with pytest.raises(CommandError, match="at least 1"):
        call_command("hammer_roster", "--writers", "0")


def test_it_prints_its_figures(capsys):
    call_command("hammer_roster", "--here", "--writers", "2", "--edits", "4")
    found = json.loads(capsys.readouterr().out)
    assert (found["gestures"], found["double_bookings"], found["breaches"]) == (4, 0, 0)
