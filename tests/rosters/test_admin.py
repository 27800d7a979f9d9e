"""The roster's administration apart from the grid: whose rows they are, what is refused, what is said, what is kept."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from apps.audit.models import AuditEntry
from apps.core import clock
from apps.rosters.models import (
    Condition,
    Demand,
    Duty,
    Family,
    Override,
    Pattern,
    PatternPlace,
    Rotation,
    Rule,
    RuleSetting,
    ShiftType,
    Tier,
    Waiver,
)
from apps.rosters.models.shift_types import ShiftKind
from tests.factories import (
    grant,
    make_condition,
    make_contract,
    make_demand,
    make_duty,
    make_override,
    make_pattern,
    make_person,
    make_plan,
    make_rotation,
    make_rule,
    make_setting,
    make_shift,
    make_shift_type,
    make_site,
    make_tier,
    make_unit,
    make_waiver,
    sign_in_as,
    standard_types,
)

pytestmark = pytest.mark.django_db

SEOUL = ZoneInfo("Asia/Seoul")
DAY = date(2026, 4, 6)
CANARY = "카나리"


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def unit(site):
    return make_unit(site=site)


@pytest.fixture
def types(site):
    return standard_types(site)


@pytest.fixture
def manager(unit):
    person = make_person(unit=unit, language="en")
    grant(person, "unit_manager", unit=unit)
    return person


@pytest.fixture
def stranger():
    """A manager of another unit, at another site."""
    person = make_person(language="en")
    grant(person, "unit_manager", unit=person.home_unit)
    return person


@pytest.fixture
def it():
    person = make_person(language="en")
    grant(person, "it")
    return person


@pytest.fixture
def nurse(unit):
    return make_person(unit=unit)


def page(model: str, row: Any = None, verb: str = "change") -> str:
    if row is None:
        return f"/admin/rosters/{model}/"
    return f"/admin/rosters/{model}/{row if isinstance(row, int) else row.pk}/{verb}/"


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200, response
    form = response.context["adminform"].form
    return {name: [str(line) for line in lines] for name, lines in form.errors.items()}


# -- Whose rows -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def rows(unit, types, manager, nurse):
    """A row of each model with something that could leak, of a unit and its people."""
    own_type = make_shift_type("Q", unit=unit, name_ko=f"{CANARY}근무", name_en="")
    duty = make_duty(unit, name_ko=f"{CANARY}당직", name_en="")
    make_tier(duty, types["D"])
    rule = make_rule(Family.RUN, {"what": "night", "max": 3}, is_waivable=True)
    return {
        "shifttype": own_type,
        "demand": make_demand(unit, own_type),
        "pattern": make_pattern(unit, "D E N O", name=f"{CANARY}조"),
        "duty": duty,
        "rotation": make_rotation(unit, nurse, name=f"{CANARY}순번"),
        "override": make_override(duty, nurse, reason=f"{CANARY} 까닭"),
        "rulesetting": make_setting(rule, {"max": 2}, unit=unit, why=f"{CANARY} 까닭"),
        "waiver": make_waiver(rule, nurse, DAY, reason=f"{CANARY} 까닭"),
        "condition": make_condition(nurse, "no_nights"),
    }


MODELS = (
    "shifttype",
    "demand",
    "pattern",
    "duty",
    "rotation",
    "override",
    "rulesetting",
    "waiver",
    "condition",
)


@pytest.mark.parametrize("model", MODELS)
def test_a_manager_sees_what_is_theirs(client, manager, rows, nurse, model):
    sign_in_as(client, manager)
    listed = client.get(page(model))
    assert listed.status_code == 200
    assert page(model, rows[model]) in listed.content.decode()
    opened = client.get(page(model, rows[model]))
    assert opened.status_code == 200
    if model not in {"demand", "condition"}:
        assert CANARY in opened.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_a_manager_of_another_unit_sees_nothing_by_any_way(client, stranger, rows, nurse, model):
    sign_in_as(client, stranger)
    row = rows[model]
    for address in (page(model), f"{page(model)}?q={CANARY[:2]}", page(model) + "add/"):
        answer = client.get(address)
        body = answer.content.decode()
        assert answer.status_code == 200, address
        assert CANARY not in body, address
        assert page(model, row) not in body, address
        assert nurse.staff_number not in body, address
    for verb in ("change", "history", "delete"):
        assert client.get(page(model, row, verb)).status_code in {302, 403}, verb
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert client.post(page(model, row), {"name_ko": "빼앗음", "why": "x", "reason": "x"}).status_code == 302
    assert client.post(page(model, row, "delete"), {"post": "yes"}).status_code in {302, 403}
    for action in ("delete_selected", "end_now"):
        client.post(page(model), {"action": action, "_selected_action": row.pk, "post": "yes"})
    assert type(row).objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", ["demand", "pattern", "duty", "rotation", "override"])
def test_it_reads_what_units_plan_with_and_changes_nothing(client, it, rows, model):
    sign_in_as(client, it)
    row = rows[model]
    listed = client.get(page(model))
    assert listed.status_code == 200
    assert page(model, row) in listed.content.decode()
    shown = client.get(page(model, row))
    assert shown.status_code == 200
    assert 'name="_save"' not in shown.content.decode()
    if model != "demand":
        assert CANARY in shown.content.decode()
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert client.get(page(model) + "add/").status_code == 403
    assert client.post(page(model, row), {"name_ko": "빼앗음", "name": "빼앗음"}).status_code == 403
    assert client.post(page(model, row, "delete"), {"post": "yes"}).status_code == 403
    for action in ("delete_selected", "end_now"):
        client.post(page(model), {"action": action, "_selected_action": row.pk, "post": "yes"})
    assert type(row).objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", ["waiver", "condition"])
def test_it_does_not_read_what_is_said_of_people(client, it, rows, model):
    sign_in_as(client, it)
    assert client.get(page(model)).status_code == 403
    assert client.get(page(model, rows[model])).status_code in {302, 403}


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_a_role_are_sent_away(client, nurse, rows, model):
    sign_in_as(client, nurse)
    assert client.get(page(model)).status_code == 302
    assert client.get(page(model, rows[model])).status_code == 302


# -- Shift types ----------------------------------------------------------------------------------------------------------
def a_type(site, unit, **data):
    return {
        "site": site.pk,
        "unit": unit.pk if unit else "",
        "code": "D8",
        "kind": "work",
        "colour": "d",
        "name_ko": "낮",
        "starts_at": "07:00",
        "ends_at": "15:00",
        "days_later": 0,
        "break_minutes": 60,
        "counts_percent": 100,
        "is_exclusive": "on",
        "place": 0,
        **data,
    }


def test_a_manager_makes_types_of_their_own_units_only(client, manager, site, unit):
    sign_in_as(client, manager)
    add = page("shifttype") + "add/"
    assert "unit" in errors_of(client.post(add, a_type(site, None)))
    assert "unit" in errors_of(client.post(add, a_type(site, make_unit(site=site))))
    assert "site" in errors_of(client.post(add, a_type(make_site(), unit)))
    assert client.post(add, a_type(site, unit)).status_code == 302
    made = ShiftType.objects.get(code="D8")
    assert (made.unit, made.site) == (unit, site)
    entry = AuditEntry.objects.get(action="admin.added")
    assert (entry.actor_id, entry.object_type, entry.site_code) == (manager.pk, "rosters.shifttype", site.code)


def test_a_sites_types_are_its_and_are_read_by_managers(client, manager, it, types, site):
    sign_in_as(client, manager)
    day = types["D"]
    assert client.get(page("shifttype", day)).status_code == 200
    assert client.post(page("shifttype", day), a_type(site, None, code="D", name_ko="다른")).status_code == 403
    sign_in_as(client, it)
    assert client.post(page("shifttype", day), a_type(site, None, code="D", name_ko="다른")).status_code == 302
    assert ShiftType.objects.get(pk=day.pk).name_ko == "다른"


@pytest.mark.parametrize("code", ["D E", "D,E", "D+E", "-", "."])
def test_a_code_is_one_word(client, manager, site, unit, code):
    sign_in_as(client, manager)
    assert "code" in errors_of(client.post(page("shifttype") + "add/", a_type(site, unit, code=code)))


def test_what_cannot_be_is_told_at_its_field(client, manager, site, unit):
    sign_in_as(client, manager)
    add = page("shifttype") + "add/"
    assert errors_of(client.post(add, a_type(site, unit, starts_at="23:00", ends_at="07:00")))
    assert "break_minutes" in errors_of(client.post(add, a_type(site, unit, break_minutes=480)))
    assert errors_of(client.post(add, a_type(site, unit, kind="leave", counts_percent=100)))
    assert not ShiftType.objects.filter(code="D8").exists()


@pytest.mark.parametrize(
    ("begins", "ends", "later", "night"),
    [("07:00", "15:00", 0, 0), ("15:00", "23:00", 0, 60), ("23:00", "07:00", 1, 420), ("08:00", "08:00", 1, 480)],
)
def test_nights_are_derived_from_the_clock(begins, ends, later, night):
    begins_at, ends_at = (datetime.strptime(text, "%H:%M").time() for text in (begins, ends))
    shift_type = ShiftType(starts_at=begins_at, ends_at=ends_at, days_later=later)
    assert shift_type.night_minutes == night
    assert ShiftType(starts_at=begins_at, ends_at=ends_at, days_later=later, kind=ShiftKind.LEAVE).night_minutes == 0


def test_the_page_shows_the_cell_the_length_and_the_nights(client, manager, types):
    sign_in_as(client, manager)
    body = client.get(page("shifttype", types["N"])).content.decode()
    assert '<span class="codechip codechip--n">N</span>' in body
    # Eight hours without the break of one, seven of them between 22:00 and 06:00.
    assert '<div class="readonly">7:00</div>' in body


def test_other_times_are_told_where_shifts_are_planned(client, manager, site, unit, nurse):
    own = make_shift_type("Q", unit=unit)
    plan = make_plan(unit)
    make_shift(plan, nurse, clock.today(SEOUL) + timedelta(days=1), own)
    sign_in_as(client, manager)
    data = a_type(site, unit, code="Q", ends_at="16:00")
    answer = client.post(page("shifttype", own), data, follow=True)
    assert "1 planned shift keeps the old times" in answer.content.decode()


def test_a_manager_chooses_no_type_of_another_site_for_ramadan(client, manager, site, unit):
    far = make_shift_type("R", site=make_site())
    sign_in_as(client, manager)
    assert "in_ramadan" in errors_of(client.post(page("shifttype") + "add/", a_type(site, unit, in_ramadan=far.pk)))


# -- Demand ---------------------------------------------------------------------------------------------------------------
def a_demand(unit, shift_type, **data):
    return {
        "unit": unit.pk,
        "shift_type": shift_type.pk,
        "day_kind": "any",
        "minimum": 2,
        "weight": 100,
        **data,
    }


def test_demand_is_written_and_taken_back(client, manager, unit, types):
    sign_in_as(client, manager)
    assert client.post(page("demand") + "add/", a_demand(unit, types["D"], target=3)).status_code == 302
    row = Demand.objects.get()
    assert (row.minimum, row.target, row.unit) == (2, 3, unit)
    assert client.post(page("demand", row, "delete"), {"post": "yes"}).status_code == 302
    assert not Demand.objects.exists()
    entry = AuditEntry.objects.get(action="admin.deleted")
    assert entry.object_type == "rosters.demand"


def test_demand_that_fits_nothing_is_refused(client, manager, unit, types, site):
    sign_in_as(client, manager)
    add = page("demand") + "add/"
    other = make_shift_type("Z", unit=make_unit(site=site))
    assert "shift_type" in errors_of(client.post(add, a_demand(unit, other)))
    assert "unit" in errors_of(client.post(add, a_demand(make_unit(site=site), types["D"])))
    assert errors_of(client.post(add, a_demand(unit, types["D"], maximum=1)))
    assert "day_kind" in errors_of(client.post(add, a_demand(unit, types["D"], day_kind="holiday", on="2026-04-06")))
    assert "valid_until" in errors_of(
        client.post(add, a_demand(unit, types["D"], valid_from="2026-04-06", valid_until="2026-04-06"))
    )
    assert not Demand.objects.exists()


# -- Patterns -------------------------------------------------------------------------------------------------------------
def a_pattern(unit, cycle, *places, **data):
    # The last row is an empty one, as the browser sends it.
    last = len(places)
    formset = {"places-TOTAL_FORMS": last + 1, "places-INITIAL_FORMS": 0, f"places-{last}-offset": 0}
    for number, (person, offset) in enumerate(places):
        formset |= {f"places-{number}-user": person.pk, f"places-{number}-offset": offset}
    return {"unit": unit.pk, "name": "1조", "anchor_on": "2026-04-01", "cycle": cycle, **formset, **data}


def test_a_cycle_is_typed_as_it_is_spoken(client, manager, unit, types, nurse):
    sign_in_as(client, manager)
    answer = client.post(page("pattern") + "add/", a_pattern(unit, "D d, E  E n N O -", (nurse, 3)))
    assert answer.status_code == 302
    pattern = Pattern.objects.get()
    assert pattern.codes == ["D", "D", "E", "E", "N", "N", "O", ""]
    place = PatternPlace.objects.get()
    assert (place.pattern, place.user, place.offset) == (pattern, nurse, 3)
    # It is shown again as it was typed, and the people below are in the audit.
    assert "D D E E N N O -" in client.get(page("pattern", pattern)).content.decode()
    details = AuditEntry.objects.filter(object_type="rosters.pattern").values_list("detail", flat=True)
    assert any("patternplace" in detail for detail in details)


def test_an_unknown_code_is_named(client, manager, unit, types):
    sign_in_as(client, manager)
    [said] = errors_of(client.post(page("pattern") + "add/", a_pattern(unit, "D X Y O")))["cycle"]
    assert "X, Y" in said
    assert "AL" in said
    assert not Pattern.objects.exists()


def test_a_cycle_has_an_end(client, manager, unit, types):
    sign_in_as(client, manager)
    assert "cycle" in errors_of(client.post(page("pattern") + "add/", a_pattern(unit, "D " * 85)))
    assert "cycle" in errors_of(client.post(page("pattern") + "add/", a_pattern(unit, " ")))


def test_a_place_lies_in_the_cycle_and_its_person_in_the_unit(client, manager, unit, types, nurse):
    sign_in_as(client, manager)
    for place in ((nurse, 4), (make_person(), 0)):
        answer = client.post(page("pattern") + "add/", a_pattern(unit, "D E N O", place))
        assert answer.status_code == 200, place
        assert answer.context["inline_admin_formsets"][0].formset.errors[0]
    assert not Pattern.objects.exists()


def test_a_pattern_of_forty_costs_no_query_a_person(client, manager, unit, types, django_assert_max_num_queries):
    people = [make_person(unit=unit) for _ in range(40)]
    pattern = make_pattern(unit, "D D E E N N O O", *people)
    sign_in_as(client, manager)
    client.get(page("pattern", pattern))
    with django_assert_max_num_queries(25):
        client.get(page("pattern", pattern))


# -- Duties ---------------------------------------------------------------------------------------------------------------
def test_a_duty_is_made_and_its_tiers_are_filled(client, manager, unit, types, nurse):
    rotation = make_rotation(unit, nurse)
    sign_in_as(client, manager)
    data = {"unit": unit.pk, "code": "airway", "name_ko": "기도 담당", "place": 0}
    answer = client.post(page("duty") + "add/", data)
    duty = Duty.objects.get(code="airway")
    assert answer.headers["Location"] == page("duty", duty)
    filled = {
        **data,
        "tier_1": [f"shift-{types['D'].pk}", f"shift-{types['E'].pk}"],
        "tier_2": [f"rotation-{rotation.pk}"],
    }
    assert client.post(page("duty", duty), filled).status_code == 302
    tiers = Tier.objects.filter(duty=duty, known_during__upper_inf=True).order_by("number", "shift_type__place")
    assert [(row.number, row.shift_type, row.rotation) for row in tiers] == [
        (1, types["D"], None),
        (1, types["E"], None),
        (2, None, rotation),
    ]
    assert AuditEntry.objects.filter(action="rosters.tier_set", actor_id=manager.pk).count() == 2
    # Saved again without a change, nothing is written.
    assert client.post(page("duty", duty), filled).status_code == 302
    assert Tier.objects.filter(duty=duty).count() == 3
    # What is taken out is closed, not deleted.
    assert client.post(page("duty", duty), {**filled, "tier_2": []}).status_code == 302
    assert Tier.objects.get(duty=duty, number=2).known_during.upper is not None


def test_a_tier_is_not_filled_before_the_one_above(client, manager, unit, types):
    duty = make_duty(unit)
    sign_in_as(client, manager)
    data = {"code": duty.code, "name_ko": "당직", "place": 0, "tier_2": [f"shift-{types['D'].pk}"]}
    assert "tier_2" in errors_of(client.post(page("duty", duty), data))
    assert not Tier.objects.exists()


def test_a_tier_takes_nothing_of_another_unit(client, manager, unit, site):
    duty = make_duty(unit)
    other = make_unit(site=site)
    foreign, strange = make_shift_type("Z", unit=other), make_rotation(other, make_person())
    sign_in_as(client, manager)
    for key in (f"shift-{foreign.pk}", f"rotation-{strange.pk}"):
        data = {"code": duty.code, "name_ko": "당직", "place": 0, "tier_1": [key]}
        assert "tier_1" in errors_of(client.post(page("duty", duty), data))


def a_rotation(unit, *people, **data):
    turns = {f"turn_{number}": person.pk for number, person in enumerate(people, start=1)}
    return {
        "unit": unit.pk,
        "name": "당직 순번",
        "first_on": "2026-04-01",
        "last_on": "",
        "hand_over_at": "08:00",
        "turn_days": 1,
        **turns,
        **data,
    }


def test_a_rotation_is_replaced_and_the_old_one_is_kept(client, manager, unit, nurse):
    second = make_person(unit=unit)
    sign_in_as(client, manager)
    assert client.post(page("rotation") + "add/", a_rotation(unit, nurse, second)).status_code == 302
    first = Rotation.objects.get()
    assert [turn.user for turn in first.turns.order_by("position")] == [nurse, second]
    tier = make_tier(make_duty(unit), first)
    data = a_rotation(unit, second, nurse, name="새 순번")
    del data["unit"]
    assert client.post(page("rotation", first), data).status_code == 302
    old, new = Rotation.objects.order_by("pk")
    assert old == first
    assert old.known_during.upper == new.known_during.lower
    assert old.name == "당직 순번"
    assert [turn.user for turn in new.turns.order_by("position")] == [second, nurse]
    assert Tier.objects.get(duty=tier.duty, known_during__upper_inf=True).rotation == new
    # The list shows the one that holds; what was said of the other one was said on the page before.
    client.get(page("rotation"))
    body = client.get(page("rotation")).content.decode()
    assert page("rotation", new) in body
    assert page("rotation", old) not in body
    # Saved without a change, it stays the row that it is.
    assert client.post(page("rotation", new), data).status_code == 302
    assert Rotation.objects.count() == 2


def test_a_rotation_needs_people_of_the_unit(client, manager, unit):
    sign_in_as(client, manager)
    add = page("rotation") + "add/"
    assert "turn_1" in errors_of(client.post(add, a_rotation(unit)))
    assert "turn_1" in errors_of(client.post(add, a_rotation(unit, make_person())))
    assert "last_on" in errors_of(client.post(add, a_rotation(unit, manager, last_on="2026-03-31")))
    assert not Rotation.objects.exists()


def test_a_rotation_is_ended(client, manager, unit, nurse):
    rotation = make_rotation(unit, nurse)
    sign_in_as(client, manager)
    client.post(page("rotation"), {"action": "end_now", "_selected_action": rotation.pk})
    rotation.refresh_from_db()
    assert rotation.known_during.upper is not None


# -- Overrides ------------------------------------------------------------------------------------------------------------
def an_override(duty, user, starts_at, ends_at, **data):
    return {
        "duty": duty.pk,
        "number": 1,
        "user": user.pk,
        "starts_at_0": f"{starts_at:%Y-%m-%d}",
        "starts_at_1": f"{starts_at:%H:%M}",
        "ends_at_0": f"{ends_at:%Y-%m-%d}",
        "ends_at_1": f"{ends_at:%H:%M}",
        "reason": "수술이 길어져서",
        **data,
    }


def test_a_duty_is_given_to_somebody_for_a_time_and_taken_back(client, manager, unit, types, nurse):
    duty = make_duty(unit)
    make_tier(duty, types["D"])
    begins = (clock.now() + timedelta(hours=2)).astimezone(SEOUL).replace(minute=0, second=0, microsecond=0)
    sign_in_as(client, manager)
    add = page("override") + "add/"
    assert client.post(add, an_override(duty, nurse, begins, begins + timedelta(hours=4))).status_code == 302
    row = Override.objects.get()
    assert (row.period.lower, row.period.upper) == (begins, begins + timedelta(hours=4))
    assert row.by == manager
    assert nurse.display_name in client.get(page("duty", duty)).content.decode()
    client.post(page("override"), {"action": "end_now", "_selected_action": row.pk})
    row.refresh_from_db()
    assert row.known_during.upper is not None
    # It is never edited.
    assert client.post(page("override", row), {"reason": "x"}).status_code in {302, 403}


def test_an_override_is_by_the_clock_of_the_units_site(client, nurse):
    """A manager in Seoul who gives a duty in Dubai writes Dubai's time."""
    dubai = make_unit(site=make_site(time_zone="Asia/Dubai", country="AE"))
    manager = make_person(site=make_site())
    grant(manager, "unit_manager", unit=dubai)
    doctor = make_person(unit=dubai)
    duty = make_duty(dubai)
    make_tier(duty, make_shift_type("D", site=dubai.department.site))
    begins = datetime(2099, 4, 6, 7, tzinfo=ZoneInfo("Asia/Dubai"))
    sign_in_as(client, manager)
    data = an_override(duty, doctor, begins, begins + timedelta(hours=12))
    assert client.post(page("override") + "add/", data).status_code == 302
    assert Override.objects.get().period.lower == begins


def test_an_override_that_cannot_be_is_told_at_its_field(client, manager, unit, types, nurse, stranger):
    duty = make_duty(unit)
    make_tier(duty, types["D"])
    foreign = make_duty(stranger.home_unit)
    sign_in_as(client, manager)
    add = page("override") + "add/"
    begins = (clock.now() + timedelta(days=1)).astimezone(SEOUL)
    ends = begins + timedelta(hours=4)
    for field, data in {
        "ends_at": an_override(duty, nurse, ends, begins),
        "number": an_override(duty, nurse, begins, ends, number=2),
        "reason": an_override(duty, nurse, begins, ends, reason=" "),
        "duty": an_override(foreign, nurse, begins, ends),
        "user": an_override(duty, stranger, begins, ends),
    }.items():
        assert field in errors_of(client.post(add, data)), field
    past = begins - timedelta(days=9)
    assert "ends_at" in errors_of(client.post(add, an_override(duty, nurse, past, past + timedelta(hours=1))))
    assert not Override.objects.exists()


def test_the_list_shows_what_counts_still(client, manager, unit, nurse):
    duty = make_duty(unit)
    now = clock.now()
    ahead = make_override(duty, nurse, now + timedelta(hours=1))
    past = make_override(duty, nurse, now - timedelta(days=2), now - timedelta(days=1))
    sign_in_as(client, manager)
    listed = client.get(page("override")).content.decode()
    assert page("override", ahead) in listed
    assert page("override", past) not in listed
    assert page("override", past) in client.get(page("override") + "?state=past").content.decode()


# -- Rules ----------------------------------------------------------------------------------------------------------------
def a_rule(**data):
    return {
        "code": "TEST-NIGHTS",
        "family": "run",
        "params": '{"what": "night", "max": 3}',
        "name_ko": "밤번 연속",
        "level": "hard",
        "weight": 1,
        "is_on": "on",
        **data,
    }


def test_it_writes_a_rule_and_reads_it_in_words(client, it):
    sign_in_as(client, it)
    assert client.post(page("rule") + "add/", a_rule(jobs=["nurse"], country="kr")).status_code == 302
    rule = Rule.objects.get(code="TEST-NIGHTS")
    assert (rule.params, rule.jobs, rule.country) == ({"what": "night", "max": 3}, ["nurse"], "KR")
    body = client.get(page("rule", rule)).content.decode()
    assert "at most 3" in body


@pytest.mark.parametrize(
    "params",
    ['{"what": "night", "max": -1}', '{"what": "night", "min": 4, "max": 3}', '{"max": 3, "colour": 1}', "[1]", "{"],
)
def test_parameters_that_cannot_stand_are_told(client, it, params):
    sign_in_as(client, it)
    assert "params" in errors_of(client.post(page("rule") + "add/", a_rule(params=params)))
    assert not Rule.objects.filter(code="TEST-NIGHTS").exists()


def test_a_manager_reads_rules_and_writes_none(client, manager):
    rule = make_rule(Family.RUN, {"what": "night", "max": 3})
    sign_in_as(client, manager)
    body = client.get(page("rule", rule)).content.decode()
    assert "at most 3" in body
    assert client.post(page("rule", rule), a_rule()).status_code == 403
    assert client.get(page("rule") + "add/").status_code == 403


# -- Settings -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def rule():
    return make_rule(Family.RUN, {"what": "night", "max": 3}, is_waivable=True)


def a_setting(rule, **data):
    return {"rule": rule.pk, "params": '{"max": 2}', "level": "", "is_on": "", "why": "병동의 합의", **data}


def test_a_manager_sets_a_rule_for_a_unit_and_a_person_of_theirs(client, manager, unit, nurse, rule):
    sign_in_as(client, manager)
    add = page("rulesetting") + "add/"
    for scope in ({"unit": unit.pk}, {"user": nurse.pk}):
        assert client.post(add, a_setting(rule, **scope)).status_code == 302
    of_unit, of_person = RuleSetting.objects.order_by("pk")
    assert (of_unit.unit, of_unit.params, of_unit.by, of_unit.is_on) == (unit, {"max": 2}, manager, None)
    assert of_person.user == nurse
    body = client.get(page("rulesetting", of_unit)).content.decode()
    assert "at most 2" in body


def test_a_manager_sets_nothing_for_others(client, manager, unit, nurse, rule, stranger, site):
    sign_in_as(client, manager)
    add = page("rulesetting") + "add/"
    contract = make_contract()
    for scope in (
        {"unit": stranger.home_unit_id},
        {"user": stranger.pk},
        {"site": site.pk},
        {"department": unit.department_id},
        {"contract": contract.pk},
        {},
        {"unit": unit.pk, "user": nurse.pk},
    ):
        assert errors_of(client.post(add, a_setting(rule, **scope))), scope
    assert not RuleSetting.objects.exists()


def test_what_holds_above_is_read_and_not_written(client, manager, it, unit, rule, site):
    above = make_setting(rule, {"max": 2}, site=site)
    far = make_setting(rule, {"max": 2}, site=make_site())
    sign_in_as(client, manager)
    assert client.get(page("rulesetting", above)).status_code == 200
    assert client.get(page("rulesetting", far)).status_code == 302
    assert client.post(page("rulesetting", above), a_setting(rule, unit=unit.pk)).status_code == 403
    sign_in_as(client, it)
    changed = a_setting(rule, site=site.pk, params='{"max": 4}')
    assert client.post(page("rulesetting", above), changed).status_code == 302
    above.refresh_from_db()
    assert (above.params, above.by) == ({"max": 4}, it)


def test_parameters_of_a_setting_stand_with_those_of_the_rule(client, manager, unit, rule):
    sign_in_as(client, manager)
    add = page("rulesetting") + "add/"
    for params in ('{"max": -2}', '{"min": 9}', '{"colour": 1}', "[2]", "{"):
        assert "params" in errors_of(client.post(add, a_setting(rule, unit=unit.pk, params=params))), params
    # A setting that sets nothing is none.
    assert "params" in errors_of(client.post(add, a_setting(rule, unit=unit.pk, params="")))
    assert client.post(add, a_setting(rule, unit=unit.pk, params="", is_on="no")).status_code == 302
    assert RuleSetting.objects.get().is_on is False


def test_it_sets_nothing_for_a_person(client, it, nurse, rule):
    sign_in_as(client, it)
    assert errors_of(client.post(page("rulesetting") + "add/", a_setting(rule, user=nurse.pk)))
    personal = make_setting(rule, {"max": 1}, user=nurse)
    assert client.get(page("rulesetting", personal)).status_code == 302


# -- Waivers --------------------------------------------------------------------------------------------------------------
def a_waiver(rule, user, **data):
    consent_at = clock.now().astimezone(SEOUL) - timedelta(hours=1)
    return {
        "rule": rule.pk,
        "user": user.pk,
        "starts_on": "2026-04-06",
        "ends_on": "",
        "consent_at_0": f"{consent_at:%Y-%m-%d}",
        "consent_at_1": f"{consent_at:%H:%M:%S}",
        "moved_off_on": "2026-04-09",
        "reason": "본인이 원해서",
        **data,
    }


def test_a_waiver_names_its_approver(client, manager, nurse, rule):
    sign_in_as(client, manager)
    assert client.post(page("waiver") + "add/", a_waiver(rule, nurse)).status_code == 302
    waiver = Waiver.objects.get()
    assert waiver.approved_by == manager
    assert (waiver.during.lower, waiver.during.upper) == (DAY, DAY + timedelta(days=1))
    assert waiver.moved_off_on == date(2026, 4, 9)


def test_a_waiver_that_is_none_is_refused(client, manager, nurse, rule, stranger):
    firm = make_rule(Family.RUN, {"what": "night", "max": 3})
    ahead = clock.now().astimezone(SEOUL) + timedelta(days=1)
    sign_in_as(client, manager)
    add = page("waiver") + "add/"
    for field, data in {
        "rule": a_waiver(firm, nurse),
        "user": a_waiver(rule, stranger),
        "ends_on": a_waiver(rule, nurse, ends_on="2026-04-06"),
        "moved_off_on": a_waiver(rule, nurse, moved_off_on="2026-04-06"),
        "reason": a_waiver(rule, nurse, reason=""),
        "consent_at": a_waiver(rule, nurse, consent_at_0=f"{ahead:%Y-%m-%d}"),
    }.items():
        assert field in errors_of(client.post(add, data)), field
    # Nobody approves their own.
    assert "user" in errors_of(client.post(add, a_waiver(rule, manager)))
    assert not Waiver.objects.exists()


def test_nobody_changes_a_waiver_of_their_own(client, manager, rule):
    own = make_waiver(rule, manager, DAY)
    sign_in_as(client, manager)
    assert client.get(page("waiver", own)).status_code == 200
    assert client.post(page("waiver", own), a_waiver(rule, manager)).status_code == 403


# -- Circumstances --------------------------------------------------------------------------------------------------------
def a_condition(user, kind="pregnant", **data):
    return {"user": user.pk, "kind": kind, "partner": "", "starts_on": "2026-04-06", "ends_on": "", **data}


def test_a_circumstance_is_known_to_the_managers_and_its_kind_not_to_the_audit(client, manager, nurse):
    sign_in_as(client, manager)
    add = page("condition") + "add/"
    assert client.post(add, a_condition(nurse)).status_code == 302
    row = Condition.objects.get()
    assert (row.during.lower, row.during.upper) == (DAY, None)
    assert client.post(page("condition", row), a_condition(nurse, ends_on="2026-12-01")).status_code == 302
    assert client.post(page("condition", row, "delete"), {"post": "yes"}).status_code == 302
    entries = AuditEntry.objects.filter(object_type="rosters.condition")
    assert [entry.action for entry in entries.order_by("id")] == ["admin.added", "admin.changed", "admin.deleted"]
    with translation.override("en"):
        assert not any("pregnant" in str(entry.detail).lower() for entry in entries)


def test_a_circumstance_twice_is_told_not_thrown(client, manager, nurse):
    make_condition(nurse, "pregnant", DAY - timedelta(days=30))
    sign_in_as(client, manager)
    errors = errors_of(client.post(page("condition") + "add/", a_condition(nurse)))
    assert "already written down" in str(errors)


def test_a_circumstance_names_its_partner_where_there_is_one(client, manager, nurse, unit, stranger):
    other = make_person(unit=unit)
    sign_in_as(client, manager)
    add = page("condition") + "add/"
    assert errors_of(client.post(add, a_condition(nurse, "apart")))
    assert errors_of(client.post(add, a_condition(nurse, "no_nights", partner=other.pk)))
    assert "partner" in errors_of(client.post(add, a_condition(nurse, "apart", partner=nurse.pk)))
    assert "partner" in errors_of(client.post(add, a_condition(nurse, "apart", partner=stranger.pk)))
    assert client.post(add, a_condition(nurse, "apart", partner=other.pk)).status_code == 302


# -- Querysets ------------------------------------------------------------------------------------------------------------
def test_what_is_of_a_person_is_seen_by_them_and_their_managers(manager, nurse, stranger, it, unit, rule):
    colleague = make_person(unit=unit)
    rows = (
        make_waiver(rule, nurse, DAY),
        make_condition(nurse, "no_nights"),
        make_setting(rule, {"max": 1}, user=nurse),
    )
    for row in rows:
        objects = type(row).objects
        assert [
            objects.visible_to(who).filter(pk=row.pk).exists() for who in (nurse, manager, colleague, stranger, it)
        ] == [
            True,
            True,
            False,
            False,
            False,
        ]
        assert [objects.managed_by(who).filter(pk=row.pk).exists() for who in (nurse, manager, stranger, it)] == [
            False,
            True,
            False,
            False,
        ]


def test_somebody_deactivated_sees_nothing(manager, nurse, rule):
    rows = (
        make_waiver(rule, nurse, DAY),
        make_condition(nurse, "no_nights"),
        make_setting(rule, {}, unit=nurse.home_unit),
    )
    manager.is_active = False
    for row in rows:
        assert not type(row).objects.visible_to(manager).exists()
        assert not type(row).objects.managed_by(manager).exists()


def test_places_in_a_pattern_follow_its_unit(manager, stranger, unit, nurse):
    make_pattern(unit, "D O", nurse)
    assert PatternPlace.objects.managed_by(manager).count() == 1
    assert PatternPlace.objects.managed_by(stranger).count() == 0
