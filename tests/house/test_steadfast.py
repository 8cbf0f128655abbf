"""A request that changes something is carried out although its sender has gone."""

import asyncio

from porchlight.steadfast import steadfast


def heard(method: str) -> list[str]:
    """What an application hears that asks three times, of a sender who is gone once everything is sent."""
    sent = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b"},
        {"type": "http.disconnect"},
    ]
    seen: list[str] = []

    async def receive():
        return sent.pop(0)

    async def application(scope, receive, send):
        while len(seen) < 3:
            message = await receive()
            seen.append(message["type"])

    async def run():
        task = asyncio.ensure_future(steadfast(application)({"type": "http", "method": method}, receive, None))
        await asyncio.wait([task], timeout=0.05)
        task.cancel()

    asyncio.run(run())
    return seen


def test_what_changes_something_hears_no_more_once_it_has_come_whole():
    assert heard("POST") == ["http.request", "http.request"]


def test_what_only_reads_hears_that_its_sender_is_gone():
    assert heard("GET")[-1] == "http.disconnect"
