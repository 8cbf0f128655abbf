"""Who is away is told that something waits: once until they come and read, without a word of what, who or where."""

import json
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

import delivery.worker
from chat import naming, selectors, services
from chat.models import Message
from chat.services import notices
from delivery import transports
from delivery.models import Delivery
from delivery.transports import webpush
from delivery.transports.recording import RecordingTransport
from ground import clock
from people.models import ContactWay
from people.services import block_set, way_add
from tests.chat.test_people import OFFER, found, post
from tests.people_of_the_story import NOW, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
LATER = NOW + timedelta(seconds=31)


def with_browser(name):
    person = make_member(name)
    way = way_add(
        person=person, kind=ContactWay.WEBPUSH, address=json.dumps([f"https://push.example/{name}", "k", "a"])
    )
    ContactWay.objects.filter(pk=way.pk).update(verified_at=NOW)
    way_add(person=person, kind="email", address=f"{name.replace(' ', '')}@example.org")
    return person


def decide(at=LATER):
    with clock.frozen(at):
        while services.notices_decide(now=at):
            pass


def decided():
    return [(one.recipient.name, one.kind) for one in Delivery.objects.order_by("pk").select_related("recipient")]


def test_who_has_not_read_after_half_a_minute_is_told_once_until_they_read():
    ada, bo, cy = make_member("Ada"), with_browser("Bo"), with_browser("Cy")
    room = found(ada, bo, cy)
    post(ada, room, "are you there?")
    services.read_mark_set(actor=cy, room_key=room.key, seq=1)
    decide(NOW + timedelta(seconds=29))
    assert decided() == []
    decide()
    assert decided() == [("Bo", "talk")]
    post(ada, room, "hello?")
    decide(LATER + timedelta(minutes=5))
    assert decided() == [("Bo", "talk"), ("Cy", "talk")]
    services.read_mark_set(actor=bo, room_key=room.key, seq=2)
    post(ada, room, "tea at six")
    decide(LATER + timedelta(minutes=9))
    assert decided()[2:] == [("Bo", "talk")]


def test_a_name_behind_an_at_tells_again_and_reaches_who_wants_only_that():
    ada, bo, cy, di = make_member("Ada"), with_browser("Bo"), with_browser("Cy Lee"), with_browser("Di")
    room = found(ada, bo, cy, di)
    services.notices_wish(actor=cy, room_key=room.key, wish="named")
    services.notices_wish(actor=di, room_key=room.key, wish="none")
    post(ada, room, "hello all")
    decide()
    assert decided() == [("Bo", "talk")]
    post(ada, room, "@bo @cy lee @Di, will you come?")
    decide(LATER + timedelta(minutes=5))
    assert decided()[1:] == [("Bo", "talk_named"), ("Cy Lee", "talk_named")]
    assert [line.notify for line in selectors.lines_of(di)] == ["none"]
    services.notices_wish(actor=di, room_key=room.key, wish="all")
    assert [line.notify for line in selectors.lines_of(di)] == ["all"]


def test_names_are_whole_words_in_any_case_and_addresses_of_mail_name_nobody():
    names = ["Bo", "Cy Lee", "Zoë"]
    assert naming.named_in("@BO: and @zoë", names) == {"Bo", "Zoë"}
    assert naming.named_in("(@cy lee)", names) == {"Cy Lee"}
    assert naming.named_in("@bob, ada@bo.example, Bo, @cy", names) == set()


def test_nobody_is_told_of_words_they_do_not_see():
    ada, bo, cy = make_member("Ada"), with_browser("Bo"), with_browser("Cy")
    room = found(ada, bo, cy)
    block_set(actor=bo, other=ada)
    post(ada, room, "@Bo look here")
    decide()
    assert decided() == [("Cy", "talk")]
    services.read_mark_set(actor=cy, room_key=room.key, seq=1)
    post(ada, room, "Got percs, @Cy, HMU")  # held for the facilitators
    assert Message.objects.latest("pk").held
    decide(LATER + timedelta(minutes=1))
    assert len(decided()) == 1


def states():
    return list(Delivery.objects.order_by("pk").values_list("state", "reason"))


def let_go(at=LATER):
    gone = RecordingTransport()
    with transports.replaced({ContactWay.WEBPUSH: gone, "email": gone}), clock.frozen(at):
        delivery.worker.tick(at)
    return gone


def browsers(gone):
    """The names of the browsers that were told."""
    return [json.loads(address)[0].rsplit("/")[-1] for address, _message in gone.sent]


def test_at_the_hand_over_it_is_asked_again_and_goes_only_to_the_browser():
    ada, bo, cy = make_member("Ada"), with_browser("Bo"), with_browser("Cy")
    room = found(ada, bo, cy)
    post(ada, room, "hello")
    decide()
    services.read_mark_set(actor=cy, room_key=room.key, seq=1)
    (sent,) = let_go().sent
    (only,) = Delivery.objects.filter(state="handed_over")
    assert (only.recipient, only.tries.get().transport) == (bo, ContactWay.WEBPUSH)
    assert Delivery.objects.get(recipient=cy).reason == "read"
    told = json.loads(webpush.payload(sent[1]))
    assert told["id"] == notices.tag_of(room.pk, bo)
    assert not re.search("harbour|ada|hello", json.dumps(told), re.IGNORECASE)


def test_forty_of_a_room_are_asked_again_in_as_many_statements_as_four():
    ada = make_member("Ada")
    asked = []
    for count in (4, 40):
        room = found(ada, *(with_browser(f"Bo {count} {n}") for n in range(count)))
        post(ada, room, "hello")
        decide()
        with CaptureQueriesContext(connection) as seen:
            sent = let_go().sent
        assert len(sent) == count
        asked.append(len(seen))
    assert asked[0] == asked[1]


def test_what_was_taken_back_meanwhile_is_not_told_of():
    ada, bo = make_member("Ada"), with_browser("Bo")
    room = found(ada, bo)
    post(ada, room, "oh no")
    decide()
    assert decided() == [("Bo", "talk")]
    post(ada, room, "", "delete", 1)
    assert not let_go().sent
    assert states() == [("suppressed", "read")]


def test_a_browser_that_is_gone_sends_no_mail():
    ada, bo = make_member("Ada"), with_browser("Bo")
    room = found(ada, bo)
    post(ada, room, "tea?")
    decide()
    assert decided() == [("Bo", "talk")]
    ContactWay.objects.filter(kind=ContactWay.WEBPUSH).update(bounced_at=NOW)
    assert not let_go().sent
    assert states() == [("suppressed", "not this browser")]


def test_quiet_hours_keep_it_until_morning():
    ada, bo = make_member("Ada"), with_browser("Bo")
    room = found(ada, bo)
    night = NOW + timedelta(hours=8)  # three in the morning in Berlin
    with clock.frozen(night):
        post(ada, room, "cannot sleep")
    decide(night + timedelta(seconds=31))
    (waits,) = Delivery.objects.all()
    assert waits.not_before == night + timedelta(hours=5)  # eight


def test_an_outsider_sets_nothing_and_a_wish_is_one_of_three():
    ada, out = make_member("Ada"), make_member("Out")
    room = found(ada)
    with pytest.raises(PermissionDenied):
        services.notices_wish(actor=out, room_key=room.key, wish="none")
    with pytest.raises(ValidationError):
        services.notices_wish(actor=ada, room_key=room.key, wish="loud")


def test_words_that_were_held_tell_when_they_are_given_free_and_name_as_if_just_said():
    ada, bo, cy, fay = make_member("Ada"), with_browser("Bo"), with_browser("Cy"), make_member("Fay")
    room = found(ada, bo, cy, runs=[fay])
    post(ada, room, f"{OFFER} @cy")
    for reader in (bo, cy):
        services.read_mark_set(actor=reader, room_key=room.key, seq=1)
    decide()
    assert decided() == []
    services.report_decide(actor=fay, report_id=selectors.cases_for(fay)[0].ref, remove=False)
    decide(LATER + timedelta(minutes=5))
    assert decided() == [("Bo", "talk"), ("Cy", "talk_named")]
    services.read_mark_set(actor=bo, room_key=room.key, seq=2)
    assert browsers(let_go(LATER + timedelta(minutes=5))) == ["Cy"]


def test_what_was_held_after_everybody_had_read_it_tells_nobody_again():
    ada, bo, fay = make_member("Ada"), with_browser("Bo"), make_member("Fay")
    room = found(ada, bo, runs=[fay])
    post(ada, room, "plain words")
    services.read_mark_set(actor=bo, room_key=room.key, seq=1)
    post(fay, room, "on", "hold", 1)
    post(fay, room, "off", "hold", 1)
    decide()
    assert decided() == []


def test_each_browser_of_a_member_is_told_once_and_one_that_is_gone_harms_no_other():
    ada, bo = make_member("Ada"), with_browser("Bo")
    for name in ("phone", "desk"):
        way = way_add(
            person=bo, kind=ContactWay.WEBPUSH, address=json.dumps([f"https://push.example/{name}", "k", "a"])
        )
        ContactWay.objects.filter(pk=way.pk).update(verified_at=NOW)
    room = found(ada, bo)
    post(ada, room, "are you there?")
    decide()
    assert decided() == [("Bo", "talk")] * 3
    ContactWay.objects.filter(pk=way.pk).update(bounced_at=NOW)
    assert sorted(browsers(let_go()) + browsers(let_go())) == ["Bo", "phone"]
    assert sorted(states()) == [("handed_over", ""), ("handed_over", ""), ("suppressed", "not this browser")]
    post(ada, room, "hello?")
    decide(LATER + timedelta(minutes=5))
    assert len(decided()) == 3
