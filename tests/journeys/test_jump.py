"""Ctrl+K and the keys: by keyboard, while Hangul is composed, without a script, and in every look."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories

from .browser import Browsers
from .hospital import Hospital


@pytest.fixture
def page(browsers: Browsers, hospital: Hospital) -> Any:
    factories.send(hospital.physician, hospital.private, "병상 있습니까?")
    factories.send(hospital.physician, hospital.direct, "내일 뵙겠습니다.")
    page = browsers.open(hospital.nurse)
    page.goto(reverse("home"))
    return page


def open_jump(page: Any) -> Any:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    return field


def options(page: Any) -> Any:
    return page.locator("[data-jump-list] [role=option]")


def chosen(page: Any) -> Any:
    return page.locator("[data-jump-list] [aria-selected=true]")


class Keyboard:
    """An input method: sets what is being composed, as the system's does, and commits it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def compose(self, text: str) -> None:
        self.session.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )

    def commit(self, text: str) -> None:
        self.session.send("Input.insertText", {"text": text})

    def press_while_composing(self, key: str) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            self.session.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "windowsVirtualKeyCode": 229})


def test_a_few_letters_and_enter(page: Any, hospital: Hospital) -> None:
    field = open_jump(page)
    # What was read last is offered unasked, and the first of it is chosen.
    expect(options(page).first).to_contain_text("최다온")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.type("main")
    expect(options(page)).to_have_count(1)
    expect(field).to_have_attribute("aria-activedescendant", options(page).first.get_attribute("id"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('chat-channel', args=[hospital.private.pk])}*")


def test_enter_waits_for_the_places_of_what_was_typed(page: Any, hospital: Hospital) -> None:
    """Typed and sent off at once: not to the place that happened to be chosen before."""
    open_jump(page)
    expect(options(page).first).to_contain_text("최다온")
    page.keyboard.type("보라매")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('chat-channel', args=[hospital.private.pk])}*")


def test_arrows_walk_round_and_escape_gives_the_focus_back(page: Any) -> None:
    button = page.locator("[data-jump-open]")
    button.focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    expect(options(page).nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(options(page).nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    expect(options(page).last).to_be_in_viewport()
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    expect(chosen(page)).to_have_count(1)
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-jump-dialog]")).not_to_be_visible()
    expect(button).to_be_focused()


def test_a_syllable_finds_while_it_is_composed_and_enter_belongs_to_it(page: Any, hospital: Hospital) -> None:
    field = open_jump(page)
    keyboard = Keyboard(page)
    here = page.url
    for typed in ("ㅊ", "초", "최"):
        keyboard.compose(typed)
        expect(options(page).first).to_contain_text("최다온")
        keyboard.press_while_composing("Enter")
        assert page.url == here
    keyboard.commit("최")
    keyboard.compose("ㄷ")
    keyboard.compose("다")
    expect(field).to_have_value("최다")
    expect(options(page).first).to_contain_text("최다온")
    keyboard.press_while_composing("Enter")
    expect(page.locator("[data-jump-dialog]")).to_be_visible()
    assert page.url == here
    keyboard.commit("다")
    expect(field).to_have_value("최다")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('chat-channel', args=[hospital.direct.pk])}*")


def test_a_late_answer_does_not_replace_a_newer_one(page: Any) -> None:
    def hold(route: Any) -> None:
        if "q=zz" in route.request.url and "zzz" not in route.request.url:
            page.wait_for_timeout(600)
        route.continue_()

    page.route("**/jump/?*", hold)
    field = open_jump(page)
    field.fill("zz")
    page.wait_for_timeout(200)
    field.fill("최다온")
    expect(options(page).first).to_contain_text("최다온")
    page.wait_for_timeout(700)
    expect(options(page).first).to_contain_text("최다온")


def test_nothing_found_says_so_and_names_no_place(page: Any) -> None:
    field = open_jump(page)
    field.fill("zzzz")
    nothing = page.locator("[data-jump-nothing]")
    expect(nothing).to_contain_text("zzzz")
    expect(options(page)).to_have_count(0)
    expect(field).to_have_attribute("aria-expanded", "false")
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("Enter")
    expect(page.locator("[data-jump-dialog]")).to_be_visible()


def test_without_the_server_it_says_so(page: Any) -> None:
    page.route("**/jump/?*", lambda route: route.abort())
    open_jump(page)
    expect(page.locator("[data-jump-nothing]")).not_to_be_empty()
    page.unroute("**/jump/?*")
    page.keyboard.type("최")
    expect(options(page).first).to_contain_text("최다온")


def test_no_second_dialog_opens_over_the_first(page: Any) -> None:
    open_jump(page)
    page.keyboard.press("Escape")
    page.locator(".bar").click(position={"x": 4, "y": 4})
    page.keyboard.press("?")
    keys = page.locator("dialog[data-keys]")
    expect(keys).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("[data-jump-dialog]")).not_to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).not_to_be_visible()


def test_the_question_mark_shows_the_keys_unless_one_writes(page: Any) -> None:
    keys = page.locator("dialog[data-keys]")
    field = open_jump(page)
    page.keyboard.press("?")
    expect(field).to_have_value("?")
    expect(keys).not_to_be_visible()
    page.keyboard.press("Escape")
    for sign in ("?", "؟"):  # the key of an Arabic keyboard
        page.evaluate("key => document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))", sign)
        expect(keys).to_be_visible()
        expect(keys.locator("[data-key=Control]").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(keys).not_to_be_visible()


def test_a_single_key_can_be_turned_off(page: Any) -> None:
    """WCAG 2.1.4: whoever speaks to the machine is not surprised by a letter."""
    keys = page.locator("dialog[data-keys]")
    page.locator(".bar").click(position={"x": 4, "y": 4})
    page.keyboard.press("?")
    keys.locator("[data-keys-question]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    expect(keys).not_to_be_visible()
    page.reload()
    page.locator(".bar [data-menu] > summary").click()
    page.locator(".bar [data-keys-open]").click()
    expect(keys.locator("[data-keys-question]")).not_to_be_checked()
    keys.locator("[data-keys-question]").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(keys).to_be_visible()


def test_alt_and_an_arrow_walk_the_conversations(page: Any, hospital: Hospital) -> None:
    page.goto(reverse("chat-channel", args=[hospital.direct.pk]))
    lines = page.locator("[data-conversations] a[data-conversation]")
    order = lines.evaluate_all("lines => lines.map(line => line.dataset.conversation)")
    here = order.index(str(hospital.direct.pk))
    below = order[(here + 1) % len(order)]
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_url(re.compile(f"/chat/{below}/"))
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_url(re.compile(f"/chat/{hospital.direct.pk}/"))
    # The one unread channel is the private one, wherever it stands.
    factories.send(hospital.physician, hospital.private, "오늘 밤입니다.")
    expect(page.locator(f'[data-conversation="{hospital.private.pk}"]').first).to_have_class(re.compile("unread"))
    page.locator("textarea").first.fill("쓰다 만 글")
    page.keyboard.press("Alt+Shift+ArrowUp")
    page.wait_for_url(re.compile(f"/chat/{hospital.private.pk}/"))


@pytest.mark.parametrize("language", ["ko", "ar"])
def test_without_a_script_it_is_a_page(browsers: Browsers, hospital: Hospital, language: str) -> None:
    hospital.nurse.language = language
    hospital.nurse.save(update_fields=["language"])
    page = browsers.open(hospital.nurse, javascript=False, language=language)
    page.goto(reverse("home"))
    page.locator(".jumpbox button").click()
    page.wait_for_url("**/jump/*")
    page.locator(".page input[name=q]").fill("daon")
    page.locator(".page input[name=q]").press("Enter")
    page.locator(f'.page a[href="{reverse("person", args=[hospital.physician.pk])}"]').click()
    page.wait_for_url(f"**{reverse('person', args=[hospital.physician.pk])}")


def test_a_phone_goes_to_the_page(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse, phone=True)
    page.goto(reverse("home"))
    page.locator(f'.bar__end a[href="{reverse("jump")}"]').click()
    field = page.locator(".page input[name=q]")
    expect(field).to_be_focused()
    field.press_sequentially("ㅊㄷㅇ", delay=20)
    expect(page.locator(".page .jump__target").first).to_contain_text("최다온")
    for target in page.locator(".page .jump__target").all():
        assert target.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(
    "look", [{}, {"theme": "dark"}, {"contrast": "more"}, {"theme": "dark", "contrast": "more"}, {"language": "ar"}]
)
def test_no_dialog_has_a_serious_barrier(browsers: Browsers, hospital: Hospital, look: dict[str, str]) -> None:
    nurse = hospital.nurse
    for name, value in look.items():
        setattr(nurse, name, value)
    nurse.save()
    page = browsers.open(nurse)
    page.goto(reverse("home"))
    open_jump(page)
    page.keyboard.type("o")
    expect(options(page).first).to_be_visible()
    page.wait_for_timeout(300)
    barriers = browsers.find_barriers(page)
    page.keyboard.press("Escape")
    page.locator(".bar").click(position={"x": 600, "y": 2})
    page.keyboard.press("?")
    expect(page.locator("dialog[data-keys] [data-key]").first).to_be_visible()
    page.wait_for_timeout(300)
    assert not barriers + browsers.find_barriers(page)


def test_high_contrast_is_two_clicks_away(browsers: Browsers, hospital: Hospital) -> None:
    for javascript in (True, False):
        page = browsers.open(hospital.nurse, javascript=javascript)
        page.goto(reverse("directory") + "?q=a")
        for wanted in ("more", None):
            page.locator(".bar [data-menu] > summary").click()
            page.locator(".bar button[name=contrast]").click()
            page.wait_for_url("**/people/?q=a")
            if wanted:
                expect(page.locator("html")).to_have_attribute("data-contrast", wanted)
            else:
                expect(page.locator("html")).not_to_have_attribute("data-contrast", "more")


SELECTED = {
    "the place in the rail": ".rail__item[aria-current]",
    "the conversation in the list": ".nav__item[aria-current]",
    "the chosen place": ".jump__target[aria-selected=true]",
}


def test_with_the_system_s_own_colours_the_selected_is_seen(browsers: Browsers, hospital: Hospital) -> None:
    """Where the system paints (Windows' contrast themes), a background says nothing: an edge must."""
    page = browsers.open(hospital.nurse, forced_colors="active")
    page.goto(reverse("chat-channel", args=[hospital.private.pk]))
    open_jump(page)
    expect(options(page).first).to_be_visible()
    for what, selector in SELECTED.items():
        shown = page.locator(selector).first.evaluate(
            "element => [getComputedStyle(element).outlineStyle, getComputedStyle(element).outlineWidth]"
        )
        assert shown == ["solid", "2px"], what
