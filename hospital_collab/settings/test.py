"""The tests: services from `tests.boot`, fast hashing, mail kept in memory, tasks run in place."""

from .base import *  # noqa: F403 — an override file is the base with a few lines changed
from .base import DATABASES, env

SECRET_KEY = "a-key-for-tests-only-and-nothing-that-is-ever-served-anywhere"  # noqa: S105 — no secret
# Tests create, migrate and flush as the owner; the plugin then issues SET ROLE, so that rights are tried as the app role.
DATABASES.pop("owner", None)
DATABASES["default"] = env.database(env.text("DATABASE_OWNER_URL", env.text("DATABASE_URL")))
DATABASES["default"]["TEST"] = {"NAME": "test_portal"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CLOCK_OFFSET = "tests.clock.offset"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # static files straight from their folders
WHITENOISE_USE_FINDERS = True
DEMO = True
