"""Whom the messages call: the notices that sending, editing and reacting would have made, read as far as their people have read."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.messaging.actions.composing import Composed
from apps.messaging.models import Message, ReadMark, ThreadMark
from apps.notifications.actions import AT_ONCE
from apps.notifications.models import INVITATION_KEY, READ_BY_PLACE, Notice
from apps.notifications.queries import people_of_audience
from apps.people.models import User
from apps.teams.models import Invitation

from .people import Staff
from .script import Act, BrokenScript, Deed, Line

NOTICED_AFTER = timedelta(seconds=20)
LOOKED_BEFORE = timedelta(hours=3)  # now: what was not read by its place they had looked at by then


@dataclass(frozen=True)
class Said:
    """A stored message, with how it was written down."""

    members: list[User]
    line: Line
    message: Message
    texts: list[Composed]


@dataclass
class _Calls:
    """Notices by person and key, in the order in which they were made."""

    notices: dict[tuple[int, str], Notice] = field(default_factory=dict)
    followers: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Of a thread, by its root's id: who wrote in it or was called into it."""
    called_in: list[tuple[Message, int, datetime]] = field(default_factory=list)
    """Root, person and instant of each who was mentioned in a thread."""

    def tell(self, message: Message, kind: str, people: Iterable[int], actor: User, at: datetime, key: str) -> None:
        """Give each a notice where they have none of this key: who is called twice is called once."""
        for user_id in people:
            if user_id != actor.pk:
                notice = Notice(
                    user_id=user_id,
                    kind=kind,
                    actor=actor,
                    channel_id=message.channel_id,
                    number=message.number,
                    root_number=message.root.number if message.root else None,
                    ordinal=message.ordinal,
                    key=key,
                    created_at=at,
                    changed_at=at,
                )
                self.notices.setdefault((user_id, key), notice)

    def follow(self, root: Message, user_id: int) -> None:
        if user_id not in self.followers[root.pk]:
            self.followers[root.pk].append(user_id)

    def mention(self, message: Message, keys: Iterable[str], members: Collection[int], at: datetime) -> None:
        for mentioned in keys:
            kind, _, pk = mentioned.partition(":")
            if kind == "user":
                people = [int(pk)]
                if message.root is not None:
                    self.follow(message.root, int(pk))
                    self.called_in.append((message.root, int(pk), at))
            else:
                people = _people_of_unit(message, int(pk)) if pk else _few(message, members)
            self.tell(message, "mention", people, message.author, at, _key_of(message))

    def gather(self, message: Message, act: Act, who: User, at: datetime) -> None:
        """Count a reaction in the one notice that the author has of them."""
        if who.pk == message.author_id:
            return
        key = f"reaction:{message.channel_id}:{message.number}"
        notice = self.notices.get((message.author_id, key))
        if notice is None:
            self.tell(message, "reaction", [message.author_id], who, at, key)
        else:
            notice.count, notice.actor, notice.changed_at = notice.count + 1, who, at


def _key_of(message: Message) -> str:
    return f"message:{message.channel_id}:{message.number}"


def _people_of_unit(message: Message, unit_id: int) -> list[int]:
    found = people_of_audience(
        channel=message.channel, audience="unit", unit_id=unit_id, actor_id=message.author_id
    ).order_by("pk")
    return _few(message, found.values_list("pk", flat=True))


def _few(message: Message, people: Iterable[int]) -> list[int]:
    """Return whom a mention of many, or a request, reaches. More than fifty would need a batch; nobody here calls so many."""
    called = [user_id for user_id in people if user_id != message.author_id]
    if len(called) > AT_ONCE:
        raise BrokenScript(f"{message.body} calls {len(called)} people")
    return called


def store_calls(
    said: Collection[Said],
    invitations: Iterable[Invitation],
    marks: Mapping[tuple[int, int], ReadMark],
    staff: Staff,
    *,
    looking: Collection[int],
    now: datetime,
) -> None:
    """Store the notices of what was said and of invitations, and have those who were mentioned in threads follow them.

    `looking` are those who left notices unread; of all others what was not read by its place is read as well.
    """
    calls = _Calls()
    for one in sorted(said, key=lambda one: one.message.created_at):
        _call(calls, one, staff)
    _store_followers(calls, marks)
    done = {
        (staff.find(act.who).pk, _key_of(one.message)): one.line.at_of(act)
        for one in said
        for act in one.line.acts
        if act.deed is Deed.ACKNOWLEDGEMENT
    }
    seen = _threads_seen(calls)
    for (user_id, key), notice in calls.notices.items():
        mark = marks.get((user_id, notice.channel_id or 0))
        if notice.kind in READ_BY_PLACE:
            is_read = _is_read(notice, mark, seen)
        elif notice.kind == "acknowledgement":
            notice.read_at = done.get((user_id, key))
            is_read = False
        else:
            is_read = user_id not in looking or notice.changed_at < now - LOOKED_BEFORE
        if is_read:
            looked = max(notice.changed_at + NOTICED_AFTER, mark.at if mark else notice.changed_at)
            notice.read_at = min(looked, now)
    rows = [*calls.notices.values(), *(_invite(invitation) for invitation in invitations)]
    for notice in rows:
        notice.told_at = notice.changed_at
    Notice.objects.bulk_create(sorted(rows, key=lambda notice: (notice.created_at, notice.user_id)))


def _call(calls: _Calls, one: Said, staff: Staff) -> None:
    """Walk what a message tells, in the order of the actions: asked to acknowledge, else mentioned, else following its thread."""
    message, line = one.message, one.line
    members = [person.pk for person in one.members]
    if message.root is not None:
        calls.follow(message.root, message.root.author_id)
        calls.follow(message.root, message.author_id)
    if message.deleted_at is not None:
        return  # its notices were withdrawn
    if message.asks_acknowledgement:
        asked = _few(message, members)
        calls.tell(message, "acknowledgement", asked, message.author, message.created_at, _key_of(message))
    calls.mention(message, one.texts[0].keys, members, message.created_at)
    if message.root is not None:
        followers = calls.followers[message.root.pk]
        calls.tell(message, "reply", list(followers), message.author, message.created_at, _key_of(message))
    before, after = set(one.texts[0].keys), iter(one.texts[1:])
    for act in line.acts:
        if act.deed is Deed.REACTION:
            calls.gather(message, act, staff.find(act.who), line.at_of(act))
        elif act.deed is Deed.EDIT:
            keys = next(after).keys
            calls.mention(message, [key for key in keys if key not in before], members, line.at_of(act))
            before = set(keys)


def _store_followers(calls: _Calls, marks: Mapping[tuple[int, int], ReadMark]) -> None:
    """Have the mentioned follow; what their mark in the channel covers they have read, as for those who wrote."""
    replies: dict[int | None, list[int]] = defaultdict(list)
    roots = {root.pk for root, *_ in calls.called_in}
    for root_id, number in Message.objects.filter(root__in=roots).values_list("root", "number"):
        replies[root_id].append(number)
    rows = []
    for root, user_id, at in calls.called_in:
        mark = marks.get((user_id, root.channel_id))
        up_to = sum(number <= mark.up_to for number in replies[root.pk]) if mark else 0
        rows.append(ThreadMark(root=root, user_id=user_id, up_to=up_to, is_following=True, at=at))
    ThreadMark.objects.bulk_create(rows, ignore_conflicts=True)


def _threads_seen(calls: _Calls) -> dict[tuple[int, int, int], int]:
    """Return how far people have read threads, by person, channel and number of the root."""
    rows = ThreadMark.objects.filter(root__in=calls.followers.keys())
    return {
        (user_id, channel_id, number): up_to
        for user_id, channel_id, number, up_to in rows.values_list("user", "root__channel", "root__number", "up_to")
    }


def _is_read(notice: Notice, mark: ReadMark | None, seen: Mapping[tuple[int, int, int], int]) -> bool:
    assert notice.channel_id is not None
    assert notice.number is not None
    if notice.root_number is None:
        return mark is not None and notice.number <= mark.up_to
    return notice.ordinal <= seen.get((notice.user_id, notice.channel_id, notice.root_number), 0)


def _invite(invitation: Invitation) -> Notice:
    return Notice(
        user=invitation.user,
        kind="invitation",
        actor=invitation.by,
        team=invitation.team,
        key=f"{INVITATION_KEY}{invitation.pk}",
        created_at=invitation.created_at,
        changed_at=invitation.created_at,
    )
