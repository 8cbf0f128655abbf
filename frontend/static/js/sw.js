/** Shows notifications. Keeps two pages without anything personal: the calm screen, which answers when the network is gone
    or slow, and the finder's empty page, which answers when it is gone. Everything else goes to the network, untouched. */

const CACHE = "calm-5";
const SHELL = "/need/offline/";
const FINDER = "/find/offline/"; // what was found last stands in the page's own storage (js/kept.js)
const FOUND = /^\/($|favourites\/$|meetings\/[^/]+\/$)/;
const PARTS = [
  "/static/css/porchlight.css",
  "/static/css/finder.css",
  "/static/js/kept.js",
  "/static/js/leaving.js",
  "/static/js/need.js",
  "/static/js/news.js",
  "/static/js/shell.js",
  "/static/js/quick_exit.js",
  "/static/fonts/atkinson-regular-western.woff2",
  "/static/fonts/atkinson-bold-western.woff2",
];
const PATIENCE = 800; // ms; then the kept page is shown, and asks by itself

/** Fetch the shell as a guest would, and its parts; one that is missing keeps the others from nothing. */
async function fill() {
  const cache = await caches.open(CACHE);
  const pages = [SHELL, FINDER].map((page) => new Request(page, { credentials: "omit", cache: "no-cache" }));
  const wanted = [...pages, ...PARTS];
  await Promise.allSettled(wanted.map((one) => cache.add(one)));
}

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(fill());
});

addEventListener("activate", (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(old());
});

/** The network's answer, or what is kept when it fails or takes too long. */
async function soon(event, kept) {
  const network = fetch(event.request);
  const found = await caches.match(kept);
  if (!found) return network;
  event.waitUntil(network.catch(() => {}));
  const late = new Promise((done) => setTimeout(done, PATIENCE, found));
  return Promise.race([network, late]).catch(() => found);
}

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === "/need/") {
    event.respondWith(soon(event, SHELL));
    if (navigator.onLine) event.waitUntil(fill());
  } else if (event.request.mode === "navigate" && FOUND.test(url.pathname)) {
    event.respondWith(fetch(event.request).catch(async () => (await caches.match(FINDER)) ?? Response.error()));
  } else if (PARTS.includes(url.pathname)) {
    event.respondWith(soon(event, url.pathname));
  }
});

/** A repeat of the same message replaces the first: its id is the tag. */
addEventListener("push", (event) => {
  let note = {};
  try {
    note = event.data.json();
  } catch {
    // a push without a text that we can read still has to show something
  }
  const shown = { body: note.text || "", tag: note.id || "note", data: { path: note.path || "/today/" } };
  event.waitUntil(registration.showNotification(note.title || "A short note", shown));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(clients.openWindow(event.notification.data.path));
});
