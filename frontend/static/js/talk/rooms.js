/** The list of rooms: how much is unread, and when the last word was. */

export class Rooms {
  constructor(page) {
    this.page = page;
    this.rows = new Map([...document.querySelectorAll("#talk-rooms [data-room]")].map((row) => [row.dataset.room, row]));
    const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
    const parts = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    this.when = new Intl.DateTimeFormat(language, { ...parts, hourCycle: "h23", timeZone: page.dataset.zone });
  }

  /** The last seq known of each room. */
  seqs() {
    return Object.fromEntries([...this.rows].map(([room, row]) => [room, Number(row.dataset.seq)]));
  }

  /** A room's log goes on from here; what lies between is not known. */
  stands(room, seq) {
    const row = this.rows.get(room);
    if (row) row.dataset.seq = seq;
  }

  /** Entries of a room arrived; `read` when they are looked at. */
  heard(room, entries, { read = false } = {}) {
    const row = this.rows.get(room);
    if (!row) return;
    const seen = Number(row.dataset.seq);
    const fresh = entries.filter((entry) => entry.seq > seen);
    if (!fresh.length) return;
    row.dataset.seq = fresh[fresh.length - 1].seq;
    const words = fresh.filter((entry) => entry.kind === "text" && !entry.gone);
    if (!words.length) return;
    const latest = words[words.length - 1];
    const word = document.createElement("span");
    word.className = "visually-hidden";
    word.textContent = this.page.dataset.lastWord;
    const time = document.createElement("time");
    time.dateTime = latest.at;
    time.textContent = this.when.format(new Date(latest.at));
    row.querySelector(".row-main p").replaceChildren(word, " ", time);
    if (!read) this.#count(row, words.filter((entry) => entry.from?.id !== this.page.dataset.me).length);
  }

  #count(row, more) {
    const tag = row.querySelector(".unread");
    const count = Number(tag.dataset.count) + more;
    tag.dataset.count = count;
    tag.querySelector(".count").textContent = count;
    tag.hidden = count === 0;
  }
}
