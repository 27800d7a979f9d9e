"""The chat list, and opening a chat."""

from datetime import timedelta
from typing import Any

from django.contrib import messages as flashes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.core.http import wants_json
from apps.messaging import queries
from apps.messaging.forms import NewChatForm
from apps.people.models import SignedInRequest, User
from apps.people.queries import search_people
from apps.teams import actions as teams_actions
from apps.teams import queries as teams_queries

from .shared import is_partial, json_response

KNOWN_FOR = timedelta(days=90)  # those whom one wrote with since then come before strangers
LISTS = {"recent", "all", "teams", "unread", "drafts", "archived"}  # what ?show= may be
PARTS = {"unread", "drafts", "archived"}  # those without sections


def list_conversations(request: SignedInRequest) -> HttpResponse:
    """Show the chat list; the list alone for htmx, its rows as JSON for a script, which ones are unread with ?badge=1."""
    if "badge" in request.GET:
        unread = queries.unread_channels(request.user)
        quiet = queries.quiet_channels(request.user)
        return json_response({"unread": len(unread), "channels": unread, "quiet": quiet})
    at = request.GET.get("at", "")
    items, context = list_context(request, at=int(at) if at.isascii() and at.isdigit() and len(at) < 18 else 0)
    if wants_json(request):
        return json_response({"conversations": [queries.conversation_body(item) for item in items]})
    template = "messaging/_conversations.html" if is_partial(request) else "messaging/chat.html"
    return render(request, template, context)


def bring_along(request: SignedInRequest, arrangement: queries.Arrangement) -> None:
    """Give the rest of the request what came with the arrangement: the badges of the rail, the reader's units today."""
    request.badges = arrangement.badges  # type: ignore[attr-defined]
    request.user.__dict__.setdefault("unit_ids_today", list(arrangement.unit_ids))


def list_context(
    request: SignedInRequest, *, at: int = 0, root: int = 0
) -> tuple[list[queries.ConversationItem], dict[str, Any]]:
    """Return the rows of the chat list as ?show= wants it, and what its template needs beside the channel `at`.

    A page shows the newest forty and those that its reader has arranged, unless all are asked for, or a script asks.
    """
    show = request.GET.get("show", "")
    show = show if show in LISTS else "recent"
    limit = queries.SHOWN if show == "recent" and not wants_json(request) else queries.LISTED
    found = queries.list_of(request.user, show=show if show in PARTS else "", at=at, root=root, limit=limit)
    bring_along(request, found.arrangement)
    if show in PARTS:
        sections = [queries.Section("found", "", found.items)] if found.items else []
    else:
        recent = 0 if show == "teams" else queries.RECENT
        sections = queries.sections_of(found.items, recent=recent, own=found.arrangement.sections)
    return list(found.items), {
        "sections": sections,
        "show": show,
        "list_query": "" if show == "recent" else f"?show={show}",
        "at": at,
        "at_threads": request.GET.get("threads") == "1",
        "is_whole": not found.has_more and show not in PARTS,
        "has_more": found.has_more,
        "drafts": found.drafts,
        "unread_threads": found.arrangement.unread_threads,
        "setting": found.arrangement.of(at),
        "kept": found.arrangement.here.get(0, queries.KeptDraft()),
        "kept_reply": found.arrangement.here.get(root, queries.KeptDraft()),
    }


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
    template = "messaging/_people_to_choose.html" if is_partial(request) else "messaging/new_chat.html"
    return render(request, template, {"form": form, "found": found, "chosen": chosen, "query": text})


def _chosen_people(request: SignedInRequest) -> list[User]:
    values = [*request.GET.getlist("people"), *request.POST.getlist("people")][:60]
    ids = {int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 18}
    return list(User.objects.visible_to(request.user).filter(pk__in=ids).with_home())
