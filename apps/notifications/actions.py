"""Verbs of notices. Rows are locked in the order of their ids; each statement writes for many people at once.

`notify`, `notify_people` and `withdraw` are called inside the transaction of what they tell, under the channel's lock; the hints
go out after its commit.
"""

import time
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from apps.core import clock
from apps.core.events import publish
from apps.people.models import User
from apps.realtime.publish import publish_hints
from apps.teams.models import Channel, Invitation, Team

from . import queries, registry
from .events import BatchOpened
from .models import GATHERING, INVITATION_KEY, KEPT_READ, READ_BY_PLACE, UNTIL_DONE, EarlyReader, Notice, NoticeBatch

AT_ONCE = 50  # more people than this are reached by tasks, so that the channel's lock is not held for them
CHUNK = 500
WORK_SECONDS = 25.0  # of one task
TELL_AGAIN_AFTER = timedelta(seconds=5)
KEEP_BATCHES_FOR = timedelta(days=30)
KEEP_READ_FOR = timedelta(days=90)
PURGED_AT_ONCE = 5_000  # rows a transaction
REMEMBERED = 100  # people of a notice that gathers

# One statement gives up to 500 people a notice. Who wants to hear nothing of the conversation gets it quietly, or as read; who
# read the message before a batch came to them, as read.
INSERT = (
    "INSERT INTO notifications_notice AS old (user_id, kind, actor_id, channel_id, number, root_number, ordinal, team_id,"
    " key, count, people, is_quiet, created_at, changed_at, read_at, told_at)"
    " SELECT who, %(kind)s, %(actor)s::bigint, %(channel)s::bigint, %(number)s::bigint, %(root_number)s::bigint, %(ordinal)s,"
    " %(team)s::bigint, %(key)s, 1, %(causes)s::bigint[], who = ANY(%(quiet)s::bigint[]), %(now)s, %(now)s,"
    " CASE WHEN early.user_id IS NOT NULL OR who = ANY(%(read)s::bigint[]) THEN %(now)s::timestamptz END,"
    " %(told_at)s::timestamptz"
    " FROM unnest(%(people)s::bigint[]) AS who"
    " LEFT JOIN notifications_earlyreader early ON early.batch_id = %(batch)s::bigint AND early.user_id = who"
    " ORDER BY who {on_conflict} RETURNING old.id, old.user_id"
)
KEEP = "ON CONFLICT (user_id, key) DO NOTHING"
GATHER = (
    "ON CONFLICT (user_id, key) DO UPDATE SET count = old.count + 1, actor_id = EXCLUDED.actor_id,"
    " people = (old.people || EXCLUDED.people)[greatest(cardinality(old.people) + 2 - %(remembered)s, 1):],"
    " is_quiet = EXCLUDED.is_quiet, changed_at = EXCLUDED.changed_at, told_at = NULL,"
    " read_at = CASE WHEN EXCLUDED.read_at IS NOT NULL THEN old.read_at END"
    " WHERE NOT coalesce(EXCLUDED.people <@ old.people, EXCLUDED.actor_id = old.actor_id, false)"
)
# Asked to acknowledge and mentioned as well: it is one notice, and the request is what stays.
TAKE_OVER = (
    "ON CONFLICT (user_id, key) DO UPDATE SET kind = EXCLUDED.kind, changed_at = EXCLUDED.changed_at,"
    " is_quiet = EXCLUDED.is_quiet, read_at = EXCLUDED.read_at, told_at = NULL WHERE old.kind = ANY(%(by_place)s)"
)


def _on_conflict(kind: str) -> str:
    if kind in GATHERING:
        return GATHER
    return TAKE_OVER if kind in UNTIL_DONE else KEEP


def _insert(people: Collection[int], on_conflict: str, values: dict[str, Any]) -> list[tuple[int, int]]:
    """Give these people a notice and return (its id, the person) of those that were made or renewed; at most two statements."""
    kind, channel_id = values["kind"], values["channel"]
    calls = channel_id is None or kind in UNTIL_DONE
    quiet = [] if calls else registry.who_hears_nothing(people, channel_id)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT.replace("{on_conflict}", on_conflict),
            {
                "team": None,
                "batch": None,
                "told_at": None,
                **values,
                "people": list(people),
                "causes": [values["actor"]] if kind in GATHERING and values["actor"] else None,
                "quiet": quiet,
                "read": quiet if kind in KEPT_READ else [],
                "now": clock.now(),
                "by_place": list(READ_BY_PLACE),
                "remembered": REMEMBERED,
            },
        )
        made: list[tuple[int, int]] = cursor.fetchall()
    return made


# -- New notices -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def notify(
    *,
    kind: str,
    recipients: Collection[int],
    actor: User | None,
    key: str,
    channel: Channel | None = None,
    number: int | None = None,
    root_number: int | None = None,
    ordinal: int = 0,
    team: Team | None = None,
    renews: bool = True,
) -> int:
    """Give these people a notice, one a person and key, and return how many were made or renewed.

    The caller has looked whom it may reach; the one who caused it is left out. One statement for 500 people, and one for how much
    they want to hear of the channel. A notice that gathers is renewed by each person once; with `renews` false it stays as it is,
    and is only made where it is missing, without telling more than the count.
    """
    people = sorted(set(recipients) - {actor.pk if actor else 0})
    values = {
        "kind": kind,
        "actor": actor.pk if actor else None,
        "channel": channel.pk if channel else None,
        "number": number,
        "root_number": root_number,
        "ordinal": ordinal,
        "team": team.pk if team else None,
        "key": key,
        "told_at": None if renews else clock.now(),
    }
    made: list[tuple[int, int]] = []
    for start in range(0, len(people), CHUNK):
        made += _insert(people[start : start + CHUNK], _on_conflict(kind) if renews else KEEP, values)
    if made and renews:
        ids, channel_id = [pk for pk, _user in made], channel.pk if channel else None
        transaction.on_commit(lambda: tell_notices(ids, channel_id=channel_id), robust=True)
    elif made:
        _tell_counts_later({user_id for _pk, user_id in made})
    return len(made)


def notify_people(
    *,
    kind: str,
    audience: str,
    actor: User,
    channel: Channel,
    number: int,
    key: str,
    unit_id: int | None = None,
    root_number: int | None = None,
    ordinal: int = 0,
) -> None:
    """Give everybody in the channel, or the people of a unit among them, a notice; more than fifty through a batch."""
    place: dict[str, Any] = {
        "kind": kind,
        "actor": actor,
        "channel": channel,
        "number": number,
        "root_number": root_number,
        "ordinal": ordinal,
        "key": key,
    }
    people = queries.people_of_audience(channel=channel, audience=audience, unit_id=unit_id, actor_id=actor.pk)
    few = list(people.order_by().values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(few) <= AT_ONCE:
        notify(recipients=few, **place)
        return
    batch = NoticeBatch.objects.create(audience=audience, unit_id=unit_id, **place)
    publish(BatchOpened(batch_id=batch.pk))


def tell_of_invitations(invitation_ids: Collection[int]) -> None:
    """Give those who are invited a notice; invitations that were answered meanwhile are left out."""
    rows = Invitation.objects.open().filter(pk__in=invitation_ids, user__is_active=True)
    for row in rows.select_related("team", "channel__team", "by").order_by("pk"):
        team = row.team or (row.channel.team if row.channel else None)
        key = f"{INVITATION_KEY}{row.pk}"
        notify(kind="invitation", recipients=[row.user_id], actor=row.by, team=team, key=key)


@transaction.atomic
def read_invitations(invitation_ids: Collection[int]) -> None:
    """Read the notices of invitations that were answered or taken back."""
    people = dict(Invitation.objects.filter(pk__in=invitation_ids).values_list("pk", "user_id"))
    keys = [f"{INVITATION_KEY}{pk}" for pk in people]
    rows = Notice.objects.unread().filter(user__in=set(people.values()), key__in=keys)
    read = Notice.objects.filter(pk__in=_lock(rows)).update(read_at=clock.now())
    if read:
        _tell_counts_later(set(people.values()))


@transaction.atomic
def withdraw(*, channel: Channel, numbers: Collection[int]) -> None:
    """Take back all notices of messages, those too that a batch has not made yet."""
    # Whoever expands a batch holds its row, and early readers share it: once it is locked, all that they wrote is seen. To delete
    # alone would look for early readers first and wait for the row afterwards, when there may be one more.
    batches = _lock(NoticeBatch.objects.filter(channel=channel, number__in=numbers))
    EarlyReader.objects.filter(batch__in=batches).delete()
    NoticeBatch.objects.filter(pk__in=batches).delete()
    gone = list(
        Notice.objects.select_for_update(no_key=True)
        .filter(channel=channel, number__in=numbers)
        .order_by("pk")
        .values_list("pk", "user_id", "read_at")
    )
    Notice.objects.filter(pk__in=[pk for pk, *_ in gone]).delete()
    _tell_counts_later({user_id for _pk, user_id, read_at in gone if read_at is None})


@transaction.atomic
def withdraw_key(*, user_id: int, key: str) -> None:
    """Take one person's notice of a thing back, where there is one."""
    gone = list(
        Notice.objects.select_for_update(no_key=True).filter(user=user_id, key=key).values_list("pk", "read_at")
    )
    Notice.objects.filter(pk__in=[pk for pk, _read_at in gone]).delete()
    if any(read_at is None for _pk, read_at in gone):
        _tell_counts_later({user_id})


# -- Reading ---------------------------------------------------------------------------------------------------------------
# A batch that has not reached somebody yet is told that they have read its message: it makes their notice as read. It holds its
# row while it makes notices, so whoever found one waits here, and then looks once more at what was made meanwhile. Batches come
# before notices, as with those who expand or withdraw one: `due` begins by having `early` done.
READ = (
    "WITH place AS (SELECT * FROM unnest({arrays}) AS p({columns})),"
    " ahead AS (SELECT b.id, p.user_id FROM place p JOIN notifications_noticebatch b ON b.channel_id = p.channel_id"
    "  WHERE b.finished_at IS NULL AND b.cursor < p.user_id AND b.kind = ANY(%(kinds)s) AND {batch_matches}),"
    " early AS (INSERT INTO notifications_earlyreader (batch_id, user_id)"
    "  SELECT b.id, a.user_id FROM ahead a JOIN notifications_noticebatch b ON b.id = a.id WHERE b.finished_at IS NULL"
    "  ORDER BY b.id, a.user_id FOR SHARE OF b ON CONFLICT DO NOTHING RETURNING batch_id),"
    " due AS (SELECT n.id FROM place p JOIN notifications_notice n ON n.user_id = p.user_id AND n.channel_id = p.channel_id"
    "  WHERE (SELECT count(*) FROM early) >= 0 AND n.read_at IS NULL AND n.kind = ANY(%(kinds)s) AND {notice_matches}"
    "  ORDER BY n.id FOR NO KEY UPDATE OF n),"
    " read AS (UPDATE notifications_notice n SET read_at = %(now)s FROM due WHERE n.id = due.id RETURNING n.user_id)"
    " SELECT user_id, false FROM read UNION ALL SELECT user_id, true FROM ahead"
)


def read_up_to(places: Collection[tuple[int, int, int]]) -> None:
    """Read the notices of many people's channels, each (user, channel, number), up to a number; threads stay as they are.

    One statement where nothing is unread.
    """
    matches = "{0}.root_number IS NULL AND {0}.number <= p.up_to"
    _read_places(places, ("user_id", "channel_id", "up_to"), matches, READ_BY_PLACE)


def read_threads(places: Collection[tuple[int, int, int, int]]) -> None:
    """Read the notices of many people's threads, each (user, channel, number of the root, ordinal), up to an ordinal."""
    matches = "{0}.root_number = p.root_number AND {0}.ordinal <= p.up_to"
    _read_places(places, ("user_id", "channel_id", "root_number", "up_to"), matches, READ_BY_PLACE)


def read_message(*, user_id: int, channel_id: int, number: int) -> None:
    """Read what called somebody to one message, a request to acknowledge it included."""
    called = READ_BY_PLACE | UNTIL_DONE
    _read_places([(user_id, channel_id, number)], ("user_id", "channel_id", "number"), "{0}.number = p.number", called)


def _read_places(
    places: Collection[tuple[int, ...]], columns: tuple[str, ...], matches: str, codes: Iterable[str]
) -> None:
    if not places:
        return
    statement = READ.format(
        arrays=", ".join(f"%({column})s::bigint[]" for column in columns),
        columns=", ".join(columns),
        batch_matches=matches.format("b"),
        notice_matches=matches.format("n"),
    )
    values: dict[str, Any] = {"kinds": list(codes), "now": clock.now()}
    values |= {column: list(numbers) for column, numbers in zip(columns, zip(*places, strict=True), strict=True)}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall()
        if any(is_early for _user, is_early in found):
            cursor.execute(statement, values)
            found += cursor.fetchall()
    _tell_counts_later({user_id for user_id, is_early in found if not is_early})


@transaction.atomic
def read_notices(*, by: User, ids: Collection[int] | None = None, show: str = "") -> int:
    """Mark own notices read, these or all that a filter lets through, and return how many were unread."""
    rows = queries.of_filter(by, show).unread() if ids is None else Notice.objects.unread().filter(user=by, pk__in=ids)
    return _write(by, rows, read_at=clock.now())


@transaction.atomic
def mark_unread(*, by: User, ids: Collection[int]) -> int:
    """Mark own notices unread and return how many were read."""
    return _write(by, Notice.objects.filter(user=by, pk__in=ids).exclude(read_at=None), read_at=None)


def open_notice(*, by: User, notice: Notice) -> None:
    """Read a notice by following it; what asks for an act stays unread until the act."""
    if notice.kind not in UNTIL_DONE:
        read_notices(by=by, ids=[notice.pk])


@transaction.atomic
def delete_notices(*, by: User, ids: Collection[int]) -> int:
    """Remove own notices from the list and return how many."""
    rows = _lock(Notice.objects.filter(user=by, pk__in=ids))
    deleted, _rows = Notice.objects.filter(pk__in=rows).delete()
    if deleted:
        _tell_counts_later({by.pk})
    return deleted


def _lock(rows: Any, *, at_most: int | None = None) -> list[int]:
    locked = rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True)
    return list(locked[:at_most])


def _write(by: User, rows: Any, **values: Any) -> int:
    changed = Notice.objects.filter(pk__in=_lock(rows)).update(**values)
    if changed:
        _tell_counts_later({by.pk})
    return changed


# -- Telling ---------------------------------------------------------------------------------------------------------------
def _tell_counts_later(users: set[int]) -> None:
    if users:
        transaction.on_commit(lambda: _tell_counts(users), robust=True)


def _tell_counts(users: set[int]) -> None:
    counts = queries.unread_counts(users)
    publish_hints(("user", user_id, {"kind": "notices", "unread": unread}) for user_id, unread in counts.items())


def tell_notices(ids: Collection[int], *, channel_id: int | None = None) -> None:
    """Send the hints of committed notices and remember that they went out; constant queries.

    A notice that changed meanwhile (another reaction) stays to be told by whoever changed it.
    """
    notices = list(Notice.objects.filter(pk__in=ids, told_at=None).select_related("actor").order_by("pk"))
    if not notices:
        return
    unread = [notice for notice in notices if notice.read_at is None]
    counts = queries.unread_counts({notice.user_id for notice in unread}, channel_id=channel_id)
    publish_hints(queries.hints_of(unread, counts))
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH due AS (SELECT n.id FROM notifications_notice n"
            "  JOIN unnest(%s::bigint[], %s::timestamptz[]) AS told(id, changed_at)"
            "  ON n.id = told.id AND n.changed_at = told.changed_at ORDER BY n.id FOR NO KEY UPDATE OF n)"
            " UPDATE notifications_notice n SET told_at = %s FROM due WHERE n.id = due.id",
            [[notice.pk for notice in notices], [notice.changed_at for notice in notices], clock.now()],
        )


def tell_untold() -> int:
    """Tell the notices whose hint has not gone out for five seconds, as after a crash, and return how many."""
    told = 0
    until = time.monotonic() + WORK_SECONDS
    late = Notice.objects.filter(told_at=None, changed_at__lt=clock.now() - TELL_AGAIN_AFTER).order_by("changed_at")
    while time.monotonic() < until:
        ids = list(late.values_list("pk", flat=True)[:CHUNK])
        if not ids:
            break
        tell_notices(ids)
        told += len(ids)
    return told


# -- Batches ---------------------------------------------------------------------------------------------------------------
def expand_batch(batch_id: int) -> bool:
    """Make a batch's notices, 500 a transaction, for half a minute at most; return whether it is finished.

    Where it is killed, the next run goes on behind the last committed 500. Two that work on one batch take turns.
    """
    until = time.monotonic() + WORK_SECONDS
    while time.monotonic() < until:
        made, channel_id, is_finished = _expand_chunk(batch_id)
        if made:
            tell_notices(made, channel_id=channel_id)
        if is_finished:
            return True
    return False


def _expand_chunk(batch_id: int) -> tuple[list[int], int | None, bool]:
    with transaction.atomic():
        # Early readers share this row: theirs are in before this, or they find the new notices after it.
        batch = (
            NoticeBatch.objects.select_for_update(no_key=True, of=("self",))
            .select_related("channel")
            .filter(pk=batch_id, finished_at=None)
            .first()
        )
        if batch is None:
            return [], None, True
        last, count, made = _insert_chunk(batch)
        batch.cursor = last or batch.cursor
        if count < CHUNK:
            batch.finished_at = clock.now()
            EarlyReader.objects.filter(batch=batch).delete()
        batch.save(update_fields=["cursor", "finished_at"])
        return made, batch.channel_id, count < CHUNK


def _insert_chunk(batch: NoticeBatch) -> tuple[int | None, int, list[int]]:
    people = list(queries.people_left(batch, CHUNK).values_list("pk", flat=True))
    if not people:
        return None, 0, []
    values = {
        "batch": batch.pk,
        "kind": batch.kind,
        "actor": batch.actor_id,
        "channel": batch.channel_id,
        "number": batch.number,
        "root_number": batch.root_number,
        "ordinal": batch.ordinal,
        "key": batch.key,
    }
    made = _insert(people, _on_conflict(batch.kind), values)
    return people[-1], len(people), [pk for pk, _user in made]


def unfinished_batches() -> list[int]:
    """Return the batches that are not finished, the oldest first."""
    return list(NoticeBatch.objects.filter(finished_at=None).order_by("created_at").values_list("pk", flat=True))


def purge_batches() -> int:
    """Delete batches that were finished a month ago and return how many."""
    deleted, _rows = NoticeBatch.objects.filter(Q(finished_at__lt=clock.now() - KEEP_BATCHES_FOR)).delete()
    return deleted


def purge_notices() -> int:
    """Delete the notices that are older than ninety days and were read as long ago, and return how many.

    5,000 a transaction, walking once through all by their ids; after half a minute the rest waits for the next day.
    """
    before = clock.now() - KEEP_READ_FOR
    until = time.monotonic() + WORK_SECONDS
    purged = last = 0
    while time.monotonic() < until:
        with transaction.atomic():
            old = Notice.objects.filter(pk__gt=last, read_at__lt=before, changed_at__lt=before)
            ids = _lock(old, at_most=PURGED_AT_ONCE)
            Notice.objects.filter(pk__in=ids).delete()
        purged += len(ids)
        if len(ids) < PURGED_AT_ONCE:
            break
        last = ids[-1]
    return purged
