"""Teams and who is in them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.names import LocalizedName, has_a_name
from apps.people.models import StaffType
from apps.people.queries import own_sites
from apps.sites.models import Site


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: Any) -> "TeamQuerySet":
        """Return own teams, those one is invited to, and the open ones of one's sites (not for guests)."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = models.Q(pk__in=TeamMembership.objects.open().filter(user=user).values("team"))
        invited = models.Q(invitations__user=user, invitations__answered_at=None)
        condition = mine | models.Q(pk__in=self.model._base_manager.filter(invited).values("pk"))
        if user.job != StaffType.GUEST:
            condition |= models.Q(is_open=True, archived_at=None, site__in=own_sites(user))
        return self.filter(condition)

    def managed_by(self, user: Any) -> "TeamQuerySet":
        """Return all teams for IT (names and members, never messages)."""
        return self if user.is_authenticated and user.is_active and user.has_role("it") else self.none()


class Team(LocalizedName):
    """People who work together: at one site by default, with channels of their own."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="teams", verbose_name=_("site"))
    is_open = models.BooleanField(
        _("open"), default=False, help_text=_("Anyone at the site may join an open team; a closed one invites.")
    )
    description = models.CharField(_("what it is for"), max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), default=clock.now)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    import_key = models.CharField(max_length=120, null=True, blank=True, unique=True, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints: ClassVar = [has_a_name("team_has_a_name")]
        indexes: ClassVar = [
            models.Index(
                fields=["site"], name="open_teams_of_a_site", condition=models.Q(is_open=True, archived_at=None)
            )
        ]

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class MembershipQuerySet(models.QuerySet[Any]):
    def open(self) -> "MembershipQuerySet":
        return self.filter(left_at=None)


class TeamMembership(models.Model):
    """Somebody in a team; the row is closed when they leave, never deleted."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="team_memberships")
    is_owner = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "user"], name="one_open_team_membership", condition=models.Q(left_at=None)
            )
        ]
        indexes: ClassVar = [
            # queries.channels_of: the teams of a batch of users
            models.Index(fields=["user", "team"], name="teams_of_a_user", condition=models.Q(left_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in team {self.team_id}"
