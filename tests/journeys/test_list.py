"""The chat list on a desk and on a phone: order, previews, filters, focus, and the count that every page shows."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

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
