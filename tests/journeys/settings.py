"""The server of the journeys: test settings, with the static files and the door as production has them."""

from hospital_collab.settings.base import STORAGES as PRODUCTION_STORAGES
from hospital_collab.settings.test import *  # noqa: F403 — an override file is the base with a few lines changed

STORAGES = PRODUCTION_STORAGES
DEBUG = False
