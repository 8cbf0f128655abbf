"""The ways out: what the private way relies on is true of the installed libraries, and the public way works too."""

import asyncio
import functools

import pytest

from chat import transport
from chat.transport import Bundle, Public


def test_the_installed_libraries_pass_and_the_best_way_is_taken():
    assert transport.level() == "socket"


def test_a_library_that_changed_means_a_lesser_way_not_a_broken_one(monkeypatch):
    def changed() -> None:
        raise RuntimeError("other names")

    monkeypatch.setattr(transport, "_test_twisted", changed)
    transport.level.cache_clear()
    assert transport.level() == "frame"
    monkeypatch.setattr(transport, "_test_frames", changed)
    transport.level.cache_clear()
    assert transport.level() == "public"
    transport.level.cache_clear()
    monkeypatch.undo()


@pytest.mark.parametrize("send", [print, functools.partial(print), functools.partial(print, 5), object()])
def test_behind_another_server_nothing_is_found(send):
    assert transport.protocol_behind(send) is None


async def test_the_public_way_keeps_the_order_and_closes_last():
    sent = []

    async def send(event):
        await asyncio.sleep(0)
        sent.append(event.get("text") or event.get("code"))

    out = Public(send)
    out.write([Bundle([b"1", b"2"]), Bundle([b"3"])])
    out.close(1012)
    await asyncio.sleep(0.05)
    assert sent == ["1", "2", "3", 4012]
    assert out.unsent() == 0
