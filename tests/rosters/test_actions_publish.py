"""Opening, publishing, taking back, closing: what holds, who is told, what is counted."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.audit.models import AuditEntry
from apps.core.models import OutboxEvent
from apps.notifications import queries as notice_queries
from apps.notifications.models import Notice
from apps.rosters import actions, queries
from apps.rosters.models import Ledger, Plan, PlanState, Shift, ShiftEvent
from tests.factories import (
    assign_to,
    fill_plan,
    grant,
    make_person,
    make_plan,
    make_rule,
    make_shift,
    make_unit,
)
from tests.rosters.wards import DAY, FIRST, LAST, day, make_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward():
    return make_ward()


def state(ward):
    return Plan.objects.get(pk=ward.plan.pk).state


def publish(ward, **more):
    return actions.publish_plan(by=ward.manager, plan=ward.plan, **more)


def told(kind="roster"):
    return set(Notice.objects.filter(kind=kind).values_list("user_id", flat=True))


# -- Opening --------------------------------------------------------------------------------------------------------------
def test_a_manager_opens_a_month(ward):
    plan = actions.create_plan(by=ward.manager, unit=ward.unit, first=LAST, last=date(2027, 5, 1))
    assert (plan.state, plan.during.lower, plan.during.upper) == (PlanState.DRAFT, LAST, date(2027, 5, 1))
    assert AuditEntry.objects.filter(action="rosters.plan_created", object_id=str(plan.pk)).exists()


def test_a_month_is_opened_once_the_right_way_round_and_by_its_manager(ward):
    with pytest.raises(actions.PlanExists):
        actions.create_plan(by=ward.manager, unit=ward.unit, first=day(31), last=LAST + DAY)
    with pytest.raises(actions.WrongDays):
        actions.create_plan(by=ward.manager, unit=ward.unit, first=LAST, last=LAST)
    with pytest.raises(actions.WrongState):
        actions.create_plan(by=ward.manager, unit=ward.unit, first=LAST, last=LAST + DAY, state=PlanState.PUBLISHED)
    with pytest.raises(actions.NotYours):
        actions.create_plan(by=ward.nurses[0], unit=ward.unit, first=LAST, last=LAST + DAY)


def test_a_draft_moves_to_proposed_and_back_but_is_not_published_so(ward):
    actions.move_state(by=ward.manager, plan=ward.plan, state=PlanState.PROPOSED)
    assert state(ward) == PlanState.PROPOSED
    for wrong in (PlanState.PUBLISHED, PlanState.CLOSED):
        with pytest.raises(actions.WrongState):
            actions.move_state(by=ward.manager, plan=ward.plan, state=wrong)
    with pytest.raises(actions.NotYours):
        actions.move_state(by=ward.nurses[0], plan=ward.plan, state=PlanState.DRAFT)


# -- Publishing -----------------------------------------------------------------------------------------------------------
def test_publishing_makes_what_holds_equal_to_the_draft(ward):
    one, other = ward.nurses[:2]
    ward.set((one, 1, "D HC"), (other, 1, "N"))
    done = publish(ward)
    assert ward.codes(one, 1, live=True) == ["D HC"]
    assert (state(ward), set(done.affected), done.cells) == (PlanState.PUBLISHED, {one.pk, other.pk}, 2)
    assert Plan.objects.get(pk=ward.plan.pk).published_at == Shift.objects.live().first().known_during.lower


def test_only_cells_that_differ_are_written_anew(ward):
    one, other = ward.nurses[:2]
    ward.set((one, 1, "D"), (other, 1, "N"))
    publish(ward)
    kept = Shift.objects.live().get(user=other)
    ward.set((one, 1, "E"))
    assert ward.codes(one, 1, live=True) == ["D"]
    done = publish(ward)
    assert (done.affected, ward.codes(one, 1, live=True)) == ((one.pk,), ["E"])
    assert Shift.objects.live().get(user=other) == kept
    old, new = Shift.objects.filter(user=one, is_live=True).order_by("known_during")
    assert old.known_during.upper == new.known_during.lower


def test_publishing_twice_writes_nothing_the_second_time(ward):
    ward.set((ward.nurses[0], 1, "D"))
    first = publish(ward)
    assert publish(ward).change == first.change
    assert AuditEntry.objects.filter(action="rosters.plan_published").count() == 1


def test_some_days_are_published_and_the_others_stay_drafts(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"), (nurse, 9, "E"))
    publish(ward, first=FIRST, last=day(8))
    assert ward.codes(nurse, 1, 9, live=True) == ["D", ""]
    with pytest.raises(actions.WrongDays):
        publish(ward, first=LAST, last=LAST + DAY)


def test_those_whose_shifts_differ_are_told_and_nobody_else(ward):
    one, other = ward.nurses[:2]
    ward.set((one, 1, "D"), (other, 1, "N"))
    publish(ward)
    assert told() == {one.pk, other.pk}
    Notice.objects.all().delete()
    ward.set((one, 1, "E"))
    publish(ward)
    assert told() == {one.pk}


@pytest.mark.parametrize(("whom", "everybody"), [("all", True), ("none", False)])
def test_all_or_none_can_be_told(ward, whom, everybody):
    ward.set((ward.nurses[0], 1, "D"))
    publish(ward, notify=whom)
    assert told() == ({nurse.pk for nurse in ward.nurses} if everybody else set())  # who publishes knows it


def test_more_than_fifty_are_told_by_a_task():
    from apps.core.actions import drain_outbox

    ward = make_ward(51)
    fill_plan(ward.plan, dict.fromkeys(ward.nurses, "D"), first=FIRST)
    publish(ward)
    assert told() == set()
    assert OutboxEvent.objects.filter(name="rosters.PeopleToTell").exists()
    drain_outbox()
    assert len(told()) == 51


def test_the_notice_says_what_changed_for_its_reader(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"), (nurse, 2, "N"))
    publish(ward)
    ward.set((nurse, 1, ""), (nurse, 3, "E"))
    publish(ward)
    rows = notice_queries.rows_of(nurse, Notice.objects.filter(user=nurse).order_by("-pk"))
    assert len(rows) == 2
    assert "–" in rows[0].view.excerpt
    assert "E" in rows[0].view.excerpt
    assert rows[0].view.place == ward.unit.name
    assert ward.manager.display_name in rows[0].view.sentence


def test_a_notice_of_what_holds_no_more_is_not_shown(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"))
    publish(ward)
    actions.recall_plan(by=ward.manager, plan=ward.plan, reason="두 주가 빠졌습니다.")
    rows = notice_queries.rows_of(nurse, Notice.objects.filter(user=nurse))
    assert [row.notice.key.split(":")[1] for row in rows] == ["recalled"]


def test_who_was_published_elsewhere_meanwhile_is_not_booked_twice(ward):
    nurse, elsewhere = ward.nurses[0], make_unit(site=ward.site)
    assign_to(nurse, elsewhere)
    ward.set((nurse, 1, "D"), (ward.nurses[1], 1, "E"))
    make_shift(make_plan(elsewhere, FIRST, LAST), nurse, day(1), "D12", live=True)
    with pytest.raises(actions.DoubleBooked) as refused:
        publish(ward)
    assert refused.value.more["place"] == elsewhere.name
    assert not Shift.objects.live().filter(plan=ward.plan).exists()
    assert state(ward) == PlanState.DRAFT


def test_a_draft_that_breaks_a_rule_is_published_with_a_reason_alone(ward):
    nurse = ward.nurses[0]
    rule = make_rule("run", {"what": "work", "max": 1})
    fill_plan(ward.plan, {nurse: "D D"}, first=FIRST)
    with pytest.raises(actions.RuleBroken):
        publish(ward)
    with pytest.raises(actions.ReasonMissing):
        publish(ward, approved_by=ward.manager)
    with pytest.raises(actions.NotYours):
        publish(ward, approved_by=nurse, reason="급합니다.")
    publish(ward, approved_by=ward.manager, reason="두 명이 아픕니다.")
    detail = AuditEntry.objects.get(action="rosters.plan_published").detail
    assert [row["rule"] for row in detail["accepted"]] == [rule.code]


def test_what_is_approved_by_publishing_stays_with_its_cells_and_is_nothing_to_undo(ward):
    nurse = ward.nurses[0]
    rule = make_rule("run", {"what": "work", "max": 1})
    fill_plan(ward.plan, {nurse: "D D"}, first=FIRST)
    ward.set((nurse, 9, "E"))
    publish(ward, approved_by=ward.manager, reason="두 명이 아픕니다.")
    events = ShiftEvent.objects.exclude(findings=[]).order_by("day")
    assert [(row.day, row.before, row.approved_by, row.reason) for row in events] == [
        (day(number), events[0].after, ward.manager, "두 명이 아픕니다.") for number in (1, 2)
    ]
    assert [row["rule"] for row in events[0].findings] == [rule.code]
    assert actions.undo(by=ward.manager, plan=ward.plan).cells[0].day == day(9)
    actions.recall_plan(by=ward.manager, plan=ward.plan, reason="다시 봅니다.")
    publish(ward)  # which was approved already
    assert ward.codes(nurse, 1, 2, live=True) == ["D", "D"]


def test_who_has_left_since_the_draft_is_not_published(ward):
    """Moved on the tenth: the days before are published, the days after are named and have to be cleared first."""
    moved, closed = ward.nurses[:2]
    ward.set((moved, 9, "D"), (moved, 10, "D"), (closed, 1, "D"))
    home = moved.assignments.get()
    home.during = DateRange(home.during.lower, day(10))
    home.save()
    publish(ward, first=FIRST, last=day(10))
    with pytest.raises(actions.NotInUnit) as refused:
        publish(ward)
    assert (refused.value.user_id, refused.value.day) == (moved.pk, day(10))
    ward.set((moved, 10, ""))
    publish(ward)
    assert ward.codes(moved, 9, 10, live=True) == ["D", ""]
    ward.set((closed, 2, "D"))
    closed.is_active = False
    closed.save()
    with pytest.raises(actions.NotInUnit):
        publish(ward)
    assert ward.codes(closed, 1, 2, live=True) == ["D", ""]


def test_what_was_approved_when_it_was_written_is_published_as_it_is(ward):
    nurse = ward.nurses[0]
    make_rule("run", {"what": "work", "max": 1})
    ward.set((nurse, 1, "D"))
    ward.set((nurse, 2, "D"), reason="두 명이 아픕니다.", approved_by=ward.manager)
    publish(ward)
    assert ward.codes(nurse, 1, 2, live=True) == ["D", "D"]


def test_a_rule_broken_across_two_units_is_seen_when_the_second_is_published(ward):
    nurse = ward.nurses[0]
    make_rule("succession", {"after": "night", "then": "day"})
    second = make_ward(0, site=ward.site)
    make_rule("succession", {"after": "night", "then": "day"})
    assign_to(nurse, second.unit)
    ward.set((nurse, 1, "N"))
    second.set((nurse, 2, "D"))
    publish(ward)
    with pytest.raises(actions.RuleBroken):
        publish(second)


def test_others_do_not_publish(ward):
    foreign = make_person(unit=make_unit(site=ward.site))
    grant(foreign, "unit_manager", unit=foreign.home_unit)
    for person in (foreign, ward.nurses[0]):
        for act in (
            lambda by: actions.publish_plan(by=by, plan=ward.plan),
            lambda by: actions.recall_plan(by=by, plan=ward.plan, reason="x"),
            lambda by: actions.close_plan(by=by, plan=ward.plan),
        ):
            with pytest.raises(actions.NotYours):
                act(person)


def test_publishing_is_taken_back_whole_when_the_audit_cannot_be_written(ward, monkeypatch):
    ward.set((ward.nurses[0], 1, "D"))

    def fail(**detail):
        raise RuntimeError("the audit is full")

    monkeypatch.setattr("apps.rosters.actions.locking.write_entry", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        publish(ward)
    assert (Shift.objects.live().count(), Notice.objects.count(), state(ward)) == (0, 0, PlanState.DRAFT)


def test_staff_see_what_is_published_and_nothing_else(ward):
    from apps.rosters import permissions

    nurse, stranger = ward.nurses[0], make_person()
    ward.set((nurse, 1, "D"))
    assert not permissions.can_see_plan(nurse, ward.plan)
    assert permissions.can_see_plan(ward.manager, ward.plan)
    publish(ward)
    assert permissions.can_see_plan(nurse, ward.plan)
    assert not permissions.can_see_plan(stranger, ward.plan)


# -- Taking back ----------------------------------------------------------------------------------------------------------
def test_a_roster_that_lies_ahead_is_taken_back_and_its_draft_stays(ward):
    nurse = ward.nurses[0]
    ward.set((nurse, 1, "D"))
    publish(ward)
    done = actions.recall_plan(by=ward.manager, plan=ward.plan, reason="두 주가 빠졌습니다.")
    assert (ward.codes(nurse, 1, live=True), ward.codes(nurse, 1)) == ([""], ["D"])
    plan = Plan.objects.get(pk=ward.plan.pk)
    assert (plan.state, plan.published_at, done.affected) == (PlanState.DRAFT, None, (nurse.pk,))
    before = Shift.objects.filter(is_live=True).get()
    assert Shift.objects.known_at(before.known_during.lower).exists()  # it is known what was known then
    publish(ward)
    assert ward.codes(nurse, 1, live=True) == ["D"]


def test_what_is_not_published_or_has_begun_or_without_a_reason_is_not_taken_back(ward, clock):
    with pytest.raises(actions.WrongState):
        actions.recall_plan(by=ward.manager, plan=ward.plan, reason="x")
    ward.set((ward.nurses[0], 1, "D"))
    publish(ward)
    with pytest.raises(actions.ReasonMissing):
        actions.recall_plan(by=ward.manager, plan=ward.plan, reason=" ")
    clock.shift(datetime(2027, 3, 1, 0, 1, tzinfo=ZoneInfo("Asia/Seoul")) - datetime.now(ZoneInfo("UTC")))
    with pytest.raises(actions.WrongState):
        actions.recall_plan(by=ward.manager, plan=ward.plan, reason="x")
    assert ward.codes(ward.nurses[0], 1, live=True) == ["D"]


# -- Closing --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def past():
    """February 2026: its rest days and the three days of Seollal, 16 to 18."""
    ward = make_ward(1, first=date(2026, 2, 1), last=date(2026, 3, 1))
    #                            1  2 3 4 5 6 7  8 9 10
    fill_plan(ward.plan, {ward.nurses[0]: "D . N N O O D  AL D E" + " O" * 5 + " D"}, first=date(2026, 2, 1), live=None)
    Plan.objects.update(state=PlanState.PUBLISHED, published_at=ward.plan.created_at)
    return ward


def counts(user):
    return dict(Ledger.objects.filter(user=user).values_list("counter", "value"))


def test_closing_counts_the_month_and_counting_again_changes_nothing(past):
    nurse = past.nurses[0]
    actions.close_plan(by=past.manager, plan=past.plan)
    assert state(past) == PlanState.CLOSED
    first = counts(nurse)
    # Sunday 1, Saturday 7; Monday 16 is a holiday. 28 days, 7 shifts, one day of leave; 8 rest days and 3 holidays,
    # of which the leave of Sunday 8 takes one away.
    assert first == {
        "nights": 2,
        "weekends": 2,
        "holidays": 1,
        "shifts": 7,
        "days_off": 20,
        "off_balance": 20 - 10,
    }
    actions.close_plan(by=past.manager, plan=past.plan)
    assert counts(nurse) == first
    assert AuditEntry.objects.filter(action="rosters.plan_closed").count() == 1


def test_a_closed_roster_is_not_published_again(past):
    actions.close_plan(by=past.manager, plan=past.plan)
    with pytest.raises(actions.PlanClosed):
        publish(past)


def test_what_is_not_over_not_published_or_differs_is_not_closed(ward, past):
    with pytest.raises(actions.WrongState):
        actions.close_plan(by=ward.manager, plan=ward.plan)
    Plan.objects.filter(pk=ward.plan.pk).update(state=PlanState.PUBLISHED)
    with pytest.raises(actions.WrongState):
        actions.close_plan(by=ward.manager, plan=ward.plan)
    Shift.objects.draft().filter(plan=past.plan).first().delete()
    with pytest.raises(actions.NotPublishedYet) as refused:
        actions.close_plan(by=past.manager, plan=past.plan)
    assert refused.value.more["cells"] == 1


def test_it_closes_a_month_from_the_console(past, capsys):
    path = f"{past.site.code}/{past.unit.department.code}/{past.unit.code}"
    call_command("close_period", path, "2026-02", "--dry-run")
    assert not Ledger.objects.exists()
    assert "Nothing was written" in capsys.readouterr().out
    call_command("close_period", path, "2026-02", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["people"][str(past.nurses[0].pk)]["nights"] == 2
    assert found["written"] == Ledger.objects.count() == 12
    call_command("close_period", str(past.unit.pk), "2026-02", "--json")
    assert json.loads(capsys.readouterr().out) == found


@pytest.mark.parametrize(
    ("unit", "month", "words"),
    [
        ("nowhere", "2026-02", "SITE/DEPARTMENT/UNIT"),
        ("a/b/c", "2026-02", "no unit"),
        (None, "2026-13", "no month"),
        (None, "2030-01", "no roster"),
    ],
)
def test_the_console_says_what_it_does_not_understand(past, unit, month, words):
    with pytest.raises(CommandError, match=words):
        call_command("close_period", unit or str(past.unit.pk), month)


def test_counts_are_those_of_the_unit_alone(past):
    nurse = past.nurses[0]
    elsewhere = make_unit(site=past.site)
    assign_to(nurse, elsewhere)
    other = make_plan(elsewhere, date(2026, 2, 1), date(2026, 3, 1))
    make_shift(other, nurse, date(2026, 2, 20), "N", live=True)
    here = queries.counts_of_month(past.unit, date(2026, 2, 1))[nurse.pk]
    assert (here["nights"], here["shifts"], here["days_off"]) == (2, 7, 19)
    assert queries.counts_of_month(elsewhere, date(2026, 2, 1))[nurse.pk] == {
        "nights": 1,
        "weekends": 0,
        "holidays": 0,
        "shifts": 1,
    }
