"""Where the sockets are: `/ws/` is talk."""

from typing import Any

from django.urls import path

from chat.consumers import TalkConsumer

urlpatterns: list[Any] = [path("ws/", TalkConsumer.as_asgi())]
