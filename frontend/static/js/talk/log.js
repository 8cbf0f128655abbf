/** The shown entries of one room: bubbles, day lines, what is on the way. Text is only ever set as text. */

const DOTS = 8; // as in frontend/views/chat.py
const NEAR = 160; // px from the end that still count as being at the end

const byId = (id) => document.getElementById(id);

/** What is a bubble; all else was done to one, or is not for us. */
const isWords = (entry) => entry.kind === "text";

const WORD = /[\p{L}\p{N}]/u;

/** @name as a whole word, in any case: as chat/naming.py has it. */
function namesMe(body, name) {
  const text = body.toLowerCase();
  const wanted = `@${name.toLowerCase()}`;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text[at + wanted.length] ?? " ";
    if (!WORD.test(before) && !WORD.test(after) && after !== "_") return true;
  }
  return false;
}

export class Log {
  constructor(page) {
    this.page = page;
    this.me = page.dataset.me;
    this.list = byId("talk-log");
    this.unsent = byId("talk-outbox");
    this.last = Number(page.dataset.last);
    this.earlier = byId("talk-earlier");
    this.first = Number(this.earlier.firstElementChild.dataset.before) || 0;
    const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
    const zone = { timeZone: page.dataset.zone };
    this.clock = new Intl.DateTimeFormat(language, { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.day = new Intl.DateTimeFormat(language, { ...zone, weekday: "long", day: "numeric", month: "long" });
    this.date = new Intl.DateTimeFormat("en-CA", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });
  }

  atEnd() {
    return innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR;
  }

  toEnd() {
    scrollTo({ top: document.documentElement.scrollHeight });
    byId("talk-new").hidden = true;
  }

  /** The next entry; the caller has seen to the order. */
  append(entry, { quiet = false } = {}) {
    if (!isWords(entry)) {
      this.last = entry.seq;
      this.deeds.apply(entry);
      return;
    }
    const stay = this.atEnd();
    const day = this.date.format(new Date(entry.at));
    const days = this.list.querySelectorAll(".day-line");
    if (days.length === 0 || days[days.length - 1].dataset.day !== day) this.list.append(this.#dayLine(entry, day));
    this.list.append(this.#bubble(entry));
    this.last = entry.seq;
    byId("talk-empty").hidden = true;
    if (quiet) return;
    const own = entry.from?.id === this.me;
    if (!own) byId("talk-says").textContent = `${this.#name(entry)}: ${entry.body}`;
    if (stay || own) this.toEnd();
    else byId("talk-new").hidden = false;
  }

  /** Older entries, above; what is looked at does not move. */
  prepend(entries, more) {
    const below = document.documentElement.scrollHeight - scrollY;
    const made = [];
    let day = "";
    for (const entry of entries.filter(isWords)) {
      const its = this.date.format(new Date(entry.at));
      if (its !== day) made.push(this.#dayLine(entry, its));
      day = its;
      made.push(this.#bubble(entry));
    }
    const top = this.list.firstElementChild;
    if (top?.dataset.day === day) top.remove();
    this.list.prepend(...made);
    if (entries.length) this.first = entries[0].seq;
    for (const entry of entries) if (!isWords(entry) && entry.kind !== "pin") this.deeds.apply(entry); // pinned long ago
    this.earlier.hidden = !more;
    scrollTo({ top: document.documentElement.scrollHeight - below });
  }

  /** Start over: what is shown is not of this log any more. */
  clear(first) {
    this.list.replaceChildren();
    this.last = first - 1;
    this.first = first;
    this.earlier.hidden = first <= 1;
  }

  /** What was written here and is not stored for sure; `tapped(cid)` when its words are tapped. */
  showUnsent(entry, tapped) {
    const bubble = byId("bubble-unsent").content.firstElementChild.cloneNode(true);
    bubble.dataset.cid = entry.cid;
    bubble.querySelector("p").textContent = entry.body;
    bubble.querySelector("button").addEventListener("click", () => tapped(entry.cid));
    this.unsent.append(bubble);
    this.say(entry.cid, "sending");
    this.toEnd();
  }

  /** sending, sent, later, waits, refused, closed: in words, from the page. */
  say(cid, state) {
    const bubble = this.#unsentOf(cid);
    if (!bubble || bubble.dataset.state === state) return;
    bubble.dataset.state = state;
    const button = bubble.querySelector("button");
    button.textContent = this.page.dataset[`say${state[0].toUpperCase()}${state.slice(1)}`];
    button.disabled = ["sending", "sent", "waits"].includes(state);
    bubble.classList.toggle("bubble-unsent", state !== "sent");
  }

  stateOf(cid) {
    return this.#unsentOf(cid)?.dataset.state;
  }

  take(cid) {
    this.#unsentOf(cid)?.remove();
  }

  bubbleOf(seq) {
    return this.list.querySelector(`.bubble[data-seq="${Number(seq)}"]`);
  }

  /** A message that was held is given free: where it belongs. */
  insert(entry) {
    if (!isWords(entry) || this.bubbleOf(entry.seq)) return;
    const later = [...this.list.querySelectorAll(".bubble")].find((one) => Number(one.dataset.seq) > entry.seq);
    if (later) later.before(this.#bubble(entry));
    else this.list.append(this.#bubble(entry));
  }

  #unsentOf(cid) {
    return [...this.unsent.children].find((bubble) => bubble.dataset.cid === cid);
  }

  #bubble(entry) {
    const own = entry.from?.id === this.me;
    const bubble = byId(own ? "bubble-own" : "bubble-other").content.firstElementChild.cloneNode(true);
    bubble.dataset.seq = entry.seq;
    bubble.dataset.from = entry.from?.id ?? "";
    if (entry.of) {
      const quote = document.createElement("span");
      quote.className = "bubble-quote";
      quote.dataset.of = entry.of;
      quote.textContent = this.#quoted(entry.of);
      bubble.querySelector("p").before(quote);
    }
    bubble.querySelector("p").textContent = entry.body;
    this.deeds.dress(bubble, entry);
    const time = bubble.querySelector("time");
    time.dateTime = entry.at;
    time.textContent = this.clock.format(new Date(entry.at));
    if (!own) {
      bubble.classList.toggle("bubble-names-me", namesMe(entry.body, this.page.dataset.name));
      const dot = bubble.querySelector(".dot");
      dot.classList.add(`dot-${parseInt(entry.from?.id.slice(0, 2) ?? "0", 16) % DOTS}`);
      dot.textContent = [...this.#name(entry)][0].toUpperCase();
      bubble.querySelector(".name").textContent = this.#name(entry);
    } else if (this.#unsentOf(entry.cid)) {
      time.textContent += ` · ${this.page.dataset.saySent}`;
    }
    return bubble;
  }

  /** The beginning of what is answered, as the server writes it. */
  #quoted(seq) {
    const answered = this.bubbleOf(seq);
    if (!answered || "gone" in answered.dataset) return this.page.dataset.sayQuote;
    const name = answered.querySelector(".name")?.textContent ?? this.page.dataset.name;
    return `${name}: ${[...answered.querySelector("p").textContent].slice(0, 80).join("")}`;
  }

  /** A message was changed or is gone: who answered it does not go on showing its old words. */
  requote(seq) {
    for (const quote of this.list.querySelectorAll(`.bubble-quote[data-of="${Number(seq)}"]`)) {
      quote.textContent = this.#quoted(seq);
    }
  }

  #name(entry) {
    return entry.from?.name || this.page.dataset.sayFormer;
  }

  #dayLine(entry, day) {
    const line = document.createElement("li");
    line.className = "day-line";
    line.dataset.day = day;
    const parts = Object.fromEntries(this.day.formatToParts(new Date(entry.at)).map((part) => [part.type, part.value]));
    line.textContent = `${parts.weekday} ${parts.day} ${parts.month}`; // as the server writes it
    return line;
  }
}
