"""The coordinator's desk for meeting lists: looked at before it is applied, undone after, on its pages."""

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ground.errors import Conflict, Settled
from meetings.fellowships import fellowship_in
from meetings.models import Import, ImportChange, ImportPart, Meeting, Source
from meetings.selectors import finder, lists
from meetings.services import import_desk
from people.models import Account
from tests.meetings.list_desk import DOOR, LAMP, PORCH, hand_in, sent, take_in, work
from tests.people_of_the_story import HOUR, NOW, make_account, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


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
    assert (run.state, run.reason) == (Import.REFUSED, str(import_work.OUR_FAULT))
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


def test_of_a_list_that_is_looked_at_for_ever_the_latest_imports_stay_and_the_rest_goes(coordinator, monkeypatch):
    monkeypatch.setattr(Import, "KEPT", 3)
    runs = [take_in(coordinator, LAMP | {"name": f"Lamp {number}"}) for number in range(5)]
    refused = import_desk.import_begin(actor=coordinator, name="Office", files=[SimpleUploadedFile("x", b"{}")])
    work()
    runs.append(take_in(coordinator, LAMP | {"name": "Lamp 5"}))
    kept = [runs[4].pk, refused.pk, runs[5].pk]
    assert sorted(Import.objects.values_list("pk", flat=True)) == sorted(kept)
    assert set(ImportChange.objects.values_list("of", flat=True)) <= set(kept)
    assert lists.import_for(coordinator, runs[4].pk).kinds["changed"] == 1


class BreaksOff(SimpleUploadedFile):
    """A file whose second piece never comes."""

    def chunks(self, chunk_size=None):
        yield b'[{"name": "half'
        raise OSError("the browser went away")


def test_a_file_that_breaks_off_leaves_nothing_and_can_be_handed_in_again(coordinator):
    with pytest.raises(OSError, match="went away"):
        import_desk.import_begin(actor=coordinator, name="Office", files=[BreaksOff("x.json", b"1")])
    assert not Import.objects.exists()
    assert hand_in(coordinator, LAMP).state == Import.READY


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


def test_a_list_of_which_nothing_can_be_read_is_not_said_to_be_known(client, coordinator):
    nothing = hand_in(coordinator, LAMP | {"day": 9})
    shown = client.get(f"/coordinator/meeting-lists/imports/{nothing.pk}/").content.decode()
    assert "Nothing in it can be read" in shown
    assert "known already" not in shown
    assert 'class="chip chip-on" href="?kind=unread" aria-current="true"' in shown


def test_what_a_list_changes_is_shown_in_the_readers_words(coordinator):
    """Also how to join and a way in that is gone: change mails of others lack them (12-step-meeting-list#759, #802)."""
    take_in(coordinator, LAMP | {"conference_url": "https://zoom.us/j/1", "types": ["O"]}, PORCH)
    closed = LAMP | {"types": ["C", "TC"], "address": "1 Mill Lane", "conference_url": "", "conference_phone": ""}
    run = hand_in(coordinator, closed)
    client = Client()
    client.force_login(coordinator.account)
    shown = client.get(f"/coordinator/meeting-lists/imports/{run.pk}/?kind=changed").content.decode()
    for before, after in (("Online", "In person"), ("no", "yes"), ("https://zoom.us/j/1", ""), ("Open", "Closed")):
        assert f"<del>{before}</del>" in shown
        assert not after or f"<ins>{after}" in shown
    assert "in_person" not in shown
    gone = client.get(f"/coordinator/meeting-lists/imports/{run.pk}/?kind=removed").content.decode()
    assert "Porch" in gone


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


def test_why_a_list_is_refused_is_said_in_the_reader_s_language(client):
    given = SimpleUploadedFile("x.json", b'[{"name": "Lamp", "day": 1, "time": "19:00"}, {"name"')
    address = client.post("/coordinator/meeting-lists/", {"name": "Office", "sent": given}).headers["Location"]
    work()
    assert "This is not JSON, or was cut off, after element 1: it breaks off" in client.get(address).content.decode()
    client.cookies["django_language"] = "es"
    shown = client.get(address).content.decode()
    assert "Después del elemento 1 esto no es JSON, o se cortó: se interrumpe a la mitad." in shown
    Import.objects.update(said={})  # refused before sentences were kept
    assert '<span lang="en">This is not JSON' in client.get(address).content.decode()


def test_what_a_list_changes_in_kinds_is_shown_in_the_reader_s_language(client, coordinator):
    take_in(coordinator, LAMP | {"types": ["O"]}, name="Office")
    given = SimpleUploadedFile("x.json", json.dumps([LAMP | {"types": ["W", "X"]}]).encode())
    address = client.post("/coordinator/meeting-lists/", {"name": "Office", "sent": given}).headers["Location"]
    work()
    client.cookies["django_language"] = "es"
    shown = client.get(f"{address}?kind=changed").content.decode()
    assert "Abierta" in shown
    assert "Mujeres, Acceso en silla de ruedas" in shown


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


# --- fellowships


def test_a_list_that_names_its_fellowship_fills_the_choice_of_the_finder(coordinator):
    aa = LAMP | {"entity": "Philadelphia Area AA Intergroup"}
    take_in(coordinator, aa, PORCH | {"entity": "Sober house"}, name="Office")
    assert dict(Meeting.objects.values_list("name", "fellowship")) == {"Lamp": "AA", "Porch": ""}
    assert finder.facets(finder.Search(), now=NOW).fellowships == {"AA": 1}
    again = hand_in(coordinator, aa, PORCH | {"entity": "Sober house"}, name="Office")
    assert not again.numbers["changed"], "the same list again says nothing new"


def test_the_coordinator_says_it_for_a_list_that_does_not(coordinator):
    take_in(coordinator, LAMP | {"entity": "Narcotics Anonymous of Berlin"}, PORCH)
    source = Source.objects.get()
    with pytest.raises(PermissionDenied):
        import_desk.fellowship_set(actor=make_member(), source_id=source.pk, fellowship="OA")
    import_desk.fellowship_set(actor=coordinator, source_id=source.pk, fellowship="OA")
    assert dict(Meeting.objects.values_list("name", "fellowship")) == {"Lamp": "NA", "Porch": "OA"}
    assert [row.meeting.name for row in finder.search(finder.Search(text="overeaters"), now=NOW).rows] == ["Porch"]
    take_in(coordinator, LAMP | {"entity": "Narcotics Anonymous of Berlin"}, PORCH, DOOR)
    assert Meeting.objects.get(name="Door").fellowship == "OA"


@pytest.mark.parametrize(
    ("name", "code"),
    [("Greater New York Region of NA", "NA"), ("Alcoholics Anonymous", "AA"), ("AA and NA", ""), ("Na Zdraví", ""),
     ("Sacramento, CA", ""), ("Al-Anon Family Groups", "AL-ANON"), ("", "")],
)  # fmt: skip
def test_an_offices_name_tells_its_fellowship_only_where_it_is_plain(name, code):
    assert fellowship_in(name) == code
