"""Processes, Valkey and PostgreSQL end in the middle of a talk: what was acked is not lost, doubled or out of order."""

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, asynccontextmanager
from random import Random

import pytest
import redis

from tests.chat.folk import Folk, settle
from tests.chat.storm import Storm, Wanderer, check, weather
from tests.chat.talker import Talker
from tests.chat.test_poll import poll
from tests.conftest import WAY
from tests.servers import Postgres, Site, Valkey, free_port

NAMES = [f"m{number}" for number in range(8)]
SPEED = {"PORCHLIGHT_TALK_PER_SECOND": "1000"}


ROOMS = ["Harbour", "Lake", "Hill", "Bridge", "Garden", "Quay", "Mill", "Barn", "Storm", "Rain"]


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Folk, list[str], Valkey, Postgres]]:
    """Two serving processes on one PostgreSQL and one Valkey, and their addresses. Each story takes a room."""
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(durable=True))
        valkey = stack.enter_context(Valkey())
        site = stack.enter_context(Site({"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, **SPEED}))
        folk = settle(site, NAMES, dict.fromkeys(ROOMS, NAMES))
        port = free_port()
        site.spawn("serve", "--port", str(port))
        other = f"http://localhost:{port}"
        _wait_for(port)
        yield folk, [site.url, other], valkey, postgres


def _wait_for(port: int) -> None:
    import http.client

    for _ in range(300):
        connection = http.client.HTTPConnection("localhost", port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the second process did not start")


@asynccontextmanager
async def all_in(folk: Folk, urls: list[str]):
    talkers = [Talker(urls[n % len(urls)], folk.session(name), name) for n, name in enumerate(NAMES)]
    for talker in talkers:
        await talker.enter()
    yield talkers
    for talker in talkers:
        await talker.close()


async def keep_posting(talker: Talker, room: str, count: int, pause: float) -> list[tuple[str, int]]:
    """Post until acked, as docs/protocol.md asks: the same key again after a nack "retry". Returns (body, seq)."""
    acked = []
    for number in range(count):
        cid, body = str(uuid.uuid4()), f"{talker.name} {number}"
        while True:
            answer = await talker.posted(room, body, cid)
            if answer["t"] == "ack":
                acked.append((body, answer["seq"]))
                break
            assert answer["code"] in {"retry", "rate"}, answer
            await asyncio.sleep(0.3)
        await asyncio.sleep(pause)
    return acked


def kill(site: Site) -> None:
    assert site.process is not None
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()


async def all_at_the_same_head(talkers: list[Talker], room: str, folk: Folk) -> None:
    stored = folk.bodies(room)
    for talker in talkers:
        await talker.until(lambda t=talker: t.seqs[room] == len(stored), "not at the head")
        assert talker.bodies(room) == stored
        assert talker.duplicates == 0


@pytest.mark.scaled
async def test_two_processes_show_every_message_to_all_in_order_and_none_twice(pair):
    folk, urls, _, _ = pair
    room = folk.rooms["Harbour"]
    async with all_in(folk, urls) as talkers:
        acked = await asyncio.gather(*(keep_posting(talker, room, 40, 0.002) for talker in talkers))
        assert sum(map(len, acked)) == 320
        await all_at_the_same_head(talkers, room, folk)
        seqs = sorted(seq for own in acked for _, seq in own)
        assert seqs == list(range(1, 321))


@pytest.mark.scaled
async def test_valkey_restarted_in_the_middle_costs_no_message(pair):
    folk, urls, valkey, _ = pair
    room = folk.rooms["Lake"]
    async with all_in(folk, urls) as talkers:
        talk = asyncio.gather(*(keep_posting(talker, room, 25, 0.1) for talker in talkers))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(valkey.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(valkey.start)
        acked = await talk
        assert sum(map(len, acked)) == 200
        await all_at_the_same_head(talkers, room, folk)


@pytest.mark.scaled
async def test_without_valkey_both_processes_still_hear_each_other(pair):
    folk, urls, valkey, _ = pair
    room = folk.rooms["Hill"]
    async with all_in(folk, urls) as talkers:
        await asyncio.to_thread(valkey.stop)
        await talkers[0].posted(room, "is anybody there?")
        await talkers[2].sees(room, "is anybody there?")  # the same process
        await talkers[1].sees(room, "is anybody there?")  # the other one looks every five seconds
    await asyncio.to_thread(valkey.start)


@pytest.mark.scaled
async def test_postgresql_restarted_in_the_middle_loses_nothing_that_was_acked(pair):
    folk, urls, _, postgres = pair
    room = folk.rooms["Bridge"]
    async with all_in(folk, urls) as talkers:
        talk = asyncio.gather(*(keep_posting(talker, room, 25, 0.1) for talker in talkers))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres.restart)
        acked = await talk
        await all_at_the_same_head(talkers, room, folk)
        stored = folk.bodies(room)
        for own in acked:
            assert all(stored[seq - 1] == body for body, seq in own)
            assert len({seq for _, seq in own}) == 25


# --- the ways in which a channel layer loses words (realtime.md, section 3), one by one ------------------------------


async def burst(talker: Talker, room: str, count: int, name: str) -> None:
    """Post faster than anybody reads, until all are acked."""
    cids = [await talker.post(room, f"{name} {number}") for number in range(count)]
    for cid in cids:
        assert (await talker.answer(cid))["t"] == "ack"


def numbered(bodies: list[str], name: str) -> list[int]:
    return [int(body.rpartition(" ")[2]) for body in bodies if body.startswith(f"{name} ")]


@pytest.mark.scaled
async def test_a_burst_beyond_any_capacity_reaches_a_stalled_reader_and_its_neighbour_whole(pair):
    """channels_redis: 900 of 1,000 lost; where one consumer stalls, its neighbour's oldest are dropped."""
    folk, urls, _, _ = pair
    room = folk.rooms["Quay"]
    async with all_in(folk, urls) as talkers:
        stalled, neighbour = talkers[3], talkers[5]  # both at the second process
        stalled.socket.transport.pause_reading()
        await burst(talkers[0], room, 600, "burst")
        await neighbour.until(lambda: neighbour.seqs[room] == 600, "the neighbour lacks some")
        stalled.socket.transport.resume_reading()
        await stalled.until(lambda: stalled.seqs[room] == 600, "the stalled one lacks some")
        assert numbered(stalled.bodies(room), "burst") == numbered(neighbour.bodies(room), "burst") == [*range(600)]
        assert stalled.duplicates == neighbour.duplicates == 0


@pytest.mark.scaled
async def test_a_busy_room_takes_nothing_from_a_quiet_room_in_the_same_process(pair):
    """channels_redis: the capacity is one key a process; 10 of 10 lost in the quiet room."""
    folk, urls, _, _ = pair
    busy, quiet = folk.rooms["Quay"], folk.rooms["Mill"]
    async with all_in(folk, urls) as talkers:
        talk = asyncio.gather(*(burst(talkers[at], busy, 150, f"busy {at}") for at in (0, 1)))
        acked = await keep_posting(talkers[2], quiet, 10, 0.02)
        await talk
        assert [seq for _, seq in acked] == [*range(1, 11)]
        await all_at_the_same_head(talkers, quiet, folk)


@pytest.mark.scaled
async def test_only_the_subscribers_connection_is_killed_and_nothing_is_missed(pair):
    """The pub/sub layer: silent gap until the next subscription; sockets stay open and nobody knows."""
    folk, urls, valkey, _ = pair
    room = folk.rooms["Mill"]
    async with all_in(folk, urls) as talkers:
        talk = asyncio.gather(*(keep_posting(talker, room, 10, 0.03) for talker in talkers[:4]))
        for _ in range(3):
            with redis.Redis.from_url(valkey.url) as client:
                client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await asyncio.sleep(0.15)
        await talk
        await all_at_the_same_head(talkers, room, folk)


@pytest.mark.scaled
async def test_a_process_that_stood_still_has_missed_nothing_when_it_wakes(pair):
    """channels_redis: what waited longer than `expiry` for a stalled process is gone. Here nothing waits in Redis."""
    folk, urls, _, _ = pair
    room = folk.rooms["Barn"]
    async with all_in(folk, urls) as talkers:
        os.kill(folk.site.process.pid, signal.SIGSTOP)
        try:
            await asyncio.gather(*(keep_posting(talker, room, 10, 0.01) for talker in talkers[1::2]))
            await asyncio.sleep(1)
        finally:
            os.kill(folk.site.process.pid, signal.SIGCONT)
        await all_at_the_same_head(talkers, room, folk)


@pytest.mark.scaled
async def test_one_process_is_killed_and_its_members_go_on_at_the_other(pair):
    folk, urls, _, _ = pair
    room = folk.rooms["Garden"]
    async with all_in(folk, urls) as talkers:
        await asyncio.gather(*(keep_posting(talker, room, 5, 0) for talker in talkers))
        kill(folk.site)
        here, there = talkers[0::2], talkers[1::2]
        await asyncio.gather(*(keep_posting(talker, room, 5, 0) for talker in there))
        for talker in here:
            await talker.closed()
            talker.url = urls[1]
            await talker.enter()
        await asyncio.gather(*(keep_posting(talker, room, 5, 0) for talker in talkers))
        await all_at_the_same_head(talkers, room, folk)


@pytest.mark.scaled
async def test_a_storm_over_two_processes_loses_doubles_and_turns_round_nothing(pair, seed, full):
    """Last of this pair: it kills both. Five minutes in `script/test --full`."""
    folk, urls, valkey, postgres = pair
    first, second = (int(url.rpartition(":")[2]) for url in urls)
    if folk.site.returncode is not None:
        await asyncio.to_thread(folk.site.start)
    processes = {first: folk.site.process, second: folk.site._further[0]}
    await storm(folk, urls, processes, seed=seed, seconds=300 if full else 0, valkey=valkey, postgres=postgres)


async def storm(folk: Folk, urls: list[str], processes, *, seed: int, seconds: float, **servers) -> None:
    dice = Random(seed)
    print(f"a storm of {seconds} s, seed {seed}")
    rooms = [folk.rooms["Storm"], folk.rooms["Rain"]]
    wanderers = [
        Wanderer(Talker(urls[0], folk.session(name), name), urls, Random(f"{seed} {name}"), rooms, 0.15)
        for name in NAMES[: 6 if seconds else 4]
    ]
    weathered = Storm(folk, dice, wanderers, processes, **servers)
    try:
        await weather(weathered, seconds)
    finally:
        posts, comings = (sum(counts) for counts in zip(*((len(w.posted), w.comings) for w in wanderers), strict=True))
        print(f"{len(weathered.happened)} faults, {posts} posts, {comings} connections: {weathered.happened}")


@pytest.fixture(scope="module")
def alone() -> Iterator[Folk]:
    """One serving process, on the database of this run; each story takes a room and leaves the server running."""
    with ExitStack() as stack:
        env = dict(SPEED)
        if WAY == "scaled":
            env["DATABASE_URL"] = stack.enter_context(Postgres(durable=True)).url
        site = stack.enter_context(Site(env))
        yield settle(site, [*NAMES, "loner"], {**dict.fromkeys(ROOMS, NAMES), "Attic": ["loner", "m0"]})


async def enter(folk: Folk, name: str) -> Talker:
    return await Talker(folk.site.url, folk.session(name), name).enter()


async def test_a_killed_server_has_kept_what_it_acked_and_a_repeated_key_is_no_second_message(alone):
    room, ada = alone.rooms["Harbour"], await enter(alone, "m0")
    cid = str(uuid.uuid4())
    cids = [await ada.post(room, f"on the way {number}") for number in range(20)]
    ack = await ada.posted(room, "was acked", cid)
    await asyncio.gather(*(ada.answer(one) for one in cids))
    kill(alone.site)
    await ada.closed()
    await asyncio.to_thread(alone.site.start)
    await ada.enter()
    assert (await ada.posted(room, "was acked", cid))["seq"] == ack["seq"]
    assert alone.bodies(room).count("was acked") == 1
    assert ada.duplicates == 0
    await ada.close()


async def test_a_stopping_server_says_bye_also_to_who_waits_by_http_and_closes_with_1012(alone):
    site, room, ada = alone.site, alone.rooms["Lake"], await enter(alone, "m0")
    waiting = asyncio.create_task(poll(alone, "loner", f"{alone.rooms['Attic']}:0"))
    loner = alone.people["loner"]["pid"]
    await ada.until(lambda: any(loner in frame.get("in", ()) for frame in ada.other), "nobody waits")
    cids = [await ada.post(room, f"on the way {number}") for number in range(50)]
    await asyncio.sleep(0.05)
    site.process.terminate()
    assert await ada.closed() == 1012
    bye = [frame for frame in ada.other if frame["t"] == "bye"]
    bye += [frame for frame in await waiting if frame["t"] == "bye"]
    assert len(bye) == 2
    assert 0 <= bye[0]["retry"] <= 5
    acked = {cid for cid in cids if ada.answers.get(cid, {}).get("t") == "ack"}
    await asyncio.to_thread(site.process.wait)
    assert site.returncode == 0
    assert "Traceback" not in site.log
    stored = alone.bodies(room)
    assert all(f"on the way {number}" in stored for number, cid in enumerate(cids) if cid in acked)
    await asyncio.to_thread(site.start)


async def test_a_reader_who_reads_nothing_for_a_while_harms_nobody_and_then_gets_all_in_order(alone):
    """Far more waits for them than the system's own buffers take; the site keeps a quarter of a MiB of it."""
    room, ada = alone.rooms["Hill"], await enter(alone, "m0")
    deaf = Talker(alone.site.url, alone.session("m1"), "m1")
    await deaf.connect(max_queue=1)
    await deaf.say(t="hello", resume={})
    await deaf.until(lambda: room in deaf.live, "not live")
    deaf.socket.transport.pause_reading()
    bodies = [f"{number} " + "💪" * 3900 for number in range(450)]
    for start in range(0, len(bodies), 50):
        cids = [await ada.post(room, body) for body in bodies[start : start + 50]]
        answers = [await ada.answer(cid) for cid in cids]
        assert {answer["t"] for answer in answers} == {"ack"}
    await ada.sees(room, bodies[-1])  # she too may have fallen behind for a second
    assert ada.bodies(room) == bodies
    assert deaf.seqs.get(room, 0) < 450
    deaf.socket.transport.resume_reading()
    await deaf.sees(room, bodies[-1], 30)
    assert deaf.bodies(room) == bodies
    assert (deaf.duplicates, deaf.code) == (0, None)
    for one in (ada, deaf):
        await one.close()


async def test_a_clock_that_steps_back_changes_neither_order_nor_what_is_seen(alone):
    """channels_redis orders by the sender's clock: one step of 5 ms, 5 inversions. Here the commit gives the order."""
    room, ada, bo = alone.rooms["Quay"], await enter(alone, "m0"), await enter(alone, "m1")
    clock = alone.site.folder / "data" / "clock.json"
    try:
        for number, offset in enumerate([0, -0.005, -1, -7200, 0, -0.005] * 5):
            clock.write_text(json.dumps({"offset_seconds": offset}))
            assert (await ada.posted(room, f"step {number}"))["seq"] == number + 1
    finally:
        clock.unlink()
    await bo.until(lambda: bo.seqs[room] == 30, "bo lacks some")
    assert bo.bodies(room) == ada.bodies(room) == [f"step {number}" for number in range(30)]
    for one in (ada, bo):
        assert one.duplicates == 0
        await one.close()


async def test_a_telephone_that_changes_its_network_again_and_again_gets_and_says_each_word_once(alone, full):
    """Every 5 s in the field: what counts is that a change falls anywhere between post, commit and ack."""
    room, over, changes = alone.rooms["Mill"], asyncio.Event(), 60 if full else 12
    dice = Random(5)
    ada, phone = (
        Wanderer(Talker(alone.site.url, alone.session(name), name), [alone.site.url], Random(name), [room], 0.02)
        for name in ("m0", "m1")
    )
    lives = [asyncio.create_task(one.live(over.is_set)) for one in (ada, phone)]
    left = []
    for change in range(changes):
        await asyncio.sleep(dice.uniform(0.05, 0.3))
        if change % 2:  # the old network says nothing any more: no close ever comes, the server goes on writing into it
            left += [phone.talker.socket] if phone.comings else []
            phone.talker.code = 1006
        else:
            phone.cut()
    over.set()
    await asyncio.gather(*lives)
    stored = alone.bodies(room)
    for one in (ada, phone):
        await one.talker.until(lambda one=one: one.talker.seqs[room] == len(stored), "not at the head")
        check(one, {room: stored})
        await one.talker.close()
    assert len(stored) == len(ada.posted) + len(phone.posted)
    assert phone.comings > changes / 2
    for socket in left:
        socket.transport.abort()


@pytest.mark.embedded
async def test_a_storm_over_one_process_loses_doubles_and_turns_round_nothing(alone, seed, full):
    """Last of all: it kills the server."""
    site = alone.site
    await storm(alone, [site.url], {site.port: site.process}, seed=seed, seconds=300 if full else 0)
