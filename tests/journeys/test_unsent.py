"""What was written and not sent: it goes out from any page, survives a sign-in, and is deleted only when the writer says so."""

import re
import signal
from typing import Any

from playwright.sync_api import expect

from apps.people import actions
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, stored, wait_until_live, write
from .test_door import fill_door

COVER = "[data-cover]"
MESSAGES = re.compile(r"/messages/$")


def refuse_messages(page: Any) -> None:
    page.route(MESSAGES, lambda route: route.abort())


def box(page: Any) -> Any:
    return page.locator("[data-chat] [data-composer] textarea")


def badge(page: Any, channel: Any) -> Any:
    return page.locator(f'[data-conversation="{channel.pk}"] [data-unsent]').first


def open_menu_and_sign_out(page: Any) -> None:
    page.locator(".bar [data-menu] > summary").click()
    page.locator(".bar [data-sign-out]").click()


def kept(page: Any) -> list[str]:
    """The texts that the browser keeps of anybody."""
    texts: list[str] = page.evaluate(
        """async () => {
          const texts = [];
          for (const { name } of await indexedDB.databases()) {
            const database = await new Promise((resolve, reject) => {
              const request = indexedDB.open(name);
              request.onsuccess = () => resolve(request.result);
              request.onerror = reject;
            });
            if (database.objectStoreNames.contains("unsent")) texts.push(...await new Promise((resolve) => {
              const request = database.transaction("unsent").objectStore("unsent").getAll();
              request.onsuccess = () => resolve(request.result.map((entry) => entry.text));
            }));
            database.close();
          }
          return texts;
        }"""
    )
    return sorted(texts)


def test_what_was_left_behind_in_two_channels_goes_out_from_another_page(
    browsers: Browsers, hospital: Hospital
) -> None:
    page = browsers.open(hospital.nurse)
    refuse_messages(page)
    for channel in (hospital.private, hospital.direct):
        open_channel(page, hospital, channel)
        wait_until_live(page)
        for number in (1, 2, 3):
            write(page, f"{number}. 남겨 둔 글")
        expect(page.locator("[data-pending]")).to_have_count(3)
    page.goto("/chat/")
    wait_until_live(page)
    for channel in (hospital.private, hospital.direct):
        expect(badge(page, channel)).to_contain_text("3")
    assert stored(hospital.private) == stored(hospital.direct) == []
    page.unroute_all()
    page.goto("/people/")
    wait_until_live(page)
    said = [f"{number}. 남겨 둔 글" for number in (1, 2, 3)]
    for _ in range(60):
        if stored(hospital.private) == stored(hospital.direct) == said:
            break
        page.wait_for_timeout(250)
    assert stored(hospital.private) == stored(hospital.direct) == said
    page.goto("/chat/")
    wait_until_live(page)
    expect(page.locator("[data-unsent]")).to_have_count(0)
    assert kept(page) == []


def test_four_tabs_send_each_message_once(browsers: Browsers, hospital: Hospital) -> None:
    first = browsers.open(hospital.nurse)
    open_channel(first, hospital)
    wait_until_live(first)
    others = [first.context.new_page() for _ in range(3)]
    for page in others:
        open_channel(page, hospital)
        wait_until_live(page)
    posts: list[str] = []
    first.context.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    first.context.route(MESSAGES, lambda route: route.abort())
    for number in range(4):
        write(first, f"글 {number}")
    expect(first.locator("[data-pending]")).to_have_count(4)
    first.context.unroute_all()
    for page in (first, *others):
        page.evaluate("window.dispatchEvent(new Event('online'))")
    for page in (first, *others):
        expect(page.locator("[data-log] .msg__text")).to_have_count(4, timeout=40_000)
        expect(page.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == [f"글 {number}" for number in range(4)]
    assert len(posts) < 12


def test_an_ended_session_covers_the_page_and_keeps_the_text(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    refuse_messages(page)
    write(page, "끝나기 전에 쓴 글")
    expect(page.locator("[data-pending]")).to_have_count(1)
    box(page).fill("쓰다 만 글")
    page.wait_for_timeout(600)
    page.unroute_all()
    page.context.clear_cookies(name=browsers.cookie)
    page.reload()  # the sign-in: nothing is lost on the way
    fill_door(page, "N20417", factories.PASSWORD)
    expect(page.locator("[data-log] .msg__text").last).to_have_text("끝나기 전에 쓴 글")
    expect(page.locator("[data-pending]")).to_have_count(0)
    expect(box(page)).to_have_value("쓰다 만 글")
    assert stored(hospital.private) == ["끝나기 전에 쓴 글"]


def test_a_closed_account_sees_nothing_more_and_is_asked_to_sign_in(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    factories.send(hospital.physician, hospital.private, "환자 이름이 든 글")
    open_channel(page, hospital)
    wait_until_live(page)
    actions.deactivate(user=hospital.nurse, by=hospital.physician, why="left")
    expect(page.locator(COVER)).to_be_visible()
    expect(page.locator("[data-log]")).to_be_hidden()
    expect(page.locator("[data-cover-for=ended]")).to_be_visible()
    expect(page.locator("[data-cover-sign-in]")).to_be_focused()
    assert browsers.find_barriers(page) == []
    page.locator("[data-cover-sign-in]").click()
    expect(page.locator('input[name="login"]')).to_be_visible()
    assert page.url.endswith(f"?next=%2Fchat%2F{hospital.private.pk}%2F")


def test_a_message_of_an_ended_session_is_not_tried_for_ever(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    page.route_web_socket("/live/", lambda socket: None)  # only the answer to the message tells
    open_channel(page, hospital)
    page.context.clear_cookies(name=browsers.cookie)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    write(page, "이 글은 남는다")
    expect(page.locator(COVER)).to_be_visible()
    page.wait_for_timeout(3000)
    assert len(posts) == 1
    assert kept(page) == ["이 글은 남는다"]
    page.locator("[data-cover-sign-in]").click()
    fill_door(page, "N20417", factories.PASSWORD)
    expect(page.locator("[data-log] .msg[data-number] .msg__text").last).to_have_text("이 글은 남는다")
    assert stored(hospital.private) == ["이 글은 남는다"]


def test_signing_out_with_unsent_text_asks_first(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    refuse_messages(page)
    for number in (1, 2):
        write(page, f"못 보낸 글 {number}")
    expect(page.locator("[data-pending]")).to_have_count(2)
    open_menu_and_sign_out(page)
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("보라매 본원 전원")
    expect(dialog).to_contain_text("2")
    assert browsers.find_barriers(page) == []
    dialog.locator(".btn--primary").click()
    expect(dialog).to_have_count(0)
    assert kept(page) == ["못 보낸 글 1", "못 보낸 글 2"]
    open_menu_and_sign_out(page)
    page.locator("[data-sign-out-anyway]").click()
    expect(page.locator('input[name="login"]')).to_be_visible()
    assert kept(page) == []
    assert stored(hospital.private) == []


def test_signing_out_in_one_tab_covers_the_others_and_leaves_nothing(browsers: Browsers, hospital: Hospital) -> None:
    here = browsers.open(hospital.nurse)
    open_channel(here, hospital)
    there = here.context.new_page()
    there.on("console", lambda message: browsers.note_console(there, message))
    there.on("pageerror", lambda error: browsers.complaints.append(str(error)))
    open_channel(there, hospital)
    for page in (here, there):
        wait_until_live(page)
    open_menu_and_sign_out(here)
    expect(here.locator('input[name="login"]')).to_be_visible()
    expect(there.locator(COVER)).to_be_visible()
    expect(there.locator("[data-cover-for=signed-out]")).to_be_visible()
    expect(there.locator("[data-log]")).to_be_hidden()
    assert here.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    # The same person comes back: the covered tab opens again by itself.
    fill_door(here, "N20417", factories.PASSWORD)
    expect(there.locator(COVER)).to_be_hidden()
    expect(there.locator("[data-log]")).to_be_visible()


def test_another_person_in_the_same_browser_gets_none_of_it(browsers: Browsers, hospital: Hospital) -> None:
    here = browsers.open(hospital.nurse)
    open_channel(here, hospital)
    wait_until_live(here)
    box(here).fill("간호사가 쓰던 글")
    here.wait_for_timeout(600)
    cookie = here.context.cookies()[0] | {"name": browsers.cookie, "value": browsers.make_session(hospital.physician)}
    here.context.add_cookies([{key: cookie[key] for key in ("name", "value", "domain", "path")}])
    # The socket comes back as somebody else: the page is opened anew as theirs.
    with here.expect_navigation():
        here.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
        here.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(here.locator("body")).to_have_attribute("data-user-id", str(hospital.physician.pk))
    wait_until_live(here)
    expect(box(here)).to_have_value("")
    assert stored(hospital.private) == []


def test_storage_that_breaks_still_sends(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    open_channel(page, hospital)
    wait_until_live(page)
    page.evaluate(
        """() => {
          IDBDatabase.prototype.transaction = () => { throw new DOMException("closing", "InvalidStateError"); };
        }"""
    )
    write(page, "저장소 없이 쓴 글")
    expect(page.locator("[data-log] .msg[data-number] .msg__text").last).to_have_text("저장소 없이 쓴 글")
    expect(page.locator("[data-pending]")).to_have_count(0)
    assert stored(hospital.private) == ["저장소 없이 쓴 글"]


def test_a_draft_waits_for_its_writer_in_channel_and_thread(browsers: Browsers, hospital: Hospital) -> None:
    root = factories.send(hospital.physician, hospital.private, "소견 부탁드립니다.")
    page = browsers.open(hospital.nurse)
    page.goto(f"/chat/{hospital.private.pk}/thread/{root.number}/")
    wait_until_live(page)
    reply = page.locator("[data-thread] [data-composer] textarea")
    box(page).fill("채널에 쓰던 글")
    reply.fill("답글로 쓰던 글")
    page.goto("/people/")  # at once: leaving the page keeps it
    open_channel(page, hospital, hospital.direct)
    wait_until_live(page)
    expect(box(page)).to_have_value("")
    page.goto(f"/chat/{hospital.private.pk}/thread/{root.number}/")
    expect(box(page)).to_have_value("채널에 쓰던 글")
    expect(reply).to_have_value("답글로 쓰던 글")
    box(page).press("Enter")
    expect(page.locator("[data-log] .msg[data-number] .msg__text").last).to_have_text("채널에 쓰던 글")
    page.reload()
    expect(reply).to_have_value("답글로 쓰던 글")
    expect(box(page)).to_have_value("")
    assert kept(page) == []  # the server has it


def test_a_network_that_swallows_everything_is_noticed(browsers: Browsers, hospital: Hospital, server: Any) -> None:
    page = browsers.open(hospital.nurse, phone=True)
    open_channel(page, hospital)
    wait_until_live(page)
    server.process.send_signal(signal.SIGSTOP)
    try:
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator('[data-live-status="reconnecting"]')).to_be_attached(timeout=6_000)
        # On a phone it says so in words.
        expect(page.locator(".live__word--reconnecting")).to_be_visible()
        assert page.locator(".live__word--reconnecting").bounding_box()["width"] > 20
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        server.process.send_signal(signal.SIGCONT)
    expect(page.locator('[data-live-status="connected"]')).to_be_attached(timeout=40_000)


def test_silence_is_asked_about_and_an_answer_keeps_the_connection(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    sockets: list[Any] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.clock.install()
    open_channel(page, hospital)
    wait_until_live(page)
    sent: list[str] = []
    heard: list[str] = []
    sockets[0].on("framesent", lambda text: sent.append(str(text)))
    sockets[0].on("framereceived", lambda text: heard.append(str(text)))
    page.clock.fast_forward(26_000)
    for _ in range(40):
        if heard:
            break
        page.wait_for_timeout(100)
    assert any("ping" in text for text in sent)
    assert any("pong" in text for text in heard)
    page.clock.fast_forward(9_000)
    page.wait_for_timeout(300)
    assert len(sockets) == 1
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()


def test_looking_for_people_complains_of_nothing(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    page.goto("/chat/new/")
    page.locator('.page input[name="q"], main input[name="q"]').first.press_sequentially("최다온")
    person = page.locator("[data-found] .pick", has_text="최다온")
    expect(person).to_have_count(1)
    person.locator("input").check()
    search = page.locator('main input[name="q"]')
    search.fill("")
    search.press_sequentially("이누리")
    expect(person.locator("input")).to_be_checked()
