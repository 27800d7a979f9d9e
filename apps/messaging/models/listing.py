"""How somebody has arranged their conversations: what they hear of each, favourites, sections of their own."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.teams.models import Channel


class Notify(models.TextChoices):
    """What of a conversation calls for somebody's attention; what they may read is another matter."""

    ALL = "all", _("Everything")
    MENTIONS = "mentions", _("Mentions and replies to me")
    NOTHING = "nothing", _("Nothing: muted")


class OwnQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "OwnQuerySet":
        """Return one's own rows."""
        return self.filter(user=user) if user.is_authenticated and user.is_active else self.none()


class ListSection(models.Model):
    """A heading of one's own in the chat list."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="list_sections")
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "name"], name="one_section_a_name"),
            models.CheckConstraint(condition=~models.Q(name=""), name="section_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ConversationSetting(models.Model):
    """One person's settings of one conversation; a missing row is what everybody begins with."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversation_settings")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    notify = models.CharField(_("tell me of"), max_length=10, choices=Notify, default=Notify.ALL)
    is_favourite = models.BooleanField(_("favourite"), default=False)
    section = models.ForeignKey(
        ListSection, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("section")
    )

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "channel"], name="one_setting_a_conversation")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}: {self.notify}"
