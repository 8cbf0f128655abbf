"""What follows a press, asked in one tap and told to nobody; with a moved clock."""

import pytest
from django.core.exceptions import PermissionDenied

from cravings import services
from cravings.models import Aftercare, Press
from cravings.services import after
from delivery.models import Delivery
from ground import clock
from tests.cravings.circle_of_four import (
    MINUTE,
    another,
    claim,
    closed_at,
    offer_to,
    offered,
    press,
    says,
    tick,
)
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def asked_afterwards(made):
    rows = Delivery.objects.filter(topic=f"aftercare:{made.pk}").order_by("created_at", "pk")
    return [one.kind for one in rows]


def test_two_hours_later_the_next_day_at_ones_own_hour_and_on_the_third_day_one_tap_is_asked(story):
    member, *_ = story
    services.wishes_set(actor=member, gender="", ask="", aftercare=True, hour=9)
    made = closed_at(story, NOW)
    times = {one.step: one.due_at for one in Aftercare.objects.filter(press=made)}
    morning = NOW.replace(hour=8) + DAY  # 9 in Berlin
    assert times == {"hours": NOW + 2 * HOUR, "next_day": morning, "day_three": morning + 2 * DAY}
    for step in ("hours", "next_day", "day_three"):
        tick(times[step])
        question = Aftercare.objects.get(press=made, step=step)
        with clock.frozen(times[step] + MINUTE):
            services.aftercare_answer(actor=member, question_id=question.pk, answer="fine")
    assert asked_afterwards(made) == ["aftercare_hours", "aftercare_next_day", "aftercare_day_three"]


def test_without_an_answer_at_most_one_more_is_asked(story):
    made = closed_at(story, NOW)
    for one in Aftercare.objects.filter(press=made).order_by("due_at"):
        tick(one.due_at)
    assert asked_afterwards(made) == ["aftercare_hours", "aftercare_next_day"]


def test_stop_ends_the_questions_and_a_wish_prevents_them(story):
    member, *_ = story
    made = closed_at(story, NOW)
    tick(NOW + 2 * HOUR)
    question = Aftercare.objects.get(press=made, step="hours")
    with clock.frozen(NOW + 2 * HOUR):
        services.aftercare_answer(actor=member, question_id=question.pk, answer="stop")
    tick(NOW + 5 * DAY)
    assert asked_afterwards(made) == ["aftercare_hours"]
    services.wishes_set(actor=member, gender="", ask="", aftercare=False, hour=9)
    assert Aftercare.objects.filter(press=closed_at(story, NOW + 6 * DAY)).count() == 0


def test_who_asks_again_is_not_asked_about_before(story):
    member, *_ = story
    made = closed_at(story, NOW)
    press(member, NOW + HOUR)
    tick(NOW + 2 * HOUR)
    assert asked_afterwards(made) == []


def test_a_cancelled_press_has_no_questions_and_nobody_else_may_answer_one(story):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_undo(actor=member, ref=made.ref)
    assert Aftercare.objects.count() == 0
    closed = closed_at(story, NOW + HOUR)
    question = Aftercare.objects.filter(press=closed).first()
    with pytest.raises(PermissionDenied):
        services.aftercare_answer(actor=responder, question_id=question.pk, answer="fine")


def test_used_keeps_everything_and_tells_nobody(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    before = Delivery.objects.count()
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_close(actor=member, ref=made.ref, how="used")
    assert Delivery.objects.count() == before
    assert "used" not in str(offer_to(responder, made))
    assert Press.objects.filter(person=member).count() == 1


def test_a_question_that_raises_is_reported_waits_an_hour_and_holds_up_nothing_else(story, monkeypatch, caplog):
    member, responder, _outsider, group = story
    other = another(group)
    broken = closed_at(story, NOW)
    whole = claim(responder, offered(other, NOW - 5 * MINUTE), NOW + MINUTE)
    says(responder, whole, NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_close(actor=other, ref=whole.ref)
    right = after._why_not

    def breaks(one, now):
        if one.press_id == broken.pk:
            raise RuntimeError("this question is broken")
        return right(one, now)

    monkeypatch.setattr(after, "_why_not", breaks)
    at = NOW + 2 * HOUR + 2 * MINUTE
    tick(at)
    assert (asked_afterwards(broken), asked_afterwards(whole)) == ([], ["aftercare_hours"])
    assert "waits" in caplog.text
    caplog.clear()
    tick(at + MINUTE)
    assert caplog.text == ""
    monkeypatch.setattr(after, "_why_not", right)
    tick(at + HOUR)
    assert asked_afterwards(broken) == ["aftercare_hours"]
    assert member.pk
