"""With Valkey or PostgreSQL away: signed-in pages, sending and signing in answer as they should."""

import uuid
from threading import Event
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.test import Client

from apps.core import http
from apps.core.cache import SteadyCache
from apps.people import middleware
from tests.factories import PASSWORD, make_channel, make_person, sign_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_person(password=PASSWORD)


@pytest.fixture
def patient_client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("path", ["/", "/chat/", "/people/", "/health/"])
def test_without_a_database_a_signed_in_page_is_503(patient_client, person, monkeypatch, error, path):
    sign_in_as(patient_client, person)

    def fail(*_words, **_more):
        raise error("the connection is closed")

    monkeypatch.setattr(CursorWrapper, "execute", fail)
    answer = patient_client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_without_a_database_a_script_hears_503_as_json(patient_client, person, monkeypatch):
    channel = make_channel(person)
    sign_in_as(patient_client, person)

    def fail(*_words, **_more):
        raise OperationalError

    monkeypatch.setattr(CursorWrapper, "execute", fail)
    data = {"text": "x", "client_id": uuid.uuid4()}
    answer = patient_client.post(f"/chat/{channel.pk}/messages/", data, headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert answer.json()["error"] == "busy"


@pytest.fixture
def cache_away(monkeypatch):
    """The shared cache does not answer; each process counts for itself."""
    middleware._seen.clear()
    steady = SteadyCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr("django.core.cache.caches._connections.default", steady, raising=False)
    assert cache.get("anything") is None
    yield steady
    steady._own.clear()


def test_without_valkey_pages_open_and_messages_are_sent(patient_client, person, cache_away):
    channel = make_channel(person)
    sign_in_as(patient_client, person)
    assert patient_client.get("/").status_code == 200
    data = {"text": "x", "client_id": uuid.uuid4()}
    answer = patient_client.post(f"/chat/{channel.pk}/messages/", data, headers={"Accept": "application/json"})
    assert answer.status_code == 201


def test_without_valkey_one_signs_in_and_guessing_is_still_limited(patient_client, person, cache_away):
    door = "/accounts/login/"
    assert patient_client.post(door, {"login": person.staff_number, "password": PASSWORD}).status_code == 302
    stranger = Client()
    for _ in range(6):
        answer = stranger.post(door, {"login": person.staff_number, "password": "wrong"})
    assert answer.status_code in (200, 429)
    answer = stranger.post(door, {"login": person.staff_number, "password": PASSWORD})
    assert answer.status_code in (200, 429)  # the right password does not help any more


def test_a_request_that_meets_a_dead_connection_has_the_others_looked_through(monkeypatch):
    looked = Event()
    monkeypatch.setattr(http, "_renewed_at", 0.0)
    monkeypatch.setattr(DatabaseWrapper, "pool", SimpleNamespace(check=looked.set))
    http.renew_connections()
    assert looked.wait(5)
    looked.clear()
    http.renew_connections()  # not twice a second
    assert not looked.wait(0.2)
