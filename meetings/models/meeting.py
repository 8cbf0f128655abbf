"""Meetings as they are listed: a recurring rule in local wall time of a zone."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from people.models import check_zone


class Source(models.Model):
    """A list that meetings were imported from.

    `about` is what its server says beside the meetings (BMLT: `formats` and `service_bodies`, as given). A list at a
    web address may be read again by itself: `refresh_at` is when, `etag` and `last_modified` what its server said of
    the copy we have, `failures` how often in a row it could not be had, `trouble` why.
    """

    name = models.CharField(max_length=80, unique=True)
    address = models.TextField(blank=True, default="")  # file name or URL of the last import
    imported_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=8, blank=True, default="")  # guide, table, bmlt, oiaa
    about = models.JSONField(default=dict)
    zone = models.CharField(max_length=64, blank=True, default="")  # for entries without zone and coordinates
    fellowship = models.CharField(max_length=16, blank=True, default="")  # of its entries that say none
    refresh_hours = models.PositiveSmallIntegerField(null=True)  # none: only when somebody asks
    refresh_at = models.DateTimeField(null=True)
    by_itself = models.BooleanField(default=False)  # what a refresh finds is applied without waiting for a coordinator
    checked_at = models.DateTimeField(null=True)
    etag = models.CharField(max_length=255, blank=True, default="")
    last_modified = models.CharField(max_length=64, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    trouble = models.TextField(blank=True, default="")
    trouble_said = models.JSONField(default=dict)  # the same as ground.sentences keeps it

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["refresh_at"], name="source_refresh", condition=Q(refresh_at__isnull=False)),
        ]


class Meeting(models.Model):
    """A recurring meeting. `group` is empty until a group here founded or claimed it.

    `starts_local` is the first start in wall time of `zone` (naive); `rrule` an RFC 5545 rule, empty for a single
    date; without `starts_local` the meeting is by appointment. `next_starts_at`/`next_ends_at` (UTC) are the next
    occurrence that has not ended yet, kept by services.upcoming for the finder's index; both are empty for a meeting
    that is closed, on hold, by appointment or over.
    """

    IN_PERSON, ONLINE, HYBRID = "in_person", "online", "hybrid"
    # to its members; to everybody from 15 minutes before the start; to everybody, and in the feeds
    MEMBERS, SOON, ALL = "members", "soon", "all"
    NO_HOLIDAYS = "-"  # none are suggested

    group = models.ForeignKey("groups.Group", on_delete=models.SET_NULL, null=True, related_name="meetings")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="meetings")
    source_key = models.CharField(max_length=210, blank=True, default="")  # the feed's slug
    slug = models.SlugField(max_length=96, unique=True)
    name = models.CharField(max_length=255)
    starts_local = models.DateTimeField(null=True)  # stored as if UTC, read as wall time of `zone`
    zone = models.CharField(max_length=64, validators=[check_zone])
    rrule = models.CharField(max_length=200, blank=True, default="")
    minutes = models.PositiveSmallIntegerField(default=60)
    mode = models.CharField(max_length=10, default=IN_PERSON)
    on_hold = models.BooleanField(default=False)  # its list says: closed for now, and no way in online
    place = models.CharField(max_length=255, blank=True, default="")
    address = models.CharField(max_length=255, blank=True, default="")
    region = models.CharField(max_length=120, blank=True, default="")
    fellowship = models.CharField(max_length=16, blank=True, default="")  # a code of meetings.fellowships, or empty
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    approximate = models.BooleanField(default=False)
    conference_url = models.TextField(blank=True, default="")
    conference_phone = models.CharField(max_length=255, blank=True, default="")
    conference_notes = models.TextField(blank=True, default="")  # passcodes: shown where the link is
    join_shown = models.CharField(max_length=8, default=MEMBERS)  # see selectors.finder.can_see_join
    notes = models.TextField(blank=True, default="")
    types = models.JSONField(default=list)
    extra = models.JSONField(default=dict)  # what the feed carries and the page does not need, for the way out
    folded = models.TextField(blank=True, default="")  # name, place, address, region: lower case, no accents
    # "DE", "DE-BY" (meetings.free_days), NO_HOLIDAYS for none, or empty: those of where it is held
    holidays_of = models.CharField(max_length=24, blank=True, default="")
    confirmed_on = models.DateField(null=True)
    series = models.UUIDField(null=True)  # meetings that a group holds several times a day, made together
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # removed from its list, or ended by its group; never deleted
    next_starts_at = models.DateTimeField(null=True)
    next_ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "source_key"], condition=Q(source__isnull=False), name="one_meeting_per_source_key"
            ),
            models.CheckConstraint(name="meeting_mode_known", condition=Q(mode__in=["in_person", "online", "hybrid"])),
            models.CheckConstraint(name="meeting_join_known", condition=Q(join_shown__in=["members", "soon", "all"])),
            models.CheckConstraint(
                name="a_repeating_meeting_has_a_start", condition=Q(rrule="") | ~Q(starts_local=None)
            ),
            models.CheckConstraint(
                name="only_dated_meetings_make_a_series", condition=Q(series=None) | ~Q(starts_local=None)
            ),
            models.CheckConstraint(name="meeting_lasts", condition=Q(minutes__gt=0, minutes__lte=7 * 24 * 60)),
            models.CheckConstraint(
                name="next_ends_after_it_starts",
                condition=Q(next_starts_at=None, next_ends_at=None) | Q(next_ends_at__gt=F("next_starts_at")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_starts_at"], name="meeting_next_start", condition=Q(closed_at=None)),
            models.Index(fields=["next_ends_at"], name="meeting_next_end", condition=Q(closed_at=None)),
            models.Index(fields=["latitude", "longitude"], name="meeting_where", condition=Q(closed_at=None)),
            models.Index(fields=["series"], name="meeting_series", condition=Q(series__isnull=False)),
            models.Index(
                fields=["id"],
                name="meeting_by_appointment",
                condition=Q(starts_local=None, closed_at=None, on_hold=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MeetingDay(models.Model):
    """One weekday (0 = Monday, as in Python) on which a meeting is held, at `minute` of the local day.

    `next_starts_at`/`next_ends_at` (UTC) are the next occurrence of this weekday that has not ended; `nearest` marks
    the earliest of its meeting. The finder asks these rows alone: the columns below `nearest` are copies that narrow a
    search, kept by the database itself (meetings.search_schema). Nobody else writes them.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="days")
    weekday = models.PositiveSmallIntegerField()
    minute = models.PositiveSmallIntegerField()
    next_starts_at = models.DateTimeField(null=True)
    next_ends_at = models.DateTimeField(null=True)
    nearest = models.BooleanField(default=False)
    online = models.BooleanField(default=False)  # a hybrid meeting is both
    onsite = models.BooleanField(default=False)
    latitude = models.FloatField(null=True)  # of meetings that are held at a place
    longitude = models.FloatField(null=True)
    cell = models.IntegerField(null=True)  # the quarter of a degree it lies in
    area = models.IntegerField(null=True)  # the two degrees
    x = models.FloatField(null=True)  # the place on a globe of radius 1: distances without angles
    y = models.FloatField(null=True)
    z = models.FloatField(null=True)
    tags = models.TextField(blank=True, default="")  # " #x #w "
    fellowship = models.CharField(max_length=16, blank=True, default="")
    name_key = models.CharField(
        max_length=48, blank=True, default=""
    )  # folded: the order by name, by an index of its own

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "weekday", "minute"], name="one_row_per_day_and_minute"),
            models.CheckConstraint(name="weekday_is_a_weekday", condition=Q(weekday__lte=6)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["weekday", "minute"], name="meeting_by_day"),
            models.Index(fields=["next_starts_at"], name="day_next_start"),
            models.Index(fields=["next_ends_at"], name="day_next_end"),
            models.Index(fields=["nearest", "next_starts_at", "meeting"], name="day_nearest"),
            models.Index(fields=["online", "nearest", "next_starts_at"], name="day_online"),
            models.Index(fields=["cell", "next_starts_at"], name="day_cell"),
            models.Index(fields=["area", "next_starts_at"], name="day_area"),
        ]


class Listing(models.Model):
    """One entry of a list, by its slug there. Several entries (the days of a week) may make one meeting.

    `digest` is of the entry as last read, `core` of what the days of one meeting have in common; `raw` is of the entry
    as it was written, with all that it was read by: an equal one is not even read again. `gone_at`: no longer listed.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="listings")
    key = models.CharField(max_length=210)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="listings")
    days = models.CharField(max_length=7, blank=True, default="")  # digits of weekdays, 0 = Monday
    digest = models.CharField(max_length=16)
    core = models.CharField(max_length=16, blank=True, default="")
    raw = models.CharField(max_length=16, blank=True, default="")
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "key"], name="one_listing_per_source_and_key"),
        ]
