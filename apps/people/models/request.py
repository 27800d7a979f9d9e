"""The type of a request in our views."""

from django.http import HttpRequest

from .user import User


class SignedInRequest(HttpRequest):
    """A request that SignInMiddleware has let through."""

    user: User
