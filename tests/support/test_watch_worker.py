"""The worker of the watch: what it costs, what a crash, a race, or one bad row does to it, and what it forgets."""

import threading
from datetime import datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

import delivery.worker
import support.worker
from circle.services import consent_revoke
from delivery.models import Delivery, InboxItem
from ground import clock
from meetings.models import Mark, Sheet
from meetings.services.commitments import excuse
from people.models import Account, Change
from people.services import change_write
from support import holdings
from support.kinds import names
from support.models import Episode, EpisodeMessage, Stumble, Watch
from support.selectors import cases as reads
from support.services import evaluation, pause_begin
from tests.stories.driver import berlin, evening, week

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def crowd(story, count, threshold=5):
    """So many members of one weekly meeting, each with a watch and a supporter."""
    story.home, story.meeting = story.group()
    people = [story.member(f"m{number:02}") for number in range(count)]
    for person in people:
        story.rule(person, threshold, [story.supporter(person, f"s-{person.name}")])
        story.join(person, story.home, story.meeting)
    return people


def queries_of(work):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work()
    return len(captured)


# --- what it costs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 25])
def test_evaluating_a_sheet_costs_the_same_for_3_and_for_25_members(story, count):
    people = crowd(story, count)
    story.at(evening(week(0)))
    story._close(story.meeting, week(0), dict.fromkeys(people, "present"))
    assert Change.objects.count() == count
    cost = queries_of(lambda: support.worker.evaluate(story.now))
    assert cost <= 20
    assert not Change.objects.exists()
    assert Watch.objects.filter(evaluated_at=story.now).count() == count


def test_evaluating_25_that_each_get_a_soft_note_costs_a_few_statements_a_message(story):
    people = crowd(story, 25)
    story.at(evening(week(0)))
    story._close(story.meeting, week(0), dict.fromkeys(people, "absent"))
    cost = queries_of(lambda: support.worker.evaluate(story.now))
    assert cost <= 20 + 25 * 12  # episode, log, outbox, note; with savepoints
    assert Delivery.objects.filter(kind="soft_note").count() == 25


def test_an_idle_tick_makes_two_queries(story, dana):
    story.settle()
    assert queries_of(lambda: support.worker.tick(story.now)) == 2


@pytest.mark.scaled  # about the plans of PostgreSQL
@pytest.mark.parametrize("tick", [support.worker.tick, delivery.worker.tick])
def test_what_an_idle_tick_asks_can_be_answered_by_indexes(story, dana, tick):
    story.settle()
    with CaptureQueriesContext(connection) as captured:
        tick(story.now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # tables of a test are too small for an index to be worth it
        for one in captured:
            cursor.execute("EXPLAIN " + one["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
            scans = {line.split("Seq Scan on ")[1].split()[0] for line in plan.splitlines() if "Seq Scan on " in line}
            assert not scans, plan


# --- order, crashes, one bad row ------------------------------------------------------------------------------


def test_evaluating_twice_changes_nothing(story, dana):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    before = (Delivery.objects.count(), Episode.objects.count())
    for _time in range(3):
        with transaction.atomic():
            change_write(person=dana, cause="marked")
        story.happened()
    assert (Delivery.objects.count(), Episode.objects.count()) == before


def test_a_change_is_kept_when_its_evaluation_raises_and_harms_no_neighbour(story, monkeypatch, caplog):
    people = crowd(story, 3, threshold=1)
    bad = people[1]
    real = evaluation._evaluate_case

    def stumbling(case, *rest):
        if case.person.pk == bad.pk:
            raise RuntimeError("a row that cannot be read")
        real(case, *rest)

    story.at(evening(week(0)))
    story._close(story.meeting, week(0), dict.fromkeys(people, "absent"))
    monkeypatch.setattr(evaluation, "_evaluate_case", stumbling)
    story.run_until(evening(week(0), 20, 50))
    assert [line[1] for line in story.messages] == ["m00", "m02"]
    assert (Change.objects.get().person, Stumble.objects.get().until) == (bad, evening(week(0)) + HOUR)
    assert f"the watch of member {bad.pk} raised" in caplog.text
    monkeypatch.undo()
    story.run_until(berlin(2026, 1, 2, 8))
    assert (berlin(2026, 1, 2, 8), "m01", "final_notice") in story.messages  # decided at 21:35, outside her window


def test_an_act_of_the_member_is_never_refused_because_an_evaluation_raises(story, dana, monkeypatch):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    with monkeypatch.context() as broken:
        broken.setattr(evaluation, "evaluate", lambda *_rest: 1 / 0)
        pause_begin(actor=dana)
    assert Change.objects.get().cause == "paused"
    story.run_until(berlin(2026, 1, 5))
    assert Episode.objects.get().ending == "paused"
    assert story.said() == []


def test_what_was_marked_before_any_streak_reaches_is_not_read(story, dana, django_assert_num_queries):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "present"})
    case = reads.case_of(dana)
    assert case is not None
    with django_assert_num_queries(5):
        reads.load_facts([case], evening(week(4)))
    assert [mark.value for mark in case.facts.marks] == ["present"]
    with django_assert_num_queries(4):  # no mark, so no list is asked for
        reads.load_facts([case], evening(week(40)))
    assert case.facts.marks == ()


def test_an_excuse_given_long_before_and_an_absence_written_over_it_counts(story, dana):
    """An excuse is the one mark that is written before its date: older than what a streak looks back to."""
    story.at(evening(week(0)))
    far = week(20)
    excuse(actor=dana, meeting=story.meeting, original_local=datetime.combine(far, time(19)))
    story.at(evening(far))
    story.close(story.meeting, far, {dana: "absent"})
    assert story.streak(dana) == 1


def test_a_change_that_commits_late_is_not_lost(story, dana):
    """A lower id and an earlier time become visible after a later one was evaluated: no watermark is kept."""
    story.at(evening(week(0)))
    story._close(story.meeting, week(0), {dana: "absent"})
    late = Change.objects.get()
    Change.objects.all().delete()  # its transaction has not committed yet
    Mark.objects.filter(person=dana).update(value=None)
    story.at(evening(week(1)))
    story.close(story.meeting, week(1), {dana: "present"})
    Mark.objects.filter(person=dana, sheet__occurrence__starts_at__lt=berlin(2026, 1, 2)).update(value="absent")
    Change.objects.bulk_create([late])
    story.happened()
    assert not Change.objects.exists()
    assert story.streak(dana) == 0


@pytest.mark.scaled
@pytest.mark.django_db(transaction=True)
def test_a_transaction_held_open_while_a_later_one_commits_is_evaluated_when_it_commits(story, dana):
    story.at(evening(week(0)))
    sheet = story.sheet(story.meeting, week(0))
    facilitator = story.facilitator(story.meeting)
    opened, go_on = threading.Event(), threading.Event()

    def slow():
        from meetings.services.sheets import sheet_close

        try:
            with transaction.atomic():
                sheet_close(actor=facilitator, sheet=sheet, marks={dana: "absent"}, rest="unknown")
                opened.set()
                assert go_on.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert opened.wait(20)
    with transaction.atomic():
        change_write(person=dana, cause="marked")  # a later change of the same member commits first
    support.worker.tick(story.now)
    assert not Episode.objects.exists()
    go_on.set()
    thread.join()
    support.worker.tick(story.now)
    assert (Sheet.objects.get().state, Episode.objects.get().decided_at) == ("closed", story.now)


@pytest.mark.scaled
@pytest.mark.django_db(transaction=True)
def test_workers_who_race_decide_each_message_once(story):
    people = crowd(story, 12, threshold=1)
    story.at(evening(week(0)))
    story._close(story.meeting, week(0), dict.fromkeys(people, "absent"))
    moment = evening(week(0) + DAY)

    def race():
        errors = []

        def work():
            try:
                for _round in range(6):
                    support.worker.tick(story.now)
                    delivery.worker.tick(story.now)
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors

    race()
    story._freeze(moment)
    race()
    expected = [f"m{n:02}: final_notice" for n in range(12)] + [f"s-m{n:02}: nudge 1" for n in range(12)]
    assert sorted(story.said()) == expected


# --- consent against the gate (D4) ----------------------------------------------------------------------------


@pytest.fixture
def leaving(story, dana):
    """Sam's nudge is in the outbox, due now."""
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.at(evening(week(0) + DAY))
    support.worker.tick(story.now)
    return Delivery.objects.get(kind="nudge")


def test_a_revoke_that_commits_before_the_gate_sends_nothing(story, dana, leaving):
    claimed = delivery.worker.claim(story.now)
    assert consent_revoke(actor=dana, supporter=story.sam, purpose="absence").leaving_at is None
    delivery.worker.hand_over(list(claimed), story.now)
    leaving.refresh_from_db()
    assert (leaving.state, story.said()) == ("cancelled", ["dana: final_notice"])


def test_the_gate_itself_asks_for_consent_when_nobody_cancelled(story, dana, leaving):
    from circle.models import Consent

    Consent.objects.filter(purpose="absence").update(revoked_at=story.now, ended_as="revoked", remind_at=None)
    delivery.worker.tick(story.now)
    leaving.refresh_from_db()
    assert (leaving.state, leaving.reason) == ("suppressed", "you had not allowed it")


def test_a_revoke_that_commits_after_the_gate_tells_the_member_that_one_was_leaving(story, dana, leaving):
    delivery.worker.claim(story.now)
    assert delivery.worker.gate([leaving.pk], story.now).leaving
    assert consent_revoke(actor=dana, supporter=story.sam, purpose="absence").leaving_at == story.now


def hand_all(claimed, now):
    delivery.worker.hand_over(list(claimed), now)


@pytest.mark.scaled
@pytest.mark.django_db(transaction=True)
def test_revoke_and_gate_at_the_same_moment_end_in_one_of_the_two_ways(story, dana, leaving):
    from tests.concurrently import at_once

    claimed = delivery.worker.claim(story.now)
    _none, found = at_once(
        [
            lambda: hand_all(claimed, story.now),
            lambda: consent_revoke(actor=dana, supporter=story.sam, purpose="absence"),
        ]
    )
    sent = [line for line in story.said() if line == "sam: nudge 1"]
    assert len(sent) == (0 if found.leaving_at is None else 1)


# --- texts, inbox, erasing ------------------------------------------------------------------------------------


def test_several_names_fit_into_twelve_characters():
    assert [names(one) for one in (["Sam"], ["Sam", "Kim", "Lee"], ["Bartholomew", "Kim"], [])] == [
        "Sam",
        "Sam and 2",
        "Bartho and 1",
        "nobody yet",
    ]


def test_every_message_to_the_member_has_a_copy_inside(story, dana):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.settle()
    item = InboxItem.objects.get(person=dana)
    assert item.text.startswith("Hi dana, as you asked, we'd write to sam on Fri 20:35.")


def test_a_closed_account_sends_nothing(story, dana):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.settle()
    Account.objects.filter(person=dana).update(is_active=False)
    story.run_until(berlin(2026, 1, 5))
    assert story.said() == ["dana: final_notice"]
    assert Delivery.objects.get(kind="nudge").reason == "the account is closed"


def test_erasing_takes_what_is_pending_first_then_the_data_and_tells_nobody(story, dana, leaving):
    shown = holdings.export(dana)
    assert (shown["rule"]["threshold"], shown["episodes"][0]["log"][0]["what"]) == (1, "opened")
    holdings.erase(dana)
    story.run_until(berlin(2026, 1, 20))
    assert story.post.attempts[-1][2].kind == "final_notice"
    assert not Watch.objects.exists()
    assert not EpisodeMessage.objects.exists()
    leaving.refresh_from_db()
    assert leaving.state == "cancelled"


def test_episodes_are_forgotten_a_year_after_they_ended(story, dana):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    pause_begin(actor=dana, until=story.now + DAY)
    with clock.frozen(story.now + timedelta(days=365)):
        assert holdings.purge(clock.now()) == 0
        assert holdings.purge(clock.now() + 2 * DAY) > 0
    assert not Episode.objects.exists()


def test_every_model_of_the_room_is_named_by_its_holding():
    from django.apps import apps

    ours = {f"support.{model.__name__}" for model in apps.get_app_config("support").get_models()}
    assert ours == set(holdings.MODELS)


def test_the_next_due_moment_is_exact(story, dana):
    assert support.worker.next_due(story.now) is None
    story.at(evening(week(0)))
    story._close(story.meeting, week(0), {dana: "absent"})
    assert support.worker.next_due(story.now) == story.now
    story.settle()
    assert support.worker.next_due(story.now) == evening(week(0) + DAY)
