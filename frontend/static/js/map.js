/** The map: nothing of it is loaded, and no other host asked, before its reader opens it. Then the pictures come from the
    one server that the page names; what lies where comes from this site. The list beside it follows "Search this area".

    That it was opened is kept in this tab alone, so that a filter does not ask again; where one looks is kept nowhere. */

const OPEN = "map-open"; // which shell.js forgets
const MOST_DEGREES = 20; // of an area that can be searched
const TOUCHING = 44; // points of the screen between two marks
const APART = 16; // the site's map names every place by itself from this zoom on (meetings/selectors/finder/on_map.py)
const WHERE = ["place", "near", "radius", "box", "after"]; // what an area takes the place of
const place = document.getElementById("map");
const words = place.dataset;
const part = (id) => document.getElementById(id);
const said = part("map-said");
const search = part("map-search");
let map;
let layer;
let asking; // the request under way
let listed = location.search; // what the list beside the map is of

function remember(open) {
  try {
    if (open) sessionStorage.setItem(OPEN, "1");
    else sessionStorage.removeItem(OPEN);
  } catch {
    // the browser keeps nothing: it asks each time
  }
}

function remembered() {
  try {
    return sessionStorage.getItem(OPEN) === "1";
  } catch {
    return false;
  }
}

const numbers = (text) => text.split(",").map(Number);
const wrapped = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
const made = (tag, fields, ...inside) => {
  const one = Object.assign(document.createElement(tag), fields);
  one.append(...inside);
  return one;
};

function loaded(tag, fields) {
  return new Promise((done, broken) => {
    document.head.append(Object.assign(document.createElement(tag), fields, { onload: done, onerror: broken }));
  });
}

/* --- what lies where ------------------------------------------------------------------------------------------ */

/** What the map shows, as the site counts degrees; the whole way round is -180 to 180. */
function area() {
  const seen = map.getBounds();
  const [south, north] = [Math.max(-90, seen.getSouth()), Math.min(90, seen.getNorth())];
  const round = seen.getEast() - seen.getWest() >= 360;
  const west = round ? -180 : wrapped(seen.getWest());
  const east = round ? 180 : wrapped(seen.getEast());
  const written = [south, west, north, east].map((edge) => edge.toFixed(4)).join(",");
  const small = !round && north - south <= MOST_DEGREES && seen.getEast() - seen.getWest() <= MOST_DEGREES;
  return { written, small };
}

/** The spot's copy on the side of the date line that is seen. */
function beside([lat, lon]) {
  const middle = map.getCenter().lng;
  return [lat, lon + 360 * Math.round((middle - lon) / 360)];
}

function when(meeting) {
  if (!meeting.starts_at) return words.ask;
  const language = document.documentElement.lang.replace(/^en$/, "en-GB");
  const shown = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: words.zone || undefined };
  return new Intl.DateTimeFormat(language, shown).format(new Date(meeting.starts_at));
}

function listOf(spot) {
  const rows = spot.meetings.map((one) => made("li", {}, made("a", { href: one.url, textContent: one.name }), ` ${when(one)}`));
  const list = made("ul", { className: "map-names" }, ...rows);
  if (spot.approximate) list.prepend(made("li", { className: "muted", textContent: words.about }));
  if (spot.count > spot.meetings.length) list.append(made("li", {}, made("a", { href: here(spot), textContent: `${words.all} (${spot.count})` })));
  return list;
}

/** The list of the area around one place. */
function here(spot) {
  const address = new URL(words.find, location.href);
  const kept = new URLSearchParams(location.search);
  for (const name of [...WHERE, "sort"]) kept.delete(name);
  const edge = 0.0005;
  const [south, west, north, east] = spot.box;
  kept.set("box", [south - edge, wrapped(west - edge), north + edge, wrapped(east + edge)].map((one) => one.toFixed(5)).join(","));
  address.search = kept;
  return address.href;
}

function pin(spot, label, kind) {
  const inside = made("span", { textContent: spot.count > 1 || kind === "map-many" ? String(spot.count) : "" });
  const size = kind === "map-pin" ? 34 : 48;
  const icon = L.divIcon({ className: `map-mark ${kind}`, html: inside, iconSize: [size, size] });
  const marker = L.marker(beside([spot.latitude, spot.longitude]), { icon, keyboard: true, riseOnHover: true });
  marker.on("add", () => marker.getElement().setAttribute("aria-label", label));
  return marker;
}

/** Closer, until all of it is seen apart; what is one spot even then shows its names, or leads to the list. */
function closer(spot) {
  const [south, west, north, east] = spot.box;
  const seen = [beside([south, west]), beside([north, east])];
  if (map.getZoom() >= map.getMaxZoom()) location.assign(here(spot));
  else if (south === north && west === east) map.setView(seen[0], Math.min(map.getZoom() + 4, map.getMaxZoom()));
  else map.setView(L.latLngBounds(seen).getCenter(), Math.min(Math.max(map.getBoundsZoom(seen), map.getZoom() + 1), map.getMaxZoom()));
  map.getContainer().focus({ preventScroll: true });
}

function mark(spot) {
  if (!spot.meetings.length) {
    const many = pin(spot, `${words.here} ${spot.count}. ${words.closer}`, "map-many").on("click", () => closer(spot));
    // Leaflet opens a popup by Enter, but makes no click of it
    many.on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && closer(spot)).addTo(layer);
    return;
  }
  const names = spot.meetings.map((one) => one.name).join(", ");
  const label = `${spot.approximate ? words.about : words.exact}: ${names}`;
  pin(spot, label, spot.approximate ? "map-about" : "map-pin").bindPopup(() => listOf(spot), { autoPanPaddingTopLeft: [72, 64], autoPanPaddingBottomRight: [12, 12], maxWidth: 240 }).addTo(layer);
}

/** Marks that would lie on each other are one; close up all stand apart. */
function gathered(spots) {
  if (map.getZoom() >= APART) return spots;
  const kept = [];
  for (const spot of [...spots].sort((a, b) => b.count - a.count)) {
    const at = map.latLngToLayerPoint(beside([spot.latitude, spot.longitude]));
    const near = kept.find((other) => other.at.distanceTo(at) < TOUCHING);
    if (!near) {
      kept.push({ at, spot });
      continue;
    }
    const [one, two] = [near.spot.box, spot.box];
    const box = [Math.min(one[0], two[0]), Math.min(one[1], two[1]), Math.max(one[2], two[2]), Math.max(one[3], two[3])];
    near.spot = { ...near.spot, count: near.spot.count + spot.count, box, meetings: [] };
  }
  return kept.map((one) => one.spot).sort((a, b) => b.latitude - a.latitude);
}

async function draw() {
  const { written, small } = area();
  search.disabled = !small;
  search.textContent = small ? search.dataset.near : search.dataset.far;
  asking?.abort();
  asking = new AbortController();
  const address = new URL(words.door, location.href);
  address.searchParams.set("window", written);
  address.searchParams.set("zoom", String(Math.max(0, Math.min(22, Math.round(map.getZoom())))));
  try {
    const answer = await fetch(address, { signal: asking.signal, credentials: "same-origin" });
    if (!answer.ok) throw new Error(answer.status);
    const found = await answer.json();
    const open = map.getContainer().querySelector(".leaflet-popup");
    if (open?.contains(document.activeElement)) return; // somebody reads the names: the next move draws
    layer.clearLayers();
    gathered(found.places).forEach(mark);
    const some = found.capped ? words.first : words.some;
    said.textContent = found.total ? `${some} ${found.total}` : words.none;
  } catch (trouble) {
    if (trouble.name !== "AbortError") said.textContent = words.trouble;
  }
}

/* --- this area ------------------------------------------------------------------------------------------------ */

function searchArea() {
  const address = new URL(location.href);
  for (const name of WHERE) address.searchParams.delete(name);
  if (address.searchParams.get("sort") === "distance") address.searchParams.delete("sort");
  address.searchParams.set("box", area().written);
  history.pushState({ area: true }, "", address);
  listed = location.search;
  follow(address).catch(() => location.assign(address));
}

/** The list of this address in the place of the one that stands there. */
async function follow(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("map-beside");
  part("map-beside").replaceWith(fresh);
  part("map-back").href = fresh.dataset.list;
}

/* --- open and close ------------------------------------------------------------------------------------------- */

function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

async function open() {
  part("map-ask").hidden = true;
  part("map-open-part").hidden = false;
  try {
    await Promise.all([loaded("link", { rel: "stylesheet", href: words.style }), loaded("script", { src: words.script })]);
  } catch {
    said.textContent = words.trouble;
    return;
  }
  const most = Number(words.zoom);
  const moves = !still();
  map = L.map(place, {
    attributionControl: false, zoomControl: false, minZoom: 1, maxZoom: most, worldCopyJump: true,
    maxBounds: [[-90, -Infinity], [90, Infinity]], zoomAnimation: moves, fadeAnimation: moves, markerZoomAnimation: moves,
  });
  L.control.zoom({ zoomInTitle: words.closer, zoomOutTitle: words.farther }).addTo(map);
  const pictures = L.tileLayer(words.tiles, { maxZoom: most, referrerPolicy: "no-referrer", alt: "" });
  const [south, west, north, east] = numbers(words.window);
  map.fitBounds([[south, west], [north, east < west ? east + 360 : east]], { maxZoom: Math.min(16, most) });
  pictures.addTo(map);
  layer = L.layerGroup().addTo(map);
  names();
  if (words.spot) one();
  else {
    round();
    search.hidden = false;
    let soon;
    map.on("moveend popupclose", () => {
      clearTimeout(soon);
      soon = setTimeout(draw, 200);
    });
    draw();
  }
}

/** Who opens a place by key goes on among its names, and comes back to the map by Escape. */
function names() {
  place.addEventListener("keydown", (event) => event.key === "Escape" && map.closePopup());
  map.on("popupopen", ({ popup }) => {
    const shown = popup.getElement();
    shown.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", words.close);
    shown.querySelector(".map-names a")?.focus({ preventScroll: true });
  });
  map.on("popupclose", ({ popup }) => {
    if (popup.getElement()?.contains(document.activeElement)) place.focus({ preventScroll: true });
  });
}

/** One meeting's place; a circle of two kilometres where it is known only about. */
function one() {
  const spot = numbers(words.spot);
  if (words.approximate) L.circle(spot, { radius: 2000, className: "map-round", interactive: false }).addTo(map);
  else pin({ latitude: spot[0], longitude: spot[1], count: 1 }, words.exact, "map-pin").addTo(layer);
}

/** The circle that the list beside it is about. */
function round() {
  if (!words.circle) return;
  const [lat, lon, km] = numbers(words.circle);
  L.circle([lat, lon], { radius: km * 1000, className: "map-round", interactive: false }).addTo(map);
}

function close() {
  remember(false);
  location.reload();
}

part("map-open").addEventListener("click", () => {
  remember(true);
  open().then(() => place.focus({ preventScroll: true }));
});
part("map-close").addEventListener("click", close);
search?.addEventListener("click", searchArea);
addEventListener("popstate", () => location.search !== listed && location.reload());
if (remembered()) open();
else part("map-ask").hidden = false;
