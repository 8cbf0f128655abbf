// The list: one tap present, a second late, a third takes it off; the small menu has every mark. Each tap is saved at
// once and tried again until it is; the last tap of a person counts. Without this script the form itself does it all.
const form = document.getElementById("sheet");
const address = form.getAttribute("action"); // form.action would be the buttons of that name
const open = form.dataset.mode === "open";
const first = form.dataset.first; // "present", or "online" for an online meeting
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const here = new Set(["present", "late", "online"]);
const next = { none: first, [first]: "late", late: "none" };
const icons = { present: "M20 6 9 17l-5-5", online: "M20 6 9 17l-5-5", late: "M12 6v6l4 2" };
const status = form.querySelector("[data-status]");
const undoBar = document.querySelector("[data-undo-bar]");
const waiting = new Map(); // person -> value that is not saved yet
let sending = false;
let pause = 1000; // milliseconds until the next try

const rows = [...form.querySelectorAll(".name")].map((item) => ({
  item,
  pid: item.dataset.pid,
  name: item.dataset.name,
  expected: "expected" in item.dataset,
  button: item.querySelector("[data-mark]"),
  more: item.querySelector("[data-more]"),
  choices: item.querySelector("fieldset"),
  was: item.querySelector("input[type=hidden]"),
  drawn: null, // the value that is shown, and to which "undo" goes back
  get value() { return this.choices.querySelector("input:checked").value; },
  word(value) { return this.choices.querySelector(`input[value=${value}]`).parentElement.textContent.trim(); },
}));

function draw(row) {
  const value = row.value;
  row.drawn = value;
  row.button.className = value === "none" ? "mark" : `mark mark-${value}`;
  const state = row.button.querySelector("[data-state]");
  state.textContent = row.word(value);
  if (icons[value]) {
    state.insertAdjacentHTML("afterbegin", `<svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${icons[value]}"/>${value === "late" ? '<circle cx="12" cy="12" r="9.5"/>' : ""}</svg>`);
  }
  row.item.toggleAttribute("data-unsaved", waiting.has(row.pid));
}

function count() {
  form.querySelector("[data-here]").textContent = rows.filter((row) => here.has(row.value)).length;
  for (const place of form.querySelectorAll("[data-left]")) place.textContent = left();
  const correct = form.querySelector("[data-correct]");
  if (correct) correct.disabled = rows.every((row) => row.value === row.was.value);
}

function left() { // about how many people closing asks
  return rows.filter((row) => row.expected && row.value === "none").length;
}

function set(row, value, undoable = true) {
  row.choices.querySelector(`input[value=${value}]`).checked = true;
  changed(row, undoable);
}

function changed(row, undoable) {
  const before = row.drawn;
  if (before === row.value) return;
  if (open) {
    waiting.set(row.pid, row.value);
    send();
  }
  draw(row);
  count();
  undoBar.hidden = !undoable;
  if (undoable) {
    undoBar.querySelector("[data-undo-text]").textContent = form.dataset.marked
      .replace("{name}", row.name).replace("{word}", row.word(row.value));
    undoBar.querySelector("[data-undo-button]").onclick = () => set(row, before, false);
  }
}

function unfold(row, shown) {
  row.choices.hidden = !shown;
  row.more.setAttribute("aria-expanded", String(shown));
}

async function send() {
  if (sending) return;
  sending = true;
  while (waiting.size) {
    const [pid, value] = waiting.entries().next().value;
    const row = rows.find((one) => one.pid === pid);
    try {
      const body = new URLSearchParams({ action: "mark", pid, value, csrfmiddlewaretoken: token });
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status >= 500) throw new Error("busy");
      if (!answer.ok) { // closed by somebody else, or not ours any more: the page shows how it stands
        waiting.clear();
        location.reload();
        return;
      }
      row.was.value = value;
      if (waiting.get(pid) === value) waiting.delete(pid); // a later tap of the same person is still to be saved
      pause = 1000;
      status.textContent = "";
    } catch {
      status.textContent = form.dataset.waiting;
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, 15000);
    }
    draw(row);
  }
  sending = false;
}

for (const row of rows) {
  row.item.querySelector(".name-line").hidden = false;
  row.choices.hidden = true;
  row.button.addEventListener("click", () => set(row, next[row.value] ?? first));
  row.more.addEventListener("click", () => unfold(row, row.choices.hidden));
  row.choices.addEventListener("change", () => changed(row, true));
  draw(row);
}
form.classList.add("scripted");
form.querySelector("[data-plain]")?.remove();
count();

// --- closing: the two-way question, nothing preselected ---
const dialog = document.getElementById("rest");
const close = form.querySelector("[data-close]");
if (dialog && close) {
  close.addEventListener("click", (event) => {
    if (!left()) return;
    event.preventDefault();
    for (const choice of dialog.querySelectorAll("[name=rest]")) choice.checked = false;
    dialog.querySelector("[data-close-now]").disabled = true;
    undoBar.hidden = true;
    dialog.showModal();
  });
  dialog.addEventListener("change", () => { dialog.querySelector("[data-close-now]").disabled = false; });
  dialog.querySelector("[data-rest-back]").addEventListener("click", () => dialog.close());
}

let leaving = false;
form.addEventListener("submit", () => { leaving = true; }); // what is not saved yet goes along with the form
window.addEventListener("beforeunload", (event) => {
  if (waiting.size && !leaving) event.preventDefault();
});
window.addEventListener("online", () => { pause = 1000; });
