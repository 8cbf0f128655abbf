/** Favourites, and what stays readable without network: the last search and the favourites, with the time they are of.

    All of it lies in this browser. A guest's favourites lie nowhere else; asking for their rows names them in the body
    of a request, which nobody writes down. A search near the reader is kept without its place and distances. */

const SEARCH = "kept-search"; // {at, what, html}
const ROWS = "kept-favourites"; // {at, html}
const OWN = "favourites"; // a guest's: [slug, …]
const MOST = 200;
const STALE = 60 * 60 * 1000; // ms; rows older than this are asked for again when the finder opens

function load(name, empty) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? empty;
  } catch {
    return empty;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // full or forbidden: the page works, and nothing is there without network
  }
}

/** A copy of rows that may be read later: no distance, nothing that is true only now, nothing that acts. */
function plain(place) {
  const copy = place.cloneNode(true);
  for (const gone of copy.querySelectorAll("[data-distance], [data-soon], details, form, script, .button")) gone.remove();
  for (const row of copy.querySelectorAll(".row-now")) row.classList.remove("row-now");
  for (const title of copy.querySelectorAll("[data-day]")) title.textContent = title.dataset.day; // "Today" is no day later
  return copy.innerHTML;
}

/* --- the last search ------------------------------------------------------------------------------------------ */

function keepSearch() {
  const results = document.getElementById("results");
  if (!results?.querySelector(".rows")) return;
  const said = ["q", "place"].map((id) => document.getElementById(id)?.value.trim());
  const chosen = [...document.querySelectorAll("#finder .chip-on")].map((chip) => chip.firstChild?.textContent.trim());
  keep(SEARCH, { at: Date.now(), what: [...said, ...chosen].filter(Boolean).join(", "), html: plain(results) });
}

/* --- favourites ----------------------------------------------------------------------------------------------- */

const own = () => load(OWN, []).filter((slug) => typeof slug === "string");

/** The rows as they are now, kept for later. Throws without network. */
async function rows(url) {
  const body = new URLSearchParams(own().map((slug) => ["slug", slug]));
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(answer.status);
  const fresh = document.createElement("div");
  fresh.innerHTML = await answer.text();
  keep(ROWS, { at: Date.now(), html: plain(fresh) });
  return fresh;
}

function star(place) {
  const slug = place.dataset.favourite;
  const button = place.querySelector("button");
  const show = () => {
    const on = own().includes(slug);
    button.setAttribute("aria-pressed", String(on));
    place.querySelector("[data-keep]").hidden = on;
    place.querySelector("[data-kept]").hidden = !on;
  };
  button.addEventListener("click", () => {
    const others = own().filter((one) => one !== slug);
    keep(OWN, own().includes(slug) ? others : [...others, slug].slice(-MOST));
    show();
    rows(place.dataset.rows).catch(() => {}); // the next look asks again
  });
  show();
  place.hidden = false;
}

async function page(list) {
  if (list.dataset.guest === "yes") {
    if (own().length) list.replaceChildren(...(await rows(list.dataset.rows)).childNodes);
    else localStorage.removeItem(ROWS);
    return;
  }
  keep(ROWS, { at: Date.now(), html: plain(list) });
  const over = document.getElementById("take-over"); // chosen in this browser before signing in
  if (!over || !own().length) return;
  for (const slug of own()) over.append(Object.assign(document.createElement("input"), { type: "hidden", name: "slug", value: slug }));
  over.addEventListener("submit", () => localStorage.removeItem(OWN));
  over.hidden = false;
}

/* --- without network ------------------------------------------------------------------------------------------ */

function fill(place) {
  const kept = load(place.dataset.kept, null);
  if (!kept?.html) return;
  const language = document.documentElement.lang.replace(/^en$/, "en-GB"); // the day before the month, as on every page
  const when = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short", hourCycle: "h23" });
  place.querySelector("[data-as-of]").textContent += ` ${when.format(new Date(kept.at))}`;
  const what = place.querySelector("[data-what]");
  if (what) what.textContent = kept.what ?? "";
  place.querySelector("[data-rows]").innerHTML = kept.html; // our own page's, kept by this script
  place.hidden = false;
  document.getElementById("nothing-kept").hidden = true;
  document.getElementById("what-is-kept").hidden = false;
}

/* -------------------------------------------------------------------------------------------------------------- */

for (const place of document.querySelectorAll("[data-favourite]")) star(place);
for (const place of document.querySelectorAll("[data-kept][data-shell]")) fill(place);
const list = document.getElementById("favourites");
if (list) page(list).catch(() => {});
if (document.getElementById("finder")) {
  keepSearch();
  document.addEventListener("htmx:afterSettle", keepSearch);
  const link = document.querySelector("a[data-favourite-rows]");
  const kept = load(ROWS, null);
  if (link && kept && Date.now() - kept.at > STALE) rows(link.dataset.favouriteRows).catch(() => {});
}
if (document.querySelector("[data-shell]") && location.pathname !== "/find/offline/") {
  addEventListener("online", () => setTimeout(() => location.reload(), 1000)); // a network says so before it carries
}
