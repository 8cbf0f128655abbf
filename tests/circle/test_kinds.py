"""The messages of this room at the hand-over: each kind asks for all of a batch at once."""

from datetime import timedelta

import pytest

from circle import services
from circle.worker import tick
from delivery.kinds import kind_of
from delivery.models import Delivery
from ground import clock
from tests.circle.people import accepted, ask, link_of
from tests.people_of_the_story import NOW, make_member

pytestmark = pytest.mark.django_db


def of(kind):
    return list(Delivery.objects.filter(kind=kind).select_related("recipient").order_by("pk"))


def reasons_of(kind, now, asserted, statements):
    batch = of(kind)
    with asserted(statements):
        reasons = kind_of(kind).reasons(batch, now)
    with asserted(1):
        assert all(one["me"] and one["su"] for one in kind_of(kind).fillings(batch))
    return reasons


@pytest.mark.parametrize("count", [1, 12])
def test_they_are_asked_and_filled_all_at_once(count, django_assert_num_queries):
    members = [make_member(f"Dana {number}") for number in range(count)]
    asked = [ask(member, "Kim", days=180) for member in members]
    services.supporter_decline(link=link_of(asked[0]))
    reasons = reasons_of("invite", NOW, django_assert_num_queries, 2)
    assert reasons == ["contact is declined"] + [None] * (count - 1)

    later = NOW + timedelta(days=170)
    sams = [accepted(member) for member in members]
    with clock.frozen(later):
        tick(later)
        services.consent_revoke(actor=members[0], supporter=sams[0], purpose="absence")
        services.consent_revoke(actor=members[0], supporter=sams[0], purpose="back_in_touch")
    [of_first, *others] = [
        reason
        for one, reason in zip(
            of("consent_ends"), reasons_of("consent_ends", later, django_assert_num_queries, 2), strict=True
        )
        if one.payload["supporter"] in {sam.pk for sam in sams}
    ]
    assert of_first == "revoked, renewed or over"
    assert others == [None] * (count - 1)
    assert set(reasons_of("consent_revoked", later, django_assert_num_queries, 2)) == {None}
