"""The chat list on a desk and on a phone: order, previews, filters, focus, and the count that every page shows."""

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.messaging import actions as messaging_actions
from tests import factories

from .browser import Browsers
from .hospital import Hospital

SOON = 8_000


@pytest.fixture
def furnished(hospital: Hospital) -> Hospital:
    factories.send(hospital.physician, hospital.standard, "회진 준비해 주세요.")
    factories.send(hospital.physician, hospital.private, "병상은 715호 3번입니다.")
    factories.send(hospital.physician, hospital.direct, "고맙습니다.")
    return hospital


def order(page: Any) -> list[int]:
    rows = page.locator("[data-conversations] [data-conversation]").all()
    return [int(row.get_attribute("data-conversation")) for row in rows]


def row_of(page: Any, channel: Any) -> Any:
    return page.locator(f'[data-conversations] [data-conversation="{channel.pk}"]')


def wait_until_live(page: Any) -> None:
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()


def test_a_message_lifts_its_line_with_its_beginning_and_the_time(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse)
    page.goto("/chat/")
    wait_until_live(page)
    assert order(page) == [furnished.direct.pk, furnished.private.pk, furnished.standard.pk]
    factories.send(furnished.physician, furnished.standard, "첫 줄\n<b>둘째</b> 줄")
    row = row_of(page, furnished.standard)
    expect(row.locator("[data-preview]")).to_have_text(re.compile(r"^최다온:\s*첫 줄 <b>둘째</b> 줄$"), timeout=SOON)
    expect(row).to_have_attribute("data-unread", "2")
    expect(row.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    page.wait_for_function(
        "id => document.querySelector('[data-conversations] [data-conversation]').dataset.conversation === id",
        arg=str(furnished.standard.pk),
    )
    assert order(page) == [furnished.standard.pk, furnished.direct.pk, furnished.private.pk]


def test_nothing_moves_under_the_pointer_or_the_keyboard(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse)
    page.goto("/chat/")
    wait_until_live(page)
    before = order(page)
    row_of(page, furnished.private).hover()
    factories.send(furnished.physician, furnished.standard, "움직이지 않아요.")
    expect(row_of(page, furnished.standard).locator("[data-preview]")).to_contain_text("움직이지", timeout=SOON)
    page.wait_for_timeout(1500)
    assert order(page) == before
    page.mouse.move(1000, 500)
    expect(page.locator("[data-conversations] [data-conversation]").first).to_have_attribute(
        "data-conversation", str(furnished.standard.pk)
    )
    # The keyboard stays on the line that it was on, whatever is fetched anew around it.
    page.keyboard.press("Tab")
    row_of(page, furnished.private).focus()
    other = factories.make_direct(furnished.nurse, factories.make_person(name_ko="새사람"))
    factories.send(furnished.physician, furnished.direct, "아직 그대로.")
    page.wait_for_timeout(1500)
    assert order(page)[0] == furnished.standard.pk
    expect(row_of(page, furnished.private)).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    expect(page.locator("[data-conversations] [data-conversation]").first).to_have_attribute(
        "data-conversation", str(furnished.direct.pk)
    )
    assert other.pk not in order(page)  # it came without a message, and is there on the next page


def test_filling_anew_keeps_the_filter_and_the_open_line(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse)
    page.goto(f"/chat/{furnished.private.pk}/?show=unread")
    wait_until_live(page)
    page.locator("[data-composer] textarea").first.focus()
    stranger = factories.make_person(name_ko="새사람", name_en="")
    from apps.teams import actions

    channel = actions.open_direct(by=stranger, other=furnished.nurse)
    factories.send(stranger, channel, "처음 뵙겠습니다.")
    expect(row_of(page, channel)).to_be_visible(timeout=SOON)
    expect(row_of(page, furnished.private)).to_have_attribute("aria-current", "page")
    expect(page.locator('[data-show="unread"]')).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-composer] textarea").first).to_be_focused()
    expect(row_of(page, channel)).to_have_attribute("href", f"/chat/{channel.pk}/?show=unread")


def test_the_filters_are_there_on_a_phone_and_without_javascript(browsers: Browsers, furnished: Hospital) -> None:
    phone = browsers.open(furnished.nurse, phone=True)
    phone.goto("/chat/")
    phone.locator('[data-show="unread"]').tap()
    expect(phone).to_have_url(re.compile(r"\?show=unread$"))
    expect(phone.locator('[data-show="unread"]')).to_have_attribute("aria-current", "true")
    assert set(order(phone)) == {furnished.direct.pk, furnished.private.pk, furnished.standard.pk}
    phone.locator('[data-show="recent"]').tap()
    expect(phone).to_have_url(re.compile(r"/chat/$"))
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    plain = browsers.open(furnished.nurse, javascript=False)
    plain.goto("/chat/?show=teams")
    expect(plain.locator("h3", has_text="전원 조정")).to_be_visible()
    plain.locator('a[href$="?show=archived"]').click()
    expect(plain.locator('[data-show="archived"]')).to_have_attribute("aria-current", "true")
    plain.locator('[data-show="recent"]').click()
    expect(plain).to_have_url(re.compile(r"/chat/$"))


def test_every_page_shows_how_many_wait(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse)
    page.goto("/people/")
    expect(page).to_have_title(re.compile(r"^\(3\) "))
    wait_until_live(page)
    stranger = factories.make_person(name_ko="새사람")
    from apps.teams import actions

    channel = actions.open_direct(by=stranger, other=furnished.nurse)
    factories.send(stranger, channel)
    expect(page).to_have_title(re.compile(r"^\(4\) "), timeout=SOON)
    expect(page.locator('[data-badge="chat"]')).to_contain_text("4")
    from apps.messaging.actions import mark_read

    for number, read in ((3, furnished.private), (2, furnished.direct), (1, furnished.standard)):
        mark_read(user=furnished.nurse, channel=read, up_to=1)
        expect(page).to_have_title(re.compile(rf"^\({number}\) "), timeout=SOON)
    mark_read(user=furnished.nurse, channel=channel, up_to=1)
    expect(page).to_have_title(re.compile(r"^[^(]"), timeout=SOON)
    expect(page.locator('[data-badge="chat"]')).to_be_hidden()


def menu(page: Any) -> Any:
    return page.locator("[data-conversation-menu]")


def choose(page: Any, name: str, value: str) -> None:
    menu(page).locator(f'button[name="{name}"][value="{value}"]').click()
    expect(menu(page)).to_have_count(0)


def test_a_favourite_goes_to_the_top_on_every_device(browsers: Browsers, furnished: Hospital) -> None:
    desk, phone = browsers.open(furnished.nurse), browsers.open(furnished.nurse, phone=True)
    for page in (desk, phone):
        page.goto("/chat/")
        wait_until_live(page)
    row_of(desk, furnished.standard).click(button="right")
    expect(menu(desk).get_by_role("button").first).to_be_focused()
    assert browsers.find_barriers(desk) == []
    choose(desk, "is_favourite", "1")
    for page in (desk, phone):
        expect(page.locator('[data-section="favourites"] [data-conversation]')).to_have_attribute(
            "data-conversation", str(furnished.standard.pk), timeout=SOON
        )
    # Favourites keep their places, whatever comes in.
    row_of(phone, furnished.private).dispatch_event("contextmenu")
    choose(phone, "is_favourite", "1")
    desk.mouse.move(1000, 500)
    favourites = desk.locator('[data-section="favourites"] [data-conversation]')
    expect(favourites).to_have_count(2, timeout=SOON)
    before = [row.get_attribute("data-conversation") for row in favourites.all()]
    for channel in (furnished.private, furnished.standard):
        factories.send(furnished.physician, channel, "제자리에 있어요.")
        expect(row_of(desk, channel).locator("[data-preview]")).to_contain_text("제자리에", timeout=SOON)
    assert [row.get_attribute("data-conversation") for row in favourites.all()] == before


def test_a_muted_conversation_calls_only_who_is_meant(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse)
    page.goto("/chat/")
    wait_until_live(page)
    expect(page).to_have_title(re.compile(r"^\(3\) "))
    button = page.locator(f'[data-row-menu="{furnished.standard.pk}"]')
    row_of(page, furnished.standard).focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    choose(page, "notify", "nothing")
    row = row_of(page, furnished.standard)
    expect(row).to_have_attribute("data-notify", "nothing", timeout=SOON)
    expect(page).to_have_title(re.compile(r"^\(2\) "), timeout=SOON)
    factories.send(furnished.physician, furnished.standard, "모두 보세요.")
    expect(row).to_have_attribute("data-unread", "2", timeout=SOON)
    page.wait_for_timeout(2_000)
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    factories.send(furnished.physician, furnished.standard, "@이누리 이것만 확인해 주세요.")
    expect(row.locator("[data-mention-count]")).to_be_visible(timeout=SOON)
    expect(page).to_have_title(re.compile(r"^\(3\) "), timeout=10_000)


def test_the_menu_on_a_phone_is_a_sheet_that_a_long_press_opens(browsers: Browsers, furnished: Hospital) -> None:
    phone = browsers.open(furnished.nurse, phone=True)
    phone.goto("/chat/")
    wait_until_live(phone)
    box = row_of(phone, furnished.private).bounding_box()
    session = phone.context.new_cdp_session(phone)
    point = {"x": box["x"] + 60, "y": box["y"] + 20}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    phone.wait_for_timeout(900)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(menu(phone)).to_be_visible()
    phone.wait_for_timeout(500)
    expect(menu(phone)).to_be_visible()
    assert re.search(r"/chat/$", phone.url)
    sheet = menu(phone).bounding_box()
    assert round(sheet["y"] + sheet["height"]) == 844
    assert all(item.bounding_box()["height"] >= 44 for item in menu(phone).locator(".menu__item").all())
    choose(phone, "unread", "0")
    expect(row_of(phone, furnished.private)).to_have_attribute("data-unread", "0", timeout=SOON)


def test_the_finger_that_held_a_line_changes_nothing_when_it_lifts(browsers: Browsers, furnished: Hospital) -> None:
    phone = browsers.open(furnished.nurse, phone=True)
    phone.set_viewport_size({"width": 390, "height": 480})  # the sheet opens over the lines
    phone.goto("/chat/")
    wait_until_live(phone)
    posts: list[str] = []
    phone.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    session = phone.context.new_cdp_session(phone)
    for share in (0.3, 0.5, 0.7):
        phone.goto("/chat/")
        wait_until_live(phone)
        box = row_of(phone, furnished.private).bounding_box()
        point = {"x": box["x"] + 100, "y": box["y"] + box["height"] * share}
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        expect(menu(phone)).to_be_visible()
        item = phone.evaluate("({ x, y }) => document.elementFromPoint(x, y).closest('button.menu__item')?.name", point)
        assert item is not None
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        # Some browsers take it for a tap all the same: a click on what lies under the finger now.
        phone.evaluate("({ x, y }) => document.elementFromPoint(x, y).closest('button').click()", point)
        phone.wait_for_timeout(700)
        expect(menu(phone)).to_be_visible()
    assert [url for url in posts if "/settings/" in url or url.endswith("/read/")] == []
    expect(row_of(phone, furnished.private)).to_have_attribute("data-notify", "all")
    mute = '[data-conversation-menu] button[name="notify"][value="nothing"]'
    # A finger that comes again means it, and reads what it has done, with the way back.
    phone.locator(mute).tap()
    expect(row_of(phone, furnished.private)).to_have_attribute("data-notify", "nothing", timeout=SOON)
    toast = phone.locator(".toast")
    expect(toast).to_contain_text("보라매 본원 전원")
    toast.get_by_role("button").tap()
    expect(row_of(phone, furnished.private)).to_have_attribute("data-notify", "all", timeout=SOON)
    expect(toast).to_have_count(0)


def test_the_title_on_a_phone_leads_to_the_settings(browsers: Browsers, furnished: Hospital) -> None:
    phone = browsers.open(furnished.nurse, phone=True)
    phone.goto(f"/chat/{furnished.direct.pk}/")
    wait_until_live(phone)
    title = phone.locator(".bar__title a")
    bar = phone.locator(".bar").bounding_box()
    box = title.locator("bdi").bounding_box()
    assert abs((box["y"] + box["height"] / 2) - (bar["y"] + bar["height"] / 2)) <= 3  # nothing stands under it
    whole = phone.locator(".bar__title").bounding_box()
    assert min(whole["width"], whole["height"]) >= 44
    assert browsers.find_barriers(phone) == []
    title.tap()
    menu(phone).locator('button[name="is_favourite"]').tap()
    expect(menu(phone)).to_have_count(0)
    expect(phone.locator(".toast")).to_contain_text("최다온")
    head, composer = phone.locator(".toast").bounding_box(), phone.locator("[data-composer]").bounding_box()
    assert head["y"] >= bar["y"] + bar["height"]
    assert head["y"] + head["height"] < composer["y"] - 300
    plain = browsers.open(furnished.nurse, phone=True, javascript=False)
    plain.goto(f"/chat/{furnished.direct.pk}/")
    plain.locator(".bar__title a").tap()
    expect(plain).to_have_url(re.compile(rf"/chat/{furnished.direct.pk}/settings/$"))
    expect(plain.locator('input[name="is_favourite"][value="1"]')).to_be_checked()


def test_what_is_forwarded_without_a_word_reads_as_the_server_writes_it(
    browsers: Browsers, furnished: Hospital
) -> None:
    source = factories.send(furnished.nurse, furnished.standard, "전원 서류입니다.")
    page = browsers.open(furnished.nurse)
    page.goto("/chat/")
    wait_until_live(page)
    messaging_actions.forward_message(
        by=furnished.nurse, source=source, channel=furnished.private, client_id=uuid.uuid4()
    )
    preview = row_of(page, furnished.private).locator("[data-preview]")
    expect(preview).to_contain_text("전달한 메시지", timeout=SOON)
    live = preview.inner_text()
    assert re.match(r"나:\s*전달한 메시지$", live)
    page.reload()
    assert preview.inner_text() == live


def test_the_filters_stand_in_one_row(browsers: Browsers, furnished: Hospital) -> None:
    for options in ({"phone": True}, {}):
        page = browsers.open(furnished.nurse, **options)
        page.goto("/chat/?show=archived")
        tops = page.locator(".list__chips > .chip").evaluate_all("all => [...new Set(all.map((one) => one.offsetTop))]")
        assert len(tops) == 1
        expect(page.locator('[data-show="archived"]')).to_be_in_viewport(ratio=0.9)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_sections_are_made_and_closed(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse)
    page.goto(f"/chat/{furnished.direct.pk}/settings/")
    page.locator('[name="new_section"]').fill("밤 근무")
    page.locator("form.form button[type=submit]").click()
    section = page.locator('[data-section^="own-"]')
    expect(section.locator("h3")).to_have_text("밤 근무")
    expect(section.locator("[data-conversation]")).to_have_count(1)
    page.goto("/chat/")
    section.locator("summary").click()
    expect(section.locator("[data-conversation]")).to_be_hidden()
    expect(section.locator("[data-section-count]")).to_contain_text("1")
    page.reload()
    expect(section.locator("[data-conversation]")).to_be_hidden()
    plain = browsers.open(furnished.nurse, javascript=False)
    plain.goto("/chat/sections/")
    plain.locator('button[value="delete"]').click()
    expect(plain.locator('[data-section^="own-"]')).to_have_count(0)


def test_threads_that_wait_are_told_and_read(browsers: Browsers, furnished: Hospital) -> None:
    root = factories.send(furnished.nurse, furnished.private, "누가 도와주실 수 있나요?")
    page = browsers.open(furnished.nurse)
    page.goto("/chat/")
    wait_until_live(page)
    factories.send(furnished.physician, furnished.private, "제가 갈게요.", root_number=root.number)
    count = page.locator("[data-thread-count]")
    expect(count).to_contain_text("1", timeout=SOON)
    page.locator('[data-show="threads"]').click()
    card = page.locator("[data-followed]")
    expect(card).to_contain_text("제가 갈게요.")
    assert browsers.find_barriers(page) == []
    page.locator('.pane__tools button[type="submit"]').click()
    expect(card.locator("[data-new-replies]")).to_have_count(0)
    expect(count).to_have_count(0)


def test_everything_is_marked_read_after_one_question(browsers: Browsers, furnished: Hospital) -> None:
    page, other = browsers.open(furnished.nurse), browsers.open(furnished.nurse)
    other.goto("/people/")
    wait_until_live(other)
    page.goto("/chat/?show=unread")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".list__act button").click()
    expect(page).to_have_title(re.compile(r"^[^(]"))
    expect(other).to_have_title(re.compile(r"^[^(]"), timeout=SOON)
