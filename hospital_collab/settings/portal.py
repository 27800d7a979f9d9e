"""`./run portal`: the embedded services, on this machine, over plain HTTP on localhost."""

from .base import *  # noqa: F403 — an override file is the base with a few lines changed
from .base import env

DEMO = env.flag("PORTAL_DEMO")
SECRET_KEY = SECRET_KEY or "set-by-runportal-before-anything-is-served"  # noqa: F405
