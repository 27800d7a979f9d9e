"""Every page keeps the content security policy, and the main ones have no serious barrier for anybody."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.core import clock
from tests import factories
from tests.matrix.rows import ROWS, Row
from tests.matrix.world import World, build_world

from .browser import Browsers
from .hospital import Hospital

# What is no page: JSON, scripts, and files to download.
NO_PAGES = {"health", "js-catalog", "chat-messages", "admin:jsi18n", "admin:autocomplete", "set-language"}


def address_of(row: Row, world: World) -> str:
    path = row.path(world) if row.path else reverse(row.name, args=row.arguments(world))
    return f"{path}?{row.query}" if row.query else path


def pages_for(principal: str) -> list[Row]:
    return [
        row
        for row in ROWS
        if row.method == "GET" and row.answer(principal) == 200 and row.name not in NO_PAGES and not row.script
    ]


@pytest.mark.parametrize("principal", ["anonymous", "owner", "it", "auditor"])
def test_no_page_breaks_the_policy(browsers: Browsers, principal: str) -> None:
    """Opened in Chromium one after the other; the fixture fails on a word of the console."""
    world = build_world()
    person = world.people.get(principal)
    page = browsers.open(person)
    rows = pages_for(principal)
    assert len(rows) > 5
    if principal in {"it", "auditor"}:  # the other pages are the same as the owner's
        rows = [row for row in rows if row.name.startswith("admin:")]
    for row in rows:
        response = page.goto(address_of(row, world), wait_until="load")
        assert response is not None
        assert response.status == 200, row.label
    assert not browsers.complaints, "\n".join(browsers.complaints)


def test_no_error_page_breaks_the_policy(browsers: Browsers, hospital: Hospital) -> None:
    page = browsers.open(hospital.nurse)
    for path, status in {"/nowhere/": 404, f"/chat/{hospital.private.pk + 999}/": 404}.items():
        response = page.goto(path)
        assert response is not None
        assert response.status == status


@pytest.fixture
def furnished(hospital: Hospital) -> Hospital:
    root = factories.send(hospital.nurse, hospital.private, "전원 의뢰서 보냈습니다. https://example.org/protocol")
    factories.react(root, hospital.physician)
    for words in ("받았습니다.", "15시에 출발합니다."):
        factories.send(hospital.physician, hospital.private, words, root_number=root.number)
    factories.send(hospital.physician, hospital.private, "병상은 715호 3번입니다.")
    factories.send(hospital.physician, hospital.direct, "고맙습니다.")
    other = factories.make_team(owner=hospital.physician, name_ko="감염관리", name_en="Infection control")
    factories.invite(hospital.nurse, by=hospital.physician, team=other)
    factories.grant(hospital.nurse, "it")
    furnish_roster(hospital)
    return hospital


def furnish_roster(hospital: Hospital) -> None:
    """A published month of the nurse's unit, with a change of late, and a duty that somebody has and one that is vacant."""
    unit = hospital.nurse.home_unit
    assert unit is not None
    today = clock.today(unit.department.site.zone)
    colleagues = [factories.make_person(unit=unit) for _ in range(3)]
    plan = factories.make_plan(unit, published_at=clock.now())
    long_ago, lately = clock.now() - timedelta(days=9), clock.now() - timedelta(days=1)
    rows = dict.fromkeys([hospital.nurse, *colleagues], "D D E E N N O O AL EDU D+HC D")
    factories.fill_plan(plan, rows, live=True, since=long_ago)
    around = dict.fromkeys(colleagues, "24 24")
    factories.fill_plan(plan, around, first=today, live=True, since=long_ago, is_exclusive=False)
    tomorrow = today + timedelta(days=1)
    factories.make_shift(plan, hospital.nurse, tomorrow, "24", live=True, since=lately, is_exclusive=False)
    taken = factories.make_duty(unit, name_ko="책임간호사", name_en="Charge nurse")
    factories.make_tier(taken, factories.make_rotation(unit, *colleagues, first_on=today - timedelta(days=7)))
    nobodys = factories.make_shift_type("IC", site=unit.department.site)
    factories.make_tier(factories.make_duty(unit), nobodys)


MAIN_PAGES: dict[str, Any] = {
    "home": lambda h: reverse("home"),
    "chat": lambda h: reverse("chat"),
    "channel": lambda h: reverse("chat-channel", args=[h.private.pk]),
    "thread": lambda h: reverse("chat-thread", args=[h.private.pk, 1]),
    "new chat": lambda h: reverse("chat-new"),
    "teams": lambda h: reverse("team-list"),
    "team": lambda h: reverse("team-detail", args=[h.team.pk]),
    "new team": lambda h: reverse("team-create"),
    "invite": lambda h: reverse("team-invite", args=[h.team.pk]),
    "channel people": lambda h: reverse("channel-people", args=[h.private.pk]),
    "jump": lambda h: reverse("jump") + "?q=ㅊ",
    "keys": lambda h: reverse("keys"),
    "directory": lambda h: reverse("directory"),
    "person": lambda h: reverse("person", args=[h.physician.pk]),
    "my shifts": lambda h: reverse("my-shifts"),
    "unit roster": lambda h: reverse("unit-roster", args=[h.nurse.home_unit_id]),
    "unit roster, a week": lambda h: reverse("unit-roster", args=[h.nurse.home_unit_id]) + "?show=week",
    "rules of the unit": lambda h: reverse("roster-policy", args=[h.nurse.home_unit_id]),
    "who is on": lambda h: reverse("duty-board"),
    "who is on, one site": lambda h: reverse("duty-board") + "?site=boramae",
    "settings": lambda h: reverse("settings"),
    "two-step sign-in": lambda h: reverse("mfa_index"),
    "sessions": lambda h: reverse("usersessions_list"),
    "not found": lambda h: "/nowhere/",
    "admin": lambda h: reverse("admin:index"),
    "admin list": lambda h: reverse("admin:people_user_changelist"),
    "admin form": lambda h: reverse("admin:people_user_change", args=[h.physician.pk]),
}
LOOKS = {
    "ko": {"language": "ko"},
    "ko, dark, phone": {"language": "ko", "phone": True, "theme": "dark"},
    "ar, phone": {"language": "ar", "phone": True},
    "en, high contrast": {"language": "en", "contrast": "more"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_main_pages_have_no_serious_barrier(browsers: Browsers, furnished: Hospital, look: str) -> None:
    wanted = LOOKS[look]
    nurse = furnished.nurse
    nurse.language = str(wanted["language"])
    nurse.theme = str(wanted.get("theme", "light"))
    nurse.contrast = str(wanted.get("contrast", "auto"))
    nurse.save(update_fields=["language", "theme", "contrast"])
    page = browsers.open(nurse, phone=bool(wanted.get("phone")), language=nurse.language)
    barriers = []
    for name, address in MAIN_PAGES.items():
        page.goto(address(furnished))
        expect(page.locator("html")).to_have_attribute("lang", nurse.language)
        barriers += [f"{name}: {barrier}" for barrier in browsers.find_barriers(page)]
        if name != "admin list" and not name.startswith("admin"):
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{name} scrolls sideways"
            )
    assert not barriers, "\n".join(barriers)


def test_the_door_has_no_serious_barrier(browsers: Browsers, hospital: Hospital) -> None:
    barriers = []
    for language in ("ko", "en", "ar"):
        for phone in (False, True):
            page = browsers.open(phone=phone, language=language)
            for name in ("account_login", "account_reset_password"):
                page.goto(reverse(name))
                barriers += browsers.find_barriers(page)
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not barriers, "\n".join(barriers)


def test_the_narrowest_phone_does_not_scroll_sideways(browsers: Browsers, furnished: Hospital) -> None:
    page = browsers.open(furnished.nurse, phone=True)
    page.set_viewport_size({"width": 320, "height": 640})
    for name, address in MAIN_PAGES.items():
        if name.startswith("admin"):
            continue
        page.goto(address(furnished))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def test_the_keyboard_reaches_everything(browsers: Browsers, furnished: Hospital) -> None:
    """Skip link first, another place by Ctrl+K, the menu by Enter and away by Escape; focus can be seen."""
    page = browsers.open(furnished.nurse)
    page.goto(reverse("home"))
    expect(page.locator('[data-live-status="connected"]').first).to_be_attached()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("[data-jump-field]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-jump-dialog]")).not_to_be_visible()
    summary = page.locator(".bar [data-menu] > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".bar [data-menu]")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator(".bar [data-menu]")).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    outline = summary.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline != "none"
