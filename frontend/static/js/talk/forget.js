/** On every page: quick exit and sign-out leave no unsent words in this browser. */

import { forgetAll } from "./outbox.js";

document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest?.("#quick-exit")) return;
    document.dispatchEvent(new Event("porchlight:left")); // whoever still writes here stops
    forgetAll();
  },
  true, // before the page is replaced
);

document.addEventListener("submit", (event) => {
  if (/\/logout\/?$/.test(new URL(event.target.action, location.href).pathname)) forgetAll();
});
