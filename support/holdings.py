"""What this room keeps about a person, and how it is handed out, erased and purged."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from delivery.services import cancel
from people.models import Person
from support.models import Answer, Episode, EpisodeSupporter, Pause, Rule, RuleSupporter, Stumble, Watch
from support.services.messages import topic_of

KEEP = timedelta(days=365)  # after an episode ended
MODELS = [
    "support.Rule",
    "support.RuleSpan",
    "support.RuleSupporter",
    "support.Pause",
    "support.Watch",
    "support.Episode",
    "support.EpisodeSupporter",
    "support.EpisodeMessage",
    "support.Answer",
    "support.EpisodeEvent",
    "support.Stumble",
]


def export(person: Person) -> dict[str, Any]:
    """The member's rule, pauses, and every episode with its log."""
    rule = Rule.objects.filter(person=person).first()
    listed = RuleSupporter.objects.filter(rule__person=person).select_related("supporter")
    episodes = Episode.objects.filter(watch__person=person).prefetch_related("events").order_by("opened_at")
    return {
        "rule": None
        if rule is None
        else {
            "threshold": rule.threshold,
            "scope": rule.scope,
            "grace_hours": rule.grace_hours,
            "ok_stops": rule.ok_stops,
            "on": rule.on,
            "times": [{"since": span.since, "until": span.until} for span in rule.spans.all()],
            "people": [{"name": one.supporter.name, "level": one.level} for one in listed],
        },
        "pauses": [{"since": p.since, "until": p.until} for p in Pause.objects.filter(person=person)],
        "episodes": [
            {
                "opened_at": episode.opened_at,
                "ended_at": episode.ended_at,
                "ending": episode.ending,
                "log": [{"at": e.at, "what": e.what, "detail": e.detail} for e in episode.events.all()],
            }
            for episode in episodes
        ],
    }


@transaction.atomic
def erase(person: Person) -> None:
    """Pending first, then the data; nobody is told. What the person answered as somebody's supporter goes as well."""
    list(Rule.objects.select_for_update().filter(person=person))  # a worker that evaluates is waited for
    for episode in Episode.objects.filter(watch__person=person):
        cancel(topic=topic_of(episode), reason="erased")
    Watch.objects.filter(person=person).delete()
    Pause.objects.filter(person=person).delete()
    Rule.objects.filter(person=person).delete()
    Stumble.objects.filter(person=person).delete()
    Answer.objects.filter(supporter__person=person).delete()
    EpisodeSupporter.objects.filter(supporter__person=person).delete()


def purge(now: datetime) -> int:
    """Forget episodes that ended more than a year ago, with their logs, and pauses that are as old."""
    episodes, _detail = Episode.objects.filter(ended_at__lt=now - KEEP).delete()
    pauses, _detail = Pause.objects.filter(until__lt=now - KEEP).delete()
    Stumble.objects.filter(until__lt=now).delete()
    return episodes + pauses
