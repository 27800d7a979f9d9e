"""Every address × every principal, allow and deny, each stated; and what is denied leaks nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from tests.architecture.house import walk_urls

from .rows import CHAT, ROWS, TEAMS, Row, nothing
from .world import MISSING, PRINCIPALS, SECRETS, World

pytestmark = pytest.mark.django_db

CHANGING = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]*')
MEMBERS = {"member", "owner"}


def ask(world: World, principal: str, row: Row, arguments: tuple | None = None, **options: bool) -> HttpResponse:
    """Ask as the principal, and undo what the asking did."""
    client = world.client(principal, **options)
    if row.path is not None:
        address = row.path(world)
    else:
        address = reverse(row.name, args=row.arguments(world) if arguments is None else arguments)
    address += f"?{row.query}" if row.query else ""
    headers = {"accept": "application/json" if row.script else "text/html"}
    with transaction.atomic():
        if row.method == "POST":
            response = client.post(address, row.data(world), headers=headers)
        else:
            response = client.get(address, headers=headers)
        response.content  # noqa: B018 — lazy pages are rendered before the undoing
        transaction.set_rollback(True)
    return response


@dataclass(frozen=True)
class Answer:
    """What several tests look at, of a question that is asked once."""

    status_code: int
    headers: Mapping[str, str]
    secrets: frozenset[str]
    """The names of those that stand in it."""


AnswerTo = Callable[[str, Row], Answer]


@pytest.fixture(scope="module")
def answer_to(built_world: World) -> AnswerTo:
    """What a principal is answered; asking leaves the world as it was, so the answer stays the same."""
    known: dict[tuple[str, str], Answer] = {}

    def answer(principal: str, row: Row) -> Answer:
        place = principal, row.label
        if place not in known:
            response = ask(built_world, principal, row)
            body = response.content.decode(errors="replace")
            told = frozenset(name for name, secret in SECRETS.items() if secret in body)
            known[place] = Answer(response.status_code, response.headers, told)
        return known[place]

    return answer


def ids(rows: list[Row]) -> list[str]:
    return [row.label for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_each_principal_is_answered_as_stated(answer_to: AnswerTo, row: Row) -> None:
    wrong = [
        f"{principal}: {status} instead of {row.answer(principal)}"
        for principal in PRINCIPALS
        if (status := answer_to(principal, row).status_code) != row.answer(principal)
    ]
    assert not wrong, wrong


def test_every_address_has_a_row() -> None:
    rows = {row.name for row in ROWS}
    addresses = {name for name, _, _ in walk_urls()}
    assert len(addresses) > 60
    assert addresses - rows == set(), sorted(addresses - rows)
    assert rows - addresses == set(), sorted(rows - addresses)


def test_every_row_is_stated_once() -> None:
    labels = ids(ROWS)
    assert sorted(label for label in set(labels) if labels.count(label) > 1) == []


# -- Nothing leaks ---------------------------------------------------------------------------------------------------------
HIDDEN = [row for row in ROWS if row.answer("same_site") == 404 and row.arguments is not nothing]
OPEN_PAGES = [row for row in ROWS if row.method == "GET" and 200 in row.answers]
DEEDS = [row for row in ROWS if row.method == "POST"]
OUTSIDERS = [name for name in PRINCIPALS if name not in MEMBERS]


def same_for_all(response: HttpResponse, *addresses: str) -> bytes:
    """The body without the form's token and without the address that was asked for."""
    body = CHANGING.sub(rb"\1", response.content)
    for address in addresses:
        body = body.replace(address.encode(), b"here")
    return body


@pytest.mark.parametrize("row", HIDDEN, ids=ids(HIDDEN))
def test_not_yours_and_not_there_are_told_alike(world: World, row: Row) -> None:
    """The same status and the same bytes, so that nobody can ask what there is."""
    real = row.arguments(world)
    # The first id names what is hidden; the others stay.
    missing = (MISSING, *real[1:])
    hers = ask(world, "same_site", row)
    nobodys = ask(world, "same_site", row, missing)
    assert hers.status_code == nobodys.status_code == 404
    addresses = [reverse(row.name, args=arguments) for arguments in (real, missing)]
    assert same_for_all(hers, *addresses) == same_for_all(nobodys, *addresses)


@pytest.mark.parametrize("row", OPEN_PAGES, ids=ids(OPEN_PAGES))
def test_no_page_shows_an_outsider_what_members_say(answer_to: AnswerTo, row: Row) -> None:
    leaks = []
    for principal in OUTSIDERS:
        if row.answer(principal) != 200:
            continue
        for name in sorted(answer_to(principal, row).secrets):
            # IT sees the names of teams and channels in the administration, and nothing that is written in them.
            named = principal == "it" and row.name.startswith("admin:") and name in {"team", "private"}
            if not named:
                leaks.append(f"{principal} reads {name}")
    assert not leaks, leaks


def test_the_secrets_can_be_read_by_members(answer_to: AnswerTo) -> None:
    """A negative test holds data that could leak: a member finds each of them somewhere."""
    pages = [row for row in OPEN_PAGES if row.answer("member") == 200]
    seen = frozenset().union(*(answer_to("member", row).secrets for row in pages))
    assert seen == SECRETS.keys()


@pytest.mark.parametrize("row", DEEDS, ids=ids(DEEDS))
def test_no_deed_without_the_forms_token(world: World, row: Row) -> None:
    for principal in PRINCIPALS:
        status = ask(world, principal, row, enforce_csrf_checks=True).status_code
        assert status == 403, principal


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_every_answer_carries_its_headers(answer_to: AnswerTo, row: Row) -> None:
    """Nothing of somebody who is signed in is kept by a cache, and no page runs what is not ours."""
    for principal in ("anonymous", "same_site", "member"):
        headers = answer_to(principal, row).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert "no-store" in headers["Cache-Control"] or row.name in {"js-catalog", "chat-emoji"}


# -- Samples of what the table cannot say ----------------------------------------------------------------------------------
def test_the_removed_one_is_answered_like_a_stranger(world: World) -> None:
    """Replay what a member may ask: the removed one gets what somebody gets who never was in."""
    differing = [row.label for row in [*CHAT, *TEAMS] if row.answer("removed") != row.answer("same_site")]
    assert differing == []


def test_a_deactivated_session_is_answered_like_none(world: World) -> None:
    assert [row.label for row in ROWS if row.answer("deactivated") != row.answer("anonymous")] == []
