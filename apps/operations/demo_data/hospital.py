"""Fills an empty database with the demo hospital: the same rows each time, dated back from now."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.core import clock
from apps.messaging import actions as messaging_actions
from apps.messaging import queries as messaging_queries
from apps.messaging.actions.composing import Composed
from apps.messaging.models import Acknowledgement, Forward, Message, Reaction, ReadMark, Revision
from apps.people.models import Assignment, Grant, StaffType, User
from apps.sites.models import Department, DepartmentPlacement, Network, Site, Unit, UnitPlacement
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership

from . import places, teams
from .arranged import store_arrangements
from .calls import Said, store_calls
from .logs import LOGS
from .people import Staff, make_staff, store_grants, store_staff
from .rosters import store_contracts, store_rosters
from .script import BrokenScript, Deed, Line, people_in, read_script
from .talk import TALK
from .texts import Texts

SEED = 20_200_218
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.hanbit.example.org")
SEED_LOCK = 0xDE30
YEARS = 365


class AlreadyFilled(Exception):
    """There are people in the database; the demo is for an empty one."""


@dataclass(frozen=True)
class Filled:
    """What a filling stored, in numbers."""

    sites: int
    units: int
    people: int
    teams: int
    channels: int
    messages: int
    shifts: int


@transaction.atomic
def fill(*, now: datetime | None = None) -> Filled:
    """Store the whole hospital in one transaction, with conversations up to `now`. Raises AlreadyFilled where there are people."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
    if User.objects.exists():
        raise AlreadyFilled
    dice = Random(SEED)  # noqa: S311 # nosec B311 — the same hospital each time, no secret
    sites, units = _store_places()
    staff = make_staff(units, dice)
    assignments = store_staff(staff, sites, dice)
    store_contracts(staff, assignments)
    grants = store_grants(staff, sites)
    _record_people(assignments, grants)
    now = now or clock.now()
    conversations = _Conversations(staff, sites, dice, now)
    conversations.store()
    shifts = store_rosters(staff, sites, Random(SEED), now)  # noqa: S311 # nosec B311 — the same each time
    return Filled(
        sites=len(sites),
        units=len(units),
        people=len(staff.people),
        teams=len(teams.TEAMS),
        channels=len(conversations.plans),
        messages=conversations.messages,
        shifts=shifts,
    )


# -- Places ---------------------------------------------------------------------------------------------------------------
def _store_places() -> tuple[dict[str, Site], dict[str, Unit]]:
    code, ko, en, ar = places.NETWORK
    network = Network.objects.create(code=code, name_ko=ko, name_en=en, name_ar=ar)
    sites: dict[str, Site] = {}
    departments: dict[str, Department] = {}
    units: dict[str, Unit] = {}
    for order, plan in enumerate(places.SITES, 1):
        sites[plan.code] = Site(
            network=network,
            code=plan.code,
            name_ko=plan.ko,
            name_en=plan.en,
            name_ar=plan.ar,
            time_zone=plan.time_zone,
            language=plan.language,
            country=plan.country,
            place=order,
        )
        for below in plan.departments:
            department = Department(
                site=sites[plan.code], code=below.code, name_ko=below.ko, name_en=below.en, name_ar=below.ar
            )
            departments[f"{plan.code}/{below.code}"] = department
            for unit in below.units:
                units[f"{plan.code}/{below.code}/{unit.code}"] = Unit(
                    department=department,
                    code=unit.code,
                    kind=unit.kind,
                    name_ko=unit.ko,
                    name_en=unit.en,
                    name_ar=unit.ar,
                )
    Site.objects.bulk_create(sites.values())
    Department.objects.bulk_create(departments.values())
    Unit.objects.bulk_create(units.values())
    _store_placements(departments, units)
    return sites, units


def _store_placements(departments: dict[str, Department], units: dict[str, Unit]) -> None:
    """Place all; screening clinics began under the emergency department and were moved."""
    entries: list[AuditEntry] = []
    placed: list[DepartmentPlacement] = []
    for department in departments.values():
        on = clock.today(department.site.zone) - timedelta(days=15 * YEARS)
        placed.append(DepartmentPlacement(department=department, site=department.site, during=DateRange(on, None)))
        entries.append(
            _entry("sites.department_placed", None, department, department.site, site=department.site.code, on=on)
        )
    units_placed: list[UnitPlacement] = []
    for path, unit in units.items():
        site = unit.department.site
        today = clock.today(site.zone)
        on = today - timedelta(days=15 * YEARS)
        before = departments.get(f"{site.code}/emergency")
        if path.endswith("/screening") and before is not None:
            opened, moved = today - timedelta(days=400), today - timedelta(days=210)
            units_placed.append(UnitPlacement(unit=unit, department=before, during=DateRange(opened, moved)))
            entries.append(_entry("sites.unit_placed", None, unit, site, department=before.code, on=opened))
            on = moved
        units_placed.append(UnitPlacement(unit=unit, department=unit.department, during=DateRange(on, None)))
        entries.append(_entry("sites.unit_placed", None, unit, site, department=unit.department.code, on=on))
    DepartmentPlacement.objects.bulk_create(placed)
    UnitPlacement.objects.bulk_create(units_placed)
    AuditEntry.objects.bulk_create(entries)


def _entry(action: str, by: User | None, thing: Any, at_site: Site | None, /, **detail: Any) -> AuditEntry:
    """Return the audit row that the action would have written."""
    return AuditEntry(
        action=action,
        actor_id=by.pk if by else None,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        site_code=at_site.code if at_site else "",
        detail={key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in detail.items()},
    )


def _record_people(assignments: Iterable[Assignment], grants: Iterable[Grant]) -> None:
    entries = [
        _entry(
            "people.assigned",
            None,
            row.user,
            row.user.home.site if row.user.home else None,
            unit=row.unit_id,
            on=row.during.lower,
            until=row.during.upper,
            contract=row.contract.code if row.contract else "",
        )
        for row in assignments
    ]
    entries += [
        _entry(
            "people.role_granted",
            row.by,
            row.user,
            row.user.home.site if row.user.home else None,
            grant=row.pk,
            role=row.role,
            why=row.why,
        )
        for row in grants
    ]
    AuditEntry.objects.bulk_create(entries)


# -- Conversations ----------------------------------------------------------------------------------------------------------
@dataclass
class _Planned:
    """A channel before and while it is stored."""

    code: str
    channel: Channel
    members: list[User]
    """Everybody who reads it, the owner first."""
    owner: User
    lines: list[Line] = field(default_factory=list)
    rows: list[Message] = field(default_factory=list)
    texts: list[list[Composed]] = field(default_factory=list)
    """Of each row: as it was sent, and after each edit."""


class _Conversations:
    """Teams, channels and what is said in them, with the counters and marks that sending would have left."""

    def __init__(self, staff: Staff, sites: dict[str, Site], dice: Random, now: datetime) -> None:
        self.staff, self.sites, self.dice, self.now = staff, sites, dice, now
        self.teams: dict[str, Team] = {}
        self.plans: list[_Planned] = []
        self.entries: list[AuditEntry] = []
        self.messages = 0
        self.strangers: list[str] = []
        self.labelled: dict[str, tuple[_Planned, Message]] = {}
        self.marks: dict[tuple[int, int], ReadMark] = {}

    def store(self) -> None:
        self._plan_wide()
        memberships, invitations = self._plan_teams()
        self._plan_chats()
        unplaced = (TALK.keys() | LOGS.keys()) - {planned.code for planned in self.plans}
        if self.strangers or unplaced:
            raise BrokenScript(f"Not members: {self.strangers}; no such channel: {unplaced}")
        Team.objects.bulk_create(self.teams.values())
        TeamMembership.objects.bulk_create(memberships)
        for planned in self.plans:
            self._count(planned)
        Channel.objects.bulk_create(planned.channel for planned in self.plans)
        Invitation.objects.bulk_create(invitations)
        self._store_own_rows()
        self._compose()
        self._store_messages()
        self._store_marks()
        self._store_calls(invitations)
        channels = {planned.code: planned.channel for planned in self.plans}
        store_arrangements(channels, self.staff.parts, self.now)
        self._record()

    # -- who and where --
    def _plan_wide(self) -> None:
        by = self.staff.parts["찬솔"]
        everybody = [person for person in self.staff.people if person.is_active and person.job != StaffType.GUEST]
        for plan in teams.WIDE:
            site = self.sites[plan.site] if plan.site else None
            channel = Channel(
                kind=ChannelKind.SITE if site else ChannelKind.NETWORK,
                site=site,
                topic=plan.topic,
                created_by=by,
                created_at=self.now - timedelta(days=500),
            )
            _name(channel, plan.names)
            members = [person for person in everybody if site is None or (person.home and person.home.site == site)]
            self._plan(plan.code, channel, members, by, site.zone if site else None)

    def _plan_teams(self) -> tuple[list[TeamMembership], list[Invitation]]:
        memberships: list[TeamMembership] = []
        invitations: list[Invitation] = []
        for number, plan in enumerate(teams.TEAMS):
            people = self.staff.find_all(plan.members)
            owner, site = people[0], self.sites[plan.site]
            began = self.now - timedelta(days=60 + 17 * number, hours=self.dice.randrange(8))
            team = Team(
                site=site, is_open=plan.is_open, description=plan.description, created_by=owner, created_at=began
            )
            _name(team, plan.names)
            self.teams[plan.code] = team
            for person in people:
                joined = max(began, person.joined_at + timedelta(days=1))
                memberships.append(TeamMembership(team=team, user=person, is_owner=person is owner, joined_at=joined))
            offered = self.now - timedelta(hours=20)
            invitations += [
                Invitation(team=team, user=person, by=owner, created_at=offered)
                for person in self.staff.find_all(plan.invited)
            ]
            general = teams.ChannelPlan(f"{plan.code}-general", teams.GENERAL)
            for channel_plan in (general, *plan.channels):
                self._plan_channel(channel_plan, team, people)
        return memberships, invitations

    def _plan_channel(self, plan: teams.ChannelPlan, team: Team, people: list[User]) -> None:
        members = self.staff.find_all(plan.private) if plan.private else people
        channel = Channel(
            kind=ChannelKind.PRIVATE if plan.private else ChannelKind.STANDARD,
            team=team,
            topic=plan.topic,
            created_by=members[0],
            created_at=team.created_at,
            archived_at=self.now - timedelta(days=12) if plan.archived else None,
        )
        _name(channel, plan.names)
        self._plan(plan.code, channel, members, members[0], team.site.zone)

    def _plan_chats(self) -> None:
        for plan in teams.CHATS:
            people = self.staff.find_all(plan.people)
            is_direct = len(people) == 2
            channel = Channel(
                kind=ChannelKind.DIRECT if is_direct else ChannelKind.GROUP,
                name_ko=plan.name,
                created_by=people[0],
                created_at=self.now - timedelta(days=45),
            )
            if is_direct:
                channel.direct_key = ":".join(str(pk) for pk in sorted(person.pk for person in people))
            self._plan(plan.code, channel, people, people[0], None)

    def _plan(self, code: str, channel: Channel, members: list[User], owner: User, zone: ZoneInfo | None) -> None:
        text = TALK.get(code, "") + LOGS.get(code, "")
        zone = zone or owner.time_zone
        lines = read_script(text, now=self.now, zone=zone, dice=self.dice)
        readers = {person.pk for person in members}
        self.strangers += [f"{who} in {code}" for who in people_in(lines) if self.staff.find(who).pk not in readers]
        self.plans.append(_Planned(code, channel, members, owner, lines))

    # -- what is said --
    def _count(self, planned: _Planned) -> None:
        """Number the messages and take the changes, in order of time: own rows, messages, what happened to them."""
        channel = planned.channel
        change = len(planned.members) if channel.has_own_rows else 0
        moments = [(_instant(line), 0, index, -1) for index, line in enumerate(planned.lines)]
        for index, line in enumerate(planned.lines):
            moments += [(line.at_of(act), 1, index, place) for place, act in enumerate(line.acts)]
        by_line: dict[int, Message] = {}
        for _at, is_act, index, place in sorted(moments):
            change += 1
            line = planned.lines[index]
            if is_act:
                self._change(by_line[index], line, place).change = change
                continue
            channel.last_number += 1
            message = by_line[index] = Message(
                number=channel.last_number,
                change=change,
                author=self.staff.find(line.who),
                client_id=uuid.uuid5(NAMESPACE, f"{planned.code}/{channel.last_number}"),
                asks_acknowledgement=line.asks,
                is_forward=bool(line.passes_on),
                created_at=_instant(line),
            )
            if line.root is not None:
                root = by_line[planned.lines.index(line.root)]
                message.root = root
                root.reply_count += 1
                root.last_reply_at = message.created_at
                message.ordinal = root.reply_count
            if line.label:
                self.labelled[line.label] = planned, message
            planned.rows.append(message)
            channel.last_message_at = message.created_at
        channel.last_change = change + (1 if channel.is_archived else 0)

    def _change(self, message: Message, line: Line, place: int) -> Message:
        act = line.acts[place]
        at, by = line.at_of(act), self.staff.find(act.who)
        if act.deed is Deed.ACKNOWLEDGEMENT:
            message.acknowledged_count += 1
        elif act.deed is Deed.PIN:
            message.pinned_at, message.pinned_by = at, by
        elif act.deed is Deed.EDIT:
            message.edited_at = at
        elif act.deed is Deed.DELETION:
            message.deleted_at, message.deleted_by = at, by
            message.pinned_at = message.pinned_by = None
        return message

    def _compose(self) -> None:
        """Make of each text what sending makes of it. Channels have their ids by now, which addresses need."""
        addresses = {
            label: reverse("chat-message", args=[planned.channel.pk, message.number])
            for label, (planned, message) in self.labelled.items()
        }
        texts = Texts(self.staff.people, self.staff.units.values())
        for planned in self.plans:
            members = {person.pk for person in planned.members}
            for line, message in zip(planned.lines, planned.rows, strict=True):
                written = [line.text, *(act.value for act in line.acts if act.deed is Deed.EDIT)]
                composed = [texts.compose(text.format_map(addresses), members) for text in written]
                planned.texts.append(composed)
                newest = composed[-1]
                message.body, message.rendered, message.mentions = newest.body, newest.rendered, newest.mentions

    def _store_own_rows(self) -> None:
        rows = [
            ChannelMembership(
                channel=planned.channel,
                user=person,
                is_owner=person is planned.owner and planned.channel.kind != ChannelKind.DIRECT,
                joined_at=planned.channel.created_at,
                change=place,
            )
            for planned in self.plans
            if planned.channel.has_own_rows
            for place, person in enumerate(planned.members, 1)
        ]
        ChannelMembership.objects.bulk_create(rows)

    def _store_messages(self) -> None:
        rows = [
            (planned, line, message)
            for planned in self.plans
            for line, message in zip(planned.lines, planned.rows, strict=True)
        ]
        for planned, _line, message in rows:
            message.channel = planned.channel
        Message.objects.bulk_create(message for *_, message in rows if message.root is None)
        Message.objects.bulk_create(message for *_, message in rows if message.root is not None)
        self.messages = len(rows)
        reactions: list[Reaction] = []
        acknowledgements: list[Acknowledgement] = []
        for _planned, line, message in rows:
            for act in line.acts:
                at, user = line.at_of(act), self.staff.find(act.who)
                if act.deed is Deed.REACTION:
                    reactions.append(Reaction(message=message, user=user, emoji=act.value, at=at))
                elif act.deed is Deed.ACKNOWLEDGEMENT:
                    acknowledgements.append(Acknowledgement(message=message, user=user, at=at))
        Reaction.objects.bulk_create(reactions)
        Acknowledgement.objects.bulk_create(acknowledgements)
        Forward.objects.bulk_create(self._forward(line, message) for _, line, message in rows if line.passes_on)
        self._store_revisions()

    def _forward(self, line: Line, message: Message) -> Forward:
        planned, source = self.labelled[line.passes_on]
        if message.author not in planned.members or source.created_at > message.created_at:
            raise BrokenScript(f"{line.who} cannot pass on {line.passes_on}")
        forward = messaging_queries.forward_of(source)
        forward.message = message
        return forward

    def _store_revisions(self) -> None:
        revisions: list[Revision] = []
        for planned in self.plans:
            for line, message, texts in zip(planned.lines, planned.rows, planned.texts, strict=True):
                written_at = message.created_at
                edits = [line.at_of(act) for act in line.acts if act.deed is Deed.EDIT]
                for text, at in zip(texts, edits, strict=False):  # the newest text is no revision
                    revisions.append(Revision(message=message, body=text.body, written_at=written_at, replaced_at=at))
                    written_at = at
        Revision.objects.bulk_create(revisions)

    def _store_marks(self) -> None:
        """Most have read all, some are behind; the sign-ins are behind where `teams.UNREAD` says so."""
        unread = {self.staff.parts[name].pk: behind for name, behind in teams.UNREAD.items()}
        rows: list[ReadMark] = []
        for planned in self.plans:
            last = planned.channel.last_number
            if not last:
                continue
            own = {message.author_id: message.number for message in planned.rows}
            for person in planned.members:
                if person.pk in unread:
                    behind = unread[person.pk].get(planned.code, 0)
                else:
                    behind = 0 if self.dice.random() < 0.7 else self.dice.randrange(last)
                up_to = max(own.get(person.pk, 0), last - behind)
                if up_to == 0:
                    continue
                read_at = planned.rows[up_to - 1].created_at + timedelta(seconds=self.dice.randrange(5, 110))
                rows.append(
                    ReadMark(
                        channel=planned.channel, user=person, up_to=up_to, delivered=last, at=min(read_at, self.now)
                    )
                )
        ReadMark.objects.bulk_create(rows, batch_size=2000)
        self.marks = {(row.user_id, row.channel_id): row for row in rows}
        roots = {message.root.pk for planned in self.plans for message in planned.rows if message.root is not None}
        messaging_actions.follow_where_written(roots, all_read=False)

    def _store_calls(self, invitations: list[Invitation]) -> None:
        said = [
            Said(planned.members, line, message, texts)
            for planned in self.plans
            for line, message, texts in zip(planned.lines, planned.rows, planned.texts, strict=True)
        ]
        looking = {self.staff.parts[name].pk for name in teams.UNREAD}
        store_calls(said, invitations, self.marks, self.staff, looking=looking, now=self.now)

    def _record(self) -> None:
        """Write what the actions would have written to the audit."""
        entries = [
            _entry("teams.team_created", team.created_by, team, None, is_open=team.is_open)
            for team in self.teams.values()
        ]
        for planned in self.plans:
            channel = planned.channel
            if channel.name_ko == teams.GENERAL[0] or channel.kind in {ChannelKind.DIRECT, ChannelKind.GROUP}:
                continue
            entries.append(_entry("teams.channel_created", channel.created_by, channel, None, kind=channel.kind))
            if channel.is_archived:
                entries.append(_entry("teams.channel_archived", channel.created_by, channel, None))
        for planned in self.plans:
            for line, message in zip(planned.lines, planned.rows, strict=True):
                entries += _changes_of_text(line, message)
        AuditEntry.objects.bulk_create(entries)


def _changes_of_text(line: Line, message: Message) -> Iterator[AuditEntry]:
    """Walk the audit's rows of the edits and the deletion of a message."""
    place = {"channel": message.channel_id, "number": message.number}
    for act in line.acts:
        if act.deed is Deed.EDIT:
            yield _message_entry("messaging.message_edited", message.author, message, place)
        elif act.deed is Deed.DELETION and message.deleted_by:
            detail = {**place, "author": message.author_id}
            yield _message_entry("messaging.message_deleted", message.deleted_by, message, detail)


def _message_entry(action: str, by: User, message: Message, detail: dict[str, int]) -> AuditEntry:
    return AuditEntry(
        action=action, actor_id=by.pk, object_type="messaging.Message", object_id=str(message.pk), detail=detail
    )


def _instant(line: Line) -> datetime:
    assert line.at is not None
    return line.at


def _name(thing: Team | Channel, names: teams.Names) -> None:
    thing.name_ko, thing.name_en, thing.name_ar = names
