"""Who takes lists in, where they lie, and a town whose lists are given out."""

import pytest

from people.models import Account
from tests.list_twin import office
from tests.meetings.bmlt_door import make_town
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


@pytest.fixture
def town(evening):
    return make_town()
