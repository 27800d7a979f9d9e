"""Presence in words on two people's pages, a status from the form to the other's eyes, and who is writing."""

import re
from typing import Any

from playwright.sync_api import expect

from apps.people.models import PersonStatus

from .browser import Browsers
from .hospital import Hospital

SOON = 12_000  # a round of presence is five seconds


def wait_until_live(page: Any) -> None:
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()


def test_a_status_reaches_a_page_that_is_open(browsers: Browsers, hospital: Hospital) -> None:
    reader = browsers.open(hospital.physician, language="en")
    reader.goto(f"/people/{hospital.nurse.pk}/")
    words = reader.locator(f'[data-presence="{hospital.nurse.pk}"]')
    expect(words).to_have_attribute("data-state", "absent", timeout=SOON)
    expect(words).to_have_text("")
    page = browsers.open(hospital.nurse, language="en")
    page.goto("/account/status/")
    expect(words).to_have_attribute("data-state", "reachable", timeout=SOON)
    second = page.context.new_page()
    second.goto("/settings/")
    wait_until_live(second)
    assert page.locator('[name="at"]').is_hidden()
    page.check('[name="presence"][value="do_not_disturb"]')
    page.fill('input[name="text"]', "<i>2번 방</i>")
    page.click(".form--status [type=submit]")
    expect(page.locator(".statuscard__words")).to_contain_text("<i>2번 방</i>")
    expect(words).to_have_attribute("data-state", "do_not_disturb", timeout=SOON)
    # One's other page shows it in its menu without being loaded anew.
    expect(second.locator(".bar__end [data-own-status]")).to_contain_text("<i>2번 방</i>", timeout=SOON)
    page.click('[name="clear"]')
    expect(words).to_have_attribute("data-state", "reachable", timeout=SOON)


def test_a_status_is_said_without_a_script_on_a_small_phone(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse, phone=True, javascript=False)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/account/status/")
    page.check('[name="presence"][value="away"]')
    page.check('[name="lasting"][value="time"]')
    page.fill('[name="at"]', "07:00")
    page.locator(".form--status [type=submit]").click()
    status = PersonStatus.objects.get(user=hospital.nurse)
    assert status.until is not None
    assert status.until.astimezone(hospital.nurse.time_zone).strftime("%H:%M") == "07:00"
    now = page.locator(".statuscard__now").bounding_box()
    assert now is not None
    assert now["width"] > 200  # the words stand above the button, not squeezed beside it
    page.click('[name="clear"]')
    assert not PersonStatus.objects.exists()


def test_who_writes_is_shown_until_the_message_comes_or_silence(browsers: Browsers, hospital: Hospital) -> None:
    writer, reader = browsers.open(hospital.nurse), browsers.open(hospital.physician)
    for page in (writer, reader):
        page.goto(f"/chat/{hospital.direct.pk}/")
        wait_until_live(page)
    place = reader.locator("[data-typing]").first
    field = writer.locator("[data-composer] textarea").first
    field.focus()
    writer.keyboard.type("지금 갑니다", delay=60)
    expect(place).to_have_text(re.compile("이누리"))
    assert place.get_attribute("aria-live") == "off"
    assert place.get_attribute("role") is None
    expect(writer.locator("[data-typing]").first).to_have_text("")
    writer.keyboard.press("Enter")
    expect(reader.locator("[data-log]")).to_contain_text("지금 갑니다")
    expect(place).to_have_text("")
    writer.wait_for_timeout(3200)
    writer.keyboard.type("또", delay=60)
    expect(place).to_have_text(re.compile("이누리"))
    expect(place).to_have_text("", timeout=7000)  # five seconds of silence
    # An emptied field is no writing.
    writer.keyboard.press("Control+A")
    writer.keyboard.press("Delete")
    reader.wait_for_timeout(1000)
    expect(place).to_have_text("")
