"""The session store reads what Django's writes, and nothing that has ended."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session

from apps.core import clock
from apps.people.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_it_reads_what_djangos_own_store_wrote_and_the_other_way_round():
    for writer, reader in ((DatabaseSessions, SessionStore), (SessionStore, DatabaseSessions)):
        written = writer()
        written["key"] = "값"
        written.create()
        assert reader(written.session_key)["key"] == "값"


@pytest.mark.parametrize("key", ["nosuchsessionnosuchsession", "x" * 4000, "nul\x00nulnulnul", "\ud800surrogate"])
def test_what_is_not_there_is_empty_and_gets_a_new_key(key):
    store = SessionStore(key)
    assert store.get("key") is None
    assert store.session_key is None


def test_what_has_ended_is_empty():
    store = SessionStore()
    store["key"] = 1
    store.create()
    Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))
    assert SessionStore(store.session_key).get("key") is None
