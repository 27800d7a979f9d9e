"""Threads longer than a page, reactions of many, and links whose message changes."""

from typing import Any

from playwright.sync_api import expect

from apps.messaging import actions
from apps.messaging.models import Message, Reaction
from tests import factories

from .browser import Browsers
from .hospital import Hospital
from .test_chat import open_channel, wait_until_live

OWN_PRESSED = '.reaction[data-emoji="thumbsup"][aria-pressed="true"]'
TOP_OF_CHANNEL = "document.querySelector('[data-scroll]').scrollTop"


def long_thread(hospital: Hospital, replies: int = 120) -> Message:
    root = factories.send(hospital.physician, hospital.private, "물음")
    for number in range(1, replies + 1):
        factories.send(hospital.physician, hospital.private, f"{number}번째 답", root_number=root.number)
    return root


def shown(page: Any) -> list[int]:
    return page.evaluate(
        "[...document.querySelectorAll('[data-thread-log] > .msg[data-number]')].map((one) => Number(one.dataset.ordinal))"
    )


def live_page(browsers: Browsers, person: Any, hospital: Hospital) -> Any:
    page = browsers.open(person)
    open_channel(page, hospital)
    wait_until_live(page)
    return page


def test_a_long_thread_is_read_to_its_beginning(browsers: Browsers, hospital: Hospital) -> None:
    root = long_thread(hospital)
    page = live_page(browsers, hospital.nurse, hospital)
    page.locator(f'[data-thread-open="{root.number}"].threadlink').click()
    replies = page.locator("[data-thread-log] > .msg")
    expect(replies).to_have_count(51)
    assert shown(page) == [0, *range(71, 121)]
    # What happens to a reply that is not shown does not put it there.
    early = Message.objects.get(root=root, ordinal=3)
    actions.add_reaction(by=hospital.physician, message=early, emoji_name="eyes")
    late = Message.objects.get(root=root, ordinal=100)
    actions.add_reaction(by=hospital.physician, message=late, emoji_name="eyes")
    expect(page.locator(f'[data-thread-log] > .msg[data-number="{late.number}"] .reaction[data-emoji]')).to_be_visible()
    assert shown(page) == [0, *range(71, 121)]
    before = page.evaluate(TOP_OF_CHANNEL)
    for first in (21, 1):
        page.locator("[data-thread-log] [data-earlier] a").click()
        expect(replies).to_have_count(122 - first)
        assert shown(page) == [0, *range(first, 121)]
    expect(page.locator("[data-thread-log] [data-earlier]")).to_have_count(0)
    expect(
        page.locator(f'[data-thread-log] > .msg[data-number="{early.number}"] .reaction[data-emoji]')
    ).to_be_visible()
    assert page.evaluate(TOP_OF_CHANNEL) == before  # it stays where it was
    expect(page.locator("[data-thread-log] > [data-day]")).to_have_count(1)  # at the root: all were written on that day


def test_the_link_of_a_reply_opens_there_and_goes_on_to_the_end(browsers: Browsers, hospital: Hospital) -> None:
    root = long_thread(hospital)
    page = browsers.open(hospital.nurse)
    page.goto(f"/chat/{hospital.private.pk}/messages/{root.number + 30}/")
    wait_until_live(page)
    target = page.locator(f"#thread-{root.number + 30}")
    expect(target).to_be_in_viewport()
    assert shown(page) == [0, *range(5, 55)]
    # A reply of another that belongs to the end waits there.
    factories.send(hospital.physician, hospital.private, "새 답", root_number=root.number)
    expect(page.locator("[data-thread-log] > [data-replies]")).to_contain_text("121")
    assert shown(page) == [0, *range(5, 55)]
    page.locator("[data-thread-log] [data-newer] [hx-get]").click()
    expect(page.locator("[data-thread-log] > .msg")).to_have_count(101)
    assert shown(page) == [0, *range(5, 105)]
    # One's own is shown at the end.
    page.locator("[data-thread] textarea").fill("제 답")
    page.keyboard.press("Enter")
    expect(page.locator("[data-thread-log] > .msg").last).to_contain_text("제 답")
    expect(page.locator("[data-thread-log] [data-newer]")).to_have_count(0)
    assert shown(page) == [0, *range(73, 123)]


def test_one_of_many_keeps_what_they_pressed(browsers: Browsers, hospital: Hospital) -> None:
    message = factories.send(hospital.physician, hospital.private, "모두 좋아요")
    for _ in range(51):
        factories.react(message, factories.make_person())
    page = live_page(browsers, hospital.nurse, hospital)
    chip = page.locator(f'[data-log] > .msg[data-number="{message.number}"] .reaction[data-emoji="thumbsup"]')
    expect(chip).to_contain_text("51")
    expect(chip).to_have_attribute("aria-pressed", "false")
    chip.click()
    expect(chip).to_contain_text("52")
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert len(chip.get_attribute("data-users").split()) == 50
    for count, verb in ((53, actions.add_reaction), (52, actions.remove_reaction)):
        verb(by=hospital.physician, message=message, emoji_name="thumbsup")
        expect(chip).to_contain_text(str(count))
        expect(chip).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator(OWN_PRESSED)).to_have_count(1)
    wait_until_live(page)
    # Pointing at the chip asks who reacted, at the same address.
    with page.expect_response(lambda answer: answer.url.endswith("/reactions/") and answer.request.method == "POST"):
        chip.click()
    expect(chip).to_contain_text("51")
    expect(chip).to_have_attribute("aria-pressed", "false")
    assert not Reaction.objects.filter(user=hospital.nurse).exists()


def test_a_card_follows_its_message(browsers: Browsers, hospital: Hospital) -> None:
    said = factories.send(hospital.physician, hospital.private, "먼저 쓴 글")
    link = f"/chat/{hospital.private.pk}/messages/{said.number}/"
    factories.send(hospital.physician, hospital.private, f"보세요 {browsers.url}{link}")
    page = live_page(browsers, hospital.nurse, hospital)
    card = page.locator(f'[data-log] [data-card="{link}"]')
    expect(card).to_contain_text("먼저 쓴 글")
    actions.edit_message(by=hospital.physician, message=said, text="고쳐 쓴 글")
    expect(card).to_contain_text("고쳐 쓴 글")
    actions.delete_message(by=hospital.physician, message=said)
    expect(card).to_have_count(0)
    actions.restore_message(by=hospital.physician, message=said)
    expect(card).to_contain_text("고쳐 쓴 글")
