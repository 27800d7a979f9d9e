"""The authorisation matrix: for each address and verb, what each principal is answered. Read it as a table.

Columns, in the order of `world.PRINCIPALS`:
anonymous · deactivated · other site · same site · removed · member · owner · manager of another unit · auditor · IT
302 is the way to the sign-in (or on, after a deed), 401 the same for a script, 404 "there is no such thing, or it is not yours", 403 "not your verb".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .world import MISSING, PRINCIPALS, World

Arguments = Callable[[World], tuple[Any, ...]]
Data = Callable[[World], Mapping[str, Any]]


def nothing(world: World) -> tuple[()]:
    return ()


def no_data(world: World) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """One address with one verb, and ten answers."""

    name: str
    answers: tuple[int, ...]
    method: str = "GET"
    what: str = ""
    arguments: Arguments = nothing
    data: Data = no_data
    query: str = ""
    path: Callable[[World], str] | None = None  # where the pattern has no name
    script: bool = False  # asks for JSON

    @property
    def label(self) -> str:
        return " ".join(filter(None, [self.method, self.name, self.what]))

    def answer(self, principal: str) -> int:
        return self.answers[PRINCIPALS.index(principal)]


def row(name: str, answers: str, method: str = "GET", what: str = "", **more: Any) -> Row:
    codes = tuple(int(code) for code in answers.split())
    assert len(codes) == len(PRINCIPALS), name
    return Row(name, codes, method, what, **more)


ALL = "302 302 200 200 200 200 200 200 200 200"  # everybody who is signed in
DONE = "302 302 302 302 302 302 302 302 302 302"
PUBLIC = "200 200 200 200 200 200 200 200 200 200"
MEMBERS = "302 302 404 404 404 200 200 404 404 404"
MEMBERS_DO = "302 302 404 404 404 302 302 404 404 404"
OWNERS = "302 302 404 404 404 403 200 404 404 404"
OWNERS_DO = "302 302 404 404 404 403 302 404 404 404"
SCRIPTED = "401 401 404 404 404 200 200 404 404 404"  # what MEMBERS are answered, asked by a script
ONLY_POST = "302 302 405 405 405 405 405 405 405 405"
NOBODY = "302 302 404 404 404 404 404 404 404 404"

AUTHOR_DOES = "302 302 404 404 404 403 302 404 404 404"  # the owner wrote it


def at(world: World, kind: str) -> tuple[int, int]:
    """Where the message of a channel stands."""
    return (getattr(world, kind).pk, world.messages[kind].number)


HOME = [row("home", ALL)]

CHAT = [
    row("chat", ALL),
    *(
        row("chat", ALL, what=f"show {show}", query=f"show={show}")
        for show in ("all", "teams", "unread", "drafts", "archived")
    ),
    row("chat", "401 401" + ALL[7:], what="badge", query="badge=1", script=True),
    row("chat-new", ALL),
    row("chat-new", DONE, "POST", "to a colleague", data=lambda w: {"people": [w.invited.pk]}),
    row("chat-read-all", ONLY_POST),
    row("chat-read-all", DONE, "POST"),
    row("chat-sections", ALL),
    row("chat-sections", DONE, "POST", data=lambda w: {"do": "add", "name": "밤 근무"}),
    row("chat-threads", ALL),
    row("chat-threads", DONE, "POST"),
    *(
        one
        for kind in ("standard", "private", "group", "direct")
        for one in (
            row("chat-settings", MEMBERS, what=kind, arguments=lambda w, kind=kind: (getattr(w, kind).pk,)),
            row(
                "chat-settings",
                MEMBERS_DO,
                "POST",
                kind,
                arguments=lambda w, kind=kind: (getattr(w, kind).pk,),
                data=lambda w: {"notify": "mentions"},
            ),
            row(
                "chat-draft",
                SCRIPTED,
                what=f"{kind}, by a script",
                arguments=lambda w, kind=kind: (getattr(w, kind).pk,),
                script=True,
            ),
            row(
                "chat-draft",
                SCRIPTED,
                "POST",
                f"{kind}, by a script",
                arguments=lambda w, kind=kind: (getattr(w, kind).pk,),
                data=lambda w: {"text": "쓰다 만 글", "base": 0},
                script=True,
            ),
        )
    ),
    row("chat-draft", MEMBERS_DO, what="opened by a browser", arguments=lambda w: (w.private.pk,)),
    row(
        "chat-draft",
        "302 302 404 302 302 302 302 302 302 302",
        what="of the site",
        arguments=lambda w: (w.site_wide.pk,),
    ),
    row("chat-read", ONLY_POST, arguments=lambda w: (w.private.pk,)),
    row("chat-read", MEMBERS_DO, "POST", arguments=lambda w: (w.private.pk,)),
    row("chat-read", MEMBERS_DO, "POST", "direct", arguments=lambda w: (w.direct.pk,)),
    row("chat-channel", MEMBERS, what="standard", arguments=lambda w: (w.standard.pk,)),
    row("chat-channel", MEMBERS, what="private", arguments=lambda w: (w.private.pk,)),
    row("chat-channel", MEMBERS, what="group", arguments=lambda w: (w.group.pk,)),
    row("chat-channel", MEMBERS, what="direct", arguments=lambda w: (w.direct.pk,)),
    row(
        "chat-channel",
        "302 302 404 200 200 200 200 200 200 200",
        what="of the site",
        arguments=lambda w: (w.site_wide.pk,),
    ),
    row("chat-channel", ALL, what="of the network", arguments=lambda w: (w.network_wide.pk,)),
    row("chat-messages", MEMBERS_DO, what="opened by a browser", arguments=lambda w: (w.private.pk,)),
    row("chat-messages", SCRIPTED, what="older", arguments=lambda w: (w.private.pk,), query="before=9", script=True),
    row("chat-messages", SCRIPTED, what="missed", arguments=lambda w: (w.private.pk,), query="after=0", script=True),
    row(
        "chat-messages",
        SCRIPTED,
        what="missed, direct",
        arguments=lambda w: (w.direct.pk,),
        query="after=0",
        script=True,
    ),
    *(
        row(
            "chat-messages",
            answers,
            "POST",
            f"{kind}, by a script",
            arguments=lambda w, kind=kind: (getattr(w, kind).pk,),
            data=lambda w: {"text": "새 글", "client_id": "7f1c9c3e-0d6f-4b0e-9c53-2f4f7f0f4c11"},
            script=True,
        )
        for kind, answers in {
            "standard": "401 401 404 404 404 201 201 404 404 404",
            "private": "401 401 404 404 404 201 201 404 404 404",
            "group": "401 401 404 404 404 201 201 404 404 404",
            "direct": "401 401 404 404 404 201 201 404 404 404",
            "site_wide": "401 401 404 201 201 201 201 201 201 201",
            "network_wide": "401 401 201 201 201 201 201 201 201 201",
        }.items()
    ),
    row(
        "chat-messages",
        MEMBERS_DO,
        "POST",
        "by a form",
        arguments=lambda w: (w.private.pk,),
        data=lambda w: {"text": "새 글", "client_id": "7f1c9c3e-0d6f-4b0e-9c53-2f4f7f0f4c12"},
    ),
    row("chat-thread", MEMBERS, arguments=lambda w: (w.private.pk, w.messages["private"].number)),
    row("chat-thread", MEMBERS, what="direct", arguments=lambda w: (w.direct.pk, w.messages["direct"].number)),
    row("chat-thread-follow", ONLY_POST, arguments=lambda w: at(w, "private")),
    row("chat-thread-follow", MEMBERS_DO, "POST", arguments=lambda w: at(w, "private"), data=lambda w: {"on": "1"}),
    row("chat-pins", MEMBERS, arguments=lambda w: (w.private.pk,)),
    row("chat-mentions", MEMBERS, arguments=lambda w: (w.private.pk,)),
    row("chat-mentions", SCRIPTED, what="by a script", arguments=lambda w: (w.private.pk,), script=True),
    row("chat-emoji", ALL),
    row("chat-message", SCRIPTED, what="by a script", arguments=lambda w: at(w, "private"), script=True),
    row("chat-message", MEMBERS_DO, arguments=lambda w: at(w, "private")),
    row("chat-message", MEMBERS_DO, what="direct", arguments=lambda w: at(w, "direct")),
    *(
        row(f"chat-message-{page}", MEMBERS, arguments=lambda w: at(w, "private"))
        for page in ("menu", "edit", "delete", "reactions", "readers", "versions", "forward")
    ),
    *(
        row(
            f"chat-message-{verb}",
            answers,
            "POST",
            kind,
            arguments=lambda w, kind=kind: at(w, kind),
            data=lambda w, data=data: data,
        )
        for verb, kind, answers, data in (
            ("reactions", "private", MEMBERS_DO, {"emoji": "eyes", "on": "1"}),
            ("pin", "private", MEMBERS_DO, {"on": "1"}),
            ("unread", "private", MEMBERS_DO, {}),
            ("edit", "private", AUTHOR_DOES, {"text": "고친 글"}),
            ("edit", "standard", AUTHOR_DOES, {"text": "고친 글"}),
            ("edit", "direct", AUTHOR_DOES, {"text": "고친 글"}),
            ("delete", "private", AUTHOR_DOES, {}),
            ("delete", "direct", AUTHOR_DOES, {}),
            ("restore", "private", MEMBERS_DO, {}),  # it is there: nothing changes
            ("acknowledge", "private", "302 302 404 404 404 409 409 404 404 404", {}),  # nobody was asked
        )
    ),
    row(
        "chat-message-forward",
        MEMBERS_DO,
        "POST",
        arguments=lambda w: at(w, "private"),
        data=lambda w: {"to": [w.network_wide.pk], "client_id": "7f1c9c3e-0d6f-4b0e-9c53-2f4f7f0f4c13"},
    ),
    *(
        row(f"chat-message-{verb}", ONLY_POST, arguments=lambda w: at(w, "private"))
        for verb in ("restore", "pin", "acknowledge", "unread")
    ),
]

ACTIVITY = [
    row("activity", ALL),
    row("activity", ALL, what="unread", query="show=unread"),
    row("activity", ALL, what="older", query="before=2020-01-01T00:00:00%2B00:00/1"),
    row("activity", "401 401" + ALL[7:], what="by a script", script=True),
    row("activity", "401 401" + ALL[7:], what="badge", query="badge=1", script=True),
    row("activity-change", ONLY_POST),
    row("activity-change", DONE, "POST", data=lambda w: {"action": "read-all"}),
    row(
        "activity-change",
        DONE,  # of what is not one's own nothing changes
        "POST",
        "another's",
        data=lambda w: {"action": "remove", "ids": [w.notices["member"].pk]},
    ),
    row(
        "activity-change",
        "302 302 400 400 400 400 400 400 400 400",
        "POST",
        "unknown",
        data=lambda w: {"action": "shred"},
    ),
    row(
        "activity-notice",
        "302 302 404 404 404 302 404 404 404 404",
        what="the member's",
        arguments=lambda w: (w.notices["member"].pk,),
    ),
    row(
        "activity-notice",
        NOBODY,
        what="of one who was removed",
        arguments=lambda w: (w.notices["removed"].pk,),
    ),
]

TEAMS = [
    row("team-list", ALL),
    row("team-create", ALL),
    row("team-create", DONE, "POST", data=lambda w: {"name_ko": "새팀"}),
    row("team-detail", MEMBERS, what="closed", arguments=lambda w: (w.team.pk,)),
    row(
        "team-detail",
        "302 302 404 200 200 200 200 200 200 200",
        what="open",
        arguments=lambda w: (w.open_team.pk,),
    ),
    row("team-join", ONLY_POST, what="closed", arguments=lambda w: (w.team.pk,)),
    row("team-join", MEMBERS_DO, "POST", "closed", arguments=lambda w: (w.team.pk,)),
    row(
        "team-join",
        "302 302 404 302 302 302 302 302 302 302",
        "POST",
        "open",
        arguments=lambda w: (w.open_team.pk,),
    ),
    row("team-leave", ONLY_POST, arguments=lambda w: (w.team.pk,)),
    row("team-leave", MEMBERS_DO, "POST", arguments=lambda w: (w.team.pk,)),
    row("team-archive", ONLY_POST, arguments=lambda w: (w.team.pk,)),
    row("team-archive", OWNERS_DO, "POST", arguments=lambda w: (w.team.pk,)),
    row(
        "team-archive",
        "302 302 404 403 403 403 302 403 403 403",
        "POST",
        "open",
        arguments=lambda w: (w.open_team.pk,),
    ),
    row("team-restore", ONLY_POST, arguments=lambda w: (w.team.pk,)),
    row("team-restore", OWNERS_DO, "POST", arguments=lambda w: (w.team.pk,)),
    row("team-invite", OWNERS, arguments=lambda w: (w.team.pk,)),
    row("team-invite", OWNERS_DO, "POST", arguments=lambda w: (w.team.pk,), data=lambda w: {"people": [w.invited.pk]}),
    row("team-channel-create", MEMBERS, arguments=lambda w: (w.team.pk,)),
    row(
        "team-channel-create",
        MEMBERS_DO,
        "POST",
        arguments=lambda w: (w.team.pk,),
        data=lambda w: {"name_ko": "새채널"},
    ),
    row(
        "team-channel-create",
        "302 302 404 403 403 403 200 403 403 403",
        what="open",
        arguments=lambda w: (w.open_team.pk,),
    ),
    row("team-member-remove", ONLY_POST, arguments=lambda w: (w.team.pk, w.people["member"].pk)),
    row("team-member-remove", OWNERS_DO, "POST", arguments=lambda w: (w.team.pk, w.people["member"].pk)),
    row("team-owner-make", ONLY_POST, arguments=lambda w: (w.team.pk, w.people["member"].pk)),
    row("team-owner-make", OWNERS_DO, "POST", arguments=lambda w: (w.team.pk, w.people["member"].pk)),
    row("channel-people", MEMBERS, what="standard", arguments=lambda w: (w.standard.pk,)),
    row("channel-people", MEMBERS, what="private", arguments=lambda w: (w.private.pk,)),
    row("channel-people", MEMBERS, what="direct", arguments=lambda w: (w.direct.pk,)),
    row("channel-invite", OWNERS, arguments=lambda w: (w.private.pk,)),
    row(
        "channel-invite",
        OWNERS_DO,
        "POST",
        arguments=lambda w: (w.private.pk,),
        data=lambda w: {"people": [w.teammate.pk]},
    ),
    row("channel-invite", "302 302 404 404 404 403 403 404 404 404", what="direct", arguments=lambda w: (w.direct.pk,)),
    row("channel-leave", ONLY_POST, arguments=lambda w: (w.private.pk,)),
    row("channel-leave", MEMBERS_DO, "POST", "private", arguments=lambda w: (w.private.pk,)),
    row(
        "channel-leave",
        "302 302 404 404 404 403 403 404 404 404",
        "POST",
        "standard",
        arguments=lambda w: (w.standard.pk,),
    ),
    row(
        "channel-leave", "302 302 404 404 404 403 403 404 404 404", "POST", "direct", arguments=lambda w: (w.direct.pk,)
    ),
    row("channel-archive", ONLY_POST, arguments=lambda w: (w.private.pk,)),
    row("channel-archive", OWNERS_DO, "POST", "private", arguments=lambda w: (w.private.pk,)),
    row(
        "channel-archive",
        "302 302 404 403 403 403 403 403 403 302",
        "POST",
        "of the site",
        arguments=lambda w: (w.site_wide.pk,),
    ),
    row(
        "channel-archive",
        "302 302 404 404 404 403 403 404 404 404",
        "POST",
        "direct",
        arguments=lambda w: (w.direct.pk,),
    ),
    row("channel-restore", ONLY_POST, arguments=lambda w: (w.private.pk,)),
    row("channel-restore", OWNERS_DO, "POST", "private", arguments=lambda w: (w.private.pk,)),
    row(
        "channel-restore",
        "302 302 404 403 403 403 403 403 403 302",
        "POST",
        "of the site",
        arguments=lambda w: (w.site_wide.pk,),
    ),
    row(
        "channel-restore",
        "302 302 404 404 404 403 403 404 404 404",
        "POST",
        "direct",
        arguments=lambda w: (w.direct.pk,),
    ),
    row("channel-member-remove", ONLY_POST, arguments=lambda w: (w.private.pk, w.people["member"].pk)),
    row("channel-member-remove", OWNERS_DO, "POST", arguments=lambda w: (w.private.pk, w.people["member"].pk)),
    row("invitation-answer", ONLY_POST, arguments=lambda w: (w.invitation.pk,)),
    row(
        "invitation-answer",
        "302 302 404 404 404 302 404 404 404 404",
        "POST",
        arguments=lambda w: (w.invitation.pk,),
        data=lambda w: {"answer": "accept"},
    ),
]

PEOPLE = [
    row("directory", ALL),
    row("person", ALL, arguments=lambda w: (w.people["member"].pk,)),
    row("person", NOBODY, what="deactivated", arguments=lambda w: (w.people["deactivated"].pk,)),
    row("settings", ALL),
    row("contrast", ONLY_POST),
    row("contrast", DONE, "POST", data=lambda w: {"contrast": "more"}),
    row(
        "settings",
        DONE,
        "POST",
        data=lambda w: {"language": "en", "theme": "dark", "contrast": "auto", "input": "auto"},
    ),
    row("status", ALL),
    row(
        "status", DONE, "POST", data=lambda w: {"presence": "do_not_disturb", "text": "회진", "lasting": "60", "at": ""}
    ),
    row("status", DONE, "POST", "taken back", data=lambda w: {"clear": "1"}),
]

IN_THE_WARD = "302 302 404 200 200 200 200 404 404 404"  # who works in the unit; a manager of another one does not

ROSTERS = [
    row("my-shifts", ALL),
    row("my-shifts", ALL, what="of another month", query="month=2026-01&day=2026-01-15"),
    row("unit-roster-home", DONE, what="leads to one's own"),
    row("unit-roster", IN_THE_WARD, arguments=lambda w: (w.ward.pk,)),
    row("unit-roster", IN_THE_WARD, what="a week", arguments=lambda w: (w.ward.pk,), query="show=week"),
    row("unit-roster", NOBODY, what="of a unit in which nobody works", arguments=lambda w: (w.empty_ward.pk,)),
    row("roster-policy", IN_THE_WARD, arguments=lambda w: (w.ward.pk,)),
    row("roster-policy", NOBODY, what="of a unit in which nobody works", arguments=lambda w: (w.empty_ward.pk,)),
    row("duty-board", ALL),
    row("duty-board", ALL, what="tonight", query="at=tonight"),
    row("duty-board", NOBODY, what="of no site", query="site=nowhere"),
]

SIGNED_IN_ELSEWHERE = "200 200 302 302 302 302 302 302 302 302"  # a page of the door: who is in already is sent on

ACCOUNTS = [
    row("account_login", SIGNED_IN_ELSEWHERE),
    row("account_logout", "302 302 200 200 200 200 200 200 200 200"),
    row("account_logout", DONE, "POST"),
    row("account_inactive", PUBLIC),
    row("account_signup", SIGNED_IN_ELSEWHERE, what="closed"),
    row(
        "account_signup",
        SIGNED_IN_ELSEWHERE,
        "POST",
        "closed",
        data=lambda w: {"username": "X1", "password1": "long enough 1", "password2": "long enough 1"},
    ),
    # Nothing is at stake: these accounts have neither a password nor a second step to confirm.
    row("account_reauthenticate", "302 302 403 403 403 403 403 403 403 403"),
    row("account_email", ALL),
    row("account_email_verification_sent", PUBLIC),
    row("account_change_password", DONE, what="leads to setting one"),
    row("account_set_password", ALL),
    row("account_reset_password", PUBLIC),
    row("account_confirm_login_code", DONE, what="unused"),
    row("account_confirm_email", PUBLIC, what="with a wrong key", arguments=lambda w: ("wrong",)),
    row("account_reset_password_from_key_done", PUBLIC),
    row("account_reset_password_from_key", PUBLIC, what="with a wrong key", arguments=lambda w: ("1", "wrong")),
    row("account_reset_password_done", PUBLIC),
    row("mfa_index", ALL),
    row("mfa_authenticate", DONE, what="without a sign-in under way"),
    row("mfa_reauthenticate", "302 302 403 403 403 403 403 403 403 403"),
    row("mfa_activate_totp", ALL),
    row("mfa_deactivate_totp", NOBODY, what="without one"),
    row("mfa_view_recovery_codes", NOBODY, what="without any"),
    row("mfa_generate_recovery_codes", ALL),
    row("mfa_download_recovery_codes", NOBODY, what="without any"),
    row("mfa_list_webauthn", ALL),
    row("mfa_add_webauthn", ALL),
    row("mfa_reauthenticate_webauthn", "302 302 403 403 403 403 403 403 403 403"),
    row("mfa_remove_webauthn", NOBODY, what="another's", arguments=lambda w: (w.key_of_another.pk,)),
    row("mfa_edit_webauthn", NOBODY, what="another's", arguments=lambda w: (w.key_of_another.pk,)),
    row("mfa_login_webauthn", DONE),
    row("usersessions_list", ALL),
]

OTHERS = [
    row("jump", ALL),
    row("jump", ALL, what="by initials", query="q=ㄱ"),
    row("keys", ALL),
    row("health", PUBLIC),
    row("set-language", DONE),
    row("js-catalog", PUBLIC),
]


def staff(answers: str) -> str:
    """The answers in the administration: whoever has no role that opens it is sent to its door."""
    return "302 302 302 302 302 302 302 " + answers


def admin_rows(
    model: str,
    get: Callable[[World], Any],
    listed: str,
    add: str,
    change: str,
    delete: str = "403 403 403",
    history: str = "",
    deleted: str = "",
) -> list[Row]:
    """The pages of one model, each with the answers for manager, auditor and IT; `get` picks a row of the world.

    `deleted` is the answer to the deed itself where it may be done, `delete` to the page that asks.
    """

    def one(world: World) -> tuple[Any, ...]:
        return (get(world).pk,)

    folder = model.replace("_", "/")

    return [
        row(f"admin:{model}_changelist", staff(listed)),
        row(f"admin:{model}_add", staff(add)),
        row(f"admin:{model}_change", staff(change), arguments=one),
        row(f"admin:{model}_delete", staff(delete), arguments=one),
        row(f"admin:{model}_delete", staff(deleted or delete), "POST", arguments=one, data=lambda w: {"post": "yes"}),
        # Django answers a row that is not yours like one that is not there: with the way back to the index.
        row(f"admin:{model}_history", staff(history or change.replace("403", "302")), arguments=one),
        row(
            f"admin:admin/{folder}/<path:object_id>/",
            staff("302 302 302"),
            path=lambda w: f"/admin/{folder}/{get(w).pk}/",
        ),
    ]


def ward_rows(model: str, name: str, delete: str = "403 403 403") -> list[Row]:
    """Rows of a ward's people: its managers' alone, so that none of these three finds one."""

    def get(world: World) -> Any:
        return world.ground[name]

    return admin_rows(model, get, "200 403 403", "200 403 403", "302 403 403", delete, history="302 302 302")


def unit_rows(model: str, name: str, delete: str = "403 403 403") -> list[Row]:
    """Rows of a ward: its managers', so that another's finds none, and IT reads all."""

    def get(world: World) -> Any:
        return world.ground[name]

    return admin_rows(model, get, "200 403 200", "200 403 403", "302 403 200", delete, history="302 302 200")


def grid_rows() -> list[Row]:
    """The grid of a roster: its unit's managers alone find it, whatever else somebody may."""

    def plan(world: World) -> tuple[Any, ...]:
        return (world.ground["plan"].pk,)

    def own(world: World) -> tuple[Any, ...]:
        return (world.ground["own_plan"].pk,)

    def day(world: World, name: str) -> str:
        return str(world.ground[name].during.lower)

    nobody = staff("404 404 404")
    cell, hole = "admin:rosters_plan_cell", "admin:rosters_plan_hole"
    rows = [
        *admin_rows(
            "rosters_plan",
            lambda w: w.ground["plan"],
            "200 403 403",
            "200 403 403",
            "404 404 404",
            history="302 302 302",
        ),
        row("admin:rosters_plan_change", staff("302 404 404"), what="one's own, leads to the grid", arguments=own),
        *(row(f"admin:rosters_plan_{name}", nobody, arguments=plan) for name in ("grid", "grid_state")),
        *(row(f"admin:rosters_plan_{name}", nobody, "POST", arguments=plan) for name in ("grid_edit", "grid_act")),
        *(row(f"admin:rosters_plan_{name}", staff("405 405 405"), arguments=own) for name in ("grid_edit", "grid_act")),
        row("admin:rosters_plan_grid", staff("200 404 404"), what="one's own", arguments=own),
        row("admin:rosters_plan_grid_state", staff("200 404 404"), what="one's own", arguments=own),
        row("admin:rosters_plan_grid_edit", staff("400 404 404"), "POST", "one's own, no edits", arguments=own),
        row(
            "admin:rosters_plan_grid_act",
            staff("302 404 404"),
            "POST",
            "one's own, nothing to undo",
            arguments=own,
            data=lambda w: {"do": "undo"},
        ),
    ]
    for name, answers in {"plan": "404 404 404", "own_plan": "200 404 404"}.items():
        who = "member" if name == "plan" else "manager"

        def at_cell(world: World, name: str = name, who: str = who) -> tuple[Any, ...]:
            return (world.ground[name].pk, world.people[who].pk, day(world, name))

        def at_hole(world: World, name: str = name) -> tuple[Any, ...]:
            return (world.ground[name].pk, day(world, name), world.ground["shift_type"].pk)

        rows += [
            row(cell, staff(answers), what=name, arguments=at_cell),
            row(
                cell,
                staff(answers.replace("200", "302")),
                "POST",
                name,
                arguments=at_cell,
                data=lambda w: {"codes": ""},
            ),
            row(hole, staff(answers), what=name, arguments=at_hole),
        ]
    return rows


def closed_rows(model: str, get: Callable[[World], Any]) -> list[Row]:
    """The pages of a model that a third party put there and that nobody opens."""
    closed = "403 403 403"
    return admin_rows(model, get, closed, closed, closed, history=closed)


ADMIN = [
    row("admin:index", staff("200 200 200")),
    row("admin:login", "302 302 404 404 404 404 404 302 302 302"),
    row(
        "admin:login",
        "302 302 404 404 404 404 404 302 302 302",
        "POST",
        "as somebody else, past the second step",
        data=lambda w: {"username": w.people["member"].staff_number, "password": "secret"},
    ),
    row("admin:logout", staff("302 302 302"), what="leads to the portal's own"),
    row("admin:logout", staff("302 302 302"), "POST", "leads to the portal's own"),
    row("admin:password_change", staff("302 302 302"), what="leads to the portal's own"),
    row("admin:password_change_done", staff("200 200 200")),
    row("admin:autocomplete", staff("403 403 403"), what="of nothing"),
    row(
        "admin:autocomplete",
        staff("200 200 200"),
        what="of units for an assignment",
        query="app_label=people&model_name=assignment&field_name=unit",
    ),
    row(
        "admin:autocomplete",
        staff("200 403 200"),
        what="of people for a qualification",
        query="app_label=people&model_name=qualification&field_name=user",
    ),
    row("admin:jsi18n", staff("200 200 200")),
    row("admin:view_on_site", staff("404 404 404"), arguments=lambda w: (1, MISSING)),
    row("admin:app_list", staff("200 404 200"), what="people", arguments=lambda w: ("people",)),
    row("admin:app_list", staff("404 200 404"), what="audit", arguments=lambda w: ("audit",)),
    row("admin:app_list", staff("404 404 200"), what="teams", arguments=lambda w: ("teams",)),
    row("admin:app_list", staff("200 404 200"), what="rosters", arguments=lambda w: ("rosters",)),
    row("admin:admin/(?P<url>.*)$", staff("404 404 404"), what="of nothing", path=lambda w: "/admin/nowhere/"),
    # Managers see their own people; nobody is edited by their own hand, and IT edits all.
    *admin_rows("people_user", lambda w: w.people["member"], "200 403 200", "403 403 200", "302 403 200"),
    *admin_rows("people_assignment", lambda w: w.assignment_of_member, "200 403 200", "200 403 200", "302 403 200"),
    *admin_rows("people_grant", lambda w: w.grant_of_manager, "403 403 200", "403 403 200", "403 403 200"),
    *admin_rows("sites_network", lambda w: w.site.network, "200 200 200", "403 403 200", "200 200 200"),
    *admin_rows("sites_site", lambda w: w.site, "200 200 200", "403 403 200", "200 200 200"),
    *admin_rows("sites_department", lambda w: w.ward.department, "200 200 200", "403 403 200", "200 200 200"),
    *admin_rows("sites_unit", lambda w: w.ward, "200 200 200", "403 403 200", "200 200 200"),
    *admin_rows(
        "sites_calendarentry",
        lambda w: w.ground["entry"],
        "200 403 200",
        "403 403 200",
        "200 403 200",
        "403 403 200",
        deleted="403 403 302",
    ),
    *admin_rows(
        "people_qualificationkind",
        lambda w: w.ground["qualification"].kind,
        "200 403 200",
        "403 403 200",
        "200 403 200",
        history="200 403 200",
    ),
    *admin_rows(
        "people_contract",
        lambda w: w.ground["contract"],
        "200 403 200",
        "403 403 200",
        "200 403 200",
        history="200 403 200",
    ),
    *admin_rows(
        "people_qualification", lambda w: w.ground["qualification"], "200 403 200", "200 403 200", "302 403 200"
    ),
    # A site's shift types and the rules are read by all its managers; what is of a ward by the ward's.
    *admin_rows("rosters_shifttype", lambda w: w.ground["shift_type"], "200 403 200", "200 403 200", "200 403 200"),
    *admin_rows("rosters_rule", lambda w: w.ground["rule"], "200 403 200", "403 403 200", "200 403 200"),
    *admin_rows(
        "rosters_rulesetting",
        lambda w: w.ground["setting"],
        "200 403 200",
        "200 403 200",
        "302 403 200",
        "302 403 200",
        deleted="302 403 302",
    ),
    *unit_rows("rosters_demand", "demand", "302 403 403"),
    *unit_rows("rosters_pattern", "pattern", "302 403 403"),
    *unit_rows("rosters_duty", "duty"),
    *unit_rows("rosters_rotation", "rotation"),
    *unit_rows("rosters_override", "override"),
    *ward_rows("rosters_waiver", "waiver", "302 403 403"),
    *ward_rows("rosters_condition", "condition", "302 403 403"),
    *grid_rows(),
    *admin_rows("teams_team", lambda w: w.team, "403 403 200", "403 403 403", "403 403 200"),
    *admin_rows("teams_channel", lambda w: w.private, "403 403 200", "403 403 200", "403 403 200"),
    row("admin:teams_channel_change", staff("403 403 302"), what="direct", arguments=lambda w: (w.direct.pk,)),
    row("admin:teams_channel_change", staff("403 403 302"), what="group", arguments=lambda w: (w.group.pk,)),
    *admin_rows("audit_auditentry", lambda w: w.entry, "403 200 403", "403 403 403", "403 200 403"),
    # What third parties registered is nobody's: Django's permission rows decide nothing here.
    *closed_rows("account_emailaddress", lambda w: w.address_of_another),
    *closed_rows("mfa_authenticator", lambda w: w.key_of_another),
    *closed_rows("usersessions_usersession", lambda w: w.session_of_member),
    *closed_rows("auth_group", lambda w: w.django_group),
]

ROWS: list[Row] = [*HOME, *CHAT, *ACTIVITY, *TEAMS, *PEOPLE, *ROSTERS, *ACCOUNTS, *OTHERS, *ADMIN]
