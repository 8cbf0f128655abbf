"""The coordinator's desk for meeting lists: looked at before it is applied, undone after, looked at again by itself."""

import json
from dataclasses import replace
from datetime import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from ground import clock
from ground.errors import Conflict, Settled
from meetings.models import Import, ImportPart, ListWord, Meeting, Source
from meetings.selectors import attendance, lists
from meetings.services import group_meetings, import_desk, list_words
from meetings.services.import_work import imports_due
from meetings.services.imports import feed_import
from people.models import Account
from tests.list_twin import office
from tests.people_of_the_story import DAY, HOUR, NOW, make_account, make_member

pytestmark = pytest.mark.django_db
LAMP = {"name": "Lamp", "slug": "lamp", "day": 1, "time": "19:00", "timezone": "Europe/Berlin"}
PORCH = LAMP | {"slug": "porch", "name": "Porch", "day": 2}
DOOR = LAMP | {"slug": "door", "name": "Door", "day": 3}


@pytest.fixture(autouse=True)
def evening():
    with clock.frozen(NOW):
        yield


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


def sent(*entries, name="list.json"):
    return SimpleUploadedFile(name, json.dumps(entries).encode())


def work(now=NOW):
    """The worker, until nothing is left to do."""
    with clock.frozen(now):
        return sum(iter(lambda: imports_due(now=now), 0))


def hand_in(coordinator, *entries, name="Office"):
    """The import as it stands after the worker has read it."""
    run = import_desk.import_begin(actor=coordinator, name=name, files=[sent(*entries)])
    work()
    run.refresh_from_db()
    return run


def take_in(coordinator, *entries, name="Office"):
    run = hand_in(coordinator, *entries, name=name)
    import_desk.import_agree(actor=coordinator, import_id=run.pk)
    work()
    run.refresh_from_db()
    assert run.state == Import.DONE
    return run


# --- looked at, applied, undone -------------------------------------------------------------------------------


def test_a_list_changes_nothing_before_it_was_looked_at_and_everything_after(coordinator):
    run = hand_in(coordinator, LAMP, PORCH, {"name": "No day", "slug": "x", "day": 9, "time": "19:00"})
    assert run.state == Import.READY
    assert not Meeting.objects.exists()
    found = lists.import_for(coordinator, run.pk)
    assert found.kinds == {"added": 2, "changed": 0, "removed": 0, "unread": 1}
    import_desk.import_agree(actor=coordinator, import_id=run.pk)
    assert not Meeting.objects.exists(), "the worker does the work"
    work()
    assert sorted(Meeting.objects.values_list("name", flat=True)) == ["Lamp", "Porch"]
    run.refresh_from_db()
    assert (run.state, run.numbers["added"], run.entries) == (Import.DONE, 2, 3)
    assert not ImportPart.objects.exists(), "the copy of the list goes when it is taken in"


def test_changes_are_shown_field_by_field_with_before_and_after(coordinator):
    take_in(coordinator, LAMP, PORCH)
    run = hand_in(coordinator, LAMP | {"time": "20:30", "name": "Lantern", "day": 5}, DOOR)
    found = lists.import_for(coordinator, run.pk, kind="changed")
    assert found.kinds == {"added": 1, "changed": 1, "removed": 1, "unread": 0}
    assert sorted(found.rows[0].fields) == [
        ["days", "0", "4"],
        ["name", "Lamp", "Lantern"],
        ["time", "19:00", "20:30"],
    ]
    assert Meeting.objects.get(slug="lamp").name == "Lamp"


def test_an_applied_list_is_undone_and_a_later_one_stands_in_the_way(coordinator):
    first = take_in(coordinator, LAMP, PORCH)
    second = take_in(coordinator, LAMP | {"name": "Lantern"}, DOOR)
    with pytest.raises(Settled, match="later import"):
        import_desk.import_take_back(actor=coordinator, import_id=first.pk)
    import_desk.import_take_back(actor=coordinator, import_id=second.pk)
    work()
    second.refresh_from_db()
    assert second.state == Import.UNDONE
    assert sorted(Meeting.objects.filter(closed_at=None).values_list("name", flat=True)) == ["Lamp", "Porch"]
    again = hand_in(coordinator, LAMP | {"name": "Lantern"}, DOOR)
    assert (again.numbers["added"], again.numbers["changed"], again.numbers["removed"]) == (1, 1, 1)


def test_a_dropped_list_leaves_nothing_behind(coordinator):
    run = hand_in(coordinator, LAMP)
    import_desk.import_drop(actor=coordinator, import_id=run.pk)
    assert not Source.objects.exists()
    with pytest.raises(Settled):
        import_desk.import_agree(actor=coordinator, import_id=run.pk)


def test_what_is_no_list_says_why_and_changes_nothing(coordinator):
    take_in(coordinator, LAMP)
    page = SimpleUploadedFile("list.json", b"<!doctype html><p>Sign in")
    run = import_desk.import_begin(actor=coordinator, name="Office", files=[page])
    work()
    run.refresh_from_db()
    assert run.state == Import.REFUSED
    assert "web page" in run.reason
    assert Meeting.objects.get().closed_at is None


def test_a_fault_of_ours_harms_no_other_list_and_is_said(coordinator, monkeypatch):
    from meetings.services import import_work

    def breaks(*_, **__):
        raise RuntimeError("the disk is full")

    run = import_desk.import_begin(actor=coordinator, name="Office", files=[sent(LAMP)])
    monkeypatch.setattr(import_work, "gather", breaks)
    work()
    monkeypatch.undo()
    run.refresh_from_db()
    assert (run.state, run.reason) == (Import.REFUSED, import_work.OUR_FAULT)
    take_in(coordinator, LAMP, name="Another")


def test_a_worker_that_died_leaves_the_list_to_the_next(coordinator):
    run = import_desk.import_begin(actor=coordinator, name="Office", files=[sent(LAMP)])
    Import.objects.filter(pk=run.pk).update(lease_until=NOW + HOUR)
    assert work() == 0
    assert work(NOW + 2 * HOUR) == 1
    run.refresh_from_db()
    assert run.state == Import.READY


def test_one_list_is_on_its_way_once_and_a_newer_copy_takes_the_place_of_one_that_waits(coordinator):
    import_desk.import_begin(actor=coordinator, name="Office", files=[sent(LAMP)])
    with pytest.raises(Conflict):
        import_desk.import_begin(actor=coordinator, name="Office", files=[sent(PORCH)])
    work()
    newer = hand_in(coordinator, PORCH)
    assert Import.objects.get() == newer


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"files": []}, "address"),
        ({"files": [], "address": "ftp://example.org/list"}, "address"),
        ({"files": [], "address": "https://me:secret@example.org/list"}, "address"),
        ({"address": "https://example.org/list"}, "address"),
    ],
)
def test_what_is_typed_wrong_is_named(coordinator, given, field):
    with pytest.raises(ValidationError) as refused:
        import_desk.import_begin(**{"actor": coordinator, "name": "Office", "files": [sent(LAMP)]} | given)
    assert list(refused.value.message_dict) == [field]
    assert not Source.objects.exists()


def test_a_list_beyond_the_setting_is_refused_before_it_is_kept(coordinator, settings):
    settings.MEETINGS_MAX_FEED_BYTES = 20
    with pytest.raises(ValidationError):
        import_desk.import_begin(actor=coordinator, name="Office", files=[sent(LAMP)])
    assert not ImportPart.objects.exists()


def test_only_coordinators_have_the_desk(coordinator):
    run = hand_in(coordinator, LAMP)
    outsider = make_member()
    for service, given in (
        (import_desk.import_begin, {"name": "Office", "files": [sent(LAMP)]}),
        (import_desk.import_agree, {"import_id": run.pk}),
        (import_desk.import_drop, {"import_id": run.pk}),
        (import_desk.import_take_back, {"import_id": run.pk}),
        (import_desk.refresh_set, {"source_id": run.source_id, "address": "", "hours": None, "by_itself": False}),
    ):
        with pytest.raises(PermissionDenied):
            service(actor=outsider, **given)
    for read, asked in ((lists.lists_for, ()), (lists.list_for, (run.source_id,)), (lists.import_for, (run.pk,))):
        with pytest.raises(PermissionDenied):
            read(outsider, *asked)


# --- from the web ---------------------------------------------------------------------------------------------


def page(*entries, **headers):
    return 200, headers, json.dumps(entries).encode()


def test_a_list_at_an_address_is_fetched_through_redirects_and_kept_as_it_was_seen(coordinator, there):
    there.pages |= {"/old": (302, {"Location": "/list"}, b""), "/list": page(LAMP, ETag='"1"')}
    run = import_desk.import_begin(actor=coordinator, name="Office", address=there.url("/old"))
    work()
    there.pages["/list"] = page(LAMP, PORCH)
    import_desk.import_agree(actor=coordinator, import_id=run.pk)
    work()
    assert Meeting.objects.get().name == "Lamp", "what was looked at is what is taken in"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x", "http://10.0.0.1/x"])
def test_an_address_inside_our_own_network_is_not_called(coordinator, url):
    run = import_desk.import_begin(actor=coordinator, name="Office", address=url)
    work()
    run.refresh_from_db()
    assert run.state == Import.REFUSED
    assert "does not lie outside" in run.reason


def test_a_redirect_into_our_own_network_is_not_followed(coordinator, there):
    with office() as inside:
        inside.pages["/secret"] = page(LAMP)
        there.pages["/list"] = (302, {"Location": inside.url("/secret")}, b"")
        run = import_desk.import_begin(actor=coordinator, name="Office", address=there.url("/list"))
        work()
        run.refresh_from_db()
        assert run.state == Import.REFUSED
        assert not inside.asked


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ((404, {}, b"gone"), "answered 404"),
        ((200, {}, b"<html>Sign in</html>"), "web page"),
        ((200, {"Content-Length": "5000"}, b'[{"name": "cut'), "broke off"),
        ((302, {"Location": "/list"}, b""), "from one address to the next"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "no web address"),
    ],
)
def test_an_address_without_a_list_says_what_it_is_instead(coordinator, there, answer, word):
    there.pages["/list"] = answer
    run = import_desk.import_begin(actor=coordinator, name="Office", address=there.url("/list"))
    work()
    run.refresh_from_db()
    assert run.state == Import.REFUSED
    assert word in run.reason
    assert not Meeting.objects.exists()
    with pytest.raises(CommandError, match="Nothing was written") as refused:
        call_command("importmeetings", there.url("/list"))
    assert refused.value.returncode == 2


def test_more_than_the_largest_list_is_not_fetched_to_its_end(there, settings):
    settings.MEETINGS_MAX_FEED_BYTES = 200_000
    there.pages["/list"] = page(*[LAMP | {"slug": str(n)} for n in range(3000)])
    with pytest.raises(CommandError, match="larger than"):
        call_command("importmeetings", there.url("/list"))


BMLT = {
    "id_bigint": "7", "meeting_name": "Lamp", "weekday_tinyint": "2", "start_time": "18:00:00",
    "duration_time": "00:00:00", "time_zone": "America/New_York", "format_shared_id_list": "5", "formats": "Q",
    "service_body_bigint": "3", "published": "1",
}  # fmt: skip


def bmlt_server(there, meetings, *, gathers=False):
    """A server at /main_server; one that gathers others gives nothing without pages, and two a page."""

    def door(asked):
        switcher = asked["switcher"][0]
        if switcher == "GetSearchResults" and gathers:
            if "page_size" not in asked:
                return page()
            turn = int(asked["page_num"][0])
            return page(*meetings[2 * turn - 2 : 2 * turn])
        said = {
            "GetServerInfo": [
                {"versionInt": "4002007", "available_keys": "x", "defaultDuration": "01:30",
                 "aggregator_mode_enabled": gathers}
            ],
            "GetFormats": [{"key_string": "Q", "name_string": "Abierta", "id": "5", "world_id": "OPEN", "lang": "es"}],
            "GetServiceBodies": [{"id": "3", "parent_id": "0", "name": "Area", "type": "AS", "world_id": "AR1"}],
            "GetSearchResults": meetings,
        }  # fmt: skip
        return page(*said[switcher])

    there.pages["/main_server/client_interface/json/"] = door
    there.pages["/main_server/"] = (200, {}, b"<html>BMLT</html>")


@pytest.mark.parametrize("path", ["/main_server/", "/main_server/client_interface/json/?switcher=GetSearchResults"])
def test_the_address_of_a_bmlt_server_brings_its_meetings_formats_and_bodies(there, path):
    bmlt_server(there, [BMLT])
    feed_import(address=there.url(path), name="na")
    meeting = Meeting.objects.get()
    assert (meeting.types, meeting.minutes, meeting.extra["service_body_name"]) == (["O"], 90, "Area")


def test_a_server_that_gathers_others_is_read_page_by_page(there):
    bmlt_server(there, [BMLT | {"id_bigint": str(n)} for n in range(5)], gathers=True)
    report = feed_import(address=there.url("/main_server/"), name="na")
    assert (report.entries, report.added) == (5, 5)
    assert sum("page_num" in path for path, _ in there.asked) == 4


# --- looked at again by itself --------------------------------------------------------------------------------


@pytest.fixture
def watched(coordinator, there):
    """A list at an address that is looked at every six hours; it was taken in once."""
    there.pages["/list"] = page(LAMP, PORCH, DOOR, ETag='"1"')
    run = import_desk.import_begin(actor=coordinator, name="Office", address=there.url("/list"))
    work()
    import_desk.import_agree(actor=coordinator, import_id=run.pk)
    work()
    there.asked.clear()
    source = Source.objects.get()

    def set_to(*, by_itself=False):
        import_desk.refresh_set(
            actor=coordinator, source_id=source.pk, address=source.address, hours=6, by_itself=by_itself
        )
        work()
        return source

    return set_to


def test_a_list_that_has_not_changed_is_asked_for_by_its_etag_and_leaves_no_trace(watched, there):
    source = watched()
    assert [headers.get("if-none-match") for _, headers in there.asked] == ['"1"']
    assert Import.objects.count() == 1
    source.refresh_from_db()
    assert (source.checked_at, source.refresh_at) == (NOW, NOW + 6 * HOUR)
    assert work(NOW + 5 * HOUR) == 0
    assert work(NOW + 6 * HOUR) > 0


def test_what_a_look_finds_waits_for_the_coordinator_unless_it_may_apply_it_itself(watched, there):
    watched()
    there.pages["/list"] = page(LAMP | {"name": "Lantern"}, PORCH, DOOR, ETag='"2"')
    work(NOW + 6 * HOUR)
    run = Import.objects.latest("pk")
    assert (run.state, run.scheduled, run.numbers["changed"]) == (Import.READY, True, 1)
    assert not Meeting.objects.filter(name="Lantern").exists()
    source = watched(by_itself=True)
    assert Meeting.objects.filter(name="Lantern").exists()
    source.refresh_from_db()
    assert source.etag == '"2"'


def test_a_look_that_would_close_more_than_half_of_the_list_always_waits(watched, there):
    watched(by_itself=True)
    there.pages["/list"] = page(LAMP)
    work(NOW + 6 * HOUR)
    assert Import.objects.latest("pk").state == Import.READY
    assert Meeting.objects.filter(closed_at=None).count() == 3


def test_a_list_that_cannot_be_had_is_tried_again_later_each_time_and_says_why(watched, there):
    source = watched()
    there.pages["/list"] = (500, {}, b"")
    waits, now = [], NOW + 6 * HOUR
    for _ in range(4):
        work(now)
        source.refresh_from_db()
        waits.append((source.refresh_at - now) / HOUR)
        now = source.refresh_at
    assert waits == [1, 2, 4, 8]
    assert (source.failures, "answered 500" in source.trouble) == (4, True)
    assert Meeting.objects.filter(closed_at=None).count() == 3
    there.pages["/list"] = page(LAMP, PORCH, DOOR)
    work(now)
    source.refresh_from_db()
    assert (source.failures, source.trouble, source.refresh_at) == (0, "", now + 6 * HOUR)


def test_an_undone_list_does_not_come_back_by_itself(watched, there, coordinator):
    watched(by_itself=True)
    there.pages["/list"] = page(LAMP | {"name": "Lantern"}, PORCH, DOOR)
    work(NOW + 6 * HOUR)
    import_desk.import_take_back(actor=coordinator, import_id=Import.objects.latest("pk").pk)
    work(NOW + 7 * HOUR)
    work(NOW + 3 * DAY)
    assert Meeting.objects.filter(name="Lamp").exists()


def test_hours_out_of_reason_are_refused(coordinator, there):
    run = hand_in(coordinator, LAMP)
    with pytest.raises(ValidationError):
        import_desk.refresh_set(
            actor=coordinator, source_id=run.source_id, address=there.url("/list"), hours=0, by_itself=False
        )


# --- claimed by a group ---------------------------------------------------------------------------------------

PLAN = group_meetings.Plan(name="Our lamp", weekdays=(0,), starts=time(19, 0), zone="Europe/Berlin")


@pytest.fixture
def claimed(coordinator):
    """A facilitator whose group has claimed the meeting of a list."""
    take_in(coordinator, LAMP, PORCH)
    person = make_member("Fay")
    meeting = Meeting.objects.get(slug="lamp")
    group_meetings.group_found_from_meeting(actor=person, meeting=meeting, name="Lamp")
    return person, Meeting.objects.get(slug="lamp")


def test_what_a_group_never_changed_follows_the_list(coordinator, claimed):
    _, meeting = claimed
    take_in(coordinator, LAMP | {"time": "20:00"}, PORCH)
    meeting.refresh_from_db()
    assert meeting.starts_local.hour == 20
    assert lists.differences_of(meeting) == []


def test_a_groups_own_edit_wins_and_what_the_list_says_is_shown(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=replace(PLAN, starts=time(18, 0)))
    take_in(coordinator, LAMP | {"time": "20:00", "notes": "Ring twice"}, PORCH)
    meeting.refresh_from_db()
    assert (meeting.name, meeting.starts_local.hour, meeting.notes) == ("Our lamp", 18, "Ring twice")
    assert [(one.unit, one.lines) for one in lists.differences_of(meeting)] == [
        ("when", [("time", "18:00", "20:00")]),
        ("name", [("name", "Our lamp", "Lamp")]),
    ]


def test_the_group_takes_over_what_the_list_says_or_keeps_its_own_until_the_list_says_something_new(
    coordinator, claimed
):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=replace(PLAN, starts=time(18, 0)))
    take_in(coordinator, LAMP | {"time": "20:00"}, PORCH)
    list_words.list_word_accept(actor=person, meeting=meeting, unit="when")
    list_words.list_word_decline(actor=person, meeting=meeting, unit="name")
    meeting = Meeting.objects.get(pk=meeting.pk)
    assert (meeting.starts_local.hour, meeting.name) == (20, "Our lamp")
    assert meeting.next_starts_at.hour == 19, "and the finder knows it: 20:00 in Berlin"
    assert lists.differences_of(meeting) == []
    take_in(coordinator, LAMP | {"time": "20:00", "notes": "x"}, PORCH)
    assert lists.differences_of(Meeting.objects.get(pk=meeting.pk)) == [], "it was declined, and is the same"
    take_in(coordinator, LAMP | {"time": "20:00", "name": "Lantern"}, PORCH)
    found = lists.differences_of(Meeting.objects.get(pk=meeting.pk))
    assert [one.lines for one in found] == [[("name", "Our lamp", "Lantern")]]
    with pytest.raises(Settled):
        list_words.list_word_accept(actor=person, meeting=meeting, unit="when")
    with pytest.raises(PermissionDenied):
        list_words.list_word_accept(actor=make_member(), meeting=meeting, unit="name")
    with pytest.raises(PermissionDenied):
        list_words.list_word_decline(actor=make_member(), meeting=meeting, unit="name")


def test_a_claimed_meeting_that_the_list_drops_stays_the_groups(coordinator, claimed):
    _, meeting = claimed
    take_in(coordinator, PORCH)
    meeting.refresh_from_db()
    assert (meeting.closed_at, meeting.source) == (None, None)


def test_an_undone_import_takes_its_word_to_the_group_back(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=PLAN)
    said = ListWord.objects.get().said
    run = take_in(coordinator, LAMP | {"name": "Lantern"}, PORCH)
    import_desk.import_take_back(actor=coordinator, import_id=run.pk)
    work()
    word = ListWord.objects.get()
    assert (word.said, word.offered) == (said, {})
    meeting.refresh_from_db()
    assert meeting.name == "Our lamp"


# --- the pages ------------------------------------------------------------------------------------------------


@pytest.fixture
def client(coordinator):
    browser = Client()
    browser.force_login(Account.objects.get(person=coordinator))
    return browser


def test_a_coordinator_takes_a_list_in_looks_applies_and_undoes_on_pages(client):
    assert "No list yet" in client.get("/coordinator/meeting-lists/").content.decode()
    answer = client.post("/coordinator/meeting-lists/", {"name": "Office", "sent": sent(LAMP, PORCH), "zone": ""})
    address = answer.headers["Location"]
    assert "You may leave this page" in client.get(address).content.decode()
    work()
    looked = client.get(address).content.decode()
    assert "Nothing is changed yet" in looked
    assert "Lamp" in looked
    client.post(f"{address}settle/", {"action": "agree"})
    work()
    assert Meeting.objects.count() == 2
    done = client.get(address).content.decode()
    assert "Undo this" in done
    client.post(f"{address}settle/", {"action": "undo"})
    work()
    assert "2 meetings are as they were before" in client.get(address).content.decode()
    assert not Meeting.objects.filter(closed_at=None).exists()


def test_a_refused_list_says_so_on_its_page_and_can_be_put_away(client):
    given = SimpleUploadedFile("x.json", b"{}")
    address = client.post("/coordinator/meeting-lists/", {"name": "Office", "sent": given}).headers["Location"]
    work()
    assert "JSON object" in client.get(address).content.decode()
    assert "Not taken in" in client.get("/coordinator/meeting-lists/").content.decode()
    client.post(f"{address}settle/", {"action": "drop"})
    assert "No list yet" in client.get("/coordinator/meeting-lists/").content.decode()
    assert client.post(f"{address}settle/", {"action": "drop"}).status_code == 302
    assert client.post(f"{address}settle/", {"action": "burn"}).status_code == 400
    assert client.get(address).status_code == 404


def test_a_form_with_a_mistake_is_shown_again_with_400(client):
    answer = client.post("/coordinator/meeting-lists/", {"name": "Office", "address": "nonsense"})
    assert answer.status_code == 400
    assert "Give a whole web address" in answer.content.decode()


def test_a_list_is_set_to_be_looked_at_again(client, coordinator, there):
    run = take_in(coordinator, LAMP)
    address = f"/coordinator/meeting-lists/{run.source_id}/"
    assert client.post(address, {"address": "", "hours": "24"}).status_code == 400
    assert client.post(address, {"address": there.url("/list"), "hours": "24"}).status_code == 302
    work()
    assert "The last look did not work" in client.get(address).content.decode()
    assert "Could not be read the last time" in client.get("/coordinator/meeting-lists/").content.decode()


def test_a_page_of_changes_asks_the_database_the_same_whatever_the_lists_length(
    client, coordinator, django_assert_max_num_queries
):
    run = hand_in(coordinator, *[LAMP | {"slug": f"m{n}", "name": f"Meeting {n}"} for n in range(120)])
    with django_assert_max_num_queries(14):
        shown = client.get(f"/coordinator/meeting-lists/imports/{run.pk}/").content.decode()
    assert shown.count('class="row-name"') == lists.ROWS
    last = client.get(f"/coordinator/meeting-lists/imports/{run.pk}/?kind=added&page=3").content.decode()
    assert last.count('class="row-name"') == 20


def test_nobody_else_sees_the_pages(client, coordinator):
    run = hand_in(coordinator, LAMP)
    outsider = Client()
    outsider.force_login(make_account("Otto"))
    for address in (
        "/coordinator/meeting-lists/",
        f"/coordinator/meeting-lists/{run.source_id}/",
        f"/coordinator/meeting-lists/imports/{run.pk}/",
    ):
        assert outsider.get(address).status_code == 403
    assert outsider.post(f"/coordinator/meeting-lists/imports/{run.pk}/settle/", {"action": "agree"}).status_code == 403


def test_a_facilitator_answers_the_list_on_the_meetings_page(coordinator, claimed):
    person, meeting = claimed
    group_meetings.meeting_edit(actor=person, meeting=meeting, plan=PLAN)
    take_in(coordinator, LAMP | {"name": "Lantern"}, PORCH)
    browser = Client()
    browser.force_login(Account.objects.get(person=person))
    meeting = attendance.Meeting.objects.select_related("group").get(pk=meeting.pk)
    address = f"/g/{meeting.group.slug}/meetings/{meeting.pk}/"
    shown = browser.get(address).content.decode()
    assert "Its list says something else" in shown
    assert "on the list: Lantern" in shown
    assert browser.post(f"{address}list/", {"unit": "name", "action": "accept"}).status_code == 302
    meeting.refresh_from_db()
    assert meeting.name == "Lantern"
    assert "Its list says something else" not in browser.get(address).content.decode()
