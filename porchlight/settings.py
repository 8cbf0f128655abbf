"""Settings. Everything a host sets comes from the environment; docs/operations.md lists each variable.

Nothing set: the embedded default (SQLite, one process). DATABASE_URL and REDIS_URL: the scaled way.
"""

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from ground.secret import derive, fernet_key, load_secret

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "yes", "true", "on"}


DEVELOPMENT = _flag("PORCHLIGHT_DEV")  # moved clock, mail page, demo sign-ins; loopback only (manage.py serve)
# where a test lets this process die or stand still (ground.failpoints); without a switch for tests there is none
FAILPOINT = os.environ.get("PORCHLIGHT_FAILPOINT", "") if DEVELOPMENT or _flag("PORCHLIGHT_TEST") else ""
DATA_DIR = Path(os.environ.get("PORCHLIGHT_DATA", BASE_DIR / "var")).resolve()
SECRET_KEY = load_secret(DATA_DIR)
FIELD_KEY = fernet_key(SECRET_KEY, "encrypted fields")
DEBUG = False

HOST = os.environ.get("PORCHLIGHT_HOST", "localhost")  # the public host name, without scheme
SITE_URL = os.environ.get("PORCHLIGHT_URL", "").rstrip("/")  # what stands before a link's path; serve sets it
ALLOWED_HOSTS = [HOST, *os.environ.get("PORCHLIGHT_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")]
CSRF_TRUSTED_ORIGINS = [f"https://{HOST}"]
BEHIND_TLS = _flag("PORCHLIGHT_TLS")  # set behind a reverse proxy that speaks https and sets X-Forwarded-Proto
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # limits count by the last address in X-Forwarded-For
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"

INSTALLED_APPS = [
    "porchlight",
    "people",
    "delivery",
    "circle",
    "groups",
    "meetings",
    "support",
    "chat",
    "cravings",
    "own",
    "frontend",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "frontend.middleware.Gzip",
    "meetings.api.public.PublicDoors",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "frontend.language.PersonalLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "frontend.middleware.PrivatePages",
    "frontend.middleware.ErrorPages",
]

ROOT_URLCONF = "porchlight.urls"
ASGI_APPLICATION = "porchlight.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"lucide": "frontend.templatetags.icons"},  # in place of the app: see there
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.page",
            ],
        },
    }
]

# --- database ------------------------------------------------------------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;"
    f"PRAGMA synchronous={'NORMAL' if _flag('PORCHLIGHT_TEST') else 'FULL'};"
    "PRAGMA foreign_keys=ON;PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=67108864;"
    "PRAGMA cache_size=-16000;PRAGMA temp_store=MEMORY;",
}


def database_from(url: str) -> dict[str, Any]:
    """Turn DATABASE_URL (`postgresql://…`, `sqlite:///PATH`, or empty) into Django's setting.

    Raises ImproperlyConfigured for any other scheme.
    """
    if not url:
        url = f"sqlite:///{DATA_DIR / 'porchlight.sqlite3'}"
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        return {
            "ENGINE": "ground.sqlite",
            "NAME": path,
            "OPTIONS": SQLITE_OPTIONS,
            "TEST": {"NAME": f"{path}.test"},  # a file: threads and sockets of tests share it
        }
    if scheme in {"postgresql", "postgres"}:
        found: dict[str, Any] = dict(dj_database_url.parse(url, conn_health_checks=True))
        found["OPTIONS"] = {
            **found.get("OPTIONS", {}),
            "pool": {"min_size": 0, "max_size": 16, "timeout": 20},
        }
        return found
    raise ImproperlyConfigured(
        f"DATABASE_URL starts with {scheme}: — use postgresql://user@host/name or sqlite:///path/to/file"
    )


DATABASES = {"default": database_from(os.environ.get("DATABASE_URL", ""))}
EMBEDDED = DATABASES["default"]["ENGINE"] == "ground.sqlite"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("REDIS_URL is not an address of Redis: use redis://host:6379/0, or unset it")
    # of this site alone: another one may use the same Redis
    prefix = derive(SECRET_KEY, "cache").hex()[:16]
    CACHES = {"default": {"BACKEND": "ground.cache.FallbackCache", "LOCATION": REDIS_URL, "KEY_PREFIX": prefix}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- who signs in --------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if _flag("PORCHLIGHT_TEST"):
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/today/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "alias"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "frontend.adapter.AccountAdapter"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # an address that is not here gets no mail
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_RATE_LIMITS = {"correction": "6/h/ip"}  # what guests say of a meeting (meetings.api.limits)
if DEVELOPMENT:  # a story signs up a whole community from one address; guessing stays slow
    ACCOUNT_RATE_LIMITS |= {"signup": "1000/m/ip", "login": "1000/m/ip"}
MFA_ADAPTER = "frontend.adapter.PasskeyAdapter"
MFA_RECOVERY_CODE_DIGITS = 10
MFA_SUPPORTED_TYPES = ["webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT  # http://localhost only
MFA_ALLOW_UNVERIFIED_EMAIL = True

# --- talk ----------------------------------------------------------------------------------------------------

TALK_PER_SECOND = float(os.environ.get("PORCHLIGHT_TALK_PER_SECOND", "3"))  # of one person, at all processes
TALK_BURST = TALK_PER_SECOND * 10
TALK_WORDS = os.environ.get("PORCHLIGHT_TALK_WORDS", "")  # a folder of risk word lists in place of our own

# --- mail ----------------------------------------------------------------------------------------------------

MAIL_FILES = DATA_DIR / "mail"  # with the development switch every outgoing mail lies here as a readable file
DEFAULT_FROM_EMAIL = os.environ.get("PORCHLIGHT_FROM", f"Porchlight <porchlight@{HOST}>")
SENDER_LABEL = os.environ.get("PORCHLIGHT_SENDER", "Porchlight")
EMAIL_HOST = os.environ.get("SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("SMTP_SECURITY", "starttls") == "starttls"
EMAIL_USE_SSL = os.environ.get("SMTP_SECURITY", "starttls") == "tls"
EMAIL_TIMEOUT = 20
MAIL_IN = os.environ.get("PORCHLIGHT_MAIL_IN", "")  # its mail is given to the hook: answers go to NAME+ID@HOST
if not EMAIL_HOST and DEVELOPMENT:
    EMAIL_BACKEND = "delivery.transports.email.files.EmailBackend"

# --- text messages, reports, the world outside ---------------------------------------------------------------

SMS_GATEWAY = os.environ.get("PORCHLIGHT_SMS", "")  # twilio://ACCOUNT:TOKEN@api.twilio.com/?from=%2B1…
VOICE_GATEWAY = os.environ.get("PORCHLIGHT_VOICE", "")  # calls, in the same form
HOOK_SECRET = os.environ.get("PORCHLIGHT_HOOK_SECRET", "")  # what a mail provider's bounce reports carry
# "host:port" that our requests may go to although they lie inside, for a push service of one's own
OUTSIDE_ALLOWED = frozenset(filter(None, os.environ.get("PORCHLIGHT_OUTSIDE_ALLOW", "").split(",")))

# --- what people see -----------------------------------------------------------------------------------------

EXIT_URL = os.environ.get("PORCHLIGHT_EXIT_URL", "https://www.wikipedia.org/")  # where "Quick exit" leads
# the short statement of 42 CFR 2.32 on pages that disclose something; empty where that law does not hold
DISCLOSURE_STATEMENT = os.environ.get(
    "PORCHLIGHT_DISCLOSURE_STATEMENT", "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
)

# pictures of maps: https://tiles.example/{z}/{x}/{y}.png; without it there is no map (frontend.tiles checks it)
MAP_TILES = os.environ.get("PORCHLIGHT_MAP_TILES", "")
MAP_CREDIT = os.environ.get("PORCHLIGHT_MAP_CREDIT", "")  # whose data the pictures show, as its licence asks
MAP_ZOOM = os.environ.get("PORCHLIGHT_MAP_ZOOM", "18")  # how close the server's pictures go

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [DATA_DIR / "locale"]  # made at start from frontend/locale/*.po (frontend/translations.py)
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "frontend.formats"
TIME_ZONE = "UTC"
SITE_ZONE = os.environ.get("PORCHLIGHT_ZONE", "UTC")  # the zone shown to people who chose none
try:
    ZoneInfo(SITE_ZONE)
except (ZoneInfoNotFoundError, ValueError) as error:
    raise ImproperlyConfigured(
        f"PORCHLIGHT_ZONE is {SITE_ZONE}, which is no time zone: use a name like Europe/Berlin"
    ) from error

MEETINGS_MAX_FEED_BYTES = int(os.environ.get("PORCHLIGHT_MAX_FEED_MB", "512")) * 2**20

# for how long an answer of a public feed is given again before it is made anew; the same is told to caches on the way
FEEDS_KEPT_SECONDS = 0 if _flag("PORCHLIGHT_TEST") else 60
FEEDS_FOLDER = DATA_DIR / "feeds"

STATIC_URL = "/static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "frontend.fonts.FontFinder",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 300
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, "ws:", "wss:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "porchlight.openapi.PlainSchema",
    "EXCEPTION_HANDLER": "porchlight.api.error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Porchlight",
    "DESCRIPTION": "Meetings, groups and what a member does there. Reading meetings needs no sign-in.",
    "VERSION": "1",
    "DEFAULT_GENERATOR_CLASS": "porchlight.openapi.Once",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"without_tokens": {"()": "ground.logs.WithoutTokens"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["without_tokens"]},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "porchlight": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # addresses of pages may carry link tokens, so requests are not logged
        "django.channels.server": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},  # a refusal is no news
        "daphne": {"level": "WARNING"},
        "django.security.DisallowedHost": {
            "handlers": ["nowhere"],
            "propagate": False,
        },  # another name
    },
}
