"""Where this site stands, for links in messages and for what providers call."""

from urllib.parse import urlsplit

from django.conf import settings


def site_url() -> str:
    """What stands before a link's path, without a slash at the end."""
    return str(settings.SITE_URL or f"https://{settings.HOST}")


def site_host() -> str:
    """The host name of the site, with its port when it has one."""
    return urlsplit(site_url()).netloc
