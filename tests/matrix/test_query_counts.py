"""Each list costs the same number of queries at 1 and at 30 rows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.actions import write_entry
from apps.core import clock
from apps.messaging import actions as messaging_actions
from apps.messaging.models import ListSection
from apps.people.models import User
from apps.rosters.models import Plan, Shift
from apps.sites.models import Site
from apps.teams import actions as teams_actions
from apps.teams.models import ChannelKind
from tests import factories
from tests.architecture.house import walk_urls

pytestmark = pytest.mark.django_db

MANY = 30
DEAR = {"admin:rosters_plan_grid": 29}  # it knows all that any rule asks about
Maker = Callable[["Stage", int], None]


class Stage:
    """Somebody looking at a list, and the place in which the rows are made."""

    def __init__(self) -> None:
        self.site: Site = factories.make_site()
        self.unit = factories.make_unit(site=self.site)
        self.viewer: User = factories.make_person(unit=self.unit, name_ko="보는이")
        self.other: User = factories.make_person(unit=self.unit, name_ko="쓰는이")
        for role in ("it", "privacy_officer"):
            factories.grant(self.viewer, role)
        self.team = factories.make_team(self.other, owner=self.viewer)
        self.channel = self.team.channels.get()
        self.root = factories.send(self.other, self.channel, "첫 글")

    def people(self, count: int) -> None:
        for _ in range(count):
            factories.make_person(unit=factories.make_unit(site=self.site))

    def assignments(self, count: int) -> None:
        for _ in range(count):
            factories.assign_to(self.other, factories.make_unit(site=self.site))

    def teams(self, count: int) -> None:
        for _ in range(count):
            factories.make_team(self.viewer, self.other, site=self.site)
            factories.make_team(self.other, site=self.site, is_open=True)

    def members(self, count: int) -> None:
        for _ in range(count):
            factories.join_team(self.team, factories.make_person(unit=factories.make_unit(site=self.site)))

    def channels(self, count: int) -> None:
        for number in range(count):
            stranger = factories.make_person(unit=factories.make_unit(site=self.site))
            factories.send(self.other, factories.make_channel(team=self.team))
            factories.send(stranger, factories.make_direct(self.viewer, stranger))
            group = factories.make_channel(
                self.viewer,
                self.other,
                stranger,
                kind=ChannelKind.GROUP,
                name_ko="" if number % 2 else "그룹",
                name_en="",
            )
            factories.send(stranger, group)

    def drafts(self, count: int) -> None:
        for _ in range(count):
            channel = factories.make_direct(self.viewer, factories.make_person(site=self.site))
            messaging_actions.save_draft(by=self.viewer, channel=channel, text="쓰다 만 글", base=0)

    def arranged_channels(self, count: int) -> None:
        for number in range(count):
            channel = factories.make_direct(self.viewer, factories.make_person(site=self.site))
            place = ListSection.objects.count() % 20
            section = messaging_actions.find_or_add_section(by=self.viewer, name=f"섹션 {place}")
            messaging_actions.set_conversation_setting(
                by=self.viewer, channel=channel, section=section, is_favourite=bool(number % 2), notify="mentions"
            )

    def followed_threads(self, count: int) -> None:
        for _ in range(count):
            stranger = factories.make_person(site=self.site)
            channel = factories.make_direct(self.viewer, stranger)
            root = factories.send(self.viewer, channel, "물음")
            factories.send(stranger, channel, "답", root_number=root.number)

    def notices(self, count: int) -> None:
        for _ in range(count):
            stranger = factories.make_person(site=self.site)
            message = factories.send(stranger, factories.make_direct(self.viewer, stranger))
            for kind in ("mention", "reply", "reaction", "acknowledgement"):
                factories.make_notice(self.viewer, kind=kind, message=message)
            team = factories.make_team(owner=stranger)
            invitation = factories.invite(self.viewer, by=stranger, team=team)
            key = f"invitation:{invitation.pk}"
            factories.make_notice(self.viewer, kind="invitation", actor=stranger, team=team, key=key)

    def colleagues_on_shift(self, count: int) -> None:
        """People of the unit who are at work today, as the viewer is; each with a change of late."""
        today = clock.today(self.site.zone)
        plan = Plan.objects.filter(unit=self.unit).first() or factories.make_plan(self.unit, published_at=clock.now())
        before = clock.now() - timedelta(days=1)
        people = [factories.make_person(unit=self.unit) for _ in range(count)]
        if not Shift.objects.filter(user=self.viewer).exists():
            people.append(self.viewer)
        for person in people:
            factories.make_shift(plan, person, today, "E", live=True, since=before - timedelta(days=1), until=before)
            factories.make_shift(plan, person, today, "D", live=True, since=before)

    def duties(self, count: int) -> None:
        for _ in range(count):
            unit = factories.make_unit(site=self.site)
            person = factories.make_person(unit=unit)
            duty = factories.make_duty(unit)
            factories.make_tier(duty, factories.make_rotation(unit, person, turn_days=7))
            factories.make_override(duty, person, number=2)

    def rules(self, count: int) -> None:
        for _ in range(count):
            rule = factories.make_rule("run", {"what": "busy", "max": 5})
            factories.make_setting(rule, {"what": "busy", "max": 4}, user=self.other)

    def ground(self, count: int) -> None:
        """What a unit plans with and what is known of its people's work, for the viewer as its manager."""
        if not self.viewer.has_role("unit_manager"):
            factories.grant(self.viewer, "unit_manager", unit=self.unit)
        today = clock.today(self.site.zone)
        for number in range(count):
            person = factories.make_person(unit=self.unit)
            shift_type = factories.make_shift_type(unit=self.unit)
            duty, rotation = factories.make_duty(self.unit), factories.make_rotation(self.unit, person, self.other)
            factories.make_tier(duty, shift_type)
            factories.make_tier(duty, rotation, 2)
            factories.make_override(duty, person)
            factories.make_demand(self.unit, shift_type, qualification=factories.make_qualification_kind())
            factories.make_pattern(self.unit, "D O", person)
            rule = factories.make_rule("run", {"what": "night", "max": 3}, is_waivable=True)
            factories.make_setting(rule, {"max": 2}, **({"user": person} if number % 2 else {"unit": self.unit}))
            factories.make_waiver(rule, person, today)
            factories.make_condition(person, "apart", partner=self.other)
            factories.make_calendar_entry(factories.make_site(), today)
            factories.make_contract()
            factories.make_qualification(person, "", today, today + timedelta(days=30))
            factories.make_qualification(self.other, "", today, today + timedelta(days=30))

    def plans(self, count: int) -> None:
        """Rosters of units that the viewer manages."""
        for _ in range(count):
            unit = factories.make_unit(site=self.site)
            factories.grant(self.viewer, "unit_manager", unit=unit)
            factories.make_plan(unit, created_by=self.other)

    def planned_people(self, count: int) -> None:
        """People who stand in the roster of the viewer's unit, each day of a week."""
        if not self.viewer.has_role("unit_manager"):
            factories.grant(self.viewer, "unit_manager", unit=self.unit)
        plan = self.plan()
        for _ in range(count):
            factories.fill_plan(plan, {factories.make_person(unit=self.unit): "D D E E N N O"}, live=None)

    def plan(self) -> Plan:
        found = Plan.objects.filter(unit=self.unit).first()
        return found or factories.make_plan(self.unit, published_at=clock.now(), created_by=self.other)

    def archived_channels(self, count: int) -> None:
        for _ in range(count):
            channel = factories.make_channel(team=self.team)
            factories.send(self.other, channel)
            teams_actions.archive_channel(channel=channel, by=self.viewer)

    def archived_teams(self, count: int) -> None:
        for _ in range(count):
            team = factories.make_team(self.other, owner=self.viewer, site=self.site)
            teams_actions.archive_team(team=team, by=self.viewer)

    def invitations(self, count: int) -> None:
        for _ in range(count):
            team = factories.make_team(self.other, site=factories.make_site())
            channel = factories.make_channel(owner=self.other, team=self.team, kind=ChannelKind.PRIVATE)
            factories.invite(self.viewer, by=self.other, team=team)
            factories.invite(self.viewer, by=factories.make_person(site=self.site), channel=channel)

    def messages(self, count: int) -> None:
        for _ in range(count):
            author = factories.make_person(unit=factories.make_unit(site=self.site))
            factories.join_team(self.team, author)
            message = factories.send(author, self.channel)
            factories.react(message, author)
            factories.react(message, self.other, "eyes")
            factories.send(self.other, self.channel, "답글", root_number=message.number)

    def pins(self, count: int) -> None:
        for _ in range(count):
            author = factories.make_person(unit=factories.make_unit(site=self.site))
            factories.join_team(self.team, author)
            messaging_actions.pin_message(by=self.viewer, message=factories.send(author, self.channel))

    def replies(self, count: int) -> None:
        for _ in range(count):
            author = factories.make_person(unit=factories.make_unit(site=self.site))
            factories.join_team(self.team, author)
            factories.react(factories.send(author, self.channel, "답글", root_number=self.root.number), author)

    def entries(self, count: int) -> None:
        for number in range(count):
            write_entry(action="sites.site_changed", actor_id=number, object_type="sites.site", object_id=str(number))

    def grants(self, count: int) -> None:
        for _ in range(count):
            factories.grant(
                factories.make_person(site=self.site), "unit_manager", unit=factories.make_unit(site=self.site)
            )

    def sites(self, count: int) -> None:
        for _ in range(count):
            factories.make_unit(department=factories.make_department(site=factories.make_site()))


# Left out: usersessions_list, where allauth looks up each of a person's own few sessions.
# address -> its arguments, what is made 1 and 30 of, and headers ("query" is the address's)
LISTS: dict[str, tuple[str, Callable[[Stage], list[int]], Maker, dict[str, str]]] = {
    "home: conversations": ("home", lambda s: [], Stage.channels, {}),
    "home: invitations": ("home", lambda s: [], Stage.invitations, {}),
    "home: colleagues": ("home", lambda s: [], Stage.people, {}),
    "chat": ("chat", lambda s: [], Stage.channels, {}),
    "chat, the list alone": ("chat", lambda s: [], Stage.channels, {"HX-Request": "true"}),
    "chat, unread": ("chat", lambda s: [], Stage.channels, {"query": "show=unread"}),
    "chat, drafts": ("chat", lambda s: [], Stage.drafts, {"query": "show=drafts"}),
    "chat-settings: sections": ("chat-settings", lambda s: [s.channel.pk], Stage.arranged_channels, {}),
    "chat-sections": ("chat-sections", lambda s: [], Stage.arranged_channels, {}),
    "chat-threads": ("chat-threads", lambda s: [], Stage.followed_threads, {}),
    "chat: arranged": ("chat", lambda s: [], Stage.arranged_channels, {}),
    "chat, archived": ("chat", lambda s: [], Stage.archived_channels, {"query": "show=archived"}),
    "chat, badge": ("chat", lambda s: [], Stage.channels, {"query": "badge=1"}),
    "chat-new": ("chat-new", lambda s: [], Stage.people, {}),
    "chat-new: companions": ("chat-new", lambda s: [], Stage.channels, {"query": "q=n"}),
    "chat-channel: messages": ("chat-channel", lambda s: [s.channel.pk], Stage.messages, {}),
    "chat-channel: conversations": ("chat-channel", lambda s: [s.channel.pk], Stage.channels, {}),
    "chat-messages": ("chat-messages", lambda s: [s.channel.pk], Stage.messages, {}),
    "chat-pins": ("chat-pins", lambda s: [s.channel.pk], Stage.pins, {}),
    "chat-thread": ("chat-thread", lambda s: [s.channel.pk, s.root.number], Stage.replies, {}),
    "chat-thread, alone": (
        "chat-thread",
        lambda s: [s.channel.pk, s.root.number],
        Stage.replies,
        {"HX-Request": "true"},
    ),
    "activity": ("activity", lambda s: [], Stage.notices, {}),
    "activity, invitations": ("activity", lambda s: [], Stage.notices, {"query": "show=invitation"}),
    "activity, by a script": ("activity", lambda s: [], Stage.notices, {"Accept": "application/json"}),
    "activity, badge": ("activity", lambda s: [], Stage.notices, {"query": "badge=1"}),
    "team-list: teams": ("team-list", lambda s: [], Stage.teams, {}),
    "team-list: archived": ("team-list", lambda s: [], Stage.archived_teams, {}),
    "team-list: invitations": ("team-list", lambda s: [], Stage.invitations, {}),
    "team-detail: members": ("team-detail", lambda s: [s.team.pk], Stage.members, {}),
    "team-detail: channels": ("team-detail", lambda s: [s.team.pk], Stage.channels, {}),
    "team-invite": ("team-invite", lambda s: [s.team.pk], Stage.people, {}),
    "channel-people": ("channel-people", lambda s: [s.channel.pk], Stage.members, {}),
    "jump: the newest": ("jump", lambda s: [], Stage.channels, {}),
    "jump: conversations": ("jump", lambda s: [], Stage.channels, {"query": "q=n"}),
    "jump: people": ("jump", lambda s: [], Stage.people, {"query": "q=n", "HX-Request": "true"}),
    "jump: teams": ("jump", lambda s: [], Stage.teams, {"query": "q=ㅌ"}),
    "directory": ("directory", lambda s: [], Stage.people, {}),
    "directory, the list alone": ("directory", lambda s: [], Stage.people, {"HX-Request": "true"}),
    "person: assignments": ("person", lambda s: [s.other.pk], Stage.assignments, {}),
    "my-shifts": ("my-shifts", lambda s: [], Stage.colleagues_on_shift, {}),
    "unit-roster": ("unit-roster", lambda s: [s.unit.pk], Stage.colleagues_on_shift, {}),
    "unit-roster, a week": ("unit-roster", lambda s: [s.unit.pk], Stage.colleagues_on_shift, {"query": "show=week"}),
    "roster-policy": ("roster-policy", lambda s: [s.unit.pk], Stage.rules, {}),
    "duty-board": ("duty-board", lambda s: [], Stage.duties, {}),
    "duty-board, of one site": ("duty-board", lambda s: [], Stage.duties, {"query": "site={site}"}),
    "duty-board, the table alone": ("duty-board", lambda s: [], Stage.duties, {"HX-Request": "true"}),
    "directory, on duty": ("directory", lambda s: [], Stage.colleagues_on_shift, {}),
    "admin:people_user_changelist": ("admin:people_user_changelist", lambda s: [], Stage.people, {}),
    "admin:people_assignment_changelist": ("admin:people_assignment_changelist", lambda s: [], Stage.assignments, {}),
    "admin:people_grant_changelist": ("admin:people_grant_changelist", lambda s: [], Stage.grants, {}),
    "admin:rosters_plan_changelist": ("admin:rosters_plan_changelist", lambda s: [], Stage.plans, {}),
    "admin:rosters_plan_grid": ("admin:rosters_plan_grid", lambda s: [s.plan().pk], Stage.planned_people, {}),
    "admin:rosters_plan_grid_state": (
        "admin:rosters_plan_grid_state",
        lambda s: [s.plan().pk],
        Stage.planned_people,
        {},
    ),
    "person: qualifications": ("person", lambda s: [s.other.pk], Stage.ground, {}),
    **{
        f"admin:{model}_changelist": (f"admin:{model}_changelist", lambda s: [], Stage.ground, {})
        for model in (
            "people_qualification",
            "people_qualificationkind",
            "people_contract",
            "sites_calendarentry",
            "rosters_shifttype",
            "rosters_demand",
            "rosters_pattern",
            "rosters_duty",
            "rosters_rotation",
            "rosters_override",
            "rosters_rule",
            "rosters_rulesetting",
            "rosters_waiver",
            "rosters_condition",
        )
    },
    "admin:sites_network_changelist": ("admin:sites_network_changelist", lambda s: [], Stage.sites, {}),
    "admin:sites_site_changelist": ("admin:sites_site_changelist", lambda s: [], Stage.sites, {}),
    "admin:sites_department_changelist": ("admin:sites_department_changelist", lambda s: [], Stage.sites, {}),
    "admin:sites_unit_changelist": ("admin:sites_unit_changelist", lambda s: [], Stage.sites, {}),
    "admin:teams_team_changelist": ("admin:teams_team_changelist", lambda s: [], Stage.teams, {}),
    "admin:teams_channel_changelist": ("admin:teams_channel_changelist", lambda s: [], Stage.channels, {}),
    "admin:audit_auditentry_changelist": ("admin:audit_auditentry_changelist", lambda s: [], Stage.entries, {}),
}
# Lists that third parties put into the administration, which nobody opens; see the matrix.
CLOSED = {"account_emailaddress", "mfa_authenticator", "usersessions_usersession", "auth_group"}


def statements(client: Client, address: str, headers: dict[str, str]) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(address, headers=headers)
    assert response.status_code == 200
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_at_one_and_at_thirty_rows(client: Client, name: str) -> None:
    url_name, arguments, make, headers = LISTS[name]
    stage = Stage()
    factories.sign_in_as(client, stage.viewer)
    # A page with a script marks nothing read by being opened, so that there is something unread at 1 and at 30.
    client.cookies["portal_script"] = "1"
    make(stage, 1)
    headers = dict(headers)
    query = headers.pop("query", "").format(site=stage.site.code)
    address = reverse(url_name, args=arguments(stage)) + (f"?{query}" if query else "")
    statements(client, address, headers)  # what is asked once a process or a minute is asked now
    few = statements(client, address, headers)
    make(stage, MANY - 1)
    many = statements(client, address, headers)
    assert len(few) == len(many), "\n".join(["at 1:", *few, "at 30:", *many])
    assert len(few) <= DEAR.get(name, 25), "\n".join(few)


def test_every_changelist_is_counted() -> None:
    counted = {url_name for url_name, *_ in LISTS.values()}
    lists = {name for name, _, _ in walk_urls() if name.endswith("_changelist")}
    assert lists - counted == {f"admin:{model}_changelist" for model in CLOSED}
