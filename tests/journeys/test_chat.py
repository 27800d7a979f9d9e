"""Two people at two sites talk, live and in order."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.messaging.models import Message
from tests import factories

from .browser import Browsers
from .hospital import Hospital

WORDS = [
    "환자분 도착하셨습니다.",
    "네, 확인했습니다.",
    "715호 3번 병상이에요.",
    "보호구 카트 옮겨 두었습니다.",
    "흉부 CT 보냅니다.",
]


def open_channel(page: Any, hospital: Hospital, channel: Any | None = None) -> Any:
    page.goto(f"/chat/{(channel or hospital.private).pk}/")
    return page


def wait_until_live(page: Any) -> None:
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()


def write(page: Any, text: str) -> None:
    box = page.locator("[data-chat] [data-composer] textarea")
    box.fill(text)
    box.press("Enter")


def texts(page: Any) -> list[str]:
    return [text.strip() for text in page.locator("[data-log] .msg .msg__text").all_inner_texts()]


def stored(channel: Any) -> list[str]:
    return list(Message.objects.filter(channel=channel).order_by("number").values_list("body", flat=True))


def sign_in(page: Any, staff_number: str) -> None:
    page.goto("/")
    page.locator('input[name="login"]').fill(staff_number)
    page.locator('input[name="password"]').fill(factories.PASSWORD)
    page.locator('input[name="password"]').press("Enter")
    expect(page.locator("[data-live-status]").first).to_be_attached()


def test_a_nurse_and_a_physician_talk_live_and_in_order(browsers: Browsers, hospital: Hospital) -> None:
    nurse, physician = browsers.open(), browsers.open()
    sign_in(nurse, "N20417")
    sign_in(physician, "P10046")
    for page in (nurse, physician):
        open_channel(page, hospital)
        wait_until_live(page)
    said = []
    for turn, words in enumerate(WORDS * 2):
        speaker, listener = (nurse, physician) if turn % 2 == 0 else (physician, nurse)
        text = f"{turn + 1}번: {words}"
        said.append(text)
        write(speaker, text)
        expect(listener.locator("[data-log] .msg__text").last).to_have_text(text)
    assert texts(nurse) == texts(physician) == said == stored(hospital.private)
    # Both wrote at once without waiting: whatever the order is, both see the same one, with nothing lost or twice.
    for number in range(5):
        write(nurse, f"간호 {number}")
        write(physician, f"진료 {number}")
    for page in (nurse, physician):
        expect(page.locator("[data-log] .msg__text")).to_have_count(20)
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    expect(physician.locator("[data-pending]")).to_have_count(0)
    assert texts(nurse) == texts(physician) == stored(hospital.private)
    assert len(set(stored(hospital.private))) == 20


def test_a_reply_stands_in_its_thread_on_both_sides(browsers: Browsers, hospital: Hospital) -> None:
    root = factories.send(hospital.nurse, hospital.private, "소견서 함께 봐 주세요.")
    nurse, physician = browsers.open(hospital.nurse), browsers.open(hospital.physician)
    for page in (nurse, physician):
        page.goto(f"/chat/{hospital.private.pk}/thread/{root.number}/")
        wait_until_live(page)
    box = physician.locator("[data-thread] [data-composer] textarea")
    box.fill("받았습니다.")
    box.press("Enter")
    expect(nurse.locator("[data-thread-log] .msg__text").last).to_have_text("받았습니다.")
    expect(nurse.locator("[data-log] .threadlink")).to_contain_text("1")
    assert texts(nurse) == ["소견서 함께 봐 주세요."]


def test_the_list_counts_what_is_unread_and_forgets_what_was_read(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.physician)
    page.goto("/chat/")
    wait_until_live(page)
    line = page.locator(f'[data-conversation="{hospital.direct.pk}"]').first
    factories.send(hospital.nurse, hospital.direct, "지금 통화 괜찮으세요?")
    expect(line).to_have_attribute("data-unread", "1")
    factories.send(hospital.nurse, hospital.direct, "급하지 않습니다.")
    expect(line).to_have_attribute("data-unread", "2")
    line.click()
    expect(page.locator("[data-log] .msg__text").last).to_have_text("급하지 않습니다.")
    other = browsers.open(hospital.physician)
    expect(page.locator(f'[data-conversation="{hospital.direct.pk}"]').first).to_have_attribute("data-unread", "0")
    other.goto("/chat/")
    expect(other.locator(f'[data-conversation="{hospital.direct.pk}"]').first).to_have_attribute("data-unread", "0")


def test_on_a_phone_one_pane_at_a_time(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.nurse, hospital.direct, "병상 났습니다. " * 12)
    page = browsers.open(hospital.physician, phone=True)
    page.goto("/chat/")
    page.locator(f'[data-conversation="{hospital.direct.pk}"]').first.tap()
    expect(page.locator("[data-log] .msg__text").last).to_be_visible()
    wait_until_live(page)
    box = page.locator("[data-chat] [data-composer] textarea")
    box.fill("곧 가겠습니다.")
    page.locator("[data-chat] [data-composer] button[type=submit]").tap()  # Enter makes a new line under a thumb
    expect(page.locator("[data-log] .msg__text").last).to_have_text("곧 가겠습니다.")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    send = page.locator("[data-chat] [data-composer] button[type=submit]").bounding_box()
    assert send is not None
    assert send["width"] >= 44
    assert send["height"] >= 44
    assert send["y"] + send["height"] <= 844
    page.locator(".bar__back a").first.tap()
    expect(page.locator(f'[data-conversation="{hospital.direct.pk}"]').first).to_be_visible()


def test_without_javascript_one_sends_and_reads(browsers: Browsers, hospital: Hospital) -> None:
    nurse = browsers.open(hospital.nurse, javascript=False)
    physician = browsers.open(hospital.physician, javascript=False)
    open_channel(nurse, hospital)
    nurse.locator('[data-composer] textarea[name="text"]').fill("자바스크립트 없이 씁니다.")
    nurse.locator("[data-composer] button[type=submit]").click()
    expect(nurse.locator("[data-log] .msg__text").last).to_have_text("자바스크립트 없이 씁니다.")
    physician.goto("/chat/")
    line = physician.locator(f'[data-conversation="{hospital.private.pk}"]').first
    expect(line).to_have_attribute("data-unread", "1")
    line.click()
    expect(physician.locator("[data-log] .msg__text").last).to_have_text("자바스크립트 없이 씁니다.")
    physician.locator('[data-composer] textarea[name="text"]').fill("잘 읽었습니다.")
    physician.locator("[data-composer] button[type=submit]").click()
    expect(physician.locator("[data-log] .msg__text").last).to_have_text("잘 읽었습니다.")
    physician.goto("/chat/")
    expect(physician.locator(f'[data-conversation="{hospital.private.pk}"]').first).to_have_attribute(
        "data-unread", "0"
    )
    assert stored(hospital.private) == ["자바스크립트 없이 씁니다.", "잘 읽었습니다."]


def test_what_is_written_offline_goes_out_once_when_the_line_is_back(browsers: Browsers, hospital: Hospital) -> None:
    nurse, physician = browsers.open(hospital.nurse), browsers.open(hospital.physician)
    for page in (nurse, physician):
        open_channel(page, hospital)
        wait_until_live(page)
    nurse.context.set_offline(True)
    write(nurse, "끊긴 동안 쓴 글")
    expect(nurse.locator("[data-pending]")).to_have_count(1)
    write(physician, "그동안 온 글")
    expect(physician.locator("[data-log] .msg__text").last).to_have_text("그동안 온 글")
    expect(physician.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["그동안 온 글"]
    nurse.context.set_offline(False)
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    expect(nurse.locator("[data-log] .msg__text")).to_have_count(2)
    expect(physician.locator("[data-log] .msg__text")).to_have_count(2)
    assert stored(hospital.private) == ["그동안 온 글", "끊긴 동안 쓴 글"]


def test_all_that_waits_for_the_line_says_so(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    page.context.set_offline(True)
    for text in ("하나", "둘", "셋"):
        write(page, text)
    words = page.locator('[data-pending] [data-slot="words"]')
    expect(words).to_have_text(["연결되면 보냅니다"] * 3)
    page.context.set_offline(False)
    expect(page.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["하나", "둘", "셋"]


def test_a_page_outlives_its_server(browsers: Browsers, hospital: Hospital, server: Any) -> None:
    nurse, physician = browsers.open(hospital.nurse), browsers.open(hospital.physician)
    for page in (nurse, physician):
        open_channel(page, hospital)
        wait_until_live(page)
    server.stop()
    write(nurse, "서버가 없는 동안 쓴 글")
    expect(nurse.locator("[data-pending]")).to_have_count(1)
    server.start()
    expect(nurse.locator("[data-pending]")).to_have_count(0, timeout=40_000)
    expect(physician.locator("[data-log] .msg__text").last).to_have_text("서버가 없는 동안 쓴 글", timeout=40_000)
    assert stored(hospital.private) == ["서버가 없는 동안 쓴 글"]


def test_unsent_text_survives_a_reload(browsers: Browsers, hospital: Hospital) -> None:
    nurse = browsers.open(hospital.nurse)
    open_channel(nurse, hospital)
    wait_until_live(nurse)
    nurse.route(re.compile(r"/messages/$"), lambda route: route.abort())
    write(nurse, "다시 열어도 남는 글")
    expect(nurse.locator("[data-pending]")).to_have_count(1)
    nurse.unroute_all()
    nurse.reload()
    expect(nurse.locator("[data-log] .msg__text").last).to_have_text("다시 열어도 남는 글")
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["다시 열어도 남는 글"]


def test_enter_while_a_syllable_is_composed_neither_sends_nor_eats_it(browsers: Browsers, hospital: Hospital) -> None:
    nurse = browsers.open(hospital.nurse)
    open_channel(nurse, hospital)
    wait_until_live(nurse)
    box = nurse.locator("[data-chat] [data-composer] textarea")
    box.focus()
    devtools = nurse.context.new_cdp_session(nurse)
    devtools.send("Input.insertText", {"text": "환자 상태 안정"})
    devtools.send("Input.imeSetComposition", {"text": "됨", "selectionStart": 1, "selectionEnd": 1})
    composing = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **composing})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **composing})
    assert box.input_value() == "환자 상태 안정됨"
    assert stored(hospital.private) == []
    devtools.send("Input.insertText", {"text": "됨"})  # the syllable is done
    box.press("Enter")
    expect(nurse.locator("[data-log] .msg__text").last).to_have_text("환자 상태 안정됨")
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["환자 상태 안정됨"]
    assert box.input_value() == ""


@pytest.mark.parametrize("send", ["double click", "double enter"])
def test_a_hasty_hand_sends_once(browsers: Browsers, hospital: Hospital, send: str) -> None:
    nurse = browsers.open(hospital.nurse)
    open_channel(nurse, hospital)
    wait_until_live(nurse)
    box = nurse.locator("[data-chat] [data-composer] textarea")
    box.fill("한 번만")
    if send == "double click":
        nurse.locator("[data-chat] [data-composer] button[type=submit]").dblclick()
    else:
        box.press("Enter")
        box.press("Enter")
    expect(nurse.locator("[data-log] .msg__text")).to_have_count(1)
    expect(nurse.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["한 번만"]


def test_the_removed_one_hears_nothing_more(browsers: Browsers, hospital: Hospital) -> None:
    from apps.teams import actions

    physician = browsers.open(hospital.physician)
    open_channel(physician, hospital)
    wait_until_live(physician)
    factories.send(hospital.nurse, hospital.private, "모두 함께")
    expect(physician.locator("[data-log] .msg__text").last).to_have_text("모두 함께")
    actions.remove_from_channel(channel=hospital.private, user=hospital.physician, by=hospital.nurse)
    factories.send(hospital.nurse, hospital.private, "빠진 뒤에 쓴 글")
    expect(physician.locator("[data-chat] [data-composer] button[type=submit]")).to_be_disabled()
    physician.wait_for_timeout(2000)
    assert "빠진 뒤에 쓴 글" not in physician.content()
    response = physician.goto(f"/chat/{hospital.private.pk}/")
    assert response is not None
    assert response.status == 404


def test_a_text_over_the_limit_is_given_back(browsers: Browsers, hospital: Hospital) -> None:
    nurse = browsers.open(hospital.nurse, javascript=False)
    open_channel(nurse, hospital)
    long = "가" * 10_001
    nurse.locator('[data-composer] textarea[name="text"]').fill(long)
    nurse.locator("[data-composer] button[type=submit]").click()
    expect(nurse.locator('[role="alert"]').first).to_contain_text("10")
    assert nurse.locator('[data-composer] textarea[name="text"]').input_value() == long
    assert stored(hospital.private) == []
