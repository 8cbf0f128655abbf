/** Words that were begun in a room and not sent: they outlive a reload, in this tab alone. */

import { begunOf } from "./forget.js";

export class Begun {
  constructor(me, room) {
    this.key = begunOf(me, room);
  }

  read() {
    try {
      return sessionStorage.getItem(this.key) ?? "";
    } catch {
      return "";
    }
  }

  keep(words) {
    try {
      if (words) sessionStorage.setItem(this.key, words);
      else sessionStorage.removeItem(this.key);
    } catch {
      // a full or forbidden store: the words live as long as the page
    }
  }
}
