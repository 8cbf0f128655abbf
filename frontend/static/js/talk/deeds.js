/** What is done to a message: answer, change, take away, react, pin, report. */

import { fetchEntries, report } from "./http.js";

const EDITABLE = 15 * 60_000; // ms, as the server counts them
const byId = (id) => document.getElementById(id);

export class Deeds {
  /** `listen`: {post(kind, of, body), about(what, seq, words)} */
  constructor(log, page, listen) {
    this.log = log;
    this.page = page;
    this.listen = listen;
    this.signs = new Map(); // "seq person sign" -> {seq, on}: the latest word about each counts
    this.pinned = Number(byId("talk-pinned").dataset.seq); // 0: nothing
    this.menu = byId("talk-menu");
    log.deeds = this;
    for (const bubble of log.list.querySelectorAll(".bubble")) this.dress(bubble);
    for (const deed of JSON.parse(byId("talk-deeds").textContent)) this.apply(deed);
    this.menu.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.#do(button.dataset.do, button.value);
      else if (event.target === this.menu) this.menu.close();
    });
  }

  /** A button beside the words; `entry` when it came by the wire. */
  dress(bubble, entry) {
    const words = this.page.dataset;
    if (entry?.gone) this.#empty(bubble, entry.gone);
    const state = bubble.querySelector(".bubble-state");
    if (entry?.held) state.textContent = ` · ${words.sayHeld}`;
    else if (entry?.edited) state.textContent = ` · ${words.sayEdited}`;
    if ("gone" in bubble.dataset) return;
    bubble.querySelector(".bubble-more")?.remove(); // the way without this script
    const more = byId("bubble-more").content.firstElementChild.cloneNode(true);
    more.addEventListener("click", () => this.#open(bubble));
    bubble.querySelector(".bubble-time").append(more);
  }

  /** An entry about another one. */
  apply(entry) {
    const bubble = this.log.bubbleOf(entry.of);
    if (entry.kind === "react" || entry.kind === "unreact") this.#sign(entry, bubble);
    else if (entry.kind === "pin") this.#pin(entry.of ?? 0);
    else if (entry.kind === "hold" && entry.body === "off") this.#free(entry, bubble);
    else if (bubble && entry.kind === "edit") {
      bubble.querySelector("p").textContent = entry.body;
      bubble.querySelector(".bubble-state").textContent = ` · ${this.page.dataset.sayEdited}`;
    } else if (bubble && entry.kind === "delete") {
      this.#empty(bubble, entry.from && entry.from.id === bubble.dataset.from ? "deleted" : "removed");
    } else if (bubble && entry.kind === "hold") {
      if (bubble.classList.contains("bubble-own")) {
        bubble.querySelector(".bubble-state").textContent = ` · ${this.page.dataset.sayHeld}`;
      } else bubble.remove();
    }
    if (["edit", "delete", "hold"].includes(entry.kind)) {
      this.#unsay(entry.of);
      if (entry.of === this.pinned) this.#pin(this.pinned);
    }
  }

  /** Old words stand nowhere else: not in an answer to them, not where they were read out. */
  #unsay(seq) {
    this.log.requote(seq);
    byId("talk-says").textContent = "";
  }

  #empty(bubble, how) {
    bubble.dataset.gone = "";
    bubble.querySelector("p").textContent = how === "removed" ? this.page.dataset.sayRemoved : this.page.dataset.sayDeleted;
    bubble.querySelector(".bubble-state").textContent = "";
    bubble.querySelector(".bubble-more")?.remove();
    bubble.querySelector(".bubble-signs")?.remove();
  }

  async #free(entry, bubble) {
    if (bubble) {
      bubble.querySelector(".bubble-state").textContent = "";
      return;
    }
    const found = await this.#stored(entry.of);
    if (found) this.log.insert(found);
  }

  /** The entry of this number as it is now, or nothing. */
  async #stored(seq) {
    const found = await fetchEntries(this.page.dataset.room, { after: seq - 1, limit: 1 }).catch(() => null);
    return found?.messages.find((one) => one.seq === seq);
  }

  /** What is pinned may stand far above what is loaded, and may be changed or taken away later. */
  async #pin(seq) {
    this.pinned = seq;
    const found = seq ? await this.#stored(seq) : null;
    if (this.pinned !== seq) return; // another one meanwhile
    const bar = byId("talk-pinned");
    const isThere = found?.kind === "text" && !found.gone;
    bar.hidden = !isThere;
    bar.lastElementChild.textContent = isThere ? found.body : "";
  }

  #sign(entry, bubble) {
    const key = `${entry.of} ${entry.from?.id} ${entry.body}`;
    const known = this.signs.get(key);
    if (!known || known.seq < entry.seq) this.signs.set(key, { seq: entry.seq, on: entry.kind === "react" });
    if (bubble && !("gone" in bubble.dataset)) this.#showSigns(bubble);
  }

  #showSigns(bubble) {
    const counts = new Map();
    for (const [key, { on }] of this.signs) {
      const [seq, person, sign] = key.split(" ");
      if (seq !== bubble.dataset.seq || !on) continue;
      const found = counts.get(sign) ?? { count: 0, mine: false };
      counts.set(sign, { count: found.count + 1, mine: found.mine || person === this.log.me });
    }
    let line = bubble.querySelector(".bubble-signs");
    if (!line) {
      line = document.createElement("span");
      line.className = "bubble-signs";
      bubble.append(line);
    }
    line.replaceChildren(
      ...[...counts].map(([sign, { count, mine }]) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip";
        chip.textContent = `${sign} ${count}`;
        chip.setAttribute("aria-pressed", String(mine));
        chip.addEventListener("click", () => this.listen.post(mine ? "unreact" : "react", Number(bubble.dataset.seq), sign));
        return chip;
      }),
    );
  }

  #open(bubble) {
    this.bubble = bubble;
    const own = bubble.classList.contains("bubble-own");
    const other = !own && bubble.dataset.from !== ""; // not a former member
    const age = Date.now() - new Date(bubble.querySelector("time").dateTime).getTime();
    for (const button of this.menu.querySelectorAll("[data-for]")) {
      const whose = button.dataset.for;
      button.hidden = (whose === "own" && !own) || (whose === "others" && !other) || (button.dataset.do === "edit" && age > EDITABLE);
    }
    for (const field of this.menu.querySelectorAll("[name=with]")) field.value = bubble.dataset.from;
    this.menu.showModal();
  }

  #do(what, sign) {
    this.menu.close();
    const seq = Number(this.bubble.dataset.seq);
    const words = this.bubble.querySelector("p").textContent;
    if (what === "react") {
      const mine = this.signs.get(`${seq} ${this.log.me} ${sign}`)?.on;
      this.listen.post(mine ? "unreact" : "react", seq, sign);
    } else if (what === "delete" || what === "pin") this.listen.post(what, seq, "");
    else if (what === "unpin") this.listen.post("pin", null, "");
    else if (what === "reply" || what === "edit") this.listen.about(what, seq, words);
    else if (what === "report") this.#report(seq);
  }

  async #report(seq) {
    const said = byId("talk-state");
    try {
      const whose = this.bubble.dataset.from;
      await report(this.page.dataset.room, seq);
      // all of theirs: from now on the two do not see each other
      for (const one of this.log.list.querySelectorAll(".bubble")) if (one.dataset.from === whose) one.remove();
      said.textContent = this.page.dataset.sayReported;
    } catch {
      said.textContent = this.page.dataset.sayNotDone;
    }
  }
}
