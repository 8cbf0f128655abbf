"""What people do to each other's words: edits, reactions, blocks, reports, held offers; and rooms of two or few."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from chat import holdings, policies, selectors, services
from chat.models import Message, Report, Room, RoomMember, Silence
from chat.posts import Post
from ground import clock
from ground.errors import Settled, TooMany
from groups.models import Group, Membership
from people.services import block_lift, block_set, coordinator_set
from tests.people_of_the_story import NOW, make_account, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
OFFER = "Got percs, HMU"


def found(*people, runs=(), name="Harbour", since=NOW - timedelta(days=100)):
    group = Group.objects.create(slug=uuid4().hex, name=name, zone="UTC", created_at=NOW)
    for person in (*people, *runs):
        role = Membership.FACILITATOR if person in runs else Membership.MEMBER
        Membership.objects.create(group=group, person=person, since=since, role=role)
    return services.room_of(group)


def post(person, room, body="", kind="text", of=None):
    return services.entries_write(posts=[Post(services.sender_of(person), room.key, uuid4(), body, kind, of)])[0]


def seen(room, reader):
    """What a reader is shown of the log: (seq, kind, body)."""
    return [(e["seq"], e["kind"], e.get("body")) for e in selectors.plain(room, selectors.entries(room.pk), reader)]


def test_an_edit_replaces_the_words_everywhere_and_only_for_fifteen_minutes():
    ada, bo = make_member("Ada"), make_member("Bo")
    room = found(ada, bo)
    post(ada, room, "firts")
    assert post(ada, room, "first", "edit", 1).seq == 2
    assert post(ada, room, "first of all", "edit", 1).seq == 3
    assert seen(room, bo) == [(1, "text", "first of all"), (2, "edit", "first of all"), (3, "edit", "first of all")]
    assert post(bo, room, "mine now", "edit", 1).code == "forbidden"
    assert post(ada, room, "of nothing", "edit", 2).code == "invalid"
    with clock.frozen(NOW + timedelta(minutes=15)):
        assert post(ada, room, "just in time", "edit", 1).code == ""
    with clock.frozen(NOW + timedelta(minutes=15, seconds=1)):
        assert post(ada, room, "too late", "edit", 1).code == "late"
    assert post(ada, room, OFFER, "edit", 1).code == "words"


def test_what_is_taken_back_is_nowhere_and_a_facilitator_may_remove():
    ada, bo, fay = make_member("Ada"), make_member("Bo"), make_member("Fay")
    room = found(ada, bo, runs=[fay])
    post(ada, room, "oh no")
    post(ada, room, "oh no no", "edit", 1)
    assert post(bo, room, "", "delete", 1).code == "forbidden"
    assert post(ada, room, "", "delete", 1).seq == 3
    assert not Message.objects.filter(room=room, body__contains="oh no").exists()
    assert post(ada, room, "", "delete", 1).code == "invalid"
    post(bo, room, "unkind")
    assert post(fay, room, "", "delete", 4).seq == 5
    assert list(Message.objects.filter(kind="text").order_by("seq").values_list("gone", flat=True)) == [
        "deleted",
        "removed",
    ]


def test_a_post_of_changed_words_sent_again_is_still_the_same_post():
    ada = make_member("Ada")
    room = found(ada)
    first = Post(services.sender_of(ada), room.key, uuid4(), "one")
    services.entries_write(posts=[first])
    post(ada, room, "two", "edit", 1)
    assert services.entries_write(posts=[first])[0].seq == 1
    post(ada, room, "", "delete", 1)
    assert services.entries_write(posts=[first])[0].seq == 1


def test_reactions_and_pins_are_entries_and_pins_are_for_facilitators():
    ada, fay = make_member("Ada"), make_member("Fay")
    room = found(ada, runs=[fay])
    post(ada, room, "tea at six")
    assert post(fay, room, "❤️", "react", 1).seq == 2
    assert post(fay, room, "❤️", "unreact", 1).seq == 3
    assert post(ada, room, "", "pin", 1).code == "forbidden"
    assert post(fay, room, "", "pin", 1).seq == 4
    room.refresh_from_db()
    assert room.pinned == 1
    assert post(fay, room, "", "pin", None).seq == 5
    room.refresh_from_db()
    assert room.pinned is None
    with pytest.raises(ValidationError):
        services.message_post(actor=ada, room_key=room.key, cid=uuid4(), body="call me", kind="react", of=1)


def test_blocked_people_see_and_are_seen_nowhere():
    ada, bo, cy = make_member("Ada"), make_member("Bo"), make_member("Cy")
    room = found(ada, bo, cy)
    pair = services.pair_room_open(actor=ada, other=bo)
    before = selectors.roster(room.pk).version
    post(bo, room, "the word from Bo")
    block_set(actor=ada, other=bo)
    post(ada, room, "the word from Ada")
    assert seen(room, ada) == [(1, "void", None), (2, "text", "the word from Ada")]
    assert seen(room, bo) == [(1, "text", "the word from Bo"), (2, "void", None)]
    assert len([e for e in seen(room, cy) if e[1] == "text"]) == 2
    assert selectors.roster(room.pk).apart == {ada.pk: frozenset({bo.pk}), bo.pk: frozenset({ada.pk})}
    assert selectors.roster(room.pk).version != before
    assert [f.body for f in selectors.search(actor=ada, text="the word")] == ["the word from Ada"]
    assert {line.key: line.unread for line in selectors.lines_of(ada)} == {room.key: 0}
    assert pair.key not in selectors.room_keys_of(bo)
    assert post(bo, pair, "hello?").code == "forbidden"
    assert not policies.can_pair(bo, ada)
    page = selectors.page_for(room.key, ada.pk, 0)
    assert b'"kind":"void"' in page.run.frames[0]
    block_lift(actor=ada, other=bo)
    assert pair.key in selectors.room_keys_of(bo)
    assert seen(room, ada)[0] == (1, "text", "the word from Bo")


def test_a_block_moves_the_version_of_the_rooms_that_both_are_in_and_of_no_other():
    ada, bo, cy = make_member("Ada"), make_member("Bo"), make_member("Cy")
    both, other = found(ada, bo, cy), found(ada, cy)
    few, others = services.craving_room_open(members=[ada, bo]), services.craving_room_open(members=[bo, cy])
    rooms = (both, other, few, others)

    def versions():
        found = selectors.roster_versions({room.pk: room.kind for room in rooms})
        assert [selectors.roster(room.pk).version for room in rooms] == list(found.values())
        return list(found.values())

    def moved(before):
        return [room for room, old, new in zip(rooms, before, versions(), strict=True) if old != new]

    before = versions()
    block_set(actor=ada, other=bo)
    assert moved(before) == [both, few]
    block_set(actor=bo, other=make_member("Elsewhere"))
    assert moved(before) == [both, few]
    before = versions()
    block_lift(actor=ada, other=bo)
    block_set(actor=cy, other=bo)
    assert moved(before) == [both, few, others]
    before = versions()
    Membership.objects.filter(person=cy, group=both.group).update(state="ended", until=NOW)
    assert moved(before) == [both]
    assert not selectors.roster(both.pk).apart


def test_an_offer_is_held_for_its_sender_alone_until_a_facilitator_decides():
    ada, bo, fay = make_member("Ada"), make_member("Bo"), make_member("Fay")
    room = found(ada, bo, runs=[fay])
    assert post(ada, room, OFFER).seq == 1
    assert seen(room, ada) == [(1, "text", OFFER)]
    assert seen(room, bo) == [(1, "void", None)]
    assert not selectors.search(actor=bo, text="percs")
    assert post(bo, room, "❤️", "react", 1).code == "invalid"
    (case,) = selectors.cases_for(fay)
    assert (case.words, case.held, case.name) == (OFFER, True, "Ada")
    assert not selectors.cases_for(bo)
    with pytest.raises(PermissionDenied):
        services.report_decide(actor=bo, report_id=case.ref, remove=False)
    services.report_decide(actor=fay, report_id=case.ref, remove=False)
    assert seen(room, bo)[0] == (1, "text", OFFER)
    assert seen(room, bo)[1] == (2, "hold", "off")
    with pytest.raises(Settled):
        services.report_decide(actor=fay, report_id=case.ref, remove=True)


def test_a_report_keeps_the_words_until_the_decision_and_parts_the_two():
    ada, bo, fay, co = make_member("Ada"), make_member("Bo"), make_member("Fay"), make_member("Co")
    coordinator_set(alias=co.account.alias)
    room = found(ada, bo, runs=[fay])
    post(bo, room, "an unkind word")
    services.message_report(actor=ada, room_key=room.key, seq=1)
    services.message_report(actor=fay, room_key=room.key, seq=1)
    assert seen(room, ada) == [(1, "void", None)]
    with pytest.raises(ValidationError):
        services.message_report(actor=bo, room_key=room.key, seq=1)
    post(bo, room, "", "delete", 1)
    holdings.purge(NOW + timedelta(days=31))
    (case,) = selectors.cases_for(co)
    assert (case.words, case.name) == ("an unkind word", "")  # the coordinator sees no names
    assert not selectors.cases_for(ada)
    services.report_decide(actor=co, report_id=case.ref, remove=True)
    assert set(Report.objects.values_list("state", "words")) == {("removed", "")}
    assert not selectors.cases_for(co)


def test_who_reported_a_message_does_not_decide_about_it_whoever_else_did():
    ada, bo, fay, gus = make_member("Ada"), make_member("Bo"), make_member("Fay"), make_member("Gus")
    room = found(ada, bo, runs=[fay, gus])
    post(bo, room, "an unkind word")
    for reporter in (ada, fay):
        services.message_report(actor=reporter, room_key=room.key, seq=1)
    (case,) = selectors.cases_for(gus)
    assert not selectors.cases_for(fay)
    with pytest.raises(PermissionDenied):
        services.report_decide(actor=fay, report_id=Report.objects.get(reporter=ada).pk, remove=True)
    services.report_decide(actor=gus, report_id=case.ref, remove=True)


def test_a_held_text_takes_its_edits_with_it():
    ada, bo, fay = make_member("Ada"), make_member("Bo"), make_member("Fay")
    room = found(ada, bo, runs=[fay])
    post(ada, room, "hm")
    post(ada, room, "my number is 555", "edit", 1)
    assert post(bo, room, "on", "hold", 1).code == "forbidden"
    assert post(fay, room, "on", "hold", 1).seq == 3
    assert seen(room, bo) == [(1, "void", None), (2, "void", None), (3, "hold", "on")]
    assert [body for _, _, body in seen(room, ada)] == ["my number is 555"] * 2 + ["on"]
    post(fay, room, "off", "hold", 1)
    assert seen(room, bo)[:2] == [(1, "text", "my number is 555"), (2, "edit", "my number is 555")]
    post(fay, room, "on", "hold", 1)
    post(ada, room, "", "delete", 1)
    assert seen(room, bo)[:2] == [(1, "text", ""), (2, "edit", "")]


def test_who_may_not_write_now_is_told_why_by_plain_http_too():
    ada, fay = make_member("Ada"), make_member("Fay")
    room = found(ada, runs=[fay])

    def say(body, **more):
        return services.message_post(actor=ada, room_key=room.key, cid=uuid4(), body=body, **more)

    say("one")
    with pytest.raises(ValidationError, match="as a new message"):
        say(OFFER, kind="edit", of=1)
    services.slow_set(actor=fay, room_key=room.key, seconds=30)
    with pytest.raises(TooMany, match="in 31 seconds"):
        say("two")
    services.silence_set(actor=fay, room_key=room.key, pid=ada.pid, minutes=60)
    with pytest.raises(ValidationError, match="asked you to listen"):
        say("three")
    services.silence_set(actor=fay, room_key=room.key, pid=ada.pid, minutes=0)
    with clock.frozen(NOW + timedelta(minutes=16)), pytest.raises(ValidationError, match="15 minutes"):
        say("first", kind="edit", of=1)


def test_in_slow_mode_a_clock_that_steps_back_makes_nobody_wait_for_longer():
    ada = make_member("Ada")
    room = found(ada)
    Room.objects.filter(pk=room.pk).update(slow_seconds=30)
    post(ada, room, "hello")
    with clock.frozen(NOW - timedelta(hours=1)):
        assert post(ada, room, "hello again").after < 31


def test_who_is_asked_to_listen_reads_on_and_slow_mode_says_how_long():
    ada, bo, fay = make_member("Ada"), make_member("Bo"), make_member("Fay")
    room = found(ada, bo, runs=[fay])
    with pytest.raises(PermissionDenied):
        services.silence_set(actor=ada, room_key=room.key, pid=bo.pid, minutes=60)
    services.silence_set(actor=fay, room_key=room.key, pid=ada.pid, minutes=60)
    assert post(ada, room, "but").code == "muted"
    with clock.frozen(NOW + timedelta(minutes=61)):
        assert post(ada, room, "and now").code == ""
        services.slow_set(actor=fay, room_key=room.key, seconds=30)
        outcome = post(ada, room, "again")
        assert (outcome.code, outcome.after) == ("rate", 30.1)
        assert post(fay, room, "one").code == post(fay, room, "two").code == ""
    with pytest.raises(PermissionDenied):
        services.silence_set(actor=fay, room_key=room.key, pid=fay.pid, minutes=60)
    services.silence_set(actor=fay, room_key=room.key, pid=ada.pid, minutes=0)
    assert not Silence.objects.exists()


def test_two_of_a_group_have_one_room_and_newcomers_are_shielded():
    ada, bo, new, fay, stranger = (make_member(name) for name in ("Ada", "Bo", "New", "Fay", "Stranger"))
    room = found(ada, bo, runs=[fay])
    Membership.objects.create(group=room.group, person=new, since=NOW - timedelta(days=89))
    one = services.pair_room_open(actor=ada, other=bo)
    assert services.pair_room_open(actor=bo, other=ada) == one
    assert services.pair_room_open(actor=fay, other=new).kind == Room.PAIR
    for actor, other in ((ada, new), (ada, stranger), (ada, ada)):
        with pytest.raises(PermissionDenied):
            services.pair_room_open(actor=actor, other=other)
    own = services.pair_room_open(actor=new, other=ada)  # a newcomer may write first
    assert services.pair_room_open(actor=ada, other=new) == own
    post(ada, one, "just us")
    assert [line.name for line in selectors.lines_of(bo) if line.key == one.key] == ["Ada"]
    version = selectors.roster(one.pk)
    assert version.version == selectors.roster_versions({one.pk: one.kind})[one.pk]
    Membership.objects.filter(person=bo).update(state="ended", until=NOW)
    assert selectors.roster(one.pk).people == frozenset()
    assert post(ada, one, "gone?").code == "forbidden"
    assert selectors.roster(one.pk).version == selectors.roster_versions({one.pk: one.kind})[one.pk] != version.version


def test_a_cravings_room_lets_people_in_and_out_and_is_emptied_three_days_after_its_end():
    ada, bo, cy = make_member("Ada"), make_member("Bo"), make_member("Cy")
    room = services.craving_room_open(members=[ada, bo])
    post(ada, room, "it is hard now")
    services.room_member_add(room=room, person=cy)
    services.room_member_remove(room=room, person=bo)
    assert post(bo, room, "wait").code == "forbidden"
    assert post(cy, room, "I am here").seq == 2
    services.room_close(room=room)
    assert post(cy, room, "still").code == "closed"
    with pytest.raises(Settled):
        services.room_member_add(room=room, person=bo)
    assert holdings.purge(NOW + timedelta(hours=72)) == 0
    assert holdings.purge(NOW + timedelta(hours=72, seconds=1)) == 2
    assert selectors.room_keys_of(ada) == []
    assert holdings.purge(NOW + timedelta(hours=73)) == 0


def test_a_cravings_room_that_everybody_left_is_emptied_too_and_keeps_no_names():
    ada, bo = make_member("Ada"), make_member("Bo")
    room = services.craving_room_open(members=[ada, bo])
    post(ada, room, "it is hard now")
    for person in (ada, bo):
        services.room_member_remove(room=room, person=person)
    services.room_close(room=room)
    assert holdings.purge(NOW + timedelta(hours=72, seconds=1)) == 1
    assert not RoomMember.objects.exists()
    assert holdings.purge(NOW + timedelta(hours=73)) == 0


def test_who_does_not_see_a_message_cannot_find_out_by_reporting_it_that_it_is_there():
    ada, bo, cy = (make_member(name) for name in ("Ada", "Bo", "Cy"))
    room = found(ada, bo, cy)
    post(ada, room, "not for Bo")
    block_set(actor=ada, other=bo)
    for seq in (1, 2):
        with pytest.raises(ValidationError):
            services.message_report(actor=bo, room_key=room.key, seq=seq)
    for _twice_is_once in range(2):
        services.message_report(actor=cy, room_key=room.key, seq=1)
    assert Report.objects.count() == 1


def test_an_erased_account_ends_the_room_of_two_and_leaves_the_other_their_words():
    ada, bo = make_member("Ada"), make_member("Bo")
    found(ada, bo)
    room = services.pair_room_open(actor=ada, other=bo)
    post(ada, room, "from Ada")
    holdings.erase(ada)
    assert seen(room, bo) == [(1, "text", "from Ada")]
    assert post(bo, room, "hello").code == "closed"


def test_the_others_in_the_room_can_be_named_but_nobody_who_is_blocked_on_either_side(client):
    ada, bo, cy, di = (make_member(name) for name in ("ada", "Bo", "Cy Lee", "Di"))
    room = found(ada, bo, cy, di)
    block_set(actor=ada, other=bo)
    block_set(actor=di, other=ada)
    assert selectors.names_in(room, ada) == ["Cy Lee"]
    assert selectors.names_in(room, bo) == ["Cy Lee", "Di"]
    assert selectors.names_in(room, cy) == ["ada", "Bo", "Di"]
    client.force_login(make_account("Olli"), "allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(f"/api/v1/rooms/{room.key}/names/").status_code == 403
    assert client.get("/api/v1/rooms/g99999/names/").status_code == 403
