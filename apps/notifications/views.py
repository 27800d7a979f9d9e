"""The Activity page: what concerns the reader, from all of the portal."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.core.http import error_response, wants_json
from apps.people.models import SignedInRequest

from . import actions, queries
from .forms import ChangeForm
from .models import Notice
from .registry import kinds


@require_GET
def show_activity(request: SignedInRequest) -> HttpResponse:
    """Show one's notices, newest first; the list alone for scripts, and only the count for the badge."""
    if request.GET.get("badge"):
        return JsonResponse({"unread": queries.unread_total(request.user)})
    show = request.GET.get("show", "")
    show = show if show in kinds or show == queries.UNREAD else ""
    before = request.GET.get("before", "")
    page = queries.page_of(request.user, show=show, before=before)
    unread = queries.unread_by_kind(request.user)
    if wants_json(request):
        rows = [_row_body(row) for row in page.rows]
        return JsonResponse({"notices": rows, "unread": sum(unread.values()), "older": page.older})
    context = {
        "page": page,
        "show": show,
        "before": before,
        "here": request.get_full_path(),
        "filters": queries.filter_counts(request.user, unread),
        "unread": sum(unread.values()),
        "unread_here": unread.get(show, 0) if show in kinds else sum(unread.values()),
    }
    is_partial = request.headers.get("HX-Request")
    return render(request, "notifications/_notices.html" if is_partial else "notifications/activity.html", context)


def _row_body(row: queries.NoticeRow) -> dict[str, Any]:
    notice = row.notice
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "sentence": row.view.sentence,
        "excerpt": row.view.excerpt,
        "place": row.view.place,
        "url": row.view.url,
        "actor": notice.actor_id,
        "count": notice.count,
        "at": notice.changed_at.isoformat(),
        "is_unread": row.is_unread,
        "done": row.view.done,
    }


@require_POST
def change_notices(request: SignedInRequest) -> HttpResponse:
    """Mark the chosen notices read or unread, remove them, or mark all of a filter read."""
    form = ChangeForm({**request.POST.dict(), "ids": request.POST.getlist("ids")})
    if not form.is_valid():
        return error_response(request, status=400, code="unknown_action", message=_("Choose what is to be done."))
    action, ids, show = (form.cleaned_data[name] for name in ("action", "ids", "show"))
    if action == "read-all":
        changed = actions.read_notices(by=request.user, show=show)
    elif action == "read":
        changed = actions.read_notices(by=request.user, ids=ids)
    elif action == "unread":
        changed = actions.mark_unread(by=request.user, ids=ids)
    else:
        changed = actions.delete_notices(by=request.user, ids=ids)
    if wants_json(request):
        return JsonResponse({"changed": changed, "unread": queries.unread_total(request.user)})
    if not ids and action != "read-all":
        messages.warning(request, _("Choose notices first, by the boxes beside them."))
    elif action == "remove":
        messages.success(
            request, ngettext("%(count)d notice removed.", "%(count)d notices removed.", changed) % {"count": changed}
        )
    place = {name: form.cleaned_data[name] for name in ("show", "before") if form.cleaned_data[name]}
    return redirect(reverse("activity") + (f"?{urlencode(place)}" if place else ""))


@require_GET
def open_notice(request: SignedInRequest, notice_id: int) -> HttpResponse:
    """Go where a notice leads, and mark it read by that."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=notice_id)
    rows = queries.rows_of(request.user, [notice])
    actions.open_notice(by=request.user, notice=notice)
    if not rows:
        messages.warning(request, _("What this was about is no longer there."))
        return redirect("activity")
    return redirect(rows[0].view.url)
