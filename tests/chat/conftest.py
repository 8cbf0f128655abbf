"""A served site with a harbour group in it, on the way of this run."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.chat.folk import Folk, settle
from tests.chat.talker import Talker
from tests.conftest import WAY
from tests.servers import Postgres, Site, Valkey

PEOPLE = ["ada", "bo", "cy", "facilitator", "outsider"]


@pytest.fixture(scope="module")
def folk() -> Iterator[Folk]:
    """Ada, Bo and Cy and their facilitator share the harbour; the outsider has a room of their own."""
    with ExitStack() as stack:
        env = {"PORCHLIGHT_TALK_PER_SECOND": "10"}
        if WAY == "scaled":
            env |= {
                "DATABASE_URL": stack.enter_context(Postgres()).url,
                "REDIS_URL": stack.enter_context(Valkey()).url,
            }
        site = stack.enter_context(Site(env))
        groups = {"Harbour": PEOPLE[:4], "Elsewhere": ["outsider"], "Closing": ["ada"], "Leaving": ["ada", "cy"]}
        yield settle(site, PEOPLE, groups)
        assert "Traceback" not in site.log, site.log


@pytest.fixture
def talker(folk):
    """Make a talker: `talker("ada")`."""
    return lambda name: Talker(folk.site.url, folk.session(name), name)


@pytest.fixture
def harbour(folk) -> str:
    return str(folk.rooms["Harbour"])
