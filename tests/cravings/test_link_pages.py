"""By the link of a message, without signing in: a chosen person's answer, a question afterwards."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from circle.services import supporter_remove
from cravings import selectors, services
from cravings.models import Aftercare, SupporterAsked
from ground import clock
from people.services import link_give
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    chosen,
    closed_at,
    offered,
    press,
    tick,
)
from tests.cravings.doors import client_of, page, send, text_of
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def test_a_chosen_person_answers_by_post_only_and_reads_neither_group_nor_reason(story):
    member, *_ = story
    sam = chosen(member, "craving")
    made = offered(member)
    tick(NOW + 63 * SECOND)
    tick(NOW + 3 * MINUTE + 3 * SECOND)
    row = SupporterAsked.objects.get()
    token = link_give(purpose="press_supporter", subject=row.pk, person=sam.person)
    guest, at = Client(), NOW + 4 * MINUTE
    body = text_of(page(guest, f"/{token}", at))
    assert "Dana would like to hear a voice now" in body
    assert "What this covers: one short message that somebody would like company." in body
    assert not re.search(r"Thursday Lamp|craving|recover", body, re.IGNORECASE)
    row.refresh_from_db()
    assert row.answer == ""
    assert "sees that you will call" in text_of(send(guest, f"/{token}", at, answer="calling"))
    assert send(guest, f"/{token}", at, answer="nonsense").status_code == 400
    with clock.frozen(at):
        services.press_undo(actor=member, ref=made.ref)
    assert send(guest, f"/{token}", at, answer="cannot").status_code == 410
    body = text_of(page(guest, f"/{token}", at))
    assert "nothing to do any more" in body
    assert "with Dana" not in body, "nobody came: and the consent names no word about who did"
    assert page(guest, f"/{token}", at + 7 * DAY - MINUTE).status_code == 200
    assert page(guest, f"/{token}", at + 7 * DAY).status_code == 410


def test_a_chosen_person_who_is_taken_off_the_list_sees_no_difference_and_the_member_reads_no_answer(story):
    member, *_ = story
    sam = chosen(member, "craving")
    offered(member)
    tick(NOW + 63 * SECOND)
    tick(NOW + 3 * MINUTE + 3 * SECOND)
    row = SupporterAsked.objects.get()
    token, at = link_give(purpose="press_supporter", subject=row.pk, person=sam.person), NOW + 4 * MINUTE
    with clock.frozen(at):
        supporter_remove(actor=member, supporter=sam)
    assert "Dana would like to hear a voice now" in text_of(page(Client(), f"/{token}", at))
    assert "sees that you will call" in text_of(send(Client(), f"/{token}", at, answer="calling"))
    assert selectors.press_current(member, at).calls == ()


def test_aftercare_is_one_tap_and_hard_offers_a_person(story):
    member, *_ = story
    made = closed_at(story, NOW)
    question = Aftercare.objects.get(press=made, step="hours")
    token = link_give(purpose="aftercare", subject=question.pk, person=member)
    assert "How is it now?" in text_of(page(Client(), f"/{token}", NOW + 2 * HOUR))
    question.refresh_from_db()
    assert question.answer == ""
    assert "Ask for someone" in text_of(send(Client(), f"/{token}", NOW + 2 * HOUR, answer="hard"))
    assert send(Client(), f"/{token}", NOW + 2 * HOUR, answer="great").status_code == 400
    over = NOW + 2 * HOUR + 7 * DAY
    assert page(Client(), f"/{token}", over).status_code == 410
    assert send(Client(), f"/{token}", over, answer="stop").status_code == 410
    question.refresh_from_db()
    assert question.answer == "hard"


def test_the_consent_page_offers_a_request_for_company_apart(story):
    member, *_ = story
    chosen(member, "absence")
    text = text_of(page(client_of(member), reverse("circle")))
    assert "A request for company" in text
    assert press(member).pk
