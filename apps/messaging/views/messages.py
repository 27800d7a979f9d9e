"""What may be done with one message, each with a page of its own for those without a script."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages as flashes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import emoji
from apps.core.http import wants_json, way_back
from apps.core.text import clean_text
from apps.messaging import actions, permissions, queries
from apps.messaging.actions import Changed
from apps.messaging.forms import EditForm, ForwardForm
from apps.messaging.models import Message
from apps.people.models import SignedInRequest

from .channel import render_channel, say_not_here
from .shared import STATUS_OF, find_message, is_partial, json_response, page_context, refuse, refuse_haste

QUICK_REACTIONS = 6
FACES_ON_PAGE = 24
CONVERSATIONS_OFFERED = 30


def address_of(message: Message) -> str:
    """Return where a message is read with what stands around it: in its channel, or in its thread."""
    if message.root is not None:
        where = reverse("chat-thread", args=[message.channel_id, message.root.number])
        return f"{where}?around={message.root.number}&at={message.number}#thread-{message.number}"
    return f"{reverse('chat-channel', args=[message.channel_id])}?around={message.number}#message-{message.number}"


def _render_beside(
    request: SignedInRequest, message: Message, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Show something about a message beside its channel; that part alone for a script."""
    if is_partial(request):
        return render(request, template, {**page_context(request, message), **more}, status=status)
    context = page_context(request, message)
    around = message.root.number if message.root else message.number
    beside = {"message": message, "row": context["row"], **more}
    return render_channel(request, context["channel"], around=around, status=status, pane_template=template, **beside)


@require_GET
def show_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Follow a permalink: the message with what stands around it; its row and source text for a script."""
    message = find_message(request, channel_id, number)
    if not wants_json(request):
        return redirect(address_of(message))
    text = "" if message.deleted_at else message.body
    return json_response({"message": queries.bodies_of([message])[message.pk], "text": text})


@require_GET
def show_menu(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Show all that may be done with a message."""
    message = find_message(request, channel_id, number)
    permalink = request.build_absolute_uri(reverse("chat-message", args=[channel_id, number]))
    quick = [face["n"] for face in emoji.catalogue(request.LANGUAGE_CODE)[:QUICK_REACTIONS]]
    return _render_beside(request, message, "messaging/_message_menu.html", permalink=permalink, quick=quick)


Verb = Callable[..., Changed]


def _do(
    request: SignedInRequest,
    channel_id: int,
    number: int,
    verb: Verb,
    *,
    tell_more: Callable[[Message], dict[str, Any]] | None = None,
    **arguments: Any,
) -> HttpResponse:
    """Do something with a message and answer: its newest state for a script, the message itself for a person."""
    message = find_message(request, channel_id, number)
    if not permissions.may_change_now(request.user.pk):
        return refuse_haste(request)
    try:
        changed = verb(by=request.user, message=message, **arguments)
    except actions.MessagingError as error:
        return refuse(request, error)
    if wants_json(request):
        more = tell_more(changed.message) if tell_more else {}
        return json_response({"change": changed.change, "message": changed.body, **more})
    return redirect(address_of(message))


@require_http_methods(["GET", "POST"])
def edit_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Show the text of one's own message to be changed, and change it."""
    message = find_message(request, channel_id, number)
    if request.method != "POST":
        return _render_beside(request, message, "messaging/_message_edit.html", text=message.body)
    if not permissions.may_change_now(request.user.pk):
        return refuse_haste(request)
    form = EditForm(request.POST)
    if not form.is_valid():
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _refuse_edit(request, message, actions.Malformed(problem), clean_text(request.POST.get("text", "")))
    data = form.cleaned_data
    base = data["base"] if "base" in request.POST else None
    try:
        changed = actions.edit_message(
            by=request.user, message=message, text=data["text"], base=base, is_confirmed=data["confirmed"]
        )
    except actions.MessagingError as error:
        return _refuse_edit(request, message, error, data["text"])
    if wants_json(request):
        not_here = list(changed.not_here)
        return json_response({"change": changed.change, "message": changed.body, "not_here": not_here})
    if changed.not_here:
        flashes.warning(request, say_not_here(changed.not_here))
    return redirect(address_of(message))


def _refuse_edit(request: SignedInRequest, message: Message, error: actions.MessagingError, text: str) -> HttpResponse:
    """Give a text back that was not stored: to a person in the editor, beside the newest one."""
    status = STATUS_OF[type(error)]
    if wants_json(request) or status in {403, 404}:
        return refuse(request, error)
    message = find_message(request, message.channel_id, message.number)  # as it is now
    return _render_beside(
        request,
        message,
        "messaging/_message_edit.html",
        status=status,
        text=text,
        problem=str(error),
        newest=error.more.get("text"),
        confirm=error.more.get("people", 0),
    )


@require_http_methods(["GET", "POST"])
def delete_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Ask whether a message is to go, and delete it."""
    message = find_message(request, channel_id, number)
    if request.method != "POST":
        return _render_beside(request, message, "messaging/_message_delete.html")
    try:
        changed = actions.delete_message(by=request.user, message=message)
    except actions.MessagingError as error:
        return refuse(request, error)
    if wants_json(request):
        undo = permissions.UNDO_SECONDS
        return json_response({"change": changed.change, "message": changed.body, "undo_seconds": undo})
    return redirect(address_of(message))


@require_POST
def restore_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Take a deletion back."""
    return _do(request, channel_id, number, actions.restore_message)


@require_http_methods(["GET", "POST"])
def handle_reactions(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """GET: who reacted with what, and a picker. POST: react (`emoji`, `on`), or take it back."""
    if request.method == "POST":
        verb = actions.add_reaction if request.POST.get("on", "1") == "1" else actions.remove_reaction
        return _do(
            request,
            channel_id,
            number,
            verb,
            tell_more=lambda message: {"mine": queries.own_reactions(message, request.user)},
            emoji_name=request.POST.get("emoji", ""),
        )
    message = find_message(request, channel_id, number)
    return _render_beside(
        request,
        message,
        "messaging/_reactions.html",
        people_of=queries.people_who_reacted(message, viewer=request.user),
        faces=[face["n"] for face in emoji.catalogue(request.LANGUAGE_CODE)[:FACES_ON_PAGE]],
    )


@require_POST
def pin_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Pin a message, or take it from the pins (`on`)."""
    verb = actions.pin_message if request.POST.get("on", "1") == "1" else actions.unpin_message
    return _do(request, channel_id, number, verb)


@require_POST
def acknowledge_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Take note of a message, and go back to the page that the form stood on (`next`)."""
    done = _do(request, channel_id, number, actions.acknowledge)
    is_done = done.status_code == 302 and "next" in request.POST
    return redirect(way_back(request, done.headers["Location"])) if is_done else done


@require_POST
def mark_unread(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Mark a channel unread from a message on."""
    message = find_message(request, channel_id, number)
    actions.mark_unread(user=request.user, channel=message.channel, number=message.number)
    if wants_json(request):
        return json_response({"read": message.number - 1, "last": message.channel.last_number})
    return redirect("chat")


@require_GET
def show_readers(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Show who has got a message how far."""
    message = find_message(request, channel_id, number)
    show = request.GET.get("show", "all")
    show = show if show in {"all", "waiting", "acknowledged"} else "all"
    readers = queries.readers_of(message, message.channel, show=show, after=request.GET.get("after", "")[:30])
    if wants_json(request):
        people = [
            {
                "id": row.person.pk,
                "names": row.person.names,
                "state": row.state,
                "at": row.at and row.at.isoformat(),
                "left": row.has_left,
            }
            for row in readers.people
        ]
        return json_response({"people": people, "counts": readers.counts, "next_after": readers.next_after})
    return _render_beside(request, message, "messaging/_readers.html", readers=readers, show=show)


@require_GET
def show_versions(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Show the earlier texts of a message; of a deleted one nothing."""
    message = find_message(request, channel_id, number)
    versions = [] if message.deleted_at else queries.versions_of(message)
    return _render_beside(request, message, "messaging/_versions.html", versions=versions)


@require_http_methods(["GET", "POST"])
def forward_message(request: SignedInRequest, channel_id: int, number: int) -> HttpResponse:
    """Choose conversations (?q=) that a message goes to, and send it there."""
    message = find_message(request, channel_id, number)
    if message.deleted_at is not None:
        return refuse(request, actions.MessageDeleted(_("This message was deleted.")))
    form = ForwardForm(request.POST or None, viewer=request.user)
    confirm = 0
    if request.method == "POST" and form.is_valid():
        try:
            return _forward(request, message, form.cleaned_data)
        except actions.MentionNeedsConfirmation as error:
            if wants_json(request):
                return refuse(request, error)
            confirm = error.more["people"]
        except actions.MessagingError as error:
            return refuse(request, error)
    if request.method == "POST" and wants_json(request):
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return json_response({"error": "malformed", "message": problem}, status=400)
    wanted = request.GET.get("q", "")[:100]
    found = queries.conversations_to_choose(request.user, wanted)[:CONVERSATIONS_OFFERED]
    client_id = request.POST.get("client_id") or uuid.uuid4()
    more: dict[str, Any] = {"found": found, "query": wanted, "form": form, "client_id": client_id, "confirm": confirm}
    more["chosen"] = [channel.pk for channel in form.cleaned_data["to"]] if confirm else []
    return _render_beside(request, message, "messaging/_message_forward.html", **more)


def _forward(request: SignedInRequest, message: Message, data: dict[str, Any]) -> HttpResponse:
    sent: list[dict[str, Any]] = []
    base = data["client_id"] or uuid.uuid4()
    for channel in data["to"]:
        # One id a conversation, the same again when the request is repeated.
        client_id = uuid.uuid5(base, str(channel.pk))
        if not permissions.may_send_now(request.user.pk):
            return refuse_haste(request)
        done = actions.forward_message(
            by=request.user,
            source=message,
            channel=channel,
            client_id=client_id,
            text=data["text"],
            is_confirmed=data["confirmed"],
        )
        if done.not_here and not wants_json(request):
            flashes.warning(request, say_not_here(done.not_here))
        sent.append({"channel": channel.pk, "number": done.message.number})
    if wants_json(request):
        return json_response({"sent": sent})
    flashes.success(request, _("The message was forwarded."))
    return redirect(address_of(message))


@require_GET
def list_emoji(request: SignedInRequest) -> HttpResponse:
    """Return the emoji that a picker offers, with words to find them by in the reader's language."""
    response = json_response(emoji.catalogue(request.LANGUAGE_CODE))
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
