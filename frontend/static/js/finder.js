/** The finder: rows that change without a new page, and "near me".

    The place is asked for only when tapped, and rounded to about a kilometre before it leaves the page. */

/* --- htmx, fetched at the first touch of the search: it weighs more than the page ----------------------------- */

const STILL = 350; // ms without a further letter, as in the field's hx-trigger

let htmxAsked;

/** Done when htmx works here. Until then, and where it never comes, links and the form lead to new pages. */
function withHtmx() {
  htmxAsked ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = document.getElementById("finder").dataset.htmx;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    const add = () => document.head.append(script); // htmx begins by itself in a page that is whole
    if (document.readyState === "complete") add();
    else addEventListener("load", add, { once: true });
  });
  return htmxAsked;
}

/** What was typed or opened before htmx was there is not lost. */
async function wake() {
  if (window.htmx || htmxAsked) return;
  try {
    await withHtmx();
  } catch {
    htmxAsked = undefined; // no network: the next touch tries again
    return;
  }
  const more = document.getElementById("more");
  if (more?.open) window.htmx.trigger(more, "toggle");
  const words = document.getElementById("q");
  const typed = words?.value;
  setTimeout(() => {
    if (!words?.isConnected || typed === words.defaultValue || typed !== words.value) return; // or htmx has seen more
    window.htmx.ajax("GET", words.getAttribute("hx-get"), { source: words });
  }, STILL);
}

const inSearch = (target) => target.closest?.("#finder-form, #chips, #more");
for (const kind of ["focusin", "pointerover", "pointerdown"]) {
  document.addEventListener(kind, (event) => inSearch(event.target) && wake());
}
if (document.getElementById("more")?.open) wake(); // its numbers are a request of their own
// an address that htmx wrote before this page was loaded anew: its rows are not kept here
addEventListener("popstate", (event) => event.state?.htmx && !window.htmx && location.reload());

/* --- near me -------------------------------------------------------------------------------------------------- */

// The address says `near=me` and no more: it is kept in histories, copied and written into logs. The place itself goes
// in a cookie of this site that ends within the hour, with the filter, and with quick exit.

function show() {
  const button = document.getElementById("near-me");
  if (button && "geolocation" in navigator) button.hidden = false;
}

function tell(place, seconds) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `near=${place}; Path=/; Max-Age=${seconds}; SameSite=Strict${secure}`;
}

function ask(button) {
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const address = new URL(location.href);
      address.searchParams.delete("place");
      address.searchParams.delete("after");
      address.searchParams.set("near", "me");
      tell(`${coords.latitude.toFixed(2)}_${coords.longitude.toFixed(2)}`, 3600);
      if (address.href === location.href) location.reload();
      else location.assign(address);
    },
    () => {
      button.disabled = false;
      const trouble = document.getElementById("near-trouble");
      trouble.textContent = button.dataset.place;
      trouble.hidden = false;
      document.getElementById("place").focus();
    },
    { timeout: 10000, maximumAge: 600000 },
  );
}

show();
document.addEventListener("htmx:afterSwap", show);
document.addEventListener("click", (event) => {
  const button = event.target.closest("#near-me");
  if (!button) return;
  if (button.classList.contains("chip-on")) {
    tell("", 0);
    const address = new URL(location.href);
    for (const name of ["near", "radius", "sort", "after"]) address.searchParams.delete(name);
    location.assign(address);
  } else {
    ask(button);
  }
});
// a typed town takes the place of "near me"
document.addEventListener("input", (event) => {
  if (event.target.id !== "place") return;
  tell("", 0);
  event.target.form.querySelector('input[name="near"]')?.remove();
});
