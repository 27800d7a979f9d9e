"""What `bench_pages` builds, asks for and counts. How long pages take is the gauntlet's business."""

import itertools
import json
import random
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.messaging import queries
from apps.messaging.management.seeding import Seeder, read_sentences
from apps.operations.management import hospital, pace
from apps.operations.management.commands import bench_pages
from apps.people.models import User
from apps.teams.models import Channel, ChannelKind
from tests.factories import make_person

pytestmark = pytest.mark.django_db

SMALL = {"SITES": 2, "UNITS": 4, "DEPARTMENTS_A_SITE": 1, "UNITS_A_DEPARTMENT": 2, "READERS": 4, "BIG_TEAM": 30}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A small hospital as the scratch database would hold it."""
    for name, value in SMALL.items():
        monkeypatch.setattr(hospital, name, value)
    monkeypatch.setitem(connection.settings_dict, "NAME", "scratch_1")
    made: dict[str, Any] = json.loads(json.dumps(hospital.build_hospital(people=60, conversations=40)))
    return made


def test_the_hospital_has_its_people_and_conversations(stage: dict[str, Any]) -> None:
    assert User.objects.count() == 60
    assert Channel.objects.count() == 40
    assert len(stage["others"]) == 39
    assert set(Channel.objects.values_list("kind", flat=True)) == set(ChannelKind.values)
    for user_id in stage["readers"]:
        items = queries.conversations_of(User.objects.get(pk=user_id))
        assert {stage["big"]} < {item.channel.pk for item in items}
        assert len(items) > 8


def test_every_second_reader_has_read_all(stage: dict[str, Any], tmp_path: Path) -> None:
    sentences = read_sentences([bench_pages.write_sentences(tmp_path / "lines.txt")])
    assert len(sentences) > 100
    assert not any(line.startswith("=") for line in sentences)
    Seeder(sentences, seed=1, since=_days_ago(3), until=_days_ago(0)).fill(stage["big"], 100)
    hospital.place_marks([int(user_id) for user_id in stage["readers"]])
    channel = Channel.objects.get(pk=stage["big"])
    unread = [
        channel.last_number - queries.read_up_to(queries.mark_of(channel, User.objects.get(pk=user_id)))
        for user_id in sorted(stage["readers"], key=int)
    ]
    assert unread == [0, 60, 0, 60]


def _days_ago(days: int) -> Any:
    from datetime import timedelta

    from apps.core import clock

    return clock.now() - timedelta(days=days)


def test_statements_of_pages_are_counted(stage: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_pages.connections, "close_all", lambda: None)
    Seeder(["한 줄"], seed=1, since=_days_ago(3), until=_days_ago(0)).fill(stage["big"], 60)
    counted = bench_pages.count_statements(stage, explain=True)
    assert counted["last_number"] == 60
    for page in ("home", "channel", "history"):
        assert 2 < counted[page]["queries"] < 40
        assert len(counted[page]["slowest"]) == len(counted[page]["plans"]) == 3
        assert all(found["sql"] and found["max_ms"] >= found["ms"] for found in counted[page]["slowest"])
    assert any("Index" in plan or "Scan" in plan for plan in counted["history"]["plans"])


def test_requests_are_those_of_the_readers(stage: dict[str, Any]) -> None:
    asked = list(bench_pages.list_requests("history", stage, 500, random.Random(1)))
    assert [key for _, key, _ in asked] == list(stage["readers"].values())
    assert all(path.startswith(f"/chat/{stage['big']}/messages/?before=") for path, *_ in asked)
    assert next(bench_pages.list_requests("home", stage, 500, random.Random(1)))[0] == "/"


def test_what_exceeds_a_budget_is_named() -> None:
    good = {
        "home": {"p95": 60, "queries": 10},
        "channel": {"p95": 80, "queries": 12},
        "history": {"p95": 40, "queries": 5},
        "slowness": 1.0,
    }
    assert bench_pages.find_violations(good) == []
    bad = {**good, "home": {"p95": 60, "queries": 11}, "history": {"p95": 81, "queries": 5}}
    assert len(bench_pages.find_violations(bad)) == 2
    assert len(bench_pages.find_violations({**bad, "slowness": 1.5})) == 1  # a slow machine makes no statements


@pytest.mark.parametrize(
    ("takes_ms", "times"), [(pace.QUIET_MS / 2, 1.0), (pace.QUIET_MS * 1.5, 1.5), (999.0, pace.MOST)]
)
def test_a_budget_grows_with_what_a_fixed_piece_of_work_takes(
    monkeypatch: pytest.MonkeyPatch, takes_ms: float, times: float
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(pace.time, "perf_counter", lambda: next(ticks) * takes_ms / 1000)
    assert pace.slowness() == pytest.approx(times, abs=0.01)


def test_only_a_scratch_database_is_filled() -> None:
    with pytest.raises(CommandError, match="no empty scratch database"):
        call_command("bench_pages", "--prepare", stdout=StringIO())


def test_a_scratch_database_with_people_is_not_filled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_person()
    monkeypatch.setitem(connection.settings_dict, "NAME", "scratch_1")
    with pytest.raises(CommandError, match="no empty scratch database"):
        hospital.build_hospital(people=15_000, conversations=2_000)


@pytest.mark.parametrize(
    ("words", "why"), [(["--ports", "8000"], "--ports is a range"), (["--messages", "10"], "at least 1000")]
)
def test_wrong_words_are_explained(words: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("bench_pages", *words)
