"""Pages of people: the directory, a person, one's own settings."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.http import way_back

from . import actions, queries
from .forms import DirectoryForm, PreferencesForm, StatusForm
from .models import Contrast, Presence, SignedInRequest, User

PEOPLE_A_PAGE = 50


def list_people(request: SignedInRequest) -> HttpResponse:
    """Show the directory, filtered by text, site and staff type; a partial for htmx."""
    form = DirectoryForm(request.GET, viewer=request.user)
    wanted: dict[str, Any] = form.cleaned_data if form.is_valid() else {"q": "", "site": None, "job": ""}
    people = queries.search_people(request.user, text=wanted["q"], site=wanted["site"], job=wanted["job"])
    page = Paginator(people, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    queries.statuses_of(page.object_list)
    queries.mark_on_shifts(page.object_list)
    template = "people/_people.html" if request.headers.get("HX-Request") else "people/directory.html"
    return render(request, template, {"form": form, "page": page, "query": wanted["q"]})


def show_person(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Show the card of a person: name in each script, work, site, phone."""
    person = get_object_or_404(User.objects.visible_to(request.user).with_home().with_status(), pk=user_id)
    context = {
        "person": person,
        "assignments": queries.assignments_of(person),
        "qualifications": queries.qualifications_of(person, viewer=request.user),
    }
    queries.mark_on_shifts([person])
    return render(request, "people/person.html", context)


def edit_status(request: SignedInRequest) -> HttpResponse:
    """Let somebody say that they are not to be disturbed, away, or a few words; the line of the menu alone for a script."""
    user = request.user
    if request.headers.get("HX-Request"):
        return render(request, "_status.html")
    form = StatusForm(request.POST or None, user=user)
    if "clear" in request.POST:
        actions.clear_status(by=user)
        messages.success(request, _("Your status is cleared."))
        return redirect("status")
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if said["presence"] == Presence.AUTO and not said["text"]:
            actions.clear_status(by=user)
        else:
            actions.set_status(by=user, presence=said["presence"], text=said["text"], until=said["until"])
        messages.success(request, _("Your status is kept."))
        return redirect("status")
    return render(request, "people/status.html", {"form": form})


def edit_settings(request: SignedInRequest) -> HttpResponse:
    """Let somebody choose language, theme, contrast and touch size."""
    user = request.user
    initial = {"language": user.language, "theme": user.theme, "contrast": user.contrast, "input": user.input}
    form = PreferencesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        actions.save_preferences(
            user=user,
            language=chosen["language"],
            theme=chosen["theme"],
            contrast=chosen["contrast"],
            input_mode=chosen["input"],
        )
        messages.success(request, _("Your settings are kept."))
        return redirect("settings")
    return render(request, "people/settings.html", {"form": form})


@require_POST
def set_contrast(request: SignedInRequest) -> HttpResponse:
    """Turn high contrast on or off from any page, and go back to it."""
    user = request.user
    contrast = Contrast.MORE if request.POST.get("contrast") == Contrast.MORE else Contrast.AUTO
    actions.save_preferences(
        user=user, language=user.language, theme=user.theme, contrast=contrast, input_mode=user.input
    )
    return HttpResponseRedirect(way_back(request, reverse("settings")))
