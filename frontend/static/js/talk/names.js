/** Names of the room's members, offered behind an @ in the field: what the server takes for naming somebody.

    A field of several lines cannot be a combobox (WAI-ARIA 1.2), so it stays a textbox that controls a listbox and
    points at the option in it; how many there are is said aloud. The focus never leaves the field. */

import { fetchNames } from "./http.js";

const MOST = 6; // names shown
const FRESH = 60_000; // ms for which the list of names is not asked for again
const LONGEST = 40; // characters of a name
const WORD = /[\p{L}\p{N}]/u;

/** The @ that is being written behind, and what stands between it and the caret: {at, typed}, or null. */
export function asked(text, caret) {
  const before = text.slice(0, caret);
  const at = before.lastIndexOf("@");
  const typed = before.slice(at + 1);
  const isAsked = at >= 0 && typed.length <= LONGEST && !/^\s|\n/.test(typed) && !(at && WORD.test(before[at - 1]));
  return isAsked ? { at, typed } : null;
}

/** Those whose name, or a word of it, begins with what was typed; none when it is a whole name already. */
export function fitting(names, typed) {
  const wanted = typed.toLowerCase();
  const first = names.filter((name) => name.toLowerCase().startsWith(wanted));
  const later = names.filter((name) => !first.includes(name) && name.toLowerCase().includes(` ${wanted}`));
  const found = wanted ? [...first, ...later] : first;
  return found.length === 1 && found[0].toLowerCase() === wanted ? [] : found.slice(0, MOST);
}

export class Names {
  /** `said`: where a screen reader hears how many there are; its data-say has {n}. */
  constructor(room, field, list, said) {
    Object.assign(this, { room, field, list, said, known: [], at: 0, closedAt: -1 });
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("input", () => this.#look());
    field.addEventListener("click", () => this.#look());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps focus and keyboard
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take(option.textContent);
    });
  }

  close() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.said.textContent = "";
    for (const name of ["aria-controls", "aria-activedescendant", "aria-haspopup"]) this.field.removeAttribute(name);
  }

  async #look() {
    const { value, selectionStart, selectionEnd } = this.field;
    const found = selectionStart === selectionEnd ? asked(value, selectionStart) : null;
    if (!found) this.closedAt = -1;
    if (!found || found.at === this.closedAt) {
      this.close();
      return;
    }
    if (await this.#learn()) {
      this.#look(); // the field may hold something else by now
      return;
    }
    const names = fitting(this.known, found.typed);
    if (names.length) this.#open(found.at, names);
    else this.close();
  }

  /** True when the names had to be asked for. */
  async #learn() {
    if (Date.now() - this.at < FRESH) return false;
    this.at = Date.now();
    this.known = await fetchNames(this.room).catch(() => this.known);
    return true;
  }

  #open(at, names) {
    this.from = at;
    this.list.replaceChildren(
      ...names.map((name, number) => {
        const option = document.createElement("li");
        option.id = `talk-name-${number}`;
        option.setAttribute("role", "option");
        option.textContent = name;
        return option;
      }),
    );
    this.list.hidden = false;
    this.field.setAttribute("aria-haspopup", "listbox");
    this.field.setAttribute("aria-controls", this.list.id);
    const words = this.said.dataset.say.replace("{n}", names.length);
    if (this.said.textContent !== words) this.said.textContent = words;
    this.#choose(0);
  }

  #choose(number) {
    const options = [...this.list.children];
    this.chosen = (number + options.length) % options.length;
    options.forEach((option, its) => option.setAttribute("aria-selected", String(its === this.chosen)));
    options[this.chosen].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[this.chosen].id);
  }

  #key(event) {
    if (this.list.hidden || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") this.#choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.#choose(this.chosen - 1);
    else if (event.key === "Enter" && !event.shiftKey) this.#take(this.list.children[this.chosen].textContent);
    else if (event.key === "Escape") {
      this.closedAt = this.from;
      this.close();
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation(); // Enter sends nothing now
  }

  #take(name) {
    const { value, selectionStart } = this.field;
    const rest = value.slice(selectionStart);
    const before = `${value.slice(0, this.from)}@${name} `;
    this.field.value = before + (/^ /.test(rest) ? rest.slice(1) : rest);
    this.field.setSelectionRange(before.length, before.length);
    this.close();
    this.field.focus();
    this.field.dispatchEvent(new Event("input", { bubbles: true })); // it may have grown by a line
  }
}
