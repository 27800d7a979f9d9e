"""Calling people by name: half-composed names find them, Enter chooses without sending, many are told only after a yes."""

import re
from typing import Any

from playwright.sync_api import expect

from apps.messaging.models import Message
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, stored, wait_until_live
from .test_hangul import ENTER, TAKEN, Keyboard


def open_live(browsers: Browsers, person: Any, hospital: Hospital, channel: Any | None = None, **options: Any) -> Any:
    page = browsers.open(person, **options)
    open_channel(page, hospital, channel)
    wait_until_live(page)
    return page


def composer(page: Any) -> Any:
    return page.locator("[data-chat] [data-composer] textarea")


def offered(page: Any) -> Any:
    return page.locator("[data-chat] .completion [role=option]")


def test_a_name_is_found_while_it_is_composed(browsers: Browsers, hospital: Hospital) -> None:
    nurse = open_live(browsers, hospital.nurse, hospital)
    physician = open_live(browsers, hospital.physician, hospital)
    keyboard = Keyboard(nurse, composer(nurse))
    keyboard.type("@최다")
    keyboard.compose("ㅇ", "오", "온")
    expect(offered(nurse)).to_have_count(1)
    expect(offered(nurse)).to_contain_text("최다온")
    keyboard.press(TAKEN)  # it ends the syllable, and neither chooses nor sends
    assert keyboard.box.input_value() == "@최다온"
    keyboard.commit("온")
    expect(offered(nurse)).to_have_count(1)
    keyboard.press(ENTER, text="\r")
    expect(keyboard.box).to_have_value("@최다온")
    expect(offered(nurse)).to_have_count(0)
    assert stored(hospital.private) == []
    keyboard.type("님 715호 부탁드려요")
    keyboard.press(ENTER, text="\r")
    mention = physician.locator("[data-log] > .msg .mention")
    expect(mention).to_have_text("@최다온")
    expect(mention).to_have_class("mention mention--me")
    expect(physician.locator("[data-log] > .msg--mentions")).to_have_count(1)
    expect(nurse.locator("[data-log] > .msg--mentions")).to_have_count(0)
    assert Message.objects.get().mention_keys == [f"user:{hospital.physician.pk}"]


def test_arrows_choose_and_escape_leaves_the_text(browsers: Browsers, hospital: Hospital) -> None:
    for number, name in enumerate(("한가을", "한겨울", "한여름")):
        person = factories.make_person(name_ko=name, name_en=f"Season {number}")
        factories.join_channel(hospital.private, person)
    page = open_live(browsers, hospital.nurse, hospital)
    box = composer(page)
    box.press_sequentially("@한")
    expect(offered(page)).to_have_count(3)
    assert box.get_attribute("aria-activedescendant") == offered(page).nth(0).get_attribute("id")
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == offered(page).nth(1).get_attribute("id")
    assert browsers.find_barriers(page) == []
    second = offered(page).nth(1).locator("bdi").inner_text()
    box.press("Tab")
    expect(box).to_have_value(f"@{second}")  # Korean particles follow without a space
    box.press_sequentially(" 그리고 @한")
    expect(offered(page)).to_have_count(3)
    box.press("Escape")
    expect(offered(page)).to_have_count(0)
    expect(box).to_have_value(f"@{second} 그리고 @한")
    expect(box).to_be_focused()


def test_an_address_of_mail_offers_nobody(browsers: Browsers, hospital: Hospital) -> None:
    page = open_live(browsers, hospital.nurse, hospital)
    box = composer(page)
    box.press_sequentially("it@한빛")
    page.wait_for_timeout(500)
    expect(offered(page)).to_have_count(0)


def test_a_word_after_a_colon_becomes_an_emoji(browsers: Browsers, hospital: Hospital) -> None:
    page = open_live(browsers, hospital.nurse, hospital)
    box = composer(page)
    box.press_sequentially("확인 :thumbsu")
    expect(offered(page).first).to_contain_text(":thumbsup:")
    box.press("Enter")
    expect(box).to_have_value("확인 :thumbsup: ")
    box.press("Enter")
    expect(page.locator("[data-log] .msg__text").last).to_have_text("확인 \U0001f44d")


def test_who_calls_more_than_fifty_is_asked_first(browsers: Browsers, hospital: Hospital) -> None:
    for _ in range(52):
        factories.join_channel(hospital.private, factories.make_person(unit=hospital.nurse.home_unit))
    page = open_live(browsers, hospital.nurse, hospital)
    box = composer(page)
    box.fill("@채널 16시 승강기 점검입니다")
    box.press("Enter")
    question = page.locator("#question-dialog")
    expect(question).to_be_visible()
    expect(question).to_contain_text(re.compile("5[34]"))
    question.locator('[value=""]').click()
    expect(box).to_have_value("@채널 16시 승강기 점검입니다")
    expect(page.locator("[data-log] > .msg")).to_have_count(0)
    assert stored(hospital.private) == []
    box.press("Enter")
    question.locator('[value="yes"]').click()
    expect(page.locator("[data-log] > .msg[data-number]")).to_have_count(1)
    expect(page.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["@채널 16시 승강기 점검입니다"]


def test_a_table_and_code_keep_their_shape_and_too_much_is_refused(browsers: Browsers, hospital: Hospital) -> None:
    page = open_live(browsers, hospital.nurse, hospital)
    box = composer(page)

    def paste(text: str, markup: str = "") -> None:
        box.evaluate(
            """(field, [text, markup]) => {
              field.focus();
              const data = new DataTransfer();
              data.setData("text/plain", text);
              if (markup) data.setData("text/html", markup);
              const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
              if (field.dispatchEvent(event)) document.execCommand("insertText", false, text);
            }""",
            [text, markup],
        )

    paste("병상\t산소\n715-3\t2 L\n716-1\t없음")
    assert box.input_value().splitlines() == ["| 병상 | 산소 |", "| --- | --- |", "| 715-3 | 2 L |", "| 716-1 | 없음 |"]
    box.press("Enter")
    table = page.locator("[data-log] .msg__text table")
    expect(table.locator("td")).to_have_text(["715-3", "2 L", "716-1", "없음"])
    paste("a|b\n1", "<table><tr><td>약|이름</td><td>양</td></tr><tr><td>A<br>정</td><td>1</td></tr></table>")
    assert box.input_value().startswith("| 약\\|이름 | 양 |")
    box.fill("")
    paste("def dose(weight):\n    if weight < 10:\n        return 5\n")
    assert box.input_value() == "```\ndef dose(weight):\n    if weight < 10:\n        return 5\n```\n"
    box.press("Enter")
    expect(page.locator("[data-log] .msg__text pre code").last).to_have_text(
        "def dose(weight):\n    if weight < 10:\n        return 5\n"
    )
    box.fill("먼저 쓴 글")
    page.evaluate("window.big = '가'.repeat(10 * 1024 * 1024 / 3)")
    box.evaluate(
        """(field) => {
          const data = new DataTransfer();
          data.setData("text/plain", window.big);
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          if (field.dispatchEvent(event)) field.value += window.big;
        }"""
    )
    expect(page.locator("[data-chat] [data-composer] [role=alert]")).to_contain_text("10,000")
    expect(box).to_have_value("먼저 쓴 글")
    paste("그냥 두 줄\n글입니다")
    expect(box).to_have_value("먼저 쓴 글그냥 두 줄\n글입니다")
