"""Reads Mattermost's bulk export: JSON lines with version, teams, channels, users, posts, direct channels and direct posts.

The file is read once to see what it holds and where each message lies, and again, message by message, in the order in
which they are stored: its size does not matter. A line that is broken is named with the reason, and no other is lost.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from apps.core import clock
from apps.core.text import clean_text
from apps.messaging.imports import Place, Reacted, Said, Skipped, TeamRecord, make_key, split_text
from apps.people.imports import Stranger

NAME_LIMIT = 64  # of names of teams, channels, people and emoji, in Mattermost as well
KEPT_LINES = 64  # parsed posts kept at hand: answers follow their post closely
POSTS = {"post", "direct_post"}

Record = dict[str, Any]
TeamAndChannel = tuple[str, str]


class NotAnExport(Exception):
    """The file is no bulk export of Mattermost, or of a version that is not known."""


class Broken(ValueError):
    """A record cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A post or a reply, checked and cleaned."""

    who: str
    text: str
    at: int
    """Milliseconds since 1970."""
    reactions: tuple[Reacted, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A post with its replies; a root that cannot be used leaves its replies on their own."""

    root: Utterance | None
    replies: tuple[Utterance | None, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _User:
    line: int
    stranger: Stranger
    channels: tuple[TeamAndChannel, ...]
    teams: tuple[str, ...]


@dataclass(slots=True)
class _Channel:
    name: str
    topic: str
    members: dict[str, None] = field(default_factory=dict)  # in order, each once


# (moment, line, index of the reply or -1, offset): sorted, they stand in the order of their numbers
Spot = tuple[int, int, int, int]


class MattermostExport:
    """A file as `messaging.imports` reads it."""

    name = "mattermost"

    def __init__(self, file: BinaryIO, site_code: str) -> None:
        self.file, self.site_code = file, site_code
        self.people: dict[str, Stranger] = {}
        self.teams: dict[str, TeamRecord] = {}
        self.places: list[Place] = []
        self.skipped: list[Skipped] = []
        self.ignored: Counter[str] = Counter()
        self.emails: dict[str, str] = {}
        """Username by e-mail, for the map of people."""
        self._latest = int((clock.now() + timedelta(days=1)).timestamp() * 1000)
        self._users: dict[str, _User] = {}
        self._team_names: dict[str, tuple[str, str]] = {}
        self._channels: dict[TeamAndChannel, _Channel] = {}
        self._channel_lines: dict[TeamAndChannel, int] = {}
        self._chats: dict[tuple[str, ...], None] = {}
        self._spots: dict[str, list[Spot]] = defaultdict(list)
        self._lines_of: dict[TeamAndChannel, list[int]] = defaultdict(list)
        self._speakers: dict[str, dict[str, None]] = defaultdict(dict)
        self._kept: dict[int, Post] = {}
        self._scan()
        self._resolve()

    # -- seeing what is there --
    def _scan(self) -> None:
        readers: dict[str, Callable[[int, Record], None]] = {
            "version": self._read_version,
            "team": self._read_team,
            "channel": self._read_channel,
            "user": self._read_user,
            "bot": self._read_user,
            "direct_channel": self._read_direct_channel,
        }
        offset = records = 0
        for number, raw in enumerate(self.file, 1):
            here, offset = offset, offset + len(raw)
            if not raw.strip():
                continue
            try:
                kind, record = _parse_line(raw)
                records += 1
                if kind in POSTS:
                    self._note_post(number, here, kind, record)
                elif kind in readers:
                    readers[kind](number, record)
                else:
                    self.ignored[kind] += 1
            except Broken as problem:
                self.skipped.append(Skipped(number, str(problem)))
        if not records:
            raise NotAnExport("This is no bulk export of Mattermost: no line of it is a record with a type.")

    def _read_version(self, line: int, record: Record) -> None:
        if record.get("version") != 1:
            raise NotAnExport(f"The export has version {record.get('version')!r}; only version 1 is known.")

    def _read_team(self, line: int, record: Record) -> None:
        team = _part(record, "team")
        code = _place(team, "name")
        self._team_names[code] = (_line(team.get("display_name")) or code, _line(team.get("description")))

    def _read_channel(self, line: int, record: Record) -> None:
        channel = _part(record, "channel")
        where = (_place(channel, "team"), _place(channel, "name"))
        kind = channel.get("type", "O")
        if kind not in {"O", "P"}:
            raise Broken(f"a channel has the type O or P, not {kind!r}")
        topic = _line(channel.get("purpose")) or _line(channel.get("header"))
        self._channels[where] = _Channel(_line(channel.get("display_name")) or where[1], topic)
        self._channel_lines[where] = line

    def _read_user(self, line: int, record: Record) -> None:
        user = _part(record, "user" if "user" in record else "bot")
        username = _username(user.get("username"))
        teams: list[str] = []
        channels: list[TeamAndChannel] = []
        for team in _list(user, "teams"):
            teams.append(_place(team, "name"))
            channels += [(teams[-1], _place(channel, "name")) for channel in _list(team, "channels")]
        stranger = Stranger(_full_name(user, username), _line(user.get("position")))
        self._users[username] = _User(line, stranger, tuple(channels), tuple(teams))
        if email := _line(user.get("email")):
            self.emails[email.casefold()] = username

    def _read_direct_channel(self, line: int, record: Record) -> None:
        channel = _part(record, "direct_channel")
        self._chats[_chat_members(channel)] = None

    def _note_post(self, line: int, offset: int, kind: str, record: Record) -> None:
        """Check a post and remember where it lies."""
        content = _part(record, kind)
        if kind == "post":
            where = (_place(content, "team"), _place(content, "channel"))
            key = _channel_key(where)
            self._lines_of[where].append(line)
        else:
            members = _chat_members(content)
            self._chats[members] = None
            key = _chat_key(members)
        post = self._read_post(content)
        self.skipped += [Skipped(line, problem) for problem in post.problems]
        if post.root:
            self._spots[key].append((post.root.at, line, -1, offset))
        for index, reply in enumerate(post.replies):
            if reply:
                moment = max(reply.at, post.root.at) if post.root else reply.at
                self._spots[key].append((moment, line, index, offset))
        for said in filter(None, (post.root, *post.replies)):
            self._speakers[key].update(dict.fromkeys([said.who, *(reacted.who for reacted in said.reactions)]))

    def _resolve(self) -> None:
        """Join what refers to each other, in whatever order it stood, and name what refers to nothing."""
        for where, line in self._channel_lines.items():
            if where[0] not in self._team_names:
                del self._channels[where]
                self.skipped.append(Skipped(line, self._absence(where)))
        for where, lines in self._lines_of.items():
            if where not in self._channels:
                reason = self._absence(where)
                self.skipped += [Skipped(line, reason) for line in lines]
        members = self._members_of_teams()
        for code, (name, description) in self._team_names.items():
            self.teams[code] = TeamRecord(code, name, description, tuple(members[code]))
        for where, channel in self._channels.items():
            key = _channel_key(where)
            self.places.append(Place(key, tuple(channel.members), where[0], channel.name, channel.topic))
        self.places += [Place(_chat_key(people), people) for people in self._chats]
        for place in self.places:
            self._spots[place.key].sort()
            for username in (*place.members, *self._speakers[place.key]):
                # Somebody who writes or reacts is a person, even if the file has no record of them.
                self.people.setdefault(username, Stranger(username))

    def _absence(self, where: TeamAndChannel) -> str:
        """Say what a record refers to that the file does not hold."""
        team, channel = where
        if team not in self._team_names:
            return f"there is no team {team} in the file"
        elsewhere = sorted(other for other, name in self._channels if name == channel)
        hint = f"; one of that name is in {', '.join(elsewhere)}" if elsewhere else ""
        return f"the team {team} has no channel {channel}{hint}"

    def _members_of_teams(self) -> dict[str, dict[str, None]]:
        members: dict[str, dict[str, None]] = defaultdict(dict)
        for username, user in self._users.items():
            self.people[username] = user.stranger
            for team in user.teams:
                if team in self._team_names:
                    members[team][username] = None
                else:
                    self.skipped.append(
                        Skipped(user.line, f"{username} is in the team {team}, which is not in the file")
                    )
            for where in user.channels:
                if where in self._channels:
                    self._channels[where].members[username] = None
                elif where[0] in self._team_names:
                    self.skipped.append(Skipped(user.line, f"{username}: {self._absence(where)}"))
        return members

    # -- reading what was said --
    def messages(self, place: Place) -> Iterator[Said]:
        """Yield the messages of a channel or chat, a long one in pieces."""
        for _moment, line, index, offset in self._spots.get(place.key, ()):
            post = self._post_at(offset)
            said = post.root if index < 0 else post.replies[index]
            assert said is not None
            root_key = self._message_key(place, post.root) if index >= 0 and post.root else None
            yield from self._pieces(place, line, said, root_key)

    def _pieces(self, place: Place, line: int, said: Utterance, root_key: str | None) -> Iterator[Said]:
        for number, text in enumerate(split_text(said.text)):
            yield Said(
                key=self._message_key(place, said, number),
                line=line,
                who=said.who,
                text=text,
                at=_moment(said.at),
                root_key=root_key,
                reactions=said.reactions if number == 0 else (),
            )

    def _message_key(self, place: Place, said: Utterance, piece: int = 0) -> str:
        return make_key(self.name, self.site_code, place.team or "", place.key, said.who, said.at, said.text, piece)

    def _post_at(self, offset: int) -> Post:
        post = self._kept.pop(offset, None)
        if post is None:
            self.file.seek(offset)
            kind, record = _parse_line(self.file.readline())
            post = self._read_post(_part(record, kind))
        self._kept[offset] = post
        if len(self._kept) > KEPT_LINES:
            self._kept.pop(next(iter(self._kept)))
        return post

    def _read_post(self, content: Record) -> Post:
        problems: list[str] = []
        root = self._try_utterance(content, "", problems)
        replies = [
            self._try_utterance(reply, f"reply {number}: ", problems)
            for number, reply in enumerate(_list_or_nothing(content, "replies", problems), 1)
        ]
        return Post(root, tuple(replies), tuple(problems))

    def _try_utterance(self, content: Any, which: str, problems: list[str]) -> Utterance | None:
        try:
            if not isinstance(content, dict):
                raise Broken("is no object")
            who = _username(content.get("user"))
            at = self._instant(content.get("create_at"))
            text = _text_of(content)
        except Broken as problem:
            problems.append(f"{which}{problem}")
            return None
        reactions = []
        for number, reaction in enumerate(_list_or_nothing(content, "reactions", problems, which), 1):
            try:
                if not isinstance(reaction, dict):
                    raise Broken("is no object")
                reacted_at = _moment(self._instant(reaction.get("create_at")))
                reactions.append(Reacted(_username(reaction.get("user")), _code(reaction, "emoji_name"), reacted_at))
            except Broken as problem:
                problems.append(f"{which}reaction {number}: {problem}")
        return Utterance(who, text, at, tuple(reactions))

    def _instant(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise Broken(f"create_at is {_short(value)}, no number of milliseconds")
        if value > self._latest:
            raise Broken(f"create_at {_short(value)} lies in the future")
        return value


# -- Parts of a record --------------------------------------------------------------------------------------------------
def _parse_line(raw: bytes) -> tuple[str, Record]:
    try:
        record = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Broken(f"not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise Broken(f"no JSON: {error.msg} at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise Broken("no JSON that can be read: nested too deeply, or a number too long") from error
    kind = record.get("type") if isinstance(record, dict) else None
    if not isinstance(kind, str) or not kind:
        raise Broken("no object with a type")
    return kind[:NAME_LIMIT], record


def _part(record: Record, kind: str) -> Record:
    part = record.get(kind)
    if not isinstance(part, dict):
        raise Broken(f"the record has no “{kind}”")
    return part


def _list(record: Record, name: str) -> list[Record]:
    value = record.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Broken(f"“{name}” is no list of objects")
    return value


def _list_or_nothing(content: Any, name: str, problems: list[str], which: str = "") -> Sequence[Any]:
    value = content.get(name) if isinstance(content, dict) else None
    if value is None or isinstance(value, list):
        return value or []
    problems.append(f"{which}“{name}” is no list")
    return []


def _line(value: Any) -> str:
    """Return a text on one line, cleaned; nothing for what is no text."""
    return " ".join(_clean(value).split()) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Return a text without control characters and without half characters, which no database stores."""
    return clean_text(text.encode("utf-8", "replace").decode("utf-8"))


def _code(record: Record, name: str) -> str:
    value = _line(record.get(name))
    if not value:
        raise Broken(f"“{name}” is missing")
    if len(value) > NAME_LIMIT:
        raise Broken(f"“{name}” has {len(value)} characters, more than {NAME_LIMIT}")
    return value


def _place(record: Record, name: str) -> str:
    value = _code(record, name)
    if " " in value or ":" in value:
        raise Broken(f"“{name}” is {_short(value)}, no name of a team or channel")
    return value


def _username(value: Any) -> str:
    username = _line(value).lstrip("@").casefold()
    if not username or " " in username or len(username) > NAME_LIMIT:
        raise Broken(f"the user is {_short(value)}, no username")
    return username


def _text_of(content: Record) -> str:
    """Return what was written, and the names of attached files, which the export does not hold as text."""
    message = content.get("message", "")
    if not isinstance(message, str):
        raise Broken("the message is no text")
    paths = content.get("attachments") or []
    names = [Path(str(item.get("path", ""))).name for item in paths if isinstance(item, dict)]
    text = "\n".join(filter(None, [_clean(message), *(f"📎 {_line(name)}" for name in names if name)]))
    if not text.strip():
        raise Broken("the message has no text")
    return text


def _chat_members(content: Record) -> tuple[str, ...]:
    value = content.get("channel_members") or content.get("members")
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        value = [item.get("username") for item in value]  # newer exports write objects
    if not isinstance(value, list) or not 1 <= len(value) <= 50:
        raise Broken("a direct channel has one to fifty members")
    return tuple(sorted({_username(member) for member in value}))


def _channel_key(where: TeamAndChannel) -> str:
    return f"{where[0]}:{where[1]}"


def _chat_key(members: tuple[str, ...]) -> str:
    return f"chat:{make_key(*members)}"


def _full_name(user: Record, username: str) -> str:
    first, last = _line(user.get("first_name")), _line(user.get("last_name"))
    is_hangul = any("\uac00" <= letter <= "\ud7a3" for letter in first + last)
    name = f"{last}{first}" if is_hangul else f"{first} {last}".strip()
    return name or _line(user.get("nickname")) or _line(user.get("display_name")) or username


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
