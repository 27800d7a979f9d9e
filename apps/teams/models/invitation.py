"""Invitations into closed teams and private channels."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from apps.core import clock

from .channel import Channel
from .team import Team


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(answered_at=None)

    def visible_to(self, user: Any) -> "InvitationQuerySet":
        """Return one's own open invitations."""
        return self.open().filter(user=user) if user.is_authenticated and user.is_active else self.none()


class Invitation(models.Model):
    """An offer to come in, until it is answered; one open at a time."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="invitations")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="invitations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    is_accepted = models.BooleanField(default=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(team=None, channel__isnull=False) | models.Q(team__isnull=False, channel=None),
                name="invitation_to_one_thing",
            ),
            models.UniqueConstraint(
                fields=["team", "user"], name="one_open_team_invitation", condition=models.Q(answered_at=None)
            ),
            models.UniqueConstraint(
                fields=["channel", "user"], name="one_open_channel_invitation", condition=models.Q(answered_at=None)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["user"], name="open_invitations", condition=models.Q(answered_at=None)
            )  # the home page
        ]

    def __str__(self) -> str:
        return f"{self.user_id} to {self.team_id or self.channel_id}"

    @property
    def place(self) -> Team | Channel:
        place = self.team or self.channel
        assert place is not None
        return place
