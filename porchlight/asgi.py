"""The ASGI application: HTTP through Django, WebSocket through Channels with the session's account."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porchlight.settings")
http = get_asgi_application()

from chat.poll import poll  # noqa: E402  (needs the app registry)
from porchlight.sockets import urlpatterns  # noqa: E402
from porchlight.steadfast import steadfast  # noqa: E402

application = ProtocolTypeRouter(
    {
        # waiting for talk's news holds no thread; everything else is Django's
        "http": URLRouter([path("api/v1/talk/", AuthMiddlewareStack(poll)), re_path("", steadfast(http))]),  # type: ignore[arg-type]
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(urlpatterns))),
    }
)
