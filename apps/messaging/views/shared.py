"""What the views of chat share: how objects are found, how errors are answered."""

from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.core.http import error_response
from apps.messaging import actions, permissions, queries
from apps.messaging.models import Message
from apps.people.models import SignedInRequest
from apps.teams import permissions as teams_permissions
from apps.teams import queries as teams_queries
from apps.teams.models import Channel

STATUS_OF: dict[type[actions.MessagingError], int] = {
    actions.Malformed: 400,
    actions.EmptyMessage: 400,
    actions.MessageTooLong: 413,
    actions.ChannelArchived: 409,
    actions.NotAMember: 404,
    actions.NoSuchRoot: 409,
    actions.ClientIdTaken: 409,
    actions.MentionNeedsConfirmation: 409,
    actions.NotYours: 403,
    actions.TooLate: 403,
    actions.MessageDeleted: 409,
    actions.EditedMeanwhile: 409,
    actions.UnknownEmoji: 400,
    actions.TooManyReactions: 409,
    actions.NothingToAcknowledge: 409,
    actions.DraftConflict: 409,
    actions.TooManySections: 409,
    actions.SectionExists: 409,
}


def json_response(data: Any, *, status: int = 200) -> HttpResponse:
    """Answer a script."""
    return HttpResponse(orjson.dumps(data), status=status, content_type="application/json")


def is_partial(request: HttpRequest) -> bool:
    """Tell whether a script wants a part of a page."""
    return bool(request.headers.get("HX-Request"))


def find_channel(request: SignedInRequest, channel_id: int, *, with_mark: bool = False) -> Channel:
    """Return a channel that the reader reads, with what its page shows of it where it is to be shown. Raises Http404."""
    channel = queries.find_channel(request.user, channel_id, with_mark=with_mark)
    if channel is None:
        raise Http404
    return channel


def find_message(request: SignedInRequest, channel_id: int, number: int) -> Message:
    """Return a message that the reader sees, with its channel; three small queries. Raises Http404."""
    channel = teams_queries.readable_channel(request.user, channel_id)
    message = queries.message_in(channel, number, viewer=request.user) if channel else None
    if message is None:
        raise Http404
    return message


def page_context(request: SignedInRequest, message: Message) -> dict[str, Any]:
    """Return what the pages about one message show."""
    channel = find_channel(request, message.channel_id)
    message.channel = channel
    may_manage = teams_permissions.can_manage_channel(request.user, channel)
    companions = teams_queries.companions([channel], request.user).get(channel.pk, [])
    return {
        "channel": channel,
        "title": queries.title_of(channel, companions),
        "message": message,
        "row": queries.row_of(message, viewer=request.user, may_manage=may_manage),
        "may_manage": may_manage,
        "may_write": permissions.can_send(request.user, channel),
    }


def refuse(request: HttpRequest, error: actions.MessagingError) -> HttpResponse:
    """Answer an error of an action: JSON for a script, a page for a person. Raises Http404 where nothing may be told."""
    status = STATUS_OF[type(error)]
    if status == 404:
        raise Http404
    return error_response(request, status=status, code=error.code, message=str(error), **error.more)


def refuse_haste(request: HttpRequest) -> HttpResponse:
    """Answer somebody who is far too fast."""
    return error_response(
        request,
        status=429,
        code="too_fast",
        message=_("That was very fast. Wait a moment; your text is kept."),
        retry_after=permissions.seconds_to_wait(),
    )
