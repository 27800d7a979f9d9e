"""What every installation shares: names, apps, requests, data, live, sign-in, mail, languages, files, safety, portal."""

import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from . import env

BASE_DIR = env.ROOT

# -- Names -----------------------------------------------------------------------------------------------------------
VAR = Path(env.text("PORTAL_VAR", str(BASE_DIR / "var")))
PORTAL_PORT = env.number("PORTAL_PORT", 8000)
PORTAL_BIND = env.text("PORTAL_BIND", "127.0.0.1")
SECRET_KEY = env.text("SECRET_KEY")
NO_KEY = "commands run without a key, but nothing is served with this one"
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "hospital_collab.urls"
ASGI_APPLICATION = "hospital_collab.asgi.application"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Apps, from the top of the house to its floor ----------------------------------------------------------------------
INSTALLED_APPS = [
    # Only runserver is Daphne's; elsewhere it would cost each process 0.7 s and Twisted's memory at its start.
    *(["daphne"] if "runserver" in sys.argv else []),
    "apps.portal",
    "apps.operations",
    "apps.messaging",
    "apps.notifications",
    "apps.rosters",
    "apps.teams",
    "apps.people",
    "apps.sites",
    "apps.audit",
    "apps.realtime",
    "apps.core",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "apps.core.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "csp",
    "django_htmx",
]

# -- Requests ---------------------------------------------------------------------------------------------------------
MIDDLEWARE = [
    "apps.core.middleware.BusyMiddleware",
    "apps.audit.middleware.address_middleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.headers_middleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.people.middleware.preferences_middleware",
    "apps.people.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.people.middleware.sessions_middleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.shell.page_shell",
            ],
            "builtins": ["apps.core.templatetags.portal"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # a text that is too long is given back to its writer, so it is read
MESSAGE_EDIT_HOURS = env.number("MESSAGE_EDIT_HOURS", 24)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# -- Data ---------------------------------------------------------------------------------------------------------------
# The app role may not touch what audit holds; the owner role migrates and flushes.
DATABASE_URL = env.text("DATABASE_URL")
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", DATABASE_URL)
DATABASES = {"default": env.database(DATABASE_URL)}
DATABASE_APP_ROLE = DATABASES["default"]["USER"]
if DATABASE_OWNER_URL != DATABASE_URL:
    DATABASES["owner"] = env.database(DATABASE_OWNER_URL)
# Only web processes take a pool (10 connections at most, waited for 5 s); workers and commands hold one connection each.
DATABASE_POOL = {"min_size": 2, "max_size": env.number("DATABASE_POOL_MAX", 10), "timeout": 5.0}
if env.flag("PORTAL_WEB"):
    DATABASES["default"]["OPTIONS"]["pool"] = DATABASE_POOL
    # Nobody waits longer than this for a lock or a statement; the answer is 503, to be tried again.
    DATABASES["default"]["OPTIONS"]["options"] = "-c lock_timeout=5000 -c statement_timeout=30000"
WEB_PROCESSES, WORKER_PROCESSES = (
    env.number("WEB_PROCESSES", 1),
    env.number("WORKER_PROCESSES", 2),
)  # for `doctor`'s sum
REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "apps.core.cache.SteadyCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
    },
}

# -- Live and work ------------------------------------------------------------------------------------------------------
# LIVE_ORIGINS: whole origins (scheme, host, port) from which a page may open the live socket; empty means "the Host".
LIVE_ORIGINS = env.words("LIVE_ORIGINS")
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A killed worker's task comes back within 15 minutes, so every task is shorter than that.
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "global_keyprefix": "celery:",
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# -- Sign-in --------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["apps.people.adapters.PortalBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "apps.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "staff_number"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PRESERVE_USERNAME_CASING = True  # compared without case
ACCOUNT_FORMS = {"login": "apps.people.forms.SignInForm"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0)
MFA_ADAPTER = "apps.people.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 0
# Addresses come from the staff register; a second step must not wait for a mail that confirms one.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "hospital_collab"
USERSESSIONS_ADAPTER = "apps.people.adapters.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = False  # people.middleware writes it at most once a minute
SESSION_ENGINE = "apps.people.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.views.csrf_failure"

# -- Mail ------------------------------------------------------------------------------------------------------------
EMAIL_HOST = env.text("MAIL_HOST", "localhost")
EMAIL_PORT = env.number("MAIL_PORT", 25)
EMAIL_HOST_USER = env.text("MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("MAIL_PASSWORD")
EMAIL_USE_TLS = env.flag("MAIL_TLS")
EMAIL_TIMEOUT = 5  # seconds; a mail server that hangs holds nobody's request for longer
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "portal@localhost")

# -- Languages --------------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- Files --------------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("PORTAL_STATIC", str(BASE_DIR / "static_collected")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "apps.core.static.PortalStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 600

# -- Safety ---------------------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "font-src": [SELF],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}

# -- Portal ---------------------------------------------------------------------------------------------------------------------
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the staff number is unique, by an expression that the check does not read
CLOCK_OFFSET = ""  # dotted path of a function that shifts the domain's clock; test settings only
DEMO = False
