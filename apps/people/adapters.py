"""Where django-allauth asks the hospital: who may sign up, how a session is known, what is recorded."""

import logging
from collections.abc import Iterable
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.compiled import CompiledRows

from . import actions
from .models import User

logger = logging.getLogger(__name__)

MISMATCH = _("Staff number or e-mail and password do not fit together. Look at Caps Lock and try again.")


_SIGNED_IN: CompiledRows[None, User] = CompiledRows(
    lambda _shape, stand_in: User.objects.active().with_home().with_status().filter(pk=stand_in(0)).order_by()[:1]
)


class PortalBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signs in by staff number or e-mail; a request's user comes with workplace and status, in one query."""

    def get_user(self, user_id: int) -> User | None:
        return _SIGNED_IN.first(None, user_id)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from IT and from imports, never from a form on the web."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "too_many_login_attempts": _("Too many wrong tries. Wait five minutes, or ask the IT desk for a new password."),
        "account_inactive": _("This account is closed. If you still work here, ask your unit manager or the IT desk."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail about the account; what was done stands even when the mail server is away."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:
            logger.exception("A mail about an account could not be sent (%s).", template_prefix)

    def logout(self, request: HttpRequest) -> None:
        user_id = request.user.pk
        with transaction.atomic():
            super().logout(request)
            if user_id is not None:
                actions.raise_epochs([user_id])

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        with transaction.atomic():
            super().set_password(user, password)
            actions.raise_epochs([user.pk])
            actions.record_sign_in(user_id=user.pk, kind="people.password_changed")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors under the portal's name."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "hospital_collab"}


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Ending a session closes its live sockets as well."""

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        ended: list[UserSession] = list(sessions)
        with transaction.atomic():
            super().end_sessions(ended)
            actions.raise_epochs({session.user_id for session in ended})
            for user_id in {session.user_id for session in ended}:
                actions.record_sign_in(user_id=user_id, kind="people.sessions_ended", detail={"sessions": len(ended)})
