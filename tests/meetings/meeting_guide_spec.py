"""A validator of Meeting Guide feeds, written from the spec (code4recovery/spec) and from nothing of ours.

`faults(feed)` gives a sentence for everything in which a feed departs from it.
"""

import re
from collections import Counter
from datetime import datetime
from zoneinfo import available_timezones

CODES = frozenset(
    re.findall(
        r"[\w-]+",
        """11 12x12 A ABSI AF AL AL-AN AM AR ASL B BA BE BG BI BRK C CAN CF D DA DB DD DE DR EL EN FA FI FF FR G GR H
        HE HI HR HU IS ITA JA KA KOR L LGBTQ LIT LS LT M MED ML MT N NB NDG NE NL NO O OUT P POA POC POL POR PUN RUS
        S SEN SK SL SM SP ST SV T TC TH TL TR TUR UK W X XB XT Y""",
    )
)
TOLERATED = {"ONL", "X-MED"}  # unknown codes are ignored by readers; these two are known to be sent
TEXTS = {
    "name", "slug", "time", "end_time", "timezone", "formatted_address", "address", "city", "state", "postal_code",
    "country", "region", "sub_region", "conference_url", "conference_url_notes", "conference_phone",
    "conference_phone_notes", "notes", "location", "location_notes", "group", "group_notes", "approximate", "updated",
    "venmo", "square", "paypal", "homegroup_online", "url", "edit_url", "feedback_url", "entity", "entity_email",
    "entity_location", "entity_logo", "entity_phone", "entity_website_url",
    *(f"contact_{n}_{what}" for n in (1, 2, 3) for what in ("name", "email", "phone")),
}  # fmt: skip
HANDLES = {"venmo": r"@\S+", "square": r"\$\S+", "paypal": r"[A-Za-z0-9]{1,20}"}
ZONES = available_timezones()
CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
WEB = re.compile(r"^https?://[^\s<>\"]+$")


def faults(feed):
    """Everything that is wrong with the feed, entry by entry."""
    if not isinstance(feed, list):
        return ["the feed is no flat array"]
    found = [f"{one.get('slug')}: {fault}" for one in feed for fault in of_entry(one)]
    twice = [slug for slug, times in Counter(one.get("slug") for one in feed).items() if times > 1]
    return found + [f"{slug}: the slug stands more than once" for slug in twice]


def of_entry(one):
    yield from required(one)
    yield from when(one)
    yield from where(one)
    yield from about(one)


def required(one):
    name, slug = one.get("name"), one.get("slug")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        yield "the name is no text of at most 255"
    if not isinstance(slug, str) or not re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", slug):
        yield "the slug is not safe in an address, or longer than 64"
    for key in TEXTS & set(one):
        if not isinstance(one[key], str):
            yield f"{key} is no text"
        elif re.search(r"</?[a-z]+[^<>]*>|&(#\d+|#x[0-9a-f]+|amp|quot|nbsp);", one[key], re.IGNORECASE):
            yield f"{key} holds HTML"


def when(one):
    day = one.get("day")
    if day is not None and (isinstance(day, bool) or not isinstance(day, int) or not 0 <= day <= 6):
        yield "the day is not one of 0 to 6"
    if (day is None) != ("time" not in one):
        yield "day and time belong together"
    for key in ("time", "end_time"):
        if key in one and not CLOCK.match(one[key]):
            yield f"{key} is not HH:MM"
    if one.get("timezone") not in ZONES:
        yield "the zone is not an IANA name"
    if "updated" in one:
        try:
            datetime.strptime(one["updated"] + "Z", "%Y-%m-%d %H:%M:%S%z")
        except ValueError:
            yield "updated is not YYYY-MM-DD HH:MM:SS"


def where(one):
    for key, most in (("latitude", 90), ("longitude", 180)):
        if key in one and (not isinstance(one[key], int | float) or abs(one[key]) > most):
            yield f"{key} is no place on earth"
    if ("latitude" in one) != ("longitude" in one):
        yield "half a place"
    if one.get("approximate", "no") not in {"yes", "no"}:
        yield "approximate is yes or no"
    if ("sub_region" in one and "region" not in one) or ("sub_sub_region" in one and "sub_region" not in one):
        yield "a part of a region without the whole"
    regions = one.get("regions", [])
    if not (isinstance(regions, list) and all(isinstance(part, str) and part for part in regions)):
        yield "regions is no list of texts"
    if one.get("attendance_option", "in_person") not in {"in_person", "online", "hybrid", "inactive"}:
        yield "no such attendance"


def has_a_place(one):
    """The form that a reader needs to show an entry on a map or near a town."""
    return bool(one.get("formatted_address") or one.get("address") or one.get("city") or "latitude" in one)


def about(one):
    types = one.get("types", [])
    if not isinstance(types, list) or [code for code in types if code not in CODES | TOLERATED]:
        yield "types holds what is no code"
    for key in ("conference_url", "url", "edit_url", "feedback_url", "entity_url", "entity_website_url", "entity_logo"):
        if key in one and not WEB.match(one[key]):
            yield f"{key} is no address"
    if "conference_phone" in one and sum(sign.isdigit() for sign in one["conference_phone"]) < 3:
        yield "the phone cannot be dialled"
    for key, form in HANDLES.items():
        if key in one and not re.fullmatch(form, one[key]):
            yield f"{key} is no handle"
    entity = {key for key in one if key.startswith("entity_")}
    if entity and not one.get("entity"):
        yield "entity is required where another entity field stands"
    if one.get("entity_url") != one.get("entity_website_url"):
        yield "the entity's address stands under one of its two names only"
    emails = one.get("feedback_emails", [])
    if not isinstance(emails, list) or any("@" not in email for email in emails):
        yield "feedback_emails is no list of addresses"
