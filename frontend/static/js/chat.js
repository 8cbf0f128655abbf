/** Talk: puts socket, log and outbox together. Without this script the page reads and posts by plain forms. */

import { Composer } from "./talk/composer.js";
import { fetchEntries, markRead, postEntry } from "./talk/http.js";
import { Deeds } from "./talk/deeds.js";
import { Link } from "./talk/link.js";
import { clearRead } from "./talk/notes.js";
import { Log } from "./talk/log.js";
import { Outbox } from "./talk/outbox.js";
import { Rooms } from "./talk/rooms.js";
import { Waiting } from "./talk/waiting.js";

const UNANSWERED = 5_000; // ms after which a message on its way is "not sent yet"

const page = document.getElementById("talk");
const room = page.dataset.room;
const rooms = new Rooms(page);
const outbox = new Outbox(page.dataset.me);
const log = room && page.dataset.last !== "" ? new Log(page) : null; // a page of old entries stays as it is
const here = new Set(); // who is in this room now
const typing = document.getElementById("talk-typing");
const company = document.getElementById("talk-here");
let typed = 0;
const state = document.getElementById("talk-state");
let epoch = page.dataset.epoch;
let gone = false;
let anew = false; // what is shown is of another log: the whole page is asked for

/** The last seq shown of each room. */
function resume() {
  const seqs = rooms.seqs();
  if (log) seqs[room] = log.last;
  if (anew) delete seqs[room];
  return seqs;
}

const link = new Link(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`, {
  resume,
  frame: hear,
  up: () => {
    waiting.stop();
    say("");
    for (const entry of outbox.entries) send(entry);
  },
  down: (code) => {
    if (link.ended) waiting.end();
    else waiting.start();
    if (waiting.up) return; // the other way is open
    offline();
    if (code === 4401) say(page.dataset.saySignedOut);
  },
});

// when sockets are blocked
const waiting = new Waiting({
  resume,
  frame: hear,
  up: () => {
    say("");
    postAll();
  },
  down: offline,
  out: () => {
    link.end();
    offline();
    say(page.dataset.saySignedOut);
  },
});

function hear(frame) {
  if (HANDLERS[frame.t]) HANDLERS[frame.t](frame);
  else document.dispatchEvent(new CustomEvent("porchlight:frame", { detail: frame })); // other rooms of the house (chat.hub.tell)
}

function offline() {
  for (const entry of outbox.entries) log?.say(entry.cid, "later");
  say(page.dataset.sayOffline);
}

const HANDLERS = {
  msg: (frame) => {
    if (outbox.settle(frame.cid) && frame.room !== room) log?.take(frame.cid);
    if (frame.room === room && log) next(frame);
    else rooms.heard(frame.room, [frame]);
  },
  sync: (frame) => {
    for (const entry of frame.msgs) outbox.settle(entry.cid);
    if (frame.room !== room || !log) {
      if (frame.reset) rooms.stands(frame.room, frame.to);
      else rooms.heard(frame.room, frame.msgs);
      return;
    }
    if (!frame.reset && frame.epoch !== epoch) {
      startOver(); // or the two logs would stand mixed
      return;
    }
    if (frame.reset) {
      anew = false;
      log.clear(frame.from);
    }
    const far = frame.msgs.length > 3;
    for (const entry of frame.msgs) show(entry, far);
    if (far) log.toEnd();
    epoch = frame.epoch;
  },
  live: (frame) => {
    if (frame.room !== room || !log) return;
    if (frame.epoch !== epoch) startOver();
    else if (frame.seq > log.last) ask();
  },
  ack: (frame) => {
    outbox.settle(frame.cid);
    if (log && frame.seq <= log.last) log.take(frame.cid);
    else log?.say(frame.cid, "sent");
  },
  nack: (frame) => {
    if (frame.code === "rate" || frame.code === "retry") {
      const after = frame.after ?? 1 + Math.random() * 2;
      if (after > 3) log?.say(frame.cid, "waits"); // a slow room, or a pause after words that were held
      setTimeout(() => retry(frame.cid), after * 1000);
      return;
    }
    refused(frame.cid, ["closed", "muted"].includes(frame.code) ? frame.code : "refused");
  },
  hb: (frame) => {
    if (!log) return;
    if (frame.epoch?.[room] && frame.epoch[room] !== epoch) startOver();
    else if (frame.h[room] > log.last) ask();
  },
  gone: (frame) => {
    if (frame.room !== room) return;
    say(page.dataset.sayGone);
    leave();
  },
  typing: (frame) => {
    if (frame.room !== room || !typing) return;
    typing.textContent = page.dataset.sayTyping.replace("{name}", frame.from.name);
    clearTimeout(typed);
    typed = setTimeout(() => typing.replaceChildren(), 5_000);
  },
  presence: (frame) => {
    if (frame.room !== room || !company) return;
    if (frame.whole) here.clear();
    for (const one of frame.in) here.add(one);
    for (const one of frame.out) here.delete(one);
    const others = [...here].filter((one) => one !== page.dataset.me).length;
    company.textContent = others ? page.dataset.sayHere.replace("{n}", others) : "";
  },
  welcome: () => {},
  ready: () => {},
  bye: (frame) => waiting.pause(frame.retry),
  error: () => {},
};

/** Nothing more is said here. */
function leave() {
  gone = true;
  composer?.end();
}

function say(words) {
  if (state && !gone) state.textContent = words;
}

/** Without a socket the next request says what is held. */
const ask = () => link.send({ t: "sync", room, after: log.last });

/** The log is another one: a backup was restored. */
function startOver() {
  anew = true;
  waiting.forget(room);
  link.send({ t: "sync", room });
}

/** The rule of the wire: the next is shown, an old one ignored, a later one asked for. */
function next(entry) {
  if (entry.seq === log.last + 1) show(entry);
  else if (entry.seq > log.last) ask();
}

function show(entry, quiet = false) {
  if (entry.seq <= log.last) return;
  log.append(entry, { quiet });
  log.take(entry.cid);
  rooms.heard(room, [entry], { read: true });
  if (["text", "edit"].includes(entry.kind) && entry.from?.id !== page.dataset.me) typing?.replaceChildren();
  readSoon();
}

// --- reading ---------------------------------------------------------------------------------------------------

let reading = 0;
let read = 0;
function readSoon() {
  clearTimeout(reading);
  reading = setTimeout(() => {
    if (looksAtTheEnd() && sayRead()) read = log.last;
    if (read) clearRead();
  }, 800);
}

function sayRead() {
  if (link.send({ t: "read", room, seq: log.last })) return true;
  if (waiting.up) markRead(room, log.last);
  return waiting.up;
}

const looksAtTheEnd = () => log && !gone && document.visibilityState === "visible" && log.atEnd() && log.last > read;

/** The next page may be the list, which counts at once. */
addEventListener("pagehide", () => {
  if (!log || gone || (log.last <= read && !reading) || !log.atEnd()) return;
  markRead(room, log.last);
});

let fetching = false;
async function earlier() {
  if (fetching || log.earlier.hidden) return;
  fetching = true;
  try {
    const found = await fetchEntries(room, { before: log.first, limit: 50 });
    log.prepend(found.messages, found.messages.length > 0 && found.messages[0].seq > found.floor + 1);
  } catch {
    // the link above stays; the next scroll tries again
  } finally {
    fetching = false;
  }
}

// --- writing ---------------------------------------------------------------------------------------------------

function send(entry) {
  log?.say(entry.cid, "sending");
  const { room, cid, body, kind, of } = entry;
  if (!link.send({ t: "post", room, cid, body, kind, of })) {
    if (waiting.up) postAll();
    else {
      log?.say(cid, "later");
      link.now();
    }
    return;
  }
  setTimeout(() => {
    if (outbox.entries.includes(entry) && log?.stateOf(entry.cid) === "sending") log.say(entry.cid, "later");
  }, UNANSWERED);
}

function retry(cid) {
  const entry = outbox.entries.find((one) => one.cid === cid);
  if (!entry) return;
  if (link.ready) send(entry);
  else {
    log?.say(cid, "sending");
    link.now();
    byHttp(entry).catch(() => log?.say(cid, "later"));
  }
}

/** It will never be stored. The words of a change have no bubble: they go back into the field, or would be lost. */
function refused(cid, how) {
  const entry = outbox.entries.find((one) => one.cid === cid);
  outbox.settle(cid);
  log?.say(cid, how);
  if (!entry?.kind || entry.kind === "text") return;
  say(page.dataset.sayNotDone);
  if (entry.kind === "edit" && entry.room === room && !composer?.field.value) composer?.giveBack(entry.body);
}

/** Words of a bubble were tapped: once more, or back into the field. */
function tapped(cid) {
  const bubble = log.stateOf(cid);
  if (bubble === "later") retry(cid);
  if (!["refused", "closed", "muted"].includes(bubble)) return;
  const text = [...log.unsent.children].find((one) => one.dataset.cid === cid).querySelector("p").textContent;
  log.take(cid);
  composer?.giveBack(text);
  composer?.field.focus();
}

async function byHttp(entry) {
  const answer = await postEntry(entry);
  if (answer.code) {
    refused(entry.cid, answer.code);
    return;
  }
  outbox.settle(entry.cid);
  log?.say(entry.cid, "sent");
  if (log && answer.seq <= log.last) log.take(entry.cid);
}

let posting = false;

/** What is unsettled by plain HTTP: in each room one after the other, or they would change places. */
async function postAll() {
  if (posting) return;
  posting = true;
  const stuck = new Set(); // rooms in which the first was not taken
  const first = () => waiting.up && outbox.entries.find((entry) => !stuck.has(entry.room));
  for (let entry = first(); entry; entry = first()) {
    await byHttp(entry).catch(() => {
      stuck.add(entry.room);
      log?.say(entry.cid, "later");
    });
  }
  posting = false;
  if (stuck.size) setTimeout(() => waiting.up && postAll(), 2_000 + Math.random() * 3_000);
}

/** A new text, an answer when it is `of` another. */
function text(body, of) {
  const entry = outbox.add(room, body, of ? { kind: "text", of } : {});
  log.showUnsent(entry, tapped);
  send(entry);
}

/** Something done to a message: on its way like a text, without a bubble of its own. */
function post(kind, of, body) {
  if (gone) return;
  send(outbox.add(room, body, { kind, of }));
}

// without a form the room is closed, or its page shows old entries
const composer =
  log && document.getElementById("talk-form")
    ? new Composer(page, room, { text, change: (seq, body) => post("edit", seq, body), typing: () => link.send({ t: "typing", room }) })
    : null;

// --- start -----------------------------------------------------------------------------------------------------

if (log) {
  new Deeds(log, page, { post, about: (what, seq, words) => composer?.take(what, seq, words) });
  for (const entry of outbox.of(room)) if (!entry.kind || entry.kind === "text") log.showUnsent(entry, tapped);
  if (composer) {
    const { form } = composer;
    // the composer grows; what is above it moves up
    new ResizeObserver(() => {
      if (!form.isConnected) return; // left in a hurry: the page is empty
      const stay = log.atEnd();
      document.body.style.setProperty("--under", `${form.offsetHeight}px`);
      if (stay) log.toEnd();
    }).observe(form);
  }
  document.getElementById("talk-new").addEventListener("click", () => log.toEnd());
  log.earlier.addEventListener("click", (event) => {
    event.preventDefault();
    earlier();
  });
  log.toEnd();
  // not before the page stands at its end, or it would fetch at once
  setTimeout(() => {
    new IntersectionObserver((seen) => seen[0].isIntersecting && earlier(), { rootMargin: "200px" }).observe(log.earlier);
  }, 300);
  addEventListener("scroll", readSoon, { passive: true });
  document.addEventListener("visibilitychange", readSoon);
}
document.addEventListener("porchlight:left", () => {
  leave();
  link.end();
  waiting.end();
});
clearRead();
link.now();
waiting.start();
