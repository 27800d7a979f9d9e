"""A small hospital in which each principal of the matrix stands somewhere else, with things that could leak."""

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import F
from django.test import Client

from apps.audit.actions import write_entry
from apps.audit.models import AuditEntry
from apps.core import clock
from apps.messaging.models import Message
from apps.notifications.models import Notice
from apps.people.models import Assignment, Grant, StaffType, User
from apps.sites.models import Site, Unit
from apps.teams.models import Channel, ChannelKind, ChannelMembership, Invitation, Team, TeamMembership
from tests import factories

# Everybody whom a request or a socket may come from. What each may do follows from where they stand, not from their title.
PRINCIPALS = (
    "anonymous",
    "deactivated",  # was a member of everything, with a session that is still there
    "other_site",  # staff of another site
    "same_site",  # works at the site, is in nothing
    "removed",  # was in everything, and was taken out
    "member",
    "owner",  # of the team and its channels
    "manager",  # of another unit
    "auditor",  # privacy officer of the network
    "it",
)
# Texts that only members may ever see in an answer; each stands in one place.
SECRETS = {
    "team": "카나리닫힌팀",
    "private": "카나리비공개채널",
    "group": "카나리그룹",
    "standard_text": "표준 채널의 카나리 글",
    "private_text": "비공개 채널의 카나리 글",
    "direct_text": "둘만의 카나리 글",
    "group_text": "그룹의 카나리 글",
}
MISSING = 999_999_999


@dataclass
class World:
    """The rows of the small hospital, and a client for each principal."""

    site: Site
    far_site: Site
    ward: Unit
    other_ward: Unit
    empty_ward: Unit
    people: dict[str, User]
    team: Team
    open_team: Team
    standard: Channel
    private: Channel
    group: Channel
    direct: Channel
    site_wide: Channel
    network_wide: Channel
    invitation: Invitation
    notices: dict[str, Notice]  # of the message in the private channel, for who is in it or was
    invited: User
    teammate: User
    messages: dict[str, Message]
    sessions: dict[str, str]
    key_of_another: Authenticator
    address_of_another: EmailAddress
    assignment_of_member: Assignment
    grant_of_manager: Grant
    session_of_member: UserSession
    django_group: Group
    entry: AuditEntry
    ground: dict[str, Any]  # what the ward plans with, and what is known of the member's work

    def client(self, principal: str, **options: Any) -> Client:
        """A client with the principal's session, made when all of them were still welcome."""
        client = Client(raise_request_exception=False, **options)
        if principal in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[principal]
        return client


def build_world() -> World:
    site, far_site = factories.make_site(), factories.make_site()
    ward, other_ward = factories.make_unit(site=site), factories.make_unit(site=site)
    people = {
        "deactivated": factories.make_person(unit=ward, name_ko="나퇴직"),
        "other_site": factories.make_person(site=far_site, name_ko="먼지점"),
        "same_site": factories.make_person(unit=ward, name_ko="옆사람"),
        "removed": factories.make_person(unit=ward, name_ko="빠진이"),
        "member": factories.make_person(unit=ward, name_ko="속한이"),
        "owner": factories.make_person(unit=ward, name_ko="한소유"),
        "manager": factories.make_person(unit=other_ward, name_ko="옆관리"),
        "auditor": factories.make_person(unit=other_ward, name_ko="감사인", job=StaffType.ADMINISTRATION),
        "it": factories.make_person(unit=other_ward, name_ko="전산인", job=StaffType.ADMINISTRATION),
    }
    factories.grant(people["manager"], "unit_manager", unit=other_ward)
    factories.grant(people["auditor"], "privacy_officer")
    factories.grant(people["it"], "it")
    owner = people["owner"]
    inside = [people["deactivated"], people["removed"], people["member"]]

    team = factories.make_team(*inside, owner=owner, name_ko=SECRETS["team"], name_en="")
    open_team = factories.make_team(owner=owner, site=site, is_open=True, name_ko="열린팀", name_en="Open team")
    standard = team.channels.get(kind=ChannelKind.STANDARD)
    private = factories.make_channel(
        *inside, owner=owner, kind=ChannelKind.PRIVATE, team=team, name_ko=SECRETS["private"], name_en=""
    )
    group = factories.make_channel(*inside, owner=owner, kind=ChannelKind.GROUP, name_ko=SECRETS["group"], name_en="")
    direct = factories.make_direct(owner, people["member"])
    site_wide = factories.make_channel(kind=ChannelKind.SITE, site=site, name_ko="지점 공지", name_en="Site notices")
    network_wide = factories.make_channel(kind=ChannelKind.NETWORK, name_ko="의료원 공지", name_en="Network notices")
    messages = {
        "standard": factories.send(owner, standard, SECRETS["standard_text"]),
        "private": factories.send(owner, private, SECRETS["private_text"]),
        "group": factories.send(owner, group, SECRETS["group_text"]),
        "direct": factories.send(owner, direct, SECRETS["direct_text"]),
        "site_wide": factories.send(owner, site_wide, "지점 모두에게"),
        "network_wide": factories.send(owner, network_wide, "의료원 모두에게"),
    }
    invited = factories.make_person(unit=ward, name_ko="초대받은이")
    teammate = factories.make_person(unit=ward, name_ko="같은팀")
    factories.join_team(team, teammate)
    invitation = factories.invite(people["member"], by=owner, team=open_team)
    notices = {
        name: factories.make_notice(people[name], message=message)
        for message in (messages["standard"], messages["group"], messages["private"])
        for name in ("deactivated", "removed", "member")
    }
    sessions = {name: factories.make_session(person) for name, person in people.items()}
    world = World(
        site=site,
        far_site=far_site,
        ward=ward,
        other_ward=other_ward,
        empty_ward=factories.make_unit(site=site),
        people=people,
        team=team,
        open_team=open_team,
        standard=standard,
        private=private,
        group=group,
        direct=direct,
        site_wide=site_wide,
        network_wide=network_wide,
        invitation=invitation,
        notices=notices,
        invited=invited,
        teammate=teammate,
        messages=messages,
        sessions=sessions,
        key_of_another=Authenticator.objects.create(
            user=invited, type=Authenticator.Type.WEBAUTHN, data={"name": "남의 열쇠", "credential": {}}
        ),
        address_of_another=EmailAddress.objects.create(user=invited, email="another@example.org"),
        assignment_of_member=people["member"].assignments.get(),
        grant_of_manager=people["manager"].grants.get(),
        session_of_member=UserSession.objects.get(session_key=sessions["member"]),
        django_group=Group.objects.create(name="unused"),
        entry=write_sample_entry(people["it"], site),
        ground=lay_ground(ward, people["member"], other_ward),
    )
    close_doors(world)
    return world


def lay_ground(ward: Unit, member: User, other_ward: Unit) -> dict[str, Any]:
    today = clock.today(ward.department.site.zone)
    day_shift = factories.make_shift_type("D", site=ward.department.site)
    duty = factories.make_duty(ward)
    rule = factories.make_rule("run", {"what": "night", "max": 3}, is_waivable=True)
    return {
        "shift_type": day_shift,
        "plan": factories.make_plan(ward),
        "own_plan": factories.make_plan(other_ward),  # of the unit whose manager is one of the principals
        "demand": factories.make_demand(ward, day_shift),
        "pattern": factories.make_pattern(ward, "D D", member),
        "duty": duty,
        "rotation": factories.make_rotation(ward, member),
        "override": factories.make_override(duty, member),
        "rule": rule,
        "setting": factories.make_setting(rule, {"max": 2}, unit=ward),
        "waiver": factories.make_waiver(rule, member, today),
        "condition": factories.make_condition(member, "no_nights"),
        "entry": factories.make_calendar_entry(ward.department.site, today),
        "contract": factories.make_contract(),
        "qualification": factories.make_qualification(member, "bls"),
    }


def write_sample_entry(person: User, site: Site) -> AuditEntry:
    write_entry(action="sites.site_changed", actor_id=person.pk, object_type="sites.site", object_id=str(site.pk))
    return AuditEntry.objects.latest("id")


def close_doors(world: World) -> None:
    """Take the removed one out of everything, and end the account of the deactivated one but leave its session there."""
    now = clock.now()
    removed, deactivated = world.people["removed"], world.people["deactivated"]
    TeamMembership.objects.filter(user=removed).update(left_at=now)
    for row in ChannelMembership.objects.filter(user=removed, left_at=None):
        Channel.objects.filter(pk=row.channel_id).update(last_change=F("last_change") + 1)
        row.channel.refresh_from_db(fields=["last_change"])
        ChannelMembership.objects.filter(pk=row.pk).update(left_at=now, change=row.channel.last_change)
    User.objects.filter(pk=deactivated.pk).update(is_active=False)
    for person in world.people.values():
        person.refresh_from_db()
    for channel in (world.standard, world.private, world.group, world.direct):
        channel.refresh_from_db()
