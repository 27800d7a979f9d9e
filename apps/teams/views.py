"""Pages of teams and channels: create, invite, join, leave, archive, restore."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.registries import registries
from apps.people.models import SignedInRequest, User
from apps.people.queries import search_people

from . import actions, permissions, queries
from .forms import ChannelForm, InviteForm, TeamForm
from .models import Channel, Invitation, Team


def _team(request: SignedInRequest, team_id: int) -> Team:
    team: Team = get_object_or_404(Team.objects.visible_to(request.user).select_related("site"), pk=team_id)
    return team


def _channel(request: SignedInRequest, channel_id: int) -> Channel:
    channels = Channel.objects.visible_to(request.user).select_related("team__site", "site")
    channel: Channel = get_object_or_404(channels, pk=channel_id)
    return channel


def _attempt(request: SignedInRequest, verb: Callable[[], Any], done: str) -> Any:
    """Do a verb and say so; a rule that forbids it is told as a message, a right that is not there answers 403."""
    try:
        result = verb()
    except actions.NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except actions.TeamsError as error:
        messages.error(request, str(error))
        return None
    if done:
        messages.success(request, done)
    return result


@require_GET
def list_teams(request: SignedInRequest) -> HttpResponse:
    """Show one's teams with their channels, what one is invited to and what one may join."""
    context = {
        "teams": queries.teams_with_channels(request.user),
        "archived": queries.teams_with_channels(request.user, archived=True),
        "joinable": queries.joinable_teams(request.user)[:50],
        "invitations": queries.open_invitations(request.user),
        "may_create": permissions.can_create_team(request.user),
    }
    return render(request, "teams/team_list.html", context)


@require_http_methods(["GET", "POST"])
def create_team(request: SignedInRequest) -> HttpResponse:
    if not permissions.can_create_team(request.user) or request.user.home is None:
        raise PermissionDenied(_("Teams are opened by staff with a home unit."))
    site = request.user.home.site
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        team = _attempt(request, lambda: actions.create_team(by=request.user, site=site, **data), "")
        if team is not None:
            return redirect("team-detail", team.pk)
    return render(request, "teams/team_form.html", {"form": form, "site": site})


@require_GET
def show_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Show a team: its channels and members to members, its name and purpose to those who may join."""
    team = _team(request, team_id)
    is_member = permissions.is_team_member(request.user, team)
    context = {
        "team": team,
        "is_member": is_member,
        "may_manage": permissions.can_manage_team(request.user, team),
        "may_join": not is_member and permissions.can_join_team(request.user, team),
        "may_create_channel": permissions.can_create_channel(request.user, team),
        "channels": queries.channels_in_team(team, request.user) if is_member else [],
        "members": queries.members_of_team(team)[:200] if is_member else [],
        "invitation": queries.open_invitations(request.user).filter(team=team).first(),
    }
    return render(request, "teams/team_detail.html", context)


@require_POST
def join_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = _team(request, team_id)
    _attempt(request, lambda: actions.join_team(team=team, by=request.user), _("You are in the team now."))
    return redirect("team-detail", team.pk)


@require_POST
def leave_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = _team(request, team_id)
    _attempt(request, lambda: actions.leave_team(team=team, by=request.user), _("You have left the team."))
    return redirect("team-list")


@require_POST
def archive_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = _team(request, team_id)
    done = _("The team is archived: all can be read, nothing written.")
    _attempt(request, lambda: actions.archive_team(team=team, by=request.user), done)
    return redirect("team-detail", team.pk)


@require_POST
def restore_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = _team(request, team_id)
    done = _("The team is open again.")
    _attempt(request, lambda: actions.restore_team(team=team, by=request.user), done)
    return redirect("team-detail", team.pk)


@require_POST
def remove_member(request: SignedInRequest, team_id: int, user_id: int) -> HttpResponse:
    team = _team(request, team_id)
    person = get_object_or_404(User.objects.visible_to(request.user), pk=user_id)
    done = _("%(name)s is no longer in the team.") % {"name": person.display_name}
    _attempt(request, lambda: actions.remove_from_team(team=team, user=person, by=request.user), done)
    return redirect("team-detail", team.pk)


@require_POST
def make_owner(request: SignedInRequest, team_id: int, user_id: int) -> HttpResponse:
    team = _team(request, team_id)
    person = get_object_or_404(User.objects.visible_to(request.user), pk=user_id)
    done = _("%(name)s is an owner now.") % {"name": person.display_name}
    _attempt(request, lambda: actions.make_owner(team=team, user=person, by=request.user), done)
    return redirect("team-detail", team.pk)


@require_http_methods(["GET", "POST"])
def invite_to_team(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = _team(request, team_id)
    if not permissions.can_manage_team(request.user, team):
        raise PermissionDenied(_("Only an owner of the team may do that."))
    return _invite(request, team, lambda people: actions.invite_to_team(team=team, users=people, by=request.user))


def _invite(request: SignedInRequest, place: Team | Channel, verb: Callable[[list[User]], int]) -> HttpResponse:
    form = InviteForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        count = _attempt(request, lambda: verb(list(form.cleaned_data["people"])), "")
        if count is not None:
            messages.success(request, _("%(count)d people are invited.") % {"count": count})
            if isinstance(place, Team):
                return redirect("team-detail", place.pk)
            return redirect(registries.link("channel", place.pk) or "team-list")
    text = request.GET.get("q", "")[:100]
    people = search_people(request.user, text=text, nearest_first=True).exclude(pk=request.user.pk)
    if isinstance(place, Channel):
        people = people.filter(pk__in=queries.team_member_ids(place.team_id))
    found = people[:30]
    template = "teams/_people_to_invite.html" if request.headers.get("HX-Request") else "teams/invite.html"
    return render(request, template, {"form": form, "place": place, "found": found, "query": text})


@require_http_methods(["GET", "POST"])
def create_channel(request: SignedInRequest, team_id: int) -> HttpResponse:
    team = _team(request, team_id)
    if not permissions.can_create_channel(request.user, team):
        raise PermissionDenied(_("Only members of the team open channels in it."))
    form = ChannelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        channel = _attempt(request, lambda: actions.create_channel(team=team, by=request.user, **data), "")
        if channel is not None:
            return redirect(registries.link("channel", channel.pk) or "team-list")
    return render(request, "teams/channel_form.html", {"form": form, "team": team})


@require_GET
def show_channel_people(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Show who belongs to a channel, and what one may do with it."""
    channel = _channel(request, channel_id)
    people = queries.people_of(channel)
    context = {
        "channel": channel,
        "people": people.select_related("home_unit__department__site").order_by("name_ko", "pk")[:200],
        "count": people.count(),
        "may_manage": permissions.can_manage_channel(request.user, channel),
        "may_leave": permissions.can_leave_channel(request.user, channel),
    }
    return render(request, "teams/channel_people.html", context)


@require_http_methods(["GET", "POST"])
def invite_to_channel(request: SignedInRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    if not permissions.can_manage_channel(request.user, channel) or channel.kind != "private":
        raise PermissionDenied(_("Only an owner of the channel may do that."))
    return _invite(
        request, channel, lambda people: actions.invite_to_channel(channel=channel, users=people, by=request.user)
    )


@require_POST
def leave_channel(request: SignedInRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    _attempt(request, lambda: actions.leave_channel(channel=channel, by=request.user), _("You have left the channel."))
    return redirect(registries.link("chat") or "team-list")


@require_POST
def remove_from_channel(request: SignedInRequest, channel_id: int, user_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    person = get_object_or_404(User.objects.visible_to(request.user), pk=user_id)
    done = _("%(name)s is no longer in the channel.") % {"name": person.display_name}
    _attempt(request, lambda: actions.remove_from_channel(channel=channel, user=person, by=request.user), done)
    return redirect("channel-people", channel.pk)


@require_POST
def archive_channel(request: SignedInRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    done = _("The channel is archived: all can be read, nothing written.")
    _attempt(request, lambda: actions.archive_channel(channel=channel, by=request.user), done)
    return redirect(registries.link("channel", channel.pk) or "team-list")


@require_POST
def restore_channel(request: SignedInRequest, channel_id: int) -> HttpResponse:
    channel = _channel(request, channel_id)
    done = _("The channel is open again.")
    _attempt(request, lambda: actions.restore_channel(channel=channel, by=request.user), done)
    return redirect(registries.link("channel", channel.pk) or "team-list")


@require_POST
def answer_invitation(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    invitation: Invitation = get_object_or_404(Invitation.objects.visible_to(request.user), pk=invitation_id)
    accept = request.POST.get("answer") == "accept"
    done = _("You are in now.") if accept else _("You have declined.")
    _attempt(request, lambda: actions.answer_invitation(invitation=invitation, by=request.user, accept=accept), done)
    if accept and invitation.team_id:
        return redirect("team-detail", invitation.team_id)
    return redirect((accept and registries.link("channel", invitation.channel_id)) or "team-list")
