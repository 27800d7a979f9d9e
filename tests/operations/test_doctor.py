"""`doctor` says what is wrong in a sentence, and its exit code says whether anything is."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from pytest_django import Settings

from apps.core import clock as core_clock
from apps.core.models import OutboxEvent
from apps.core.tasks import beat_heartbeat
from apps.operations import demo, doctor, translations
from apps.rosters.models import Rule
from tests.clock import Clock
from tests.factories import make_calendar_entry, make_person, make_rule, make_site, make_unit

pytestmark = pytest.mark.django_db


def levels(check: str) -> list[str]:
    return [level for level, _ in doctor.CHECKS[check]()]


def texts(check: str) -> str:
    return " ".join(text for _, text in doctor.CHECKS[check]())


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Leave doctor some of its checks."""

    def leave(*names: str) -> None:
        monkeypatch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name] for name in names})

    return leave


@pytest.mark.parametrize("check", ["database", "migrations", "roles", "pools", "bus", "outbox", "audit", "data folder"])
def test_a_healthy_installation_passes(check: str) -> None:
    assert levels(check) == ["ok"], texts(check)


def test_what_rosters_stand_on_is_there() -> None:
    make_rule()
    make_unit(site=make_site(country="KR"))
    assert levels("rosters") == ["ok"], texts("rosters")


def test_rosters_without_a_rule_are_a_failure() -> None:
    Rule.objects.all().update(is_on=False)
    assert levels("rosters") == ["failure"]


@pytest.mark.parametrize(
    ("site", "lacking"),
    [
        ({"country": "KR", "rest_days": []}, "weekly rest days"),
        ({"country": "QQ"}, "public holidays"),
        ({"country": "AE", "time_zone": "Asia/Dubai"}, "the coming Ramadan"),
    ],
)
def test_a_site_without_a_calendar_is_a_warning(site: dict[str, Any], lacking: str) -> None:
    make_rule("hours", {"max": 2880, "ramadan_max": 2160, "window": {"weeks": 1}}, country="AE")
    make_site(**site)
    assert levels("rosters") == ["ok"]  # no unit plans there
    made = make_unit(site=make_site(**site)).department.site
    assert levels("rosters") == ["warning"]
    assert f"{made.code} lacks {lacking}" in texts("rosters")
    today = core_clock.today(made.zone)
    if lacking == "the coming Ramadan":
        make_calendar_entry(made, today + timedelta(days=90), today + timedelta(days=120), "ramadan")
        assert levels("rosters") == ["ok"]


def test_an_app_role_that_may_change_the_audit_is_a_failure(settings: Settings) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        try:
            assert levels("roles") == ["failure"]
        finally:
            cursor.execute(f"SET ROLE {settings.DATABASE_APP_ROLE}")


def test_more_connections_than_the_server_has_is_a_failure(settings: Settings) -> None:
    settings.WEB_PROCESSES = 50
    assert levels("pools") == ["failure"]
    assert "DATABASE_POOL_MAX" in texts("pools")


def test_a_bus_that_is_away_is_a_failure_and_hides_nothing_else(settings: Settings, only: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    only("bus", "outbox")
    assert [finding.level for finding in doctor.examine()] == ["failure", "ok"]


def test_no_worker_is_a_failure() -> None:
    assert levels("worker") == ["failure"]


def test_beat_is_alive_as_long_as_it_leaves_marks(clock: Clock) -> None:
    assert levels("beat") == ["failure"]
    beat_heartbeat()
    assert levels("beat") == ["ok"]
    clock.shift(timedelta(seconds=50))
    assert levels("beat") == ["failure"]
    cache.clear()


def test_events_that_wait_or_were_given_up_are_failures() -> None:
    event = OutboxEvent.objects.create(name="thing_happened", aggregate="thing:1", payload={}, pending=["somebody"])
    assert levels("outbox") == ["ok"]
    OutboxEvent.objects.filter(pk=event.pk).update(created_at=core_clock.now() - timedelta(minutes=3))
    assert levels("outbox") == ["failure"]
    OutboxEvent.objects.filter(pk=event.pk).update(dead_at=core_clock.now())
    assert "given up" in texts("outbox")


def test_a_missing_data_folder_is_a_failure(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path / "missing"
    assert levels("data folder") == ["failure"]


def test_catalogues_that_are_older_than_their_texts_are_found(tmp_path: Path) -> None:
    source = tmp_path / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Ward"\nmsgstr "병동"\n')
    assert translations.find_stale(tmp_path) == [source]
    translations.compile_catalogue(source)
    assert translations.find_stale(tmp_path) == []
    assert "병동".encode() in source.with_suffix(".mo").read_bytes()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DEBUG", True, "DEBUG is on"),
        ("SECRET_KEY", "short", "SECRET_KEY has fewer"),
        ("ALLOWED_HOSTS", ["*"], "lets any name pass"),
        ("ALLOWED_HOSTS", ["portal.hospital.example"], "Cookies travel without TLS"),
        ("PORTAL_BIND", "0.0.0.0", "The demo is open to other machines"),
    ],
)
def test_unsafe_settings_are_failures(settings: Settings, name: str, value: Any, said: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    assert levels("settings") == ["ok"]
    setattr(settings, name, value)
    assert "failure" in levels("settings")
    assert said in texts("settings")


def test_the_demos_password_outside_the_demo_is_a_failure(settings: Settings) -> None:
    person = demo.SIGN_INS[0]
    made = make_person(staff_number=person.staff_number, password=demo.PASSWORD)
    assert levels("demo passwords") == ["ok"]
    settings.DEMO = False
    assert levels("demo passwords") == ["failure"]
    assert person.staff_number in texts("demo passwords")
    made.set_password("something-else-altogether")
    made.save()
    assert levels("demo passwords") == ["ok"]


def test_it_ends_with_1_on_a_failure_and_with_0_without(only: Any, settings: Settings) -> None:
    only("database", "pools")
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["healthy"] is True
    assert [finding["check"] for finding in report["findings"]] == ["database", "pools"]
    settings.WEB_PROCESSES = 50
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 1
    assert "failure  pools" in out.getvalue()
    assert "1 failures" in out.getvalue()
