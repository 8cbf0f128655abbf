"""A nudge as the watch would send it, and a post that keeps what leaves the house."""

import pytest

from circle.kinds import contexts, supporters_in
from circle.selectors import why_silent
from delivery import kinds, transports
from delivery.transports.recording import RecordingTransport
from ground import clock
from tests.people_of_the_story import NOW, make_account


@pytest.fixture(autouse=True)
def _at_the_moment_of_the_story():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def nudges(monkeypatch):
    """The kind "nudge", checked as the watch checks it: acceptance, mute, consent, reachability."""

    def check(delivery, now):
        [supporter] = supporters_in([delivery])
        return why_silent(supporter, ("absence",), now) if supporter else "contact is gone"

    monkeypatch.setitem(kinds._kinds, "nudge", kinds.Kind("nudge", "T03", check=check, contexts=contexts))


@pytest.fixture
def post():
    recording = RecordingTransport()
    with transports.replaced({"email": recording}):
        yield recording


@pytest.fixture
def account(db):
    return make_account("Dana", email="dana@example.org", password="a long pass phrase")


@pytest.fixture
def dana(account):
    return account.person
