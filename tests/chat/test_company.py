"""Typing, who is here, and sessions that end, over real sockets."""

import asyncio

from tests.chat.folk import _run

NEW_PASSWORD = """
import json, sys
import django
django.setup()
from people import sessions
from people.models import Account
account = Account.objects.get(alias=json.load(sys.stdin)["who"])
account.set_password("another one entirely")
account.save(update_fields=["password"])
"""


def told(talker, kind, room):
    return [frame for frame in talker.other if frame["t"] == kind and frame["room"] == room]


async def test_members_hear_who_is_here_and_who_comes(folk, talker, harbour):
    pids = {name: folk.people[name]["pid"] for name in folk.people}
    ada = await talker("ada").enter()
    await ada.until(lambda: told(ada, "presence", harbour), "nobody is here")
    first = told(ada, "presence", harbour)[0]
    assert first["whole"]
    assert pids["ada"] in first["in"]
    bo = await talker("bo").enter()
    await bo.until(lambda: told(bo, "presence", harbour), "no list")
    assert {pids["ada"], pids["bo"]} <= set(told(bo, "presence", harbour)[0]["in"])
    seen = lambda: {pid for frame in told(ada, "presence", harbour) for pid in frame["in"]}  # noqa: E731
    await ada.until(lambda: pids["bo"] in seen(), "bo did not come")
    assert pids["outsider"] not in seen()
    await ada.close()
    await bo.close()


async def test_typing_is_shown_to_the_others_once_in_three_seconds_and_to_no_stranger(folk, talker, harbour):
    ada, bo, out = await talker("ada").enter(), await talker("bo").enter(), await talker("outsider").enter()
    for _ in range(5):
        await ada.say(t="typing", room=harbour)
    await out.say(t="typing", room=harbour)
    await bo.until(lambda: told(bo, "typing", harbour), "nobody typed")
    await ada.posted(harbour, "there it is")
    await bo.sees(harbour, "there it is")
    assert [frame["from"]["name"] for frame in told(bo, "typing", harbour)] == ["ada"]
    assert not told(ada, "typing", harbour)
    assert not told(out, "typing", harbour)
    for one in (ada, bo, out):
        await one.close()


async def test_a_new_password_ends_the_sessions_that_began_with_the_old_one(folk, talker):
    """The check that finds it without a hint; the hint only makes it come at once."""
    facilitator = await talker("facilitator").enter()
    await asyncio.to_thread(_run, folk.site, NEW_PASSWORD, {"who": "facilitator"})
    assert await facilitator.closed(40) == 4401
