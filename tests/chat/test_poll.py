"""Talk without a socket: the same frames by plain HTTP, answered when there is something new."""

import asyncio
import json
import time
import uuid
from typing import Any

import httpx
from django.db import OperationalError

from chat import hub as module
from chat import poll as door
from chat.hub import Hub
from chat.limits import Buckets
from chat.poll import Collector
from chat.transport import Bundle
from people.models import Person
from people.selectors import person_of


async def poll(folk, who, resume="", wait=20.0):
    async with httpx.AsyncClient(cookies={"sessionid": folk.session(who)}, timeout=40) as client:
        answer = await client.get(f"{folk.site.url}/api/v1/talk/", params={"resume": resume, "wait": wait})
    assert answer.status_code == 200, answer.text
    return answer.json()["frames"]


def held(frames, room):
    """The last number that the frames bring of a room."""
    return max(frame.get("to", frame.get("seq", 0)) for frame in frames if frame.get("room") == room)


async def test_the_first_request_brings_every_room_at_once(folk, talker, harbour):
    ada = await talker("ada").enter()
    await ada.posted(harbour, "for whoever has no socket")
    frames = await poll(folk, "bo")
    pages = [frame for frame in frames if frame["t"] == "sync" and frame["room"] == harbour]
    assert pages[-1]["msgs"][-1]["body"] == "for whoever has no socket"
    assert [frame["t"] for frame in frames if frame["t"] != "presence"][-1] == "ready"  # others may come at any time
    await ada.close()


async def test_who_holds_everything_waits_and_hears_the_next_message_as_it_is_said(folk, talker, harbour):
    ada = await talker("ada").enter()
    at = held(await poll(folk, "bo"), harbour)
    waiting = asyncio.create_task(poll(folk, "bo", f"{harbour}:{at}", 25))
    await asyncio.sleep(1)
    assert not waiting.done()
    ack = await ada.posted(harbour, f"just now {uuid.uuid4()}")
    frames = await asyncio.wait_for(waiting, 15)
    assert [frame["seq"] for frame in frames if frame["t"] == "msg"] == [ack["seq"]]
    missed = await poll(folk, "bo", f"{harbour}:{at}")
    assert [entry["seq"] for frame in missed if frame["t"] == "sync" for entry in frame["msgs"]] == [ack["seq"]]
    await ada.close()


async def test_when_nothing_happens_the_answer_says_so_after_the_wait(folk, harbour):
    at = held(await poll(folk, "facilitator"), harbour)
    began = time.monotonic()
    frames = await poll(folk, "facilitator", f"{harbour}:{at}", 1)
    assert time.monotonic() - began >= 1
    assert not [frame for frame in frames if frame["t"] == "msg" or frame.get("msgs")]


async def test_a_guest_and_nonsense_are_refused_with_a_code(folk):
    async with httpx.AsyncClient(timeout=20) as client:
        address = f"{folk.site.url}/api/v1/talk/"
        guest = await client.get(address)
        assert (guest.status_code, guest.json()["error"]["code"]) == (403, "forbidden")
        client.cookies["sessionid"] = folk.session("ada")
        for query in ("resume=g1", "resume=g1:x", "resume=g1:-1", "resume=:5", "wait=long"):
            answer = await client.get(f"{address}?{query}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid"), query
        assert (await client.post(address)).status_code == 405
        gone = await client.get(address, params={"resume": "g999999:5", "wait": 0})
        assert {"t": "gone", "room": "g999999"} in gone.json()["frames"]


async def test_typing_is_kept_out_of_the_answer_and_what_concerns_a_person_ends_the_wait():
    out = Collector()
    out.write([Bundle([b'{"t":"typing","room":"g1"}']), Bundle([b'{"t":"presence","room":"g1"}', b'{"t":"hb"}'])])
    assert not out.news.is_set()
    out.write([Bundle([b'{"t":"press","ref":7}'])])
    assert out.news.is_set()
    assert out.frames == [b'{"t":"presence","room":"g1"}', b'{"t":"hb"}', b'{"t":"press","ref":7}']


class NoDatabase:
    """Knows who asks, and then nothing more."""

    async def run(self, work, *args, **given):
        if work is person_of:
            return Person(pk=1, name="Ada")
        raise OperationalError("no answer")

    def close(self):
        pass


async def test_while_the_database_does_not_answer_a_request_is_told_to_come_back_later(monkeypatch):
    """An empty answer would say that nothing is new, and be asked for again at once by everybody."""
    assert await asked(monkeypatch, 1) == [503]


async def test_who_asks_again_and_again_is_told_to_wait_before_the_database_is_asked(monkeypatch):
    monkeypatch.setattr(door, "asked", Buckets(3, 0.001))
    assert await asked(monkeypatch, 5) == [503, 503, 503, 429, 429]


async def asked(monkeypatch, times):
    """What one person is answered who asks so many times."""
    ours, desk = Hub(asyncio.get_running_loop()), NoDatabase()
    ours.desk.close()
    monkeypatch.setattr(ours, "desk", desk)
    monkeypatch.setattr(module, "start", lambda _loop: ours)
    said: list[dict[str, Any]] = []

    async def send(event):
        said.append(event)

    async def receive():
        await asyncio.Event().wait()

    scope = {"method": "GET", "query_string": b"wait=0", "user": None, "session": Session()}
    for _ in range(times):
        await door.poll(scope, receive, send)
    ours.draining = True
    ours._commits.close()
    assert {json.loads(event["body"])["error"]["code"] for event in said[1::2]} == {"retry"}
    return [event["status"] for event in said[::2]]


class Session:
    session_key = "key"
