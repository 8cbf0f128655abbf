/** What was written and is not known to be stored: kept in this browser over a reload, until the server says it has it.

    One list a person; a list of somebody else who used this browser is thrown away. */

import { listOf, lists } from "./forget.js";

export class Outbox {
  constructor(me) {
    this.key = listOf(me);
    for (const key of lists()) if (key !== this.key) localStorage.removeItem(key);
    this.entries = this.#read();
    this.isKept = true; // the store took what is here
  }

  #read() {
    try {
      const found = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(found) ? found.filter((one) => one && one.cid && one.room && typeof one.body === "string") : [];
    } catch {
      return [];
    }
  }

  /** Another page of this browser may have written too: its entries stay. */
  #keep(change) {
    this.entries = change(this.isKept ? this.#read() : this.entries);
    try {
      if (this.entries.length) localStorage.setItem(this.key, JSON.stringify(this.entries));
      else localStorage.removeItem(this.key);
      this.isKept = true;
    } catch {
      this.isKept = false; // a full or forbidden store: the entries live as long as the page
    }
  }

  /** `more`: {kind, of}; a plain text without them. */
  add(room, body, more = {}) {
    const entry = { cid: newKey(), room, body, ...more, at: Date.now() };
    this.#keep((held) => [...held, entry]);
    if (!this.entries.some((one) => one.cid === entry.cid)) this.entries.push(entry);
    return entry;
  }

  /** The server has it, or will never take it. */
  settle(cid) {
    const had = this.entries.some((one) => one.cid === cid);
    if (had) this.#keep((held) => held.filter((one) => one.cid !== cid));
    return had;
  }

  of(room) {
    return this.entries.filter((one) => one.room === room);
  }
}

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12})/, "$1-$2-4$3-a$4-$5");
}
