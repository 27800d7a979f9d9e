"""What the database itself refuses: double booking, plans that overlap, rows without a time, a reason or one scope."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from apps.core import clock
from apps.people.models import Qualification, User
from apps.rosters.models import (
    Condition,
    Demand,
    Ledger,
    Override,
    Pattern,
    Plan,
    PlanState,
    Rotation,
    RotationTurn,
    Rule,
    RuleSetting,
    Shift,
    ShiftEvent,
    ShiftKind,
    ShiftType,
    Tier,
)
from apps.sites.models import Unit
from tests.factories import (
    fill_plan,
    grant,
    make_calendar_entry,
    make_condition,
    make_contract,
    make_demand,
    make_duty,
    make_override,
    make_pattern,
    make_person,
    make_plan,
    make_qualification,
    make_rotation,
    make_rule,
    make_setting,
    make_shift,
    make_shift_type,
    make_site,
    make_tier,
    make_unit,
    make_waiver,
    standard_types,
)
from tests.factories.rosters import known

pytestmark = pytest.mark.django_db
FIRST = date(2026, 8, 1)


def check_now() -> None:
    """Make deferred constraints speak, as the actions do at their end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refuses(name: str, act: Callable[[], Any]) -> None:
    """Assert that the constraint of this name refuses what is done."""

    def act_and_check() -> None:
        with transaction.atomic():
            act()
            check_now()

    with pytest.raises(IntegrityError, match=name):
        act_and_check()


@pytest.fixture
def plan() -> Plan:
    return make_plan(first=FIRST)


@pytest.fixture
def nurse(plan: Plan) -> User:
    return make_person(unit=plan.unit)


# -- Double booking -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("live", [True, False])
def test_nobody_is_in_two_shifts_at_once(plan: Plan, nurse: User, live: bool) -> None:
    make_shift(plan, nurse, FIRST, "D", live=live)
    name = "no_double_booking_live" if live else "no_double_booking_draft"
    refuses(name, lambda: make_shift(plan, nurse, FIRST, "M", live=live))
    make_shift(plan, make_person(unit=plan.unit), FIRST, "M", live=live)
    check_now()


def test_a_night_ends_as_the_day_begins(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "N D E"}, live=None)
    check_now()
    assert Shift.objects.live().count() == Shift.objects.draft().count() == 3


def test_a_night_into_leave_is_a_double_booking_and_into_a_day_off_is_none(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "N O"})
    check_now()
    refuses("no_double_booking_draft", lambda: make_shift(plan, nurse, FIRST + timedelta(days=1), "AL"))


def test_on_call_at_home_may_lie_over_a_shift(plan: Plan, nurse: User) -> None:
    fill_plan(plan, {nurse: "D+HC E+HC"}, live=None)
    check_now()


def test_one_cannot_work_at_two_sites_at_once(plan: Plan, nurse: User) -> None:
    """An instant is an instant: 15:00 to 23:00 in Seoul is 10:00 to 18:00 in Abu Dhabi."""
    emirates = make_unit(site=make_site(time_zone="Asia/Dubai", country="AE"))
    away = make_plan(emirates, FIRST)
    make_shift(plan, nurse, FIRST, "E", live=True)
    refuses("no_double_booking_live", lambda: make_shift(away, nurse, FIRST, "D", live=True))
    make_shift(away, nurse, FIRST, "N", live=True)
    check_now()


def test_drafts_of_two_units_may_both_want_somebody(plan: Plan, nurse: User) -> None:
    other = make_plan(make_unit(site=plan.unit.department.site), FIRST)
    make_shift(plan, nurse, FIRST, "D")
    make_shift(other, nurse, FIRST, "D")
    make_shift(plan, nurse, FIRST, "D", live=True)
    check_now()
    refuses("no_double_booking_live", lambda: make_shift(other, nurse, FIRST, "D", live=True))


@pytest.mark.parametrize("live", [True, False])
def test_what_was_closed_is_in_nobodys_way(plan: Plan, nurse: User, live: bool) -> None:
    then = clock.now() - timedelta(hours=1)
    make_shift(plan, nurse, FIRST, "D", live=live, since=then, until=clock.now())
    make_shift(plan, nurse, FIRST, "M", live=live)
    check_now()


def test_two_people_may_be_swapped_within_one_transaction(plan: Plan, nurse: User) -> None:
    """What is checked at once would refuse the first half; deferred, only the end counts."""
    other = make_person(unit=plan.unit)
    first, second = make_shift(plan, nurse, FIRST, "D", live=True), make_shift(plan, other, FIRST, "M", live=True)
    check_now()
    with transaction.atomic():
        now = clock.now()
        make_shift(plan, nurse, FIRST, "M", live=True, since=now)  # while the old row is open still
        make_shift(plan, other, FIRST, "D", live=True, since=now)
        for row in (first, second):
            row.known_during = DateTimeTZRange(row.known_during.lower, now)
            row.save(update_fields=["known_during"])
        check_now()
    assert {(row.user_id, row.shift_type.code) for row in Shift.objects.live().select_related("shift_type")} == {
        (nurse.pk, "M"),
        (other.pk, "D"),
    }


@pytest.mark.parametrize(
    "period",
    [
        DateTimeTZRange(empty=True),
        DateTimeTZRange(datetime(2026, 8, 1, tzinfo=ZoneInfo("UTC")), None),
        DateTimeTZRange(None, datetime(2026, 8, 1, tzinfo=ZoneInfo("UTC"))),
        DateTimeTZRange(
            datetime(2026, 8, 1, tzinfo=ZoneInfo("UTC")), datetime(2026, 8, 2, tzinfo=ZoneInfo("UTC")), "[]"
        ),
        DateTimeTZRange(
            datetime(2026, 8, 1, tzinfo=ZoneInfo("UTC")), datetime(2026, 8, 2, tzinfo=ZoneInfo("UTC")), "()"
        ),
    ],
    ids=["empty", "endless", "without a beginning", "end included", "beginning left out"],
)
def test_a_shift_has_a_half_open_time(plan: Plan, nurse: User, period: DateTimeTZRange) -> None:
    refuses("shift_has_a_time", lambda: make_shift(plan, nurse, FIRST, "HC", period=period))


# -- Plans ----------------------------------------------------------------------------------------------------------------
def test_a_unit_has_one_plan_a_day(plan: Plan) -> None:
    refuses("one_plan_a_unit_and_day", lambda: make_plan(plan.unit, date(2026, 8, 31), date(2026, 9, 30)))
    make_plan(plan.unit, date(2026, 9, 1))
    make_plan(make_unit(), FIRST)


@pytest.mark.parametrize("during", [DateRange(empty=True), DateRange(FIRST, None), DateRange(None, FIRST)])
def test_a_plan_has_days(during: DateRange) -> None:
    unit, by = make_unit(), make_person()
    refuses("plan_has_days", lambda: Plan.objects.create(unit=unit, during=during, created_by=by))


def test_who_sees_a_plan_and_its_shifts(plan: Plan, nurse: User) -> None:
    """Colleagues see what was published; managers of the unit see the draft too; others see nothing but their own."""
    colleague, stranger = make_person(unit=plan.unit), make_person()
    manager, elsewhere = make_person(), make_person()
    grant(manager, "unit_manager", unit=plan.unit)
    grant(elsewhere, "unit_manager", unit=make_unit())
    draft = make_shift(plan, nurse, FIRST, "D")
    published = make_shift(plan, nurse, FIRST + timedelta(days=1), "E", live=True)

    def shifts_of(user: User) -> set[Shift]:
        return set(Shift.objects.visible_to(user))

    assert shifts_of(nurse) == shifts_of(colleague) == {published}
    assert shifts_of(manager) == {draft, published}
    assert shifts_of(stranger) == shifts_of(elsewhere) == set()
    assert set(Plan.objects.visible_to(colleague)) == set()
    assert set(Plan.objects.visible_to(manager)) == {plan}
    plan.published_at, plan.state = clock.now(), PlanState.PUBLISHED
    plan.save()
    assert set(Plan.objects.visible_to(colleague)) == {plan}
    assert set(Plan.objects.visible_to(stranger)) == set(Plan.objects.visible_to(elsewhere)) == set()
    assert set(Plan.objects.managed_by(manager)) == {plan}
    assert set(Plan.objects.managed_by(colleague)) == set(Plan.objects.managed_by(elsewhere)) == set()


# -- Shift types ----------------------------------------------------------------------------------------------------------
def test_a_code_is_one_type_at_a_place() -> None:
    unit = make_unit()
    site = unit.department.site
    make_shift_type("D", site=site)
    refuses("shift_code_in_unit", lambda: make_shift_type("D", site=site))
    own = make_shift_type("D", unit=unit)
    refuses("shift_code_in_unit", lambda: make_shift_type("D", unit=unit))
    assert own in ShiftType.objects.of_unit(unit)


def test_a_type_ends_after_it_begins() -> None:
    refuses(
        "shift_type_ends_after_it_begins",
        lambda: make_shift_type("N", starts_at=time(23), ends_at=time(7), days_later=0),
    )
    refuses(
        "shift_type_ends_after_it_begins",
        lambda: make_shift_type("N", starts_at=time(7), ends_at=time(7), days_later=0),
    )


@pytest.mark.parametrize("kind", [ShiftKind.OFF, ShiftKind.LEAVE])
@pytest.mark.parametrize("wrong", [{"counts_percent": 100}, {"break_minutes": 30}])
def test_absence_is_no_working_time(kind: ShiftKind, wrong: dict[str, int]) -> None:
    refuses(
        "absence_is_no_working_time",
        lambda: make_shift_type("AL", **{"kind": kind, "counts_percent": 0, "break_minutes": 0, **wrong}),
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"break_minutes": 480}, "break_minutes"),
        ({"valid_from": FIRST, "valid_until": FIRST}, "valid_until"),
        ({"unit": True}, "unit"),
    ],
)
def test_a_type_is_cleaned(wrong: dict[str, Any], field: str) -> None:
    elsewhere = {"unit": make_unit()} if wrong.pop("unit", None) else {}
    row = make_shift_type("D", site=make_site(), **wrong, **elsewhere)
    with pytest.raises(ValidationError) as refused:
        row.clean()
    assert set(refused.value.message_dict) == {field}


def test_the_usual_types_are_clean() -> None:
    for row in standard_types(make_site()).values():
        row.full_clean()


def test_a_night_counts_its_true_minutes_over_a_change_of_the_clock() -> None:
    night = make_shift_type("N", site=make_site(time_zone="Europe/Berlin"))
    zone = ZoneInfo("Europe/Berlin")

    def minutes_on(day: date) -> float:
        period = night.period_on(day, zone)
        begins, ends = period.lower.astimezone(ZoneInfo("UTC")), period.upper.astimezone(ZoneInfo("UTC"))
        return (ends - begins) / timedelta(minutes=1)

    assert minutes_on(date(2026, 3, 27)) == night.wall_minutes == 480
    assert minutes_on(date(2026, 3, 28)) == 420
    assert minutes_on(date(2026, 10, 24)) == 540


# -- Demand, patterns, duties ---------------------------------------------------------------------------------------------
def test_a_demand_rises(plan: Plan) -> None:
    shift_type = make_shift_type("D", site=plan.unit.department.site)
    make_demand(plan.unit, shift_type, 2, target=3, maximum=4)
    refuses("demand_rises", lambda: make_demand(plan.unit, shift_type, 2, target=1))
    refuses("demand_rises", lambda: make_demand(plan.unit, shift_type, 2, maximum=1))
    assert Demand.objects.count() == 1


def test_a_pattern_has_codes_and_a_name_of_its_own(plan: Plan, nurse: User) -> None:
    pattern = make_pattern(plan.unit, "D E N O", nurse)
    refuses("pattern_has_codes", lambda: make_pattern(plan.unit, ""))
    refuses("pattern_name_in_unit", lambda: make_pattern(plan.unit, name=pattern.name))
    refuses("one_place_in_a_pattern", lambda: pattern.places.create(user=nurse, offset=3))
    assert Pattern.objects.get() == pattern


def test_a_duty_has_a_code_of_its_own() -> None:
    duty = make_duty()
    refuses("duty_code_in_unit", lambda: make_duty(duty.unit, code=duty.code))
    make_duty(code=duty.code)


def test_a_tier_is_filled_by_one() -> None:
    duty = make_duty()
    shift_type = make_shift_type("IC", site=duty.unit.department.site)
    rotation = make_rotation(duty.unit, make_person(unit=duty.unit))
    make_tier(duty, shift_type)
    make_tier(duty, rotation, 2)
    refuses("tier_is_filled_by_one", lambda: make_tier(duty, shift_type, rotation=rotation))
    refuses("tier_is_filled_by_one", lambda: Tier.objects.create(duty=duty, known_during=known()))
    assert Tier.objects.count() == 2


def test_a_rotation_has_turns_and_an_end_after_its_beginning() -> None:
    unit = make_unit()
    refuses("rotation_turns_last", lambda: make_rotation(unit, turn_days=0))
    refuses(
        "rotation_ends_after_it_begins",
        lambda: make_rotation(unit, first_on=FIRST, last_on=FIRST - timedelta(days=1)),
    )
    rotation = make_rotation(unit, make_person(unit=unit), first_on=FIRST, last_on=FIRST)
    other = make_person(unit=unit)
    refuses("one_turn_a_position", lambda: RotationTurn.objects.create(rotation=rotation, position=0, user=other))
    assert Rotation.objects.get() == rotation


def test_one_override_a_tier_at_a_time(nurse: User) -> None:
    duty = make_duty()
    now = clock.now()
    make_override(duty, nurse, now, now + timedelta(hours=4))
    refuses("one_override_a_tier", lambda: make_override(duty, nurse, now + timedelta(hours=3)))
    make_override(duty, nurse, now + timedelta(hours=4))
    make_override(duty, nurse, now, number=2)
    make_override(duty, nurse, now, since=now - timedelta(hours=2), until=now - timedelta(hours=1))  # taken back
    check_now()
    refuses("override_has_a_reason", lambda: make_override(duty, nurse, now + timedelta(days=2), reason=""))
    refuses("override_has_a_time", lambda: Override.objects.filter(number=2).update(period=DateTimeTZRange(now, None)))


# -- Rules ----------------------------------------------------------------------------------------------------------------
def test_a_rule_has_one_place_at_most(plan: Plan) -> None:
    make_rule(unit=plan.unit)
    make_rule(site=plan.unit.department.site)
    refuses("rule_has_one_place", lambda: make_rule(unit=plan.unit, site=plan.unit.department.site))
    refuses("rule_has_a_name", lambda: make_rule(name_ko="", name_en=""))
    assert Rule.objects.filter(code__startswith="TEST-").count() == 2


def test_a_setting_has_one_scope(plan: Plan, nurse: User) -> None:
    rule = make_rule()
    unit: Unit = plan.unit
    for scope in (
        {"site": unit.department.site},
        {"department": unit.department},
        {"unit": unit},
        {"contract": make_contract()},
        {"user": nurse},
    ):
        make_setting(rule, {"max": 4}, **scope)
    refuses("setting_has_one_scope", lambda: make_setting(rule))
    refuses("setting_has_one_scope", lambda: make_setting(rule, unit=unit, user=nurse))
    assert RuleSetting.objects.count() == 5


def test_a_waiver_has_a_reason(nurse: User) -> None:
    rule = make_rule(is_waivable=True)
    make_waiver(rule, nurse, FIRST)
    refuses("waiver_has_a_reason", lambda: make_waiver(rule, nurse, FIRST, reason=""))


@pytest.mark.parametrize("during", [DateRange(FIRST, FIRST), DateRange(FIRST, None), DateRange(None, FIRST)])
def test_a_waiver_has_days_and_excuses_nobody_for_ever(nurse: User, during: DateRange) -> None:
    refuses("waiver_has_days", lambda: make_waiver(make_rule(is_waivable=True), nurse, FIRST, during=during))


@pytest.mark.parametrize("during", [DateRange(FIRST, FIRST), DateRange(None, FIRST)])
def test_a_circumstance_has_a_first_day(nurse: User, during: DateRange) -> None:
    refuses("condition_has_days", lambda: make_condition(nurse, "pregnant", during=during))


@pytest.mark.parametrize(
    ("family", "params", "is_asked"),
    [
        ("rest", {"after": "night", "in_a_row": 2, "min_minutes": 2880}, True),
        ("rest", {"max_minutes": 1440}, False),
        ("succession", {"after": "night", "then": "day"}, False),
    ],
)
def test_a_waived_rest_is_made_good_on_a_day(
    nurse: User, family: str, params: dict[str, Any], *, is_asked: bool
) -> None:
    rule = make_rule(family, params, is_waivable=True)
    waiver = make_waiver(rule, nurse, FIRST)
    if is_asked:
        with pytest.raises(ValidationError) as refused:
            waiver.full_clean()
        assert set(refused.value.message_dict) == {"moved_off_on"}
        waiver.moved_off_on = date(2026, 8, 9)
    waiver.full_clean()


def test_events_are_managed_with_their_roster(plan: Plan, nurse: User) -> None:
    manager, other = make_person(unit=plan.unit), make_person()
    grant(manager, "unit_manager", unit=plan.unit)
    grant(other, "unit_manager", unit=make_unit())
    event = ShiftEvent.objects.create(plan=plan, user=nurse, day=FIRST, change=1)
    assert [*ShiftEvent.objects.managed_by(manager)] == [event]
    assert not ShiftEvent.objects.managed_by(other).exists()


def test_a_circumstance_names_its_partner_where_there_is_one(plan: Plan, nurse: User) -> None:
    other, third = make_person(unit=plan.unit), make_person(unit=plan.unit)
    make_condition(nurse, "apart", partner=other)
    make_condition(nurse, "apart", partner=third)
    refuses("condition_names_its_partner", lambda: make_condition(nurse, "preceptee"))
    refuses("condition_names_its_partner", lambda: make_condition(nurse, "pregnant", partner=other))
    make_condition(nurse, "no_nights", FIRST, date(2026, 9, 1))
    refuses("one_condition_a_day", lambda: make_condition(nurse, "no_nights", date(2026, 8, 31)))
    make_condition(nurse, "no_nights", date(2026, 9, 1))
    assert Condition.objects.count() == 4


def test_a_month_has_one_count(plan: Plan, nurse: User) -> None:
    row = {"user": nurse, "unit": plan.unit, "month": FIRST, "counter": "nights"}
    Ledger.objects.create(value=6, **row)
    refuses("one_count_a_month", lambda: Ledger.objects.create(value=7, **row))


# -- What they stand on ---------------------------------------------------------------------------------------------------
def test_a_qualification_ends_after_it_begins_and_holds_on_its_days(nurse: User) -> None:
    refuses("qualification_ends_after_it_begins", lambda: make_qualification(nurse, "acls", FIRST, FIRST))
    row = make_qualification(nurse, "acls", FIRST, date(2026, 8, 10))

    def holds_on(day: date) -> bool:
        return Qualification.objects.on(day).filter(pk=row.pk).exists()

    assert [holds_on(date(2026, 7, 31)), holds_on(FIRST), holds_on(date(2026, 8, 9)), holds_on(date(2026, 8, 10))] == [
        False,
        True,
        True,
        False,
    ]
    row.revoked_at = clock.now()
    row.save()
    assert not holds_on(FIRST)


def test_a_day_of_a_calendar_has_one_entry_of_a_kind() -> None:
    site = make_site()
    make_calendar_entry(site, FIRST, date(2026, 8, 31), "ramadan")
    refuses("one_entry_a_kind_and_day", lambda: make_calendar_entry(site, date(2026, 8, 30), kind="ramadan"))
    make_calendar_entry(site, date(2026, 8, 30))
    make_calendar_entry(make_site(), date(2026, 8, 30), kind="ramadan")
