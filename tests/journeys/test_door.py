"""Coming in and going out: sign-in, its refusals, ended accounts and ended sessions, with the live socket closed in time."""

import time

from playwright.sync_api import expect

from apps.people import actions
from tests import factories

from .browser import Browsers
from .hospital import Hospital

LIVE = '[data-live-status="connected"]'
SECONDS_TO_CLOSE = 2.0
SLACK = 1.5  # for the browser to notice and the test to look, on a busy machine


def fill_door(page, login: str, password: str) -> None:
    page.locator('input[name="login"]').fill(login)
    page.locator('input[name="password"]').fill(password)
    page.locator('input[name="password"]').press("Enter")


def test_signing_in_by_number_or_e_mail_leads_back_to_where_one_wanted(browsers: Browsers, hospital: Hospital) -> None:
    hospital.nurse.email = "nurse@example.org"
    hospital.nurse.save(update_fields=["email"])
    for login in ("n20417", "nurse@example.org"):
        page = browsers.open()
        page.goto(f"/chat/{hospital.direct.pk}/")
        fill_door(page, login, factories.PASSWORD)
        expect(page.locator("[data-chat]")).to_be_attached()
        assert page.url.endswith(f"/chat/{hospital.direct.pk}/")


def test_a_wrong_password_says_so_and_lets_nobody_in(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open()
    page.goto("/")
    fill_door(page, "N20417", "wrong")
    expect(page.locator('[role="alert"]').first).to_be_visible()
    page.goto("/chat/")
    expect(page.locator('input[name="login"]')).to_be_visible()


def test_without_javascript_one_signs_in_and_out(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(javascript=False)
    page.goto("/")
    fill_door(page, "N20417", factories.PASSWORD)
    expect(page.locator(".bar")).to_be_visible()
    page.locator(".bar [data-menu] > summary").click()
    page.locator("[data-sign-out]").first.click()
    page.goto("/")
    expect(page.locator('input[name="login"]')).to_be_visible()


def close_seconds(page, deed) -> float:
    """Do the deed and measure until the page's socket was closed."""
    expect(page.locator(LIVE).first).to_be_attached()
    began = time.monotonic()
    deed()
    expect(page.locator(LIVE)).to_have_count(0)
    return time.monotonic() - began


def test_an_ended_account_is_out_within_two_seconds(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    page.goto("/chat/")
    seconds = close_seconds(page, lambda: actions.deactivate(user=hospital.nurse, by=hospital.physician, why="left"))
    assert seconds < SECONDS_TO_CLOSE + SLACK
    page.goto("/chat/")
    expect(page.locator('input[name="login"]')).to_be_visible()


def test_signing_out_elsewhere_ends_the_other_browser(browsers: Browsers, hospital: Hospital) -> None:
    here, there = browsers.open(hospital.nurse), browsers.open(hospital.nurse)
    there.goto("/chat/")
    here.goto("/accounts/sessions/")
    expect(here.locator("table tbody tr, .rows > *")).not_to_have_count(0)
    seconds = close_seconds(there, lambda: here.locator('form[action*="sessions"] button[type="submit"]').first.click())
    assert seconds < SECONDS_TO_CLOSE + SLACK
    there.goto("/chat/")
    expect(there.locator('input[name="login"]')).to_be_visible()
    here.goto("/chat/")
    expect(here.locator(".bar")).to_be_visible()


def test_signing_out_forgets_unsent_text(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    page.goto(f"/chat/{hospital.direct.pk}/")
    expect(page.locator(LIVE).first).to_be_attached()
    page.route("**/messages/", lambda route: route.abort())
    box = page.locator("[data-chat] [data-composer] textarea")
    box.fill("보내지 못한 글")
    box.press("Enter")
    expect(page.locator("[data-pending]")).to_have_count(1)
    page.locator(".bar [data-menu] > summary").click()
    page.locator("[data-sign-out]").first.click()
    page.locator("[data-sign-out-anyway]").click()
    expect(page.locator('input[name="login"]')).to_be_visible()
    names = page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))")
    assert names == []
