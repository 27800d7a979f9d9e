"""Pages of people: the directory, a person, one's own settings."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from . import actions, queries
from .forms import DirectoryForm, PreferencesForm
from .models import SignedInRequest, User

PEOPLE_A_PAGE = 50


def list_people(request: SignedInRequest) -> HttpResponse:
    """Show the directory, filtered by text, site and staff type; a partial for htmx."""
    form = DirectoryForm(request.GET, viewer=request.user)
    wanted: dict[str, Any] = form.cleaned_data if form.is_valid() else {"q": "", "site": None, "job": ""}
    people = queries.search_people(request.user, text=wanted["q"], site=wanted["site"], job=wanted["job"])
    page = Paginator(people, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    template = "people/_people.html" if request.headers.get("HX-Request") else "people/directory.html"
    return render(request, template, {"form": form, "page": page, "query": wanted["q"]})


def show_person(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Show the card of a person: name in each script, work, site, phone."""
    person = get_object_or_404(User.objects.visible_to(request.user).with_home(), pk=user_id)
    return render(request, "people/person.html", {"person": person, "assignments": queries.assignments_of(person)})


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
