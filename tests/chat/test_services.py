"""The log's rules, seen by its services: member, facilitator, outsider, and what is left of a person."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction

from chat import holdings, news, selectors, services
from chat.models import Message, ReadMark, Room
from chat.posts import Post
from ground import clock, wake
from ground.errors import Conflict, Settled, TooMany
from groups.models import Group, Membership
from people import holdings as register
from people.models import Person
from tests.people_of_the_story import NOW, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


def found(*people: Person, name: str = "Harbour") -> Room:
    group = Group.objects.create(slug=uuid4().hex, name=name, zone="UTC", created_at=NOW)
    for person in people:
        Membership.objects.create(group=group, person=person, since=NOW)
    return services.room_of(group)


def post(person: Person, room: Room, body: str = "hello", cid: UUID | None = None) -> Post:
    return Post(services.sender_of(person), room.key, cid or uuid4(), body)


def say(person: Person, room: Room, body: str = "hello", cid: UUID | None = None):
    return services.message_post(actor=person, room_key=room.key, cid=cid or uuid4(), body=body)


def test_seqs_have_no_hole_also_after_a_rollback():
    member = make_member()
    room = found(member)
    say(member, room, "one")
    with transaction.atomic():
        say(member, room, "never")
        transaction.set_rollback(True)
    say(member, room, "two")
    assert list(Message.objects.order_by("seq").values_list("seq", "body")) == [(1, "one"), (2, "two")]


def test_a_batch_over_several_rooms_answers_each_post_in_its_order():
    member, outsider = make_member(), make_member()
    harbour, lake = found(member), found(member, outsider, name="Lake")
    cid = uuid4()
    batch = [
        post(member, lake, "a"),
        post(outsider, harbour, "b"),
        post(member, harbour, "c", cid),
        post(member, harbour, "c", cid),
        post(member, harbour, "d", cid),
        Post(services.sender_of(member), "g0", uuid4(), "e"),
        post(outsider, lake, "f"),
    ]
    outcomes = services.entries_write(posts=batch)
    assert [(o.seq, o.code) for o in outcomes] == [
        (1, ""),
        (0, "forbidden"),
        (1, ""),
        (1, ""),
        (0, "conflict"),
        (0, "forbidden"),
        (2, ""),
    ]


def test_a_batch_takes_a_fixed_number_of_statements(django_assert_max_num_queries):
    member = make_member()
    rooms = [found(member, name=f"Room {number}") for number in range(5)]
    batch = [post(member, room, str(number)) for room in rooms for number in range(30)]
    with django_assert_max_num_queries(9):
        services.entries_write(posts=batch)


def test_one_post_that_the_database_refuses_does_not_take_its_neighbours_with_it(monkeypatch):
    member = make_member()
    room = found(member)
    honest = Message.objects.bulk_create

    def refuses_poison(rows, *args, **kwargs):
        if any(row.body == "poison" for row in rows):
            raise IntegrityError("refused")
        return honest(rows, *args, **kwargs)

    monkeypatch.setattr(type(Message.objects), "bulk_create", lambda _, rows, *a, **k: refuses_poison(rows, *a, **k))
    batch = [post(member, room, body) for body in ("one", "poison", "two")]
    assert [(o.seq, o.code) for o in services.entries_write(posts=batch)] == [(1, ""), (0, "invalid"), (2, "")]


def test_a_database_that_does_not_answer_is_not_taken_for_poison(monkeypatch):
    member = make_member()
    room = found(member)

    def gone(batch):
        raise OperationalError("gone")

    monkeypatch.setattr(services.entries, "_write_together", gone)
    with pytest.raises(OperationalError):
        services.entries_write(posts=[post(member, room)])


def test_the_database_itself_keeps_each_seq_and_each_key_once():
    member = make_member()
    room = found(member)
    outcome = say(member, room)
    row = Message.objects.get()
    for change in ({"seq": 1}, {"seq": 2, "cid": outcome.post.cid}, {"seq": 0}):
        values = {"cid": uuid4(), "body": "", "at": NOW, "sender_name": "x", **change}
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.create(room=room, sender=row.sender, **values)


def test_the_outsider_and_the_one_who_waits_are_refused_and_unknown_rooms_look_the_same():
    member, outsider, waiting = make_member(), make_member(), make_member()
    room = found(member)
    Membership.objects.create(group=room.group, person=waiting, since=NOW, state=Membership.WAITING)
    refusals = []
    for person, key in ((outsider, room.key), (waiting, room.key), (member, "g0")):
        with pytest.raises(PermissionDenied) as refused:
            services.message_post(actor=person, room_key=key, cid=uuid4(), body="hello")
        refusals.append(str(refused.value))
    assert len(set(refusals)) == 1
    with pytest.raises(PermissionDenied):
        services.read_mark_set(actor=outsider, room_key=room.key, seq=1)


def test_a_former_member_may_not_post_but_gets_the_old_answer_for_an_old_key():
    member = make_member()
    room = found(member)
    first = say(member, room, "here")
    Membership.objects.update(state=Membership.ENDED, until=NOW)
    again = say(member, room, "here", first.post.cid)
    assert again.seq == first.seq
    with pytest.raises(PermissionDenied):
        say(member, room, "still here")


def test_a_closed_group_is_settled():
    member = make_member()
    room = found(member)
    Group.objects.update(closed_at=NOW)
    with pytest.raises(Settled):
        say(member, room)


def test_the_same_key_for_another_text_is_a_conflict():
    member = make_member()
    room = found(member)
    cid = uuid4()
    say(member, room, "this", cid)
    with pytest.raises(Conflict):
        say(member, room, "that", cid)


@pytest.mark.parametrize("body", ["", " \r\n ", "x" * 4001, "a\0b", "\ud83d"])
def test_what_cannot_be_kept_is_said_in_a_sentence(body):
    member = make_member()
    with pytest.raises(ValidationError, match=r"\.'\]$"):
        say(member, found(member), body)


def test_texts_are_kept_with_one_kind_of_line_end_and_4000_characters_fit():
    member = make_member()
    room = found(member)
    say(member, room, "  a\r\nb\rc ")
    say(member, room, "é" * 4000)
    assert Message.objects.get(seq=1).body == "a\nb\nc"
    assert len(Message.objects.get(seq=2).body) == 4000


def test_too_many_in_a_short_time_is_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr("chat.paces.time.monotonic", lambda: 1000.0)  # no time passes, however slow the machine
    member = make_member()
    room = found(member)
    for _ in range(30):
        say(member, room)
    with pytest.raises(TooMany, match="Please wait"):
        say(member, room)
    assert Message.objects.count() == 30


def test_after_an_offer_that_was_held_its_sender_waits_half_a_minute(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("chat.paces.time.monotonic", lambda: now[0])
    member = make_member()
    room = found(member)
    say(member, room, "Got percs, HMU")
    with pytest.raises(TooMany, match="Please wait"):
        say(member, room, "sorry")
    now[0] += 29.9
    with pytest.raises(TooMany):
        say(member, room, "sorry")
    now[0] += 0.2
    say(member, room, "sorry")


def test_after_the_commit_the_bus_hears_of_it_with_the_rosters_version(django_capture_on_commit_callbacks, monkeypatch):
    heard = []
    monkeypatch.setattr(wake, "publish", lambda topic, payload: heard.append((topic, payload)))
    member = make_member()
    room = found(member)
    with django_capture_on_commit_callbacks(execute=True):
        outcome = say(member, room, "hello")
        say(member, room, "hello", outcome.post.cid)  # known: nothing new to tell
        assert heard == []
    ((topic, payload),) = heard
    (item,) = news.unpack(payload)
    assert (topic, item.room, item.last) == ("talk", room.key, 1)
    assert item.run.version == selectors.roster(room.pk).version


def test_every_change_of_the_members_is_another_version():
    people = [make_member() for _ in range(3)]
    room = found(*people)
    seen = [selectors.roster(room.pk).version]

    def changed() -> None:
        roster = selectors.roster(room.pk)
        assert roster.version == selectors.roster_versions({room.pk: room.kind})[room.pk]
        assert roster.version not in seen
        seen.append(roster.version)

    first = Membership.objects.get(person=people[0])
    first.state, first.until = Membership.ENDED, NOW
    first.save()
    changed()
    back = Membership.objects.create(group=room.group, person=people[0], since=NOW)
    changed()
    Membership.objects.filter(pk=first.pk).delete()
    changed()
    waiting = Membership.objects.create(group=room.group, person=make_member(), since=NOW, state=Membership.WAITING)
    changed()
    waiting.state = Membership.ACTIVE
    waiting.save()
    changed()
    back.delete()
    changed()
    Membership.objects.create(group=room.group, person=make_member(), since=NOW)
    changed()
    assert selectors.roster_versions({0: "group"}) == {0: f"{selectors.NOBODY}/0.0"}


def test_the_list_counts_what_others_wrote_since_i_read(django_assert_max_num_queries):
    member, other = make_member(), make_member()
    harbour, lake = found(member, other), found(member, other, name="Lake")
    for number in range(3):
        say(other, harbour, str(number))
    say(member, harbour, "mine")
    services.read_mark_set(actor=member, room_key=harbour.key, seq=1)
    with django_assert_max_num_queries(3):
        lines = {line.key: line for line in selectors.lines_of(member)}
    assert (lines[harbour.key].unread, lines[lake.key].unread) == (2, 0)
    assert [line.key for line in selectors.lines_of(member)] == [harbour.key, lake.key]


def test_a_read_mark_never_goes_back_nor_beyond_the_log():
    member, outsider = make_member(), make_member()
    room = found(member)
    say(member, room)
    say(member, room)
    services.read_mark_set(actor=member, room_key=room.key, seq=999)
    services.read_mark_set(actor=member, room_key=room.key, seq=1)
    services.read_marks_set(marks={(outsider.pk, room.key): 1, (member.pk, "g0"): 1})
    assert list(ReadMark.objects.values_list("person", "seq")) == [(member.pk, 2)]


def test_rooms_are_made_when_somebody_first_asks_and_only_once():
    member = make_member()
    group = Group.objects.create(slug="s", name="New", zone="UTC", created_at=NOW)
    Membership.objects.create(group=group, person=member, since=NOW)
    assert services.rooms_open(actor=member) == services.rooms_open(actor=member) == [f"g{group.pk}"]
    assert services.rooms_open(actor=make_member()) == []


def test_the_export_holds_my_words_and_an_erasure_leaves_others_talk_whole():
    member, other = make_member("Robin"), make_member("Lou")
    room = found(member, other)
    say(member, room, "my words")
    say(other, room, "an answer")
    services.read_mark_set(actor=member, room_key=room.key, seq=2)
    export = holdings.export(member)
    assert [entry["body"] for entry in export["messages"]] == ["my words"]
    assert export["read_marks"] == [{"room": "Harbour", "seq": 2}]
    holdings.erase(member)
    (first, second) = selectors.plain(room, selectors.entries(room.pk), other)
    assert (first["from"], first["body"]) == (None, "my words")
    assert second["from"]["name"] == "Lou"
    assert not ReadMark.objects.filter(person=member).exists()
    assert holdings.export(member) == {"messages": [], "read_marks": []}


def test_erasing_two_who_used_the_same_key_is_possible():
    one, other = make_member(), make_member()
    room = found(one, other)
    cid = uuid4()
    say(one, room, "a", cid)
    say(other, room, "b", cid)
    holdings.erase(one)
    holdings.erase(other)
    assert Message.objects.filter(sender=None).count() == 2


def test_talk_older_than_30_days_is_gone_and_an_old_resume_starts_over():
    member = make_member()
    room = found(member)
    for number in range(3):
        say(member, room, f"old {number}")
    with clock.frozen(NOW + timedelta(days=29)):
        say(member, room, "young")
        assert holdings.purge(clock.now()) == 0
    assert holdings.purge(NOW + timedelta(days=30, minutes=1)) == 3
    room.refresh_from_db()
    assert (room.floor, room.last_seq) == (3, 4)
    page = selectors.page_for(room.key, member.pk, 1)
    assert page is not None
    assert (page.reset, page.run.first, len(page.run.frames)) == (True, 4, 1)
    fine = selectors.page_for(room.key, member.pk, 3)
    assert fine is not None
    assert (fine.reset, fine.run.first) == (False, 4)


def test_long_texts_make_a_page_shorter_and_the_next_one_goes_on_from_there():
    member = make_member()
    room = found(member)
    for _ in range(12):
        say(member, room, "💡" * 4000)
    pages: list[selectors.Page] = []
    after = None
    while not pages or pages[-1].more:
        page = selectors.page_for(room.key, member.pk, after)
        assert page is not None
        pages.append(page)
        after = page.run.last
    assert [len(page.run.frames) for page in pages] == [8, 4]
    assert [page.reset for page in pages] == [True, False]
    assert [frame for page in pages for frame in page.run.frames] == list(
        selectors.run_after(room.pk, room.key, 0).frames
    )


def test_the_room_answers_for_what_it_keeps():
    assert {"chat.Message", "chat.ReadMark"} <= {m for h in register.holdings() for m in h.models}


def test_the_two_databases_lock_rooms_in_one_order():
    """A statement of its own, sorted: two batches over the same rooms cannot wait for each other."""
    member = make_member()
    rooms = [found(member, name=f"Room {number}") for number in range(3)]
    with _statements() as seen:
        services.entries_write(posts=[post(member, room) for room in reversed(rooms)])
    locking = [sql for sql in seen if "chat_room" in sql and sql.startswith("SELECT")]
    assert "ORDER BY" in locking[0]
    if connection.vendor == "postgresql":
        assert "FOR UPDATE" in locking[0]


def _statements():
    from contextlib import contextmanager

    from django.test.utils import CaptureQueriesContext

    @contextmanager
    def capture():
        seen: list[str] = []
        with CaptureQueriesContext(connection) as context:
            yield seen
        seen += [query["sql"] for query in context.captured_queries]

    return capture()
