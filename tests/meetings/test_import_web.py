"""Lists at web addresses: fetched from outside only, whole or not at all, and looked at again by themselves."""

import socket
import threading
import time

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils.translation import override

from ground.sentences import spoken
from meetings.feed import NotAList
from meetings.models import Import, Meeting, Source
from meetings.services import import_desk
from meetings.services.imports import feed_import
from tests.list_twin import office
from tests.meetings.list_desk import DOOR, LAMP, PORCH, hand_in, page, work
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


def test_a_list_at_an_address_is_fetched_through_redirects_and_kept_as_it_was_seen(coordinator, there):
    there.pages |= {"/old": (302, {"Location": "/list"}, b""), "/list": page(LAMP, ETag='"1"')}
    run = import_desk.import_begin(actor=coordinator, name="Office", address=there.url("/old"))
    work()
    there.pages["/list"] = page(LAMP, PORCH)
    import_desk.import_agree(actor=coordinator, import_id=run.pk)
    work()
    assert Meeting.objects.get().name == "Lamp", "what was looked at is what is taken in"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x", "http://localhost/x", "http://[::1]/x", "http://10.0.0.1/x", "http://[fec0::1]/x",
     "http://[::ffff:127.0.0.1]/x", "http://2130706433/x"],
)  # fmt: skip
def test_an_address_inside_our_own_network_is_not_called(coordinator, url):
    run = import_desk.import_begin(actor=coordinator, name="Office", address=url)
    work()
    run.refresh_from_db()
    assert run.state == Import.REFUSED
    assert "does not lie outside" in run.reason


@pytest.mark.parametrize("url", ["http://8.8.8.8:6379/x", "https://8.8.8.8:25/x", "http://127.0.0.1:9/x"])
def test_only_the_webs_own_ports_are_called(coordinator, url):
    run = import_desk.import_begin(actor=coordinator, name="Office", address=url)
    work()
    run.refresh_from_db()
    assert run.state == Import.REFUSED
    assert "only the ports 80 and 443" in run.reason


def test_the_command_line_calls_what_it_was_given_and_not_where_that_leads_to(there, settings):
    settings.OUTSIDE_ALLOWED = set()
    there.pages |= {"/list": page(LAMP), "/away": (302, {"Location": "http://10.0.0.1/list"}, b"")}
    with pytest.raises(CommandError, match="does not lie outside"):
        call_command("importmeetings", there.url("/away"))
    call_command("importmeetings", there.url("/list"))
    assert Meeting.objects.get().name == "Lamp"


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
        ((304, {}, b""), "answered 304"),  # nobody asked whether it is as it was
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


def test_a_server_that_trickles_its_headers_is_cut_off(coordinator, settings, monkeypatch):
    monkeypatch.setattr("meetings.fetching.LONGEST", 0.3)
    left = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.OUTSIDE_ALLOWED = {f"127.0.0.1:{server.getsockname()[1]}"}

        def trickle():
            line, _ = server.accept()
            with line:
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                try:
                    for _n in range(500):  # ten seconds, unless the other side hangs up
                        line.sendall(b".")
                        time.sleep(0.02)
                except OSError:
                    left.set()

        threading.Thread(target=trickle, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/list"
        run = import_desk.import_begin(actor=coordinator, name="Office", address=address)
        work()
    run.refresh_from_db()
    assert run.state == Import.REFUSED
    assert "in time" in run.reason
    assert left.wait(30)


def test_more_than_the_largest_list_is_not_fetched_to_its_end(there, settings):
    settings.MEETINGS_MAX_FEED_BYTES = 200_000
    there.pages["/list"] = page(*[LAMP | {"slug": str(n)} for n in range(3000)])
    with pytest.raises(CommandError, match="larger than"):
        call_command("importmeetings", there.url("/list"))


def test_the_pages_of_a_server_together_are_no_larger_than_one_list_may_be(there, settings):
    settings.MEETINGS_MAX_FEED_BYTES = 4000
    bmlt_server(there, [BMLT | {"id_bigint": str(n)} for n in range(40)], gathers=True)
    with pytest.raises(CommandError, match="larger than"):
        call_command("importmeetings", there.url("/main_server/"))


@pytest.mark.parametrize("itself", [b"[]", b"[7]", b"{}", b"<html>"])
def test_a_server_that_says_nothing_sensible_of_itself_is_refused_without_the_key_in_its_address(there, itself):
    bmlt_server(there, [BMLT])
    whole = there.pages["/main_server/client_interface/json/"]
    there.pages["/main_server/client_interface/json/"] = lambda asked: (
        (200, {}, itself) if asked["switcher"] == ["GetServerInfo"] else whole(asked)
    )
    address = there.url("/main_server/client_interface/json/?switcher=GetSearchResults&key=secret")
    with pytest.raises(NotAList) as refused:
        feed_import(address=address, name="na")
    assert "secret" not in str(refused.value)


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
    with override("es"):
        assert spoken(source.trouble_said).startswith(f"{there.url('/list')} respondió 500")
    assert Meeting.objects.filter(closed_at=None).count() == 3
    there.pages["/list"] = page(LAMP, PORCH, DOOR)
    work(now)
    source.refresh_from_db()
    assert (source.failures, source.trouble, source.refresh_at) == (0, "", now + 6 * HOUR)
    assert source.trouble_said == {}


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
