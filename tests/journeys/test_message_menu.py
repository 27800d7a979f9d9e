"""What is done with a message: by mouse, by keyboard, by a long press, and without a script."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.messaging import actions
from apps.messaging.models import Message, Reaction, ReadMark, ThreadMark
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, stored, wait_until_live


def message(page: Any, number: int) -> Any:
    return page.locator(f'[data-log] > .msg[data-number="{number}"]')


def item(page: Any, act: str) -> Any:
    return page.locator(f'#message-menu [role="menuitem"][data-act="{act}"]')


def open_live(browsers: Browsers, person: Any, hospital: Hospital, **options: Any) -> Any:
    page = browsers.open(person, **options)
    open_channel(page, hospital)
    wait_until_live(page)
    return page


def toast(page: Any, text: str) -> Any:
    return page.locator("[data-toasts] .toast", has_text=text)


def test_the_log_is_one_stop_and_the_arrows_walk_it(browsers: Browsers, hospital: Hospital) -> None:
    for number in range(1, 6):
        factories.send(hospital.physician, hospital.private, f"{number}번 환자 안정적입니다.")
    page = open_live(browsers, hospital.nurse, hospital)
    reached = page.locator('[data-log] > .msg[tabindex="0"]')
    expect(reached).to_have_count(1)
    expect(reached).to_have_attribute("data-number", "5")
    reached.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(message(page, 3)).to_be_focused()
    expect(page.locator('[data-log] > .msg[tabindex="0"]')).to_have_attribute("data-number", "3")
    page.keyboard.press("Home")
    expect(message(page, 1)).to_be_focused()
    page.keyboard.press("End")
    expect(message(page, 5)).to_be_focused()
    page.keyboard.press("Tab")  # into the message that has the focus, no other
    assert page.evaluate("document.activeElement.closest('.msg').dataset.number") == "5"
    message(page, 5).focus()
    page.keyboard.press("Escape")
    expect(page.locator("[data-chat] [data-composer] textarea")).to_be_focused()


@pytest.mark.parametrize("key", ["Enter", "Shift+F10", "ContextMenu"])
def test_the_menu_opens_by_key_and_gives_the_focus_back(browsers: Browsers, hospital: Hospital, key: str) -> None:
    factories.send(hospital.physician, hospital.private, "소견서 봐 주세요.")
    page = open_live(browsers, hospital.nurse, hospital)
    message(page, 1).focus()
    page.keyboard.press(key)
    expect(page.locator("#message-menu")).to_be_visible()
    expect(item(page, "reply")).to_be_focused()
    expect(item(page, "edit")).to_be_hidden()  # another's
    expect(item(page, "delete")).to_be_visible()  # the nurse looks after this channel
    page.keyboard.press("ArrowDown")
    expect(item(page, "pick")).to_be_focused()
    assert browsers.find_barriers(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#message-menu")).to_be_hidden()
    expect(message(page, 1)).to_be_focused()


def test_one_reacts_takes_it_back_and_others_see_it(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.physician, hospital.private, "도착했습니다.")
    nurse = open_live(browsers, hospital.nurse, hospital)
    physician = open_live(browsers, hospital.physician, hospital)
    message(nurse, 1).focus()
    nurse.keyboard.press("1")
    chip = message(nurse, 1).locator('.reaction[data-emoji="thumbsup"]')
    expect(chip).to_have_attribute("aria-pressed", "true")
    seen = message(physician, 1).locator('.reaction[data-emoji="thumbsup"]')
    expect(seen).to_have_attribute("aria-pressed", "false")
    expect(seen).to_contain_text("1")
    seen.hover()
    expect(seen).to_have_attribute("title", re.compile("이누리"))
    seen.click()
    expect(chip).to_contain_text("2")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    expect(seen).to_contain_text("1")
    assert list(Reaction.objects.values_list("user_id", "emoji")) == [(hospital.physician.pk, "thumbsup")]


def test_a_refused_reaction_is_taken_back(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.physician, hospital.private, "도착했습니다.")
    page = open_live(browsers, hospital.nurse, hospital)
    page.route(re.compile("/reactions/$"), lambda route: route.abort())
    message(page, 1).focus()
    page.keyboard.press("2")
    expect(page.locator("[data-toasts] .toast")).to_have_count(1)
    expect(message(page, 1).locator(".reaction[data-emoji]")).to_have_count(0)
    assert not Reaction.objects.exists()


def test_an_emoji_is_found_by_a_korean_word(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.physician, hospital.private, "주사 준비 부탁드려요.")
    page = open_live(browsers, hospital.nurse, hospital)
    message(page, 1).focus()
    page.keyboard.press("+")
    search = page.locator("[data-picker-search]")
    expect(search).to_be_focused()
    expect(page.locator(".picker__emoji").first).to_be_visible()
    search.fill("주사기")
    expect(page.locator(".picker__emoji").first).to_have_attribute("title", ":syringe:")
    search.press("ArrowDown")
    expect(page.locator(".picker__emoji").first).to_be_focused()
    page.keyboard.press("Enter")
    chip = message(page, 1).locator('.reaction[data-emoji="syringe"]')
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(
        message(open_live(browsers, hospital.physician, hospital), 1).locator(".reaction[data-emoji]")
    ).to_have_count(1)
    assert Reaction.objects.get().emoji == "syringe"


def test_the_arrow_in_an_empty_composer_edits_the_last_message(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.nurse, hospital.private, "715호 침상 준비")
    factories.send(hospital.physician, hospital.private, "고맙습니다.")
    nurse = open_live(browsers, hospital.nurse, hospital)
    physician = open_live(browsers, hospital.physician, hospital)
    nurse.locator("[data-chat] [data-composer] textarea").focus()
    nurse.keyboard.press("ArrowUp")
    editor = message(nurse, 1).locator("[data-edit] textarea")
    expect(editor).to_be_focused()
    nurse.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    nurse.keyboard.press("e")
    expect(editor).to_have_value("715호 침상 준비")
    editor.press("End")
    nurse.keyboard.type(" 끝")
    nurse.keyboard.press("Enter")
    expect(message(physician, 1).locator(".msg__text")).to_have_text("715호 침상 준비 끝")
    expect(message(physician, 1).locator('[data-part="edited"]')).to_be_visible()
    assert stored(hospital.private)[0] == "715호 침상 준비 끝"
    message(physician, 1).locator('[data-part="edited"]').click()
    versions = physician.locator('[data-pane="versions"] .version .msg__text')
    expect(versions).to_have_text(["715호 침상 준비 끝", "715호 침상 준비"])
    physician.keyboard.press("Escape")
    expect(physician.locator("[data-pane]")).to_have_count(0)


def test_two_devices_edit_one_message_and_nothing_is_lost(browsers: Browsers, hospital: Hospital) -> None:
    sent = factories.send(hospital.nurse, hospital.private, "산소 2리터")
    page = open_live(browsers, hospital.nurse, hospital)
    message(page, 1).focus()
    page.keyboard.press("e")
    editor = message(page, 1).locator("[data-edit] textarea")
    editor.fill("산소 3리터")
    actions.edit_message(by=hospital.nurse, message=sent, text="산소 4리터")
    editor.press("Enter")
    conflict = message(page, 1).locator("[data-conflict]")
    expect(conflict).to_contain_text("산소 4리터")
    expect(editor).to_have_value("산소 3리터")
    assert stored(hospital.private) == ["산소 4리터"]
    conflict.locator("[data-keep-mine]").click()
    editor.press("Enter")
    expect(message(page, 1).locator("[data-edit]")).to_have_count(0)
    expect(message(page, 1).locator(".msg__text")).to_have_text("산소 3리터")
    assert stored(hospital.private) == ["산소 3리터"]


def test_a_deleted_message_comes_back_by_undo(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.nurse, hospital.private, "잘못 보낸 글")
    nurse = open_live(browsers, hospital.nurse, hospital)
    physician = open_live(browsers, hospital.physician, hospital)
    message(nurse, 1).focus()
    nurse.keyboard.press("Delete")
    expect(message(physician, 1)).to_have_attribute("data-deleted", "")
    expect(message(physician, 1)).not_to_contain_text("잘못 보낸 글")
    expect(physician.locator("[data-undo]")).to_have_count(0)
    nurse.locator("[data-toasts] [data-undo]").click()
    expect(message(physician, 1).locator(".msg__text")).to_have_text("잘못 보낸 글")
    expect(nurse.locator("[data-undo]")).to_have_count(0)
    assert Message.objects.get().deleted_at is None


def test_a_message_is_pinned_and_found_again(browsers: Browsers, hospital: Hospital) -> None:
    for number in range(30):
        factories.send(hospital.physician, hospital.private, f"{number}. " + "긴 하루의 이야기입니다. " * 6)
    nurse = open_live(browsers, hospital.nurse, hospital)
    physician = open_live(browsers, hospital.physician, hospital)
    message(nurse, 2).focus()
    nurse.keyboard.press("p")
    expect(message(physician, 2).locator('[data-part="pinned"]')).to_be_attached()
    button = physician.locator('.pane__head--desk [data-pane-open="pins"]')
    expect(button.locator("[data-pins-count]")).to_have_text("1")
    button.click()
    pane = physician.locator('[data-pane="pins"]')
    expect(pane.locator("[data-pinned-number]")).to_have_count(1)
    pane.locator("[data-go]").click()
    expect(message(physician, 2)).to_be_in_viewport()
    expect(message(physician, 2)).to_be_focused()
    pane.locator("[data-unpin-form] button").click()
    expect(pane.locator("[data-pinned-number]")).to_have_count(0)
    expect(button.locator("[data-pins-count]")).to_be_hidden()
    assert Message.objects.filter(pinned_at__isnull=False).count() == 0


def test_a_message_is_passed_on_with_its_author(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.physician, hospital.private, "16시부터 승강기 점검입니다.")
    nurse = open_live(browsers, hospital.nurse, hospital)
    message(nurse, 1).focus()
    nurse.keyboard.press("f")
    dialog = nurse.locator("#forward-dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[type=submit]")).to_be_disabled()
    dialog.locator("[type=search]").fill("최다온")
    line = dialog.locator(f'[name="to"][value="{hospital.direct.pk}"]')
    expect(dialog.locator('[name="to"]')).to_have_count(1)
    line.check()
    dialog.locator("textarea").fill("알고 계세요?")
    dialog.locator("[type=submit]").click()
    expect(dialog).to_be_hidden()
    nurse.goto(f"/chat/{hospital.direct.pk}/")
    last = nurse.locator("[data-log] > .msg").last
    expect(last.locator(".forwarded")).to_contain_text("최다온")
    expect(last.locator(".forwarded blockquote")).to_have_text("16시부터 승강기 점검입니다.")
    expect(last.locator('[data-part="text"]')).to_have_text("알고 계세요?")
    assert stored(hospital.direct) == ["알고 계세요?"]


def test_marked_unread_stays_unread_until_the_reader_reads_on(browsers: Browsers, hospital: Hospital) -> None:
    for number in range(1, 5):
        factories.send(hospital.physician, hospital.private, f"{number}번 검사 결과 나왔습니다.")
    page = open_live(browsers, hospital.nurse, hospital)
    other = browsers.open(hospital.nurse)
    other.goto("/chat/")
    wait_until_live(other)
    line = other.locator(f'[data-conversations] [data-conversation="{hospital.private.pk}"]').first
    expect(line).to_have_attribute("data-unread", "0")
    message(page, 3).focus()
    page.keyboard.press("u")
    expect(line).to_have_attribute("data-unread", "2")
    expect(page.locator("[data-unread-divider] + .msg")).to_have_attribute("data-number", "3")
    page.wait_for_timeout(2500)  # longer than a mark takes to leave
    expect(line).to_have_attribute("data-unread", "2")
    assert ReadMark.objects.get(user=hospital.nurse, channel=hospital.private).unread_from == 3
    page.locator("[data-scroll]").hover()
    page.mouse.wheel(0, 200)
    expect(line).to_have_attribute("data-unread", "0")


def test_a_thread_is_read_in_its_pane_and_not_by_passing(browsers: Browsers, hospital: Hospital) -> None:
    root = factories.send(hospital.nurse, hospital.private, "오늘 회진 몇 시인가요?")
    page = open_live(browsers, hospital.nurse, hospital)
    factories.send(hospital.physician, hospital.private, "11시입니다.", root_number=root.number)
    factories.send(hospital.physician, hospital.private, "조금 늦을 수 있어요.", root_number=root.number)
    badge = message(page, 1).locator("[data-new-replies]")
    expect(badge).to_have_attribute("data-new-replies", "2")
    page.reload()  # the end of the channel was reached: the thread is not read by that
    wait_until_live(page)
    expect(badge).to_have_attribute("data-new-replies", "2")
    message(page, 1).locator(".threadlink").click()
    expect(page.locator("[data-thread-log] .msg__text")).to_have_count(3)
    expect(badge).to_have_count(0)
    for _ in range(40):
        if ThreadMark.objects.filter(user=hospital.nurse, root=root, up_to=2).exists():
            break
        page.wait_for_timeout(100)
    assert ThreadMark.objects.get(user=hospital.nurse, root=root).up_to == 2
    follow = page.locator("[data-follow-form] button")
    expect(follow).to_have_attribute("aria-pressed", "true")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(300)
    assert not ThreadMark.objects.get(user=hospital.nurse, root=root).is_following
    page.keyboard.press("Escape")
    expect(page.locator("[data-pane]")).to_have_count(0)
    page.reload()
    wait_until_live(page)
    expect(badge).to_have_count(0)


def test_a_permalink_opens_its_message_and_shows_a_card_to_those_who_may_see_it(
    browsers: Browsers, hospital: Hospital
) -> None:
    factories.send(hospital.nurse, hospital.private, "비공개 채널의 글입니다.")
    for number in range(60):
        factories.send(hospital.physician, hospital.private, f"{number}번째 글")
    link = f"{browsers.url}/chat/{hospital.private.pk}/messages/1/"
    factories.send(
        hospital.nurse, hospital.standard, f"여기 보세요 {link} 그리고 https://example.org/chat/1/messages/1/"
    )
    outsider = factories.make_person()
    page = browsers.open(hospital.nurse)
    page.goto(link)
    expect(message(page, 1)).to_be_in_viewport()
    expect(message(page, 1)).to_have_class(re.compile("msg--target"))
    page.goto(f"/chat/{hospital.standard.pk}/")
    card = page.locator("[data-card]")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("비공개 채널의 글입니다.")
    expect(card).to_contain_text("이누리")
    stranger = browsers.open(outsider)
    response = stranger.goto(link)
    assert response is not None
    assert response.status == 404


def test_a_long_press_opens_the_menu_from_below(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.nurse, hospital.private, "전화로 확인했습니다.")
    page = open_live(browsers, hospital.nurse, hospital, phone=True)
    box = message(page, 1).locator(".msg__text").bounding_box()
    assert box is not None
    devtools = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 30, "y": box["y"] + box["height"] / 2}
    devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.wait_for_timeout(700)
    menu = page.locator("#message-menu")
    expect(menu).to_be_visible()
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)
    expect(menu).to_be_visible()  # the finger that lifts chooses nothing
    place, row = menu.bounding_box(), item(page, "edit").bounding_box()
    assert place is not None
    assert row is not None
    assert place["x"] == 0
    assert place["width"] == 390
    assert abs(place["y"] + place["height"] - 844) < 2
    assert row["height"] >= 52
    quick = page.locator('#message-menu .msgmenu__quick [data-act="react"]')
    expect(quick).to_have_count(6)
    quick.nth(3).tap()
    expect(message(page, 1).locator('.reaction[data-emoji="heart"]')).to_have_attribute("aria-pressed", "true")
    # A finger that scrolls asks for nothing.
    devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{**point, "y": point["y"] + 60}]})
    page.wait_for_timeout(700)
    expect(menu).to_be_hidden()
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_without_a_script_the_menu_is_a_page(browsers: Browsers, hospital: Hospital) -> None:
    factories.send(hospital.nurse, hospital.private, "스크립트 없이 고칠 글")
    page = browsers.open(hospital.nurse, javascript=False)
    open_channel(page, hospital)
    menu = message(page, 1).locator('[data-act="menu"]')

    def choose(name: str) -> None:
        open_channel(page, hospital)
        message(page, 1).hover()
        menu.click()
        page.locator(f'[data-pane="menu"] {name}').click()

    choose('[href$="/edit/"]')
    page.locator('[data-pane="edit"] textarea').fill("고친 글")
    page.locator('[data-pane="edit"] [type=submit]').click()
    expect(message(page, 1).locator(".msg__text")).to_have_text("고친 글")
    choose('[href$="/reactions/"]')
    page.locator('[data-pane="reactions"] [name="emoji"][value="thumbsup"]').click()
    expect(message(page, 1).locator('.reaction[data-emoji="thumbsup"]')).to_have_attribute("aria-pressed", "true")
    choose('form[action$="/pin/"] button')
    expect(message(page, 1).locator('[data-part="pinned"]')).to_be_visible()
    choose('[href$="/versions/"]')
    expect(page.locator('[data-pane="versions"] .version')).to_have_count(2)
    choose('[href$="/readers/"]')
    expect(page.locator('[data-pane="readers"] .person')).to_have_count(1)
    choose('[href$="/delete/"]')
    page.locator('[data-pane="delete"] [type=submit]').click()
    expect(message(page, 1)).to_have_attribute("data-deleted", "")
    message(page, 1).locator("a.unscripted").click()
    page.locator('form[action$="/restore/"] button').click()
    expect(message(page, 1).locator(".msg__text")).to_have_text("고친 글")
