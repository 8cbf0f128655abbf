"""What every test may use. Which way it runs (embedded or scaled) is set by script/test through the environment."""

import gc
import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.servers.migrated import fill_test_database

WAY = os.environ.get("PORCHLIGHT_WAY", "embedded")
BROWSER = os.environ.get("PORCHLIGHT_BROWSER", "")  # "only", "none", or both kinds when empty
PART = os.environ.get("PORCHLIGHT_PART", "")  # of the way: "apart", "rest", or all when empty
APART = {"chat", "faults", "replay", "stories"}  # folders whose tests mostly wait for processes of their own
FULL = bool(os.environ.get("PORCHLIGHT_FULL"))
SEED = int(os.environ.get("PORCHLIGHT_SEED", "1"))

hypothesis_settings.register_profile(
    "small",
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.register_profile(
    "full", max_examples=2000, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("full" if FULL else "small")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each way runs what is meant for it; nothing is skipped."""
    other = "scaled" if WAY == "embedded" else "embedded"

    def left_out(item: pytest.Item) -> bool:
        wrong_part = BROWSER and (item.get_closest_marker("browser") is not None) != (BROWSER == "only")
        wrong_turn = PART and (item.path.parent.name in APART) != (PART == "apart")
        return bool(item.get_closest_marker(other) or wrong_part or wrong_turn)

    dropped = [item for item in items if left_out(item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]
    # Playwright's sync face keeps a loop running in this thread, which Django's database layer refuses
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the search for garbage need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session")
def full() -> bool:
    """True in `script/test --full`: take the larger size."""
    return FULL


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run: 1, or the printed one of a full run."""
    return SEED


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """A copy of a migrated database costs a tenth of migrating in each process; its folder or server goes anyway."""
    fill_test_database(settings.DATABASES["default"])
    return True


@pytest.fixture(autouse=True)
def _nobody_is_slowed() -> None:
    """Who wrote what in one test may have the number of somebody in the next."""
    from chat.services import paces  # not before Django is set up

    paces.forget()


@pytest.fixture
def evening() -> Iterator[None]:
    """The clock stands at NOW of tests/people_of_the_story.py."""
    from ground import clock  # not before Django is set up
    from tests.people_of_the_story import NOW

    with clock.frozen(NOW):
        yield


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """What a test leaves active (a page in Spanish) is not the next one's language."""
    yield
    translation.deactivate_all()
    translation.activate(settings.LANGUAGE_CODE)
