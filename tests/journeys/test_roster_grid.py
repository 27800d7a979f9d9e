"""A head nurse plans in the grid: by keyboard, by dragging, against a second manager and against a rule, until the ward sees it."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.core import clock
from apps.people.models import User
from apps.rosters import actions
from apps.rosters.models import Family, Plan, Rule, Shift, ShiftEvent
from tests import factories

from .browser import Browsers
from .test_hangul import Keyboard

SOON = 8_000
CODES = ("D", "E", "N", "O", "AL")
ARROW = {"key": "Process", "code": "ArrowRight", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}


@dataclass
class Ward:
    plan: Plan
    first: date
    manager: User
    other_manager: User
    nurses: list[User]

    @property
    def address(self) -> str:
        return reverse("admin:rosters_plan_grid", args=[self.plan.pk])

    def drafted(self, nurse: User) -> str:
        """What stands in the draft of somebody, a word a day from the first on."""
        rows = Shift.objects.draft().filter(plan=self.plan, user=nurse).select_related("shift_type")
        found = {(row.day - self.first).days: row.shift_type.code for row in rows}
        return " ".join(found.get(day, ".") for day in range(max(found, default=-1) + 1))


@pytest.fixture
def ward(transactional_db: None) -> Ward:
    Rule.objects.update(is_on=False)  # each journey has the rules that it is about
    site = factories.make_site(name_ko="보라매", name_en="Boramae")
    unit = factories.make_unit(site=site, name_ko="7병동", name_en="Ward 7")
    types = {code: factories.make_shift_type(code, site=site) for code in CODES}
    managers = [
        factories.make_person(unit=factories.make_unit(site=site), name_ko=name) for name in ("장하늘", "강마루")
    ]
    for manager in managers:
        factories.grant(manager, "unit_manager", unit=unit)
    nurses = [factories.make_person(unit=unit, name_ko=name) for name in ("가은", "나래", "다온")]
    first = next_month(site.zone)
    plan = factories.make_plan(unit, first, created_by=managers[0])
    factories.make_demand(unit, types["D"], 2)
    return Ward(plan, first, *managers, nurses)


def next_month(zone: Any) -> date:
    """The first day of the next month at the site."""
    return (clock.today(zone).replace(day=1) + timedelta(days=32)).replace(day=1)


def open_grid(browsers: Browsers, ward: Ward, person: User | None = None, **options: Any) -> Any:
    page = browsers.open(person or ward.manager, **options)
    page.goto(ward.address)
    if options.get("javascript", True):
        expect(page.locator("[data-roster][data-ready]")).to_be_attached()
    return page


def cell(page: Any, ward: Ward, nurse: User, day: int) -> Any:
    return page.locator(f'tr[data-user="{nurse.pk}"] > td').nth(day)


def choose(page: Any, ward: Ward, nurse: User, day: int) -> None:
    cell(page, ward, nurse, day).click()
    expect(page.locator("[data-field]")).to_be_focused()


def expect_saved(page: Any) -> None:
    expect(page.locator('[data-saving][data-state="saved"]')).to_be_attached(timeout=SOON)
    expect(page.locator("td.pending")).to_have_count(0)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_week_by_keyboard_then_filled_and_undone(browsers: Browsers, ward: Ward) -> None:
    page = open_grid(browsers, ward)
    nurse, second, third = ward.nurses
    choose(page, ward, nurse, 0)
    for key in "ddeenno":
        press(page, key, "ArrowRight")
    expect_saved(page)
    assert ward.drafted(nurse) == "D D E E N N O"
    expect(page.locator("[data-field]")).to_be_focused()
    expect(cell(page, ward, nurse, 0).locator("xpath=following::td[contains(@class,'tot')]").first).to_have_text("2")
    # The whole week down to the other two.
    choose(page, ward, nurse, 0)
    for _ in range(6):
        press(page, "Shift+ArrowRight")
    press(page, "Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    expect_saved(page)
    assert ward.drafted(second) == ward.drafted(third) == "D D E E N N O"
    press(page, "Control+z")
    expect(cell(page, ward, second, 0).locator("a")).to_have_text("", timeout=SOON)
    assert (ward.drafted(nurse), ward.drafted(second)) == ("D D E E N N O", "")
    press(page, "Control+y")
    expect(cell(page, ward, second, 0).locator("a")).to_have_text("D", timeout=SOON)
    assert ward.drafted(third) == "D D E E N N O"
    expect(page.locator("[data-field]")).to_be_focused()


def test_dragging_repeats_what_is_chosen(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    factories.fill_plan(ward.plan, {nurse: "D E"})
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 0)
    press(page, "Shift+ArrowRight")
    handle, target = page.locator("[data-handle]"), cell(page, ward, nurse, 5)
    start, end = handle.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 3, start["y"] + 3)
    page.mouse.down()
    page.mouse.move(end["x"] + 8, end["y"] + 8, steps=6)
    page.mouse.up()
    expect_saved(page)
    assert ward.drafted(nurse) == "D E D E D E"


def test_a_block_of_a_spreadsheet_is_pasted(browsers: Browsers, ward: Ward) -> None:
    nurse, second, _ = ward.nurses
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 1)
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        "D\te\r\nN\t\r\n",
    )
    expect_saved(page)
    assert (ward.drafted(nurse), ward.drafted(second)) == (". D E", ". N")


def test_latin_codes_while_the_keyboard_writes_hangul(browsers: Browsers, ward: Ward) -> None:
    """ㅇ and ㄷ stand on the keys of D and E; the arrow that ends the syllable moves on, once."""
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 0)
    keyboard = Keyboard(page, page.locator("[data-field]"))
    for jamo in "ㅇㄷ":
        keyboard.compose(jamo)
        keyboard.press(ARROW)
        keyboard.commit(jamo)
        page.wait_for_timeout(150)
    expect_saved(page)
    assert ward.drafted(nurse) == "D E"


def test_a_wrong_code_stays_with_its_sentence(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 0)
    page.keyboard.type("qq")
    press(page, "Enter")
    wrong = cell(page, ward, nurse, 0)
    expect(wrong).to_have_class(re.compile("failed"), timeout=SOON)
    expect(wrong.locator("a")).to_have_text("qq")
    expect(page.locator("[data-message]")).to_contain_text("qq")
    assert ward.drafted(nurse) == ""
    choose(page, ward, nurse, 0)
    with page.expect_response(re.compile("/state/")):
        press(page, "Escape")
    expect(wrong.locator("a")).to_have_text("")
    expect(page.locator('[data-saving][data-state="saved"]')).to_be_attached()
    expect(page.locator("[data-message]")).to_have_text("")  # nobody else changed it
    press(page, "d", "Enter")
    expect_saved(page)
    assert ward.drafted(nurse) == "D"


def test_locked_cells_among_many_say_that_they_stayed(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    factories.fill_plan(ward.plan, {nurse: "N"})
    actions.lock_cells(by=ward.manager, plan=ward.plan, cells=[(nurse.pk, ward.first)], on=True)
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 0)
    press(page, "Shift+ArrowRight", "d")
    expect(page.locator('[data-message][data-level="error"]')).to_contain_text("1")
    expect_saved(page)
    assert ward.drafted(nurse) == "N D"


def test_two_managers_see_both_versions(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward)
    edit = actions.CellEdit(nurse.pk, ward.first, ("N",))
    actions.set_cells(by=ward.other_manager, plan=ward.plan, edits=[edit], base_change=ward.plan.last_change)
    choose(page, ward, nurse, 0)
    press(page, "d", "ArrowRight")
    dialog = page.locator("[data-dialog=conflict]")
    expect(dialog).to_be_visible(timeout=SOON)
    expect(dialog.locator("[data-slot=theirs]")).to_have_text("N")
    expect(dialog.locator("[data-slot=by]")).to_contain_text("강마루")
    expect(dialog.locator("[data-slot=mine]")).to_have_text("D")
    assert ward.drafted(nurse) == "N"
    dialog.locator("input[value=mine]").check()
    dialog.locator("button").click()
    expect_saved(page)
    assert ward.drafted(nurse) == "D"
    expect(page.locator("[data-field]")).to_be_focused()


def test_what_another_manager_writes_comes_by_itself(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward)
    edit = actions.CellEdit(nurse.pk, ward.first, ("N",))
    actions.set_cells(by=ward.other_manager, plan=ward.plan, edits=[edit], base_change=ward.plan.last_change)
    expect(cell(page, ward, nurse, 0).locator("a")).to_have_text("N", timeout=14_000)


def test_a_hard_rule_asks_why(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    factories.make_rule(Family.RUN, {"what": "night", "max": 1}, unit=ward.plan.unit, name_ko="연속 밤번 하나")
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 0)
    press(page, "n", "ArrowRight", "n", "ArrowRight")
    dialog = page.locator("[data-dialog=reason]")
    expect(dialog).to_be_visible(timeout=SOON)
    expect(dialog.locator("[data-findings] li")).to_have_count(1)
    assert ward.drafted(nurse) == "N"
    dialog.locator("textarea").fill("대신할 사람이 없습니다.")
    dialog.locator("input[type=checkbox]").check()
    dialog.locator("button[value=yes]").click()
    expect_saved(page)
    assert ward.drafted(nurse) == "N N"
    assert ShiftEvent.objects.exclude(reason="").get().approved_by == ward.manager
    finding = page.locator("[data-pane] .finding--hard")
    expect(finding).to_have_count(1)
    press(page, "Home", "F8")
    expect(cell(page, ward, nurse, 0)).to_have_attribute("aria-selected", "true")
    sentence = str(cell(page, ward, nurse, 0).get_attribute("title"))
    assert sentence
    assert sentence in finding.inner_text()


def test_without_a_connection_what_is_typed_waits(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward)
    page.context.set_offline(True)
    choose(page, ward, nurse, 0)
    press(page, "d", "ArrowRight", "e", "ArrowRight")
    expect(page.locator('[data-saving][data-state="waiting"]')).to_be_attached(timeout=SOON)
    expect(page.locator("td.pending")).to_have_count(2)
    page.context.set_offline(False)
    expect_saved(page)
    assert ward.drafted(nurse) == "D E"


def test_what_waited_when_the_page_was_closed_is_sent_by_the_next_one(browsers: Browsers, ward: Ward) -> None:
    """On what was seen when it was typed: what somebody else wrote meanwhile is asked about, not written over."""
    nurse, second, _ = ward.nurses
    page = open_grid(browsers, ward)
    page.context.set_offline(True)
    choose(page, ward, nurse, 0)
    press(page, "d", "ArrowDown", "e", "ArrowDown")
    expect(page.locator('[data-saving][data-state="waiting"]')).to_be_attached(timeout=SOON)
    context = page.context
    page.close(run_before_unload=False)
    context.set_offline(False)
    edit = actions.CellEdit(second.pk, ward.first, ("N",))
    actions.set_cells(by=ward.other_manager, plan=ward.plan, edits=[edit], base_change=ward.plan.last_change)
    page = context.new_page()
    page.goto(ward.address)
    dialog = page.locator("[data-dialog=conflict]")
    expect(dialog.locator("[data-slot=mine]")).to_have_text("E", timeout=SOON)
    assert (ward.drafted(nurse), ward.drafted(second)) == ("D", "N")
    dialog.locator("input[value=mine]").check()
    dialog.locator("button").click()
    expect_saved(page)
    assert ward.drafted(second) == "E"
    page.reload()
    expect(page.locator("[data-roster][data-ready]")).to_be_attached()
    kept = page.evaluate(
        """async user => {
          const database = await new Promise(resolve => {
            const request = indexedDB.open(`portal-${user}`);
            request.onsuccess = () => resolve(request.result);
          });
          return new Promise(resolve => {
            const request = database.transaction("unsent").objectStore("unsent").count();
            request.onsuccess = () => resolve(request.result);
          });
        }""",
        ward.manager.pk,
    )
    assert kept == 0


def test_published_the_ward_sees_it_on_its_phones(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward)
    choose(page, ward, nurse, 4)
    press(page, "n", "ArrowRight")
    expect_saved(page)
    phone = browsers.open(nurse, phone=True)
    month = f"{reverse('my-shifts')}?month={ward.first:%Y-%m}"
    phone.goto(month)
    expect(phone.locator("main .shift", has_text="N")).to_have_count(0)
    page.locator("summary", has_text="게시").or_(page.locator("summary", has_text="Publish")).click()
    with page.expect_navigation():
        page.locator('form[data-act="publish"] button').click()
    expect(page.locator("[data-head] .badge--ok")).to_be_visible()
    assert Shift.objects.live().filter(user=nurse).count() == 1
    phone.goto(month)
    expect(phone.locator("main .shift", has_text="N").first).to_be_visible()


def test_without_a_script_each_cell_has_its_form(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward, javascript=False)
    cell(page, ward, nurse, 2).locator("a").click()
    page.locator("[name=codes]").fill("D")
    page.locator("[name=note]").fill("교육 뒤 14시부터")
    page.locator('form[data-act="cell"] button').click()
    expect(page).to_have_url(browsers.url + ward.address)
    expect(cell(page, ward, nurse, 2).locator("a")).to_have_text("D")
    assert ward.drafted(nurse) == ". . D"
    page.locator('form[data-act="undo"] button').click()
    assert ward.drafted(nurse) == ""


def test_a_week_at_a_time_on_a_phone(browsers: Browsers, ward: Ward) -> None:
    nurse = ward.nurses[0]
    page = open_grid(browsers, ward, phone=True)
    expect(cell(page, ward, nurse, 0)).to_be_visible()
    expect(cell(page, ward, nurse, 7)).to_be_hidden()
    page.locator('[data-week-step="1"]').click()
    expect(cell(page, ward, nurse, 7)).to_be_visible()
    cell(page, ward, nurse, 8).tap()
    page.locator('.rg__line [data-code="E"]').tap()
    expect_saved(page)
    assert ward.drafted(nurse).split()[8] == "E"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = cell(page, ward, nurse, 8).bounding_box()
    assert box["height"] >= 44


@pytest.mark.parametrize("language", ["ko", "ar"])
def test_the_grid_has_no_serious_barrier(browsers: Browsers, ward: Ward, language: str) -> None:
    nurse = ward.nurses[0]
    factories.fill_plan(ward.plan, {nurse: "D E N O AL"})
    ward.manager.language = language
    ward.manager.save(update_fields=["language"])
    page = open_grid(browsers, ward, language=language)
    barriers = browsers.find_barriers(page)
    assert not barriers, "\n".join(barriers)
    if language == "ar":  # day 1 stands at the right, and the arrow to the left goes on
        choose(page, ward, nurse, 0)
        press(page, "ArrowLeft")
        expect(cell(page, ward, nurse, 1)).to_have_attribute("aria-selected", "true")
