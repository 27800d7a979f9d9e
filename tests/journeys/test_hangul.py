"""Enter and letters that are still being composed: nothing is sent too early, twice, or without its last syllable."""

from typing import Any

import pytest
from playwright.sync_api import expect

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, stored, wait_until_live

ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "nativeVirtualKeyCode": 13}
TAKEN = {**ENTER, "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}  # by the input method


class Keyboard:
    """A keyboard with an input method, as Chromium hears one."""

    def __init__(self, page: Any, box: Any) -> None:
        self.page, self.box = page, box
        self.devtools = page.context.new_cdp_session(page)
        box.focus()

    def type(self, text: str) -> None:
        self.devtools.send("Input.insertText", {"text": text})

    def compose(self, *steps: str) -> None:
        for step in steps:
            length = len(step)
            self.devtools.send(
                "Input.imeSetComposition", {"text": step, "selectionStart": length, "selectionEnd": length}
            )

    def commit(self, syllable: str) -> None:
        self.devtools.send("Input.insertText", {"text": syllable})

    def press(self, key: dict[str, Any], *, text: str = "") -> None:
        kind = "keyDown" if text else "rawKeyDown"
        down = {"type": kind, **key, **({"text": text, "unmodifiedText": text} if text else {})}
        self.devtools.send("Input.dispatchKeyEvent", down)
        self.devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


@pytest.fixture
def nurse(browsers: Browsers, hospital: Hospital) -> Any:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    return page


@pytest.fixture
def keyboard(nurse: Any) -> Keyboard:
    return Keyboard(nurse, nurse.locator("[data-chat] [data-composer] textarea"))


def expect_sent(page: Any, hospital: Hospital, text: str) -> None:
    expect(page.locator("[data-log] .msg__text").last).to_have_text(text)
    expect(page.locator("[data-pending]")).to_have_count(0)
    page.wait_for_timeout(300)  # a second one would be on its way by now
    assert stored(hospital.private) == [text]


def test_enter_in_the_middle_of_a_syllable_does_nothing(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    keyboard.type("환자 상태 안정")
    keyboard.compose("ㄷ", "되", "됨")
    for key in (TAKEN, ENTER):
        keyboard.press(key)
    nurse.wait_for_timeout(300)
    assert keyboard.box.input_value() == "환자 상태 안정됨"
    assert stored(hospital.private) == []


def test_the_key_before_the_syllable_is_done(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    """One press: the method takes the key, hands its syllable over, and the key comes again."""
    keyboard.type("환자 상태 안정")
    keyboard.compose("ㄷ", "되", "됨")
    keyboard.press(TAKEN)
    keyboard.commit("됨")
    keyboard.press(ENTER, text="\r")
    expect_sent(nurse, hospital, "환자 상태 안정됨")
    assert keyboard.box.input_value() == ""


def test_the_syllable_is_done_before_the_key(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    """One press: the syllable first, then a key that is still called the method's own, which breaks the line."""
    keyboard.type("내일 퇴원 예")
    keyboard.compose("ㅈ", "저", "정")
    keyboard.commit("정")
    keyboard.press(TAKEN, text="\r")
    expect_sent(nurse, hospital, "내일 퇴원 예정")
    assert keyboard.box.input_value() == ""


def test_a_key_that_only_ends_the_composition_sends_nothing(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    keyboard.compose("ㄱ", "가", "간")
    keyboard.commit("간")
    keyboard.press(TAKEN)  # breaks no line: it belonged to the method alone
    nurse.wait_for_timeout(300)
    assert keyboard.box.input_value() == "간"
    assert stored(hospital.private) == []
    keyboard.press(ENTER, text="\r")
    expect_sent(nurse, hospital, "간")


def test_shift_and_enter_break_the_line_after_a_syllable(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    keyboard.compose("ㅎ", "호", "혼")
    keyboard.commit("혼")
    keyboard.box.press("Shift+Enter")
    keyboard.compose("ㅈ", "자")
    keyboard.commit("자")
    assert keyboard.box.input_value() == "혼\n자"
    keyboard.box.press("Enter")
    expect(nurse.locator("[data-log] .msg__text")).to_have_count(1)
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["혼\n자"]


def test_the_button_in_the_middle_of_a_syllable_sends_all_of_it(
    nurse: Any, keyboard: Keyboard, hospital: Hospital
) -> None:
    keyboard.type("곧 가겠습니")
    keyboard.compose("ㄷ", "다")
    nurse.locator("[data-chat] [data-composer] button[type=submit]").click()
    expect_sent(nurse, hospital, "곧 가겠습니다")
    assert keyboard.box.input_value() == ""


def test_enter_held_down_sends_once(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    keyboard.type("한 번만")
    for repeat in (False, True, True):
        keyboard.devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **ENTER, "autoRepeat": repeat})
    keyboard.devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **ENTER})
    expect_sent(nurse, hospital, "한 번만")


def test_an_edit_is_saved_whole_after_a_syllable(nurse: Any, keyboard: Keyboard, hospital: Hospital) -> None:
    keyboard.type("보호자 연락 완")
    keyboard.box.press("Enter")
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    keyboard.box.press("ArrowUp")
    editor = Keyboard(nurse, nurse.locator("[data-edit] textarea"))
    expect(editor.box).to_have_value("보호자 연락 완")
    editor.compose("ㄹ", "료")
    editor.press(TAKEN)
    nurse.wait_for_timeout(200)
    assert stored(hospital.private) == ["보호자 연락 완"]
    editor.commit("료")
    editor.press(ENTER, text="\r")
    expect(nurse.locator("[data-edit]")).to_have_count(0)
    expect(nurse.locator("[data-log] .msg__text").last).to_have_text("보호자 연락 완료")
    assert stored(hospital.private) == ["보호자 연락 완료"]
