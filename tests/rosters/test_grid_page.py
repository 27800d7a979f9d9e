"""The grid in the administration: its page, its cells by JSON and by form, what is refused, and who may not see it."""

import json
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.core import clock
from apps.people.models import User
from apps.rosters import actions
from apps.rosters.admin.forms import next_month
from apps.rosters.models import Family, Plan, PlanState, Rule, Shift, ShiftEvent
from apps.sites.models import Unit
from tests import factories

pytestmark = pytest.mark.django_db

FIRST = date(2026, 8, 3)  # a Monday
JSON = {"accept": "application/json"}


@dataclass
class Ward:
    unit: Unit
    manager: User
    nurses: list[User]
    plan: Plan
    client: Client

    def url(self, name: str, *more: Any) -> str:
        return reverse(f"admin:rosters_plan_{name}", args=[self.plan.pk, *more])

    def edit(self, *edits: tuple[User, int, str], **more: Any) -> Any:
        """Put codes into cells: (who, which day, codes), as the script does."""
        order = {
            "edits": [[who.pk, (FIRST + timedelta(days=day)).isoformat(), codes.split()] for who, day, codes in edits],
            "base_change": self.plan.last_change,
            "batch": str(uuid.uuid4()),
            **more,
        }
        return self.client.post(self.url("grid_edit"), json.dumps(order), content_type="application/json", headers=JSON)

    def act(self, verb: str, **data: Any) -> Any:
        return self.client.post(self.url("grid_act"), {"do": verb, **data}, headers=JSON)

    def drafted(self) -> dict[tuple[int, int], str]:
        rows = Shift.objects.draft().filter(plan=self.plan).select_related("shift_type")
        return {(row.user_id, (row.day - FIRST).days): row.shift_type.code for row in rows}


@pytest.fixture
def ward(client: Client) -> Ward:
    Rule.objects.update(is_on=False)  # each test has the rules that it is about
    unit = factories.make_unit()
    factories.standard_types(unit.department.site)
    manager = factories.make_person(unit=unit, name_ko="장하늘")
    factories.grant(manager, "unit_manager", unit=unit)
    nurses = [factories.make_person(unit=unit, name_ko=name) for name in ("이누리", "박한결", "최다온")]
    plan = factories.make_plan(unit, FIRST, FIRST + timedelta(days=28), created_by=manager)
    return Ward(unit, manager, nurses, plan, factories.sign_in_as(client, manager))


@pytest.fixture
def one_night_at_most(ward: Ward) -> None:
    """A hard rule of this unit: no second night in a row."""
    params = {"what": "night", "max": 1}
    factories.make_rule(Family.RUN, params, unit=ward.unit, name_ko="연속 밤번", name_en="Nights in a row")


# -- The page -------------------------------------------------------------------------------------------------------------
def test_each_cell_links_to_its_form(ward: Ward) -> None:
    nurse = ward.nurses[0]
    factories.fill_plan(ward.plan, {nurse: "D E N O"})
    page = ward.client.get(ward.url("grid"))
    assert page.status_code == 200
    text = page.content.decode()
    for name in ("이누리", "박한결", "최다온"):
        assert name in text
    assert f'<td class="d"><a href="{nurse.pk}/2026-08-03/">D</a></td>' in text
    assert text.count("<td") >= 4 * 28  # the manager works there too


def test_the_list_shows_own_rosters_and_leads_to_the_grid(ward: Ward) -> None:
    other = factories.make_plan(factories.make_unit(name_ko="남의 병동"), FIRST)
    page = ward.client.get(reverse("admin:rosters_plan_changelist"))
    assert ward.unit.name in page.content.decode()
    assert other.unit.name not in page.content.decode()
    change = ward.client.get(reverse("admin:rosters_plan_change", args=[ward.plan.pk]))
    assert change.url == ward.url("grid")


def test_a_new_roster_is_opened_for_a_month_of_an_own_unit(ward: Ward) -> None:
    address = reverse("admin:rosters_plan_add")
    assert ward.client.get(address).status_code == 200
    answer = ward.client.post(address, {"unit": ward.unit.pk, "month": "2026-10"})
    plan = Plan.objects.exclude(pk=ward.plan.pk).get()
    assert answer.url == reverse("admin:rosters_plan_grid", args=[plan.pk])
    assert (plan.during.lower, plan.during.upper) == (date(2026, 10, 1), date(2026, 11, 1))
    assert plan.created_by == ward.manager


def test_the_month_after_the_last_roster_is_offered_and_then_the_weeks_before_it(ward: Ward) -> None:
    address = reverse("admin:rosters_plan_add")
    coming = next_month(clock.now().date())
    offered = [ward.client.get(address).context["adminform"].form["month"].value()]
    grid = ward.client.post(address, {"unit": ward.unit.pk, "month": offered[0]}, follow=True)
    offered.append(ward.client.get(address).context["adminform"].form["month"].value())
    assert offered == [f"{coming:%Y-%m}", f"{next_month(coming):%Y-%m}"]
    copy = grid.context["forms"]["copy"]
    assert copy["source_first"].value() == coming - timedelta(days=35)  # five weeks: each day on its weekday
    assert (copy["target_first"].value(), copy["days"].value()) == (coming, (next_month(coming) - coming).days)
    ward.edit((ward.nurses[0], 0, "D"))
    assert ward.client.get(ward.url("grid")).context["forms"]["copy"]["days"].value() == 7


@pytest.mark.parametrize("month", ["", "October", "2026-13", "2026-10-01"])
def test_a_month_that_is_none_is_said_beside_its_field(ward: Ward, month: str) -> None:
    answer = ward.client.post(reverse("admin:rosters_plan_add"), {"unit": ward.unit.pk, "month": month})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["month"]
    assert Plan.objects.count() == 1


def test_no_second_roster_for_the_same_days_and_none_for_another_unit(ward: Ward) -> None:
    address = reverse("admin:rosters_plan_add")
    twice = ward.client.post(address, {"unit": ward.unit.pk, "month": "2026-08"}, follow=True)
    assert [str(message) for message in twice.context["messages"]]
    assert twice.context["adminform"].form["month"].value() == "2026-08"  # what was asked for still stands there
    ward.client.post(address, {"unit": factories.make_unit().pk, "month": "2026-10"})
    assert Plan.objects.count() == 1


# -- Cells ----------------------------------------------------------------------------------------------------------------
def test_typed_codes_are_stored_and_answered_with_what_changed(ward: Ward) -> None:
    first, second, _third = ward.nurses
    answer = ward.edit((first, 0, "d"), (first, 1, "E"), (second, 2, "D HC"))
    assert answer.status_code == 200, answer.content
    assert {cell: code for cell, code in ward.drafted().items() if cell[0] == first.pk} == {
        (first.pk, 0): "D",
        (first.pk, 1): "E",
    }
    said = answer.json()
    assert said["change"] > ward.plan.last_change
    days = ["2026-08-03", "2026-08-04", "2026-08-05"]
    assert sorted(said["cells"]) == sorted(
        [
            [first.pk, days[0], ["D"], False],
            [first.pk, days[1], ["E"], False],
            [second.pk, days[2], ["D", "HC"], False],
        ]
    )
    state = ward.client.get(ward.url("grid_state")).json()
    assert state["change"] == said["change"]
    assert state["rows"][str(first.pk)][0] == ["D", "d"]
    assert state["rows"][str(second.pk)][2][0] == "D/HC"


def test_an_unknown_code_names_its_cell_and_nothing_is_stored(ward: Ward) -> None:
    nurse = ward.nurses[0]
    answer = ward.edit((nurse, 0, "D"), (nurse, 1, "QQ"))
    assert answer.status_code == 400
    assert answer.json()["error"] == "unknown_code"
    assert answer.json()["cells"] == [{"user": nurse.pk, "day": "2026-08-04"}]
    assert "QQ" in answer.json()["message"]
    assert ward.drafted() == {}


def test_a_second_manager_is_told_of_the_first_ones_version(ward: Ward) -> None:
    nurse = ward.nurses[0]
    other = factories.make_person(unit=ward.unit, name_ko="강마루")
    factories.grant(other, "unit_manager", unit=ward.unit)
    edit = actions.CellEdit(nurse.pk, FIRST, ("N",))
    actions.set_cells(by=other, plan=ward.plan, edits=[edit], base_change=ward.plan.last_change)
    answer = ward.edit((nurse, 0, "D"))
    assert answer.status_code == 409
    said = answer.json()
    assert [(cell["text"], cell["by"]) for cell in said["cells"]] == [("N", "강마루")]
    assert said["state"]["rows"][str(nurse.pk)][0][0] == "N"
    assert ward.drafted() == {(nurse.pk, 0): "N"}
    again = ward.edit((nurse, 0, "D"), base_change=said["state"]["change"])
    assert again.status_code == 200
    assert ward.drafted() == {(nurse.pk, 0): "D"}


def test_a_hard_rule_asks_for_a_reason_and_keeps_it(ward: Ward, one_night_at_most: None) -> None:
    nurse = ward.nurses[0]
    refused = ward.edit((nurse, 0, "N"), (nurse, 1, "N"))
    assert refused.status_code == 422
    assert refused.json()["sentences"]
    assert ward.drafted() == {}
    no_reason = ward.edit((nurse, 0, "N"), (nurse, 1, "N"), is_approved=True)
    assert no_reason.status_code == 400
    approved = ward.edit((nurse, 0, "N"), (nurse, 1, "N"), is_approved=True, reason="대신할 사람이 없습니다.")
    assert approved.status_code == 200
    event = ShiftEvent.objects.filter(plan=ward.plan).exclude(findings=[]).first()
    assert event is not None
    assert (event.reason, event.approved_by) == ("대신할 사람이 없습니다.", ward.manager)
    assert approved.json()["findings"][0]["level"] == "hard"


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"edits": []}', '{"edits": [[1, "x", []]], "base_change": 0, "batch": "y"}', '{"edits": 3}'],
)
def test_what_is_no_edit_is_a_bad_request(ward: Ward, body: str) -> None:
    answer = ward.client.post(ward.url("grid_edit"), body, content_type="application/json", headers=JSON)
    assert answer.status_code == 400


def test_the_state_is_silent_until_something_changed(ward: Ward) -> None:
    address = ward.url("grid_state")
    assert ward.client.get(address, {"after": ward.plan.last_change}).status_code == 204
    said = ward.edit((ward.nurses[0], 0, "D")).json()
    news = ward.client.get(address, {"after": ward.plan.last_change})
    assert news.status_code == 200
    assert news.json()["rows"][str(ward.nurses[0].pk)][0] == ["D", "d"]
    assert ward.client.get(address, {"after": said["change"]}).status_code == 204


# -- The whole roster -----------------------------------------------------------------------------------------------------
def test_undo_and_redo_by_a_plain_form(ward: Ward) -> None:
    nurse = ward.nurses[0]
    ward.edit((nurse, 0, "D"))
    undone = ward.client.post(ward.url("grid_act"), {"do": "undo"})
    assert (undone.status_code, undone.url) == (302, ward.url("grid"))
    assert ward.drafted() == {}
    ward.client.post(ward.url("grid_act"), {"do": "redo"})
    assert ward.drafted() == {(nurse.pk, 0): "D"}


def test_a_week_is_copied(ward: Ward) -> None:
    nurse = ward.nurses[0]
    factories.fill_plan(ward.plan, {nurse: "D E . O"})
    done = ward.act("copy", source_first="2026-08-03", target_first="2026-08-10", days=7)
    assert done.status_code == 200, done.content
    assert [ward.drafted().get((nurse.pk, day)) for day in range(7, 11)] == ["D", "E", None, "O"]
    wrong = ward.act("copy", source_first="2026-08-03", target_first="soon", days=7)
    assert wrong.status_code == 400
    assert wrong.json()["message"]


def test_a_pattern_is_applied_and_another_units_is_not_there(ward: Ward) -> None:
    nurse = ward.nurses[0]
    pattern = factories.make_pattern(ward.unit, "D E O", nurse, anchor_on=FIRST)
    days = {"first_on": "2026-08-03", "last_on": "2026-08-05"}
    done = ward.act("pattern", pattern=pattern.pk, **days)
    assert done.status_code == 200, done.content
    assert [ward.drafted()[nurse.pk, day] for day in range(3)] == ["D", "E", "O"]
    foreign = factories.make_pattern(factories.make_unit(), "N N", nurse)
    assert ward.act("pattern", pattern=foreign.pk, **days).status_code == 400


def test_locked_cells_refuse_and_are_unlocked_by_the_same_verb(ward: Ward) -> None:
    nurse = ward.nurses[0]
    ward.edit((nurse, 0, "D"))
    cell = f"{nurse.pk}:2026-08-03"
    assert "k" in ward.act("lock", cell=[cell]).json()["rows"][str(nurse.pk)][0][1].split()
    ward.plan.refresh_from_db()
    assert ward.edit((nurse, 0, "E")).json()["error"] == "locked"
    ward.act("lock", cell=[cell])
    ward.plan.refresh_from_db()
    assert ward.edit((nurse, 0, "E")).status_code == 200


def test_publishing_marks_what_changes_afterwards(ward: Ward) -> None:
    nurse = ward.nurses[0]
    ward.edit((nurse, 0, "D"))
    days = {"first_on": "2026-08-03", "last_on": "2026-08-30", "notify": "affected"}
    done = ward.act("publish", **days)
    assert done.status_code == 200, done.content
    assert done.json()["reload"]
    ward.plan.refresh_from_db()
    assert ward.plan.state == PlanState.PUBLISHED
    assert Shift.objects.live().filter(plan=ward.plan, user=nurse).count() == 1
    ward.edit((nurse, 1, "E"))
    changed = ward.client.get(ward.url("grid_state")).json()
    assert changed["rows"][str(nurse.pk)][1] == ["E", "e g"]
    assert Shift.objects.live().filter(plan=ward.plan, user=nurse).count() == 1


def test_publishing_over_a_hard_rule_asks_for_a_reason(ward: Ward, one_night_at_most: None) -> None:
    factories.fill_plan(ward.plan, {ward.nurses[0]: "N N"})
    days = {"first_on": "2026-08-03", "last_on": "2026-08-30", "notify": "none"}
    assert ward.act("publish", **days).status_code == 422
    assert ward.act("publish", **days, is_approved="on", reason="인력이 없습니다.").status_code == 200


def test_a_verb_that_is_none_is_a_bad_request(ward: Ward) -> None:
    assert ward.act("explode").status_code == 400
    assert ward.act("lock").status_code == 400


def test_why_a_shift_has_a_hole(ward: Ward) -> None:
    kind = factories.standard_types(ward.unit.department.site)["N"]
    factories.make_demand(ward.unit, kind, 2)
    factories.fill_plan(ward.plan, dict.fromkeys(ward.nurses, "AL"))
    page = ward.client.get(ward.url("grid")).content.decode()
    address = ward.url("hole", "2026-08-03", kind.pk)
    assert address in page
    whole = ward.client.get(address).content.decode()
    part = ward.client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "장하늘" in part  # who could take it
    assert "3" in part
    assert "<html" in whole
    assert "<html" not in part


# -- One cell -------------------------------------------------------------------------------------------------------------
def test_a_cell_by_its_form(ward: Ward) -> None:
    nurse = ward.nurses[0]
    address = ward.url("cell", nurse.pk, "2026-08-03")
    form = ward.client.get(address)
    assert form.status_code == 200
    saved = ward.client.post(
        address, {"codes": "D", "note": "교육 뒤 14시부터", "is_locked": "on", "base_change": ward.plan.last_change}
    )
    assert saved.url == ward.url("grid")
    row = Shift.objects.draft().get(plan=ward.plan, user=nurse)
    assert (row.shift_type.code, row.note, row.is_locked) == ("D", "교육 뒤 14시부터", True)
    history = ward.client.get(address).content.decode()
    assert "교육 뒤 14시부터" in history
    assert "장하늘" in history


def test_a_refused_cell_keeps_what_was_typed_and_takes_a_reason(ward: Ward, one_night_at_most: None) -> None:
    nurse = ward.nurses[0]
    ward.edit((nurse, 0, "N"))
    ward.plan.refresh_from_db()
    address = ward.url("cell", nurse.pk, "2026-08-04")
    data = {"codes": "N", "note": "", "base_change": ward.plan.last_change}
    refused = ward.client.post(address, data)
    assert refused.status_code == 422
    assert 'value="N"' in refused.content.decode()
    taken = ward.client.post(address, {**data, "reason": "대신할 사람이 없습니다.", "is_approved": "on"})
    assert taken.status_code == 302
    assert ward.drafted()[nurse.pk, 1] == "N"


@pytest.mark.parametrize("day", ["2026-07-31", "2026-08-31", "today", "2026-02-30"])
def test_a_day_that_is_not_in_the_roster_has_no_cell(ward: Ward, day: str) -> None:
    assert ward.client.get(ward.url("cell", ward.nurses[0].pk, day)).status_code == 404


def test_somebody_who_is_not_in_the_roster_has_no_cell(ward: Ward) -> None:
    stranger = factories.make_person()
    assert ward.client.get(ward.url("cell", stranger.pk, "2026-08-03")).status_code == 404


# -- Who may --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["unit_manager", "it", "privacy_officer", ""])
def test_nobody_else_finds_the_roster(ward: Ward, role: str) -> None:
    stranger = factories.make_person(unit=factories.make_unit(site=ward.unit.department.site))
    if role == "unit_manager":
        factories.grant(stranger, role, unit=stranger.home_unit)
    elif role:
        factories.grant(stranger, role)
    client = factories.sign_in_as(Client(), stranger)
    nurse, kind = ward.nurses[0], factories.standard_types(ward.unit.department.site)["D"]
    for address in (
        ward.url("grid"),
        ward.url("grid_state"),
        ward.url("cell", nurse.pk, "2026-08-03"),
        ward.url("hole", "2026-08-03", kind.pk),
        ward.url("change"),
    ):
        assert client.get(address, follow=True).status_code == 404, address
    edits = {"edits": [[nurse.pk, "2026-08-03", ["D"]]], "base_change": 0, "batch": str(uuid.uuid4())}
    answer = client.post(ward.url("grid_edit"), json.dumps(edits), content_type="application/json", follow=True)
    assert answer.status_code == 404
    for verb in ("undo", "publish", "lock"):
        assert client.post(ward.url("grid_act"), {"do": verb}, follow=True).status_code == 404
    assert client.post(ward.url("cell", nurse.pk, "2026-08-03"), {"codes": "D"}, follow=True).status_code == 404
    assert not Shift.objects.exists()


def test_a_closed_roster_is_for_reading(ward: Ward) -> None:
    Plan.objects.filter(pk=ward.plan.pk).update(state=PlanState.CLOSED)
    page = ward.client.get(ward.url("grid")).content.decode()
    assert "data-editable" not in page
    assert ward.edit((ward.nurses[0], 0, "D")).status_code == 400
    assert not Shift.objects.exists()


def test_an_edit_stands_in_the_audit(ward: Ward) -> None:
    before = AuditEntry.objects.count()
    ward.edit((ward.nurses[0], 0, "D"))
    entry = AuditEntry.objects.latest("pk")
    assert AuditEntry.objects.count() == before + 1
    assert entry.actor_id == ward.manager.pk


def test_the_page_costs_the_same_queries_for_more_people(
    ward: Ward, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    ward.client.get(ward.url("grid"))
    with django_assert_max_num_queries(40) as seen:
        ward.client.get(ward.url("grid"))
    for _ in range(20):
        nurse = factories.make_person(unit=ward.unit)
        factories.fill_plan(ward.plan, {nurse: "D D E E N N O O"})
    with django_assert_num_queries(len(seen)):
        ward.client.get(ward.url("grid"))
