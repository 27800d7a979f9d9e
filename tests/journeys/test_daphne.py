"""One smoke journey on Daphne, which serves `runserver`: no raw transport there, so the gateway falls back to plain sends."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .browser import Browsers
from .conftest import Server
from .hospital import Hospital


@pytest.fixture
def server(static_root: Path, chromium: str, django_db_setup: None, tmp_path: Path) -> Iterator[Server]:
    server = Server(static_root, tmp_path / "daphne.log")
    server.command = [
        sys.executable,
        "-m",
        "daphne",
        "-b",
        "127.0.0.1",
        "-p",
        str(server.port),
        "hospital_collab.asgi:application",
    ]
    server.start()
    yield server
    server.stop()


def test_daphne_carries_a_conversation(browsers: Browsers, hospital: Hospital) -> None:
    nurse, physician = browsers.open(hospital.nurse), browsers.open(hospital.physician)
    for page in (nurse, physician):
        page.goto(f"/chat/{hospital.direct.pk}/")
        expect(page.locator('[data-live-status="connected"]').first).to_be_attached()
    for speaker, listener, text in ((nurse, physician, "들리세요?"), (physician, nurse, "네, 잘 들립니다.")):
        box = speaker.locator("[data-chat] [data-composer] textarea")
        box.fill(text)
        box.press("Enter")
        expect(listener.locator("[data-log] .msg__text").last).to_have_text(text)
