"""A town for the BMLT door, and the questions that clients ask there."""

import json
from datetime import UTC, datetime, timedelta

from django.test import Client

from meetings.models import Meeting, Source
from meetings.services.upcoming import schedule_write
from tests.people_of_the_story import NOW

FIELDS = (
    "id_bigint worldid_mixed service_body_bigint weekday_tinyint venue_type start_time duration_time time_zone formats "
    "lang_enum longitude latitude distance_in_km distance_in_miles email_contact published root_server_uri "
    "format_shared_id_list meeting_name location_text location_info location_street location_municipality "
    "location_sub_province location_province location_postal_code_1 location_nation comments phone_meeting_number "
    "virtual_meeting_link virtual_meeting_additional_info"
)
EVERY = ["Midnight", "Morning", "Quarter", "Screen", "Quarter", "Shut"]  # by weekday, Sunday first


def make_town() -> dict[str, int]:
    """Meetings of every kind: ids by name. Monday is 2 in that world."""
    office = Source.objects.create(name="office", address="https://office.example/list")
    made = [
        meeting("Morning", "07:00", "MO", minutes=45, types=["O", "M"], latitude=40.70, longitude=-74.0, source=office),
        meeting("Quarter", "18:45", "MO,WE", minutes=90, types=["C", "ST"], latitude=40.72, longitude=-74.0,
                address="9 Elm St, Albany, NY 12207, USA"),
        meeting("Midnight", "23:30", "SU", minutes=60, types=["O", "W"], latitude=41.5, longitude=-74.0, mode="hybrid"),
        meeting("Screen", "20:00", "TU", types=["O", "M", "W"], mode="online", conference_url="https://zoom.us/j/7",
                conference_notes="Code 7", source=office),
        meeting("Shut", "12:00", "FR", on_hold=True, place="Annex"),
    ]  # fmt: skip
    meeting("Gone", "12:00", "FR", closed_at=NOW, source=office)
    meeting("Monthly", "12:00", "1FR", rrule="FREQ=MONTHLY;BYDAY=1FR")
    return {one.name: one.pk * 10 for one in made}


def meeting(name, at, days, *, rrule="", **columns):
    hour, minute = map(int, at.split(":"))
    columns = {"zone": "America/New_York", "minutes": 60, "created_at": NOW - timedelta(days=3)} | columns
    first = datetime(2026, 1, 5, hour, minute, tzinfo=UTC)
    while first.weekday() not in [
        ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(day[-2:]) for day in days.split(",")
    ]:
        first += timedelta(days=1)
    one = Meeting.objects.create(
        name=name, slug=name.lower(), source_key=name, starts_local=first, rrule=rrule or f"FREQ=WEEKLY;BYDAY={days}",
        folded=f" {name.lower()} ", **columns,
    )  # fmt: skip
    schedule_write(meetings=[one])
    return one


def get(query, kind="json", **more):
    answer = Client().get(f"/client_interface/{kind}/?{query}", **more)
    return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content


def ask(query, kind="json"):
    answer, body = get(query, kind)
    assert answer.status_code == 200, body
    return json.loads(body)


def search(query=""):
    return ask(f"switcher=GetSearchResults{'&' + query if query else ''}")


def names(query=""):
    return [one["meeting_name"] for one in search(query)]
