"""Many members at once, each with a rule, an open episode and one supporter whose nudge is due, straight into the
tables: for fault tests and benches. All may be written to at any hour.
"""

from datetime import datetime, timedelta

from circle.models import Consent, Supporter
from delivery.models import Delivery
from ground import links
from people.models import Account, ContactWay, Person
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Rule, RuleSpan, RuleSupporter, Watch
from support.streaks.records import Kind, Record, Snapshot

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHOLE_DAY = {"window_start": 0, "window_end": 1440, "zone": "Europe/Berlin"}


def nudges_due(count: int, now: datetime) -> list[Supporter]:
    """`count` nudges of level 1 in the outbox, due an hour ago at `now` (UTC). A statement a table."""
    begun = now - 60 * DAY
    members = _people("m", count, begun)
    Account.objects.bulk_create(
        Account(alias=one.name, password="!", person=one, adult_confirmed_at=begun, created_at=begun) for one in members
    )
    contacts = _people("s", count, begun)
    ContactWay.objects.bulk_create(
        ContactWay(
            person=one, kind="email", address=address, address_hash=links.address_hash(address), created_at=begun
        )
        for one in contacts
        for address in [f"{one.name}@example.org"]
    )
    supporters = Supporter.objects.bulk_create(
        Supporter(
            member=member,
            person=contact,
            name=contact.name,
            sender_name=member.name,
            state=Supporter.ACCEPTED,
            invited_at=begun,
            accepted_at=begun,
        )
        for member, contact in zip(members, contacts, strict=True)
    )
    Consent.objects.bulk_create(_consent(one, begun, now) for one in supporters)
    rules = Rule.objects.bulk_create(Rule(person=one, threshold=3, changed_at=begun) for one in members)
    RuleSpan.objects.bulk_create(RuleSpan(rule=one, since=begun) for one in rules)
    RuleSupporter.objects.bulk_create(
        RuleSupporter(rule=rule, supporter=one, level=1) for rule, one in zip(rules, supporters, strict=True)
    )
    _decided(members, supporters, now)
    return supporters


def _people(letter: str, count: int, at: datetime) -> list[Person]:
    return Person.objects.bulk_create(
        Person(name=f"{letter}{number:05}", created_at=at, **WHOLE_DAY) for number in range(count)
    )


def _consent(supporter: Supporter, begun: datetime, now: datetime) -> Consent:
    return Consent(
        supporter=supporter,
        purpose=Consent.ABSENCE,
        text_version="1/en",
        text="the words",
        member_name=supporter.sender_name,
        discloser="this site",
        recipient=supporter.name,
        data_class="that you asked for a nudge",
        right_to_revoke="at any time",
        signed_as=supporter.sender_name,
        granted_at=begun,
        expires_at=now + 100 * DAY,
    )


def _decided(members: list[Person], supporters: list[Supporter], now: datetime) -> None:
    """Three missed meetings, a final notice attempted 25 hours ago, the nudge decided an hour ago."""
    starts = [now - days * DAY for days in (22, 15, 2)]
    seen = Snapshot(tuple(Record(start, f"o{n}", Kind.MISS, None) for n, start in enumerate(starts)), None).to_json()
    decided = now - 25 * HOUR
    watches = Watch.objects.bulk_create(
        Watch(person=one, snapshot=seen, streak=3, evaluated_at=decided) for one in members
    )
    episodes = Episode.objects.bulk_create(
        Episode(
            watch=watch,
            opened_at=starts[0],
            decided_at=decided,
            deciding_start=starts[-1],
            threshold=3,
            grace_hours=24,
            notices=1,
            notice_attempted_at=decided,
        )
        for watch in watches
    )
    rows = EpisodeSupporter.objects.bulk_create(
        EpisodeSupporter(episode=episode, supporter=one, level=1, state=EpisodeSupporter.LEAVING, due_at=decided + DAY)
        for episode, one in zip(episodes, supporters, strict=True)
    )
    deliveries = Delivery.objects.bulk_create(
        Delivery(
            kind="nudge",
            topic=f"episode:{row.episode_id}",
            recipient=row.supporter.person,
            dedupe_key=f"nudge:{row.episode_id}:{row.supporter_id}:1",
            payload={"episode": row.episode_id, "row": row.pk, "supporter": row.supporter_id},
            created_at=decided + DAY,
            due_at=decided + DAY,
            not_before=decided + DAY,
        )
        for row in rows
    )
    EpisodeMessage.objects.bulk_create(
        EpisodeMessage(episode=row.episode, delivery=delivery, row=row, level=1)
        for row, delivery in zip(rows, deliveries, strict=True)
    )
