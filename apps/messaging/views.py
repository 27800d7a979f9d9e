"""Pages and requests of chat. Each fetches, permits, acts and answers; a script gets JSON, a person a page."""

import uuid
from datetime import timedelta
from typing import Any

import orjson
from django.contrib import messages as flashes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import clock
from apps.core.http import error_response, wants_json
from apps.people.models import SignedInRequest, User
from apps.people.queries import search_people
from apps.teams import actions as teams_actions
from apps.teams import permissions as teams_permissions
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

from . import actions, permissions, queries
from .forms import NewChatForm, SendForm

KNOWN_FOR = timedelta(days=90)  # those whom one wrote with since then come before strangers
LISTS = {"recent", "teams", "unread", "archived"}  # what ?show= may be
STATUS_OF: dict[type[actions.MessagingError], int] = {
    actions.EmptyMessage: 400,
    actions.MessageTooLong: 413,
    actions.ChannelArchived: 409,
    actions.NotAMember: 404,
    actions.NoSuchRoot: 409,
    actions.ClientIdTaken: 409,
}


def json_response(data: Any, *, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(data), status=status, content_type="application/json")


def list_conversations(request: SignedInRequest) -> HttpResponse:
    """Show the chat list; the list alone for htmx, its rows as JSON for a script, which ones are unread with ?badge=1."""
    if "badge" in request.GET:
        unread = queries.unread_channels(request.user)
        return json_response({"unread": len(unread), "channels": unread})
    at = request.GET.get("at", "")
    items, context = _list_of(request, at=int(at) if at.isascii() and at.isdigit() and len(at) < 18 else 0)
    if wants_json(request):
        return json_response({"conversations": [queries.conversation_body(item) for item in items]})
    template = "messaging/_conversations.html" if request.headers.get("HX-Request") else "messaging/chat.html"
    return render(request, template, context)


def _list_of(request: SignedInRequest, *, at: int = 0) -> tuple[list[queries.ConversationItem], dict[str, Any]]:
    """Return the rows of the chat list as ?show= wants it, and what its template needs beside the channel `at`."""
    show = request.GET.get("show", "")
    show = show if show in LISTS else "recent"
    items = queries.conversations_of(request.user, only_unread=show == "unread", archived=show == "archived", at=at)
    if show in {"unread", "archived"}:
        sections = [queries.Section("found", "", tuple(items))] if items else []
    else:
        sections = queries.sections_of(items, recent=queries.RECENT if show == "recent" else 0)
    query = "" if show == "recent" else f"?show={show}"
    return items, {"sections": sections, "show": show, "list_query": query, "at": at}


def _channel(request: SignedInRequest, channel_id: int) -> Channel:
    channels = Channel.objects.visible_to(request.user).select_related("team", "site")
    channel: Channel = get_object_or_404(channels, pk=channel_id)
    return channel


@require_GET
def show_channel(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Show a channel at its newest messages, or at ?around=<number>; opening it marks it read without JavaScript."""
    channel = _channel(request, channel_id)
    return _render_channel(request, channel)


def _render_channel(
    request: SignedInRequest,
    channel: Channel,
    *,
    root_number: int | None = None,
    draft: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    user = request.user
    mark = queries.mark_of(channel, user)
    read = queries.read_up_to(mark)
    first_unread = read + 1 if read < channel.last_number else 0
    place = _place(request)
    if place:
        page = queries.page_of(channel, viewer=user, first_unread=first_unread, **place)
    else:
        page = queries.page_to_open(channel, viewer=user, first_unread=first_unread)
    root = queries.root_in(channel, root_number, viewer=user) if root_number else None
    if root_number and root is None:
        raise Http404
    companions = teams_queries.companions([channel], user).get(channel.pk, [])
    context = {
        "channel": channel,
        "title": queries.title_of(channel, companions),
        "companions": companions,
        **_list_of(request, at=channel.pk)[1],
        "page": page,
        "threads_with_news": queries.threads_with_news(channel, viewer=user, first_unread=first_unread, besides=page),
        "read": read,
        "marks": queries.marks_of(channel),
        "thread": queries.thread_of(root, viewer=user) if root else (),
        "root": root,
        "may_send": permissions.can_send(user, channel),
        "may_manage": teams_permissions.can_manage_channel(user, channel),
        "client_id": uuid.uuid4(),
        "me": {"names": user.names, "titles": user.titles},
        # What was refused stands in the box that it was written in.
        "draft": "" if root else draft,
        "problem": "" if root else problem,
        "reply_draft": draft,
        "reply_problem": problem,
    }
    seen = page.last if page.has_newer else channel.last_number
    actions.mark_opened(user=user, channel=channel, up_to=seen, has_script=bool(request.COOKIES.get("portal_script")))
    return render(request, "messaging/channel.html", context, status=status)


def _place(request: HttpRequest) -> dict[str, int]:
    for name in ("before", "newer", "around"):
        value = request.GET.get(name, "")
        if value.isascii() and value.isdigit() and len(value) < 18:
            return {name: int(value)}
    return {}


@require_GET
def show_thread(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Show a channel with a thread beside it; the thread alone for htmx."""
    channel = _channel(request, channel_id)
    if not request.headers.get("HX-Request"):
        return _render_channel(request, channel, root_number=number)
    root = queries.root_in(channel, number, viewer=request.user)
    if root is None:
        raise Http404
    context = {
        "channel": channel,
        "root": root,
        "thread": queries.thread_of(root, viewer=request.user),
        "may_send": permissions.can_send(request.user, channel),
        "client_id": uuid.uuid4(),
    }
    return render(request, "messaging/_thread.html", context)


@require_http_methods(["GET", "POST"])
def handle_messages(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """GET: a stretch of history as a partial or as JSON, or with ?after=<change> what was missed. POST: send one."""
    if request.method == "POST":
        return _send(request, channel_id)
    channel = _channel(request, channel_id)
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 18:
        return _missed(request, channel, int(after))
    place = _place(request)
    page = queries.page_of(channel, viewer=request.user, **place)
    if wants_json(request):
        return json_response(queries.page_body(page))
    if "text/html" in request.headers.get("Accept", "") and not request.headers.get("HX-Request"):
        return redirect("chat-channel", channel.pk)  # a refused form was reloaded
    context = {"channel": channel, "page": page, "only": "newer" if "newer" in place else "older"}
    return render(request, "messaging/_history.html", context)


def _missed(request: SignedInRequest, channel: Channel, after: int) -> HttpResponse:
    missed = queries.frames_after(channel.pk, after)
    first = queries.visible_from(channel, request.user)
    changes = [
        {"change": frame.change, "body": orjson.Fragment(frame.body)}
        for frame in missed.frames
        if frame.place is None or frame.place >= first
    ]
    return json_response({"newest": missed.newest, "reload": missed.reload, "changes": changes})


def _send(request: SignedInRequest, channel_id: int) -> HttpResponse:
    channel = teams_queries.readable_channel(request.user, channel_id)
    if channel is None:
        raise Http404
    if not permissions.may_send_now(request.user.pk):
        return _refuse(request, channel, 429, "too_fast", _("That was very fast. Wait a moment; your text is kept."))
    form = SendForm(request.POST)
    if not form.is_valid():
        message = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _refuse(request, channel, 400, "malformed", message)
    try:
        sent = actions.send_message(
            by=request.user,
            channel=channel,
            client_id=form.cleaned_data["client_id"],
            text=form.cleaned_data["text"],
            root_number=form.cleaned_data["root"],
        )
    except actions.MessagingError as error:
        return _refuse(request, channel, STATUS_OF[type(error)], error.code, str(error))
    if wants_json(request):
        body = {"change": sent.message.change, "message": sent.body}
        return json_response(body, status=201 if sent.created else 200)
    root = form.cleaned_data["root"]
    where = reverse("chat-thread", args=[channel.pk, root]) if root else reverse("chat-channel", args=[channel.pk])
    return redirect(f"{where}#message-{sent.message.number}")


def _refuse(request: SignedInRequest, channel: Channel, status: int, code: str, message: str) -> HttpResponse:
    """Say why a message was not stored: JSON for a script, else the page again with the typed text in it."""
    if status == 404:
        raise Http404
    if wants_json(request):
        retry_after = permissions.seconds_to_wait() if status == 429 else None
        return error_response(request, status=status, code=code, message=message, retry_after=retry_after)
    root = request.POST.get("root", "")
    response = _render_channel(
        request,
        channel,
        root_number=int(root) if root.isascii() and root.isdigit() and len(root) < 18 else None,
        draft=request.POST.get("text", ""),
        problem=message,
        status=status,
    )
    if status == 429:
        response.headers["Retry-After"] = str(permissions.seconds_to_wait())
    return response


@require_http_methods(["GET", "POST"])
def start_chat(request: SignedInRequest) -> HttpResponse:
    """Choose people: one opens a direct chat, several a group. `?to=<id>` opens a direct chat from a person's card."""
    form = NewChatForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        people = list(form.cleaned_data["people"])
        try:
            if len(people) == 1:
                channel = teams_actions.open_direct(by=request.user, other=people[0])
            else:
                channel = teams_actions.open_group(by=request.user, others=people, name=form.cleaned_data["name"])
            return redirect("chat-channel", channel.pk)
        except teams_actions.TeamsError as error:
            flashes.error(request, str(error))
    text = request.GET.get("q", "")[:100]
    chosen = _chosen_people(request)
    known = teams_queries.companion_ids(request.user, since=clock.now() - KNOWN_FOR)
    found = search_people(request.user, text=text, nearest_first=True, known=known)
    found = found.exclude(pk__in=[request.user.pk, *(p.pk for p in chosen)])[:30]
    template = "messaging/_people_to_choose.html" if request.headers.get("HX-Request") else "messaging/new_chat.html"
    return render(request, template, {"form": form, "found": found, "chosen": chosen, "query": text})


def _chosen_people(request: SignedInRequest) -> list[User]:
    values = [*request.GET.getlist("people"), *request.POST.getlist("people")][:60]
    ids = {int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 18}
    return list(User.objects.visible_to(request.user).filter(pk__in=ids).with_home())
