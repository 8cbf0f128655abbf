"""What was asked is done, whether or not whoever asked still listens.

Django drops a request whose sender is gone before its view began: a press of the button would be lost with the socket
of a telephone that just left its network. A page that is only read may be dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[dict[str, Any], Receive, Callable[[Message], Awaitable[None]]], Awaitable[None]]

READS = frozenset({"GET", "HEAD", "OPTIONS"})


def steadfast(application: Application) -> Application:
    """An ASGI application that hears of no disconnect once a request that changes something has come whole."""

    async def handle(scope: dict[str, Any], receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["method"] in READS:
            await application(scope, receive, send)
            return
        whole = False

        async def until_whole() -> Message:
            nonlocal whole
            if whole:
                await asyncio.get_running_loop().create_future()  # for ever: cancelled when the answer is ready
            message = await receive()
            whole = message["type"] == "http.request" and not message.get("more_body", False)
            return message

        await application(scope, until_whole, send)

    return handle
