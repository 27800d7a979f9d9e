"""What templates may say, and the pages that must stand when the database does not."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template, loader
from django.utils import translation

from apps.core import clock
from apps.core.registries import registries
from apps.core.templatetags import portal

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("apps/*/templates/**/*.html")]
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8")))


def reader(zone: object = None) -> SimpleNamespace:
    return SimpleNamespace(user=SimpleNamespace(time_zone=zone))


def write(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


class TestIcons:
    def test_each_icon_of_a_template_is_in_the_sprite(self) -> None:
        named = {
            name for path in TEMPLATES for name in re.findall(r'\{% icon "([^"]+)"', path.read_text(encoding="utf-8"))
        }
        assert len(named) > 20
        assert not named - SYMBOLS

    def test_navigation_and_reactions_name_icons_of_the_sprite(self) -> None:
        assert {entry.icon for entry in registries.navigation.values()} <= SYMBOLS
        assert set(portal.FACES.values()) <= SYMBOLS

    def test_an_icon_is_silent_unless_it_has_a_label(self) -> None:
        assert 'aria-hidden="true"' in portal.icon("chat")
        assert 'aria-label="a &lt;b&gt;"' in portal.icon("chat", label="a <b>")

    def test_an_icon_that_points_is_mirrored_with_the_text(self) -> None:
        assert "icon--flip" in portal.icon("arrow-start")
        assert "icon--flip" not in portal.icon("chat")


class TestAvatars:
    def test_the_colour_stays_with_the_id(self) -> None:
        assert [portal.colour_of(number) for number in (0, 7, 8, 4711)] == [1, 8, 1, 8]

    def test_initials_are_escaped_and_skipped_by_readers(self) -> None:
        html = portal.avatar(SimpleNamespace(pk=3, initials="<i"), "sm")
        assert html == '<span class="avatar avatar--4 avatar--sm" aria-hidden="true">&lt;i</span>'


class TestInstants:
    def test_an_instant_is_shown_in_the_zone_of_the_readers_site(self) -> None:
        moment = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
        source = '{% when moment "clock" %}'
        assert ">07:30</time>" in write(source, moment=moment, request=reader(ZoneInfo("Asia/Seoul")))
        assert ">02:30</time>" in write(source, moment=moment, request=reader("Asia/Dubai"))
        assert 'datetime="2026-11-24T22:30:00Z"' in write(source, moment=moment, request=reader("Asia/Dubai"))

    def test_an_unknown_zone_and_no_reader_fall_back(self) -> None:
        moment = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
        for request in (reader("Nowhere/There"), reader(), None):
            assert ">22:30</time>" in write('{% when moment "clock" %}', moment=moment, request=request)

    def test_the_short_form_is_the_shortest_that_is_clear(self) -> None:
        now = clock.now()
        with translation.override("en"):
            assert re.search(r">\d\d:\d\d</time>", write("{% when moment %}", moment=now))
            assert str((now - timedelta(days=800)).year) in write("{% when moment %}", moment=now - timedelta(days=800))

    def test_nothing_is_written_of_no_instant(self) -> None:
        assert write("{% when moment %}", moment=None) == ""


@pytest.mark.parametrize(("value", "shown"), [(None, "0"), (0, "0"), (3, "3"), (99, "99"), (100, "99+")])
def test_a_count_fits_into_its_mark(value: int | None, shown: str) -> None:
    assert portal.count(value) == shown


@pytest.mark.parametrize(
    ("signature", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_has_the_name_that_people_call_it(signature: str, name: str) -> None:
    assert portal.browser_name(signature) == name


def test_a_link_to_an_app_that_is_not_there_is_empty() -> None:
    assert portal.link_to("no-such-page", 4) == ""
    assert portal.link_to("channel", 4).endswith("/4/")


@pytest.mark.parametrize("language", ["ko", "en", "ar"])
@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "503", "error"])
def test_an_error_page_needs_no_database_and_shows_a_way_on(name: str, language: str) -> None:
    """No database mark here: a query would fail the test."""
    with translation.override(language):
        html = loader.render_to_string(f"{name}.html", {"message": "<b>", "status": 418})
    assert f'lang="{language}"' in html
    assert "&lt;b&gt;" in html
    assert 'class="btn btn--primary" href="/"' in html
