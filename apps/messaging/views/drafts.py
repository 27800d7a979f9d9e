"""Drafts: what stands in a composer, for all devices of its author."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.http import error_response, wants_json
from apps.messaging import actions, permissions, queries
from apps.messaging.forms import DraftForm
from apps.messaging.models import Draft
from apps.people.models import SignedInRequest
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

from .shared import json_response, refuse, refuse_haste


@require_http_methods(["GET", "POST"])
def handle_draft(request: SignedInRequest, channel_id: int) -> HttpResponse:
    """GET: the draft of a composer (?root= of a thread). POST: keep what stands in it."""
    channel = teams_queries.readable_channel(request.user, channel_id)
    if channel is None:
        raise Http404
    if request.method == "POST":
        return _save(request, channel)
    form = DraftForm(request.GET)
    root = (form.cleaned_data["root"] or 0) if form.is_valid() else 0
    return _answer(request, queries.draft_of(channel, request.user, root))


def _save(request: SignedInRequest, channel: Channel) -> HttpResponse:
    if request.POST.get("user", str(request.user.pk)) != str(request.user.pk):
        return error_response(request, status=403, code="stranger", message=_("Another person has signed in."))
    if not permissions.may_keep_draft_now(request.user.pk):
        return refuse_haste(request)
    form = DraftForm(request.POST)
    if not form.is_valid():
        message = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return error_response(request, status=400, code="malformed", message=message)
    try:
        draft = actions.save_draft(
            by=request.user,
            channel=channel,
            root_number=form.cleaned_data["root"] or 0,
            text=form.cleaned_data["text"],
            base=form.cleaned_data["base"] or 0,
        )
    except actions.MessagingError as error:
        return refuse(request, error)
    return _answer(request, draft)


def _answer(request: SignedInRequest, draft: Draft) -> HttpResponse:
    """Answer a script; a page shows the draft in its composer."""
    if not wants_json(request):
        if draft.root_number:
            return redirect("chat-thread", draft.channel_id, draft.root_number)
        return redirect("chat-channel", draft.channel_id)
    saved_at = draft.saved_at.isoformat() if draft.version else None
    return json_response({"text": draft.body, "version": draft.version, "saved_at": saved_at})
