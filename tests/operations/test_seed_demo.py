"""The demo hospital: what stands in it, and that its rows are those that the actions make."""

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Max

from apps.audit.models import AuditEntry
from apps.core import clock
from apps.core.models import OutboxEvent
from apps.core.text import search_key
from apps.messaging import actions, queries
from apps.messaging.actions.composing import compose
from apps.messaging.models import (
    Acknowledgement,
    ConversationSetting,
    Draft,
    Forward,
    ListSection,
    Message,
    Notify,
    Reaction,
    ReadMark,
    Revision,
    ThreadMark,
)
from apps.notifications import queries as notice_queries
from apps.notifications.models import READ_BY_PLACE, Notice, NoticeBatch
from apps.operations import demo
from apps.operations.demo_data.hospital import Filled, fill
from apps.operations.demo_data.script import BrokenScript, Deed, read_script
from apps.operations.demo_data.shift_plans import SHOWN
from apps.operations.demo_data.teams import UNREAD
from apps.people import actions as people_actions
from apps.people.models import Assignment, Grant, PersonStatus, Qualification, StaffType, User
from apps.rosters import queries as roster_queries
from apps.rosters import rules
from apps.rosters.models import (
    Condition,
    Duty,
    Override,
    Plan,
    PlanState,
    Shift,
    ShiftEvent,
    ShiftType,
    Waiver,
)
from apps.sites.models import CalendarEntry, DepartmentPlacement, Site, Unit, UnitKind, UnitPlacement
from apps.sites.queries import department_at
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership
from apps.teams.queries import people_of
from tests.clock import Clock
from tests.factories import make_person

# With the tests that roll back: what the migrations wrote is gone after those that commit.
pytestmark = pytest.mark.django_db

SHIFTS = Shift.objects


@pytest.fixture(scope="module")
def hospital(django_db_setup: None, django_db_blocker: Any) -> Iterator[Filled]:
    """Filled once for the tests of this module that only read, and rolled back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield fill()
        transaction.set_rollback(True)


def person(staff_number: str) -> User:
    return User.objects.with_home().get(staff_number=staff_number)


# -- Where it may run -------------------------------------------------------------------------------------------------
def test_it_refuses_where_demo_data_is_off(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="Demo data is off"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_it_refuses_where_there_are_people_and_says_so() -> None:
    make_person()
    with pytest.raises(CommandError, match="people in this database already"):
        call_command("seed_demo")
    assert User.objects.count() == 1


def test_the_command_says_what_it_stored() -> None:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    assert f"{User.objects.count()} people in {Unit.objects.count()} units at 6 sites" in out.getvalue()


def test_two_fillings_are_the_same() -> None:
    now = clock.now()

    def fill_and_forget() -> tuple[Any, ...]:
        with transaction.atomic():
            fill(now=now)
            people = list(
                User.objects.order_by("staff_number").values_list("staff_number", "name_ko", "name_en", "phone")
            )
            places = sorted(Assignment.objects.values_list("user__staff_number", "unit__code", "during"), key=str)
            messages = list(Message.objects.order_by("client_id").values_list("client_id", "number", "change", "body"))
            marks = sorted(ReadMark.objects.values_list("user__staff_number", "up_to"))
            shifts = sorted(Shift.objects.values_list("user__staff_number", "day", "shift_type__code", "is_live"))
            notices = sorted(
                Notice.objects.exclude(number=None).values_list(
                    "user__staff_number", "kind", "number", "count", "read_at"
                ),
                key=str,
            )
            transaction.set_rollback(True)
        # Addresses hold ids, which a second filling does not give again.
        messages = [(*row[:3], re.sub(r"/chat/\d+/", "", row[3])) for row in messages]
        return people, places, messages, marks, notices, shifts

    assert fill_and_forget() == fill_and_forget()


@pytest.mark.parametrize("day", ["2026-05-31", "2027-02-15", "2027-10-01"])
def test_rosters_of_other_months_are_legal_too(clock: Clock, day: str) -> None:
    """Many holidays, a short month in Ramadan, the first day of a month."""
    at = datetime.fromisoformat(f"{day}T09:00+09:00")
    clock.move_to(at)
    fill(now=at)
    assert_published_is_legal()


# -- Who and where ----------------------------------------------------------------------------------------------------
def test_six_sites_with_all_kinds_of_units_and_about_900_people(hospital: Filled) -> None:
    assert [site.code for site in Site.objects.all()] == ["seoul", "bundang", "gangnam", "boramae", "yangpyeong", "uae"]
    uae = Site.objects.get(code="uae")
    assert (uae.time_zone, uae.country) == ("Asia/Dubai", "AE")
    assert set(Unit.objects.values_list("kind", flat=True)) == set(UnitKind.values)
    assert 880 <= User.objects.active().count() <= 960
    assert set(User.objects.values_list("job", flat=True)) == set(StaffType.values) - {StaffType.GUEST}
    assert not Unit.objects.filter(placements=None).exists()
    for placement in DepartmentPlacement.objects.filter(during__endswith=None).select_related("department"):
        assert placement.site_id == placement.department.site_id
    for placed in UnitPlacement.objects.filter(during__endswith=None).select_related("unit"):
        assert placed.department_id == placed.unit.department_id


def test_the_screening_clinic_once_stood_under_the_emergency_department(hospital: Filled) -> None:
    clinic = Unit.objects.get(code="screening", department__site__code="seoul")
    today = clock.today(ZoneInfo("Asia/Seoul"))
    before, now = department_at(clinic, today - timedelta(days=300)), department_at(clinic, today)
    assert before
    assert now
    assert (before.code, now.code) == ("emergency", "infectious")


def test_two_wards_have_exactly_forty_people(hospital: Filled) -> None:
    wards = (
        Assignment.objects.filter(unit__kind=UnitKind.WARD, during__contains=clock.today(ZoneInfo("Asia/Seoul")))
        .values("unit__code", "unit__department__site__code")
        .annotate(people=Count("user", distinct=True))
    )
    forty = {(row["unit__department__site__code"], row["unit__code"]) for row in wards if row["people"] == 40}
    assert forty == {("seoul", "7w"), ("boramae", "8e")}


def test_everybody_has_one_home_and_it_is_where_they_are_assigned(hospital: Filled) -> None:
    for row in User.objects.active().with_home().prefetch_related("assignments"):
        today = clock.today(row.time_zone)
        homes = [each for each in row.assignments.all() if each.is_home and today in each.during]
        assert [home.unit_id for home in homes] == [row.home_unit_id], row.staff_number
    gone = User.objects.filter(is_active=False)
    assert gone.count() == 7
    assert not Assignment.objects.filter(user__in=gone, during__contains=clock.today(ZoneInfo("Asia/Seoul"))).exists()
    assert Assignment.objects.filter(is_home=False).count() > 20


def test_names_fit_the_site(hospital: Filled) -> None:
    korea = User.objects.exclude(home_unit__department__site__code="uae")
    assert not korea.filter(name_ko="").exists()
    assert not korea.filter(name_en="").exists()
    uae = User.objects.filter(home_unit__department__site__code="uae")
    assert uae.exclude(name_ar="").count() > 40
    assert uae.filter(name_ar="", name_ko="").count() > 20
    assert uae.filter(language="ar").count() > 40
    for row in User.objects.all():
        row.full_clean(exclude=["password", "home_unit"], validate_unique=False, validate_constraints=False)
        made = row.search
        assert made == search_key(
            row.name_ko, row.name_en, row.name_ar, row.staff_number, row.specialty, row.email or ""
        )


def test_only_the_sign_ins_have_a_password(hospital: Filled) -> None:
    usable = {row.staff_number: row for row in User.objects.with_home() if row.has_usable_password()}
    assert usable.keys() == {sign_in.staff_number for sign_in in demo.SIGN_INS}
    for sign_in in demo.SIGN_INS:
        row = usable[sign_in.staff_number]
        assert row.check_password(demo.PASSWORD)
        assert row.home
        assert row.home.site.code == sign_in.site


def test_the_sign_ins_hold_their_roles(hospital: Filled) -> None:
    assert person("T10007").has_role("it")
    assert person("O10003").has_role("privacy_officer")
    assert person("E40091").has_role("educator")
    assert [unit.code for unit in person("H10233").units_with_role("unit_manager")] == ["7w"]
    assert not person("N20417").current_grants
    heads = Unit.objects.filter(pk__in=User.objects.filter(title_en="Head nurse").values("home_unit"))
    offices = Unit.objects.filter(plans__isnull=False, kind=UnitKind.OFFICE)
    assert set(heads) | set(offices) == set(Unit.objects.filter(grant__role="unit_manager"))
    assert not Grant.objects.filter(why="").exists()


def test_no_right_was_raised_and_nothing_waits_in_the_outbox(hospital: Filled) -> None:
    assert not User.objects.exclude(authz_epoch=0).exists()
    assert not OutboxEvent.objects.exists()


def test_the_audit_has_what_the_actions_write(hospital: Filled) -> None:
    """An assignment, a role and a move, once by the action and once by the filling, leave rows of one form."""
    with transaction.atomic():
        last = AuditEntry.objects.aggregate(last=Max("pk"))["last"]
        it, somebody = person("T10007"), person("N20417")
        unit = Unit.objects.get(code="3n")
        people_actions.assign(user=somebody, unit=unit, on=clock.today(somebody.time_zone), by=it)
        people_actions.grant_role(user=somebody, role="educator", why="강사 과정", by=it)
        by_action = {entry.action: entry for entry in AuditEntry.objects.filter(pk__gt=last)}
        transaction.set_rollback(True)
    for action, entry in by_action.items():
        filled = AuditEntry.objects.filter(action=action).latest("pk")
        assert (filled.object_type, filled.detail.keys()) == (entry.object_type, entry.detail.keys())
        assert filled.site_code
    counts = Counter(AuditEntry.objects.values_list("action", flat=True))
    assert counts["people.assigned"] == Assignment.objects.count()
    assert counts["people.role_granted"] == Grant.objects.count()
    assert counts["sites.unit_placed"] == UnitPlacement.objects.count()
    assert counts["teams.team_created"] == Team.objects.count()
    assert counts["teams.channel_archived"] == 1


# -- What is said -----------------------------------------------------------------------------------------------------
def test_teams_channels_and_conversation_are_plenty(hospital: Filled) -> None:
    assert Team.objects.count() >= 12
    assert Channel.objects.filter(team__isnull=False).count() >= 40
    assert set(Channel.objects.filter(kind=ChannelKind.SITE).values_list("site__code", flat=True)) == set(
        Site.objects.values_list("code", flat=True)
    )
    assert Channel.objects.filter(kind=ChannelKind.NETWORK).count() == 1
    assert Channel.objects.filter(kind=ChannelKind.DIRECT).count() >= 15
    assert Channel.objects.filter(kind=ChannelKind.GROUP).count() >= 4
    assert 550 <= Message.objects.count() == hospital.messages <= 800
    assert Message.objects.filter(root__isnull=False).count() > 80
    assert Reaction.objects.count() > 300
    assert Message.objects.aggregate(newest=Max("created_at"))["newest"] > clock.now() - timedelta(minutes=15)


def _acts_on(message: Message) -> int:
    """Return how many changes a message took after it was sent."""
    rows = (message.reactions, message.acknowledgements, message.revisions)
    return sum(len(each.all()) for each in rows) + bool(message.pinned_at) + bool(message.deleted_at)


def test_numbers_changes_and_counters_are_those_of_sending(hospital: Filled) -> None:
    now = clock.now()
    for channel in Channel.objects.all():
        messages = list(
            channel.messages.order_by("number")
            .select_related("root")
            .prefetch_related("reactions", "replies", "acknowledgements", "revisions")
        )
        assert [message.number for message in messages] == list(range(1, channel.last_number + 1))
        times = [message.created_at for message in messages]
        assert times == sorted(times)
        assert channel.last_message_at == (times[-1] if times else None)
        own_rows = list(channel.memberships.values_list("change", flat=True))
        acts = sum(_acts_on(message) for message in messages)
        changes = [*own_rows, *(message.change for message in messages)]
        assert len(changes) == len(set(changes))
        assert channel.last_change == len(own_rows) + len(messages) + acts + (1 if channel.is_archived else 0)
        assert max(changes, default=0) <= channel.last_change
        for message in messages:
            assert message.created_at < now
            assert message.reply_count == len(message.replies.all())
            assert message.last_reply_at == max((reply.created_at for reply in message.replies.all()), default=None)
            if message.root:
                assert message.root.channel_id == channel.pk
                assert message.root.root_id is None
                assert message.root.number < message.number


def test_whoever_speaks_or_reacts_belongs_to_the_channel(hospital: Filled) -> None:
    for channel in Channel.objects.all():
        people = set(people_of(channel).values_list("pk", flat=True))
        said = set(channel.messages.values_list("author_id", flat=True))
        reacted = set(Reaction.objects.filter(message__channel=channel).values_list("user_id", flat=True))
        assert said <= people, channel
        assert reacted <= people, channel
        taken_note = Acknowledgement.objects.filter(message__channel=channel).values_list("user_id", flat=True)
        assert set(taken_note) <= people, channel
        assert set(channel.marks.values_list("user_id", flat=True)) <= people, channel


def test_direct_chats_have_two_people_and_their_key(hospital: Filled) -> None:
    for channel in Channel.objects.filter(kind=ChannelKind.DIRECT):
        people = sorted(ChannelMembership.objects.open().filter(channel=channel).values_list("user_id", flat=True))
        assert channel.direct_key == f"{people[0]}:{people[1]}"
        assert len(people) == 2


@pytest.mark.parametrize("sign_in", demo.SIGN_INS, ids=lambda sign_in: sign_in.staff_number)
def test_each_sign_in_has_a_handful_of_unread_conversations(hospital: Filled, sign_in: demo.SignIn) -> None:
    somebody = person(sign_in.staff_number)
    items = queries.conversations_of(somebody)
    unread = sorted(item.unread for item in items if item.unread)
    expected = next(behind for name, behind in UNREAD.items() if somebody.name_ko.endswith(name))
    assert unread == sorted(expected.values())
    assert 4 <= len(unread) <= 6
    for item in items:
        own = Message.objects.filter(channel=item.channel, author=somebody).aggregate(last=Max("number"))["last"] or 0
        assert queries.read_up_to(queries.mark_of(item.channel, somebody)) >= own


def test_the_nurse_and_the_physician_can_talk(hospital: Filled) -> None:
    nurse, physician = person("N20417"), person("P10046")
    both = Channel.objects.visible_to(nurse) & Channel.objects.visible_to(physician)
    assert both.filter(name_ko="보라매 · 본원 전원", archived_at=None).exists()
    assert both.filter(kind=ChannelKind.DIRECT).count() == 1


def test_the_nurse_is_invited_into_a_closed_team(hospital: Filled) -> None:
    invitation = Invitation.objects.visible_to(person("N20417")).get()
    assert invitation.team
    assert not invitation.team.is_open
    assert not TeamMembership.objects.filter(team=invitation.team, user=invitation.user).exists()
    assert TeamMembership.objects.filter(team=invitation.team, user=invitation.by, is_owner=True).exists()


def test_teams_have_an_owner_and_an_archived_channel_stays_readable(hospital: Filled) -> None:
    assert Team.objects.filter(memberships__is_owner=True).distinct().count() == Team.objects.count()
    archived = Channel.objects.get(archived_at__isnull=False)
    assert Channel.objects.visible_to(person("T10007")).filter(pk=archived.pk).exists()
    assert archived.last_message_at < archived.archived_at
    assert not TeamMembership.objects.filter(joined_at__lt=F("user__joined_at")).exists()


# -- What becomes of what is said --------------------------------------------------------------------------------------
def test_who_catches_up_from_nothing_gets_every_row_once(hospital: Filled) -> None:
    for channel in Channel.objects.filter(last_change__lte=queries.RELOAD_BEYOND):
        missed = queries.frames_after(channel.pk, 0)
        assert (missed.newest, missed.reload) == (channel.last_change, False)
        frames = {frame.change: orjson.loads(frame.body) for frame in missed.frames}
        assert len(frames) == len(missed.frames)
        messages = list(channel.messages.select_related("author", "root"))
        bodies = queries.bodies_of(messages)
        for message in messages:
            shown = queries.message_change(bodies[message.pk])
            assert frames.pop(message.change) == orjson.loads(orjson.dumps(shown))
        members = set(channel.memberships.values_list("change", flat=True))
        assert frames.keys() - members == ({channel.last_change} if channel.is_archived else set())
        assert "restored" not in {frame["kind"] for frame in frames.values()}


def test_texts_are_stored_as_sending_stores_them(hospital: Filled) -> None:
    called = 0
    for message in Message.objects.select_related("channel"):
        composed = compose(message.body, message.channel)
        assert (message.rendered, message.mentions) == (composed.rendered, composed.mentions), message.body
        assert message.body.count("@") == len(message.mentions or ()), message.body
        called += len(message.mentions or ())
        for start, end, keys in message.mentions or ():
            assert message.body[start] == "@"
            assert keys
            assert message.body[start:end] == message.body[start:end].strip()
    assert called > 20
    rendered = "".join(Message.objects.exclude(rendered="").values_list("rendered", flat=True))
    for tag in ("<table>", 'class="task"', "<blockquote", "<strong>", "<ol", "<code", 'href="/chat/', "\U0001f44b"):
        assert tag in rendered, tag
    kinds = {keys.partition(":")[0] for row in Message.objects.exclude(mentions=None) for *_, keys in row.mentions}
    assert kinds == {"user", "unit", "channel"}


def test_an_address_in_a_text_leads_to_a_message_that_its_readers_see(hospital: Filled) -> None:
    pointing = list(Message.objects.filter(body__contains="/chat/").select_related("channel"))
    assert pointing
    for message in pointing:
        for channel_id, number in re.findall(r"/chat/(\d+)/messages/(\d+)/", message.body):
            target = Message.objects.select_related("channel").get(channel=channel_id, number=number)
            readers, theirs = people_of(message.channel), people_of(target.channel)
            assert not readers.exclude(pk__in=theirs.values("pk")).exists()
            assert target.created_at < message.created_at


def test_acknowledgements_are_counted_and_asked_for(hospital: Filled) -> None:
    asking = list(
        Message.objects.filter(asks_acknowledgement=True).select_related("channel").prefetch_related("acknowledgements")
    )
    assert len(asking) > 8
    for message in asking:
        assert message.acknowledged_count == len(message.acknowledgements.all())
        assert message.author_id not in {row.user_id for row in message.acknowledgements.all()}
        assert all(message.created_at < row.at < clock.now() for row in message.acknowledgements.all())
        asked = set(people_of(message.channel).values_list("pk", flat=True)) - {message.author_id}
        told = Notice.objects.filter(kind="acknowledgement", channel=message.channel, number=message.number)
        assert set(told.values_list("user_id", flat=True)) == asked
    assert not Acknowledgement.objects.filter(message__asks_acknowledgement=False).exists()
    assert not Message.objects.filter(asks_acknowledgement=False).exclude(acknowledged_count=0).exists()


def test_an_edit_a_tombstone_pins_and_what_was_passed_on(hospital: Filled) -> None:
    edited = Message.objects.exclude(edited_at=None)
    assert edited.count() == 1
    for message in edited:
        revision = message.revisions.get()
        assert (revision.written_at, revision.replaced_at) == (message.created_at, message.edited_at)
        assert revision.body != message.body
    assert Revision.objects.count() == 1
    gone = Message.objects.get(deleted_at__isnull=False)
    assert gone.html == ""
    assert (gone.deleted_by_id, gone.pinned_at) == (gone.author_id, None)
    assert not Notice.objects.filter(channel=gone.channel_id, number=gone.number).exists()
    assert Message.objects.filter(pinned_at__isnull=False, pinned_by__isnull=False).count() >= 8
    assert set(Forward.objects.values_list("message", flat=True)) == set(
        Message.objects.filter(is_forward=True).values_list("pk", flat=True)
    )
    assert Forward.objects.count() == 2
    for forward in Forward.objects.select_related("source", "message__author"):
        source = forward.source
        assert source
        assert (forward.author_id, forward.written_at) == (source.author_id, source.created_at)
        assert (forward.body, forward.rendered) == (source.body, source.rendered)
        assert Message.objects.visible_to(forward.message.author).filter(pk=source.pk).exists()
        assert forward.written_at < forward.message.created_at
    for action in ("messaging.message_edited", "messaging.message_deleted"):
        assert AuditEntry.objects.filter(action=action, object_type="messaging.Message").count() == 1


_Deed = tuple[tuple[Any, int, int], Callable[[Channel, dict[int, Message]], None]]


def _what_happened(channel: Channel) -> Iterator[_Deed]:
    """Walk what a channel's rows tell, each with its moment and as the call of an action in another channel."""
    found = channel.messages.select_related("author", "root", "pinned_by", "deleted_by", "forward__source")
    for message in found.prefetch_related("reactions__user", "acknowledgements__user", "revisions"):
        number = message.number
        texts = [revision.body for revision in message.revisions.all()] + [message.body]
        yield (message.created_at, 0, number), partial(_say_again, message, texts[0])
        for revision, text in zip(message.revisions.all(), texts[1:], strict=True):
            yield (
                (revision.replaced_at, 1, number),
                partial(_do_again, actions.edit_message, message.author, number, text=text),
            )
        for row in message.reactions.all():
            yield (row.at, 1, number), partial(_do_again, actions.add_reaction, row.user, number, emoji_name=row.emoji)
        for row in message.acknowledgements.all():
            yield (row.at, 1, number), partial(_do_again, actions.acknowledge, row.user, number)
        if message.pinned_at:
            yield (message.pinned_at, 1, number), partial(_do_again, actions.pin_message, message.pinned_by, number)
        if message.deleted_at:
            yield (
                (message.deleted_at, 1, number),
                partial(_do_again, actions.delete_message, message.deleted_by, number),
            )


def _say_again(message: Message, text: str, channel: Channel, sent: dict[int, Message]) -> None:
    common = {"by": message.author, "channel": channel, "client_id": uuid.uuid4(), "text": text, "is_confirmed": True}
    if message.is_forward:
        made = actions.forward_message(source=message.forward.source, **common)
    else:
        root_number = message.root.number if message.root else None
        made = actions.send_message(
            root_number=root_number, asks_acknowledgement=message.asks_acknowledgement, **common
        )
    sent[made.message.number] = made.message


def _do_again(
    action: Callable[..., Any], by: User, number: int, channel: Channel, sent: dict[int, Message], **more: Any
) -> None:
    action(by=by, message=Message.objects.select_related("channel").get(pk=sent[number].pk), **more)


MESSAGE_FIELDS = (
    *("number", "change", "author", "root__number", "ordinal", "body", "rendered", "mentions", "asks_acknowledgement"),
    *("acknowledged_count", "is_forward", "reply_count", "pinned_by", "deleted_by"),
)
NOTICE_FIELDS = ("user", "kind", "actor", "number", "root_number", "ordinal", "count", "team", "key")


@pytest.mark.parametrize(
    "name", ["8E 진료", "8E 간호 공지", "보라매 · 본원 전원", "7W 진료", "UAE 원격 자문", "분당 · 본원 전원"]
)
def test_a_conversation_is_stored_as_the_actions_would_have_stored_it(hospital: Filled, name: str) -> None:
    """All that was said and done in a channel, done again by the actions in a twin of it, leaves the same rows."""
    channel = Channel.objects.select_related("team").get(name_ko=name)

    def rows_of(where: Channel) -> dict[str, Any]:
        place = f":{where.pk}:"
        notices = Notice.objects.filter(channel=where)
        return {
            "channel": (where.last_number, where.last_change),
            "messages": list(where.messages.order_by("number").values_list(*MESSAGE_FIELDS)),
            "reactions": sorted(
                Reaction.objects.filter(message__channel=where).values_list("message__number", "user", "emoji")
            ),
            "notices": sorted(
                ((*row[:-1], row[-1].replace(place, ":")) for row in notices.values_list(*NOTICE_FIELDS)), key=str
            ),
            "followers": sorted(
                ThreadMark.objects.filter(root__channel=where, is_following=True).values_list("root__number", "user")
            ),
        }

    expected = rows_of(channel)
    with transaction.atomic():
        twin = Channel.objects.create(
            kind=channel.kind,
            team=channel.team,
            name_ko="쌍둥이",
            name_en="Twin",
            name_ar="توأم",
            created_by=channel.created_by,
        )
        sent: dict[int, Message] = {}
        for _moment, do in sorted(_what_happened(channel), key=lambda each: each[0]):
            do(twin, sent)
        twin.refresh_from_db()
        assert not NoticeBatch.objects.exists()
        made = rows_of(twin)
        transaction.set_rollback(True)
    for part, rows in expected.items():
        assert made[part] == rows, part


# -- What calls ---------------------------------------------------------------------------------------------------------
def test_notices_are_read_exactly_where_the_marks_cover_them(hospital: Filled) -> None:
    marks = {(row.user_id, row.channel_id): row.up_to for row in ReadMark.objects.all()}
    seen = {
        (row.user_id, row.root.channel_id, row.root.number): row.up_to
        for row in ThreadMark.objects.select_related("root")
    }
    by_place = Notice.objects.filter(kind__in=READ_BY_PLACE)
    assert by_place.unread().exists()
    for notice in by_place:
        if notice.root_number is None:
            covered = notice.number <= marks.get((notice.user_id, notice.channel_id), 0)
        else:
            covered = notice.ordinal <= seen.get((notice.user_id, notice.channel_id, notice.root_number), 0)
        assert (notice.read_at is not None) == covered, notice
    done = {
        (row.user_id, row.message.channel_id, row.message.number): row.at
        for row in Acknowledgement.objects.select_related("message")
    }
    for notice in Notice.objects.filter(kind="acknowledgement"):
        assert notice.read_at == done.pop((notice.user_id, notice.channel_id, notice.number), None)
    assert not done
    now = clock.now()
    for notice in Notice.objects.all():
        assert notice.told_at == notice.changed_at
        assert notice.created_at <= notice.changed_at <= (notice.read_at or now) <= now
    for mark in ReadMark.objects.select_related("channel"):
        assert mark.up_to <= mark.channel.last_number
    for row in ThreadMark.objects.select_related("root"):
        assert row.up_to <= row.root.reply_count


def test_reaction_notices_count_what_others_gave(hospital: Filled) -> None:
    given = Counter(
        (row.message.channel_id, row.message.number)
        for row in Reaction.objects.select_related("message").filter(message__deleted_at=None)
        if row.user_id != row.message.author_id
    )
    assert given == {(row.channel_id, row.number): row.count for row in Notice.objects.filter(kind="reaction")}


def test_the_nurse_has_something_of_each_kind_to_look_at(hospital: Filled) -> None:
    nurse = person("N20417")
    unread = notice_queries.unread_by_kind(nurse)
    assert (unread["acknowledgement"], unread["mention"], unread["invitation"]) == (2, 1, 1)
    assert unread["reply"] >= 1
    threads = list(queries.unread_threads(nurse))
    assert len(threads) == 1
    assert threads[0].reply_count > threads[0].read
    kinds = set(Notice.objects.visible_to(nurse).exclude(read_at=None).values_list("kind", flat=True))
    assert kinds == {"acknowledgement", "mention", "reply", "reaction"}
    page = notice_queries.page_of(nurse)
    assert not page.older or len(page.rows) == notice_queries.PAGE


@pytest.mark.parametrize("sign_in", demo.SIGN_INS, ids=lambda sign_in: sign_in.staff_number)
def test_each_sign_in_is_called_and_has_read_some(hospital: Filled, sign_in: demo.SignIn) -> None:
    somebody = person(sign_in.staff_number)
    notices = Notice.objects.visible_to(somebody)
    assert notices.unread().filter(kind__in=["mention", "acknowledgement"]).exists()
    assert notices.exclude(read_at=None).exists()
    assert notices.unread().count() <= 12
    assert notices.count() == Notice.objects.filter(user=somebody).count()


def test_sign_ins_have_arranged_their_lists(hospital: Filled) -> None:
    nurse = person("N20417")
    own = ConversationSetting.objects.filter(user=nurse)
    assert own.filter(is_favourite=True).count() == 2
    assert own.get(notify=Notify.NOTHING).channel.name_ko == "보라매병원 전체"
    section = ListSection.objects.get(user=nurse)
    assert own.filter(section=section).count() == 2
    assert Draft.objects.get(user=nurse).body
    assert PersonStatus.objects.get(user=person("P10046")).text == "회진 중"
    begins = {"notify": Notify.ALL, "is_favourite": False, "section": None}
    assert not ConversationSetting.objects.filter(**begins).exists()
    for row in (*ConversationSetting.objects.select_related("user"), *Draft.objects.select_related("user")):
        assert Channel.objects.visible_to(row.user).filter(pk=row.channel_id).exists()


# -- Rosters --------------------------------------------------------------------------------------------------------------
def this_month(site: Site) -> date:
    return clock.today(site.zone).replace(day=1)


def test_every_ward_of_the_six_sites_has_this_month_published(hospital: Filled) -> None:
    kinds = {UnitKind.WARD, UnitKind.NEGATIVE_PRESSURE_WARD, UnitKind.INTENSIVE_CARE, UnitKind.EMERGENCY}
    wards = Unit.objects.filter(kind__in=kinds).select_related("department__site")
    plans = {
        plan.unit_id: plan
        for plan in Plan.objects.filter(state=PlanState.PUBLISHED).select_related("unit__department__site")
        if plan.during.lower == this_month(plan.unit.department.site)
    }
    assert {ward.pk for ward in wards} <= plans.keys()
    assert {plan.unit.department.site_id for plan in plans.values()} == set(Site.objects.values_list("pk", flat=True))
    for ward in wards:
        plan = plans[ward.pk]
        assert plan.published_at < clock.now()
        cover = Counter(
            Shift.objects.live().filter(plan=plan, shift_type__colour="n").values_list("day", flat=True).distinct()
        )
        assert len(cover) == (plan.during.upper - plan.during.lower).days  # somebody is there each night
    assert hospital.shifts == Shift.objects.filter(known_during__upper_inf=True).count()


def test_what_is_published_keeps_its_own_rules(hospital: Filled) -> None:
    """No hard finding, though all of the country's rules hold for the people of the unit."""
    assert Plan.objects.filter(state=PlanState.CLOSED).count() >= len(SHOWN)
    for plan in Plan.objects.filter(state=PlanState.PUBLISHED).select_related("unit__department__site"):
        bound = roster_queries.bound_rules(plan.unit, plan.during.lower, plan.during.upper)
        assert len([rule for rule in bound if rule.level == "hard"]) >= 3, plan
    assert_published_is_legal()


def assert_published_is_legal() -> None:
    for plan in Plan.objects.exclude(published_at=None).select_related("unit__department__site"):
        hard = [finding for finding in roster_queries.findings_of(plan) if finding.is_hard]
        assert not hard, (str(plan), [rules.sentence_of(finding) for finding in hard][:3])


def test_the_next_roster_of_7w_is_not_done_yet(hospital: Filled) -> None:
    plan = Plan.objects.get(unit__code="7w", state=PlanState.DRAFT)
    assert not Shift.objects.filter(plan=plan, is_live=True).exists()
    findings = roster_queries.findings_of(plan)
    broken = {finding.rule_code for finding in findings if finding.is_hard}
    assert {"KR-N-SUCC-N", "KR-N-NRUN", "7W-BLS"} <= broken
    assert roster_queries.grid_of(plan).holes
    waived = Waiver.objects.select_related("rule").first()
    assert waived
    assert waived.moved_off_on
    assert waived.during.upper <= this_month(Site.objects.get(code="seoul"))


def test_next_month_waits_for_who_plans_it(hospital: Filled) -> None:
    """Drafts of two units have shifts in them; two others begin with nothing but the month before and a cycle."""
    for path, state in SHOWN.items():
        site, department, code = path.split("/")
        unit = Unit.objects.get(code=code, department__code=department, department__site__code=site)
        plan = unit.plans.latest("during")
        assert (plan.state, plan.published_at) == (state, None)
        assert plan.during.lower > clock.today(unit.department.site.zone)
        assert Shift.objects.filter(plan=plan).exists() == (state == PlanState.DRAFT)
        assert not Shift.objects.filter(plan=plan, is_live=True).exists()
        assert unit.grant_set.filter(role="unit_manager").exists()
        if state == PlanState.COLLECTING:
            assert unit.patterns.exists()


def test_shifts_lie_where_their_people_work_that_day(hospital: Filled) -> None:
    assigned: dict[tuple[int, int], list[Any]] = {}
    for user, unit, during in Assignment.objects.values_list("user", "unit", "during"):
        assigned.setdefault((user, unit), []).append(during)
    for user, unit, day in Shift.objects.values_list("user", "unit", "day"):
        assert any(day in during for during in assigned[user, unit])


def test_what_is_drafted_is_what_was_published(hospital: Filled) -> None:
    what = ("plan", "user", "day", "shift_type", "period")
    published = Plan.objects.exclude(published_at=None)
    live, draft = (set(rows.filter(plan__in=published).values_list(*what)) for rows in (SHIFTS.live(), SHIFTS.draft()))
    assert live == draft
    for day, kind, period, zone in Shift.objects.values_list(
        "day", "shift_type", "period", "unit__department__site__time_zone"
    )[:: Shift.objects.count() // 200]:
        assert ShiftType.objects.get(pk=kind).period_on(day, ZoneInfo(zone)) == period


def test_every_duty_is_answered_by_somebody(hospital: Filled) -> None:
    duties = list(Duty.objects.select_related("unit__department__site"))
    assert {"charge-nurse", "on-call", "code-team-lead", "emergency-doctor"} <= {duty.code for duty in duties}
    seoul = ZoneInfo("Asia/Seoul")
    yesterday = datetime.combine(clock.today(seoul) - timedelta(days=1), time(3), seoul)
    for at in (yesterday, *(clock.now() - timedelta(hours=hours) for hours in (0, 5, 11, 17))):
        answers = roster_queries.who_are_on({duty.pk: at for duty in duties})
        for duty in duties:
            first, *_others = tiers = answers[duty.pk].tiers
            assert first.people, (duty, first.reason)
            if duty.code == "charge-nurse":
                assert len(first.people) == 1
            if not any(person.via == "override" for person in answers[duty.pk].people):
                called = [person.user_id for tier in tiers for person in tier.people]
                assert len(called) == len(set(called)), (duty, called)
    assert {duty.unit.department.site.code for duty in duties} == {site.code for site in Site.objects.all()}
    assert Override.objects.count() == 2


def test_somebody_fell_ill_after_publishing_and_what_was_known_before_is_kept(hospital: Filled) -> None:
    ill = SHIFTS.live().filter(shift_type__code="병").select_related("shift_type")
    if clock.today(ZoneInfo("Asia/Seoul")).day == 1:
        assert not ill.exists()
        return
    assert ill.count() == 2
    for row in ill:
        before = Shift.objects.get(user=row.user, day=row.day, is_live=True, known_during__upper_inf=False)
        assert before.known_during.upper == row.known_during.lower
        assert before.shift_type.code == "D"
        assert ShiftEvent.objects.get(user=row.user, day=row.day).reason


def test_certificates_run_out_and_circumstances_are_few(hospital: Filled) -> None:
    today = clock.today(ZoneInfo("Asia/Seoul"))
    lapsed = Qualification.objects.filter(valid_until__lte=today)
    assert lapsed.count() == 1
    soon = Qualification.objects.filter(valid_until__gt=today, valid_until__lt=today + timedelta(days=60))
    assert soon.count() == 1
    assert set(Condition.objects.values_list("kind", flat=True)) == {
        "preceptee", "pregnant", "nights_only", "child_care", "apart",
    }  # fmt: skip
    assert CalendarEntry.objects.filter(kind="ramadan", site__code="uae").count() == 1


# -- How conversations are written down -----------------------------------------------------------------------------------
def test_a_stretch_that_would_lie_ahead_is_moved_back_whole() -> None:
    from random import Random

    text = """
        == 0 23:59
        가: 하나
        > 나: 둘
        + eyes 가 나
        == ago 1
        나: 셋
    """
    seoul = ZoneInfo("Asia/Seoul")
    now = clock.now()
    lines = read_script(text, now=now, zone=seoul, dice=Random(1))
    assert {line.text for line in lines} == {"하나", "둘", "셋"}
    times = [line.at for line in lines]
    assert all(at and at <= now - timedelta(minutes=2) for at in times)
    assert times == sorted(times)
    reply = next(line for line in lines if line.text == "둘")
    assert reply.root
    assert reply.root.text == "하나"
    assert [reacted.who for reacted in reply.reactions] == ["가", "나"]


@pytest.mark.parametrize(
    ("hour", "told"),
    [
        (9, ["어제 낮", "어제 밤", "낮", "밤", "방금"]),  # before ten, the last day that is told is yesterday
        (15, ["어제 낮", "어제 밤", "낮", "방금"]),
    ],
)
def test_reports_that_are_not_due_yet_are_left_out(hour: int, told: list[str]) -> None:
    from random import Random

    seoul = ZoneInfo("Asia/Seoul")
    text = """
        ==? 1 14:50
        가: 어제 낮
        ==? 1 22:50
        가: 어제 밤
        ==? 0 14:50
        가: 낮
        ==? 0 22:50
        가: 밤
        == ago 1
        가: 방금
    """
    now = clock.now().astimezone(seoul).replace(hour=hour, minute=30)
    lines = read_script(text, now=now, zone=seoul, dice=Random(1))
    assert [line.text for line in lines] == told


def test_what_happens_to_a_line_is_read_in_its_order() -> None:
    from random import Random

    text = r"""
        == 1 09:00
        가: 하나 @나
        # first
        ! 나
        + eyes 나 다
        ~ 하나\n둘
        ^ 다
        x
        나: 이것 보세요
        = first
        다: 모두 확인
        !
    """
    lines = read_script(text, now=clock.now(), zone=ZoneInfo("Asia/Seoul"), dice=Random(1))
    first, second, third = lines
    assert [(act.deed, act.who, act.value) for act in first.acts] == [
        (Deed.ACKNOWLEDGEMENT, "나", ""),
        (Deed.REACTION, "나", "eyes"),
        (Deed.REACTION, "다", "eyes"),
        (Deed.EDIT, "가", "하나\n둘"),
        (Deed.PIN, "다", ""),
        (Deed.DELETION, "가", ""),
    ]
    moments = [first.at, *(first.at_of(act) for act in first.acts)]
    assert moments == sorted(set(moments))
    assert (first.label, first.asks, second.passes_on, second.asks, second.acts) == ("first", True, "first", False, [])
    assert (third.asks, third.acts) == (True, [])


@pytest.mark.parametrize(
    "text", ["가: 시간이 없다", "== 1 09:00\n> 가: 뿌리가 없다", "== 1 09:00\n그냥 글", "== 1 09:00\n^ 가"]
)
def test_a_script_that_cannot_be_read_is_refused(text: str) -> None:
    from random import Random

    with pytest.raises(BrokenScript):
        read_script(text, now=clock.now(), zone=ZoneInfo("Asia/Seoul"), dice=Random(1))
