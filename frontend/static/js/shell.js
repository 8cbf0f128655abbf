/** What every page does beyond its own work. Nothing here is needed for a page to work. */

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

/** `<a data-copy="text">` or `<button data-copy="text" data-copied="Copied">`. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  event.preventDefault();
  await navigator.clipboard.writeText(button.dataset.copy);
  if (button.dataset.copied) button.textContent = button.dataset.copied;
});

/** After an answer with mistakes in it, start reading there. */
document.getElementById("form-errors")?.focus();

/** Quick exit leaves nothing of the finder in this browser; signing out leaves a guest's own favourites (kept.js). */
function forget(...names) {
  try {
    for (const name of names) localStorage.removeItem(name);
  } catch {
    // this browser keeps nothing
  }
}

document.addEventListener(
  "click",
  (event) => event.target.closest?.("#quick-exit") && forget("kept-search", "kept-favourites", "favourites"),
  true, // before the page is replaced
);
document.addEventListener("submit", (event) => {
  if (/\/logout\/?$/.test(new URL(event.target.action, location.href).pathname)) forget("kept-search", "kept-favourites");
});
