"""A channel's page, its history, and sending. A script gets JSON, a person a page."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.contrib import messages as flashes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.http import error_response, wants_json
from apps.messaging import actions, permissions, queries
from apps.messaging.forms import SendForm
from apps.messaging.models import Message
from apps.people.models import SignedInRequest
from apps.teams import permissions as teams_permissions
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

from .conversations import list_context
from .shared import STATUS_OF, find_channel, is_partial, json_response


@require_GET
def show_channel(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Show a channel at its newest messages, or at ?around=<number>; opening it marks it read without JavaScript."""
    channel = find_channel(request, channel_id, with_mark=True)
    return render_channel(request, channel)


def render_channel(
    request: SignedInRequest,
    channel: Channel,
    *,
    root_number: int | None = None,
    around: int | None = None,
    thread: queries.Thread | None = None,
    draft: str = "",
    problem: str = "",
    confirm: int = 0,
    status: int = 200,
    **beside: Any,
) -> HttpResponse:
    """Show a channel, with a thread beside it, or whatever `pane_template` in `beside` names."""
    user = request.user
    conversations = list_context(request, at=channel.pk, root=root_number or 0)[
        1
    ]  # first: it brings the reader's units
    mark = queries.mark_of(channel, user)
    read = queries.read_up_to(mark)
    first_unread = read + 1 if read < channel.last_number else 0
    place = {"around": around} if around else _place(request)
    may_manage = teams_permissions.can_manage_channel(user, channel)
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
        **conversations,
        "page": page,
        "threads_with_news": queries.threads_with_news(channel, viewer=user, first_unread=first_unread, besides=page),
        "read": read,
        "marks": queries.marks_of(channel),
        "thread": thread or (queries.thread_of(root, viewer=user) if root else None),
        "root": root,
        "may_send": permissions.can_send(user, channel),
        "may_write": permissions.can_send(user, channel),
        "may_manage": may_manage,
        "me_keys": " ".join(sorted(queries.keys_of(user))),
        "pins_count": queries.count_pins(channel),
        "undo_seconds": permissions.UNDO_SECONDS,
        "client_id": request.POST.get("client_id") or uuid.uuid4(),
        "me": {"names": user.names, "titles": user.titles},
        # What was refused stands in the box that it was written in, else what was kept there.
        "draft": ("" if root else draft) or conversations["kept"].text,
        "problem": "" if root else problem,
        "reply_draft": draft or conversations["kept_reply"].text,
        "reply_problem": problem,
        "confirm": confirm,
        "asks": request.POST.get("ask", ""),
        **beside,
    }
    seen = page.last if page.has_newer else channel.last_number
    has_script = bool(request.COOKIES.get("portal_script"))
    actions.mark_opened(user=user, channel=channel, up_to=seen, has_script=has_script)
    if not has_script:
        request.badges = {}  # type: ignore[attr-defined]  # they were counted before this page was read
    return render(request, "messaging/channel.html", context, status=status)


def _place(request: HttpRequest, names: Sequence[str] = ("before", "newer", "around")) -> dict[str, int]:
    for name in names:
        value = request.GET.get(name, "")
        if value.isascii() and value.isdigit() and len(value) < 18:
            return {name: int(value)}
    return {}


@require_GET
def show_thread(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Show a channel with a thread beside it, at its newest replies, those ?before= or ?newer=, or those around ?at=.

    The thread alone for a script, and of it ?part=older or newer: the replies alone.
    """
    channel = find_channel(request, channel_id)
    user = request.user
    root = queries.root_in(channel, number, viewer=user)
    if root is None:
        raise Http404
    place = _place(request, ("before", "newer", "at"))
    thread = queries.thread_of(root, viewer=user, **place)
    if not thread.page.has_newer:
        has_script = bool(request.COOKIES.get("portal_script"))
        actions.mark_thread_opened(user=user, channel=channel, root=root, has_script=has_script)
    if not is_partial(request):
        around = number if place else None
        return render_channel(request, channel, root_number=number, around=around, thread=thread)
    context = _thread_context(request, channel, root, thread)
    if place and request.GET.get("part") in {"older", "newer"}:
        return render(request, "messaging/_thread_replies.html", {**context, "only": request.GET["part"]})
    return render(request, "messaging/_thread.html", context)


def _thread_context(
    request: SignedInRequest, channel: Channel, root: Message, thread: queries.Thread
) -> dict[str, Any]:
    user = request.user
    may_manage = teams_permissions.can_manage_channel(user, channel)
    kept = queries.draft_of(channel, user, root.number)
    return {
        "channel": channel,
        "root": root,
        "reply_draft": kept.body,
        "kept_reply": queries.KeptDraft(kept.body, kept.version),
        "thread": thread,
        "may_send": permissions.can_send(user, channel),
        "may_write": permissions.can_send(user, channel),
        "may_manage": may_manage,
        "client_id": uuid.uuid4(),
    }


@require_POST
def follow_thread(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Begin or cease to follow a thread (`on`)."""
    channel = find_channel(request, channel_id)
    root = queries.root_in(channel, number, viewer=request.user)
    if root is None:
        raise Http404
    on = request.POST.get("on") == "1"
    actions.follow_thread(by=request.user, root=root, on=on)
    if wants_json(request):
        return json_response({"following": on})
    return redirect("chat-thread", channel.pk, root.number)


@require_GET
def show_pins(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Show what is pinned in a channel, beside it."""
    channel = find_channel(request, channel_id)
    context = {
        "channel": channel,
        "pins": queries.pins_of(channel, viewer=request.user),
        "may_write": permissions.can_send(request.user, channel),
    }
    if is_partial(request):
        return render(request, "messaging/_pins.html", context)
    return render_channel(request, channel, pane_template="messaging/_pins.html", pins=context["pins"])


@require_GET
def suggest_mentions(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """Offer whom a text may mention, for what was typed after an "@" (?q=)."""
    channel = find_channel(request, channel_id)
    found = queries.suggest_mentions(channel, request.user, request.GET.get("q", "")[:80])
    return json_response({"found": [asdict(suggestion) for suggestion in found]})


@require_http_methods(["GET", "POST"])
def handle_messages(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """GET: a stretch of history as a partial or as JSON, or with ?after=<change> what was missed. POST: send one."""
    if request.method == "POST":
        return _send(request, channel_id)
    channel = find_channel(request, channel_id)
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 18:
        return _missed(request, channel, int(after))
    place = _place(request)
    page = queries.page_of(channel, viewer=request.user, **place)
    if wants_json(request):
        return json_response(queries.page_body(page))
    if "text/html" in request.headers.get("Accept", "") and not is_partial(request):
        return redirect("chat-channel", channel.pk)  # a refused form was reloaded
    context = {
        "channel": channel,
        "page": page,
        "may_write": permissions.can_send(request.user, channel),
        "only": "newer" if "newer" in place else "older",
    }
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
    root = form.cleaned_data["root"]
    try:
        sent = actions.send_message(
            by=request.user,
            channel=channel,
            client_id=form.cleaned_data["client_id"],
            text=form.cleaned_data["text"],
            root_number=root,
            asks_acknowledgement=form.cleaned_data["ask"],
            is_confirmed=form.cleaned_data["confirmed"],
        )
    except actions.MessagingError as error:
        return _refuse(request, channel, STATUS_OF[type(error)], error.code, str(error), **error.more)
    if wants_json(request):
        body = {"change": sent.message.change, "message": sent.body, "not_here": list(sent.not_here)}
        return json_response(body, status=201 if sent.created else 200)
    if sent.not_here:
        flashes.warning(request, say_not_here(sent.not_here))
    where = reverse("chat-thread", args=[channel.pk, root]) if root else reverse("chat-channel", args=[channel.pk])
    return redirect(f"{where}#message-{sent.message.number}")


def say_not_here(names: Sequence[str]) -> str:
    """Say who was mentioned and was not told, because they do not belong here."""
    return ngettext(
        "%(names)s does not belong to this conversation and was not told.",
        "%(names)s do not belong to this conversation and were not told.",
        len(names),
    ) % {"names": ", ".join(names)}


def _refuse(
    request: SignedInRequest, channel: Channel, status: int, code: str, message: str, **more: Any
) -> HttpResponse:
    """Say why a message was not stored: JSON for a script, else the page again with the typed text in it."""
    if status == 404:
        raise Http404
    if wants_json(request):
        retry_after = permissions.seconds_to_wait() if status == 429 else None
        return error_response(request, status=status, code=code, message=message, retry_after=retry_after, **more)
    root = request.POST.get("root", "")
    response = render_channel(
        request,
        channel,
        root_number=int(root) if root.isascii() and root.isdigit() and len(root) < 18 else None,
        draft=request.POST.get("text", ""),
        problem=message,
        confirm=more.get("people", 0),
        status=status,
    )
    if status == 429:
        response.headers["Retry-After"] = str(permissions.seconds_to_wait())
    return response
