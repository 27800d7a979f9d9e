"""What a web process serves: mounts that registered themselves, the live gateway, and Django for the rest."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital_collab.settings.portal")

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

django.setup()

if settings.SECRET_KEY == settings.NO_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set: `./run portal` makes one, production names one (.env.example).")

# Everything below needs the apps to be loaded.
from channels.routing import ProtocolTypeRouter  # noqa: E402

from apps.core.registries import registries  # noqa: E402
from apps.realtime.routing import application as live  # noqa: E402
from apps.realtime.routing import lifespan  # noqa: E402

from .handler import OneHopHandler  # noqa: E402

django_application = OneHopHandler()


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Hand a request to the mount whose prefix its path has, else to Django."""
    path: str = scope["path"]
    for prefix, mounted in registries.mounts.items():
        if path.startswith(prefix):
            await mounted(scope, receive, send)
            return
    await django_application(scope, receive, send)


application = ProtocolTypeRouter({"http": http, "websocket": live, "lifespan": lifespan})
