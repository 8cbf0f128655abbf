/** The field, and what its words are about: a new text, an answer, or the change of a message. */

import { Begun } from "./begun.js";
import { Names } from "./names.js";

const LONGEST = 4000; // characters, as the server counts them
const TYPING = 3_000; // ms between two times that the others hear of it

const part = (name) => document.getElementById(`talk-${name}`);

export class Composer {
  /** `to`: {text(body, of), change(seq, body), typing()} */
  constructor(page, room, to) {
    Object.assign(this, { page, to, form: part("form"), field: part("text"), wrong: part("wrong"), about: part("about") });
    this.subject = null; // {what: reply or edit, seq}: what the next text is about
    this.before = ""; // what stood in the field when a change took it
    this.begun = new Begun(page.dataset.me, room);
    // before the field's own keys: while names are offered, Enter takes one
    new Names(room, this.field, part("names"), part("names-said"));
    if (!this.field.value) this.#put(this.begun.read());
    this.form.addEventListener("submit", (event) => this.#write(event));
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.about.lastElementChild.addEventListener("click", () => this.#aboutNothing());
  }

  /** The next text answers or changes this message. */
  take(what, seq, words) {
    this.#aboutNothing();
    this.subject = { what, seq };
    const { sayChanging, sayAnswering } = this.page.dataset;
    this.about.firstElementChild.textContent = `${what === "edit" ? sayChanging : sayAnswering}: ${[...words].slice(0, 60).join("")}`;
    this.about.hidden = false;
    if (what === "edit") {
      this.before = this.field.value;
      this.#put(words);
    }
    this.field.focus();
  }

  /** Words that were not sent, behind what stands there. */
  giveBack(words) {
    this.#put(this.field.value ? `${this.field.value}\n${words}` : words);
  }

  /** Nothing more is sent or kept. */
  end() {
    this.ended = true;
  }

  #put(words) {
    this.field.value = words;
    this.#grow();
  }

  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, innerHeight * 0.3)}px`;
  }

  #keep() {
    if (!this.ended) this.begun.keep(this.subject?.what === "edit" ? this.before : this.field.value);
  }

  #typed() {
    this.#keep();
    this.#grow();
    if (!this.field.value || Date.now() - (this.said ?? 0) < TYPING) return;
    this.said = Date.now();
    this.to.typing();
  }

  #key(event) {
    const keyboard = matchMedia("(hover: hover) and (pointer: fine)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !keyboard) return;
    event.preventDefault(); // no line of its own in the field that was just emptied
    this.form.requestSubmit();
  }

  /** After a change: back to what was begun before it. */
  #aboutNothing() {
    if (this.subject?.what === "edit") this.#put(this.before);
    this.subject = null;
    this.about.hidden = true;
  }

  #write(event) {
    event.preventDefault();
    event.stopImmediatePropagation(); // this form is sent as often as one likes
    const body = this.field.value.replace(/\r\n?/g, "\n").trim();
    if (!body || this.ended) return;
    this.wrong.textContent = [...body].length > LONGEST ? this.page.dataset.sayLong : "";
    this.wrong.hidden = !this.wrong.textContent;
    if (!this.wrong.hidden) return; // nothing is lost: the words stay in the field
    const { what, seq } = this.subject ?? {};
    if (what !== "edit") this.#put("");
    this.#aboutNothing();
    this.#keep();
    this.field.focus();
    if (what === "edit") this.to.change(seq, body);
    else this.to.text(body, seq);
  }
}
