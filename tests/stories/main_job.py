"""`script/story FEED.json [--zone Z] [--scaled]`: the whole of Porchlight on a real meeting list, told step by step.

Everything goes through public doors: the operator's import command, pages, the JSON and WebSocket doors, and the links
in the mails. Only the clock is moved by the development switch. The last line is one JSON object; exit 0 only if every
step held.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.chat.talker import Talker
from tests.stories.town import Letter, Town
from tests.stories.visitor import Lost, Visitor

FALLBACK_ZONE = "America/New_York"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GROUP = "Thursday porch"
WORDS_THAT_TELL = 3
POSTS = 12  # by each of three people, half of them around a lost connection


def zone_of(feed: Path) -> str:
    """The zone most frequent in the feed, else America/New_York: for entries with neither zone nor coordinates."""
    try:
        entries = json.loads(feed.read_text())
        zones = Counter(e["timezone"] for e in entries if isinstance(e, dict) and isinstance(e.get("timezone"), str))
        return next((zone for zone, _ in zones.most_common() if ZoneInfo(zone)), FALLBACK_ZONE)
    except (OSError, ValueError, TypeError, KeyError):  # what is wrong with the feed, the import says better
        return FALLBACK_ZONE


class Teller:
    """Plain sentences with progress."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.number = 0

    def chapter(self, words: str) -> None:
        self.number += 1
        print(f"\n[{self.number}/10] {words}", flush=True)

    def say(self, words: str) -> None:
        print(f"    {time.monotonic() - self.began:6.1f} s  {words}", flush=True)


class MainJob:
    """Fay runs a group; Dana, Ravi and an outsider; Sam, whom Dana chose."""

    def __init__(self, town: Town, tell: Teller) -> None:
        self.town, self.tell = town, tell
        self.zone = "UTC"
        self.meeting: dict[str, Any] = {}
        self.group = ""
        self.dates: list[datetime] = []
        self.result: dict[str, Any] = {"imported": 0, "unread": 0, "found": 0, "chat": {}}
        urls = [site.url for site in town.sites]
        self.fay, self.dana, self.ravi, self.outsider = (
            Visitor(urls[number % len(urls)], name)
            for number, name in enumerate(("Fay", "Dana", "Ravi", "an outsider"))
        )

    # --- 1, 2: the list and the finder ----------------------------------------------------------------------

    def import_list(self, feed: Path, zone: str, *, guessed: bool) -> None:
        self.tell.chapter(f"An operator imports {feed.name}.")
        if guessed:
            self.tell.say(f"No --zone was given: entries without zone and coordinates are read as {zone}.")
        numbers = self.town.import_feed(feed, zone)
        if numbers["read"] + numbers["unread"] != numbers["entries"] or not numbers["added"]:
            raise Lost(f"nothing of this list could be read, or the numbers do not add up: {numbers}")
        self.result |= {"imported": numbers["added"], "unread": numbers["unread"]}
        self.tell.say(f"{numbers['entries']} entries, {numbers['added']} added, {numbers['unread']} unread.")
        again = self.town.import_feed(feed, zone)
        if again["added"] or again["changed"] or again["removed"]:
            raise Lost(f"the same list again is not nothing: {again}")
        self.tell.say("The same list again changes nothing.")

    def find(self) -> None:
        self.tell.chapter("A guest looks for a meeting, without an account.")
        guest = Visitor(self.town.site.url)
        guest.go("/")
        soon = guest.json("GET", "/api/v1/meetings/?within=60")["results"]
        self.tell.say(f"{len(soon)} meetings are on now or start within the hour.")
        row, recurs = self._choose(guest)
        self.zone = row["zone"]
        words = " ".join(row["name"].split()[:3])
        self.result["found"] = self._search(guest, words, row["slug"])
        self.tell.say(f"{self.result['found']} found for {words!r}.")
        if row["starts_at"]:
            starts = _moment(row["starts_at"])
            local = starts.astimezone(ZoneInfo(self.zone))
            if local.strftime("%Y-%m-%dT%H:%M") != row["starts_local"][:16]:
                raise Lost(f"{starts} is not {row['starts_local']} in {self.zone}")
            self.tell.say(f"{row['name']!r} is next on {local:%a %d %b, %H:%M} in {self.zone}.")
        guest.go(row["url"])
        self.meeting = row if recurs else {}

    def _choose(self, guest: Visitor) -> tuple[dict[str, Any], bool]:
        """A meeting of the list, and whether it is held again and again: the first that starts in more than three
        hours, weekly if any; on a list where nothing recurs, the first that is listed at all."""
        path, spare, any_one = "/api/v1/meetings/?limit=100", None, None
        for _page in range(20):
            page = guest.json("GET", path)
            for row in page["results"]:
                any_one = any_one or row
                if not row["starts_at"] or _moment(row["starts_at"]) < self.town.now() + 3 * HOUR:
                    continue
                one = guest.json("GET", f"/api/v1/meetings/{row['slug']}/")
                if len(one["dates"]) < 2:
                    continue
                if "," not in one["rrule"] and one["rrule"]:
                    return {**row, **one}, True
                spare = spare or {**row, **one}
            if not page["next"]:
                break
            path = page["next"]
        if spare is not None:
            return spare, True
        if any_one is None:
            raise Lost("the list was read, but the finder lists none of its meetings: all are on hold or over")
        self.tell.say("Nothing on this list is held again and again: the group will be founded afresh.")
        return any_one, False

    def _search(self, guest: Visitor, words: str, slug: str) -> int:
        """Search for the words as they are written, page by page, until the meeting is there; how many rows came."""
        seen, path = 0, f"/api/v1/meetings/?{urlencode({'q': words, 'limit': 100})}"
        while path:
            page = guest.json("GET", path)
            seen += len(page["results"])
            if slug in {row["slug"] for row in page["results"]}:
                return seen
            path = page["next"]
        raise Lost(f"searching for {words!r} does not find {slug!r} among {seen}")

    # --- 3, 4: accounts and the group -----------------------------------------------------------------------

    def sign_up_all(self) -> None:
        self.tell.chapter("Fay, Dana, Ravi and an outsider make accounts: an alias, a password, 18 or older.")
        for who in (self.fay, self.dana, self.ravi, self.outsider):
            alias = "Outsider" if who is self.outsider else who.name
            who.go("/join/")
            given = {"alias": alias, "way": "password", "password": "a quiet porch light", "zone": self.zone}
            if who is self.dana:
                who.press("Join", action="", expect=400, values=given)
                self.tell.say("Without the tick at 18 or older there is no account.")
            who.press("Join", values={**given, "adult": "on", "email": f"{alias.lower()}@example.org"})
            self._type_code(who, f"{alias.lower()}@example.org")
        self.tell.say("Four people are here, and each typed the code that came to their address.")

    def _type_code(self, who: Visitor, address: str) -> None:
        """An address is used only after the code that was mailed there was typed."""
        letter = self.town.until(
            lambda: next((one for one in self.town.letters() if one.to == address), None), f"a code to {address}"
        )
        code = re.search(r"\b\d{6}\b", letter.text)
        if code is None:
            raise Lost(f"the mail to {address} holds no code: {letter.text}")
        who.go("/me/reach/code/")
        who.press("Go on", values={"code": code[0]})

    def gather(self) -> None:
        if self.meeting:
            self.tell.chapter(f"Fay founds a group from {self.meeting['name']!r}; Dana and Ravi join and plan to come.")
            self.fay.go(f"/groups/new/?meeting={self.meeting['slug']}")
            self.fay.press("Found the group", values={"name": GROUP})
        else:
            self.tell.chapter("Fay founds a group with a meeting of its own; Dana and Ravi join and plan to come.")
            self._found_afresh()
        assert self.fay.page is not None
        self.group = str(self.fay.page.url).rstrip("/").split("/")[-2]  # …/g/GROUP/invite/
        if not self._invitations():
            self.fay.press("code")
        code = self._invitations()[0]
        self.dana.go(code)
        self.dana.press("Ask to come in")
        self.fay.go(f"/g/{self.group}/")
        self.fay.press("Let in")
        self.tell.say("Dana came by the group's code, and Fay let her in.")
        self.fay.go(f"/g/{self.group}/invite/")
        self.fay.press("personal invitation")
        personal = next(link for link in self._invitations() if link != code)
        self.ravi.go(personal)
        self.ravi.press("Come in")
        self.outsider.go(personal, expect=410)
        self.tell.say("Ravi came by a personal invitation, which then was used up.")
        for who in (self.dana, self.ravi):
            who.go(f"/g/{self.group}/")
            who.press("I plan to come")
        self.outsider.go(f"/g/{self.group}/", expect=403)
        self.tell.say("Both plan to come. The group is closed to an outsider.")

    def _found_afresh(self) -> None:
        """A weekly meeting at seven in the evening, the first one tomorrow."""
        weekday = (self.town.now().astimezone(ZoneInfo(self.zone)) + DAY).weekday()
        given = {"name": GROUP, "zone": self.zone, "with_meeting": "yes", "weekdays": str(weekday)}
        self.fay.go("/groups/new/")
        self.fay.press("Found the group", values={**given, "starts": "19:00", "mode": "in_person"})
        rows = Visitor(self.town.site.url).json("GET", f"/api/v1/meetings/?{urlencode({'q': GROUP})}")["results"]
        self.meeting = next(row for row in rows if row["name"] == GROUP)

    def _invitations(self) -> list[str]:
        assert self.fay.page is not None
        return list(dict.fromkeys(re.findall(r"/i/[a-z2-7]{13}/", self.fay.page.text)))

    # --- 5: consent -----------------------------------------------------------------------------------------

    def choose_sam(self) -> None:
        self.tell.chapter("Dana chooses Sam, Sam says yes without an account, Dana sets her watch.")
        before = len(self.town.letters())
        self.dana.go("/people/circle/add/")
        self.dana.press("Go on", values={"name": "Sam", "sender_name": "Dana"})
        self.dana.press("Go on", values={"address": "sam@example.net", "zone": self.zone})
        self.dana.press("Go on")
        self.dana.press("Go on", values={"mine": "a"})
        self.dana.press("Sign, and ask Sam")
        letter = self.town.wait_for("invite", "sam@example.net", after=before, zone=self.zone)
        sam = Visitor(self.town.site.url, "Sam")
        sam.go(letter.link)
        sam.go(letter.link)
        self.tell.say("Opening the invitation, also twice, changes nothing.")
        sam.press("Yes, I am glad to")
        sam.go(letter.link, expect=410)
        self.tell.say("Sam said yes; the invitation is used up.")
        self.dana.go("/me/watch/")
        assert self.dana.page is not None
        level = re.search(r'name="(level-[0-9a-f-]{36})"', self.dana.page.text)
        if level is None:
            raise Lost("the page of the watch does not offer Sam")
        self.dana.press("", action="/me/watch/set/", values={"threshold": "3", "grace_hours": "24", level[1]: "1"})
        self.tell.say("Dana's watch: after three in a row, Dana first, a day later Sam.")

    # --- 6 to 8: attendance and the watch -------------------------------------------------------------------

    def first_run(self) -> None:
        self.tell.chapter("Weeks pass. Dana comes, then stays away; once nobody fills in the list.")
        dana = "dana@example.org"
        self.meet("present", nothing=True)
        self.tell.say("Dana was there: nothing is sent.")
        self.meet("absent", expect=("soft_note", dana))
        self.tell.say("Absent once: a hello to Dana.")
        self.skip()
        self.tell.say("A list that nobody filled in is never absence: nothing is sent.")
        self.meet("absent", expect=("heads_up", dana))
        self.tell.say("Absent again: a note to Dana; nobody else was told.")
        notice = self.meet("absent", expect=("final_notice", dana))
        assert notice is not None
        self.tell.say("A third time: Dana is told who would be written to, and when.")
        nudge = self.grace(notice)
        sam = Visitor(self.town.site.url, "Sam")
        sam.go(nudge.link)
        sam.press("I’m on it")
        sam.go("/aaaaaaaaaaaaa", expect=404)
        sam.go(nudge.link)
        sam.press("I reached")
        for leak in (GROUP, *self._telling(), "absent"):
            if sam.sees(leak):
                raise Lost(f"Sam's page shows {leak!r}")
        self.tell.say("Sam answers on a page without an account: on it, then reached. A forged link leads nowhere.")
        self.meet("present", expect=("back_in_touch", "sam@example.net"))
        self.tell.say("Dana is back: Sam gets a closing word.")
        sam.go(nudge.link)
        if not sam.sees("settled"):
            raise Lost("the link of a settled episode does not say so")

    def _telling(self) -> list[str]:
        """The meeting's name and place, where they are long enough not to stand on a page by chance ("Call", "Sam")."""
        return [text for text in (self.meeting["name"], self.meeting["place"]) if len(text.split()) >= WORDS_THAT_TELL]

    def second_run(self) -> None:
        self.tell.chapter("A second run of absences, and this time the list was wrong.")
        dana = "dana@example.org"
        for kind in ("soft_note", "heads_up", "final_notice"):
            letter = self.meet("absent", expect=(kind, dana))
        assert letter is not None
        self.grace(letter)
        before = len(self.town.letters())
        self.fay.go(self.sheet)
        self.fay.press("Save the correction", values={self._mark("Dana"): "present"})
        self.town.wait_for("retraction", "sam@example.net", after=before, zone=self.zone)
        self.town.wait_for("apology", dana, after=before, zone=self.zone)
        self.tell.say("Fay corrects the list: Sam is told it was a mistake, Dana gets an apology.")
        self.dana.go("/me/watch/")
        self.outsider.go(self.sheet, expect=404 if self._hidden(self.sheet) else 403)
        self.tell.say("An outsider cannot open the list.")

    def _hidden(self, path: str) -> bool:
        return self.outsider.client.get(path).status_code == 404

    def meet(self, dana: str, *, expect: tuple[str, str] | None = None, nothing: bool = False) -> Letter | None:
        """The next meeting is held and its list closed, Ravi present, Dana as said; returns the expected mail."""
        self._go_to_next()
        before = len(self.town.letters())
        self.sheet = self.town.until(self._owed, "the list is there")
        self.fay.go(self.sheet)
        values = {self._mark("Dana"): dana, self._mark("Ravi"): "present", self._mark("Fay"): "present"}
        self.fay.press("Close", values={name: value for name, value in values.items() if name})
        if nothing:
            self.town.expect_nothing(after=before)
        return self.town.wait_for(expect[0], expect[1], after=before, zone=self.zone) if expect else None

    def skip(self) -> None:
        """A meeting is held, and nobody fills in its list."""
        self._go_to_next()
        before = len(self.town.letters())
        self.town.until(self._owed, "the list is there")
        self.town.expect_nothing(after=before)

    def grace(self, notice: Letter) -> Letter:
        """Nothing reaches Sam before the grace is over; then exactly one message does."""
        due = self.town.window(notice.at + DAY, self.zone)
        self.town.move_to(due - 2 * MINUTE)
        before = len(self.town.letters())
        self.town.expect_nothing(after=before, to="sam@example.net")
        self.town.move_to(due + timedelta(seconds=1))
        nudge = self.town.wait_for("nudge", "sam@example.net", after=before, zone=self.zone)
        self.town.expect_nothing(after=len(self.town.letters()))
        if nudge.at < notice.at + DAY:
            raise Lost(f"Sam was written to {nudge.at - notice.at} after the final notice, before the grace was over")
        self.tell.say(f"{nudge.at - notice.at} after the final notice Sam is asked once to get in touch.")
        return nudge

    def _go_to_next(self) -> None:
        """Ten minutes after the end of the next meeting that is at least two days off the last."""
        earliest = self.dates[-1] + 2 * DAY if self.dates else self.town.now()
        earliest = max(earliest, self.town.now())
        for _turn in range(10):
            one = Visitor(self.town.site.url).json("GET", f"/api/v1/meetings/{self.meeting['slug']}/")
            later = [d for d in one["dates"] if _moment(d["starts_at"]) >= earliest]
            if later:
                self.dates.append(_moment(later[0]["starts_at"]))
                self.town.move_to(_moment(later[0]["ends_at"]) + 10 * MINUTE)
                return
            self.town.move_to(_moment(one["dates"][-1]["ends_at"]))
        raise Lost("the meeting is not held again")

    def _owed(self) -> str | None:
        """The address of the list of the meeting that ended ten minutes ago."""
        page = self.fay.go("/sheets/").text
        for path in dict.fromkeys(re.findall(r"/sheets/\d+/", page)):
            sheet = self.fay.client.get(path)
            starts = re.search(r'<time datetime="([^"]+)"', sheet.text)
            if starts and datetime.fromisoformat(starts[1]) == self.dates[-1]:
                return str(path)
        return None

    def _mark(self, name: str) -> str:
        assert self.fay.page is not None
        for pid, found in re.findall(r'data-pid="([0-9a-f-]{36})" data-name="([^"]+)"', self.fay.page.text):
            if unescape(found) == name:
                return f"mark-{pid}"
        return ""

    # --- 9: talk --------------------------------------------------------------------------------------------

    def talk(self) -> None:
        self.tell.chapter("The group talks; Ravi's connection breaks in the middle.")
        self.result["chat"] = asyncio.run(self._talk())
        chat = self.result["chat"]
        if chat["lost"] or chat["duplicates"] or chat["acked"] != chat["sent"]:
            raise Lost(f"talk was not whole: {chat}")
        self.tell.say(f"{chat['sent']} sent, {chat['received']} received, none lost, none twice, all in one order.")

    async def _talk(self) -> dict[str, int]:
        people = [self.fay, self.dana, self.ravi]
        for who in people:
            who.go("/talk/")
        room = self.dana.json("GET", "/api/v1/rooms/")["rooms"][0]["room"]
        talkers = [Talker(who.site, str(who.client.cookies["sessionid"]), who.name) for who in people]
        for talker in talkers:
            await talker.enter()
        stranger = Talker(self.outsider.site, str(self.outsider.client.cookies["sessionid"]), "an outsider")
        await stranger.enter()
        if (await stranger.posted(room, "may I?"))["t"] != "nack":
            raise Lost("an outsider may write")
        ravi = talkers[2]
        acked = 0
        for number in range(POSTS):
            if number == POSTS // 3:
                await ravi.close()
            for talker in talkers:
                if talker is ravi and POSTS // 3 <= number < 2 * POSTS // 3:
                    continue
                acked += (await talker.posted(room, f"{talker.name} {number}"))["t"] == "ack"
                await asyncio.sleep(0.06)  # a person's pace, below the limit of a sender
            if number == 2 * POSTS // 3 - 1:
                await ravi.enter()
        sent = 3 * POSTS - POSTS // 3
        await talkers[0].until(lambda: len({talker.seqs[room] for talker in talkers}) == 1, "not all at one head")
        logs = [[entry["cid"] for entry in talker.log[room]] for talker in talkers]
        received = sum(len(log) for log in logs)
        twice = sum(len(log) - len(set(log)) for log in logs) + sum(talker.duplicates for talker in talkers)
        for talker in [*talkers, stranger]:
            await talker.close()
        if any(log != logs[0] for log in logs):
            raise Lost("not all saw the same in the same order")
        lost = sum(sent - len(log) for log in logs)
        return {"sent": sent, "acked": acked, "received": received, "lost": lost, "duplicates": twice}

    # --- 10: the button -------------------------------------------------------------------------------------

    def need_someone(self) -> None:
        self.tell.chapter("Dana presses “I need someone”; Ravi is available and takes it.")
        Visitor(self.town.site.url).go("/need/")
        self.tell.say("The calm screen is there for a guest too.")
        self.ravi.go("/on-call/")
        self.ravi.press("I want to be there")
        self.town.site.manage("coordinator", "Fay")
        self.fay.go("/coordinator/responders/")
        self.fay.press("Let in")
        self.tell.say("The site is new: its coordinator lets Ravi answer before the 30 days; both can see it.")
        self.ravi.json("POST", "/api/v1/available/")
        self.town.move_to(self.town.window(self.town.now(), self.zone))
        before = len(self.town.letters())
        key = str(uuid4())
        press = self.dana.json("POST", "/api/v1/presses/", {"client_key": key}, expect=201)
        again = self.dana.json("POST", "/api/v1/presses/", {"client_key": key}, expect=201)
        if press["ref"] != again["ref"]:
            raise Lost("the same press twice is two presses")
        letter = self.town.wait_for("craving_offer", "ravi@example.org", after=before, zone=self.zone)
        if "Dana" in letter.text:
            raise Lost("the offer names who asked")
        self.ravi.go(letter.link)
        self.ravi.press("Yes, I am there")
        state = self.dana.json("GET", "/api/v1/presses/")["press"]
        if not state or state["peer"] != "Ravi":
            raise Lost(f"Dana does not see that Ravi is there: {state}")
        self.outsider.json("POST", f"/api/v1/presses/{press['ref']}/claim/", expect=self._refusal(press["ref"]))
        self.tell.say("Ravi is there, and Dana sees it.")

    def _refusal(self, ref: str) -> int:
        token = str(self.outsider.client.cookies.get("csrftoken", ""))
        headers = {"X-CSRFToken": token, "Referer": self.outsider.site}
        status = self.outsider.client.post(f"/api/v1/presses/{ref}/claim/", headers=headers).status_code
        if status not in {403, 404, 409}:
            raise Lost(f"an outsider's claim answers {status}")
        return status


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def play(feed: Path, zone: str, *, scaled: bool) -> dict[str, Any]:
    """Tell the whole story on `feed`; returns the object of the last line. `ok` is true only if every step held."""
    tell = Teller()
    way = "PostgreSQL, Redis, two web processes, two workers" if scaled else "SQLite, one process"
    print(f"Starting a fresh site ({way}) ...", flush=True)
    result: dict[str, Any] = {"ok": False}
    with Town(scaled=scaled) as town:
        job = MainJob(town, tell)
        steps: list[Callable[[], None]] = [
            lambda: job.import_list(feed, zone or zone_of(feed), guessed=not zone),
            job.find, job.sign_up_all, job.gather, job.choose_sam, job.first_run, job.second_run, job.talk,
            job.need_someone,
        ]  # fmt: skip
        try:
            for step in steps:
                step()
            result["ok"] = True
            tell.chapter("All of it held.")
        except (Lost, AssertionError, RuntimeError) as broken:
            print(f"\nThis did not hold: {broken}", flush=True)
            print("The site's log ends with:\n" + "\n".join(town.site.log.splitlines()[-15:]), flush=True)
        letters = [{"at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "to": one.to, "kind": one.kind} for one in town.letters()]
        result |= job.result | {"messages": letters, "seconds": round(time.monotonic() - tell.began, 1)}
    order = ("ok", "imported", "unread", "found", "messages", "chat", "seconds")
    return {name: result[name] for name in order}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="script/story", description="Plays the whole of Porchlight on a meeting list."
    )
    parser.add_argument("feed", type=Path, metavar="FEED.json")
    parser.add_argument("--zone", default="", help="for entries that have neither zone nor coordinates")
    parser.add_argument("--scaled", action="store_true", help="on PostgreSQL and Redis, two web processes, two workers")
    given = parser.parse_args()
    if not given.feed.is_file():
        print(f"script/story: there is no file {given.feed}", file=sys.stderr)
        return 2
    result = play(given.feed.resolve(), given.zone, scaled=given.scaled)
    print("\n" + json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
