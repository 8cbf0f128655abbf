"""Real servers for tests, benches and stories, run as children of this process, as root or not.

PostgreSQL, Valkey and Node come from wheels in the test requirements, Chromium through npm from the Node
wheel, so nothing here needs a system package. All times are seconds; every server listens on loopback only.
"""

from tests.servers.base import ROOT, Unavailable, free_port
from tests.servers.chromium import Chromium, chromium
from tests.servers.postgres import Postgres
from tests.servers.site import Site
from tests.servers.valkey import Valkey

__all__ = ["ROOT", "Chromium", "Postgres", "Site", "Unavailable", "Valkey", "chromium", "free_port"]
