"""How somebody arranges their conversations, and the threads that they follow."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as flashes
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.http import error_response, wants_json, way_back
from apps.messaging import actions, queries
from apps.messaging.forms import ConversationSettingForm, SectionForm
from apps.messaging.models import ConversationSetting, ListSection, Notify
from apps.people.models import SignedInRequest
from apps.teams import permissions as teams_permissions
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

from .conversations import list_context
from .shared import find_channel, is_partial, json_response, refuse


@require_http_methods(["GET", "POST"])
def edit_settings(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Let somebody say what they hear of a conversation and where it stands; as a menu for a script."""
    channel = find_channel(request, channel_id)
    form = ConversationSettingForm(request.POST or None, owner=request.user)
    if request.method == "POST":
        if form.is_valid():
            return _save_settings(request, channel, form)
        if wants_json(request):
            return error_response(request, status=400, code="malformed", message=_sentence(form))
    context = {**_conversation_context(request, channel), "form": form}
    if is_partial(request):
        return render(request, "messaging/_settings.html", context)
    status = 400 if request.method == "POST" else 200
    return render(
        request, "messaging/settings.html", {**context, **list_context(request, at=channel.pk)[1]}, status=status
    )


def _save_settings(request: SignedInRequest, channel: Channel, form: ConversationSettingForm) -> HttpResponse:
    changes = form.changes()
    try:
        if isinstance(changes.get("section"), str):
            changes["section"] = actions.find_or_add_section(by=request.user, name=changes["section"])
        setting = actions.set_conversation_setting(by=request.user, channel=channel, **changes)
    except actions.MessagingError as error:
        return refuse(request, error)
    if wants_json(request):
        return json_response(_setting_body(setting))
    flashes.success(request, _("Your settings are kept."))
    return redirect(way_back(request, reverse("chat-settings", args=[channel.pk])))


def _setting_body(setting: ConversationSetting) -> dict[str, Any]:
    return {"notify": setting.notify, "is_favourite": setting.is_favourite, "section": setting.section_id}


def _conversation_context(request: SignedInRequest, channel: Channel) -> dict[str, Any]:
    user = request.user
    companions = teams_queries.companions([channel], user).get(channel.pk, [])
    return {
        "channel": channel,
        "title": queries.title_of(channel, companions),
        "companions": companions,
        "setting": queries.setting_of(channel, user),
        "own_sections": queries.own_sections(user),
        "levels": Notify.choices,
        "may_leave": teams_permissions.can_leave_channel(user, channel),
        "unread": channel.last_number - queries.read_up_to(queries.mark_of(channel, user)),
        "back": way_back(request, ""),
    }


@require_POST
def mark_conversation(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Mark a conversation read, or with unread=1 unread from its newest message."""
    channel = teams_queries.readable_channel(request.user, channel_id)
    if channel is None:
        raise Http404
    if request.POST.get("unread") != "1":
        actions.mark_read(user=request.user, channel=channel, up_to=channel.last_number)
    elif channel.last_number:
        actions.mark_unread(user=request.user, channel=channel, number=channel.last_number)
    if wants_json(request):
        return json_response({})
    return redirect(way_back(request, reverse("chat")))


@require_POST
def mark_all(request: SignedInRequest) -> HttpResponse:
    """Mark all conversations read."""
    count = actions.mark_all_read(by=request.user)
    if wants_json(request):
        return json_response({"read": count})
    words = ngettext("%(count)d conversation is marked as read.", "%(count)d conversations are marked as read.", count)
    flashes.success(request, words % {"count": count})
    return redirect("chat")


# -- Sections -------------------------------------------------------------------------------------------------------------
def _rename(request: SignedInRequest, section: ListSection, name: str) -> None:
    actions.rename_section(by=request.user, section=section, name=name)


def _delete(request: SignedInRequest, section: ListSection, _name: str) -> None:
    actions.delete_section(by=request.user, section=section)
    flashes.success(request, _("The section is gone. Its conversations stand where they would without it."))


def _lift(request: SignedInRequest, section: ListSection, _name: str) -> None:
    actions.move_section(by=request.user, section=section, up=True)


def _lower(request: SignedInRequest, section: ListSection, _name: str) -> None:
    actions.move_section(by=request.user, section=section, up=False)


DEEDS: dict[str, Callable[[SignedInRequest, ListSection, str], None]] = {
    "rename": _rename,
    "up": _lift,
    "down": _lower,
    "delete": _delete,
}


@require_http_methods(["GET", "POST"])
def arrange_sections(request: SignedInRequest) -> HttpResponse:
    """Show one's own sections; add, rename, move or delete one."""
    form = SectionForm(request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            return _arrange(request, form)
        if wants_json(request):
            return error_response(request, status=400, code="malformed", message=_sentence(form))
        flashes.error(request, _sentence(form))
    context = {"own_sections": queries.own_sections(request.user), "limit": actions.SECTIONS_A_PERSON}
    status = 400 if request.method == "POST" else 200
    return render(request, "messaging/sections.html", {**context, **list_context(request)[1]}, status=status)


def _arrange(request: SignedInRequest, form: SectionForm) -> HttpResponse:
    deed, name = form.cleaned_data["do"], form.cleaned_data["name"]
    try:
        if deed == "add":
            actions.add_section(by=request.user, name=name)
        else:
            own = ListSection.objects.visible_to(request.user)
            DEEDS[deed](request, get_object_or_404(own, pk=form.cleaned_data["section"]), name)
    except actions.MessagingError as error:
        if wants_json(request):
            return refuse(request, error)
        flashes.error(request, str(error))
    if wants_json(request):
        own_sections = queries.own_sections(request.user)
        return json_response({"sections": [{"id": one.pk, "name": one.name} for one in own_sections]})
    return redirect("chat-sections")


# -- Threads --------------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def list_threads(request: SignedInRequest) -> HttpResponse:
    """Show the threads that somebody follows, unread ones first; a POST marks all of them read."""
    if request.method == "POST":
        count = actions.mark_threads_read(by=request.user)
        if wants_json(request):
            return json_response({"read": count})
        flashes.success(request, _("All threads are marked as read."))
        return redirect("chat-threads")
    offset = _offset(request)
    threads, has_more = queries.followed_threads(request.user, offset=offset)
    page = {"threads": threads, "next_offset": offset + len(threads) if has_more else 0, "offset": offset}
    if is_partial(request):
        return render(request, "messaging/_threads.html", page)
    return render(request, "messaging/threads.html", {**page, **list_context(request)[1], "at_threads": True})


def _offset(request: SignedInRequest) -> int:
    value = request.GET.get("after", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0


def _sentence(form: Any) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
