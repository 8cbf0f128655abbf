/** "I need someone": one tap from any page. The press is kept here until the server has it, so no tap is lost.

    A tap is named by a random key: sent twice, it is one press. Offline it waits in this browser and goes out late. It
    belongs to the account that made it: when somebody else signs in here meanwhile, it waits for its owner, and ends.
    Without this script the same link opens the calm screen, and a button there asks. */

import { onQuickExit, onSignOut } from "./leaving.js";

const QUEUE = "need-queue";
const OWN = "need-own";
const WHOSE = "need-whose"; // the mark of who used this browser last, for a tap on the kept page, which knows nobody
const KEEP = 30 * 60 * 1000; // ms; an older tap would ask people for a moment that has passed
const LOOK = 3000; // ms between two looks at the press
const SLOW = 10000; // ms after which a tap counts as late

const csrf = () => {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie); // the kept copy of a page holds an old one
  if (cookie) return cookie[1];
  try {
    return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  } catch {
    return "";
  }
};

/** Whose page this is: a mark, "" for a guest; undefined on the kept page. */
function reader() {
  const place = document.getElementById("calm") ?? document.querySelector("a.need");
  return place?.dataset.member === "maybe" ? undefined : place?.dataset.whose;
}

const owner = () => reader() ?? localStorage.getItem(WHOSE) ?? "";

/** All taps that the server has not confirmed: [{key, at, whose, again, tried, dropped}]. */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(QUEUE) ?? "[]");
    return Array.isArray(found) ? found.filter((tap) => Date.now() - tap.at < KEEP) : [];
  } catch {
    return [];
  }
}

/** Those of the reader. */
const waiting = () => kept().filter((tap) => tap.whose === owner());

function keep(taps) {
  if (taps.length) localStorage.setItem(QUEUE, JSON.stringify(taps));
  else localStorage.removeItem(QUEUE);
}

const change = (key, more) => keep(kept().map((tap) => (tap.key === key ? { ...tap, ...more } : tap)));
const forget = (key) => keep(kept().filter((tap) => tap.key !== key));

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12})/, "$1-$2-4$3-a$4-$5");
}

/** Note the tap. Throws where this browser keeps nothing: the plain link or form acts then. */
function tap(again = false) {
  const made = { key: newKey(), at: Date.now(), whose: owner(), again, tried: false, dropped: false };
  keep([...kept(), made]);
  if (!waiting().some((one) => one.key === made.key)) throw new Error("not kept");
  return made;
}

const call = (method, url, body) =>
  fetch(url, {
    method,
    keepalive: true, // it outlives the page it was tapped on
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
    body: body && JSON.stringify(body),
  });

const dropped = (key) => waiting().some((tap) => tap.key === key && tap.dropped);

/** One try. Returns "sent", "refused" (a guest), or "later". The server's answer alone takes a tap off the list. */
async function send(one, presses = "/api/v1/presses/") {
  const late = one.tried || Date.now() - one.at > SLOW;
  let answer;
  try {
    if (!dropped(one.key)) answer = await call("POST", presses, { client_key: one.key, late, again: one.again, whose: one.whose });
    if (dropped(one.key)) answer = await call("DELETE", `${presses}${one.key}/`);
  } catch {
    change(one.key, { tried: true });
    return "later";
  }
  if (answer.status >= 500 || answer.status === 429) return "later";
  if (answer.status === 409) {
    localStorage.removeItem(WHOSE); // somebody else is signed in here: it is not theirs, and waits
    return "later";
  }
  if (!answer.ok && reader() === undefined && !one.refused) change(one.key, { refused: true }); // an old page: once more
  else forget(one.key);
  return answer.ok ? "sent" : "refused";
}

/* --- the pill, on every page ---------------------------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const pill = event.target.closest?.("a.need");
  if (!pill || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  let made;
  try {
    made = tap();
  } catch {
    return; // the link itself opens the calm screen
  }
  event.preventDefault();
  send(made);
  location.assign(`${pill.getAttribute("href")}?p=${made.key}`);
});

/* --- the calm screen ------------------------------------------------------------------------------------------ */

const calm = document.getElementById("calm");
if (calm) start(calm);
else if (waiting().length) {
  const flush = () => waiting().forEach((one) => send(one));
  addEventListener("online", flush);
  flush();
}

function start(screen) {
  let state = document.getElementById("need-state");
  const { need, presses, member, state: stateUrl } = screen.dataset;
  let shell = member === "maybe"; // the copy that the service worker keeps
  let key = new URLSearchParams(location.search).get("p") ?? "";
  let sending = false;

  if (member === "no") {
    keep(kept().filter((tap) => tap.whose)); // a guest's tap asks nobody; a member's waits until they sign in again
    if (key) history.replaceState(null, "", need);
    return;
  }

  const part = (name) => document.getElementById(name).content.cloneNode(true);

  /** Before the server has answered the screen claims nothing: "Asking…". */
  function showAsking(offline) {
    if (!state.querySelector("[data-drop]")) state.replaceChildren(part("need-asking"));
    state.querySelector("[data-no-network]").hidden = !offline;
  }

  /** Replace what stands there only when it says something else now. */
  function show(text) {
    const fresh = document.createElement("div");
    fresh.innerHTML = text;
    const stamp = (place) => place.querySelector("[data-stamp]")?.dataset.stamp;
    if (stamp(fresh) !== stamp(state)) state.replaceChildren(...fresh.childNodes);
  }

  /** The kept copy knows nobody: with a network, the reader's own card and lines take their places. */
  async function fillIn() {
    const answer = await fetch(need, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    shell = false;
    for (const id of ["need-around", ...(waiting().length ? [] : ["need-state"])]) {
      document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    }
    state = document.getElementById("need-state");
    screen.dataset.member = page.getElementById("calm").dataset.member;
    screen.dataset.whose = page.getElementById("calm").dataset.whose;
    keepWhose();
    keepOwn();
  }

  async function look() {
    const asked = key;
    if (document.hidden) return;
    try {
      if (shell) await fillIn();
      const answer = await fetch(`${stateUrl}?p=${encodeURIComponent(asked)}`, { credentials: "same-origin" });
      const text = answer.status === 200 && !answer.redirected ? await answer.text() : "";
      if (text && !waiting().length && asked === key) show(text);
    } catch {
      // no network: what stands here still holds, and the next look comes
    }
  }

  async function flush() {
    if (sending) return;
    sending = true;
    try {
      for (const one of waiting()) {
        if (!one.dropped) showAsking(one.tried);
        const came = await send(one, presses);
        if (came === "later") {
          if (!dropped(one.key)) showAsking(true);
          return;
        }
        if (came === "refused") {
          location.replace(need);
          return;
        }
        key = one.key;
        history.replaceState(null, "", `${need}?p=${key}`);
      }
    } finally {
      sending = false;
    }
    await look();
  }

  function onAsk(event) {
    const form = event.target;
    if (!form.matches?.("form[data-ask]")) return;
    try {
      tap(form.elements.again?.value === "yes");
    } catch {
      return; // the form itself asks
    }
    event.preventDefault();
    event.stopPropagation();
    showAsking(false);
    flush();
  }

  function onDrop(event) {
    if (!event.target.closest("[data-drop]")) return;
    for (const one of waiting()) change(one.key, { dropped: true });
    state.replaceChildren(part("need-dropped"));
    flush();
  }

  document.addEventListener("submit", onAsk, true);
  screen.addEventListener("click", onDrop);
  addEventListener("online", flush);
  document.addEventListener("visibilitychange", look);
  setInterval(() => (waiting().length ? flush() : look()), LOOK);
  import("./news.js").then(({ onNews }) => onNews(look)).catch(() => {}); // other pages need no hints
  flush();
}

/* --- twenty minutes: when they are over is said, nothing counts down ------------------------------------------- */

const TWENTY = "need-twenty";

function twenty() {
  const place = document.getElementById(TWENTY);
  if (!place) return;
  place.hidden = false;
  const said = place.querySelector("[data-said]");
  const begin = place.querySelector("[data-start]");
  const end = Number(localStorage.getItem(TWENTY) ?? 0);
  if (!end || Date.now() - end > KEEP) return;
  const text =
    Date.now() < end
      ? `${place.dataset.until} ${new Date(end).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`
      : place.dataset.over;
  if (said.textContent !== text) said.textContent = text;
  begin.hidden = Date.now() < end;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.(`#${TWENTY} [data-start]`)) return;
  try {
    localStorage.setItem(TWENTY, String(Date.now() + 20 * 60 * 1000));
  } catch {
    return; // this browser keeps nothing: the sentence stays
  }
  twenty();
});
if (calm) {
  twenty();
  setInterval(twenty, 5000);
}

/* --- the reader's own card, list and lines, for when there is no network --------------------------------------- */

/** The part around the press, as the server last showed it to this reader. Gone at sign-out and quick exit. */
function keepOwn() {
  const around = document.getElementById("need-around");
  if (!around || calm.dataset.member !== "yes") return;
  try {
    localStorage.setItem(OWN, around.innerHTML);
  } catch {
    // full or forbidden: the plain copy serves
  }
}

function showOwn() {
  const around = document.getElementById("need-around");
  const kept = around && calm.dataset.member === "maybe" && localStorage.getItem(OWN);
  if (!kept) return;
  around.innerHTML = kept;
  for (const form of around.querySelectorAll("form")) form.remove(); // they need the network
  twenty();
}

function keepWhose() {
  if (!reader()) return;
  try {
    localStorage.setItem(WHOSE, reader());
  } catch {
    // full or forbidden: a tap on the kept page is a guest's then
  }
}

const forgetOwn = () => [OWN, TWENTY, WHOSE].forEach((name) => localStorage.removeItem(name));

onQuickExit(forgetOwn);
onSignOut(forgetOwn);
keepWhose();
if (calm) {
  if (calm.dataset.member === "no") forgetOwn();
  keepOwn();
  showOwn();
}

/* --- the calm screen without network -------------------------------------------------------------------------- */

if ("serviceWorker" in navigator) {
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
}
