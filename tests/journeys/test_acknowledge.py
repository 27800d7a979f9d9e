"""Something that all must take note of: who has, who has not; reading and reacting are not it."""

from typing import Any

from playwright.sync_api import expect

from apps.messaging.models import Acknowledgement
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, wait_until_live

NOTICE = "16시부터 본관 승강기 점검입니다. 모두 확인해 주세요."


def open_live(browsers: Browsers, person: Any, hospital: Hospital, **options: Any) -> Any:
    page = browsers.open(person, **options)
    open_channel(page, hospital)
    wait_until_live(page)
    return page


def ask_everybody(page: Any) -> None:
    page.locator("[data-chat] .composer__ask").click()
    box = page.locator("[data-chat] [data-composer] textarea")
    box.fill(NOTICE)
    box.press("Enter")
    expect(page.locator("[data-pending]")).to_have_count(0)


def test_everybody_is_asked_and_each_answers(browsers: Browsers, hospital: Hospital) -> None:
    third = factories.make_person(name_ko="박한결", name_en="Hangyeol Park")
    factories.join_channel(hospital.private, third)
    nurse = open_live(browsers, hospital.nurse, hospital)
    physician = open_live(browsers, hospital.physician, hospital)
    ask_everybody(nurse)
    expect(nurse.locator("[data-ask]")).not_to_be_checked()  # the next message asks for nothing
    expect(nurse.locator("[data-log] [data-ack-form]")).to_have_count(0)  # nobody asks themself
    count = nurse.locator("[data-log] [data-ack-count]")
    strip = physician.locator("[data-ack-strip]")
    button = physician.locator("[data-log] [data-ack-form] button")
    expect(button).to_be_in_viewport()
    expect(strip).to_be_hidden()  # what it would lead to is in view
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    # Reading it, and reacting to it, is not taking note of it.
    physician.locator("[data-log] > .msg").last.focus()
    physician.keyboard.press("1")
    expect(nurse.locator('.reaction[data-emoji="thumbsup"]')).to_have_count(1)
    assert not Acknowledgement.objects.exists()
    button.focus()
    expect(button).to_be_focused()
    assert browsers.find_barriers(physician) == []
    physician.keyboard.press("Enter")
    expect(strip).to_be_hidden()
    expect(physician.locator("[data-log] .ack__mine")).to_be_visible()
    expect(button).to_have_count(0)
    expect(count).to_contain_text("1")
    expect(count).to_contain_text("2")  # of how many
    count.click()
    pane = nurse.locator('[data-pane="readers"]')
    expect(pane.locator(".person__name")).to_have_text(["박한결"])
    pane.locator('a[href$="show=acknowledged"]').click()
    expect(pane.locator(".person__name")).to_have_text(["최다온"])
    expect(pane.locator('a[href$="show=acknowledged"]')).to_be_focused()
    nurse.keyboard.press("Escape")
    expect(pane).to_have_count(0)
    expect(count).to_be_focused()
    physician.reload()
    expect(physician.locator("[data-log] .ack__mine")).to_be_visible()
    expect(physician.locator("[data-ack-strip]")).to_be_hidden()
    assert [row.user_id for row in Acknowledgement.objects.all()] == [hospital.physician.pk]


def test_the_strip_leads_to_what_is_out_of_view(browsers: Browsers, hospital: Hospital) -> None:
    first = factories.send(hospital.nurse, hospital.private, "점심 전에 모입니다.")
    asking = factories.send(hospital.nurse, hospital.private, NOTICE, asks_acknowledgement=True)
    for _ in range(25):
        factories.send(hospital.nurse, hospital.private)
    for phone in (False, True):
        page = open_live(browsers, hospital.physician, hospital, phone=phone)
        page.locator("[data-scroll]").evaluate("element => element.scrollTo(0, element.scrollHeight)")
        strip = page.locator("[data-ack-strip]")
        expect(strip).to_be_visible()
        page.locator("[data-ack-next]").click()
        expect(page.locator(f"#message-{asking.number} [data-ack-form] button")).to_be_focused()
        expect(strip).to_be_hidden()
        # Who asks for something is named, though they wrote a moment before.
        head = page.locator(f"#message-{asking.number} .msg__author")
        assert first.author_id == asking.author_id
        expect(head).to_be_in_viewport()
        assert head.evaluate("element => element.getBoundingClientRect().height") > 10
        page.locator("[data-scroll]").evaluate("element => element.scrollTo(0, element.scrollHeight)")
        expect(strip).to_be_visible()


def test_who_asks_is_named_on_a_page_that_was_open(browsers: Browsers, hospital: Hospital) -> None:
    page = open_live(browsers, hospital.physician, hospital)
    factories.send(hospital.nurse, hospital.private, "점심 전에 모입니다.")
    expect(page.locator("[data-log] .msg")).to_have_count(1)
    factories.send(hospital.nurse, hospital.private, NOTICE, asks_acknowledgement=True)
    factories.send(hospital.nurse, hospital.private, "이상입니다.")
    rows = page.locator("[data-log] .msg")
    expect(rows).to_have_count(3)
    wanted = [False, False, True]
    assert [row.evaluate("one => one.classList.contains('msg--next')") for row in rows.all()] == wanted
    page.reload()
    expect(rows).to_have_count(3)
    assert [row.evaluate("one => one.classList.contains('msg--next')") for row in rows.all()] == wanted


def test_between_two_a_number_would_say_nothing(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.nurse, hospital.direct, "도착하셨습니다.")
    nurse, physician = browsers.open(hospital.nurse), browsers.open(hospital.physician)
    for page in (nurse, physician):
        open_channel(page, hospital, hospital.direct)
        wait_until_live(page)
    line = nurse.locator("[data-log] [data-readers]")
    expect(line).to_have_attribute("data-state", "read")
    expect(line).to_have_text("읽음")


def test_without_a_script_one_asks_and_answers(browsers: Browsers, hospital: Hospital) -> None:
    nurse = browsers.open(hospital.nurse, javascript=False)
    physician = browsers.open(hospital.physician, javascript=False)
    open_channel(nurse, hospital)
    nurse.locator("[data-chat] .composer__ask").click()
    nurse.locator("[data-chat] [data-composer] textarea").fill(NOTICE)
    nurse.locator("[data-chat] [data-composer] button[type=submit]").click()
    open_channel(physician, hospital)
    physician.locator("[data-ack-form] button").click()
    expect(physician.locator(".ack__mine")).to_be_visible()
    assert Acknowledgement.objects.get().user == hospital.physician


def test_one_sees_how_far_a_message_has_come(browsers: Browsers, hospital: Hospital) -> None:
    nurse = open_live(browsers, hospital.nurse, hospital)
    box = nurse.locator("[data-chat] [data-composer] textarea")
    box.fill("보호자 도착하셨습니다.")
    box.press("Enter")
    line = nurse.locator("[data-log] [data-readers]")
    expect(line).to_have_attribute("data-state", "sent")
    physician = browsers.open(hospital.physician)
    physician.goto("/people/")  # their page has received it, and they have not looked
    wait_until_live(physician)
    box.fill("대기실에 계십니다.")
    box.press("Enter")
    open_channel(physician, hospital)
    wait_until_live(physician)
    expect(line).to_have_attribute("data-state", "read")
    expect(line).to_have_count(1)
    line.click()
    expect(nurse.locator('[data-pane="readers"] [data-state="read"]')).to_have_count(1)
