"""Rosters in the administration: the list, a new one, and the grid with its endpoints.

The grid is one page. What it changes goes through the same actions as everything else; the page and its script ask the same
views, a browser for a page and the script for JSON.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.core.admin import PortalAdmin
from apps.core.http import wants_json
from apps.people.models import User
from apps.rosters import actions, permissions, queries, rules
from apps.rosters.models import Pattern, Plan, ShiftType

from . import forms
from .page import GridPage, edited_json, shown_events, title_of, word_day

MOST_EDITS = 5000  # a month of a large ward at once
STATUS = {
    "edited_meanwhile": 409,
    "rule_broken": 422,
    "not_yours": 403,
    "busy": 503,
}


@admin.register(Plan)
class PlanAdmin(PortalAdmin):
    readers = ("unit_manager",)
    list_display = ("unit_name", "days", "state", "published_on", "created_by")
    list_filter = ("state", ("unit", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("unit__department__site", "created_by")
    search_fields = ("unit__name_ko", "unit__name_en", "unit__name_ar", "unit__code")
    ordering = ("-during", "unit")
    form = forms.NewPlanForm
    fields = ("unit", "month")

    @admin.display(description=gettext_lazy("Unit"), ordering="unit")
    def unit_name(self, plan: Plan) -> str:
        return f"{plan.unit.department.site.name} · {plan.unit.name}"

    @admin.display(description=gettext_lazy("Days"), ordering="during")
    def days(self, plan: Plan) -> str:
        return title_of(plan)

    @admin.display(description=gettext_lazy("Published"), ordering="published_at", empty_value="–")
    def published_on(self, plan: Plan) -> str | None:
        zone = plan.unit.department.site.zone
        return date_format(plan.published_at.astimezone(zone), "DATE_FORMAT") if plan.published_at else None

    # -- Who may ------------------------------------------------------------------------------------------------------
    def may_change(self, request: HttpRequest, obj: Any | None) -> bool:
        user: Any = request.user
        if obj is None:
            return self.may_read(request)
        return permissions.can_manage_unit(user, obj.unit)

    def find_plan(self, request: HttpRequest, pk: int) -> Plan:
        """Return a roster of the reader's units; any other is not there."""
        if not self.may_read(request):
            raise Http404
        plan: Plan = get_object_or_404(self.get_queryset(request).select_related("unit__department__site"), pk=pk)
        return plan

    # -- The list and a new roster ------------------------------------------------------------------------------------
    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"viewer": request.user})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        context = {"title": _("New roster"), "show_save_and_continue": False, "show_save_and_add_another": False}
        try:
            return super().add_view(request, form_url, {**(extra_context or {}), **context})
        except actions.RostersError as error:
            messages.error(request, str(error))
            asked = {name: request.POST.get(name, "") for name in self.fields}
            return redirect(f"{reverse('admin:rosters_plan_add')}?{urlencode(asked)}")

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        made = forms.open_plan(form, request.user)
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Plan, post_url_continue: str | None = None) -> HttpResponse:
        return redirect("admin:rosters_plan_grid", obj.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A roster is changed in its grid."""
        if not object_id.isdecimal():
            raise Http404
        return redirect("admin:rosters_plan_grid", self.find_plan(request, int(object_id)).pk)

    # -- The grid's addresses -----------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/grid/", wrap(self.show_grid), name="rosters_plan_grid"),
            path("<int:pk>/grid/state/", wrap(require_GET(self.show_state)), name="rosters_plan_grid_state"),
            path("<int:pk>/grid/edit/", wrap(require_POST(self.edit_cells)), name="rosters_plan_grid_edit"),
            path("<int:pk>/grid/act/", wrap(require_POST(self.act)), name="rosters_plan_grid_act"),
            path("<int:pk>/grid/hole/<str:day>/<int:type_id>/", wrap(self.show_hole), name="rosters_plan_hole"),
            path("<int:pk>/grid/<int:user_id>/<str:day>/", wrap(self.show_cell), name="rosters_plan_cell"),
        ]
        return [*own, *super().get_urls()]

    def show_grid(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The roster: people down, days across."""
        plan, user = self.find_plan(request, pk), _reader(request)
        page = GridPage(plan, user)
        shown = {
            "copy": forms.CopyForm(plan, user, is_fresh=page.is_empty),
            "pattern": forms.PatternForm(plan, user),
            "publish": forms.PublishForm(plan, user),
        }
        context = {
            **self.admin_site.each_context(request),
            "is_nav_sidebar_enabled": False,
            "title": f"{plan.unit.name} · {page.title}",
            "opts": self.opts,
            "plan": plan,
            "page": page,
            "forms": shown,
            "can_edit": page.can_edit,
        }
        return TemplateResponse(request, "rosters/plan/grid.html", context)

    def show_state(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changed since the script last heard: nothing, or the whole grid."""
        plan = self.find_plan(request, pk)
        if request.GET.get("after") == str(plan.last_change):
            return HttpResponse(status=204)
        return JsonResponse(GridPage(plan, _reader(request)).as_json())

    def edit_cells(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cells that somebody typed, pasted or filled: all of them, or none."""
        plan, user = self.find_plan(request, pk), _reader(request)
        order = _parse_edits(request)
        try:
            done = actions.set_cells(
                by=user,
                plan=plan,
                edits=order.edits,
                base_change=order.base_change,
                batch=order.batch,
                reason=order.reason,
                approved_by=user if order.is_approved else None,
            )
        except actions.RostersError as error:
            return self.refuse(request, plan, error)
        return JsonResponse(edited_json(plan, done))

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Something that is done with the roster as a whole, by a form."""
        plan = self.find_plan(request, pk)
        verb = VERBS.get(request.POST.get("do", ""))
        if verb is None:
            raise BadRequest("There is no such verb.")
        try:
            message = verb(plan, _reader(request), request)
        except actions.RostersError as error:
            return self.refuse(request, plan, error)
        return self.answer(request, plan, message)

    def show_cell(self, request: HttpRequest, pk: int, user_id: int, day: str) -> HttpResponse:
        """One cell: its form, for those without a script and for its note, and its history."""
        plan, on = self.find_plan(request, pk), _parse_day(day)
        person = get_object_or_404(User.objects.visible_to(request.user), pk=user_id)
        if not plan.during.lower <= on < plan.during.upper or user_id not in queries.people_in(plan):
            raise Http404
        if request.method != "POST":
            return self.draw_cell(request, plan, person, on, _form_of(plan, person, on))
        form = forms.CellForm(request.POST)
        if not form.is_valid():
            return self.draw_cell(request, plan, person, on, form)
        try:
            _save_cell(plan, _reader(request), person, on, form)
        except actions.RostersError as error:
            if wants_json(request):
                return self.refuse(request, plan, error)
            return self.draw_cell(request, plan, person, on, form, error)
        return self.answer(request, plan, _("The cell is saved."))

    def draw_cell(
        self,
        request: HttpRequest,
        plan: Plan,
        person: User,
        on: date,
        form: forms.CellForm,
        error: actions.RostersError | None = None,
    ) -> HttpResponse:
        """Show a cell's form and history; with what was refused, and what was typed."""
        user = _reader(request)
        is_part = bool(request.headers.get("HX-Request"))
        context = {
            **({} if is_part else self.admin_site.each_context(request)),
            "opts": self.opts,
            "title": f"{person.display_name} · {word_day(on)}",
            "plan": plan,
            "person": person,
            "day": on.isoformat(),
            "day_words": word_day(on),
            "form": form if permissions.can_edit_plan(user, plan) else None,
            "types": queries.codes_of(plan.unit).types,
            "events": shown_events(queries.history_of(plan, person.pk, on)),
            "sentences": sentences_of(error) if error else [],
        }
        name = "_cell" if is_part else "cell"
        return TemplateResponse(
            request, f"rosters/plan/{name}.html", context, status=status_of(error) if error else 200
        )

    def show_hole(self, request: HttpRequest, pk: int, day: str, type_id: int) -> HttpResponse:
        """Why nobody fills a shift on a day."""
        plan, on = self.find_plan(request, pk), _parse_day(day)
        shift_type = get_object_or_404(ShiftType.objects.visible_to(request.user).of_unit(plan.unit), pk=type_id)
        hole = queries.hole_of(plan, on, shift_type, skill=request.GET.get("skill", ""))
        is_part = bool(request.headers.get("HX-Request"))
        context = {} if is_part else self.admin_site.each_context(request)
        title = f"{shift_type.code} · {word_day(on)}"
        free = list(User.objects.visible_to(request.user).filter(pk__in=hole.free))
        template = "rosters/plan/_hole.html" if is_part else "rosters/plan/hole.html"
        return TemplateResponse(
            request, template, {**context, "opts": self.opts, "plan": plan, "title": title, "hole": hole, "free": free}
        )

    # -- Answers ------------------------------------------------------------------------------------------------------
    def answer(self, request: HttpRequest, plan: Plan, message: str = "") -> HttpResponse:
        """Answer what was done: a script with the newest state, a form with the page."""
        if not wants_json(request):
            if message:
                messages.success(request, message)
            return redirect("admin:rosters_plan_grid", plan.pk)
        newest = self.find_plan(request, plan.pk)
        page = GridPage(newest, _reader(request))
        # A roster in another state has other tools: the page is drawn anew.
        has_new_tools = newest.state != plan.state
        if has_new_tools:
            messages.success(request, message)
        return JsonResponse({**page.as_json(), "message": message, "reload": has_new_tools})

    def refuse(self, request: HttpRequest, plan: Plan, error: actions.RostersError) -> HttpResponse:
        """Answer what was refused, with the sentence that names the cell or the rule."""
        if not wants_json(request):
            messages.error(request, " ".join([str(error), *sentences_of(error)[1:]]))
            return redirect("admin:rosters_plan_grid", plan.pk)
        answer: dict[str, Any] = {"error": error.code, "message": str(error), "sentences": sentences_of(error)}
        if isinstance(error, actions.CellError):
            answer["cells"] = [{"user": error.user_id, "day": error.day.isoformat()}]
        if isinstance(error, actions.EditedMeanwhile):
            answer["cells"] = [_word_state(cell, plan) for cell in error.cells]
            answer["state"] = GridPage(plan, _reader(request)).as_json()
        return JsonResponse(answer, status=status_of(error))


# -- What a request says --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class EditOrder:
    """What the script asks for in one gesture."""

    edits: list[actions.CellEdit]
    base_change: int
    batch: uuid.UUID
    reason: str
    is_approved: bool


def _reader(request: HttpRequest) -> User:
    user: Any = request.user
    found: User = user
    return found


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None


def _parse_edits(request: HttpRequest) -> EditOrder:
    """Read the script's JSON. Raises BadRequest where it is none."""
    try:
        asked = json.loads(request.body)
        edits = [
            actions.CellEdit(int(user_id), date.fromisoformat(day), tuple(str(code) for code in codes))
            for user_id, day, codes in asked["edits"]
        ]
        order = EditOrder(
            edits,
            int(asked["base_change"]),
            uuid.UUID(asked["batch"]),
            str(asked.get("reason", ""))[:300],
            bool(asked.get("is_approved")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest("These are no edits of a roster.") from error
    if not 0 < len(edits) <= MOST_EDITS:
        raise BadRequest("Too many edits at once, or none.")
    return order


def _form_of(plan: Plan, person: User, on: date) -> forms.CellForm:
    """Return the form of a cell with what stands in it."""
    rows = [row for row in queries.drafted(plan, [person.pk], on, on + forms.DAY) if row.day == on]
    return forms.CellForm(
        initial={
            "codes": " ".join(row.code for row in rows),
            "note": next((row.note for row in rows if row.note), ""),
            "is_locked": any(row.is_locked for row in rows),
            "base_change": plan.last_change,
        }
    )


def _save_cell(plan: Plan, by: User, person: User, on: date, form: forms.CellForm) -> None:
    """Write what a cell's form says: codes and note, and the lock."""
    said = form.cleaned_data
    cell = (person.pk, on)
    was_locked = any(row.is_locked for row in queries.drafted(plan, [person.pk], on, on + forms.DAY) if row.day == on)
    if was_locked and not said["is_locked"]:
        actions.lock_cells(by=by, plan=plan, cells=[cell], on=False)
    actions.set_cells(
        by=by,
        plan=plan,
        edits=[actions.CellEdit(person.pk, on, form.edit_codes, said["note"])],
        base_change=said["base_change"],
        reason=said["reason"],
        approved_by=by if said["is_approved"] else None,
    )
    if said["is_locked"] and not was_locked:
        actions.lock_cells(by=by, plan=plan, cells=[cell], on=True)


# -- What an answer says --------------------------------------------------------------------------------------------------
def status_of(error: actions.RostersError) -> int:
    """Return the HTTP status of what was refused."""
    return STATUS.get(error.code, 400)


def sentences_of(error: actions.RostersError) -> list[str]:
    """Return what was refused in sentences: one for each rule that it would break."""
    if isinstance(error, actions.RuleBroken):
        return list(dict.fromkeys(rules.sentence_of(finding) for finding in error.findings))
    return [str(error)]


def _word_state(cell: Any, plan: Plan) -> dict[str, Any]:
    """Return what stands in a cell now, and who wrote it when, by the clock of the roster's site."""
    at = cell.at.astimezone(plan.unit.department.site.zone) if cell.at else None
    return {
        "user": cell.user_id,
        "day": cell.day.isoformat(),
        "text": "/".join(entry.code for entry in cell.entries),
        "by": cell.by,
        "at": f"{at:%H:%M}" if at else "",
    }


def _word_edited(done: actions.Edited) -> str:
    """Say how many cells a verb changed, and why others stayed as they were."""
    count = len(done.cells)
    words = [ngettext("%(count)d cell changed.", "%(count)d cells changed.", count) % {"count": count}]
    if done.left_out:
        left = len(done.left_out)
        words.append(
            ngettext(
                "%(count)d stayed as it was: %(why)s", "%(count)d stayed as they were, the first because: %(why)s", left
            )
            % {"count": left, "why": done.left_out[0].why}
        )
    return " ".join(words)


# -- Verbs of the whole roster --------------------------------------------------------------------------------------------
def _cleaned(form: forms.PlanForm) -> dict[str, Any]:
    """Return what a form of the page says. Raises RostersError with its first complaint."""
    if form.is_valid():
        return form.cleaned_data
    name, complaints = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else ""
    raise actions.RostersError(f"{label}: {complaints[0]}" if label else str(complaints[0]))


def _undo(plan: Plan, by: User, request: HttpRequest) -> str:
    return _word_edited(actions.undo(by=by, plan=plan))


def _redo(plan: Plan, by: User, request: HttpRequest) -> str:
    return _word_edited(actions.redo(by=by, plan=plan))


def _copy(plan: Plan, by: User, request: HttpRequest) -> str:
    said = _cleaned(forms.CopyForm(plan, by, request.POST))
    return _word_edited(
        actions.copy_range(
            by=by,
            plan=plan,
            source_first=said["source_first"],
            days=said["days"],
            target_first=said["target_first"],
        )
    )


def _apply_pattern(plan: Plan, by: User, request: HttpRequest) -> str:
    said = _cleaned(forms.PatternForm(plan, by, request.POST))
    pattern = get_object_or_404(Pattern.objects.managed_by(by), pk=said["pattern"])
    return _word_edited(
        actions.apply_pattern(
            by=by, plan=plan, pattern=pattern, first=said["first_on"], last=said["last_on"] + forms.DAY
        )
    )


def _lock(plan: Plan, by: User, request: HttpRequest) -> str:
    """Lock the chosen cells, or unlock them where all are locked."""
    cells = set()
    for text in request.POST.getlist("cell")[:MOST_EDITS]:
        user_id, _colon, day = text.partition(":")
        if not user_id.isdecimal():
            raise BadRequest("This is no cell.")
        cells.add((int(user_id), _parse_day(day)))
    if not cells:
        raise BadRequest("Which cells?")
    days = [day for _user, day in cells]
    rows = queries.drafted(plan, {user_id for user_id, _day in cells}, min(days), max(days) + forms.DAY)
    chosen = [row for row in rows if row.cell in cells]
    return _word_edited(actions.lock_cells(by=by, plan=plan, cells=cells, on=not all(row.is_locked for row in chosen)))


def _publish(plan: Plan, by: User, request: HttpRequest) -> str:
    said = _cleaned(forms.PublishForm(plan, by, request.POST))
    done = actions.publish_plan(
        by=by,
        plan=plan,
        first=said["first_on"],
        last=said["last_on"] + forms.DAY,
        notify=said["notify"],
        reason=request.POST.get("reason", "")[:300],
        approved_by=by if request.POST.get("is_approved") else None,
    )
    return _("Published. %(cells)d cells of %(people)d people changed; %(told)d were told.") % {
        "cells": done.cells,
        "people": len(done.affected),
        "told": len(done.told),
    }


def _recall(plan: Plan, by: User, request: HttpRequest) -> str:
    actions.recall_plan(by=by, plan=plan, reason=request.POST.get("reason", "")[:200])
    return _("The roster is taken back. What stands in it is a draft again.")


def _close(plan: Plan, by: User, request: HttpRequest) -> str:
    actions.close_plan(by=by, plan=plan)
    return _("The roster is closed and its counts are kept.")


def _move(plan: Plan, by: User, request: HttpRequest) -> str:
    actions.move_state(by=by, plan=plan, state=request.POST.get("state", ""))
    return _("The state of the roster changed.")


VERBS: dict[str, Callable[[Plan, User, HttpRequest], str]] = {
    "undo": _undo,
    "redo": _redo,
    "copy": _copy,
    "pattern": _apply_pattern,
    "lock": _lock,
    "publish": _publish,
    "recall": _recall,
    "close": _close,
    "state": _move,
}
