"""Who takes lists in, and where they lie."""

import pytest

from people.models import Account
from tests.list_twin import office
from tests.people_of_the_story import make_member


@pytest.fixture
def coordinator():
    person = make_member("Cora")
    Account.objects.filter(person=person).update(is_coordinator=True)
    return person


@pytest.fixture
def there(settings):
    with office() as found:
        settings.OUTSIDE_ALLOWED = {found.place}
        yield found
