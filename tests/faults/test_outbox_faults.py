"""Workers die, race, stand still, lose their database and their time: nothing is decided twice, lost, or sent without
live consent."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction

from circle.models import Consent
from circle.services import consent_revoke
from delivery.models import Attempt, Delivery, InboxItem, WorkerBeat
from ground import clock
from people.models import Change
from people.services import change_write
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Watch
from tests.crowd import nudges_due
from tests.faults.conftest import database_url, until
from tests.servers import Postgres

NUDGES = Delivery.objects.filter(kind="nudge")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

BEFORE_THE_GATE = ["claiming", "claimed", "gating", "gated"]
BEHIND_THE_GATE = {"handing": 0, "sent": 1, "sent:2": 2, "settling": 3}  # how many had left when it died


def all_told() -> bool:
    """Everything is handed over, and the watch has read that it was."""
    return (
        not NUDGES.exclude(state="handed_over").exists()
        and not EpisodeSupporter.objects.exclude(state="told").exists()
        and not EpisodeMessage.objects.filter(open=True).exists()
    )


def leases_run_out() -> None:
    Delivery.objects.filter(lease_until__isnull=False).update(lease_until=clock.now() - MINUTE)


def die_at(workers, place: str) -> None:
    assert workers.wait(workers.start(place)) == -9


# --- kill -9 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", BEFORE_THE_GATE)
def test_a_worker_killed_before_the_gate_has_sent_nothing_and_another_sends_each_once(workers, place):
    nudges_due(3, clock.now())
    die_at(workers, place)
    assert not workers.mails()
    assert not Attempt.objects.exists()
    assert set(NUDGES.values_list("state", flat=True)) == {"pending" if place == "claiming" else "sending"}
    leases_run_out()
    workers.start()
    until(all_told, "the second worker did not take over")
    assert list(workers.sent().values()) == [1, 1, 1]
    assert NUDGES.count() == 3


@pytest.mark.parametrize("place", BEHIND_THE_GATE)
def test_a_worker_killed_behind_the_gate_loses_nothing_and_repeats_only_with_the_same_key(workers, place):
    nudges_due(3, clock.now())
    die_at(workers, place)
    assert sum(workers.sent().values()) == BEHIND_THE_GATE[place]
    assert set(NUDGES.values_list("state", flat=True)) == {"handing"}
    assert Attempt.objects.filter(finished_at=None).count() == 3  # the evidence
    leases_run_out()
    workers.start()
    until(all_told, "the second worker did not take over")
    sent = workers.sent()
    assert len(sent) == 3
    assert sum(sent.values()) == 3 + BEHIND_THE_GATE[place]
    assert max(sent.values()) <= 2
    assert NUDGES.count() == 3


def test_a_worker_killed_after_its_answers_were_written_leaves_nothing_to_do(workers):
    nudges_due(3, clock.now())
    die_at(workers, "settled")
    assert set(NUDGES.values_list("state", flat=True)) == {"handed_over"}
    workers.start()
    until(all_told, "the watch did not read what was sent")
    assert list(workers.sent().values()) == [1, 1, 1]


def test_a_worker_that_is_asked_to_stop_finishes_and_says_so(workers):
    nudges_due(3, clock.now())
    workers.start()
    until(all_told, "nothing was sent")
    assert workers.end() == 0
    assert WorkerBeat.objects.get().stopped_at


# --- consent --------------------------------------------------------------------------------------------------


def test_consent_revoked_between_claim_and_gate_means_that_nothing_is_sent(workers, tmp_path):
    (supporter,) = nudges_due(1, clock.now())
    stopped = tmp_path / "claimed"
    workers.start(f"claimed={stopped}")
    until(stopped.with_suffix(".here").exists, "it did not claim")
    assert consent_revoke(actor=supporter.member, supporter=supporter, purpose="absence").leaving_at is None
    stopped.with_suffix(".go").touch()
    until(lambda: not EpisodeMessage.objects.filter(open=True).exists(), "the watch did not read the withdrawal")
    assert NUDGES.get().state == "cancelled"
    assert not any(mail.headers["To"].startswith("s0") for mail in workers.mails())


def test_consent_that_ended_without_a_word_to_the_outbox_is_found_missing_at_the_gate(workers, tmp_path):
    nudges_due(2, clock.now())
    stopped = tmp_path / "claimed"
    workers.start(f"claimed={stopped}")
    until(stopped.with_suffix(".here").exists, "it did not claim")
    lapsed = Consent.objects.first()
    Consent.objects.filter(pk=lapsed.pk).update(expires_at=clock.now())
    stopped.with_suffix(".go").touch()
    until(lambda: not EpisodeMessage.objects.filter(open=True).exists(), "nothing became of the messages")
    assert dict(NUDGES.values_list("recipient__supports", "state"))[lapsed.supporter_id] == "suppressed"
    assert sum(workers.sent().values()) == 1


def test_consent_revoked_behind_the_gate_tells_the_member_that_one_message_was_already_leaving(workers, tmp_path):
    (supporter,) = nudges_due(1, clock.now())
    stopped = tmp_path / "handing"
    workers.start(f"handing={stopped}")
    until(stopped.with_suffix(".here").exists, "it did not pass the gate")
    found = consent_revoke(actor=supporter.member, supporter=supporter, purpose="absence")
    assert found.leaving_at == NUDGES.get().attempted_at
    stopped.with_suffix(".go").touch()
    until(lambda: NUDGES.get().state == "handed_over", "what had passed the gate was not handed over")
    assert sum(mail.headers["To"] == "s00000@example.org" for mail in workers.mails()) == 1


# --- races ----------------------------------------------------------------------------------------------------


@pytest.mark.scaled
@pytest.mark.full
def test_workers_that_race_for_many_nudges_due_at_once_send_each_exactly_once(workers, full):
    count = 10_000 if full else 200
    nudges_due(count, clock.now())
    for _ in range(4 if full else 3):
        workers.start()
    until(all_told, "not all were told", 900 if full else 120)
    sent = workers.sent()
    assert (len(sent), set(sent.values())) == (count, {1})
    assert NUDGES.count() == Attempt.objects.count() == count


@pytest.mark.scaled
def test_what_commits_after_something_later_is_neither_skipped_nor_lost(workers):
    """Two nudges become due and two changes are written; the first of each is written first and committed last."""
    supporters = nudges_due(4, clock.now())
    first, second = NUDGES.order_by("pk")[:2]
    early, late = (supporter.member for supporter in supporters[2:])
    NUDGES.update(not_before=clock.now() + DAY)
    held, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                change_write(person=early, cause="marked")
                Delivery.objects.filter(pk=first.pk).update(not_before=clock.now())
                held.set()
                go_on.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert held.wait(30)
    with transaction.atomic():
        change_write(person=late, cause="marked")
        Delivery.objects.filter(pk=second.pk).update(not_before=clock.now())
    workers.start()
    until(lambda: NUDGES.get(pk=second.pk).state == "handed_over", "the later one was not sent")
    until(lambda: not Change.objects.exists(), "the later change was not evaluated")
    before = Watch.objects.get(person=early).evaluated_at
    assert NUDGES.get(pk=first.pk).state == "pending"
    go_on.set()
    thread.join(30)
    until(lambda: NUDGES.get(pk=first.pk).state == "handed_over", "the one that committed last was not sent")
    until(lambda: Watch.objects.get(person=early).evaluated_at > before, "its change was not evaluated")
    assert set(workers.sent().values()) == {1}


# --- the database ---------------------------------------------------------------------------------------------


@pytest.mark.scaled
def test_the_database_restarted_while_workers_hand_over_loses_nothing_repeats_nothing_and_they_go_on(workers, tmp_path):
    """One worker has sent the first of its batch, another has claimed one and not passed the gate."""
    nudges_due(12, clock.now())
    later = list(NUDGES.order_by("pk").values_list("pk", flat=True)[6:])
    NUDGES.filter(pk__in=later).update(not_before=clock.now() + DAY)
    sent, claimed = tmp_path / "sent", tmp_path / "claimed"
    with Postgres() as postgres:
        postgres.fill_from(database_url())
        workers.start(f"sent={sent}", database_url=postgres.url)
        until(sent.with_suffix(".here").exists, "the first worker sent nothing")
        execute(postgres, "UPDATE delivery_delivery SET not_before = due_at WHERE id = ANY(%s)", later)
        workers.start(f"claimed={claimed}", database_url=postgres.url)
        until(claimed.with_suffix(".here").exists, "the second worker claimed nothing")
        assert sum(workers.sent().values()) == 1
        postgres.restart()
        execute(
            postgres, "UPDATE delivery_delivery SET lease_until = now() - interval '1 minute' WHERE state = 'sending'"
        )
        for held in (sent, claimed):
            held.with_suffix(".go").touch()
        until(lambda: execute(postgres, UNFINISHED) == 0, "they did not go on by themselves")
        assert (execute(postgres, "SELECT count(*) FROM delivery_attempt"), len(workers.sent())) == (12, 12)
        assert set(workers.sent().values()) == {1}
        while workers.pids:
            assert workers.end() == 0


UNFINISHED = """
    SELECT (SELECT count(*) FROM delivery_delivery WHERE kind = 'nudge' AND state <> 'handed_over')
         + (SELECT count(*) FROM support_episodesupporter WHERE state <> 'told')
         + (SELECT count(*) FROM support_episodemessage WHERE open)
"""


def execute(postgres: Postgres, statement: str, *values: object) -> int | None:
    """The number that a query answers."""
    with psycopg.connect(postgres.url) as session:
        done = session.execute(statement, values or None)
        row = done.fetchone() if done.description else None
    return None if row is None else int(row[0])


# --- the clock ------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_ahead_sends_no_stale_nudge_and_back_again_sends_nothing_twice(workers, tmp_path):
    nudges_due(2, clock.now())
    stopped = tmp_path / "claimed"
    workers.start(f"claimed={stopped}")
    until(stopped.with_suffix(".here").exists, "it did not claim")
    (tmp_path / "clock.json").write_text(f'{{"offset_seconds": {4 * 86400}}}')
    workers.start()  # to this one the leases are over, and the nudges four days late
    until(lambda: Episode.objects.filter(notices=2, notice_attempted_at__isnull=False).count() == 2, "not asked anew")
    stopped.with_suffix(".go").touch()
    (tmp_path / "clock.json").unlink()
    until(lambda: not EpisodeMessage.objects.filter(open=True).exists(), "an outcome was not read")
    assert not any(mail.headers["To"].startswith("s0") for mail in workers.mails())
    assert Delivery.objects.filter(kind="final_notice").count() == InboxItem.objects.count() == 2
    assert list(EpisodeSupporter.objects.values_list("state", flat=True)) == ["waiting", "waiting"]
