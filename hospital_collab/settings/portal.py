"""`./run portal`: the embedded services, on this machine, over plain HTTP on localhost."""

from .base import *  # noqa: F403 — an override file is the base with a few lines changed
from .base import NO_KEY, SECRET_KEY, VAR, env

DEMO = env.flag("PORTAL_DEMO")
SECRET_KEY = SECRET_KEY or NO_KEY
# No mail server is at hand: what would be mailed lies in the data folder, a file a message.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
