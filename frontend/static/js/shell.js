/** What every page does beyond its own work. Nothing here is needed for a page to work. */

import { onQuickExit, onSignOut } from "./leaving.js";

/** A form that was sent is not sent twice by an impatient thumb. */
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("hx-post")) return;
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});

/** After an answer with mistakes in it, start reading there. */
document.getElementById("form-errors")?.focus();

/** Quick exit leaves nothing of the finder in this browser; signing out leaves a guest's own favourites (kept.js). */
function forget(...names) {
  document.cookie = "near=; Path=/; Max-Age=0; SameSite=Strict"; // where the reader is (finder.js)
  try {
    for (const name of names) localStorage.removeItem(name);
    sessionStorage.removeItem("htmx-current-path-for-history"); // the words of the last search
    sessionStorage.removeItem("map-open"); // whether the map stays open in this tab (map.js)
  } catch {
    // this browser keeps nothing
  }
}

onQuickExit(() => forget("kept-search", "kept-favourites", "favourites"));
onSignOut(() => forget("kept-search", "kept-favourites"));
