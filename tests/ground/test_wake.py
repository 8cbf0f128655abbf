"""The wake-up bus over a real Valkey."""

import os
import time

import pytest

from ground.wake import Bus


@pytest.mark.scaled
def test_two_sites_on_one_redis_do_not_hear_each_other_whatever_its_database_number():
    """Its channels know no database number: a site would have shown the words of the other one's equal room."""
    url = os.environ["REDIS_URL"]
    mine, beside, other = Bus(url, "a"), Bus(url, "a"), Bus(url.rpartition("/")[0] + "/5", "b")
    heard = []
    for bus, name in ((beside, "beside"), (other, "other")):
        bus.subscribe("talk", lambda payload, name=name: heard.append((name, payload)))
    end = time.monotonic() + 20
    while not (beside.connected() and other.connected()) and time.monotonic() < end:
        time.sleep(0.02)
    mine.publish("talk", b"hello")
    other.publish("talk", b"elsewhere", here=False)
    while not heard and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.2)
    assert heard == [("beside", b"hello")]
