"""Where this site stands, for links in messages and for what providers call."""

from django.conf import settings


def site_url() -> str:
    """What stands before a link's path, without a slash at the end."""
    return str(settings.SITE_URL or f"https://{settings.HOST}")
