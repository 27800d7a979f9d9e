"""Teams, as places to jump to."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from apps.core.hangul import typed_patterns
from apps.core.names import named_like
from apps.core.registries import JumpTarget

from .models import Team, TeamMembership


def find_teams(user: Any, text: str, limit: int) -> list[JumpTarget]:
    """Return the teams whose name is meant: one's own first, archived ones last; none without a text. One query."""
    if not text:
        return []
    teams = Team.objects.visible_to(user).select_related("site")
    for pattern in typed_patterns(text):
        teams = teams.filter(named_like(pattern))
    mine = TeamMembership.objects.open().filter(team=OuterRef("pk"), user=user)
    found = teams.annotate(is_mine=Exists(mine)).order_by("-is_mine", "archived_at", "name_ko", "name_en", "id")
    return [
        JumpTarget(label=team.name, detail=team.site.name, url=reverse("team-detail", args=[team.pk]), icon="teams")
        for team in found[:limit]
    ]
