"""What the notices of invitations into teams and private channels say."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.teams.models import Invitation

from .models import INVITATION_KEY, Notice
from .registry import NoticeView


def describe_invitations(viewer: Any, notices: list[Notice]) -> dict[int, NoticeView]:
    """Say into what the viewer is invited, and what became of it; one query."""
    ids = {notice.pk: int(notice.key.removeprefix(INVITATION_KEY)) for notice in notices}
    rows = Invitation.objects.filter(user=viewer).select_related("team", "channel__team", "by").in_bulk(ids.values())
    return {notice_id: _view(rows[row_id]) for notice_id, row_id in ids.items() if row_id in rows}


def _view(invitation: Invitation) -> NoticeView:
    place = invitation.place
    name = {"name": invitation.by.display_name}
    into_channel = invitation.channel is not None
    sentence = _("%(name)s invited you into a channel") if into_channel else _("%(name)s invited you into a team")
    return NoticeView(sentence=sentence % name, excerpt=_state(invitation), url=reverse("team-list"), place=place.name)


def _state(invitation: Invitation) -> str:
    if invitation.answered_at is None:
        return _("You have not answered yet.")
    return _("You accepted.") if invitation.is_accepted else _("The invitation is closed.")
