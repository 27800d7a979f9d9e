"""What is half written goes with its writer: to the next page, the other device, past a lost connection, and never under a hand."""

import re
from typing import Any

from playwright.sync_api import expect

from apps.messaging import actions, queries
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, stored, wait_until_live
from .test_unsent import kept

DRAFTS = re.compile(r"/draft/")
SOON = 6_000


def box(page: Any) -> Any:
    return page.locator("[data-chat] [data-composer] textarea")


def note(page: Any) -> Any:
    return page.locator("[data-draft-note]")


def draft(hospital: Hospital, channel: Any | None = None) -> str:
    return str(queries.draft_of(channel or hospital.private, hospital.nurse).body)


def wait_for_draft(page: Any, hospital: Hospital, text: str) -> None:
    for _ in range(40):
        if draft(hospital) == text:
            return
        page.wait_for_timeout(150)
    assert draft(hospital) == text


def two_devices(browsers: Browsers, hospital: Hospital) -> tuple[Any, Any]:
    desk, phone = browsers.open(hospital.nurse), browsers.open(hospital.nurse, phone=True)
    for page in (desk, phone):
        open_channel(page, hospital)
        wait_until_live(page)
    return desk, phone


def test_what_is_begun_on_the_ward_goes_on_on_the_phone(browsers: Browsers, hospital: Hospital) -> None:
    desk, phone = two_devices(browsers, hospital)
    box(desk).press_sequentially("715호 환자분 식사는")
    expect(box(phone)).to_have_value("715호 환자분 식사는", timeout=SOON)
    assert kept(desk) == kept(phone) == []  # the server has it, so no browser need keep it
    box(phone).fill("715호 환자분 식사는 절반 드셨습니다.")
    expect(box(desk)).to_have_value("715호 환자분 식사는 절반 드셨습니다.", timeout=SOON)
    # Sent on one device, it is gone from the other.
    phone.locator("[data-composer] button[type=submit]").tap()
    expect(box(desk)).to_have_value("", timeout=SOON)
    assert stored(hospital.private) == ["715호 환자분 식사는 절반 드셨습니다."]
    wait_for_draft(desk, hospital, "")
    desk.reload()
    expect(box(desk)).to_have_value("")


def test_two_texts_are_both_shown_and_neither_is_lost(browsers: Browsers, hospital: Hospital) -> None:
    desk, phone = two_devices(browsers, hospital)
    desk.route(DRAFTS, lambda route: route.abort())
    box(desk).fill("병동에서 쓴 글")
    box(phone).fill("전화기에서 쓴 글\n둘째 줄")
    wait_for_draft(phone, hospital, "전화기에서 쓴 글\n둘째 줄")
    desk.unroute_all()
    desk.evaluate("window.dispatchEvent(new Event('online'))")
    expect(note(desk)).to_contain_text("전화기에서 쓴 글", timeout=SOON)
    expect(note(desk)).not_to_contain_text("둘째 줄")
    expect(box(desk)).to_have_value("병동에서 쓴 글")
    box(desk).press_sequentially(" 더")  # writing on decides nothing
    desk.wait_for_timeout(2_500)
    assert draft(hospital) == "전화기에서 쓴 글\n둘째 줄"
    assert browsers.find_barriers(desk) == []
    use, _keep = note(desk).get_by_role("button").all()
    use.click()
    expect(box(desk)).to_have_value("전화기에서 쓴 글\n둘째 줄")
    note(desk).get_by_role("button").click()  # and back
    expect(box(desk)).to_have_value("병동에서 쓴 글 더")
    expect(note(desk)).to_have_count(0)
    wait_for_draft(desk, hospital, "병동에서 쓴 글 더")
    expect(box(phone)).to_have_value("병동에서 쓴 글 더", timeout=SOON)


def test_keeping_ones_own_makes_it_the_newest(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    page.route(DRAFTS, lambda route: route.abort())
    box(page).fill("내 글")
    page.wait_for_timeout(700)
    actions.save_draft(by=hospital.nurse, channel=hospital.private, text="다른 글", base=0)
    page.unroute_all()
    page.reload()  # what this browser kept is there, and the other text beside it
    expect(box(page)).to_have_value("내 글")
    expect(note(page)).to_contain_text("다른 글")
    note(page).get_by_role("button").last.click()
    expect(note(page)).to_have_count(0)
    wait_for_draft(page, hospital, "내 글")
    assert kept(page) == []


def test_a_lost_connection_keeps_the_text_and_hands_it_in_later(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    page.route(DRAFTS, lambda route: route.abort())
    box(page).fill("엘리베이터에서 쓴 글")
    page.wait_for_timeout(2_200)
    assert draft(hospital) == ""
    assert kept(page) == ["엘리베이터에서 쓴 글"]
    page.goto("/chat/")
    row = page.locator(f'[data-conversations] [data-conversation="{hospital.private.pk}"]')
    expect(row.locator("[data-draft-text]")).to_have_text("엘리베이터에서 쓴 글")
    page.unroute_all()
    open_channel(page, hospital)
    expect(box(page)).to_have_value("엘리베이터에서 쓴 글")
    wait_for_draft(page, hospital, "엘리베이터에서 쓴 글")


def test_an_old_text_does_not_come_back_after_it_was_sent_elsewhere(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    box(page).fill("곧 보낼 글")
    wait_for_draft(page, hospital, "곧 보낼 글")
    page.goto("/people/")
    factories.send(hospital.nurse, hospital.private, "곧 보낼 글")
    page.go_back()
    expect(page.locator("[data-log] .msg__text")).to_have_count(1)
    expect(box(page)).to_have_value("")
    page.wait_for_timeout(2_000)
    assert draft(hospital) == ""


def test_the_list_shows_what_is_begun_on_another_device(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    page.goto("/chat/")
    wait_until_live(page)
    row = page.locator(f'[data-conversations] [data-conversation="{hospital.direct.pk}"]')
    saved = actions.save_draft(by=hospital.nurse, channel=hospital.direct, text="**급한** 글", base=0)
    expect(row.locator("[data-draft-text]")).to_be_visible(timeout=SOON)
    expect(page.locator('[data-show="drafts"]')).to_be_visible(timeout=SOON)
    actions.save_draft(by=hospital.nurse, channel=hospital.direct, text="", base=saved.version)
    expect(row.locator("[data-draft-text]")).to_be_hidden(timeout=SOON)


def test_a_thread_keeps_its_own_draft(browsers: Browsers, hospital: Hospital) -> None:
    root = factories.send(hospital.physician, hospital.private, "의견 주세요.")
    page = browsers.open(hospital.nurse)
    page.goto(f"/chat/{hospital.private.pk}/thread/{root.number}/")
    wait_until_live(page)
    reply = page.locator("[data-thread] [data-composer] textarea")
    reply.fill("제 생각에는")
    page.wait_for_timeout(400)
    page.locator("[data-pane-close], [data-thread-close]").first.click()  # at once: nothing is lost
    expect(reply).to_have_count(0)
    expect(box(page)).to_have_value("")
    page.locator(f"#message-{root.number}").hover()
    page.locator(f'#message-{root.number} [data-thread-open="{root.number}"]').last.click()
    expect(reply).to_have_value("제 생각에는", timeout=SOON)


def test_a_page_without_javascript_shows_and_sends_the_draft(browsers: Browsers, hospital: Hospital) -> None:
    actions.save_draft(by=hospital.nurse, channel=hospital.private, text="전화기에서 쓰던 글", base=0)
    page = browsers.open(hospital.nurse, javascript=False)
    open_channel(page, hospital)
    expect(box(page)).to_have_value("전화기에서 쓰던 글")
    page.locator("[data-chat] [data-composer] button[type=submit]").last.click()
    expect(page.locator("[data-log] .msg__text")).to_have_text("전화기에서 쓰던 글")
    expect(box(page)).to_have_value("")
    assert draft(hospital) == ""
